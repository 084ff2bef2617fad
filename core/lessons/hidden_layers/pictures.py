"""What a small net in the plane looks like: its boundary, a heatmap for every hidden unit, the input grid as a layer
bends it, and what one unit computes, in LaTeX and as one line of text.

All are functions of the weights (a ``core.lessons.backpropagation.trace.Net``) and of points; nothing here trains or remembers.
Left out: colours and drawing. After TensorFlow Playground (heatmaps) and Olah, "Neural Networks, Manifolds, and
Topology" (2014; bent grids).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.data import toy
from core.mlp.equations import Equation, activated, tex, weighted_sum
from core.mlp.plain_net import Array, Net, forward

Picture = NDArray[np.uint8]
FEATURE_LATEX = {
    "x1": "x_1", "x2": "x_2", "x1²": "x_1^2", "x2²": "x_2^2", "x1·x2": "x_1 x_2", "sin x1": r"\sin x_1",
    "sin x2": r"\sin x_2",
}  # fmt: skip
LINES, LINE_POINTS = 13, 41  # of the grid that is bent, in each direction


@dataclass(frozen=True, slots=True)
class Pictures:
    """Row 0 is the top of the plane −6…6."""

    boundary: Picture  # (size, size): output −1…1 as 0…255 (class 0 … class 1, or −1 … 1 in regression)
    units: tuple[
        Picture, ...
    ]  # per hidden layer (units, size / 2, size / 2): activation −m…m as 0…255, m = max(1, |a|)


@dataclass(frozen=True, slots=True)
class Warp:
    """The plane as a hidden layer sees it, in two dimensions."""

    layer: int  # hidden layer, from 1
    lines: Array  # (2 · LINES, LINE_POINTS, 2): the grid's lines x2 = const, then x1 = const
    points: Array  # (N, 2): the training points
    axes: Array  # (units, 2): the two directions of the layer's space that are shown
    explained: float  # share of the grid's variance within those two, 0…1


@dataclass(frozen=True, slots=True)
class NodeReport:
    """What one unit computes at one point."""

    text: str  # "relu(0.52·x1 − 1.2·x2 + 0.1)"
    z: Equation
    a: Equation


def pictures(net: Net, grid_features: Array, size: int, task: toy.Task) -> Pictures:
    """Boundary and unit heatmaps from one pass over ``grid_features``, (size², features) of ``toy.grid(size)``."""
    *hidden, output = forward(net, grid_features)[1]
    value = output[:, 0] if task == "regression" else 2 * output[:, 0] - 1
    units = tuple(_thumbnails(layer, size) for layer in hidden)
    return Pictures(toy.to_bytes(value).reshape(size, size), units)


def feature_pictures(names: Sequence[str], size: int = 24) -> Picture:
    """The inputs' own heatmaps, (features, size, size), each scaled to its largest value."""
    columns = toy.features(toy.grid(size), names)  # (size², features)
    return np.stack([toy.to_bytes(c / np.abs(c).max()).reshape(size, size) for c in columns.T])


def warp(net: Net, names: Sequence[str], points: Array, layer: int, before: Warp | None = None) -> Warp:
    """Where a hidden layer (from 1) sends the plane's grid: its two units, or two principal components of more units.

    Args:
        points: (N, 2), moved along with the grid. before: the last picture; this one is turned to lie as it did.
    """
    lines = grid_lines()
    places = np.concatenate([lines.reshape(-1, 2), points])
    seen = forward(net, toy.features(places, names))[1][layer - 1]  # (places, units)
    middle, spread = seen[: lines.size // 2].mean(axis=0), seen[: lines.size // 2]
    axes, explained = _axes(spread - middle, before.axes if before and before.layer == layer else None)
    shown = seen @ axes if seen.shape[1] <= 2 else (seen - middle) @ axes
    count = lines.size // 2
    return Warp(layer, shown[:count].reshape(lines.shape), shown[count:], axes, explained)


def grid_lines() -> Array:
    """The unbent grid, (2 · LINES, LINE_POINTS, 2) within −6…6: horizontal lines from below, then vertical ones."""
    across, along = np.linspace(-toy.EDGE, toy.EDGE, LINES), np.linspace(-toy.EDGE, toy.EDGE, LINE_POINTS)
    fixed, moving = np.meshgrid(across, along, indexing="ij")  # (LINES, LINE_POINTS)
    return np.concatenate([np.stack([moving, fixed], -1), np.stack([fixed, moving], -1)])


def node(net: Net, names: Sequence[str], layer: int, unit: int, at: tuple[float, float] = (0.0, 0.0)) -> NodeReport:
    """What a unit (from 0) of a layer (from 1; the last is the output) computes, with its numbers at a point."""
    inputs = toy.features(np.array([at], dtype=np.float64), names)[0]  # (features,)
    if layer > 1:
        inputs = forward(net, inputs)[1][layer - 2]
    weights, bias, f = net.weights[layer - 1][:, unit], float(net.biases[layer - 1][unit]), net.activations[layer - 1]
    index = rf"^{{({layer})}}_{{{unit + 1}}}"
    latex = [FEATURE_LATEX[n] for n in names] if layer == 1 else [
        rf"a^{{({layer - 1})}}_{{{k + 1}}}" for k in range(len(inputs))]  # fmt: skip
    terms = [(tex(w, factor=True), x) for w, x in zip(weights, latex, strict=True)]
    z = weighted_sum(f"z{index}", weights, inputs, bias, terms, tex(bias, factor=True))
    return NodeReport(formula(net, names, layer, unit), z, activated(f"a{index}", f, f"z{index}", z.value))


def formula(net: Net, names: Sequence[str], layer: int, unit: int) -> str:
    """One line of plain text for a hover: ``tanh(0.52·x1 − 1.2·x2 + 0.1)``; hidden inputs are called h1, h2, …"""
    weights, f = net.weights[layer - 1][:, unit], net.activations[layer - 1]
    inputs = list(names) if layer == 1 else [f"h{k + 1}" for k in range(len(weights))]
    terms = [(float(w), f"·{x}") for w, x in zip(weights, inputs, strict=True)]
    terms.append((float(net.biases[layer - 1][unit]), ""))
    text = "".join(f"{' − ' if value < 0 else ' + '}{abs(value):.3g}{x}" for value, x in terms)
    text = text[3:] if text.startswith(" + ") else "−" + text[3:]
    return text if f == "linear" else f"{f}({text})"


def _thumbnails(activations: Array, size: int) -> Picture:
    """(size², units) → (units, size / 2, size / 2): every second pixel is enough for a thumbnail."""
    small = activations.T.reshape(-1, size, size)[:, ::2, ::2]
    largest = np.abs(small).max(axis=(1, 2), keepdims=True)
    return toy.to_bytes(small / np.maximum(largest, 1.0))


def _axes(centred: Array, before: Array | None) -> tuple[Array, float]:
    """Two directions of a layer's space, (units, 2): its own two axes, or the principal components of (N, units)."""
    units = centred.shape[1]
    if units <= 2:
        return np.eye(units, 2), 1.0
    variances, directions = np.linalg.eigh(centred.T @ centred)  # ascending
    axes = directions[:, [-1, -2]]
    if before is None:
        axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), [0, 1]])
    else:
        left, _, right = np.linalg.svd(axes.T @ before)  # turned within their plane to lie as before
        axes = axes @ left @ right
    total = float(variances.sum())
    return axes, float(variances[-2:].sum()) / total if total > 0 else 1.0
