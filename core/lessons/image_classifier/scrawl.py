"""Digits drawn stroke by stroke with an unsteady hand, as the pad would send them: to try a digit network with.

Each digit has a few ways of being written; the hand turns, slants, stretches, shifts and shakes them. Made on the spot,
never learnt from.
"""

from __future__ import annotations

import json
import math

import numpy as np

Line = list[tuple[float, float]]  # points (x, y), y upwards, about −1 … 1


def _arc(x: float, y: float, rx: float, ry: float, start: float, stop: float, points: int = 14) -> Line:
    """Part of an ellipse; degrees, counter-clockwise from the right."""
    turns = np.radians(np.linspace(start, stop, points))
    return [(x + rx * math.cos(a), y + ry * math.sin(a)) for a in turns]


WAYS: dict[int, list[list[Line]]] = {
    0: [[_arc(0, 0, 0.55, 0.9, 90, 450, 24)], [_arc(0, 0, 0.75, 0.8, 100, 455, 24)]],
    1: [[[(0, 0.9), (0, -0.9)]], [[(-0.3, 0.5), (0, 0.9), (0, -0.9)]]],
    2: [
        [[*_arc(0, 0.4, 0.5, 0.5, 160, -40), (-0.5, -0.85), (0.55, -0.85)]],
        [[*_arc(0, 0.35, 0.5, 0.55, 150, -60), (-0.55, -0.7), (0.0, -0.85), (0.6, -0.75)]],
    ],
    3: [
        [[*_arc(-0.05, 0.45, 0.45, 0.42, 150, -80), *_arc(-0.05, -0.42, 0.52, 0.45, 85, -150)]],
        [[(-0.5, 0.85), (0.45, 0.85), (-0.05, 0.2), *_arc(-0.05, -0.35, 0.5, 0.5, 80, -150)]],
    ],
    4: [
        [[(0.15, 0.9), (-0.6, -0.2), (0.6, -0.2)], [(0.2, 0.35), (0.2, -0.9)]],
        [[(-0.5, 0.85), (-0.5, 0.0), (0.5, 0.0)], [(0.4, 0.85), (0.4, -0.9)]],
    ],
    5: [
        [[(0.5, 0.85), (-0.4, 0.85), (-0.45, 0.1), *_arc(0, -0.3, 0.5, 0.52, 120, -150)]],
        [[(-0.4, 0.85), (-0.42, 0.1), *_arc(0, -0.3, 0.5, 0.52, 120, -150)], [(-0.4, 0.85), (0.5, 0.82)]],
    ],
    6: [
        [[(0.4, 0.85), (-0.25, 0.3), *_arc(0, -0.4, 0.5, 0.48, 150, 510, 24)]],
        [[(0.15, 0.9), (-0.4, 0.1), *_arc(0, -0.4, 0.45, 0.45, 165, 530, 24)]],
    ],
    7: [
        [[(-0.55, 0.85), (0.55, 0.85), (-0.1, -0.9)]],
        [[(-0.55, 0.85), (0.55, 0.85), (-0.1, -0.9)], [(-0.25, 0.05), (0.45, 0.05)]],
    ],
    8: [
        [[*_arc(0, 0.42, 0.4, 0.42, 270, -90, 18), *_arc(0, -0.45, 0.5, 0.45, 90, 450, 18)]],
        [_arc(0, 0.42, 0.42, 0.42, 0, 360, 18), _arc(0, -0.42, 0.5, 0.44, 0, 360, 18)],
    ],
    9: [
        [[*_arc(0, 0.4, 0.45, 0.45, 0, 360, 20), (0.42, -0.2), (0.3, -0.9)]],
        [[*_arc(-0.02, 0.42, 0.45, 0.42, 10, 370, 20), (0.45, -0.9)]],
    ],
}


def drawing(digit: int, hand: np.random.Generator) -> str:
    """Strokes of this digit as the pad sends them (core.files.strokes)."""
    ways = WAYS[digit]
    lines = ways[int(hand.integers(len(ways)))]
    turn, slant = hand.normal(0, math.radians(5)), hand.normal(0, 0.1)
    wide, tall = hand.uniform(0.6, 0.95), hand.uniform(0.6, 0.95)
    x0, y0 = hand.uniform(-0.2, 0.2, 2)
    made = []
    for line in lines:
        points = np.array(line) * [wide, tall]
        points[:, 0] += slant * points[:, 1]
        points = points @ np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
        points += np.cumsum(hand.normal(0, 0.012, points.shape), axis=0) + hand.normal(0, 0.012, points.shape)
        made.append([int(v) for v in np.round(100 * (points + [x0, y0])).clip(-105, 105).ravel()])
    return json.dumps(made, separators=(",", ":"))
