"""What is remembered of a Sequential's training: enough to repeat it to the last digit (script.py), and its summary.

Left out: the weights at the end; the model has them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.mlp.habits import RUN, NotHere, missing
from core.mlp.numpy_engine import LayerSpec
from core.mlp.optimizers import Optimizer
from core.training.trainer import History

Array = NDArray[Any]


@dataclass(frozen=True)
class Compiled:
    """How a model learns. Two runs with the same object share the optimiser's memory."""

    optimizer: Optimizer
    loss: str
    metrics: tuple[str, ...]
    engine: str

    @property
    def settings(self) -> dict[str, Any]:
        """What ``Sequential.compile`` takes for the same."""
        name = type(self.optimizer).__name__.lower()
        return {"optimizer": name, **asdict(self.optimizer), "loss": self.loss, "metrics": list(self.metrics)}


@dataclass(frozen=True)
class Trained:
    """So many updates in a row, from where the stream of batches stood."""

    stream: int  # number of the stream of batches: 0, 1, … in the order they began
    compiled: Compiled
    x: Array  # (N, inputs)
    y: Array  # (N, outputs), classes one-hot
    batch_size: int
    shuffle: bool
    updates: int
    weights: Array | None = None  # (N,) of the rows


@dataclass(frozen=True)
class WeightsSet:
    """Weights put in from outside: kernel, bias, kernel, bias, …"""

    weights: tuple[Array, ...]


@dataclass(frozen=True, slots=True)
class Run(History):
    """The record ``fit`` returns and ``Done`` carries: Keras' ``history`` and ``epoch``, and all that made it."""

    specs: tuple[LayerSpec, ...] = ()
    seed: int = 0
    dtype: str = "float64"
    journal: tuple[Trained | WeightsSet, ...] = field(default=(), repr=False)

    if not TYPE_CHECKING:  # for a type checker an attribute that is not there stays an error

        def __getattr__(self, name: str) -> None:
            raise missing(self, name, RUN)

        def __getitem__(self, name: str) -> None:
            raise NotHere("keras_only", received=f"run[{name!r}]", instead=f"run.history[{name!r}]")

    @property
    def final_loss(self) -> float:
        """The loss of the last whole epoch, as Keras prints it; before one has ended, of the last batch."""
        losses = self.history.get("loss")
        return losses[-1] if losses else self.last_loss


@dataclass(frozen=True, slots=True)
class Summary:
    """One row per layer: (name, kind, output shape, parameters). ``str`` is the table."""

    rows: tuple[tuple[str, str, tuple[int | None, ...], int], ...]
    total_params: int
    trainable_params: int

    def __str__(self) -> str:
        cells = [("Layer (type)", "Output Shape", "Param #")]
        cells += [(f"{name} ({kind})", str(shape), f"{count:,}") for name, kind, shape, count in self.rows]
        wide = [max(len(row[i]) for row in cells) + 2 for i in range(3)]
        lines = ["".join([row[0].ljust(wide[0]), row[1].ljust(wide[1]), row[2].rjust(wide[2])]) for row in cells]
        bar = "─" * sum(wide)
        totals = [f"Total params: {self.total_params:,}", f"Trainable params: {self.trainable_params:,}"]
        return "\n".join(['Model: "sequential"', bar, lines[0], bar, *lines[1:], bar, *totals])

    def _repr_html_(self) -> str:
        """The table as a notebook shows it; kinds and names are ours, so nothing needs escaping."""
        rows = "".join(
            f"<tr><td>{name} ({kind})</td><td>{shape}</td><td>{count:,}</td></tr>"
            for name, kind, shape, count in self.rows
        )
        head = "<tr><th>Layer (type)</th><th>Output Shape</th><th>Param #</th></tr>"
        return f"<table>{head}{rows}</table><p>Total params: {self.total_params:,}</p>"


def summary_of(layers: list[Any], specs: tuple[LayerSpec, ...]) -> Summary:
    """Rows named as Keras names them: dense, dense_1, dropout, …"""
    rows: list[tuple[str, str, tuple[int | None, ...], int]] = []
    counts: dict[str, int] = {}
    remaining, width = list(specs), specs[0].inputs
    for layer in layers:
        kind = type(layer).__name__
        name, size = kind.lower(), 0
        if kind == "Dense":
            spec = remaining.pop(0)
            width, size = spec.units, spec.size
        number = counts.get(name, 0)
        counts[name] = number + 1
        rows.append((f"{name}_{number}" if number else name, kind, (None, width), size))
    total = sum(row[3] for row in rows)
    return Summary(tuple(rows), total, total)


def copies(weights: Any) -> tuple[Array, ...]:
    return tuple(np.array(array, dtype=np.float64) for array in weights)
