"""Optimisers over one flat vector of weights: Keras' rules and defaults, written once for NumPy arrays and torch tensors.

A rule is a frozen config; what it remembers between updates ("slots") is handed in and out, so a run can be copied, reset
or exported. Every operation is in place on the vector, which is why all layers' weights live in one. Left out: schedules,
amsgrad, centred RMSprop. Sources: Keras 3 `keras/src/optimizers`; Polyak 1964, Nesterov 1983, Duchi et al. 2011 (AdaGrad),
Hinton's lecture 6e (RMSprop), Kingma & Ba 2014 (Adam), Loshchilov & Hutter 2017 (AdamW).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from core.errors import checking
from core.mlp.names import named

EPSILON = 1e-7
NOISE = 1e-12  # gradients below are rounding errors around 0; Adam would blow them up, each machine its own
Vector = Any  # NumPy array or torch tensor, (P,); weights w, gradient g and slots share shape and dtype


@dataclass(frozen=True, slots=True)
class Optimizer:
    """``slots(w)`` makes the memory of a rule; ``update(w, g, memory, t)`` is update t = 1, 2, …, in place; g is used up."""

    learning_rate: float

    def __post_init__(self) -> None:
        with checking() as check:
            for field in fields(self):
                value = getattr(self, field.name)
                if field.name == "nesterov":
                    check.one_of("nesterov", value, (True, False))
                elif field.name in ("learning_rate", "weight_decay"):
                    check.between(field.name, value, 0, 1e6)
                else:
                    check.between(field.name, value, 0, 1 - 1e-9)

    def slots(self, w: Vector) -> tuple[Vector, ...]:
        return ()

    def update(self, w: Vector, g: Vector, memory: tuple[Vector, ...], t: int) -> None:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class SGD(Optimizer):
    """w ← w − α g; with momentum μ: u ← μu − αg, w ← w + u; Nesterov: w ← w + μu − αg."""

    learning_rate: float = 0.01
    momentum: float = 0.0
    nesterov: bool = False

    def slots(self, w: Vector) -> tuple[Vector, ...]:
        return (w * 0,) if self.momentum else ()

    def update(self, w: Vector, g: Vector, memory: tuple[Vector, ...], t: int) -> None:
        g *= self.learning_rate
        if not self.momentum:
            w -= g
            return
        (u,) = memory
        u *= self.momentum
        u -= g
        if self.nesterov:
            w -= g
            w += u * self.momentum
        else:
            w += u


@dataclass(frozen=True, slots=True)
class RMSprop(Optimizer):
    """v ← ρv + (1 − ρ)g²; w ← w − α g / √(v + ε)."""

    learning_rate: float = 0.001
    rho: float = 0.9

    def slots(self, w: Vector) -> tuple[Vector, ...]:
        return (w * 0,)

    def update(self, w: Vector, g: Vector, memory: tuple[Vector, ...], t: int) -> None:
        (v,) = memory
        v *= self.rho
        v += g * g * (1 - self.rho)
        w -= g * self.learning_rate / (v + EPSILON) ** 0.5


@dataclass(frozen=True, slots=True)
class Adagrad(Optimizer):
    """v ← v + g², starting from 0.1; w ← w − α g / √(v + ε)."""

    learning_rate: float = 0.001

    def slots(self, w: Vector) -> tuple[Vector, ...]:
        return (w * 0 + 0.1,)

    def update(self, w: Vector, g: Vector, memory: tuple[Vector, ...], t: int) -> None:
        (v,) = memory
        v += g * g
        w -= g * self.learning_rate / (v + EPSILON) ** 0.5


@dataclass(frozen=True, slots=True)
class Adam(Optimizer):
    """m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)g²; w ← w − α √(1 − β₂ᵗ)/(1 − β₁ᵗ) · m / (√v + ε); g under NOISE is 0."""

    learning_rate: float = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999

    def slots(self, w: Vector) -> tuple[Vector, ...]:
        return w * 0, w * 0

    def update(self, w: Vector, g: Vector, memory: tuple[Vector, ...], t: int) -> None:
        m, v = memory
        g *= abs(g) >= NOISE
        m *= self.beta_1
        m += g * (1 - self.beta_1)
        v *= self.beta_2
        v += g * g * (1 - self.beta_2)
        rate = self.learning_rate * (1 - self.beta_2**t) ** 0.5 / (1 - self.beta_1**t)
        w -= m * rate / (v**0.5 + EPSILON)


@dataclass(frozen=True, slots=True)
class AdamW(Adam):
    """Adam after w ← w − α λ w: the weights shrink by themselves, outside the gradient."""

    learning_rate: float = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    weight_decay: float = 0.004

    def update(self, w: Vector, g: Vector, memory: tuple[Vector, ...], t: int) -> None:
        w -= w * (self.learning_rate * self.weight_decay)
        Adam.update(self, w, g, memory, t)


OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "rmsprop": RMSprop,
    "adagrad": Adagrad,
    "adam": Adam,
    "adamw": AdamW,
}


def optimizer(name: str | Optimizer, learning_rate: float | None = None, **settings: Any) -> Optimizer:
    """A rule by name; ``None`` keeps Keras' default rate. settings: momentum, nesterov, rho, beta_1, beta_2, weight_decay.

    >>> optimizer("adam").learning_rate, optimizer("sgd", momentum=0.9).momentum
    (0.001, 0.9)
    """
    if isinstance(name, Optimizer):
        return name
    name = named(name, OPTIMIZERS)
    with checking() as check:
        check.one_of("optimizer", name, OPTIMIZERS)
    kind = OPTIMIZERS[str(name)]
    with checking() as check:
        for setting in settings:
            check.one_of(f"setting of {name}", setting, [field.name for field in fields(kind)])
    return kind(**settings) if learning_rate is None else kind(learning_rate=learning_rate, **settings)


class FlatOptimizer:
    """A rule at work on one vector and its gradient; ``state`` holds its memory, and clearing it starts afresh."""

    def __init__(self, rule: Optimizer, w: Vector, g: Vector) -> None:
        self.rule, self.w, self.g = rule, w, g
        self.state: dict[str, Any] = {}

    def zero_grad(self) -> None:
        self.g[...] = 0

    def step(self) -> None:
        if not self.state:
            self.state |= {"slots": self.rule.slots(self.w), "t": 0}
        self.state["t"] += 1
        self.rule.update(self.w, self.g, self.state["slots"], self.state["t"])
