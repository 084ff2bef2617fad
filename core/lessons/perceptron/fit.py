"""The perceptron: a line fitted to people by gradient descent, step by step.

Everything a learner can do by hand has a verb: residuals of any line, steps from any line, the exact minimum, a
prediction, an outlier, raw units against standardised ones. The learning rule of 1958 is in logic_gates.py and the
arithmetic of the line in line.py; both are handed on here. Left out: hidden layers (core/mlp/sequential.py).
Source: Rosenblatt, The perceptron (Psychological Review, 1958); least squares as in line.py.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from core.errors import checking
from core.events import Deadline, Done, Every, cadence, drain
from core.lessons.perceptron.line import (
    OVERFLOW,
    Curvature,
    Line,
    Problem,
    Residuals,
    Scaling,
    Verdict,
    closed_form,
    curvature,
    line,
    points,
    residuals,
    verdict,
)
from core.lessons.perceptron.logic_gates import GATES, INPUTS, GateConfig, GateRun, GateStep, learn_gate

__all__ = [
    "BothWays", "Curvature", "GATES", "GateConfig", "GateRun", "GateStep", "INPUTS", "Line", "LineConfig", "LineRun",
    "LineStep", "Outlier", "Prediction", "Problem", "Residuals", "both_ways", "closed_form", "curvature", "learn_gate",
    "line", "outlier", "points", "predict", "residuals", "script", "steps",
]  # fmt: skip

MOST_STEPS = 10_000
RECENT = 12  # points of the path that the verdict looks at
Pair = tuple[float, float]  # (w, b)


@dataclass(frozen=True)
class LineConfig:
    """A press of "1 / 25 / 100 steps": gradient descent on the MSE from the line (w, b), given in raw units."""

    steps: int = 25
    learning_rate: float = 0.1
    standardise: bool = True
    w: float = 0.0  # cm per kg
    b: float = 0.0  # cm
    done: int = 0  # steps of earlier presses: the count goes on from there

    def __post_init__(self) -> None:
        with checking() as check:
            check.whole("steps", self.steps, 1, MOST_STEPS)
            check.between("learning_rate", self.learning_rate, 1e-9, 100)
            check.between("w", self.w, -OVERFLOW, OVERFLOW)
            check.between("b", self.b, -OVERFLOW, OVERFLOW)
            check.whole("done", self.done, 0, 10**9)

    @property
    def scaling(self) -> Scaling:
        return "standard" if self.standardise else "raw"


@dataclass(frozen=True, slots=True)
class LineRun:
    """A run's record: where it started, how far it came, where it stands. ``script`` makes it again."""

    config: LineConfig  # its w and b are the start
    x: np.ndarray  # (n,)
    y: np.ndarray  # (n,)
    steps: int  # taken in this run
    line: Line  # reached, in raw units
    loss: float  # in the units it was trained in: the MSE, or MSE / variance of y if standardised
    verdict: Verdict
    good: Line  # the last line that was no worse than the start


@dataclass(frozen=True, slots=True)
class LineStep:
    """One step: (w, b) ← (w, b) − α·gradient in the units of training, and the line it gives in raw units."""

    step: int  # of all presses
    before: tuple[float, float]  # w, b in the units of training
    gradient: tuple[float, float]
    after: tuple[float, float]
    loss: float  # after the step, in the units of training
    line: Line  # after the step, in raw units
    run: LineRun  # the record up to here


@dataclass(frozen=True, slots=True)
class Prediction:
    value: float  # ŷ
    outside: bool  # x lies beyond the data: an extrapolation
    low: float  # smallest x seen
    high: float  # largest x seen


@dataclass(frozen=True, slots=True)
class Outlier:
    """What one strange point does to the best line."""

    x: np.ndarray  # (n + 1,) the points with the outlier last
    y: np.ndarray  # (n + 1,)
    before: Line  # best line without it
    after: Line  # best line with it
    share: float  # of the sum of squares at ``after`` that is the outlier's own


@dataclass(frozen=True, slots=True)
class BothWays:
    """The same learning from (0, 0), in raw and in standardised units."""

    learning_rate: float
    raw: LineRun
    raw_curvature: Curvature
    raw_at_limit: LineRun  # raw units with 0.95 of the largest stable learning rate (three digits): it crawls
    standardised: LineRun
    standardised_curvature: Curvature


def steps(
    config: LineConfig,
    x: object,
    y: object,
    *,
    every: Every = 1,
    deadline: float | None = None,
) -> Iterator[LineStep | Done[LineRun]]:
    """Gradient descent on the MSE, one event every ``every`` steps, and always the last one.

    Ends as "diverged" where the loss leaves the range of float32; the result then holds the last line before that.

    >>> from core.events import drain
    >>> round(drain(steps(LineConfig(steps=100), [1, 2, 3], [2, 4, 6])).line.w, 4)
    2.0
    """
    problem = Problem(x, y, config.scaling)
    clock, beat = Deadline(deadline), cadence(every)
    here = problem.to_units(config.w, config.b)
    loss = first = problem.loss(*here)
    lowest = problem.loss(*problem.minimum())
    recent, losses = deque([here], maxlen=RECENT), deque[float](maxlen=RECENT)
    taken, told, stopped = 0, 0, None
    good = here
    record = _record(config, problem, here, 0, loss, verdict(first, [loss], lowest, recent), good)
    while taken < config.steps and stopped is None:
        gradient = problem.gradient(*here)
        after = _pair(np.array(here) - config.learning_rate * gradient)
        new_loss = problem.loss(*after)
        if not new_loss < OVERFLOW:
            stopped = "diverged"
        else:
            before, here, loss, taken = here, after, new_loss, taken + 1
            recent.append(here)
            losses.append(loss)
            good = here if loss <= first else good
            stopped = "deadline" if clock.expired else None
        if taken > told and (stopped or taken == config.steps or (beat and beat.due(taken))):
            judged = verdict(first, [math.inf] if stopped == "diverged" else list(losses), lowest, recent)
            record, told = _record(config, problem, here, taken, loss, judged, good), taken
            yield LineStep(config.done + taken, before, _pair(gradient), here, loss, record.line, record)
    if stopped == "diverged":
        record = replace(record, verdict="diverged")
    yield Done(record, clock.elapsed, stopped)


def _pair(values: np.ndarray) -> tuple[float, float]:
    return float(values[0]), float(values[1])


def _record(
    config: LineConfig, problem: Problem, at: Pair, taken: int, loss: float, judged: Verdict, good: Pair
) -> LineRun:
    reached, kept = (line(problem.x, problem.y, *problem.to_raw(*place)) for place in (at, good))
    return LineRun(config, problem.x, problem.y, taken, reached, loss, judged, kept)


def both_ways(x: object, y: object, learning_rate: float = 0.1, count: int = 100) -> BothWays:
    """The same ``count`` steps in raw and in standardised units, and raw once more just below its limit."""
    config = LineConfig(count, learning_rate, standardise=False)
    raw, even = curvature(x, "raw"), curvature(x, "standard")
    careful = replace(config, learning_rate=float(f"{0.95 * raw.limit:.3g}"))
    runs = [drain(steps(c, x, y, every=None)) for c in (config, careful, replace(config, standardise=True))]
    return BothWays(learning_rate, runs[0], raw, runs[1], runs[2], even)


def predict(w: float, b: float, value: float, x: object) -> Prediction:
    """ŷ = w·value + b, and whether ``value`` lies beyond the inputs ``x`` the line was learnt from."""
    with checking() as check:
        check.between("x", value, -1e9, 1e9)
    low, high = float(np.min(np.asarray(x))), float(np.max(np.asarray(x)))
    return Prediction(w * value + b, not low <= value <= high, low, high)


def outlier(x: object, y: object) -> Outlier:
    """Add one point at the largest x, half the range of y below the smallest y, and fit again.

    >>> from core.data import people
    >>> found = outlier(*people.load())
    >>> float(found.x[-1]), float(found.y[-1]), round(found.before.w, 3), round(found.after.w, 3)
    (92.0, 144.0, 0.863, 0.426)
    """
    x, y = points(x, y)
    x_new, y_new = np.append(x, x.max()), np.append(y, y.min() - (np.ptp(y) or 1.0) / 2)
    after = closed_form(x_new, y_new)
    squares = residuals(x_new, y_new, after.w, after.b).squares
    return Outlier(x_new, y_new, closed_form(x, y), after, float(squares[-1] / squares.sum()))


def script(run: LineRun) -> str:
    """The run as a standalone PyTorch script: same points, same start, same steps, the same loss."""
    problem = Problem(run.x, run.y, run.config.scaling)
    w, b = problem.to_units(run.config.w, run.config.b)
    units = _STANDARDISED if run.config.standardise else _RAW
    return _SCRIPT.format(
        x=run.x.tolist(), y=run.y.tolist(), w=w, b=b, lr=run.config.learning_rate, steps=run.steps, units=units
    )


_RAW = "inputs, targets = x, y  # raw units"
_STANDARDISED = """\
inputs = (x - x.mean()) / x.std(correction=0)
targets = (y - y.mean()) / (y.std(correction=0) or 1)"""
_SCRIPT = """\
import torch

x = torch.tensor({x}, dtype=torch.float64)
y = torch.tensor({y}, dtype=torch.float64)
{units}

w = torch.tensor({w!r}, dtype=torch.float64, requires_grad=True)
b = torch.tensor({b!r}, dtype=torch.float64, requires_grad=True)
optimizer = torch.optim.SGD([w, b], lr={lr!r})

for step in range({steps}):
    loss = ((w * inputs + b - targets) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

loss = ((w * inputs + b - targets) ** 2).mean()
print(f"w = {{w.item():.6g}}, b = {{b.item():.6g}}")
print(f"final loss = {{loss.item():.12g}}")
"""
