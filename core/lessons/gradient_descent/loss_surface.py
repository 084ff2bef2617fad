"""The surface of the mean squared error over (w, b): shades and exact contours, its gradient three times, its overflow.

f is a quadratic, so a contour is an ellipse ½ dᵀHd = const around the minimum, drawn from the Hessian.
The gradient comes from the formula, from torch.autograd and from central differences, so that a learner can compare.
Left out: surfaces of networks, which are no bowls.
Source: Goodfellow, Bengio and Courville, Deep Learning (2016), chapter 4.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.data.toy import to_bytes
from core.errors import checking
from core.lessons.gradient_descent import choices
from core.lessons.perceptron.line import SCALINGS, Curvature, Problem, Scaling

Pair = tuple[float, float]
Row = tuple[int, float, float, float]  # step, w, b, loss
RINGS, RING_POINTS = 10, 96


@dataclass(frozen=True, slots=True)
class Surface:
    """f on a grid of (w, b), ready to draw: row 0 has the largest b."""

    w: tuple[float, float]  # range shown
    b: tuple[float, float]
    losses: np.ndarray  # (size, size) float64
    shades: np.ndarray  # (size, size) uint8, 0 is the lowest; proportional to √(f − lowest)
    levels: np.ndarray  # (rings,) losses of the contours
    contours: tuple[np.ndarray, ...]  # each (96, 2), closed
    minimum: Pair
    lowest: float  # f at the minimum
    curvature: Curvature


def surface(
    x: object, y: object, scaling: Scaling = "standard", show: Sequence[Pair] = (), size: int = 60, zoom: float = 1.0
) -> Surface:
    """The bowl around its minimum, wide enough for the points ``show`` (say, a start).

    Args:
        show: (w, b) in the units of the surface. size: pixels a side, 8…200. zoom: 1 shows all, 10 a tenth of it.
    """
    with checking() as check:
        check.whole("size", size, 8, 200)
        check.one_of("scaling", scaling, SCALINGS)
        check.between("zoom", zoom, 0.1, 1000)
        for w, b in show:
            check.within("start", w, choices.W)
            check.within("start", b, choices.B)
    problem = Problem(x, y, scaling)
    minimum, curvature = np.array(problem.minimum()), problem.curvature()
    lowest, variance = problem.loss(*minimum), float(problem.targets.var()) or 1.0
    (h11, h12), (_, h22) = hessian = problem.hessian()
    reach = np.sqrt(variance * np.array([h22, h11]) * 2 / (curvature.largest * curvature.smallest))  # ½ dᵀHd = variance
    half = np.max([1.5 * reach, *(1.15 * np.abs(np.array(pair) - minimum) for pair in show)], axis=0) / zoom
    side = (np.arange(size) + 0.5) / size * 2 - 1  # pixel centres, −1…1
    dw, db = side[None, :] * half[0], -side[:, None] * half[1]
    above = np.maximum((h11 * dw**2 + 2 * h12 * dw * db + h22 * db**2) / 2, 0)  # (size, size): ½ dᵀHd
    rises = float(above.max()) * (np.arange(1, RINGS + 1) / RINGS) ** 2  # evenly spaced rings
    low, high = minimum - half, minimum + half
    return Surface(
        (float(low[0]), float(high[0])), (float(low[1]), float(high[1])), lowest + above,
        to_bytes(np.sqrt(above), 0, math.sqrt(above.max())), lowest + rises,
        tuple(minimum + math.sqrt(2 * rise) * _ring(hessian, curvature) for rise in rises),
        (float(minimum[0]), float(minimum[1])), lowest, curvature,
    )  # fmt: skip


def _ring(hessian: np.ndarray, curvature: Curvature) -> np.ndarray:
    """The ellipse dᵀHd = 1 around 0, closed, (96, 2)."""
    _, vectors = np.linalg.eigh(hessian)  # columns, smallest eigenvalue first
    axes = vectors / np.sqrt([curvature.smallest, curvature.largest])
    angle = np.linspace(0, 2 * math.pi, RING_POINTS)
    return np.column_stack([np.cos(angle), np.sin(angle)]) @ axes.T


@dataclass(frozen=True, slots=True)
class Gradients:
    """∂f/∂w and ∂f/∂b three times, and how far two of them are apart."""

    by_hand: Pair  # 2/n Σ rᵢxᵢ, 2/n Σ rᵢ
    autograd: Pair
    finite: Pair  # (f(x + h) − f(x − h)) / 2h
    step: Pair  # h for w and for b
    terms: np.ndarray  # (n, 2) 2·rᵢ·(xᵢ, 1): each point's own part; their mean is ``by_hand``
    autograd_difference: float  # largest |autograd − by hand|, relative to the larger part of the gradient (at least 1)
    finite_difference: float


def three_gradients(x: object, y: object, w: float, b: float, scaling: Scaling = "standard") -> Gradients:
    """The gradient of f at (w, b), in the units of the surface, by three independent ways; all in float64."""
    import torch

    with checking() as check:
        check.within("w", w, choices.W)
        check.within("b", b, choices.B)
        check.one_of("scaling", scaling, SCALINGS)
    problem = Problem(x, y, scaling)
    by_hand = problem.gradient(w, b)
    at = torch.tensor([w, b], dtype=torch.float64, requires_grad=True)
    inputs, targets = torch.from_numpy(problem.inputs), torch.from_numpy(problem.targets)
    ((at[0] * inputs + at[1] - targets) ** 2).mean().backward()
    autograd = np.zeros(2) if at.grad is None else at.grad.numpy()
    hw, hb = (1e-4 * max(1.0, abs(value)) for value in (w, b))
    finite = np.array(
        [
            (problem.loss(w + hw, b) - problem.loss(w - hw, b)) / (2 * hw),
            (problem.loss(w, b + hb) - problem.loss(w, b - hb)) / (2 * hb),
        ]
    )
    residuals = w * problem.inputs + b - problem.targets
    terms = 2 * residuals[:, None] * np.column_stack([problem.inputs, np.ones(len(residuals))])
    size = max(1.0, float(np.abs(by_hand).max()))
    apart = [float(np.abs(other - by_hand).max()) / size for other in (autograd, finite)]
    return Gradients(_pair(by_hand), _pair(autograd), _pair(finite), (hw, hb), terms, apart[0], apart[1])


def overflow(
    x: object,
    y: object,
    learning_rate: float,
    scaling: Scaling = "standard",
    w: float = 0.0,
    b: float = 0.0,
    most: int = 5000,
) -> tuple[Row, ...]:
    """How a learning rate that is too large ends in NaN: the last 8 rows of plain descent in float32.

    In float32, as networks compute, the loss grows to inf, then inf − inf makes NaN. Else it ends after ``most``.
    """
    with checking() as check:
        check.within("learning_rate", learning_rate, choices.RATE)
        check.whole("steps", most, 1, 100_000)
        check.one_of("scaling", scaling, SCALINGS)
    problem = Problem(x, y, scaling)
    inputs, targets = problem.inputs.astype(np.float32), problem.targets.astype(np.float32)
    at, rate, rows = np.array([w, b], dtype=np.float32), np.float32(learning_rate), deque[Row](maxlen=8)
    with np.errstate(over="ignore", invalid="ignore"):
        for step in range(most + 1):
            residuals = at[0] * inputs + at[1] - targets
            rows.append((step, float(at[0]), float(at[1]), float(np.mean(residuals**2))))
            if np.isnan(at).any():
                break
            at = at - rate * 2 * np.array([np.mean(residuals * inputs), np.mean(residuals)], dtype=np.float32)
    return tuple(rows)


def _pair(values: np.ndarray) -> Pair:
    return float(values[0]), float(values[1])
