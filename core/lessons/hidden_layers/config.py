"""What a run of the playground is made of: its settings, and its points, drawn or the learner's own.

Left out: drawing the toy sets (core/data/toy.py), reading a table (core/files/tables.py), training (playground.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from core.data import toy
from core.errors import Check
from core.files import tables
from core.lessons.hidden_layers import own_points
from core.mlp.activations import ELEMENTWISE
from core.mlp.named_optimizers import OPTIMIZERS

LOSSES = {"cross_entropy": "binary_crossentropy", "mse": "mean_squared_error"}
TASKS = ("classification", "regression")
# Settings that may change while the net keeps its weights; with any other it starts anew.
KEEP_WEIGHTS = ("points", "l1", "l2", "dropout", "batch_size", "learning_rate", "optimizer", "loss", "epochs")


@dataclass(frozen=True)
class PlaygroundConfig:
    """Everything that decides a run. ``points`` (x1, x2, label), where given, replace the drawn ``data``."""

    data: str = "circle"
    points: tuple[tuple[float, float, float], ...] = ()
    task: str = "classification"
    samples: int = 500
    noise: float = 0.0  # percent, 0–50
    train_ratio: float = 50.0  # percent, 10–90
    features: tuple[str, ...] = ("x1", "x2")
    hidden: tuple[tuple[int, str], ...] = ((4, "tanh"), (2, "tanh"))  # (units, activation) per hidden layer
    l1: float = 0.0
    l2: float = 0.0
    dropout: float = 0.0  # share of every hidden layer's units left out at each update
    batch_size: int = 10
    learning_rate: float = 0.03
    optimizer: str = "sgd"
    loss: str = "cross_entropy"  # or "mse"; regression always uses mse
    epochs: int = 200  # of one press of the run button
    seed: int = 0

    def __post_init__(self) -> None:
        check = Check()
        check.one_of("task", self.task, TASKS)
        if self.points:
            self._check_points(check)
        else:
            choices = toy.REGRESSION if self.task == "regression" else toy.CLASSIFICATION
            check.one_of("data", self.data, choices)
        check.whole("samples", self.samples, 4, toy.MOST_POINTS)
        check.between("noise", self.noise, 0, 50)
        check.between("train_ratio", self.train_ratio, 10, 90)
        check.whole("features", len(self.features), 1, len(toy.FEATURES))
        for name in self.features:
            check.one_of("features", name, toy.FEATURES)
        check.whole("hidden layers", len(self.hidden), 0, 6)
        for units, name in self.hidden:
            check.whole("units", units, 1, 8)
            check.one_of("activation", name, ELEMENTWISE)
        check.between("l1", self.l1, 0, 10)
        check.between("l2", self.l2, 0, 10)
        check.between("dropout", self.dropout, 0, 0.9)
        check.whole("batch_size", self.batch_size, 1, toy.MOST_POINTS)
        check.between("learning_rate", self.learning_rate, 1e-6, 100)
        check.one_of("optimizer", self.optimizer, OPTIMIZERS)
        check.one_of("loss", self.loss, LOSSES)
        check.whole("epochs", self.epochs, 1, 100_000)
        check.whole("seed", self.seed, 0, 2**31 - 1)
        check.done()

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
    check = Check()
    check.whole("index", index, 0, len(points) - 1)
    check.done()
    train = _train_rows(replace(config, points=points)) if config.points else np.ones(len(points), dtype=bool)
    drawn = np.concatenate([np.flatnonzero(train), np.flatnonzero(~train)])
    return replace(config, points=tuple(p for i, p in enumerate(points) if i != drawn[int(index)]))


def from_table(
    config: PlaygroundConfig, rows: Sequence[tables.Row], names: Sequence[str] = (), task: str | None = None
) -> PlaygroundConfig:
    """The learner's own rows (x1, x2, label), moved into the plane where needed; faults as in own_points.labelled."""
    task = task or config.task
    own = own_points.labelled(rows, names, cast(toy.Task, task))
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
    check = Check()
    check.one_of("task", task, TASKS)
    check.done()
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
