"""Losses with their slopes, and metrics: by hand for the explicit engine, as torch functions for the autograd one.

Cross-entropies want probabilities (a sigmoid or softmax end) and are computed from the logits z, so they neither
overflow nor lose their gradient; there ∂L/∂z shrinks to (a − y) / count. Keras clips at 1e-7 and agrees elsewhere.
Left out: focal and ranking losses. Sources: Keras 3 `losses` and `metrics`; Bishop 2006, §4.3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[Any]
TINY = 1e-300  # below any probability a softmax of float64 keeps; only guards log(0)


@dataclass(frozen=True, slots=True)
class Loss:
    """``by_hand(z, a, y, slope)`` returns the loss, a mean, and fills ``slope`` with ∂L/∂z (``fused``) or ∂L/∂a.

    z, a, y, slope: (N, outputs) pre-activations, outputs, targets (classes one-hot) and the result.
    """

    by_hand: Callable[[Array, Array, Array, Array], float]
    by_torch: Callable[[Tensor, Tensor, Tensor], Tensor]  # (z, a, y) → ()
    by_rows: Callable[[Tensor, Tensor, Tensor], Tensor]  # the same, row by row: (N,); for weights
    needs: str | None = None  # the output activation it is made for
    classes: bool = False  # targets are class indices

    @property
    def fused(self) -> bool:
        return self.needs is not None


def _squared(z: Array, a: Array, y: Array, slope: Array) -> float:
    """L = mean (a − y)²; ∂L/∂a = 2 (a − y) / count."""
    np.subtract(a, y, out=slope)
    flat, count = slope.ravel("K"), slope.size
    loss = float(flat.dot(flat)) / count
    slope *= 2 / count
    return loss


def _absolute(z: Array, a: Array, y: Array, slope: Array) -> float:
    """L = mean |a − y|; ∂L/∂a = sign(a − y) / count."""
    np.subtract(a, y, out=slope)
    loss = float(np.abs(slope).sum()) / slope.size
    np.sign(slope, out=slope)
    slope /= slope.size
    return loss


def _binary(z: Array, a: Array, y: Array, slope: Array) -> float:
    """L = −mean (y ln a + (1 − y) ln(1 − a)) = mean (ln(1 + eᶻ) − y z), a = sigmoid(z); ∂L/∂z = (a − y) / count."""
    np.subtract(a, y, out=slope)
    slope /= slope.size
    return float(np.logaddexp(0, z).sum() - np.vdot(y, z)) / slope.size


def _categorical(z: Array, a: Array, y: Array, slope: Array) -> float:
    """L = −mean over rows of Σ y ln a, a = softmax(z); ∂L/∂z = (a − y) / N for rows of y that sum to 1."""
    np.subtract(a, y, out=slope)
    slope /= len(y)
    return -float(np.vdot(y, np.log(np.maximum(a, TINY)))) / len(y)


def _torch_categorical(z: Tensor, a: Tensor, y: Tensor) -> Tensor:
    return F.cross_entropy(z, y)


def _categorical_rows(z: Tensor, a: Tensor, y: Tensor) -> Tensor:
    return F.cross_entropy(z, y, reduction="none")


LOSSES: dict[str, Loss] = {
    "mean_squared_error": Loss(_squared, lambda z, a, y: F.mse_loss(a, y), lambda z, a, y: (a - y).square().mean(1)),
    "mean_absolute_error": Loss(_absolute, lambda z, a, y: F.l1_loss(a, y), lambda z, a, y: (a - y).abs().mean(1)),
    "binary_crossentropy": Loss(
        _binary,
        lambda z, a, y: F.binary_cross_entropy_with_logits(z, y),
        lambda z, a, y: F.binary_cross_entropy_with_logits(z, y, reduction="none").mean(1),
        "sigmoid",
    ),
    "categorical_crossentropy": Loss(_categorical, _torch_categorical, _categorical_rows, "softmax"),
    "sparse_categorical_crossentropy": Loss(
        _categorical, _torch_categorical, _categorical_rows, "softmax", classes=True
    ),
}
LOSSES |= {"mse": LOSSES["mean_squared_error"], "mae": LOSSES["mean_absolute_error"]}


def _accuracy(a: Array, y: Array) -> Any:
    """Share of right answers: past ½ for one output, else the largest output. Targets of one output are 0 or 1."""
    right = (a > 0.5) == y if a.shape[1] == 1 else a.argmax(1) == y.argmax(1)
    return right.mean()


def _confusion(a: Array, y: Array) -> Array:
    """True positives, false positives, false negatives of each class, as shares of the rows. → (3, classes)

    Several outputs say the largest one's class; as in Keras, equal largest ones are both said, and zeros say nothing
    (dead ReLUs at the end).
    """
    if a.shape[1] == 1:
        said, true = a > 0.5, y > 0.5
    else:
        said = (a == a.max(1, keepdims=True)) & (abs(a) > 1e-9)
        true = y.argmax(1)[:, None] == np.arange(a.shape[1])
    return np.stack([(said & true).mean(0), (said & ~true).mean(0), (~said & true).mean(0)])


def _f1(shares: Array) -> float:
    """2 TP / (2 TP + FP + FN): scikit-learn's ``average="binary"`` for one output, which is said to be class 1 past ½;
    for several its ``average="macro"``, the plain mean over all classes, 0 for one that neither occurs nor is said.
    """
    hits, false, missed = shares
    total = 2 * hits + false + missed
    return float(np.mean(np.divide(2 * hits, total, out=np.zeros_like(total), where=total > 0)))


def _past_half(a: Array, y: Array) -> Array:
    """True positives, said positives, positives, as shares of all outputs: each output past ½ is said. → (3,)"""
    said, true = a > 0.5, y > 0.5
    return np.stack([(said & true).mean(), said.mean(), true.mean()])


def _moments(a: Array, y: Array) -> Array:
    """Mean squared error, mean and mean square of the targets, of each output. → (3, outputs)"""
    return np.stack([np.square(a - y).mean(0), y.mean(0), np.square(y).mean(0)])


def _r2(moments: Array) -> float:
    """1 − what is left of the variance, averaged over the outputs; 0 for one whose targets are all alike, as in Keras."""
    left, mean, square = moments
    spread = square - mean**2
    return float(np.mean(np.where(spread > 0, 1 - left / np.where(spread > 0, spread, 1), 0.0)))


def _ratio(hits: Any, of: Any) -> float:
    return float(hits / of) if of > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Metric:
    """``batch(a, y)`` gives means over rows, which average over batches; ``result`` makes one number of the average."""

    batch: Callable[[Array, Array], Any]  # (N, outputs), (N, outputs) → () or (k, …)
    result: Callable[[Any], float] = float


_MSE = Metric(lambda a, y: np.square(a - y).mean())
_MAE = Metric(lambda a, y: np.abs(a - y).mean())
_ACC = Metric(_accuracy)
METRICS: dict[str, Metric] = {
    "mse": _MSE,
    "mean_squared_error": _MSE,
    "mae": _MAE,
    "mean_absolute_error": _MAE,
    "acc": _ACC,
    "accuracy": _ACC,
    "binary_accuracy": Metric(lambda a, y: ((a > 0.5) == y).mean()),
    "root_mean_squared_error": Metric(_MSE.batch, lambda mean: float(np.sqrt(mean))),
    "r2_score": Metric(_moments, _r2),
    "precision": Metric(_past_half, lambda shares: _ratio(shares[0], shares[1])),
    "recall": Metric(_past_half, lambda shares: _ratio(shares[0], shares[2])),
    "f1_score": Metric(_confusion, _f1),
}
