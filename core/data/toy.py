"""Points in the plane to split or to fit: circle, xor, gauss, spiral, moons; plane and gauss_field for regression.

Drawn as TensorFlow Playground draws them: coordinates in −6…6, noise in percent, shuffled, then split.
Classes are 0 and 1 (Playground: −1 and 1); regression targets lie in −1…1. A noisy gauss may place a point beyond ±6.
Left out: more than two classes.
Source: tensorflow/playground src/dataset.ts (constants); scikit-learn make_moons (the moons).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.errors import InvalidInput, checking

Task = Literal["classification", "regression"]
EDGE = 6.0  # the plane shown is −6…6 in both directions
RADIUS = 5.0
MOST_POINTS = 5_000

# name → values of that feature at points (x1, x2), each (N,)
FEATURES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "x1": lambda x1, x2: x1,
    "x2": lambda x1, x2: x2,
    "x1²": lambda x1, x2: x1 * x1,
    "x2²": lambda x1, x2: x2 * x2,
    "x1·x2": lambda x1, x2: x1 * x2,
    "sin x1": lambda x1, x2: np.sin(x1),
    "sin x2": lambda x1, x2: np.sin(x2),
}


@dataclass(frozen=True)
class ToyConfig:
    """What to draw. ``noise`` and ``train_ratio`` are percentages, as on Playground's sliders."""

    name: str = "circle"
    samples: int = 500
    noise: float = 0.0
    train_ratio: float = 50.0
    seed: int = 0

    def __post_init__(self) -> None:
        with checking() as check:
            check.one_of("data", self.name, NAMES)
            check.whole("samples", self.samples, 4, MOST_POINTS)
            check.between("noise", self.noise, 0, 50)
            check.between("train_ratio", self.train_ratio, 10, 90)
            check.whole("seed", self.seed, 0, 2**31 - 1)


@dataclass(frozen=True, slots=True)
class Points:
    """Points of the plane, shuffled and split into those to learn from and those held out."""

    task: Task
    x_train: np.ndarray  # (N, 2) float64
    y_train: np.ndarray  # (N,) float64: classes 0.0 and 1.0, or targets in −1…1
    x_test: np.ndarray  # (M, 2)
    y_test: np.ndarray  # (M,)

    def colours(self) -> tuple[np.ndarray, np.ndarray]:
        """Targets of both parts as colours in −1…1: class 0 is −1, class 1 is 1."""
        if self.task == "regression":
            return self.y_train, self.y_test
        return 2 * self.y_train - 1, 2 * self.y_test - 1


def make(config: ToyConfig) -> Points:
    """Draw the points of a config.

    >>> points = make(ToyConfig("xor", samples=100, train_ratio=70))
    >>> points.x_train.shape, points.y_test.shape
    ((70, 2), (30,))
    """
    x, y = draw(config)
    return split(x, y, task_of(config.name), config.train_ratio, config.seed)


def draw(config: ToyConfig) -> tuple[np.ndarray, np.ndarray]:
    """All points of a config, (N, 2) and (N,), neither shuffled nor split."""
    return _MAKERS[config.name](int(config.samples), config.noise / 100, np.random.default_rng(config.seed))


def task_of(name: str) -> Task:
    return "regression" if name in REGRESSION else "classification"


def split(x: np.ndarray, y: np.ndarray, task: Task, train_ratio: float = 50.0, seed: int = 0) -> Points:
    """Shuffle, then cut after ``train_ratio`` percent; each part keeps at least one point.

    Args:
        x: (N, 2) points. y: (N,) classes 0/1 or targets. N ≥ 2.
    """
    if len(x) < 2:
        raise InvalidInput("too_few", name="points", least=2, received=len(x))
    order = np.random.default_rng(seed).permutation(len(x))
    cut = min(max(math.floor(len(x) * train_ratio / 100), 1), len(x) - 1)
    train, test = order[:cut], order[cut:]
    return Points(task, x[train], y[train], x[test], y[test])


def features(x: np.ndarray, names: Sequence[str] = ("x1", "x2")) -> np.ndarray:
    """The chosen features of points (N, 2), one column each: (N, len(names)) float64."""
    with checking() as check:
        if not names:
            check.add("empty", name="features", least=1)
        for name in names:
            check.one_of("features", name, FEATURES)
    return np.column_stack([FEATURES[name](x[:, 0], x[:, 1]) for name in names])


def grid(size: int = 50, low: float = -EDGE, high: float = EDGE) -> np.ndarray:
    """Centres of a picture's size × size pixels, (size², 2), top row first; outputs reshape to (size, size)."""
    half = (high - low) / size / 2
    side = np.linspace(low + half, high - half, size)
    x1, x2 = np.meshgrid(side, side[::-1])  # (size, size)
    return np.column_stack([x1.ravel(), x2.ravel()])


def to_bytes(values: np.ndarray, low: float = -1.0, high: float = 1.0) -> np.ndarray:
    """Numbers between ``low`` and ``high`` as uint8 shades 0…255 for a picture; NaN becomes the middle."""
    known = np.clip(np.nan_to_num(values, nan=(low + high) / 2), low, high)
    return np.rint((known - low) / ((high - low) or 1.0) * 255).astype(np.uint8)


def _xy(x1: np.ndarray, x2: np.ndarray) -> np.ndarray:
    return np.column_stack([x1, x2])


def _circle(n: int, noise: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    inner = np.arange(n) < n // 2
    radius = np.where(inner, rng.uniform(0, RADIUS * 0.5, n), rng.uniform(RADIUS * 0.7, RADIUS, n))
    angle = rng.uniform(0, 2 * math.pi, n)
    x = _xy(radius * np.sin(angle), radius * np.cos(angle))
    seen = x + rng.uniform(-RADIUS, RADIUS, (n, 2)) * noise
    return x, (np.linalg.norm(seen, axis=1) < RADIUS * 0.5).astype(np.float64)


def _xor(n: int, noise: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    x = rng.uniform(-RADIUS, RADIUS, (n, 2))
    x += np.where(x > 0, 0.3, -0.3)  # a gap along the axes
    seen = x + rng.uniform(-RADIUS, RADIUS, (n, 2)) * noise
    return x, (seen[:, 0] * seen[:, 1] >= 0).astype(np.float64)


def _gauss(n: int, noise: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    y = (np.arange(n) < n // 2).astype(np.float64)
    variance = 0.5 + 7 * noise  # 0.5 … 4
    centre = np.where(y == 1, 2.0, -2.0)[:, None]
    return centre + rng.normal(0, math.sqrt(variance), (n, 2)), y


def _spiral(n: int, noise: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    y = (np.arange(n) < n // 2).astype(np.float64)
    part = np.concatenate([np.arange(k) / k for k in (n // 2, n - n // 2)])  # 0 … 1 along each arm
    angle = 1.75 * part * 2 * math.pi + np.where(y == 1, 0.0, math.pi)
    x = _xy(RADIUS * part * np.sin(angle), RADIUS * part * np.cos(angle))
    return x + rng.uniform(-1, 1, (n, 2)) * noise, y


def _moons(n: int, noise: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    y = (np.arange(n) >= n // 2).astype(np.float64)
    angle = rng.uniform(0, math.pi, n)
    x = _xy(np.cos(angle), np.sin(angle))
    x[y == 1] = [1.0, 0.5] - x[y == 1]
    return 3 * (x - [0.5, 0.25]) + rng.normal(0, 1, (n, 2)) * 1.5 * noise, y


def _plane(n: int, noise: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    x = rng.uniform(-EDGE, EDGE, (n, 2))
    seen = x + rng.uniform(-EDGE, EDGE, (n, 2)) * noise
    return x, np.clip(seen.sum(axis=1) / 10, -1, 1)


_HILLS = np.array(
    [[-4, 2.5, 1], [0, 2.5, -1], [4, 2.5, 1], [-4, -2.5, -1], [0, -2.5, 1], [4, -2.5, -1]]
)  # x1, x2, sign


def _gauss_field(n: int, noise: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    x = rng.uniform(-EDGE, EDGE, (n, 2))
    seen = x + rng.uniform(-EDGE, EDGE, (n, 2)) * noise
    distance = np.linalg.norm(seen[:, None] - _HILLS[:, :2], axis=2)  # (n, 6)
    height = _HILLS[:, 2] * np.clip(1 - distance / 2, 0, 1)
    return x, height[np.arange(n), np.abs(height).argmax(axis=1)]


_MAKERS: dict[str, Callable[[int, float, np.random.Generator], tuple[np.ndarray, np.ndarray]]] = {
    "circle": _circle,
    "xor": _xor,
    "gauss": _gauss,
    "spiral": _spiral,
    "moons": _moons,
    "plane": _plane,
    "gauss_field": _gauss_field,
}
NAMES = tuple(_MAKERS)
CLASSIFICATION, REGRESSION = NAMES[:5], NAMES[5:]
