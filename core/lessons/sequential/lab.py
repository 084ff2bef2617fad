"""A Sequential run that can be watched: checked, trained as a stream, stopped, continued, evaluated, and asked.

``Lab`` joins a RunSpec (spec.py), its rows (data.py) and a core.Sequential; everything it
tells is in the table's own units, whether or not the net sees standardised numbers. Left out: the training loop itself
(core/training/trainer.py). Source: the verbs and their meaning are Keras 3's.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.data import toy
from core.errors import InvalidInput, checking, register
from core.events import Cadence, Deadline, Done, Every, Latest, TrainStep, drain
from core.lessons.sequential.data import Array, Scaler, load, one_hot
from core.lessons.sequential.pictures import MARKS, Compared, Fitted, fitted, marks
from core.lessons.sequential.spec import RunSpec, inspect
from core.mlp.named_optimizers import OPTIMIZERS
from core.mlp.optimizers import optimizer as make_optimizer
from core.mlp.plain_net import Net
from core.mlp.record import Run
from core.mlp.sequential import Dense, Dropout, Sequential
from core.training.trainer import History

register({"no_shelf_model": "There is no model from another lesson yet. Train one there first."})


@dataclass(frozen=True, slots=True)
class FitStep:
    """The run as it stands. ``history`` has Keras' keys (loss, val_loss, …), one number per completed epoch."""

    epoch: int  # completed
    update: int
    loss: float | None  # of the last batch, before its update; None when it overflowed
    history: tuple[tuple[str, Array], ...]  # each (epoch,)
    picture: Fitted | None


@dataclass(frozen=True, slots=True)
class Score:
    """Keras' ``evaluate`` on one part of the rows, and the same error in the target's own unit."""

    part: str  # "train" or "validation"
    rows: int
    values: tuple[tuple[str, float], ...]  # (("loss", …), ("mse", …)) as the net sees them
    mean_error: float | None  # mean |ŷ − y| in the target's unit; None in classification
    accuracy: float | None  # 0–1; None in regression


@dataclass(frozen=True, slots=True)
class Answer:
    """Predictions for new rows, in the table's own units."""

    x: Array  # (M, F)
    values: Array  # (M,) predictions of a regression; class numbers otherwise
    classes: tuple[str, ...]  # (M,) the name of each row's class; empty in regression
    probabilities: Array  # (M, K); (M, 0) in regression


@dataclass(frozen=True, slots=True)
class Confusion:
    """Rows: the true class. Columns: the predicted one."""

    counts: NDArray[np.int64]  # (K, K)
    classes: tuple[str, ...]
    accuracy: float


class Lab:
    """One learner's run. ``steps`` called again goes on where it stopped; a spec that cannot work is refused here."""

    def __init__(self, spec: RunSpec) -> None:
        self.spec, self.data = spec, load(spec)
        self.inspection = inspect(spec, self.data.x.shape[1], self.data.task, len(self.data.classes))
        self.inspection.refuse()
        self.scaler = Scaler.of(self.data, spec.standardise)
        self.model = build(spec, self.data.x.shape[1])
        cut = self.data.training
        self.x = self.scaler.inputs(self.data.x)  # (N, F) as the net sees them
        self.y = self._targets()  # (N,) or (N, K)
        self._latest = Latest()
        self.stopped: str | None = None  # why the last press ended early, as in Done
        self._validation = (self.x[cut:], self.y[cut:]) if cut < len(self.x) else None
        self.trainer = self.model.trainer(
            self.x[:cut],
            self.y[:cut],
            batch_size=spec.batch_size,
            shuffle=spec.shuffle,
            validation_data=self._validation,
            patience=spec.patience,
        )

    def steps(
        self,
        epochs: int | None = None,
        *,
        updates: int | None = None,
        every: Every = 1,
        deadline: float | None = None,
    ) -> Iterator[FitStep | Done[Lab]]:
        """Train ``epochs`` more (default: the spec's), or ``updates`` more; a report with pictures when ``every`` says so.

        ``Done.stopped``: "updates", "deadline", "patience", "diverged" (the last finite weights are back), or "paused" by
        a later run.
        """
        clock = Deadline()
        run = self.trainer.steps(epochs or self.spec.epochs, updates=updates, every=every, deadline=deadline)
        yield from self._latest.of(self._reports(run), lambda: Done(self, clock.elapsed, "paused"))

    def pause(self) -> None:
        """The run at hand ends with the report that it is making: what is read now is what stays."""
        self._latest.pause()

    def _reports(self, run: Iterator[TrainStep | Done[History]]) -> Generator[FitStep | Done[Lab]]:
        clock, stopped = Deadline(), None
        self.stopped = None
        for event in run:
            if isinstance(event, TrainStep):
                yield self.report(event.loss)
            else:
                stopped = event.stopped
        if stopped == "diverged":
            yield self.report()
        self.stopped = stopped
        yield Done(self, clock.elapsed, stopped)

    def report(self, loss: float | None = None) -> FitStep:
        """The run as it stands."""
        history = tuple((name, np.array(values)) for name, values in self.trainer.history.items())
        return FitStep(self.trainer.epoch, self.trainer.updates, loss, history, self.fitted())

    def train(self, epochs: int | None = None, *, deadline: float | None = None) -> Lab:
        """Train without pictures."""
        return drain(self.steps(epochs, every=Cadence(seconds=math.inf), deadline=deadline))

    @property
    def learning_rate(self) -> float:
        """The spec's, or Keras' default for its optimiser."""
        name, settings = OPTIMIZERS[self.spec.optimizer]
        return float(make_optimizer(name, self.spec.learning_rate, **settings).learning_rate)

    def same(self, spec: RunSpec) -> bool:
        """Whether these settings ask for another number of epochs at most."""
        return replace(spec, epochs=self.spec.epochs) == self.spec

    def goes_on(self, spec: RunSpec) -> bool:
        """Whether ``steps`` can go on under these settings: the same ones, in a run that did not end itself."""
        return self.same(spec) and self.stopped not in ("diverged", "patience")

    @property
    def run(self) -> Run:
        """The record of the training so far, for ``core.to_script``."""
        return self.trainer.result(math.nan, None)

    def evaluate(self, part: str = "train") -> Score:
        """Loss and metrics of the training or the validation rows."""
        rows = self._part(part)
        x, y = self.data.x[rows], self.data.y[rows]
        names = ["loss", *self.spec.metrics]
        numbers = np.atleast_1d(self.model.evaluate(self.x[rows], self.y[rows])).tolist()
        answer = self.predict(x.tolist())
        values = tuple(zip(names, numbers, strict=True))
        if self.data.task == "regression":
            with np.errstate(over="ignore", invalid="ignore"):
                return Score(part, len(x), values, float(np.abs(answer.values - y).mean()), None)
        return Score(part, len(x), values, None, float((answer.values == y).mean()))

    def predict(self, rows: Sequence[Sequence[float]]) -> Answer:
        """Predictions for new rows of inputs in their own units (at most 5,000 rows of F finite numbers)."""
        x = _rows(rows, self.data.x.shape[1])
        out = self._outputs(x)
        if self.data.task == "regression":
            return Answer(x, out[:, 0], (), np.zeros((len(x), 0)))
        classes = out.argmax(axis=1)
        return Answer(x, classes.astype(np.float64), tuple(self.data.classes[i] for i in classes), out)

    def confusion(self, part: str = "train") -> Confusion:
        """How often each class was taken for each class."""
        if self.data.task == "regression":
            raise InvalidInput("not_one_of", name="task", received="regression", choices="binary, multiclass", hint="")
        rows = self._part(part)
        truth = self.data.y[rows].astype(np.int64)
        said = self.predict(self.data.x[rows].tolist()).values.astype(np.int64)
        counts = np.zeros((len(self.data.classes),) * 2, dtype=np.int64)
        np.add.at(counts, (truth, said), 1)
        return Confusion(counts, self.data.classes, float((truth == said).mean()))

    def fitted(self) -> Fitted | None:
        """The learnt curve of one input, or field of two; None for more inputs."""
        return fitted(self.data, self._outputs)

    def marks(self) -> Array:
        """The rows as points over ``fitted()``, see ``core.lessons.sequential.pictures.marks``."""
        return marks(self.data)

    def compared(self) -> Compared:
        """True and predicted targets of a regression. Raises InvalidInput for a classification."""
        if self.data.classes:
            raise InvalidInput("not_one_of", name="task", received=self.data.task, choices="regression", hint="")
        x, y = self.data.x[:MARKS], self.data.y[:MARKS]
        return Compared(y, self._outputs(x)[:, 0], np.arange(len(x)) >= self.data.training)

    def best(self) -> tuple[int, float] | None:
        """Epoch and value of the lowest validation loss so far; None without validation rows or epochs."""
        values = self.trainer.history.get("val_loss")
        return (int(np.argmin(values)) + 1, min(values)) if values else None

    def to_safetensors(self) -> bytes:
        """The model as ``Sequential.save`` writes it."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.safetensors"
            self.model.save(path)
            return path.read_bytes()

    def history_csv(self) -> str:
        """``history``: one row per completed epoch."""
        history = self.trainer.history
        rows = [
            f"{i},{','.join(f'{v:.9g}' for v in row)}" for i, row in enumerate(zip(*history.values(), strict=True), 1)
        ]
        return "\n".join([",".join(["epoch", *history]), *rows]) + "\n"

    def _outputs(self, x: Array) -> Array:
        """(M, F) raw → (M, 1) values in the target's unit, or (M, K) probabilities."""
        out = np.asarray(self.model.predict(self.scaler.inputs(x)), dtype=np.float64).reshape(len(x), -1)
        if self.data.task == "regression":
            return self.scaler.outputs(out)
        return np.column_stack([1 - out[:, 0], out[:, 0]]) if out.shape[1] == 1 else out

    def _targets(self) -> Array:
        units = self.spec.layers[-1].units
        if self.data.task == "regression" or units == 1 or self.spec.loss == "sparse_categorical_crossentropy":
            return self.scaler.targets(self.data.y)
        return one_hot(self.data.y, len(self.data.classes))

    def _part(self, part: str) -> slice:
        with checking() as check:
            check.one_of("part", part, ("train", "validation"))
        if part == "validation" and self._validation is None:
            raise InvalidInput("empty", name="validation", least=1)
        return slice(0, self.data.training) if part == "train" else slice(self.data.training, None)


class Opened(Protocol):
    """What another lesson hands over: a Lab, or the playground of lesson 5."""

    model: Sequential

    @property
    def x(self) -> Array: ...  # (N, features) as the net sees them

    @property
    def y(self) -> Array: ...  # (N,) or (N, outputs)


def opened(lab: Opened | None, row: int = 0) -> tuple[Net, tuple[float, ...], tuple[float, ...]]:
    """A trained model for lesson 6: its weights, and one row of inputs and targets as the net sees them.

    Raises:
        InvalidInput: ``no_shelf_model`` for None, ``no_trace`` for a softmax end, ``out_of_range`` for a row the table
            does not have.
    """
    if lab is None:
        raise InvalidInput("no_shelf_model")
    with checking() as check:
        check.whole("row", row, 0, len(lab.x) - 1)
    return Net.of(lab.model), tuple(lab.x[int(row)].tolist()), tuple(np.atleast_1d(lab.y[int(row)]).tolist())


def build(spec: RunSpec, features: int) -> Sequential:
    """The untrained, compiled model of a spec."""
    model = Sequential(seed=spec.seed)
    for layer in spec.layers:
        dense = layer.kind == "dense"
        model.add(Dense(int(layer.units), activation=layer.activation) if dense else Dropout(layer.rate))
    optimizer, settings = OPTIMIZERS[spec.optimizer]
    model.compile(optimizer, spec.loss, list(spec.metrics), spec.learning_rate, **settings)
    model.build(input_shape=(features,))
    return model


def _rows(rows: Sequence[Sequence[float]], features: int) -> Array:
    with checking() as check:
        if not rows:
            check.add("empty", name="rows", least=1)
        if len(rows) > toy.MOST_POINTS:
            check.add("too_many", name="rows", most=toy.MOST_POINTS, received=len(rows))
    with checking() as check:
        for row in rows:
            if len(row) != features:
                check.add("wrong_shape", name="row", expected=features, received=len(row))
                break
            for value in row:
                check.between("input", value, -1e9, 1e9)
    return np.array(rows, dtype=np.float64)
