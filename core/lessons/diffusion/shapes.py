"""Shapes made of points for the diffusion lesson: five presets and whatever the learner draws.

Every shape is strokes (lines through corners), and points are spread evenly along them; all fit into [-1, 1] × [-1, 1],
y upwards. Left out: filled areas.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from core.errors import InvalidInput, checking, register
from core.files.strokes import strokes

register(
    {
        "bad_drawing": "This drawing cannot be read. Draw on the pad, or give strokes such as [[-50,0,50,0]].",
        "no_strokes": "Nothing is drawn yet. Draw on the pad, or choose a shape.",
    }
)

MOST_POINTS = 20_000


def _arc(cx: float, cy: float, radius: float, start: float, stop: float, count: int = 96) -> np.ndarray:
    angle = np.linspace(start, stop, count)
    return np.stack([cx + radius * np.cos(angle), cy + radius * np.sin(angle)], 1)


def _circle() -> list[np.ndarray]:
    return [_arc(0, 0, 1, 0, 2 * np.pi)]


def _moons() -> list[np.ndarray]:
    return [_arc(-0.33, -0.15, 0.66, 0, np.pi), _arc(0.33, 0.15, 0.66, np.pi, 2 * np.pi)]


def _spiral() -> list[np.ndarray]:
    angle = np.linspace(0.5 * np.pi, 4.5 * np.pi, 240)
    return [np.stack([angle * np.cos(angle), angle * np.sin(angle)], 1) / (4.5 * np.pi)]


def _heart() -> list[np.ndarray]:
    t = np.linspace(0, 2 * np.pi, 200)
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return [np.stack([16 * np.sin(t) ** 3, y], 1)]


def _hangul() -> list[np.ndarray]:
    """The syllable 한, stroke by stroke: ㅎ, ㅏ, ㄴ."""
    lines = [[(-0.55, 1.0), (-0.15, 1.0)], [(-0.8, 0.72), (0.1, 0.72)], [(0.5, 1.0), (0.5, -0.25)]]
    lines += [[(0.5, 0.4), (0.85, 0.4)], [(-0.55, -0.3), (-0.55, -0.95), (0.7, -0.95)]]
    return [np.array(line) for line in lines] + [_arc(-0.35, 0.22, 0.3, 0, 2 * np.pi)]


SHAPES: dict[str, Callable[[], list[np.ndarray]]] = {
    "circle": _circle,
    "moons": _moons,
    "spiral": _spiral,
    "heart": _heart,
    "hangul": _hangul,
}


def shape(name: str, count: int = 1000, jitter: float = 0.01, seed: int = 0) -> np.ndarray:
    """``count`` points on a preset, as (count, 2) float32; ``jitter`` is their deviation from the stroke."""
    with checking() as check:
        check.one_of("shape", name, SHAPES)
    return along(SHAPES[name](), count, jitter, seed)


def named(name: str, drawing: str = "", count: int = 1000, seed: int = 0) -> np.ndarray:
    """Points of a preset, or of the drawing when ``name`` is "drawn"; (count, 2) float32."""
    if name != "drawn":
        return shape(name, count, seed=seed)
    return along(strokes(drawing), count, seed=seed)


def along(strokes: Sequence[np.ndarray], count: int = 1000, jitter: float = 0.01, seed: int = 0) -> np.ndarray:
    """``count`` points spread evenly along drawn strokes, each (k, 2), fitted into the square; (count, 2) float32.

    A stroke of one point is a dot. The drawing keeps its proportions. Raises InvalidInput when there is nothing drawn.
    """
    with checking() as check:
        check.whole("points", count, 10, MOST_POINTS)
        check.between("jitter", jitter, 0, 1)
    lines = [np.asarray(stroke, dtype=float).reshape(-1, 2) for stroke in strokes if len(stroke)]
    if not lines:
        raise InvalidInput("no_strokes")
    if not all(np.isfinite(line).all() for line in lines):
        raise InvalidInput("not_finite", name="drawing", received="nan")
    starts = np.concatenate([line[:-1] if len(line) > 1 else line for line in lines])
    stops = np.concatenate([line[1:] if len(line) > 1 else line for line in lines])
    length = np.hypot(*(stops - starts).T)
    length = np.maximum(length, max(length.sum(), 1e-9) * 1e-3)  # a dot weighs a thousandth of the drawing
    random = np.random.default_rng(seed)
    place = (np.arange(count) + random.random(count)) / count * length.sum()
    ends = np.cumsum(length)
    piece = np.minimum(np.searchsorted(ends, place), len(length) - 1)
    share = (place - ends[piece] + length[piece]) / length[piece]
    points = starts[piece] + share[:, None] * (stops - starts)[piece]
    return (fitted(points) + jitter * random.standard_normal((count, 2))).astype(np.float32)


def fitted(points: np.ndarray) -> np.ndarray:
    """Move and scale points so that the larger side of their box is [-1, 1]."""
    low, high = points.min(0), points.max(0)
    half = max(float((high - low).max()) / 2, 1e-9)
    return (points - (low + high) / 2) / half


def distance(drawn: np.ndarray, target: np.ndarray) -> float:
    """How far two clouds are apart: mean distance to the nearest point of the other, both ways (Chamfer distance)."""
    gaps = np.hypot(*np.moveaxis(drawn[:, None] - target[None], -1, 0))  # (len(drawn), len(target))
    return float((gaps.min(0).mean() + gaps.min(1).mean()) / 2)
