"""The perceptron learning rule of 1958 on logic gates: it learns AND and OR, and provably never XOR.

Output = 1 if w1·x1 + w2·x2 + b > 0 else 0; on a mistake w ← w + η·(target − output)·x. The rows come in a fixed order,
so if the weights after an epoch equal those after an earlier one, all between repeats for ever: that is the proof.
Left out: more than two inputs, and the hidden layer that does solve XOR (core/mlp/sequential.py).
Sources: Rosenblatt, The perceptron (Psychological Review, 1958); Minsky and Papert, Perceptrons (1969).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.errors import checking
from core.events import Deadline, Done

INPUTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])  # (4, 2) the rows of a truth table
GATES = {
    "and": (0, 0, 0, 1),
    "or": (0, 1, 1, 1),
    "nand": (1, 1, 1, 0),
    "nor": (1, 0, 0, 0),
    "xor": (0, 1, 1, 0),
    "xnor": (1, 0, 0, 1),
}


@dataclass(frozen=True)
class GateConfig:
    """The learning rule on a truth table, its four rows in order, again and again."""

    gate: str = "and"
    learning_rate: float = 1.0
    epochs: int = 100
    w1: float = 0.0
    w2: float = 0.0
    b: float = 0.0

    def __post_init__(self) -> None:
        with checking() as check:
            check.one_of("gate", self.gate, GATES)
            check.between("learning_rate", self.learning_rate, 1e-3, 10)
            check.whole("epochs", self.epochs, 1, 1000)
            for name in ("w1", "w2", "b"):
                check.between(name, getattr(self, name), -100, 100)


@dataclass(frozen=True, slots=True)
class GateStep:
    """One row shown to the perceptron: output = 1 if w1·x1 + w2·x2 + b > 0 else 0; on a mistake the weights move."""

    epoch: int  # from 1
    row: int  # of INPUTS, 0…3
    inputs: tuple[int, int]
    target: int
    z: float  # w1·x1 + w2·x2 + b before the update
    output: int
    error: int  # target − output: −1, 0 or 1
    before: tuple[float, float, float]  # w1, w2, b
    after: tuple[float, float, float]
    mistakes: int  # in this epoch so far
    outputs: tuple[int, int, int, int]  # of all four rows with the weights after the update
    border: np.ndarray  # (2, 2) ends of the line z = 0 within −0.5…1.5, or (0, 2) where there is none
    right: int  # how many of the four are right
    epoch_ended: bool


@dataclass(frozen=True, slots=True)
class GateRun:
    """How it ended. A cycle proves that the rule never ends: from equal weights, the same updates follow again."""

    config: GateConfig
    outcome: str  # "converged", "cycle" or "limit"
    weights: tuple[float, float, float]  # w1, w2, b
    mistakes: tuple[int, ...]  # of each epoch; 0 is a pass
    cycle: tuple[int, int] | None  # the two epochs after which the weights were the same; 0 is the start


def learn_gate(config: GateConfig) -> Iterator[GateStep | Done[GateRun]]:
    """Rosenblatt's rule: on each mistake w ← w + η·(target − output)·x, b ← b + η·(target − output).

    Ends after an epoch without a mistake ("converged"), when weights come back ("cycle") or after ``epochs`` ("limit").
    Weights are kept as start + η·(whole numbers), so that "come back" is exact for every learning rate.

    >>> from core.events import drain
    >>> drain(learn_gate(GateConfig("xor"))).outcome
    'cycle'
    """
    clock, targets = Deadline(), GATES[config.gate]
    start, counts = np.array([config.w1, config.w2, config.b]), np.zeros(3, dtype=np.int64)
    seen: dict[tuple[int, ...], int] = {tuple(counts.tolist()): 0}
    mistakes: list[int] = []
    outcome, cycle = "limit", None
    for epoch in range(1, config.epochs + 1):
        mistakes.append(0)
        for row, target in enumerate(targets):
            weights = start + config.learning_rate * counts
            z = float(weights @ _ROWS[row])
            error = target - int(z > 0)
            counts = counts + error * _ROWS[row]
            mistakes[-1] += abs(error)
            yield _gate_step(
                epoch, row, targets, z, error, weights, start + config.learning_rate * counts, mistakes[-1]
            )
        before = seen.setdefault(tuple(counts.tolist()), epoch)
        if mistakes[-1] == 0:
            outcome = "converged"
            break
        if before < epoch:
            outcome, cycle = "cycle", (before, epoch)
            break
    final = _triple(start + config.learning_rate * counts)
    yield Done(GateRun(config, outcome, final, tuple(mistakes), cycle), clock.elapsed)


_ROWS = np.column_stack([INPUTS, np.ones(4, dtype=np.int64)])  # (4, 3): x1, x2 and 1 for the bias


def _gate_step(
    epoch: int,
    row: int,
    targets: tuple[int, ...],
    z: float,
    error: int,
    before: np.ndarray,
    after: np.ndarray,
    wrong: int,
) -> GateStep:
    outputs = tuple((_ROWS @ after > 0).astype(int).tolist())
    right = sum(o == t for o, t in zip(outputs, targets, strict=True))
    inputs = (int(INPUTS[row, 0]), int(INPUTS[row, 1]))
    return GateStep(
        epoch, row, inputs, targets[row], z, int(z > 0), error, _triple(before), _triple(after), wrong, outputs,
        border(*_triple(after)), right, row == 3,
    )  # fmt: skip


def border(w1: float, w2: float, b: float, low: float = -0.5, high: float = 1.5) -> np.ndarray:
    """Ends of the line w1·x1 + w2·x2 + b = 0 inside the square low…high: (2, 2), or (0, 2) where it misses it."""
    edges = []
    for edge in (low, high):
        if w2 != 0:
            edges.append((edge, -(w1 * edge + b) / w2))
        if w1 != 0:
            edges.append((-(w2 * edge + b) / w1, edge))
    inside = sorted({point for point in edges if all(low - 1e-9 <= value <= high + 1e-9 for value in point)})
    return np.array([inside[0], inside[-1]]) if len(inside) > 1 else np.zeros((0, 2))


def _triple(weights: np.ndarray) -> tuple[float, float, float]:
    return float(weights[0]), float(weights[1]), float(weights[2])
