"""Strokes drawn on a pad, as the browser sends them: checked, and bounded in number.

Left out: what is made of them (points of a shape, a garment, a digit).
"""

from __future__ import annotations

import json

import numpy as np

from core.errors import InvalidInput, register

register(
    {
        "bad_drawing": "This drawing cannot be read. Draw on the pad, or give strokes such as [[-50,0,50,0]].",
        "no_strokes": "Nothing is drawn yet. Draw on the pad, or choose a shape.",
    }
)

LONGEST_DRAWING = 5000  # characters


def strokes(drawing: str) -> list[np.ndarray]:
    """A drawing written as JSON, one list x, y, x, y … per stroke in hundredths, as arrays (k, 2). "" is no stroke.

    >>> strokes("[[-50,0,50,0]]")[0].tolist()
    [[-0.5, 0.0], [0.5, 0.0]]
    """
    if not isinstance(drawing, str) or len(drawing) > LONGEST_DRAWING:
        raise InvalidInput("bad_drawing")
    try:
        lines = json.loads(drawing or "[]")
        found = [np.array(line, dtype=float).reshape(-1, 2) / 100 for line in lines]
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidInput("bad_drawing") from error
    if not all(np.isfinite(line).all() and np.abs(line).max(initial=0) <= 10 for line in found):
        raise InvalidInput("bad_drawing")
    return [line for line in found if len(line)]
