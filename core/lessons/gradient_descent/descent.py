"""One gradient descent on the mean squared error over (w, b): x_{i+1} = x_i − α∇f(x_i), every number of every move.

By any of six optimisers (update_rules.py), on all points or on mini-batches; a run can be stopped
and goes on exactly where it stood. Left out: surfaces of more than two numbers (core/mlp/sequential.py).
Source: Goodfellow, Bengio and Courville, Deep Learning (2016), chapters 4.3 and 8; the bound on α is in
core/lessons/perceptron/line.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, cast

import numpy as np

from core.errors import checking
from core.events import Done, Every, Frames
from core.lessons.gradient_descent import choices
from core.lessons.gradient_descent.update_rules import OPTIMIZERS, Memory
from core.lessons.perceptron.line import OVERFLOW, SCALINGS, Curvature, Line, Problem, Scaling, Verdict, line, verdict

MOST_STEPS = 5_000
RECENT = 12  # points of the path that the verdict looks at
NOISY = 200  # losses of a descent on mini-batches that its verdict looks at, halved into before and now
Pair = tuple[float, float]  # (w, b)
End = Verdict | Literal["wandering"]  # wandering: mini-batches leave it hovering, neither down nor away


@dataclass(frozen=True)
class DescentConfig:
    """One descent. (w, b) is the start, in the units of the surface (core/lessons/perceptron/line.py, Problem)."""

    optimizer: str = choices.OPTIMIZER.default
    learning_rate: float = choices.RATE.default
    steps: int = int(choices.STEPS.default)
    scaling: Scaling = cast(Scaling, choices.SCALING.default)
    w: float = choices.W.default
    b: float = choices.B.default
    batch_size: int | None = choices.BATCHES[choices.BATCH.default]  # None, or all points and more: the exact gradient
    seed: int = int(choices.SEED.default)

    def __post_init__(self) -> None:
        with checking() as check:
            check.one_of("optimizer", self.optimizer, OPTIMIZERS)
            check.within("learning_rate", self.learning_rate, choices.RATE)
            check.whole("steps", self.steps, 1, MOST_STEPS)
            check.one_of("scaling", self.scaling, SCALINGS)
            check.between("w", self.w, -OVERFLOW, OVERFLOW)
            check.between("b", self.b, -OVERFLOW, OVERFLOW)
            if self.batch_size is not None:
                check.whole("batch_size", self.batch_size, 1, 10**6)
            check.within("seed", self.seed, choices.SEED)


@dataclass(frozen=True, slots=True)
class DescentRun:
    """A descent so far: its record, from which ``script`` makes it again and ``descend(…, after=run)`` goes on."""

    config: DescentConfig  # its w and b are the start
    x: np.ndarray  # (n,) raw
    y: np.ndarray  # (n,) raw
    step: int  # moves since the start
    at: Pair  # (w, b) in the units of the surface
    memory: Memory
    path: np.ndarray  # (step + 1, 2)
    losses: np.ndarray  # (step + 1,) of all points, in the units of the surface
    line: Line  # the line at ``at`` in raw units
    curvature: Curvature
    limit: float | None  # the largest learning rate of this optimiser that converges here; None: no fixed bound
    verdict: End

    @property
    def loss(self) -> float:
        return float(self.losses[-1])


@dataclass(frozen=True, slots=True)
class Move:
    """One step with every number: after = before − change."""

    step: int
    rows: np.ndarray  # (B,) int64, the points looked at
    before: Pair
    gradient: Pair  # of the points looked at
    full_gradient: Pair  # of all points, for comparison
    memory: tuple[tuple[str, Pair], ...]  # the optimiser's, after the step
    change: Pair
    after: Pair
    loss_before: float  # of all points
    loss: float
    run: DescentRun  # up to here

    def latex(self) -> str:
        """The move as an equation with its numbers: x_i − α∇f for sgd, x_i − Δ for the others."""
        rate = f"{self.run.config.learning_rate:g}"
        moved = f"{rate} {_column(self.gradient)}" if self.run.config.optimizer == "sgd" else _column(self.change)
        return f"{_column(self.before)} - {moved} = {_column(self.after)}"


def descend(
    config: DescentConfig,
    x: object,
    y: object,
    after: DescentRun | None = None,
    *,
    every: Every = 1,
    deadline: float | None = None,
) -> Iterator[Move | Done[DescentRun]]:
    """``config.steps`` moves, from (w, b) or from where the run ``after`` stands.

    With the settings of ``after`` its memory, path and count go on; with others a fresh run starts at its place.
    Ends as "diverged" where the loss leaves the range of float32; the result then holds the last point before that.

    >>> from core.data import people
    >>> from core.events import drain
    >>> drain(descend(DescentConfig(learning_rate=0.3, scaling="standard"), *people.load())).verdict
    'converged'
    """
    walk = Walk(config, Problem(x, y, config.scaling), after)
    frames = Frames(lambda: None if walk.advance() else "diverged", config.steps, every, deadline)
    told = walk.step
    for _ in frames:
        if walk.step > told:
            yield walk.tell()
            told = walk.step
    yield Done(walk.record(), frames.seconds, frames.stopped)


class Walk:
    """A descent in progress: lists that grow by one entry a move."""

    def __init__(self, config: DescentConfig, problem: Problem, after: DescentRun | None = None) -> None:
        if after is not None and _goes_on(config, problem, after):
            config = replace(config, w=after.config.w, b=after.config.b)
            self.memory, self.step = after.memory, after.step
            self.path, self.losses = [_pair(p) for p in after.path], after.losses.tolist()
        else:
            if after is not None:
                before = Problem(after.x, after.y, after.config.scaling)
                w, b = problem.to_units(*before.to_raw(*after.at))
                config = replace(config, w=w, b=b)
            self.memory = tuple(np.zeros(2) for _ in OPTIMIZERS[config.optimizer].remembers)
            self.step, self.path = 0, [(float(config.w), float(config.b))]
            self.losses = [problem.loss(*self.path[0])]
        self.config, self.problem, self.rule = config, problem, OPTIMIZERS[config.optimizer]
        self.lowest, self.curvature = problem.loss(*problem.minimum()), problem.curvature()
        self.rows = self.gradient = self.change = np.zeros(0)
        self.overflowed = False
        self._order = self._new_order()

    @property
    def noisy(self) -> bool:
        """Whether each step sees only some of the points."""
        return self.config.batch_size is not None and self.config.batch_size < len(self.problem.x)

    def advance(self) -> bool:
        """One move; False, and nothing changed, if its loss overflowed."""
        rows = self._batch()
        gradient = self.problem.gradient(*self.path[-1], rows)
        change, memory = self.rule.update(gradient, self.memory, self.step + 1, self.config.learning_rate)
        after = _pair(np.array(self.path[-1]) - change)
        loss = self.problem.loss(*after)
        if not loss < OVERFLOW:
            self.overflowed = True
            return False
        self.rows, self.gradient, self.change, self.memory = rows, gradient, change, memory
        self.path.append(after)
        self.losses.append(loss)
        self.step += 1
        return True

    def tell(self) -> Move:
        named = tuple((name, _pair(m)) for name, m in zip(self.rule.remembers, self.memory, strict=True))
        full = _pair(self.problem.gradient(*self.path[-2]))
        return Move(
            self.step, self.rows.copy(), self.path[-2], _pair(self.gradient), full, named, _pair(self.change),
            self.path[-1], self.losses[-2], self.losses[-1], self.record(),
        )  # fmt: skip

    def record(self) -> DescentRun:
        p = self.problem
        limit = self.rule.stable and self.rule.stable / self.curvature.largest
        return DescentRun(
            self.config, p.x, p.y, self.step, self.path[-1], self.memory, np.array(self.path), np.array(self.losses),
            line(p.x, p.y, *p.to_raw(*self.path[-1])), self.curvature, limit, self._verdict(),
        )  # fmt: skip

    def _verdict(self) -> End:
        """Where steps see some points only, or an adaptive rule leaps, a loss above the start's is no divergence yet."""
        if self.overflowed:
            return "diverged"
        start, losses = self.losses[0], self.losses[1:] or self.losses
        high = max(start, float(self.problem.targets.var()))  # worse than the start and than the best flat line
        if not self.noisy:
            first = start if self.rule.stable is not None else high
            return verdict(first, losses[-RECENT:], self.lowest, self.path[-RECENT:])
        if min(losses[-RECENT:]) > high:
            return "diverged"
        if len(losses) < 2 * RECENT and losses[-1] < start:  # too short a way to tell noise from slowness
            return "crawling"
        above = np.array(self.losses) - self.lowest
        latest = above[-NOISY:]
        before, now = latest[: (len(latest) + 1) // 2].mean(), latest[len(latest) // 2 :].mean()
        return "crawling" if now < 0.7 * min(above[0], before) else "wandering"

    def _batch(self) -> np.ndarray:
        count = len(self.problem.x)
        size = min(self.config.batch_size or count, count)
        part = self.step % math.ceil(count / size)
        if part == 0:
            self._order = self._new_order()
        return self._order[part * size : (part + 1) * size]

    def _new_order(self) -> np.ndarray:
        """The rows in the running epoch's order, which depends on seed and epoch only: a run can go on anywhere."""
        count = len(self.problem.x)
        size = min(self.config.batch_size or count, count)
        if size == count:
            return np.arange(count)
        return np.random.default_rng([self.config.seed, self.step // math.ceil(count / size)]).permutation(count)


def _goes_on(config: DescentConfig, problem: Problem, after: DescentRun) -> bool:
    same = replace(after.config, steps=config.steps, w=config.w, b=config.b) == config
    return same and np.array_equal(problem.x, after.x) and np.array_equal(problem.y, after.y)


def _pair(values: np.ndarray) -> Pair:
    return float(values[0]), float(values[1])


def _column(pair: Pair) -> str:
    return rf"\begin{{pmatrix}}{pair[0]:.4g}\\{pair[1]:.4g}\end{{pmatrix}}"
