"""A net as plain arrays: its weights, its forward pass, and the slopes of its activations, without a class of layers.

Left out: training (sequential.py). Symbols: l layer from 1; j a unit of layer l; k a unit of layer l − 1;
w⁽ˡ⁾ⱼₖ is ``weights[l-1][k, j]`` as in Keras.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from core.errors import InvalidInput, checking, register
from core.mlp.activations import ELEMENTWISE, activation

if TYPE_CHECKING:
    from core.mlp.sequential import Sequential

register({"no_trace": "Only Dense layers with an element-wise activation can be traced. Received: {received}."})

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Net:
    """Weights and activations of a net of Dense layers."""

    weights: tuple[Array, ...]  # (n_in, n_out) per layer
    biases: tuple[Array, ...]  # (n_out,) per layer
    activations: tuple[str, ...]  # per layer, the output's included

    @classmethod
    def initial(cls, sizes: Sequence[int], activations: Sequence[str], seed: int) -> Net:
        """Glorot-uniform weights and small biases, rounded to two decimals so that a learner can follow by hand.

        ``sizes``: units of every layer, the inputs first; ``activations``: of every layer but the inputs.
        """
        rng = np.random.default_rng(seed)
        weights, biases = [], []
        for n_in, n_out in itertools.pairwise(sizes):
            limit = math.sqrt(6 / (n_in + n_out))
            weights.append(rng.uniform(-limit, limit, (n_in, n_out)).round(2))
            biases.append(rng.uniform(-0.3, 0.3, n_out).round(2))
        return cls(tuple(weights), tuple(biases), tuple(activations))

    @classmethod
    def of(cls, model: Sequential) -> Net:
        """The weights of a model trained elsewhere, for example in lesson 8. Dropout does nothing here."""
        layers = [layer for layer in model.layers if hasattr(layer, "activation")]
        names = tuple(layer.activation or "linear" for layer in layers)
        arrays = [np.asarray(array, dtype=np.float64) for array in model.get_weights()]
        if any(name not in ELEMENTWISE for name in names) or len(arrays) != 2 * len(layers):
            raise InvalidInput("no_trace", received=", ".join(names))
        return cls(tuple(arrays[0::2]), tuple(arrays[1::2]), names)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """In Keras' order: kernel then bias of each layer, kernels row by row."""
        found: list[Parameter] = []
        for layer, kernel in enumerate(self.weights, 1):
            found += [Parameter(layer, j, k) for k in range(kernel.shape[0]) for j in range(kernel.shape[1])]
            found += [Parameter(layer, j) for j in range(kernel.shape[1])]
        return tuple(found)

    def get(self, p: Parameter) -> float:
        where = self.biases if p.source is None else self.weights
        return float(where[p.layer - 1][p.index])

    def set(self, p: Parameter, value: float) -> Net:
        """A copy with one number changed by hand (−1000 to 1000)."""
        with checking() as check:
            check.between(p.name, value, -1000, 1000)
        weights, biases = [w.copy() for w in self.weights], [b.copy() for b in self.biases]
        (biases if p.source is None else weights)[p.layer - 1][p.index] = value
        return replace(self, weights=tuple(weights), biases=tuple(biases))


@dataclass(frozen=True, slots=True)
class Parameter:
    """One weight (from unit ``source`` of the layer before) or one bias (``source`` None).

    Units count from 0, layers from 1.
    """

    layer: int
    unit: int
    source: int | None = None

    @property
    def index(self) -> tuple[int, ...]:
        return (self.unit,) if self.source is None else (self.source, self.unit)

    @property
    def name(self) -> str:
        """Plain text, counting from 1 as the formulas do: ``w(2)[1,3]``, ``b(1)[2]``."""
        at = f"{self.unit + 1}" if self.source is None else f"{self.unit + 1},{self.source + 1}"
        return f"{'b' if self.source is None else 'w'}({self.layer})[{at}]"

    @property
    def latex(self) -> str:
        if self.source is None:
            return rf"b^{{({self.layer})}}_{{{self.unit + 1}}}"
        return rf"w^{{({self.layer})}}_{{{self.unit + 1},{self.source + 1}}}"


def forward(net: Net, x: Array) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    """z and a of every layer."""
    zs: list[Array] = []
    activated: list[Array] = []
    a = x
    for weights, biases, name in zip(net.weights, net.biases, net.activations, strict=True):
        z = a @ weights + biases  # (n_l,)
        a = activation(name).forward(torch.from_numpy(z)).numpy()  # (n_l,)
        zs.append(z)
        activated.append(a)
    return tuple(zs), tuple(activated)


def slopes(net: Net, z: Sequence[Array]) -> list[Array]:
    """f′(z) of every unit, (n_l,) per layer."""
    return [activation(n).derivative(torch.from_numpy(v)).numpy() for n, v in zip(net.activations, z, strict=True)]
