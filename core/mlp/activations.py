"""Activation functions: the one table the whole library uses (Dense layers, lesson 4, lesson 6).

Each entry holds f as a torch function, f′ derived by hand (tested against autograd), both formulas in LaTeX, and the
slope below which a unit counts as saturated. Left out: learnable activations (PReLU). Softmax is a function of a whole
vector, so it has its own verb here. Constants follow Keras 3 (leaky ReLU 0.2, ELU 1, exact GELU).
Sources: Keras 3 `activations`; Hendrycks & Gimpel 2016 (GELU); Elfwing et al. 2017 (SiLU); Clevert et al. 2015 (ELU).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from core.errors import checking

Curve = NDArray[np.float64]
LEAK = 0.2  # slope of leaky ReLU left of zero


@dataclass(frozen=True, slots=True)
class Activation:
    """f, f′ and what can be said about them. ``saturated_below`` is a tenth of the largest |f′|."""

    name: str
    forward: Callable[[Tensor], Tensor]
    derivative: Callable[[Tensor], Tensor]  # elementwise; for softmax the diagonal of its Jacobian
    formula: str
    derivative_formula: str
    saturated_below: float

    def state(self, z: float) -> str:
        """A call-out for pre-activation z: "linear", "healthy", "saturated", "dead", "leaking" or "falling".

        dead: the slope is exactly 0, no gradient passes. saturated: less than a tenth of the best slope passes.
        leaking: leaky ReLU left of 0. falling: a smooth activation that goes down while z goes up.
        """
        slope = float(self.derivative(torch.tensor(z, dtype=torch.float64)))
        if self.name == "linear":
            return "linear"
        if self.name == "leaky_relu" and z <= 0:
            return "leaking"
        if self.name == "relu" and z <= 0:
            return "dead"
        if abs(slope) < self.saturated_below:
            return "saturated"
        return "falling" if slope < 0 else "healthy"


def _sigmoid_slope(z: Tensor) -> Tensor:
    f = torch.sigmoid(z)
    return f * (1 - f)


def _gelu_slope(z: Tensor) -> Tensor:
    density = torch.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return torch.special.ndtr(z) + z * density


def _silu_slope(z: Tensor) -> Tensor:
    s = torch.sigmoid(z)
    return s + z * s * (1 - s)


def _softmax(z: Tensor) -> Tensor:
    return torch.softmax(z, dim=-1)


def _softmax_slope(z: Tensor) -> Tensor:
    f = _softmax(z)
    return f * (1 - f)


_E = r"e^{-z}"
_ROWS = (
    Activation("linear", lambda z: z.clone(), torch.ones_like, "f(z) = z", "f'(z) = 1", 0.1),
    Activation(
        "sigmoid",
        torch.sigmoid,
        _sigmoid_slope,
        rf"f(z) = \frac{{1}}{{1 + {_E}}}",
        r"f'(z) = f(z)\,(1 - f(z))",
        0.025,
    ),
    Activation(
        "tanh",
        torch.tanh,
        lambda z: 1 - torch.tanh(z) ** 2,
        rf"f(z) = \tanh z = \frac{{e^{{z}} - {_E}}}{{e^{{z}} + {_E}}}",
        r"f'(z) = 1 - f(z)^2",
        0.1,
    ),
    Activation(
        "relu",
        torch.relu,
        lambda z: (z > 0).to(z.dtype),
        r"f(z) = \max(0, z)",
        r"f'(z) = \begin{cases} 1 & z > 0 \\ 0 & z \le 0 \end{cases}",
        0.1,
    ),
    Activation(
        "leaky_relu",
        lambda z: F.leaky_relu(z, LEAK),
        lambda z: torch.where(z > 0, torch.ones_like(z), LEAK),
        rf"f(z) = \begin{{cases}} z & z > 0 \\ {LEAK}\,z & z \le 0 \end{{cases}}",
        rf"f'(z) = \begin{{cases}} 1 & z > 0 \\ {LEAK} & z \le 0 \end{{cases}}",
        0.1,
    ),
    Activation(
        "elu",
        F.elu,
        lambda z: torch.exp(torch.clamp(z, max=0)),
        r"f(z) = \begin{cases} z & z > 0 \\ e^{z} - 1 & z \le 0 \end{cases}",
        r"f'(z) = \begin{cases} 1 & z > 0 \\ e^{z} & z \le 0 \end{cases}",
        0.1,
    ),
    Activation(
        "gelu",
        F.gelu,
        _gelu_slope,
        r"f(z) = z\,\Phi(z)",
        r"f'(z) = \Phi(z) + z\,\varphi(z)",
        0.1,
    ),
    Activation(
        "silu",
        F.silu,
        _silu_slope,
        r"f(z) = z\,\sigma(z)",
        r"f'(z) = \sigma(z)\,\bigl(1 + z\,(1 - \sigma(z))\bigr)",
        0.1,
    ),
    Activation(
        "softmax",
        _softmax,
        _softmax_slope,
        r"f(z)_i = \frac{e^{z_i}}{\sum_j e^{z_j}}",
        r"\frac{\partial f_i}{\partial z_j} = f_i\,(\delta_{ij} - f_j)",
        0.025,
    ),
)
ACTIVATIONS: dict[str, Activation] = {row.name: row for row in _ROWS}
ELEMENTWISE: tuple[str, ...] = tuple(name for name in ACTIVATIONS if name != "softmax")
CALL_OUTS: tuple[str, ...] = ("linear", "healthy", "saturated", "dead", "leaking", "falling")


def activation(name: str | None) -> Activation:
    """The table's entry; ``None`` means linear, as in Keras. Unknown names raise InvalidInput ``not_one_of``."""
    with checking() as check:
        check.one_of("activation", name or "linear", ACTIVATIONS)
    return ACTIVATIONS[name or "linear"]


@dataclass(frozen=True, slots=True)
class Curves:
    """f and f′ of several activations over one grid."""

    z: Curve  # (points,)
    f: dict[str, Curve]  # name → (points,)
    slope: dict[str, Curve]  # name → (points,)


def curves(names: Sequence[str] = ELEMENTWISE, low: float = -6.0, high: float = 6.0, points: int = 241) -> Curves:
    """f and f′ on ``points`` (2–10,001) evenly spaced z in [low, high] (−1000–1000), for plotting.

    >>> float(curves(["relu"], -1, 1, 3).f["relu"][-1])
    1.0
    """
    with checking() as check:
        for name in names:
            check.one_of("activation", name, ELEMENTWISE)
        check.between("low", low, -1000, 1000)
        check.between("high", high, -1000, 1000)
        check.whole("points", points, 2, 10_001)
    with checking() as check:
        check.between("high", high, low, 1000)
    z = torch.linspace(low, high, int(points), dtype=torch.float64)
    table = {name: ACTIVATIONS[name] for name in names}
    return Curves(
        z.numpy(),
        {name: row.forward(z).numpy() for name, row in table.items()},
        {name: row.derivative(z).numpy() for name, row in table.items()},
    )


@dataclass(frozen=True, slots=True)
class Tangent:
    """One activation at one z. The tangent is the line y = slope · z + intercept."""

    name: str
    z: float
    value: float
    slope: float
    intercept: float
    state: str  # one of CALL_OUTS

    def through(self, layers: int) -> float:
        """Share of a gradient that is left after ``layers`` layers with this slope each (weights aside)."""
        return self.slope**layers


def at(name: str, z: float) -> Tangent:
    """Value, slope, tangent line and call-out of an elementwise activation at z in [−1000, 1000].

    >>> at("relu", -2.0).state, at("sigmoid", 0.0).slope
    ('dead', 0.25)
    """
    with checking() as check:
        check.one_of("activation", name, ELEMENTWISE)
        check.between("z", z, -1000, 1000)
    row, point = ACTIVATIONS[name], torch.tensor(float(z), dtype=torch.float64)
    value, slope = float(row.forward(point)), float(row.derivative(point))
    return Tangent(name, float(z), value, slope, value - slope * float(z), row.state(float(z)))


@dataclass(frozen=True, slots=True)
class Zone:
    """A stretch of z with one call-out."""

    low: float
    high: float
    state: str  # one of CALL_OUTS


@functools.cache
def zones(name: str, low: float = -6.0, high: float = 6.0) -> tuple[Zone, ...]:
    """Where an elementwise activation is saturated, dead, …: [low, high] cut into stretches, to about 0.01.

    >>> [(round(zone.high, 1), zone.state) for zone in zones("relu")]
    [(0.0, 'dead'), (6.0, 'healthy')]
    """
    found: list[Zone] = []
    for z in np.linspace(low, high, round((high - low) * 100) + 1).tolist():
        state = at(name, z).state
        if found and found[-1].state == state:
            found[-1] = Zone(found[-1].low, z, state)
        else:
            found.append(Zone(found[-1].high if found else low, z, state))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Softmax:
    """Probabilities of a vector of logits, and how each moves when each logit moves."""

    logits: Curve  # (n,)
    probabilities: Curve  # (n,) sums to 1
    jacobian: Curve  # (n, n): row i, column j is ∂p_i/∂z_j = p_i (δ_ij − p_j); every row sums to 0


def softmax(logits: Sequence[float], temperature: float = 1.0) -> Softmax:
    """softmax(logits / temperature) with its Jacobian, for 1–100 logits in [−1000, 1000] and temperature 0.01–100.

    >>> softmax([0.0, 0.0]).probabilities.tolist()
    [0.5, 0.5]
    """
    with checking() as check:
        check.whole("logits", len(logits), 1, 100)
        for i, logit in enumerate(logits):
            check.between(f"logits[{i}]", logit, -1000, 1000)
        check.between("temperature", temperature, 0.01, 100)
    z = np.asarray(logits, dtype=np.float64)
    p = _softmax(torch.from_numpy(z) / temperature).numpy()
    return Softmax(z, p, (np.diag(p) - np.outer(p, p)) / temperature)
