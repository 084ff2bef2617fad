"""How many points does a model need? The match of match.py again and again, on few and on many training points.

Each size is drawn several times; both models see the same points and are judged on the same 1,000 held-out ones. The
net always makes the same number of updates, so that a small set is not also a short training.
Left out: error bars beyond the draws themselves.
Source: the learning curves of any textbook, e.g. Hastie, Tibshirani and Friedman (2009), chapter 7.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from core.data import toy
from core.data.toy import Points, ToyConfig
from core.errors import checking
from core.events import Deadline, Done
from core.lessons.ml_vs_dl import choices
from core.lessons.ml_vs_dl.match import Net, build_net, check_features, fit_linear, quality, train

TEST_POINTS = 1_000


@dataclass(frozen=True)
class SweepConfig:
    """Both models on few and on many training points, several draws of each size; ``updates`` of the net each time."""

    data: str = choices.SWEEP.default
    noise: float = choices.SWEEP_NOISE.default
    sizes: tuple[int, ...] = (5, 10, 20, 50, 100, 200, 500)
    draws: int = int(choices.DRAWS.default)
    features: tuple[str, ...] = choices.CHOSEN
    net: Net = field(default_factory=lambda: Net(activation="relu"))
    updates: int = 1_000
    seed: int = int(choices.SEED.default)

    def __post_init__(self) -> None:
        with checking() as check:
            check.one_of("data", self.data, toy.NAMES)
            check.within("noise", self.noise, choices.SWEEP_NOISE)
            if not 1 <= len(self.sizes) <= 12:
                check.add("out_of_range", name="sizes", low=1, high=12, received=len(self.sizes))
            for size in self.sizes:
                check.whole("samples", size, 4, 2_000)
            check.within("draws", self.draws, choices.DRAWS)
            check.whole("updates", self.updates, 1, 20_000)
            check.within("seed", self.seed, choices.SEED)
            check_features(check, self.features)


@dataclass(frozen=True, slots=True)
class SweepRow:
    """Held-out scores of all draws of one size so far."""

    size: int
    machine: tuple[float, ...]  # one per draw
    deep: tuple[float, ...]

    @property
    def means(self) -> tuple[float, float]:
        """(machine, deep)"""
        return float(np.mean(self.machine)), float(np.mean(self.deep))


@dataclass(frozen=True, slots=True)
class SweepStep:
    done: int  # draws finished
    total: int
    rows: tuple[SweepRow, ...]  # one per size that has begun


@dataclass(frozen=True, slots=True)
class SweepRun:
    config: SweepConfig
    rows: tuple[SweepRow, ...]
    crossing: int | None  # size from which on deep learning is never behind; None: it is behind at the last


def sweep(config: SweepConfig, *, deadline: float | None = None) -> Iterator[SweepStep | Done[SweepRun]]:
    """One event per draw: both models fitted to ``size`` points, judged on the same 1,000 held-out points."""
    clock = Deadline(deadline)
    total, rows, stopped = len(config.sizes) * config.draws, [], None
    for size in sorted(set(config.sizes)):
        rows.append(SweepRow(size, (), ()))
        for draw in range(config.draws):
            machine, deep = _match(config, size, draw)
            rows[-1] = SweepRow(size, (*rows[-1].machine, machine), (*rows[-1].deep, deep))
            yield SweepStep((len(rows) - 1) * config.draws + draw + 1, total, tuple(rows))
            if clock.expired:
                stopped = "deadline"
                break
        if stopped:
            break
    behind = [row.size for row in rows if row.means[1] < row.means[0]]
    ahead = [row.size for row in rows if not behind or row.size > behind[-1]]
    yield Done(SweepRun(config, tuple(rows), ahead[0] if ahead else None), clock.elapsed, stopped)


def _match(config: SweepConfig, size: int, draw: int) -> tuple[float, float]:
    points = few_points(config, size, draw)
    epochs = math.ceil(config.updates / math.ceil(size / config.net.batch_size))
    model = build_net(config.net, points)
    for _ in train(model, config.net, points, epochs):
        pass
    answers = np.asarray(model.predict(points.x_test))[:, 0]
    return fit_linear(points, config.features).score.test, quality(answers, points.y_test, points.task)


def few_points(config: SweepConfig, size: int, draw: int) -> Points:
    """``size`` training points (classes in equal shares) and 1,000 held-out ones, another draw of the same kind."""
    task = toy.task_of(config.data)
    seeds = np.random.SeedSequence([config.seed, size, draw]).generate_state(2) % 2**31
    x, y = toy.draw(ToyConfig(config.data, max(4 * size, 200), config.noise, seed=int(seeds[0])))
    order = np.random.default_rng(int(seeds[0])).permutation(len(x))
    if task == "classification":
        halves = [order[y[order] == label] for label in (0, 1)]
        order = np.concatenate([halves[0][: size - size // 2], halves[1][: size // 2]])
    x_test, y_test = toy.draw(ToyConfig(config.data, TEST_POINTS, config.noise, seed=int(seeds[1])))
    return Points(task, x[order[:size]], y[order[:size]], x_test, y_test)
