"""Trainer: the one training loop of this library, a generator that the caller owns.

Data are tensors placed on the device once (no worker processes); each epoch draws its row order from a private
generator; stop it by closing the stream, and ``steps`` called again goes on at the next batch.
What an update is, an Engine says: torch_engine.py for any nn.Module by autograd, core/mlp/numpy_engine.py for Dense nets
by hand. Left out: samplers, checkpoints on disk, schedules (a hook does them). After skorch and nanoGPT's train.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from core import runtime
from core.errors import checking
from core.events import Cadence, Deadline, Done, TrainStep, cadence
from core.training.callbacks import Callback
from core.training.plot import Plot, curves

Numbers = dict[str, Any]  # "loss" and metrics of one batch: floats, arrays, or tensors still on the device
Objective = Callable[..., "Tensor | dict[str, Tensor]"]  # objective(module, *batch) → loss, or {"loss": …, "acc": …}
Hook = Callable[[int], None]  # called after every update with the number of updates done


class Engine(Protocol):
    """What the loop needs of a learner."""

    rows: int  # training rows

    def begin_epoch(self, order: Tensor | None) -> None:
        """Use the rows in this order, (rows,) int64; None keeps theirs."""

    def step(self, start: int, stop: int) -> Numbers:
        """One update on rows [start, stop) of the order. Numbers are means over rows, before the update."""

    def validate(self) -> Numbers:
        """The same numbers over the validation rows; empty if there are none."""

    def summarise(self, averages: dict[str, Any]) -> dict[str, float]:
        """Epoch averages → the names and numbers of the history."""

    def rewind(self) -> int:
        """Back to the last weights known to give a finite loss; how many updates that undid."""

    def rest(self) -> None:
        """The run is over or paused: free what only training needs."""


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """``patience``: stop after so many epochs without a loss (val_loss if there is one) lower by over ``min_delta``."""

    batch_size: int = 32
    shuffle: bool = True
    seed: int = 0
    patience: int | None = None
    min_delta: float = 0.0

    def __post_init__(self) -> None:
        with checking() as check:
            check.whole("batch_size", self.batch_size, 1, 1_000_000)
            check.whole("seed", self.seed, 0, 2**53)
            if self.patience is not None:
                check.whole("patience", self.patience, 1, 1_000_000)
            check.between("min_delta", self.min_delta, 0, 1e6)


@dataclass(frozen=True, slots=True)
class History:
    """What a run leaves behind; ``history`` has Keras' keys, one float per completed epoch."""

    history: dict[str, list[float]] = field(default_factory=dict)
    epoch: list[int] = field(default_factory=list)  # 0, 1, …
    updates: int = 0
    last_loss: float = math.nan  # of the last batch; not finite if the run diverged

    def plot(self, *names: str) -> Plot:
        """These curves over the epochs, by default the losses: shown in a notebook, ``.save("loss.svg")`` elsewhere."""
        chosen = names or tuple(name for name in self.history if name.endswith("loss"))
        with checking() as check:
            for name in chosen:
                check.one_of("curve", name, self.history)
        return curves({name: self.history[name] for name in chosen})

    def _repr_html_(self) -> str:
        """The last epoch's numbers, and the losses as a picture."""
        last = ", ".join(f"{name} {values[-1]:.4g}" for name, values in self.history.items() if values)
        drawn = self.plot().svg if any(math.isfinite(v) for v in self.history.get("loss", ())) else ""
        return f"<p>{len(self.epoch)} epochs, {self.updates} updates: {last}</p>{drawn}"


class Trainer:
    """Runs an engine. ``updates``, ``epoch``, ``batch`` and ``history`` say where it is, also between two events.

    >>> from core.training.torch_engine import TorchEngine
    >>> x, model = torch.arange(8.0)[:, None], nn.Linear(1, 1)
    >>> sgd = torch.optim.SGD(model.parameters(), lr=0.01)
    >>> learner = TorchEngine(model, supervised(nn.functional.mse_loss), sgd, (x, x), device="cpu")
    >>> run = Trainer(learner, TrainConfig(batch_size=4))
    >>> [(event.step, event.epoch_ended) for event in run.steps(epochs=1) if isinstance(event, TrainStep)]
    [(1, False), (2, True)]
    """

    def __init__(
        self,
        engine: Engine,
        config: TrainConfig | None = None,
        hooks: Sequence[Hook] = (),
        order_stream: torch.Generator | None = None,  # default: a new one from config.seed
        callbacks: Sequence[Callback] = (),  # Keras', see callbacks.py
    ) -> None:
        self.engine, self.config, self.hooks = engine, config or TrainConfig(), tuple(hooks)
        self.callbacks, self.stop_training = tuple(callbacks), False
        self.updates = self.epoch = self.batch = 0
        self.history: dict[str, list[float]] = {}
        self._order_stream = order_stream or runtime.generator(self.config.seed)
        self._seen: list[tuple[int, Numbers]] = []  # (rows, numbers) of the batches of this epoch
        self._best, self._waited = math.inf, 0

    def steps(
        self,
        epochs: int = 1,
        *,
        updates: int | None = None,
        every: int | Cadence | None = 1,
        deadline: float | None = None,
    ) -> Iterator[TrainStep | Done[History]]:
        """Go on for ``epochs`` epoch ends, at most ``updates`` updates and ``deadline`` seconds.

        An event comes every ``every`` updates, or when the Cadence says so, or (None) at epoch ends; and at the end.
        Its logs are those of the latest epoch that ended since the event before. ``Done.stopped`` is None when the
        epochs were run, else "updates", "deadline", "patience", "callback" (one set ``stop_training``) or "diverged" (then
        the last finite weights are back).
        """
        with checking() as check:
            check.whole("epochs", epochs, 1, 10_000_000)
            if updates is not None:
                check.whole("updates", updates, 1, 10**12)
            if deadline is not None:
                check.between("deadline", deadline, 0, 1e9)
            if isinstance(every, int):
                check.whole("every", every, 1, 10**12)
        beat = cadence(every)
        most = math.inf if updates is None else self.updates + updates
        return self._run(self.epoch + int(epochs), most, beat, Deadline(deadline))

    def _run(
        self, goal: int, most: float, beat: Cadence | None, clock: Deadline
    ) -> Iterator[TrainStep | Done[History]]:
        stopped: str | None = None
        loss = math.nan
        self._begin(goal)
        try:
            while stopped is None:
                with np.errstate(
                    all="ignore"
                ):  # a run that diverges is told, not warned of; once an event: it takes time
                    loss, logs, stopped = self._to_next_event(goal, most, beat, clock)
                if stopped != "diverged":
                    yield TrainStep(self.updates, self.epoch, self.batch, loss, tuple(logs.items()))
            if stopped == "diverged":
                self.updates -= self.engine.rewind()
            self._tell("on_train_end")
            why = None if stopped == "epochs" else stopped
            yield Done(self.result(loss, why), clock.elapsed, why)
        finally:
            self.engine.rest()

    def _to_next_event(
        self, goal: int, most: float, beat: Cadence | None, clock: Deadline
    ) -> tuple[float, dict[str, float], str | None]:
        """Updates until there is something to say: the last loss, the averages of an epoch that ended, why to stop."""
        engine, rows, size = self.engine, self.engine.rows, int(self.config.batch_size)
        logs: dict[str, float] = {}
        while True:
            if self.batch == 0:
                self._tell("on_epoch_begin", self.epoch)
                self._seen.clear()
                engine.begin_epoch(torch.randperm(rows, generator=self._order_stream) if self.config.shuffle else None)
            start = self.batch * size
            stop = min(start + size, rows)
            numbers = engine.step(start, stop)
            value = numbers["loss"]  # a tensor still on an accelerator is read only when someone looks
            if isinstance(value, float) and not math.isfinite(value):
                return value, {}, "diverged"
            self._seen.append((stop - start, numbers))
            self.updates += 1
            self.batch += 1
            for hook in self.hooks:
                hook(self.updates)
            if self.callbacks:
                self._tell("on_train_batch_end", self.batch - 1, engine.summarise(averages(self._seen[-1:])))
            if stop == rows:
                logs = self._end_epoch()
                if not math.isfinite(logs["loss"]):
                    return logs["loss"], {}, "diverged"
                self._tell("on_epoch_end", self.epoch - 1, dict(logs))
            stopped = self._reason(goal, most, clock)
            if stopped or (bool(logs) if beat is None else beat.due(self.updates)):
                return float(value), logs, stopped

    @property
    def subject(self) -> Any:
        """What a callback sees as its ``model``: it is asked for ``stop_training``."""
        return self

    def _begin(self, goal: int) -> None:
        self.subject.stop_training = False
        steps = math.ceil(self.engine.rows / self.config.batch_size)
        for callback in self.callbacks:
            callback.set_model(self.subject)
            callback.set_params({"epochs": goal - self.epoch, "steps": steps, "verbose": 0})
        self._tell("on_train_begin")

    def _tell(self, turn: str, *values: Any) -> None:
        for callback in self.callbacks:
            getattr(callback, turn)(*values)

    def result(self, last_loss: float, stopped: str | None) -> History:
        """What there is so far. A run that diverged before its first epoch ended has NaN as its loss, as in Keras."""
        history = {name: list(values) for name, values in self.history.items()}
        if stopped == "diverged" and not history:
            history = {"loss": [math.nan]}
        return History(history, list(range(self.epoch)), self.updates, last_loss)

    def _reason(self, goal: int, most: float, clock: Deadline) -> str | None:
        if self.subject.stop_training:
            return "callback"
        if self.batch == 0 and self.config.patience is not None and self._waited >= self.config.patience:
            return "patience"
        if self.epoch >= goal:
            return "epochs"
        if self.updates >= most:
            return "updates"
        return "deadline" if clock.expired else None

    def _end_epoch(self) -> dict[str, float]:
        logs = self.engine.summarise(averages(self._seen))
        if not math.isfinite(logs["loss"]):
            return logs
        logs |= {f"val_{name}": value for name, value in self.engine.summarise(self.engine.validate()).items()}
        for name, value in logs.items():
            self.history.setdefault(name, []).append(value)
        self.epoch, self.batch = self.epoch + 1, 0
        watched = logs.get("val_loss", logs["loss"])
        better = watched < self._best - self.config.min_delta
        self._best, self._waited = (watched, 0) if better else (self._best, self._waited + 1)
        return logs


def averages(seen: Sequence[tuple[int, Numbers]]) -> dict[str, Any]:
    """Means over rows of numbers that are means over batches; the last batch may be short."""
    total = sum(rows for rows, _ in seen)
    result: dict[str, Any] = {}
    for name, first in (seen[0][1] if seen else {}).items():
        values = [numbers[name] for _, numbers in seen]
        if isinstance(first, float):
            result[name] = sum(rows * value for (rows, _), value in zip(seen, values, strict=True)) / total
        else:
            table = torch.stack(values).cpu().double().numpy() if isinstance(first, Tensor) else np.array(values)
            result[name] = np.tensordot([rows / total for rows, _ in seen], table, 1)
    return result


def supervised(loss: Callable[[Tensor, Tensor], Tensor], **metrics: Callable[[Tensor, Tensor], Tensor]) -> Objective:
    """The usual objective for data (x, y): ``loss(module(x), y)``, and each metric of the same outputs."""

    def objective(module: nn.Module, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        outputs = module(x)
        with torch.no_grad():
            measured = {name: metric(outputs, y) for name, metric in metrics.items()}
        return {"loss": loss(outputs, y), **measured}

    return objective


def accuracy(logits: Tensor, labels: Tensor) -> Tensor:
    """Share of rows whose largest logit is at the label. logits (N, classes), labels (N,) → ()."""
    return (logits.argmax(1) == labels).float().mean()
