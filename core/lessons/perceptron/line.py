"""A line through points, and the mean squared error of it as a function of its two numbers w and b.

Shared by lessons 2 and 3: f(w, b) = 1/n Σ (w·xᵢ + b − yᵢ)², its gradient by hand, its exact minimum, its curvature, and
the same line in raw and in standardised units. Left out: more than one input (core/mlp/sequential.py).
Sources: least squares, e.g. Deisenroth, Faisal and Ong, Mathematics for Machine Learning (2020), chapter 9; the bound
α < 2/λmax: Boyd and Vandenberghe, Convex Optimization (2004), section 9.3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.errors import InvalidInput, register, shown

register({"no_spread": "All values of {name} are the same. At least two different ones are needed."})

MOST_POINTS = 5_000
OVERFLOW = float(np.finfo(np.float32).max)  # 3.4e38, where the numbers of a usual network overflow
NO_SPREAD = 1e-100  # inputs closer together than this are the same: their squares would vanish
Verdict = Literal["converged", "crawling", "oscillating", "diverged"]
Scaling = Literal["standard", "minmax", "raw"]
SCALINGS: tuple[Scaling, ...] = ("standard", "minmax", "raw")


@dataclass(frozen=True, slots=True)
class Line:
    """ŷ = w·x + b in raw units, with its mean squared error."""

    w: float  # cm per kg
    b: float  # cm
    mse: float  # cm²
    r2: float  # share of the variance of y explained; 0 for the best flat line, negative for worse


@dataclass(frozen=True, slots=True)
class Residuals:
    """What a line gets wrong, point by point."""

    predicted: np.ndarray  # (n,) ŷ
    residuals: np.ndarray  # (n,) ŷ − y
    squares: np.ndarray  # (n,)
    mse: float


@dataclass(frozen=True, slots=True)
class Curvature:
    """How steeply the bowl f(w, b) bends. f is quadratic: its Hessian is the same everywhere."""

    largest: float  # λmax
    smallest: float  # λmin
    condition: float  # λmax / λmin; 1 is a round bowl, large a narrow valley
    limit: float  # 2/λmax: plain gradient descent converges below, diverges above
    best: float  # 2/(λmax + λmin), the learning rate that converges fastest

    def factor(self, learning_rate: float) -> float:
        """max |1 − αλ|: what a step of plain gradient descent multiplies the worst distance to the minimum by."""
        return max(abs(1 - learning_rate * self.largest), abs(1 - learning_rate * self.smallest))

    def steps_per_digit(self, learning_rate: float) -> float:
        """Steps that bring the line ten times closer to the minimum in the slowest direction; inf if they never do."""
        factor = self.factor(learning_rate)
        if factor >= 1:
            return math.inf
        return math.log(10) / -math.log(factor) if factor > 0 else 1.0


class Problem:
    """Points and the units a line is learnt in.

    "raw": kg and cm as they are. "standard": (value − mean) / standard deviation, a round bowl.
    "minmax": (value − smallest) / range, so 0…1, a narrow tilted bowl. The loss in these units is MSE / y_scale².
    ``to_units`` and ``to_raw`` say the same line in the other units.

    >>> problem = Problem([0, 1, 2], [1, 3, 5], "minmax")
    >>> problem.minimum(), problem.to_raw(1, 0)
    ((1.0, 0.0), (2.0, 1.0))
    """

    def __init__(self, x: object, y: object, scaling: Scaling) -> None:
        self.x, self.y = points(x, y)
        self.scaling = scaling
        self.x_shift, self.x_scale = _units(self.x, scaling)
        self.y_shift, self.y_scale = _units(self.y, scaling)
        self.inputs = (self.x - self.x_shift) / self.x_scale  # (n,)
        self.targets = (self.y - self.y_shift) / self.y_scale  # (n,)

    def to_units(self, w: float, b: float) -> tuple[float, float]:
        return w * self.x_scale / self.y_scale, (w * self.x_shift + b - self.y_shift) / self.y_scale

    def to_raw(self, w: float, b: float) -> tuple[float, float]:
        slope = w * self.y_scale / self.x_scale
        return slope, self.y_shift + self.y_scale * b - slope * self.x_shift

    def loss(self, w: float, b: float) -> float:
        """f(w, b) in this problem's units; inf where it overflows."""
        with np.errstate(over="ignore", invalid="ignore"):
            value = float(np.mean((w * self.inputs + b - self.targets) ** 2))
        return math.inf if math.isnan(value) else value

    def gradient(self, w: float, b: float, rows: np.ndarray | slice = slice(None)) -> np.ndarray:
        """∇f = 2/n Σ (w·xᵢ + b − yᵢ)·(xᵢ, 1), (2,), over all points or a batch of them."""
        inputs, targets = self.inputs[rows], self.targets[rows]
        with np.errstate(over="ignore", invalid="ignore"):
            residuals = w * inputs + b - targets
            return np.array([2 * np.mean(residuals * inputs), 2 * np.mean(residuals)])

    def minimum(self) -> tuple[float, float]:
        """(w, b) of the smallest loss, in this problem's units."""
        line = closed_form(self.x, self.y)
        return self.to_units(line.w, line.b)

    def hessian(self) -> np.ndarray:
        """2/n Σ (xᵢ, 1)(xᵢ, 1)ᵀ, (2, 2)."""
        mean = self.inputs.mean()
        return 2 * np.array([[np.mean(self.inputs**2), mean], [mean, 1.0]])

    def curvature(self) -> Curvature:
        largest = float(np.linalg.eigvalsh(self.hessian())[1])
        smallest = 4 * float(self.inputs.var()) / largest  # λmin·λmax = det H = 4·var(x), exact for narrow valleys
        return Curvature(largest, smallest, largest / smallest, 2 / largest, 2 / (largest + smallest))


def _units(values: np.ndarray, scaling: Scaling) -> tuple[float, float]:
    """(shift, scale) of the units; a scale of 0 becomes 1."""
    if scaling == "raw":
        return 0.0, 1.0
    if scaling == "minmax":
        return float(values.min()), float(np.ptp(values)) or 1.0
    return float(values.mean()), float(values.std()) or 1.0


def points(x: object, y: object) -> tuple[np.ndarray, np.ndarray]:
    """Two equally long lists of finite numbers → float64 (n,), (n,); 2 ≤ n ≤ 5,000, not all x the same (within 1e-100)."""
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape:
        raise InvalidInput("wrong_shape", name="points", expected="(n,) and (n,)", received=f"{x.shape} and {y.shape}")
    if len(x) < 2:
        raise InvalidInput("too_few", name="points", least=2, received=len(x))
    if len(x) > MOST_POINTS:
        raise InvalidInput("too_many", name="points", most=MOST_POINTS, received=len(x))
    for values in (x, y):
        if not np.isfinite(values).all():
            raise InvalidInput("not_finite", name="points", received=shown(float(values[~np.isfinite(values)][0])))
    if np.ptp(x) < NO_SPREAD:
        raise InvalidInput("no_spread", name="x")
    return x, y


def residuals(x: object, y: object, w: float, b: float) -> Residuals:
    """Each prediction, its residual, the residual's square and the mean of the squares, in raw units."""
    x, y = points(x, y)
    predicted = w * x + b
    return Residuals(predicted, predicted - y, (predicted - y) ** 2, float(np.mean((predicted - y) ** 2)))


def line(x: object, y: object, w: float, b: float) -> Line:
    """The line (w, b) with its error on the points."""
    x, y = points(x, y)
    mse, variance = float(np.mean((w * x + b - y) ** 2)), float(y.var())
    return Line(w, b, mse, 1 - mse / variance if variance else 0.0)


def closed_form(x: object, y: object) -> Line:
    """The least-squares line: w = cov(x, y) / var(x), b = mean(y) − w·mean(x)."""
    x, y = points(x, y)
    from_mean = x - x.mean()
    w = float(from_mean @ (y - y.mean()) / (from_mean @ from_mean))
    return line(x, y, w, float(y.mean() - w * x.mean()))


def curvature(x: object, scaling: Scaling) -> Curvature:
    """The bowl's shape for these inputs: why raw kilograms need a tiny learning rate and then crawl."""
    values = np.asarray(x, dtype=np.float64)
    return Problem(values, values, scaling).curvature()


def verdict(first: float, losses: Sequence[float], lowest: float, recent: Sequence[tuple[float, float]]) -> Verdict:
    """What a run did, judged by its numbers.

    converged: less than 1e-4 of the start's height above the lowest loss is left, five times running (a ball that rolls
    through the minimum has not arrived). diverged: the loss overflowed or lies above its start. oscillating: half of
    the recent moves or more turned back. crawling: none of these.

    Args:
        first: loss at the start. losses: after the last few moves. lowest: the smallest there is. recent: last points.
    """
    if not losses[-1] < OVERFLOW:
        return "diverged"
    if max(losses[-5:]) - lowest <= max(1e-4 * (first - lowest), 1e-6 * lowest + 1e-12):
        return "converged"
    if losses[-1] > first:
        return "diverged"
    moves = np.diff(np.array(recent), axis=0)  # (k, 2)
    turns = (moves[1:] * moves[:-1]).sum(axis=1) < 0
    return "oscillating" if len(turns) and turns.mean() >= 0.5 else "crawling"
