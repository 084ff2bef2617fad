"""A Sequential model and its run as plain values: checked and counted before any training.

``inspect`` makes Keras' summary table with a running total and says what would go wrong: a last layer that does not fit
the targets, a loss that does not fit the last activation. The presets hold the source's two models.
Left out: running it (lab.py), and layers other than Dense and Dropout.
Source: Chollet, Deep Learning with Python (2021), table of last-layer activations and losses.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from core.errors import CoreError, InvalidInput, checking, register
from core.lessons.sequential import choices
from core.mlp.losses import LOSSES, METRICS

register(
    {
        "no_dense": "The model has no Dense layer, so there is nothing to learn. Add Dense({expected}).",
        "end_dropout": "Dropout cannot be the last layer: it has no units of its own. Add Dense({expected}) after it.",
        "last_units": "Units of the last layer: {received}. This data needs {expected}: change it to {expected}.",
        "softmax_one": "softmax over a single unit is always 1. Use sigmoid, or one unit per class.",
        "end_activation": "The loss {loss} needs a last layer with {expected}. Received: {received}.",
        "loss_for": "The loss {loss} is for {task}. Use one of {choices}.",
        "metric_for": "The metric {metric} is for classification, and these targets are measurements.",
        "not_probability": "With the loss {loss} and {activation} the output is no probability. {advice} fits better.",
        "output_limited": "A last layer with {activation} stays within {low} … {high}, and cannot reach every target.",
    }
)

TASKS = ("regression", "binary", "multiclass")
MOST_PARAMETERS = 1_000_000
REGRESSION_LOSSES = ("mean_squared_error", "mean_absolute_error", "mse", "mae")
CLASS_METRICS = ("acc", "accuracy", "f1_score")
_LIMITS = {"sigmoid": ("0", "1"), "tanh": ("-1", "1"), "relu": ("0", "∞"), "softmax": ("0", "1")}


@dataclass(frozen=True)
class LayerSpec:
    """Dense(units, activation) or Dropout(rate)."""

    kind: str = choices.KIND.default
    units: int = 1
    activation: str = choices.ACTIVATION.default
    rate: float = 0.0

    def __post_init__(self) -> None:
        with checking() as check:
            check.within("layer", self.kind, choices.KIND)
            check.within("units", self.units, choices.UNITS)
            check.within("activation", self.activation, choices.ACTIVATION)
            check.within("rate", self.rate, choices.DROP)


@dataclass(frozen=True)
class RunSpec:
    """A whole run: data, model, compile and fit. By default the source's one neuron, on standardised people."""

    layers: tuple[LayerSpec, ...] = (LayerSpec(),)
    data: str = choices.DATA.default
    table: tuple[tuple[float, ...], ...] = ()  # the learner's own rows, for data "table"; the last column is the target
    names: tuple[str, ...] = ()  # of the table's columns
    classify: bool = False  # the table's target is a class
    labels: tuple[str, ...] = ()  # names of the table's classes 0, 1, …; without them the numbers are the names
    samples: int = int(choices.SAMPLES.default)
    noise: float = choices.NOISE.default
    standardise: bool = True  # inputs, and targets of a regression, to mean 0 and standard deviation 1
    optimizer: str = choices.OPTIMIZER.default
    learning_rate: float | None = None  # None: Keras' default
    loss: str = choices.LOSS.default
    metrics: tuple[str, ...] = choices.FIRST_METRICS
    epochs: int = int(choices.EPOCHS.default)
    batch_size: int = int(choices.BATCH.default)
    validation_split: float = choices.SPLIT.default  # the last share of the rows is held out, as Keras does
    shuffle: bool = True
    patience: int | None = None  # epochs without a better (validation) loss before the run stops itself
    seed: int = int(choices.SEED.default)

    def __post_init__(self) -> None:
        with checking() as check:
            check.whole("layers", len(self.layers), 1, choices.MOST_LAYERS)
            check.within("data", self.data, choices.DATA)
            if self.data == "table" and len({len(row) for row in self.table} | {0}) != 2:
                check.add("wrong_shape", name="table", expected="N × columns", received=f"{len(self.table)} rows")
            check.within("samples", self.samples, choices.SAMPLES)
            check.within("noise", self.noise, choices.NOISE)
            check.within("optimizer", self.optimizer, choices.OPTIMIZER)
            if self.learning_rate is not None:
                check.between("learning_rate", self.learning_rate, choices.LEAST_RATE, choices.RATE.high)
            check.one_of("loss", self.loss, LOSSES)
            for metric in self.metrics:
                check.one_of("metrics", metric, METRICS)
            check.whole("epochs", self.epochs, 1, choices.MOST_EPOCHS)
            check.within("batch_size", self.batch_size, choices.BATCH)
            check.within("validation_split", self.validation_split, choices.SPLIT)
            if self.patience is not None:
                check.whole("patience", self.patience, 1, int(choices.PATIENCE.high))
            check.within("seed", self.seed, choices.SEED)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the summary."""

    name: str  # dense, dense_1, dropout … as Keras names them
    kind: str  # Dense or Dropout
    output_shape: str  # (None, 64)
    parameters: int
    sum: str  # how they are counted: "1 × 64 + 64"
    running_total: int  # of this row and those above


@dataclass(frozen=True, slots=True)
class Inspection:
    """The table, and what was found. A run with ``errors`` is refused; ``hints`` only warn."""

    rows: tuple[Row, ...]
    total: int
    errors: tuple[CoreError, ...]
    hints: tuple[CoreError, ...]

    def refuse(self) -> None:
        """Raise all errors as one."""
        with checking() as check:
            check.problems.extend(self.errors)


def inspect(spec: RunSpec, features: int, task: str, classes: int = 2) -> Inspection:
    """Shapes and parameters of every layer for ``features`` inputs, and whether the end fits the task.

    >>> found = inspect(PRESETS["deep"], 1, "regression")
    >>> found.total, found.rows[1].running_total, found.errors
    (4353, 4288, ())
    """
    rows = summary_rows(spec.layers, features)
    total = rows[-1].running_total
    errors = [*_ending(spec, task, classes), *_loss(spec, task)]
    if total > MOST_PARAMETERS:
        errors.append(InvalidInput("too_many", name="parameters", most=MOST_PARAMETERS, received=total))
    return Inspection(rows, total, tuple(errors), tuple(_hints(spec, task)))


def summary_rows(layers: Iterable[LayerSpec], features: int) -> tuple[Row, ...]:
    """Keras' summary, computed from the layers alone: a Dense layer has inputs × units + units parameters."""
    rows: list[Row] = []
    width, total = features, 0
    for layer in layers:
        dense = layer.kind == "dense"
        before = sum(row.kind.lower() == layer.kind for row in rows)
        units = int(layer.units) if dense else width
        parameters = width * units + units if dense else 0
        total += parameters
        rows.append(
            Row(
                f"{layer.kind}_{before}" if before else layer.kind,
                layer.kind.capitalize(),
                f"(None, {units})",
                parameters,
                f"{width} × {units} + {units}" if dense else "0",
                total,
            )
        )
        width = units
    return tuple(rows)


def _ending(spec: RunSpec, task: str, classes: int) -> Iterable[CoreError]:
    expected = classes if task == "multiclass" else 1
    if all(layer.kind != "dense" for layer in spec.layers):
        yield InvalidInput("no_dense", expected=expected)
        return
    last = spec.layers[-1]
    if last.kind != "dense":
        yield InvalidInput("end_dropout", expected=expected)
    elif last.units == 1 and last.activation == "softmax":
        yield InvalidInput("softmax_one")
    elif last.units != expected and not (task == "binary" and last.units == 2 and last.activation == "softmax"):
        yield InvalidInput("last_units", received=last.units, expected=expected)


def _loss(spec: RunSpec, task: str) -> Iterable[CoreError]:
    activation = spec.layers[-1].activation
    needs = "softmax" if "categorical" in spec.loss else "sigmoid"
    if task == "regression":
        if spec.loss not in REGRESSION_LOSSES:
            yield InvalidInput(
                "loss_for", loss=spec.loss, task="classification", choices=", ".join(REGRESSION_LOSSES[:2])
            )
        for metric in spec.metrics:
            if metric in CLASS_METRICS:
                yield InvalidInput("metric_for", metric=metric)
    elif spec.loss not in REGRESSION_LOSSES and activation != needs:
        yield InvalidInput("end_activation", loss=spec.loss, expected=needs, received=activation)
    elif spec.loss == "binary_crossentropy" and task == "multiclass":
        choices = "categorical_crossentropy, sparse_categorical_crossentropy"
        yield InvalidInput("loss_for", loss=spec.loss, task="two classes", choices=choices)


def _hints(spec: RunSpec, task: str) -> Iterable[CoreError]:
    last = spec.layers[-1]
    if task != "regression" and spec.loss in REGRESSION_LOSSES and last.activation not in ("sigmoid", "softmax"):
        advice = "sigmoid + binary_crossentropy" if task == "binary" else "softmax + categorical_crossentropy"
        yield InvalidInput("not_probability", loss=spec.loss, activation=last.activation, advice=advice)
    if task == "regression" and last.kind == "dense" and last.activation in _LIMITS:
        low, high = _LIMITS[last.activation]
        yield InvalidInput("output_limited", activation=last.activation, low=low, high=high)


def suited(spec: RunSpec, task: str, classes: int = 2, most: int = 12) -> RunSpec:
    """The spec with an end that fits the task: last layer, loss and metrics; the layers before stay, up to ``most``.

    >>> suited(PRESETS["deep"], "multiclass", 3).layers[-1]
    LayerSpec(kind='dense', units=3, activation='softmax', rate=0.0)
    """
    before = (spec.layers[:-1] if spec.layers[-1].kind == "dense" else spec.layers)[: most - 1]
    units, activation, loss = {
        "regression": (1, "linear", "mean_squared_error"),
        "binary": (1, "sigmoid", "binary_crossentropy"),
        "multiclass": (classes, "softmax", "sparse_categorical_crossentropy"),
    }[task]
    last = LayerSpec(units=units, activation=activation)
    return replace(spec, layers=(*before, last), loss=loss, metrics=("mse",) if task == "regression" else ("acc",))


def dense(*units: int, activation: str = "relu", last: str = "linear") -> tuple[LayerSpec, ...]:
    """Dense layers of these units; the last one with its own activation."""
    *hidden, output = units
    return (*(LayerSpec(units=n, activation=activation) for n in hidden), LayerSpec(units=output, activation=last))


_MOONS = RunSpec(
    dense(16, 16, 1, last="sigmoid"),
    data="moons",
    noise=30,
    loss="binary_crossentropy",
    metrics=("acc",),
    learning_rate=0.01,
    epochs=60,
    validation_split=0.3,
)
PRESETS: dict[str, RunSpec] = {
    "line": RunSpec(learning_rate=0.1, epochs=60),
    "deep": RunSpec(tuple(LayerSpec(units=units, activation=name) for units, name in choices.FIRST)),
    "raw": RunSpec(standardise=False),
    "moons": _MOONS,
    "groups": replace(
        _MOONS, layers=dense(16, 3, last="softmax"), data="groups", loss="sparse_categorical_crossentropy"
    ),
    "overfit": replace(
        _MOONS,
        layers=dense(64, 64, 1, last="sigmoid"),
        data="gauss",
        noise=50,
        samples=80,
        epochs=200,
        validation_split=0.5,
    ),
}
