"""What a run of the playground is made of: its settings, and its points, drawn or the learner's own.

Left out: drawing the toy sets (core/data/toy.py), reading a table (core/files/tables.py), training (playground.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from core.data import toy
from core.errors import Check, checking
from core.files import tables
from core.lessons.hidden_layers import choices, own_points

LOSSES = {"cross_entropy": "binary_crossentropy", "mse": "mean_squared_error"}
# Settings that may change while the net keeps its weights; with any other it starts anew.
KEEP_WEIGHTS = ("points", "l1", "l2", "dropout", "batch_size", "learning_rate", "optimizer", "loss", "epochs")


@dataclass(frozen=True)
class PlaygroundConfig:
    """Everything that decides a run. ``points`` (x1, x2, label), where given, replace the drawn ``data``."""

    data: str = choices.DATA.default
    points: tuple[tuple[float, float, float], ...] = ()
    task: str = choices.TASK.default
    samples: int = int(choices.SAMPLES.default)
    noise: float = choices.NOISE.default  # percent
    train_ratio: float = choices.TRAIN_RATIO.default  # percent
    features: tuple[str, ...] = choices.CHOSEN
    hidden: tuple[tuple[int, str], ...] = tuple(  # (units, activation) per hidden layer
        (units, choices.ACTIVATION.default) for units in choices.FIRST[: int(choices.LAYERS.default)]
    )
    l1: float = choices.PENALTY.default
    l2: float = choices.PENALTY.default
    dropout: float = choices.DROPOUT.default  # share of every hidden layer's units left out at each update
    batch_size: int = int(choices.BATCH.default)
    learning_rate: float = choices.RATE.default
    optimizer: str = choices.OPTIMIZER.default
    loss: str = choices.LOSS.default  # regression always uses mse
    epochs: int = int(choices.EPOCHS.default)  # of one press of the run button
    seed: int = int(choices.SEED.default)

    def __post_init__(self) -> None:
        with checking() as check:
            check.within("task", self.task, choices.TASK)
            if self.points:
                self._check_points(check)
            else:
                check.one_of("data", self.data, choices.FIELDS if self.task == "regression" else choices.CLASSES)
            check.within("samples", self.samples, choices.SAMPLES)
            check.within("noise", self.noise, choices.NOISE)
            check.within("train_ratio", self.train_ratio, choices.TRAIN_RATIO)
            check.whole("features", len(self.features), 1, len(choices.FEATURES))
            for name in self.features:
                check.within("features", name, choices.FEATURES)
            check.within("hidden layers", len(self.hidden), choices.LAYERS)
            for units, name in self.hidden:
                check.within("units", units, choices.UNITS)
                check.within("activation", name, choices.ACTIVATION)
            check.within("l1", self.l1, choices.PENALTY)
            check.within("l2", self.l2, choices.PENALTY)
            check.within("dropout", self.dropout, choices.DROPOUT)
            check.within("batch_size", self.batch_size, choices.BATCH)
            check.within("learning_rate", self.learning_rate, choices.RATE)
            check.within("optimizer", self.optimizer, choices.OPTIMIZER)
            check.within("loss", self.loss, choices.LOSS)
            check.within("epochs", self.epochs, choices.EPOCHS)
            check.within("seed", self.seed, choices.SEED)

    def _check_points(self, check: Check) -> None:
        rows = np.array(self.points, dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] != 3:
            check.add("wrong_shape", name="points", expected="N × 3", received=rows.shape)
        elif not np.isfinite(rows).all():
            check.add("not_finite", name="points", received="nan, inf")
        elif len(rows) < 2:
            check.add("too_few", name="points", least=2, received=len(rows))
        elif len(rows) > toy.MOST_POINTS:
            check.add("too_many", name="points", most=toy.MOST_POINTS, received=len(rows))
        elif np.abs(rows[:, :2]).max() > 2 * toy.EDGE:
            check.add("out_of_range", name="points", low=-2 * toy.EDGE, high=2 * toy.EDGE, received=np.abs(rows).max())
        elif self.task == "regression":
            check.between("label", float(np.abs(rows[:, 2]).max()), 0, 1)
        else:
            for label in sorted(set(rows[:, 2].tolist()) - {0.0, 1.0})[:3]:
                check.add("not_one_of", name="label", choices="0, 1", received=label, hint="")
            if len(set(rows[:, 2].tolist())) < 2:
                check.add("one_class")


def load(config: PlaygroundConfig) -> toy.Points:
    """The points of a config, split."""
    if not config.points:
        return toy.make(toy.ToyConfig(config.data, int(config.samples), config.noise, config.train_ratio, config.seed))
    rows, train = np.array(config.points, dtype=np.float64), _train_rows(config)
    x, y = rows[:, :2], rows[:, 2]
    return toy.Points(cast(toy.Task, config.task), x[train], y[train], x[~train], y[~train])


def with_point(config: PlaygroundConfig, x1: float, x2: float, label: float) -> PlaygroundConfig:
    """One point more; the others stay where they are, training or held out."""
    return replace(config, points=(*_points(config), (float(x1), float(x2), float(label))))


def without_point(config: PlaygroundConfig, index: int) -> PlaygroundConfig:
    """One point less. ``index`` counts the points as a page draws them: training points first, then held-out ones."""
    points = _points(config)
    with checking() as check:
        check.whole("index", index, 0, len(points) - 1)
    train = _train_rows(replace(config, points=points)) if config.points else np.ones(len(points), dtype=bool)
    drawn = np.concatenate([np.flatnonzero(train), np.flatnonzero(~train)])
    return replace(config, points=tuple(p for i, p in enumerate(points) if i != drawn[int(index)]))


def from_table(
    config: PlaygroundConfig,
    rows: Sequence[tables.Row],
    names: Sequence[str] = (),
    task: str | None = None,
    numbers: Sequence[int] = (),
) -> PlaygroundConfig:
    """The learner's own rows (x1, x2, label), moved into the plane where needed; faults as in own_points.labelled."""
    task = task or config.task
    own = own_points.labelled(rows, names, cast(toy.Task, task), numbers=numbers)
    points = tuple((*x, y) for x, y in zip(own.x.tolist(), own.y.tolist(), strict=True))
    return replace(config, task=task, points=points)


def _points(config: PlaygroundConfig) -> tuple[tuple[float, float, float], ...]:
    if config.points:
        return config.points
    drawn = load(config)
    table = np.column_stack([np.vstack([drawn.x_train, drawn.x_test]), np.append(drawn.y_train, drawn.y_test)])
    return tuple((x1, x2, y) for x1, x2, y in table.tolist())


def _train_rows(config: PlaygroundConfig) -> np.ndarray:
    """Which own points are learnt from, (N,) bool. Drawn point by point, so that one more point moves no other."""
    train = np.random.default_rng(config.seed).random(len(config.points)) < config.train_ratio / 100
    if train.all() or not train.any():
        train[-1] = not train[-1]
    return train


def as_points(config: PlaygroundConfig, rows: Sequence[tables.Row], task: str | None = None) -> PlaygroundConfig:
    """Rows of a page's table, (x1, x2, label) in the plane's own units; anything else goes through ``from_table``.

    No rows: the drawn data. Numbers within the plane and labels 0 and 1 (regression: −1 to 1) are taken as they are.
    """
    task = task or config.task
    with checking() as check:
        check.within("task", task, choices.TASK)
    if not isinstance(rows, (list, tuple)) or not all(isinstance(row, (list, tuple)) for row in rows):
        return from_table(config, rows, task=task)  # tells what is wrong
    rows = [row for row in rows if any(cell not in (None, "") for cell in row)]
    if not rows:
        return replace(config, points=())
    if all(isinstance(cell, (int, float)) and not isinstance(cell, bool) for row in rows for cell in row):
        table = tables.from_grid(rows, ("x1", "x2", "label"), columns=3).values
        labels = set(table[:, 2].tolist())
        fits = labels <= {0.0, 1.0} if task == "classification" else max(map(abs, labels)) <= 1
        if fits and np.abs(table[:, :2]).max() <= 2 * toy.EDGE:
            points = tuple((x1, x2, y) for x1, x2, y in table.tolist())
            return replace(config, task=task, points=points)
    return from_table(config, rows, task=task)
