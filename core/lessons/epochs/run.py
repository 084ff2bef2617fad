"""Epoch, batch, iteration: one real training run, told batch by batch.

With N samples in batches of B, an epoch is ceil(N / B) updates (the last batch may be short), so a run is
ceil(N / B) × epochs updates. The run is mini-batch gradient descent by torch.autograd on people's weights and heights;
beside it: how noisy a batch's gradient is, and what an epoch costs, for any batch size.
Left out: momentum and the other optimisers (core/lessons/gradient_descent/race.py).
Source: Goodfellow, Bengio and Courville, Deep Learning (2016), section 8.1.3.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn
from torch.func import functional_call, grad, vmap

from core import runtime
from core.data.people import sample_people
from core.errors import checking
from core.events import Deadline, Done, Every, Frames, Latest, drain
from core.files.csv_text import to_csv
from core.lessons.epochs import choices

MOST_SAMPLES = 2_000
BATCH_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)  # those up to N are measured
TIMED_EPOCHS = 3


@dataclass(frozen=True)
class EpochsConfig:
    """The source's example: 1000 samples in batches of 100 are 10 updates an epoch.

    ``samples`` = 10 is the ten people themselves; more are drawn around the ten people's regression line.
    A ``batch_size`` above ``samples`` is one full batch.
    """

    samples: int = int(choices.SAMPLES.default)
    batch_size: int = int(choices.BATCH.default)
    epochs: int = int(choices.EPOCHS.default)
    shuffle: bool = choices.SHUFFLE
    drop_last: bool = choices.DROP_LAST  # leave a short last batch out, as DataLoader(drop_last=True) does
    hidden: int = int(choices.HIDDEN.default)  # tanh units between weight and height; 0 is the straight line
    learning_rate: float = choices.RATE.default
    seed: int = int(choices.SEED.default)

    def __post_init__(self) -> None:
        with checking() as check:
            check.whole("samples", self.samples, 10, MOST_SAMPLES)
            check.within("batch_size", self.batch_size, choices.BATCH)
            check.within("epochs", self.epochs, choices.EPOCHS)
            check.within("hidden", self.hidden, choices.HIDDEN)
            check.within("learning_rate", self.learning_rate, choices.RATE)
            check.within("seed", self.seed, choices.SEED)


@dataclass(frozen=True, slots=True)
class Counts:
    """The arithmetic of the lesson. ``updates`` = ``updates_per_epoch`` × epochs."""

    batch_size: int  # min(B, N)
    full_batches: int  # floor(N / B)
    last_batch: int  # samples in the short last batch; 0 when B divides N
    updates_per_epoch: int  # ceil(N / B), or floor(N / B) when the short batch is dropped
    updates: int
    samples_seen: int  # over all epochs, each sample counted each time


def count(config: EpochsConfig) -> Counts:
    """How often the weights change in a run.

    >>> count(EpochsConfig(samples=1000, batch_size=100, epochs=5)).updates
    50
    >>> count(EpochsConfig(samples=1000, batch_size=300, epochs=1))
    Counts(batch_size=300, full_batches=3, last_batch=100, updates_per_epoch=4, updates=4, samples_seen=1000)
    """
    size = min(config.batch_size, config.samples)
    full, last = divmod(config.samples, size)
    per_epoch = full if config.drop_last else math.ceil(config.samples / size)
    seen = full * size if config.drop_last else config.samples
    return Counts(size, full, last, per_epoch, per_epoch * config.epochs, seen * config.epochs)


@dataclass(frozen=True, slots=True)
class EpochRow:
    """One finished epoch."""

    epoch: int  # from 1
    loss: float  # mean of the batches' losses while the weights were moving, weighted by batch size
    end_loss: float  # loss of all samples with the weights the epoch ended with
    updates: int  # so far
    seconds: float  # spent training in this epoch


@dataclass(frozen=True, slots=True)
class BatchStep:
    """The state after an update, with everything that happened since the previous report."""

    update: int  # iterations so far, from 1
    epoch: int  # the running epoch, from 1
    batch: int  # in this epoch, from 1
    batches: int  # in one epoch
    indices: np.ndarray  # (B,) int64, rows of x and y in this batch
    used: np.ndarray  # (N,) bool, the samples this epoch has already used, this batch included
    loss: float  # mean squared error of this batch before its update, in standard deviations²
    losses: np.ndarray  # (k,) float64, one per update since the previous report, the last is ``loss``
    ended: tuple[EpochRow, ...]  # epochs that ended since the previous report
    curve: np.ndarray  # (50, 2) float64: kg, predicted cm, after the update


@dataclass(frozen=True, slots=True)
class NoisePoint:
    """Spread of a mini-batch's gradient g_B around the gradient g of all samples, at the starting weights."""

    batch_size: int
    measured: float  # sqrt(mean ‖g_B − g‖²) over the drawn batches
    expected: float  # σ / √B · √((N − B) / (N − 1)): drawn without replacement, as an epoch does
    one_over_root: float  # σ / √B
    full: float  # ‖g‖, what the noise is to be compared with


@dataclass(frozen=True, slots=True)
class TimePoint:
    """What one epoch costs with this batch size."""

    batch_size: int
    updates_per_epoch: int
    seconds_per_epoch: float  # median of the timed epochs
    seconds_per_update: float
    loss: float  # of all samples after the timed epochs
    epochs: int  # timed


class EpochRun:
    """A run that can be stopped, resumed and single-stepped: ``steps`` goes on where the last one stopped.

    >>> from core.events import drain
    >>> drain(EpochRun(EpochsConfig(samples=1000, batch_size=100, epochs=2)).steps()).update
    20
    """

    def __init__(self, config: EpochsConfig) -> None:
        self.config, self.counts = config, count(config)
        self.kg, self.cm = sample_people(config.samples, config.seed)  # (N,), (N,)
        self.x, self.y = standardise(self.kg), standardise(self.cm)  # (N, 1), (N, 1)
        self.module = _network(config)
        self.optimizer = torch.optim.SGD(self.module.parameters(), lr=config.learning_rate)
        self._latest = Latest()
        self.update = self.batch = 0  # updates so far; batches done in the running epoch
        self.rows: list[EpochRow] = []
        self.losses: list[float] = []  # one per update
        self._rng = np.random.default_rng(config.seed)
        self._order = self._new_order()
        self._seconds = 0.0  # spent in the running epoch
        self._grid = np.linspace(self.kg.min(), self.kg.max(), 50)  # (50,)
        self._grid_in = _column((self._grid - self.kg.mean()) / self.kg.std())

    @property
    def finished(self) -> bool:
        return len(self.rows) >= self.config.epochs

    @property
    def parameters(self) -> int:
        """Weights and biases being learnt."""
        return sum(p.numel() for p in self.module.parameters())

    def steps(
        self,
        updates: int | None = None,
        *,
        every: Every = 1,
        deadline: float | None = None,
    ) -> Iterator[BatchStep | Done[EpochRun]]:
        """Train to the end of the last epoch, or for ``updates`` updates only (1 is a single step).

        Reports every update, or as ``every`` says, and the last one.
        A loss that overflows ends the run as "diverged", with the weights and the reports of the update before; a later
        run, or ``pause``, as "paused".
        """
        goal = self.counts.updates if updates is None else min(self.counts.updates, self.update + updates)
        frames = Frames(self._one_update, goal - self.update, every, deadline)
        return self._latest.of(self._reports(frames), lambda: Done(self, frames.seconds, "paused"))

    def pause(self) -> BatchStep | None:
        """The run at hand ends with the report that it is making; that report, if there is one: it is what stays."""
        self._latest.pause()
        return self._report(self.update - 1, len(self.rows)) if self.update else None

    def _reports(self, frames: Frames) -> Generator[BatchStep | Done[EpochRun]]:
        told, told_rows = self.update, len(self.rows)
        for _ in frames:
            if self.update > told:
                yield self._report(told, told_rows)
                told, told_rows = self.update, len(self.rows)
        yield Done(self, frames.seconds, frames.stopped)

    def _one_update(self) -> str | None:
        """Forward, backward, update on the next batch; at an epoch's end, its row. "diverged" if the loss overflowed."""
        if self.batch == self.counts.updates_per_epoch:
            self.batch, self._seconds, self._order = 0, 0.0, self._new_order()
        started = time.perf_counter()
        rows = torch.from_numpy(self._part(self.batch))
        loss = nn.functional.mse_loss(self.module(self.x[rows]), self.y[rows])
        if not math.isfinite(loss.item()):
            return "diverged"
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.losses.append(loss.item())
        self.update, self.batch = self.update + 1, self.batch + 1
        self._seconds += time.perf_counter() - started
        if self.batch == self.counts.updates_per_epoch:
            self._end_epoch()
        return None

    def _end_epoch(self) -> None:
        lengths = [len(self._part(i)) for i in range(self.batch)]
        mean = float(np.average(self.losses[-self.batch :], weights=lengths))
        self.rows.append(EpochRow(len(self.rows) + 1, mean, self.loss(), self.update, self._seconds))

    def loss(self) -> float:
        """Mean squared error of all samples, in standard deviations²."""
        with torch.no_grad():
            return nn.functional.mse_loss(self.module(self.x), self.y).item()

    def curve(self) -> np.ndarray:
        """The learnt line, (50, 2) float64: kg, cm."""
        with torch.no_grad():
            out = self.module(self._grid_in).numpy()[:, 0]
        return np.column_stack([self._grid, out * self.cm.std() + self.cm.mean()])

    def to_csv(self) -> str:
        """One row for each iteration: its epoch and batch, the batch's loss, and at an epoch's end the loss of all."""
        each, ends = self.counts.updates_per_epoch, {row.updates: row.end_loss for row in self.rows}
        updates = range(1, self.update + 1)
        return to_csv(
            {
                "iteration": updates,
                "epoch": [(update - 1) // each + 1 for update in updates],
                "batch": [(update - 1) % each + 1 for update in updates],
                "batch_loss": self.losses,
                "loss_of_all": [ends.get(update) for update in updates],
            }
        )

    def _new_order(self) -> np.ndarray:
        everyone = np.arange(self.config.samples)
        return self._rng.permutation(everyone) if self.config.shuffle else everyone

    def _part(self, batch: int) -> np.ndarray:
        """Rows of the ``batch``-th batch of the running epoch, from 0."""
        size = self.counts.batch_size
        return self._order[batch * size : (batch + 1) * size]

    def _report(self, told: int, told_rows: int) -> BatchStep:
        used = np.zeros(self.config.samples, dtype=bool)
        used[self._order[: self.batch * self.counts.batch_size]] = True
        indices = self._part(self.batch - 1)
        epoch = (self.update - 1) // self.counts.updates_per_epoch + 1
        return BatchStep(
            self.update, epoch, self.batch, self.counts.updates_per_epoch, indices.copy(), used, self.losses[-1],
            np.array(self.losses[told:]), tuple(self.rows[told_rows:]), self.curve(),
        )  # fmt: skip


def gradient_noise(config: EpochsConfig, draws: int = 400) -> Iterator[NoisePoint | Done[tuple[NoisePoint, ...]]]:
    """How far a batch's gradient lies from the gradient of all samples, for each batch size up to N; ~ 1/√B.

    The gradient of a mean loss is the mean of the samples' gradients, so N gradients by autograd give every batch's.
    """
    clock, run = Deadline(), EpochRun(config)
    each = per_sample_gradients(run.module, run.x, run.y)  # (N, P)
    full = each.mean(axis=0)  # (P,)
    sigma = math.sqrt(((each - full) ** 2).sum(axis=1).mean())
    rng = np.random.default_rng(config.seed)
    points = []
    for size in _sizes(config.samples):
        batches = (rng.choice(config.samples, size, replace=False) for _ in range(draws))
        spread = [float(((each[batch].mean(axis=0) - full) ** 2).sum()) for batch in batches]
        root = sigma / math.sqrt(size)
        expected = root * math.sqrt((config.samples - size) / (config.samples - 1))
        points.append(
            NoisePoint(size, math.sqrt(statistics.fmean(spread)), expected, root, float(np.linalg.norm(full)))
        )
        yield points[-1]
    yield Done(tuple(points), clock.elapsed)


def epoch_cost(
    config: EpochsConfig, deadline: float | None = None
) -> Iterator[TimePoint | Done[tuple[TimePoint, ...]]]:
    """Measured time of an epoch for each batch size up to N, largest batch first, and the loss it buys."""
    clock = Deadline(deadline)
    points: list[TimePoint] = []
    next(EpochRun(config).steps())  # the first update of a process is slow: it is not measured
    for size in reversed(_sizes(config.samples)):
        run = EpochRun(replace(config, batch_size=size, epochs=TIMED_EPOCHS))
        drain(run.steps(every=None, deadline=deadline and deadline - clock.elapsed))
        if not run.finished:
            break
        seconds = statistics.median(row.seconds for row in run.rows)
        per_epoch = run.counts.updates_per_epoch
        points.append(TimePoint(size, per_epoch, seconds, seconds / per_epoch, run.loss(), TIMED_EPOCHS))
        yield points[-1]
    yield Done(tuple(points), clock.elapsed, "deadline" if clock.expired else None)


def per_sample_gradients(module: nn.Module, x: torch.Tensor, y: torch.Tensor) -> np.ndarray:
    """∂(ŷᵢ − yᵢ)²/∂θ of each sample i by torch.autograd, (N, P) float64."""
    parameters = {name: value.detach() for name, value in module.named_parameters()}

    def loss(values: dict[str, torch.Tensor], row: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return nn.functional.mse_loss(functional_call(module, values, (row,)), target)

    grads = vmap(grad(loss), in_dims=(None, 0, 0))(parameters, x, y)
    return torch.cat([g.flatten(1) for g in grads.values()], dim=1).double().numpy()


def standardise(values: np.ndarray) -> torch.Tensor:
    """(N,) in any unit → (N, 1) float32 with mean 0 and standard deviation 1."""
    return _column((values - values.mean()) / values.std())


def _column(values: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(values.astype(np.float32))[:, None]


@runtime.alone
def _network(config: EpochsConfig) -> nn.Sequential:
    widths = [1, config.hidden, 1] if config.hidden else [1, 1]
    layers: list[nn.Module] = []
    source = runtime.generator(config.seed)
    for before, after in zip(widths, widths[1:], strict=False):
        linear = nn.utils.skip_init(nn.Linear, before, after)
        nn.init.xavier_uniform_(linear.weight, generator=source)
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.Tanh()]
    return nn.Sequential(*layers[:-1])


def _sizes(samples: int) -> list[int]:
    return [*(size for size in BATCH_SIZES if size < samples), samples]
