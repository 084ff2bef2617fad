"""A trace in words and numbers: the stations of the walk, and the chain rule of any one weight, as LaTeX with values.

Forward → loss → backward → update → new loss, each station a list of ``left = symbols = numbers = value`` lines,
computed from a ``core.lessons.backpropagation.trace.Trace``. Left out: layout and language (the page's).
Notation and source as in trace.py.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from core.lessons.backpropagation.trace import Trace, loss_slope
from core.mlp.equations import MOST_EQUATIONS, MOST_PATHS, Equation, _sum, activated, tex, weighted_sum
from core.mlp.plain_net import Parameter, slopes


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One station of the walk, for previous/next."""

    kind: str  # "forward", "loss", "backward", "update" or "new_loss"
    layer: int  # 1 … L; 0 for the stations about the whole net
    equations: tuple[Equation, ...]
    omitted: int  # equations left out of a wide layer


@dataclass(frozen=True, slots=True)
class Path:
    """One way from the loss back to the parameter: the product of its factors is its share of the gradient."""

    units: tuple[int, ...]  # from the parameter's own unit to the output's, counting from 0
    factors: tuple[Equation, ...]
    product: float


@dataclass(frozen=True, slots=True)
class Chain:
    """∂L/∂w of one parameter = ∂L/∂a · ∂a/∂z · ∂z/∂w; with further layers behind, ∂L/∂a is a sum over paths."""

    parameter: Parameter
    factors: tuple[Equation, Equation, Equation]
    gradient: float  # the product of the factors = the sum of the paths' products
    path_count: int
    paths: tuple[Path, ...]  # largest share first; empty when there are more than MOST_PATHS

    @property
    def latex(self) -> str:
        symbols = r" \cdot ".join(factor.left for factor in self.factors)
        numbers = r" \cdot ".join(tex(factor.value, factor=True) for factor in self.factors)
        return f"{_d('L', self.parameter.latex)} = {symbols} = {numbers} = {tex(self.gradient)}"


def stations(trace: Trace) -> tuple[TraceStep, ...]:
    """The ordered walk: forward 1 … L, loss, backward L … 1, update, new loss."""
    layers = range(1, len(trace.z) + 1)
    return (
        *(_station("forward", layer, _forward(trace, layer)) for layer in layers),
        _station("loss", 0, [_loss(trace)]),
        *(_station("backward", layer, _backward(trace, layer)) for layer in reversed(layers)),
        _station("update", 0, (update(trace, p) for p in trace.net.parameters)),
        _station("new_loss", 0, [_new_loss(trace)]),
    )


def chain(trace: Trace, p: Parameter) -> Chain:
    """The chain-rule terms of one weight or bias, with the paths its effect takes to the loss."""
    widths = [len(z) for z in trace.z[p.layer :]]  # units of the layers behind it
    count = math.prod(widths)
    ways = itertools.product(*map(range, widths)) if count <= MOST_PATHS else ()
    paths = sorted((_path(trace, p, (p.unit, *way)) for way in ways), key=lambda path: -abs(path.product))
    factors = (_reaching(trace, p.layer, p.unit), _slope(trace, p.layer, p.unit), _local(trace, p))
    return Chain(p, factors, trace.gradient(p), count, tuple(paths))


def update(trace: Trace, p: Parameter) -> Equation:
    """w ← w − α ∂L/∂w with its numbers."""
    old, slope = trace.net.get(p), trace.gradient(p)
    symbols = rf"{p.latex} - \alpha\,{_d('L', p.latex)}"
    numbers = rf"{tex(old)} - {tex(trace.learning_rate)} \cdot {tex(slope, factor=True)}"
    return Equation(rf"{p.latex}{{}}'", symbols, numbers, trace.updated.get(p))


def _station(kind: str, layer: int, equations: Iterable[Equation]) -> TraceStep:
    every = tuple(equations)
    return TraceStep(kind, layer, every[:MOST_EQUATIONS], max(0, len(every) - MOST_EQUATIONS))


def _forward(trace: Trace, layer: int) -> Iterator[Equation]:
    kernel, bias = trace.net.weights[layer - 1], trace.net.biases[layer - 1]
    inputs = trace.into(layer)
    for j, z in enumerate(trace.z[layer - 1]):
        names = [(Parameter(layer, j, k).latex, _a(layer - 1, k)) for k in range(len(inputs))]
        yield weighted_sum(_z(layer, j), kernel[:, j], inputs, bias[j], names, Parameter(layer, j).latex)
        yield activated(_a(layer, j), trace.net.activations[layer - 1], _z(layer, j), float(z))


def _backward(trace: Trace, layer: int) -> Iterator[Equation]:
    """δ of each unit of the layer, then the gradient of each of its parameters."""
    for j, delta in enumerate(trace.deltas[layer - 1]):
        factors = _reaching(trace, layer, j), _slope(trace, layer, j)
        yield Equation(
            rf"\delta^{{({layer})}}_{{{j + 1}}} = {_d('L', _z(layer, j))}", _times(f.left for f in factors),
            _times(tex(f.value, factor=True) for f in factors), float(delta),
        )  # fmt: skip
    for p in (p for p in trace.net.parameters if p.layer == layer):
        local, delta = _local(trace, p), trace.deltas[layer - 1][p.unit]
        yield Equation(
            _d("L", p.latex), rf"\delta^{{({layer})}}_{{{p.unit + 1}}} \cdot {local.symbols}",
            _times([tex(delta, factor=True), tex(local.value, factor=True)]), trace.gradient(p),
        )  # fmt: skip


def _loss(trace: Trace) -> Equation:
    outputs = [(y, a, _a(len(trace.z), j), f"y_{{{j + 1}}}")
               for j, (y, a) in enumerate(zip(trace.target, trace.a[-1], strict=True))]  # fmt: skip
    if trace.kind == "mse":
        symbols = [f"({name} - {wanted})^2" for _, _, name, wanted in outputs]
        numbers = [f"({tex(a)} - {tex(y, factor=True)})^2" for y, a, _, _ in outputs]
        sign = ""
    else:
        symbols = [rf"{w} \ln {n} + (1 - {w}) \ln(1 - {n})" for _, _, n, w in outputs]
        numbers = [rf"{tex(y)} \cdot \ln {tex(a)} + {tex(1 - y)} \cdot \ln {tex(1 - a)}" for y, a, _, _ in outputs]
        sign = "-"
    share = rf"\frac{{1}}{{{len(outputs)}}}" if len(outputs) > 1 else ""
    both = [
        rf"{sign}{share}\bigl[{_sum(terms)}\bigr]" if sign or share else _sum(terms) for terms in (symbols, numbers)
    ]
    return Equation("L", both[0], both[1], trace.loss)


def _new_loss(trace: Trace) -> Equation:
    change = trace.new_loss - trace.loss
    return Equation("L'", r"L + \Delta L", f"{tex(trace.loss)} + {tex(change, factor=True)}", trace.new_loss)


def _reaching(trace: Trace, layer: int, unit: int) -> Equation:
    """∂L/∂a of one unit: the loss's own slope at the output, elsewhere the sum over the units it feeds."""
    left = _d("L", _a(layer, unit))
    if layer == len(trace.z):
        return _loss_slope(trace, unit)
    weights, deltas = trace.net.weights[layer][unit], trace.deltas[layer]  # (n_next,), (n_next,)
    symbols = [
        rf"{Parameter(layer + 1, m, unit).latex}\,\delta^{{({layer + 1})}}_{{{m + 1}}}" for m in range(len(deltas))
    ]
    numbers = [_times([tex(w, factor=True), tex(d, factor=True)]) for w, d in zip(weights, deltas, strict=True)]
    return Equation(left, _sum(symbols), _sum(numbers), float(weights @ deltas))


def _loss_slope(trace: Trace, unit: int) -> Equation:
    a, y, count = float(trace.a[-1][unit]), float(trace.target[unit]), len(trace.target)
    name, wanted = _a(len(trace.z), unit), f"y_{{{unit + 1}}}"
    gap, gap_numbers = f"({name} - {wanted})", f"({tex(a)} - {tex(y, factor=True)})"
    if trace.kind == "mse":
        share = "2" if count == 1 else rf"\frac{{2}}{{{count}}}"
        symbols, numbers = share + gap, share + gap_numbers
    else:
        below = "" if count == 1 else rf"{count} \cdot "
        symbols = rf"\frac{{{gap[1:-1]}}}{{{below}{name}(1 - {name})}}"
        numbers = rf"\frac{{{gap_numbers[1:-1]}}}{{{below}{tex(a)} \cdot {tex(1 - a)}}}"
    value = float(loss_slope(trace.kind, trace.a[-1], trace.target)[unit])
    return Equation(_d("L", name), symbols, numbers, value)


def _slope(trace: Trace, layer: int, unit: int) -> Equation:
    value = float(slopes(trace.net, trace.z)[layer - 1][unit])
    z = float(trace.z[layer - 1][unit])
    return Equation(_d(_a(layer, unit), _z(layer, unit)), f"f'({_z(layer, unit)})", f"f'({tex(z)})", value)


def _local(trace: Trace, p: Parameter) -> Equation:
    """∂z/∂w: what comes in through the weight; 1 for a bias."""
    left = _d(_z(p.layer, p.unit), p.latex)
    if p.source is None:
        return Equation(left, "1", "1", 1.0)
    value = float(trace.into(p.layer)[p.source])
    return Equation(left, _a(p.layer - 1, p.source), tex(value), value)


def _path(trace: Trace, p: Parameter, units: tuple[int, ...]) -> Path:
    """From the loss back: ∂L/∂a, then f′ and a weight per layer, f′ of the parameter's unit, and ∂z/∂w."""
    last = len(trace.z)
    factors = [_loss_slope(trace, units[-1]), _slope(trace, last, units[-1])]
    for layer in range(last, p.layer, -1):
        after, before = units[layer - p.layer], units[layer - p.layer - 1]
        weight = Parameter(layer, after, before)
        value = trace.net.get(weight)
        left = _d(_z(layer, after), _a(layer - 1, before))
        factors += [Equation(left, weight.latex, tex(value), value), _slope(trace, layer - 1, before)]
    factors.append(_local(trace, p))
    return Path(units, tuple(factors), math.prod(factor.value for factor in factors))


def _a(layer: int, unit: int) -> str:
    return rf"a^{{({layer})}}_{{{unit + 1}}}" if layer else f"x_{{{unit + 1}}}"


def _z(layer: int, unit: int) -> str:
    return rf"z^{{({layer})}}_{{{unit + 1}}}"


def _d(top: str, bottom: str) -> str:
    return rf"\frac{{\partial {top}}}{{\partial {bottom}}}"


def _times(terms: Iterable[str]) -> str:
    return r" \cdot ".join(terms)
