"""What a Sequential has learnt, as pictures: a curve over one input, a field over two, truth against prediction.

Everything is in the table's own units. Left out: how the net gets there (lab.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.data import toy
from core.lessons.sequential.data import Array, Data

CURVE_POINTS, SIDE = 100, 50  # of the fitted curve; pixels of the boundary's side
MARKS = 1000  # rows drawn


@dataclass(frozen=True, slots=True)
class Fitted:
    """What the net has learnt, as a picture: a curve over one input, or a field over two."""

    x: Array  # (CURVE_POINTS,) the input in its own unit; empty for two inputs
    curves: Array  # (outputs, CURVE_POINTS): the prediction in its own unit, or P(class) of each class
    field: NDArray[np.uint8]  # (SIDE, SIDE), row 0 on top: P(class 1), or the value within the targets' range, as 0…255
    extent: tuple[float, float, float, float]  # of the field: lowest and highest first input, then second


@dataclass(frozen=True, slots=True)
class Compared:
    """A regression's targets and what the net says to them: at most MARKS rows."""

    truth: Array  # (N,)
    said: Array  # (N,)
    held_out: NDArray[np.bool_]  # (N,): a validation row

    @property
    def span(self) -> tuple[float, float]:
        """A range around the targets; answers far outside it are off the picture."""
        low, high = float(self.truth.min()), float(self.truth.max())
        margin = (high - low) * 0.1 or 1.0
        return low - margin, high + margin


def fitted(data: Data, outputs: Callable[[Array], Array]) -> Fitted | None:
    """The learnt curve of one input, or field of two; None for more inputs. ``outputs``: (M, F) raw → (M, K)."""
    low, high = data.x.min(axis=0), data.x.max(axis=0)
    margin = np.where(high > low, (high - low) * 0.05, 1.0)
    low, high = low - margin, high + margin
    empty = np.zeros((0, 0), dtype=np.uint8)
    if len(low) == 1:
        x = np.linspace(low[0], high[0], CURVE_POINTS)
        return Fitted(x, outputs(x[:, None]).T, empty, (float(low[0]), float(high[0]), 0.0, 0.0))
    if len(low) > 2:
        return None
    across, up = (np.linspace(a, b, SIDE) for a, b in zip(low, high, strict=True))
    x1, x2 = np.meshgrid(across, up[::-1])  # (SIDE, SIDE)
    out = outputs(np.column_stack([x1.ravel(), x2.ravel()]))
    measured = data.task == "regression"
    bounds = (float(data.y.min()), float(data.y.max())) if measured else (0.0, 1.0)
    value = out[:, 0] if measured else out[:, 1] if out.shape[1] == 2 else out.argmax(axis=1) / (out.shape[1] - 1)
    field = toy.to_bytes(value, *bounds).reshape(SIDE, SIDE)
    return Fitted(np.zeros(0), np.zeros((0, 0)), field, (float(low[0]), float(high[0]), float(low[1]), float(high[1])))


def marks(data: Data) -> Array:
    """The rows as points: (at most MARKS, 4): across, up, value −1…1 (NaN: none), 1 if held out for validation.

    Classes of one input stand at even heights between 0 and 1; targets of two inputs become the value.
    """
    x, y = data.x[:MARKS], data.y[:MARKS]
    held_out = (np.arange(len(x)) >= data.training).astype(np.float64)
    if data.task == "regression" and x.shape[1] == 1:
        return np.column_stack([x[:, 0], y, np.full(len(x), np.nan), held_out])
    low, high = float(data.y.min()), float(data.y.max())
    share = (y - low) / ((high - low) or 1.0)
    return np.column_stack([x[:, 0], share if x.shape[1] == 1 else x[:, 1], share * 2 - 1, held_out])
