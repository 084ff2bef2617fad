"""Dense and Dropout: what a layer is told, checked at once, before it has weights (sequential.py draws those).

Left out: layers of images (core/vision/classifier.py has them). Source: Keras 3 `Dense`, `Dropout`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import InitVar, dataclass
from typing import TYPE_CHECKING, Any

from core.errors import Check, InvalidInput, checking, register
from core.mlp.activations import ACTIVATIONS
from core.mlp.habits import LAYER, missing, told_class
from core.mlp.names import named
from core.mlp.numpy_engine import LayerSpec

MOST_UNITS = 1_000_000
register(
    {
        "dropout_last": "Dropout after the last layer would drop answers. Put it between two Dense layers.",
        "no_layers": "The model has no Dense layer. Add one.",
    }
)


@told_class
@dataclass(frozen=True)
class Input:
    """Keras' first line: how many numbers a row has. It is no layer of its own and has no weights.

    >>> Input(shape=(3,)).shape, Input(3).shape
    ((3,), (3,))
    """

    shape: Sequence[int] | int

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", tuple(self.shape) if isinstance(self.shape, Sequence) else (self.shape,))
        assert isinstance(self.shape, tuple)
        with checking() as check:
            check_input_shape(check, self.shape)


@told_class
@dataclass(frozen=True)
class Dense:
    """f(x·kernel + bias). 1–1,000,000 ``units``; l1, l2: penalties on the kernel, added to the loss as in Keras.

    input_shape: (features,) or the number itself, which is also called ``input_dim``.

    >>> Dense(4, "ReLU", input_dim=3)
    Dense(units=4, activation='relu', input_shape=(3,), l1=0.0, l2=0.0)
    """

    units: int
    activation: str | None = None
    input_shape: Sequence[int] | int | None = None
    l1: float = 0.0
    l2: float = 0.0
    input_dim: InitVar[int | None] = None

    def __post_init__(self, input_dim: int | None) -> None:
        shape = input_dim if self.input_shape is None else self.input_shape
        if shape is not None:
            object.__setattr__(self, "input_shape", tuple(shape) if isinstance(shape, Sequence) else (shape,))
        object.__setattr__(self, "activation", named(self.activation, ACTIVATIONS))
        with checking() as check:
            check.whole("units", self.units, 1, MOST_UNITS)
            check.one_of("activation", self.activation or "linear", ACTIVATIONS)
            check.between("l1", self.l1, 0, 1e3)
            check.between("l2", self.l2, 0, 1e3)
            if isinstance(self.input_shape, tuple):
                check_input_shape(check, self.input_shape)

    if not TYPE_CHECKING:  # for a type checker an attribute that is not there stays an error

        def __getattr__(self, name: str) -> None:
            raise missing(self, name, LAYER)


@told_class
@dataclass(frozen=True)
class Dropout:
    """While training, each input is 0 with probability ``rate`` (0 ≤ rate < 1), else divided by 1 − rate."""

    rate: float

    def __post_init__(self) -> None:
        with checking() as check:
            check.between("rate", self.rate, 0, 0.99)

    if not TYPE_CHECKING:  # for a type checker an attribute that is not there stays an error

        def __getattr__(self, name: str) -> None:
            raise missing(self, name, LAYER)


def check_input_shape(check: Check, shape: Sequence[Any]) -> None:
    """(features,), 1–100,000 of them."""
    if len(shape) != 1:
        check.add("wrong_shape", name="input_shape", expected="(features,)", received=tuple(shape))
    else:
        check.whole("input_shape", shape[0], 1, 100_000)


def specs_of(layers: Sequence[Dense | Dropout], features: int) -> tuple[LayerSpec, ...]:
    """The Dense layers with their sizes, each with the Dropout rates in front of it. Raises InvalidInput."""
    specs: list[LayerSpec] = []
    rates: tuple[float, ...] = ()
    for layer in layers:
        if isinstance(layer, Dropout):
            rates += (layer.rate,)
            continue
        name = layer.activation or "linear"
        specs.append(LayerSpec(features, int(layer.units), name, layer.l1, layer.l2, rates))
        features, rates = int(layer.units), ()
    if not specs or rates:
        raise InvalidInput("dropout_last" if specs else "no_layers")
    return tuple(specs)
