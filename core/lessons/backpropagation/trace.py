"""Backpropagation of a small net on one sample, written out: every number, and three ways to one gradient.

Forward z⁽ˡ⁾ = a⁽ˡ⁻¹⁾W⁽ˡ⁾ + b⁽ˡ⁾, a⁽ˡ⁾ = f(z⁽ˡ⁾); backward δ⁽ˡ⁾ = ∂L/∂z⁽ˡ⁾; update w ← w − α ∂L/∂w. Float64 throughout.
The words of the walk (stations, chain-rule factors, paths) are in chain_rule.py, what depth does to gradients in
vanishing.py. Left out: batches (lesson 7) and softmax outputs.
Symbols: l layer from 1; j a unit of layer l; k a unit of layer l − 1; w⁽ˡ⁾ⱼₖ is ``weights[l-1][k, j]`` as in Keras.
Source: Rumelhart, Hinton and Williams, Nature 323 (1986), 533–536.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F

from core.errors import Check, Diverged, checking
from core.lessons.backpropagation import choices
from core.mlp.activations import ELEMENTWISE, activation
from core.mlp.plain_net import Array, Net, Parameter, forward, slopes


@dataclass(frozen=True)
class TraceConfig:
    """One sample through a net of 1–4 inputs, 1–3 hidden layers of 1–4 units, and 1–4 outputs."""

    x: tuple[float, ...] = (choices.X1, choices.X2)
    target: tuple[float, ...] = (choices.TARGET,)
    hidden: tuple[int, ...] = choices.SHAPES[choices.SHAPE.default]
    activations: tuple[str, ...] = (choices.ACTIVATION.default,) * len(hidden)  # one per hidden layer
    output: str = "sigmoid"  # activation of the last layer
    loss: str = choices.LOSS.default  # mean of squares, or binary cross-entropy (needs a sigmoid output)
    learning_rate: float = choices.RATE.default
    seed: int = int(choices.SEED.default)

    def __post_init__(self) -> None:
        with checking() as check:
            check.whole("hidden layers", len(self.hidden), 1, 3)
            for units in self.hidden:
                check.whole("units", units, 1, 4)
            if len(self.activations) != len(self.hidden):
                check.add("wrong_shape", name="activations", expected=len(self.hidden), received=len(self.activations))
            for name in (*self.activations, self.output):
                check.one_of("activation", name, ELEMENTWISE)
            check.whole("inputs", len(self.x), 1, 4)
            check.whole("outputs", len(self.target), 1, 4)
            _check_sample(check, self.x, self.target, self.loss, self.output, self.learning_rate)
            check.within("seed", self.seed, choices.SEED)

    def initial_net(self) -> Net:
        """The net of these settings before any update."""
        sizes = (len(self.x), *self.hidden, len(self.target))
        return Net.initial(sizes, (*self.activations, self.output), self.seed)


@dataclass(frozen=True)
class Trace:
    """All numbers of one forward pass, one backward pass and one update."""

    net: Net
    x: Array  # (n_0,)
    target: Array  # (n_L,)
    z: tuple[Array, ...]  # (n_l,) per layer
    a: tuple[Array, ...]  # (n_l,) per layer
    deltas: tuple[Array, ...]  # (n_l,) ∂L/∂z per layer
    weight_gradients: tuple[Array, ...]  # (n_in, n_out) per layer
    bias_gradients: tuple[Array, ...]  # (n_out,) per layer
    loss: float
    updated: Net
    new_loss: float
    kind: str  # the loss: "mse" or "bce"
    learning_rate: float

    def gradient(self, p: Parameter) -> float:
        where = self.bias_gradients if p.source is None else self.weight_gradients
        return float(where[p.layer - 1][p.index])

    def into(self, layer: int) -> Array:
        """What layer ``layer`` (from 1) receives: x or the activations of the layer before."""
        return self.x if layer == 1 else self.a[layer - 2]


def loss_of(kind: str, output: Array, target: Array) -> float:
    """Mean squared error, or binary cross-entropy with the logarithms bounded at −100 as torch does."""
    if kind == "mse":
        return float(((output - target) ** 2).mean())
    with np.errstate(divide="ignore"):
        ln_p, ln_q = np.maximum(np.log(output), -100), np.maximum(np.log1p(-output), -100)
    return float(-(target * ln_p + (1 - target) * ln_q).mean())


def loss_slope(kind: str, output: Array, target: Array) -> Array:
    """∂L/∂a of each output, (n_L,); the denominator of cross-entropy is bounded at 1e-12 as torch does."""
    if kind == "mse":
        return 2 * (output - target) / output.size
    return (output - target) / np.maximum(output * (1 - output), 1e-12) / output.size


def trace(config: TraceConfig, net: Net | None = None) -> Trace:
    """Forward, backward and one update on ``config``'s sample; ``net`` replaces its weights (same sizes)."""
    net = net or config.initial_net()
    return run(net, config.x, config.target, config.loss, config.learning_rate)


def run(net: Net, x: Sequence[float], target: Sequence[float], loss: str = "mse", learning_rate: float = 0.5) -> Trace:
    """The same for a net of any size.

    >>> run(TraceConfig().initial_net(), (0.5, -1.0), (1.0,)).loss > 0
    True
    """
    with checking() as check:
        _check_sample(check, x, target, loss, net.activations[-1], learning_rate)
        for name, row, size in (("x", x, len(net.weights[0])), ("target", target, len(net.biases[-1]))):
            if len(row) != size:
                check.add("wrong_shape", name=name, expected=size, received=len(row))
    with np.errstate(over="ignore", invalid="ignore"):  # an overflow is told as Diverged
        found = _pass(net, np.array(x, dtype=np.float64), np.array(target, dtype=np.float64), loss, learning_rate)
    for value in (found.loss, found.new_loss):
        if not math.isfinite(value):
            raise Diverged("diverged", received=value, step=1, learning_rate=learning_rate)
    return found


def _pass(net: Net, x: Array, target: Array, loss: str, learning_rate: float) -> Trace:
    z, a = forward(net, x)
    bends = slopes(net, z)
    deltas = [loss_slope(loss, a[-1], target) * bends[-1]]  # grows from the last layer to the first
    for layer in range(len(z) - 2, -1, -1):
        deltas.insert(0, (net.weights[layer + 1] @ deltas[0]) * bends[layer])
    weight_gradients = tuple(np.outer(r, d) for r, d in zip((x, *a[:-1]), deltas, strict=True))
    bias_gradients = tuple(d.copy() for d in deltas)
    updated = replace(
        net,
        weights=tuple(w - learning_rate * g for w, g in zip(net.weights, weight_gradients, strict=True)),
        biases=tuple(b - learning_rate * g for b, g in zip(net.biases, bias_gradients, strict=True)),
    )
    before, after = (loss_of(loss, out, target) for out in (a[-1], forward(updated, x)[1][-1]))
    return Trace(
        net, x, target, z, a, tuple(deltas), weight_gradients, bias_gradients,
        before, updated, after, loss, learning_rate,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class GradientCheck:
    """The same gradients three ways, ordered as ``parameters``. Norm-wise difference: ‖u − v‖ / (‖u‖ + ‖v‖)."""

    parameters: tuple[Parameter, ...]
    by_hand: Array  # (P,)
    autograd: Array  # (P,) torch.autograd on the same net
    numeric: Array  # (P,) (L(w + ε) − L(w − ε)) / 2ε
    autograd_difference: float  # norm-wise, by hand against autograd
    numeric_difference: float  # norm-wise, by hand against numeric
    kinks: tuple[
        tuple[int, int], ...
    ]  # (layer, unit) whose z is at the corner of a ReLU: finite differences fail there


def check_gradients(t: Trace, parameters: Sequence[Parameter] | None = None, epsilon: float = 1e-6) -> GradientCheck:
    """Compare with torch.autograd and central finite differences; at most 300 evenly spaced parameters unless given."""
    everyone = t.net.parameters
    chosen = tuple(parameters or everyone[:: -(-len(everyone) // 300)])
    by_hand = np.array([t.gradient(p) for p in chosen])
    automatic = autograd_gradients(t)
    position = {p: i for i, p in enumerate(everyone)}
    autograd = automatic[[position[p] for p in chosen]]
    numeric = np.array([_finite_difference(t, p, epsilon) for p in chosen])
    corners = [(la, j) for la, name in enumerate(t.net.activations, 1) if name in ("relu", "leaky_relu")
               for j, z in enumerate(t.z[la - 1]) if abs(z) < 1e-5]  # fmt: skip
    return GradientCheck(
        chosen, by_hand, autograd, numeric, _apart(by_hand, autograd), _apart(by_hand, numeric), tuple(corners)
    )  # fmt: skip


def autograd_gradients(t: Trace) -> Array:
    """∂L/∂w of every parameter by torch.autograd, (P,) in Keras' order: nothing of the backward pass above is used."""
    leaves = [torch.from_numpy(array.copy()).requires_grad_() for array in _arrays(t.net)]
    a = torch.from_numpy(t.x)
    for layer, name in enumerate(t.net.activations):
        a = activation(name).forward(a @ leaves[2 * layer] + leaves[2 * layer + 1])
    measure = F.mse_loss if t.kind == "mse" else F.binary_cross_entropy
    grads = torch.autograd.grad(measure(a, torch.from_numpy(t.target)), leaves)
    return torch.cat([g.flatten() for g in grads]).numpy()


def _finite_difference(t: Trace, p: Parameter, epsilon: float) -> float:
    arrays = [array.copy() for array in _arrays(t.net)]
    moved = replace(t.net, weights=tuple(arrays[0::2]), biases=tuple(arrays[1::2]))
    place = (moved.weights if p.source is not None else moved.biases)[p.layer - 1]
    middle, sides = place[p.index], []
    for sign in (1, -1):
        place[p.index] = middle + sign * epsilon
        sides.append(loss_of(t.kind, forward(moved, t.x)[1][-1], t.target))
    return (sides[0] - sides[1]) / (2 * epsilon)


def _arrays(net: Net) -> list[Array]:
    return [array for pair in zip(net.weights, net.biases, strict=True) for array in pair]


def _apart(u: Array, v: Array) -> float:
    size = float(np.linalg.norm(u) + np.linalg.norm(v))
    return float(np.linalg.norm(u - v)) / size if size else 0.0


def _check_sample(
    check: Check, x: Sequence[float], target: Sequence[float], loss: str, output: str, learning_rate: float
) -> None:
    for name, row in (("x", x), ("target", target)):
        for number in row:
            check.within(name, number, choices.NUMBER)
    check.within("loss", loss, choices.LOSS)
    if loss == "bce":
        check.one_of("output with cross-entropy", output, ("sigmoid",))
        for number in target:
            check.between("target with cross-entropy", number, 0, 1)
    check.within("learning_rate", learning_rate, choices.RATE)
