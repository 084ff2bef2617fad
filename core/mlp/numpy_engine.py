"""Forward and backward pass of Dense nets by hand, in NumPy: the arithmetic of lesson 6 and the fast path of training.

Every layer's weights are one matrix whose last row is the bias, the weight of an input that is always 1, so one product
does W·x + b and one its gradient. Buffers are made once per batch size; in them a row of the data is a column, so that
what is done number by number runs through memory in one piece. All matrices are slices of one flat vector, so the
optimiser is a handful of operations however deep the net is. Left out: convolutions, sharing, a GPU (autograd does
those: core/training/torch_engine.py). Source: Rumelhart, Hinton and Williams 1986; tested equal to torch.autograd.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.mlp.activations import ACTIVATIONS
from core.mlp.losses import Loss, Metric
from core.mlp.optimizers import FlatOptimizer
from core.training.trainer import Numbers

Array = NDArray[Any]
Forward = Callable[[Array, Array], Any]  # forward(z, a): a ← f(z); all (units, n)
Backward = Callable[[Array, Array, Array, Array], Any]  # backward(slope, z, a, spare): slope ← slope · f′(z)


def _sigmoid(z: Array, a: Array) -> None:
    """½ tanh(z / 2) + ½: the logistic function without an exponential that could overflow."""
    np.multiply(z, 0.5, out=a)
    np.tanh(a, out=a)
    a *= 0.5
    a += 0.5


def _sigmoid_back(slope: Array, z: Array, a: Array, spare: Array) -> None:
    """f′ = a (1 − a)"""
    slope *= a
    np.multiply(slope, a, spare)
    slope -= spare


def _tanh_back(slope: Array, z: Array, a: Array, spare: Array) -> None:
    """f′ = 1 − a²"""
    np.multiply(slope, a, spare)
    spare *= a
    slope -= spare


def _relu_back(slope: Array, z: Array, a: Array, spare: Array) -> None:
    """f′ is 1 where a is positive and 0 elsewhere, as a's sign is."""
    slope *= np.sign(a, spare)


def _softmax(z: Array, a: Array) -> None:
    np.exp(z - z.max(0), out=a)
    a /= a.sum(0)


def _softmax_back(slope: Array, z: Array, a: Array, spare: Array) -> None:
    slope -= (slope * a).sum(0)
    slope *= a


_BY_HAND: dict[str, tuple[Forward, Backward]] = {
    "linear": (lambda z, a: np.copyto(a, z), lambda slope, z, a, spare: None),
    "relu": (lambda z, a: np.maximum(z, 0, out=a), _relu_back),
    "sigmoid": (_sigmoid, _sigmoid_back),
    "tanh": (np.tanh, _tanh_back),
    "softmax": (_softmax, _softmax_back),
}


def _passes_of(name: str) -> tuple[Forward, Backward]:
    """By hand where that is faster, else from the table of activations, which reads the same memory as tensors."""
    if name in _BY_HAND:
        return _BY_HAND[name]
    row = ACTIVATIONS[name]
    return (
        lambda z, a: np.copyto(a, row.forward(torch.from_numpy(z)).numpy()),
        lambda slope, z, a, spare: np.multiply(slope, row.derivative(torch.from_numpy(z)).numpy(), out=slope),
    )


@dataclass(frozen=True, slots=True)
class LayerSpec:
    """One Dense layer: ``inputs`` → ``units``; ``dropout`` rates act on its inputs; l1, l2 penalise its kernel."""

    inputs: int
    units: int
    activation: str = "linear"
    l1: float = 0.0
    l2: float = 0.0
    dropout: tuple[float, ...] = ()

    @property
    def size(self) -> int:
        return (self.inputs + 1) * self.units


def blocks(flat: Any, specs: Sequence[LayerSpec]) -> list[Any]:
    """Views of the flat vector (array or tensor), one per layer: (inputs + 1, units), kernel rows, then the bias row."""
    views, start = [], 0
    for spec in specs:
        views.append(flat[start : start + spec.size].reshape(spec.inputs + 1, spec.units))
        start += spec.size
    return views


class _Layer:
    """One layer with its buffers for batches of n rows, a row a column. The products are bound once."""

    def __init__(self, spec: LayerSpec, weights: Array, gradient: Array, n: int) -> None:
        self.spec, self.gradient = spec, gradient  # (inputs + 1, units), like weights
        self.kernel, self.kernel_gradient = weights[:-1], gradient[:-1]
        self.forward, self.backward = _passes_of(spec.activation)
        self.inputs = np.ones((spec.inputs + 1, n), weights.dtype)  # the last row stays 1
        self.seen = self.inputs  # after dropout
        self.z, self.a, self.spare = (np.empty((spec.units, n), weights.dtype) for _ in range(3))
        self.slope = np.empty((spec.units, n), weights.dtype)  # ∂L/∂a, then ∂L/∂z
        self.slope_by_rows = self.slope.T  # (n, units), the same memory
        self.weigh = weights.T.dot  # weigh(seen, z): z ← Wᵀ · inputs, the bias among them
        self.carry_back = self.kernel.dot  # carry_back(slope, below): below ← K · slope
        self.mask: Array | None = None  # (inputs, n): 0 or 1 / (1 − rate)


class DenseEngine:
    """Trains the weights ``flat`` (P,) in place; an Engine of core/training/trainer.py.

    x (N, inputs), y (N, outputs) and the rows' ``weights`` (N,) are prepared arrays of flat's dtype; ``validate`` measures
    the validation rows.
    """

    def __init__(
        self,
        specs: Sequence[LayerSpec],
        optimizer: FlatOptimizer,
        loss: Loss,
        metrics: dict[str, Metric],
        x: Array,
        y: Array,
        *,
        dropout: torch.Generator,
        weights: Array | None = None,
        validate: Callable[[], Numbers] = dict,
    ) -> None:
        self.specs, self.optimizer, self.loss, self.metrics = tuple(specs), optimizer, loss, metrics
        self.rows, self.validate, self._dropout = len(x), validate, dropout
        self._x, self._y = np.hstack([x, np.ones((len(x), 1), x.dtype)]), y
        self._weights = weights
        self.begin_epoch(None)
        self._layers: dict[int, list[_Layer]] = {}
        self._penalised = any(spec.l1 or spec.l2 for spec in specs)
        self._kept, self._since = optimizer.w.copy(), 0

    def layers(self, n: int) -> list[_Layer]:
        """The layers with buffers for n rows; what one layer puts out is what the next takes in."""
        if n not in self._layers:
            weights, gradients = blocks(self.optimizer.w, self.specs), blocks(self.optimizer.g, self.specs)
            chain = [_Layer(*parts, n) for parts in zip(self.specs, weights, gradients, strict=True)]
            for below, above in zip(chain, chain[1:], strict=False):
                below.a = above.inputs[:-1]
            self._layers[n] = chain
        return self._layers[n]

    def begin_epoch(self, order: Tensor | None) -> None:
        rows = slice(None) if order is None else order.numpy()
        self._epoch_x, self._epoch_y = self._x[rows], self._y[rows]
        self._epoch_weights = None if self._weights is None else self._weights[rows]

    def step(self, start: int, stop: int) -> Numbers:
        layers, y = self.layers(stop - start), self._epoch_y[start:stop]
        last = layers[-1]
        outputs = self.forward(layers, self._epoch_x[start:stop])
        loss = self.loss.by_hand(last.z.T, outputs, y, last.slope_by_rows)
        if self._epoch_weights is not None:
            loss = self._weigh(last, outputs, y, self._epoch_weights[start:stop])
        if self._penalised:
            loss += float(penalty(self.specs, [layer.kernel for layer in layers]))
        numbers: Numbers = {"loss": loss}
        for name, metric in self.metrics.items():
            numbers[name] = metric.batch(outputs, y)
        if math.isfinite(loss):
            self._kept[:] = self.optimizer.w
            self.backward(layers)
            self.optimizer.step()
            self._since = 1
        return numbers

    def forward(self, layers: list[_Layer], x: Array) -> Array:
        """x (n, inputs + 1), its last column 1 → outputs (n, units). Leaves z and a in the layers."""
        layers[0].inputs = layers[0].seen = x.T
        for layer in layers:
            if layer.spec.dropout:
                self._drop(layer)
            layer.weigh(layer.seen, layer.z)
            layer.forward(layer.z, layer.a)
        return layers[-1].a.T

    def backward(self, layers: list[_Layer]) -> None:
        """From the slope of the loss in the last layer to the gradient of every weight, last layer first."""
        above: _Layer | None = None
        for layer in reversed(layers):
            if above is not None:
                above.carry_back(above.slope, layer.slope)
                if above.mask is not None:
                    layer.slope *= above.mask
            if above is not None or not self.loss.fused:
                layer.backward(layer.slope, layer.z, layer.a, layer.spare)
            layer.seen.dot(layer.slope_by_rows, layer.gradient)
            if layer.spec.l1:
                layer.kernel_gradient += layer.spec.l1 * np.sign(layer.kernel)
            if layer.spec.l2:
                layer.kernel_gradient += 2 * layer.spec.l2 * layer.kernel
            above = layer

    def _weigh(self, last: _Layer, outputs: Array, y: Array, weights: Array) -> float:
        """Mean over rows of weight × loss; the slopes are weighted too."""
        last.slope *= weights
        rows = self.loss.by_rows(*map(torch.from_numpy, (last.z.T, outputs, y)))
        return float(np.mean(weights * rows.numpy()))

    def _drop(self, layer: _Layer) -> None:
        """Inverted dropout of a layer's inputs; the draws are those of the net's torch module."""
        n, width = layer.z.shape[1], layer.spec.inputs
        layer.mask = np.ones((width, n), layer.z.dtype)
        for rate in layer.spec.dropout:
            layer.mask *= keep((n, width), rate, self._dropout, torch.from_numpy(layer.z).dtype).numpy().T
        layer.seen = layer.inputs.copy()
        layer.seen[:-1] *= layer.mask

    def summarise(self, averages: dict[str, Any]) -> dict[str, float]:
        return summarise(self.metrics, averages)

    def rewind(self) -> int:
        np.copyto(self.optimizer.w, self._kept)
        self.optimizer.state.clear()  # its averages may hold infinities
        undone, self._since = self._since, 0
        return undone

    def rest(self) -> None:
        pass


def keep(shape: tuple[int, ...], rate: float, stream: torch.Generator, dtype: torch.dtype) -> Tensor:
    """Dropout's factors: 0 with probability ``rate``, else 1 / (1 − rate)."""
    drawn = torch.rand(shape, generator=stream, device=stream.device, dtype=torch.float32)
    return (drawn >= rate).to(dtype) / (1 - rate)


def penalty(specs: Sequence[LayerSpec], kernels: Sequence[Any]) -> Any:
    """Σ over layers of l1 Σ|w| + l2 Σw², of arrays or tensors."""
    return sum(spec.l1 * abs(k).sum() + spec.l2 * (k * k).sum() for spec, k in zip(specs, kernels, strict=True))


def summarise(metrics: dict[str, Metric], averages: dict[str, Any]) -> dict[str, float]:
    """Averages over an epoch → numbers of the history."""
    return {name: metrics[name].result(value) if name in metrics else float(value) for name, value in averages.items()}
