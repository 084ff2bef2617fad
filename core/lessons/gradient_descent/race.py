"""Lesson 3, gradient descent: one descent move by move, a race of six optimisers, and the script that repeats it.

The parts: descent.py (a descent), update_rules.py (the optimisers), loss_surface.py (the bowl, its
gradient by hand, by autograd and by finite difference, and NaN). This file adds the race and the script.
Left out: learning-rate schedules. Source: Ruder, An overview of gradient descent optimization algorithms (2016).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np

from core.errors import InvalidInput, checking
from core.events import Done, Every, Frames, drain
from core.lessons.gradient_descent import choices
from core.lessons.gradient_descent.descent import MOST_STEPS, DescentConfig, DescentRun, Move, Walk, descend
from core.lessons.gradient_descent.loss_surface import Gradients, Surface, overflow, surface, three_gradients
from core.lessons.gradient_descent.update_rules import OPTIMIZERS
from core.lessons.perceptron.line import SCALINGS, Curvature, Line, Problem, Scaling, curvature

__all__ = [
    "Curvature", "DescentConfig", "DescentRun", "Gradients", "Line", "Move", "OPTIMIZERS", "Problem", "RaceConfig",
    "RaceRun", "RaceStep", "SCALINGS", "Scaling", "Surface", "curvature", "descend", "noise_floor", "overflow",
    "percent_of", "preset_rates", "race", "rate_at", "script", "surface", "three_gradients",
]  # fmt: skip


@dataclass(frozen=True)
class RaceConfig:
    """Several optimisers from one start, in lock-step. ``learning_rate`` None: each runs with a good one of its own."""

    optimizers: tuple[str, ...] = choices.OPTIMIZER.names
    learning_rate: float | None = None
    steps: int = choices.RACE_STEPS
    scaling: Scaling = cast(Scaling, choices.SCALING.default)
    w: float = choices.W.default
    b: float = choices.B.default
    batch_size: int | None = choices.BATCHES[choices.BATCH.default]
    seed: int = int(choices.SEED.default)

    def __post_init__(self) -> None:
        if not self.optimizers:
            raise InvalidInput("empty", name="optimizers", least=1)
        self.runs()

    def runs(self) -> tuple[DescentConfig, ...]:
        """One descent each; raises what a descent's config would."""
        with checking() as check:
            for name in self.optimizers:
                check.one_of("optimizer", name, OPTIMIZERS)
        rates = [self.learning_rate or OPTIMIZERS[name].learning_rate for name in self.optimizers]
        return tuple(
            DescentConfig(name, rate, self.steps, self.scaling, self.w, self.b, self.batch_size, self.seed)
            for name, rate in zip(self.optimizers, rates, strict=True)
        )


@dataclass(frozen=True, slots=True)
class RaceStep:
    """All racers after the same number of moves; one that diverged stays where it last was."""

    step: int
    runs: tuple[DescentRun, ...]  # in the order of the config
    leader: str  # the optimiser with the smallest loss


@dataclass(frozen=True, slots=True)
class RaceRun:
    """The result: who left less than 1 % of the first loss's height above the lowest, after how many moves.

    On mini-batches nobody arrives for good, so the mean height of the last moves decides.
    """

    config: RaceConfig
    runs: tuple[DescentRun, ...]
    arrived: tuple[int | None, ...]  # moves until less than 1 % is left for good; None: not yet, or mini-batches
    heights: tuple[float, ...]  # mean loss above the lowest over the last 30 moves
    ranking: tuple[str, ...]  # those that arrived by their moves, then the others by their height
    noisy: bool  # on mini-batches


def race(
    config: RaceConfig,
    x: object,
    y: object,
    *,
    every: Every = 1,
    deadline: float | None = None,
) -> Iterator[RaceStep | Done[RaceRun]]:
    """All optimisers of the config move once, then report (or as ``every`` says), ``config.steps`` times."""
    problem = Problem(x, y, config.scaling)
    walks = [Walk(each, problem) for each in config.runs()]

    def advance() -> str | None:
        return None if any([walk.advance() for walk in walks if not walk.overflowed]) else "diverged"

    frames, told = Frames(advance, config.steps, every, deadline), 0
    for tried in frames:
        step = tried - 1 if frames.stopped == "diverged" else tried
        if step > told:
            runs, told = tuple(walk.record() for walk in walks), step
            yield RaceStep(step, runs, min(runs, key=_order_of).config.optimizer)
    runs = tuple(walk.record() for walk in walks)
    noisy, lowest = walks[0].noisy, walks[0].lowest
    arrived = tuple(None if noisy else _arrival(run, lowest) for run in runs)
    heights = tuple(float(run.losses[-choices.SETTLED :].mean()) - lowest for run in runs)
    placed = sorted(range(len(runs)), key=lambda i: (arrived[i] or MOST_STEPS + 1, _order_of(runs[i])[0], heights[i]))
    ranking = tuple(runs[i].config.optimizer for i in placed)
    yield Done(RaceRun(config, runs, arrived, heights, ranking, noisy), frames.seconds, frames.stopped)


def _order_of(run: DescentRun) -> tuple[bool, float]:
    return run.verdict == "diverged", run.loss


def _arrival(run: DescentRun, lowest: float) -> int | None:
    far = np.flatnonzero(run.losses - lowest > 0.01 * (run.losses[0] - lowest))
    last_far = int(far[-1]) if len(far) else 0
    return None if run.verdict == "diverged" or last_far == run.step else last_far + 1


def preset_rates(x: object, y: object, config: DescentConfig) -> dict[str, float]:
    """Learning rates of this optimiser that converge, crawl and diverge here, from its limit where it has one.

    Adagrad, RMSprop and Adam scale their steps and have no such limit: with the largest rate they only leap about.
    """
    bounded = OPTIMIZERS[config.optimizer].stable is not None
    percents = (
        {"converge": 45, "crawl": 0.2, "diverge": 105} if bounded else {"converge": 100, "crawl": 0.2, "diverge": 1e4}
    )
    return {name: rate_at(x, y, config, percent) for name, percent in percents.items()}


def rate_at(x: object, y: object, config: DescentConfig, percent: float) -> float:
    """The learning rate that is ``percent`` of the largest safe one here, to three digits.

    For Adagrad, RMSprop and Adam, which have no such limit: of the rate that they are commonly used with.

    Args:
        percent: above 0, at most 10,000.
    """
    with checking() as check:
        check.between("percent", percent, 0.001, 10_000)
    return float(f"{percent / 100 * _reference(x, y, config):.3g}")


def percent_of(x: object, y: object, config: DescentConfig) -> float:
    """The learning rate of ``config`` in percent of the one that ``rate_at`` calls 100.

    >>> from core.data import people
    >>> round(percent_of(*people.load(), DescentConfig(learning_rate=0.5, scaling="standard")), 6)  # the limit is 1
    50.0
    """
    return 100 * config.learning_rate / _reference(x, y, config)


def _reference(x: object, y: object, config: DescentConfig) -> float:
    rule = OPTIMIZERS[config.optimizer]
    if rule.stable is None:
        return rule.learning_rate
    return rule.stable / Problem(x, y, config.scaling).curvature().largest


def noise_floor(x: object, y: object, steps: int = 400, learning_rate: float = 0.1) -> tuple[float, float]:
    """Loss above the lowest, averaged over the last half of a descent: on all points, and on one point at a time."""
    lowest = Problem(x, y, "standard")
    floor = lowest.loss(*lowest.minimum())
    configs = (
        DescentConfig("sgd", learning_rate, steps, "standard", w=-1.0, b=1.5, batch_size=size) for size in (None, 1)
    )
    full, single = (float(drain(descend(each, x, y)).losses[steps // 2 :].mean()) - floor for each in configs)
    return full, single


def script(run: DescentRun | RaceRun, steps: int | None = None) -> str:
    """The run as a standalone PyTorch script with torch.optim: same points, start, batches, and the same final loss.

    Or only the first ``steps`` moves of it. A race prints one final loss per optimiser, in the order of its config.
    """
    if isinstance(run, RaceRun):
        return "\n\n".join(script(each, steps) for each in run.runs)
    config, count = run.config, len(run.x)
    size = min(config.batch_size or count, count)
    values = {
        "x": run.x.tolist(),
        "y": run.y.tolist(),
        "units": _UNITS[config.scaling],
        "w": float(config.w),
        "b": float(config.b),
        "optimizer": OPTIMIZERS[config.optimizer].torch_code.format(lr=config.learning_rate),
        "steps": run.step if steps is None else min(steps, run.step),
        "rows": ""
        if size == count
        else _ROWS.format(parts=math.ceil(count / size), size=size, seed=config.seed, n=count),
        "numpy": "" if size == count else "import numpy as np\n",
        "batch": "" if size == count else "[rows]",
        "name": config.optimizer,
    }
    return _SCRIPT.format(**values)


_UNITS = {
    "raw": "inputs, targets = x, y",
    "standard": """\
inputs = (x - x.mean()) / x.std(correction=0)
targets = (y - y.mean()) / (y.std(correction=0) or 1)""",
    "minmax": """\
inputs = (x - x.min()) / (x.max() - x.min())
targets = (y - y.min()) / ((y.max() - y.min()) or 1)""",
}
_ROWS = """
    epoch, part = divmod(step, {parts})
    order = np.random.default_rng([{seed}, epoch]).permutation({n})
    rows = torch.from_numpy(order[part * {size} : (part + 1) * {size}])"""
_SCRIPT = """\
{numpy}import torch

x = torch.tensor({x}, dtype=torch.float64)
y = torch.tensor({y}, dtype=torch.float64)
{units}

w = torch.tensor({w!r}, dtype=torch.float64, requires_grad=True)
b = torch.tensor({b!r}, dtype=torch.float64, requires_grad=True)
optimizer = {optimizer}

for step in range({steps}):{rows}
    loss = ((w * inputs{batch} + b - targets{batch}) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

loss = ((w * inputs + b - targets) ** 2).mean()
print(f"{name}: w = {{w.item():.6g}}, b = {{b.item():.6g}}")
print(f"final loss = {{loss.item():.12g}}")
"""
