"""An image network that Keras or TensorFlow.js described layer by layer, as a torch module with the same values.

Reads the layers that MobileNet 1 and 2 and a head on them are made of, nested Sequential and functional models among
them; every other layer is refused by name, and no code of the file runs. Values run as (N, C, H, W); "same" padding is
TensorFlow's, which puts the odd row below and to the right. Left out: training, layers with several outputs.
Sources: Keras' ``Model.get_config``; tfjs-layers; tested against Keras.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from core.errors import InvalidInput, register, shown

register(
    {
        "keras_net_layer": "The network has the layer {received}, which is not read here. Export an image project of Teachable "
        "Machine: TensorFlow.js or Keras.",
        "keras_net_damaged": "The network's file is damaged or not whole. Export it again, and bring the zip as it is.",
        "keras_net_large": "The network is too large to run here. Bring one of at most {most} megabytes.",
    }
)

Config = dict[str, Any]
Weights = Mapping[str, NDArray[Any]]  # "layer/kernel" → array, as TensorFlow names them
MODELS = ("Model", "Functional", "Sequential")
MOST_LAYERS, DEEPEST = 600, 6
MOST_NUMBERS, MOST_PRODUCTS = 40_000_000, 5_000_000_000  # of one picture's way through: outputs, multiplications
ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "linear": lambda x: x,
    "relu": torch.relu,
    "relu6": F.relu6,
    "sigmoid": torch.sigmoid,
    "softmax": lambda x: torch.softmax(x, 1),
    "tanh": torch.tanh,
}


class KerasNet(nn.Module):
    """The network of a model config and its weights. ``shape``: (C, H, W) of the pictures it takes, ``units`` it answers."""

    def __init__(self, config: Config, weights: Weights) -> None:
        super().__init__()
        self._left = MOST_LAYERS
        try:
            self.shape = _shape(config)
            self.net = self._model(config, weights, 0)
            self.units = self._measure()
        except (KeyError, TypeError, ValueError, IndexError, AttributeError, RuntimeError) as error:
            if isinstance(error, InvalidInput):
                raise
            raise InvalidInput("keras_net_damaged") from error
        self.requires_grad_(False).eval()

    def forward(self, x: Tensor) -> Tensor:  # (N, C, H, W) → (N, units)
        found: Tensor = self.net(x)
        return found

    def _model(self, model: Config, weights: Weights, depth: int) -> nn.Module:
        if depth > DEEPEST:
            raise ValueError("models inside models")
        graph = _Graph()
        config = model["config"]
        layers = config if isinstance(config, list) else config["layers"]
        before = ""
        for at, layer in enumerate(layers):
            self._left -= 1
            if self._left < 0:
                raise ValueError("too many layers")
            kind, own = layer["class_name"], layer["config"]
            name = layer.get("name") or (own.get("name") if isinstance(own, dict) else "") or f"layer_{at}"
            if model["class_name"] == "Sequential":
                sources = [before] if before else []
            else:
                sources = list(_sources(layer.get("inbound_nodes") or []))
            if kind == "InputLayer":
                made: nn.Module = nn.Identity()
            elif kind in MODELS:
                made = self._model(layer, weights, depth + 1)
            else:
                made = _layer(kind, own, _Named(weights, name))
            graph.put(name, made, sources)
            before = name
        graph.end = before if model["class_name"] == "Sequential" else str(_ends(config["output_layers"]))
        return graph

    def _measure(self) -> int:
        """Run it without numbers: what would be too large is refused before it is tried."""
        sizes = [0, 0]

        def count(layer: nn.Module, given: Any, made: Tensor) -> None:
            sizes[0] += made.numel()
            if isinstance(layer, _Weighted):
                sizes[1] += made.numel() * layer.weight[0].numel()
            if sizes[0] > MOST_NUMBERS or sizes[1] > MOST_PRODUCTS:
                raise InvalidInput("keras_net_large", most=64)

        hooks = [m.register_forward_hook(count) for m in self.modules() if not isinstance(m, _Graph | KerasNet)]
        try:
            without = {name: tensor.to("meta") for name, tensor in self.state_dict().items()}
            made = torch.func.functional_call(self, without, (torch.empty(1, *self.shape, device="meta"),))
        finally:
            for hook in hooks:
                hook.remove()
        if made.ndim != 2:
            raise ValueError(f"answers of the shape {tuple(made.shape)}")
        return int(made.shape[1])


class _Graph(nn.Module):
    """Layers by name, each with the names of those it takes."""

    def __init__(self) -> None:
        super().__init__()
        self.layers, self.end = nn.ModuleList(), ""
        self._places: list[tuple[str, list[str]]] = []

    def put(self, name: str, layer: nn.Module, sources: list[str]) -> None:
        known = {place for place, _ in self._places}
        if name in known or any(source not in known for source in sources):
            raise ValueError(f"the order of the layer {name}")
        self.layers.append(layer)
        self._places.append((name, sources))

    def forward(self, x: Tensor) -> Tensor:
        made: dict[str, Tensor] = {}
        for layer, (name, sources) in zip(self.layers, self._places, strict=True):
            made[name] = layer(*(made[source] for source in sources)) if sources else layer(x)
        return made[self.end]


class _Named:
    """The weights of one layer."""

    def __init__(self, weights: Weights, layer: str) -> None:
        self.weights, self.layer = weights, layer

    def get(self, name: str, dims: int) -> Tensor:
        if name == "depthwise_kernel" and f"{self.layer}/{name}" not in self.weights:
            name = "kernel"  # Keras 3
        found = np.array(self.weights[f"{self.layer}/{name}"], np.float32)
        if found.ndim != dims or not np.isfinite(found).all():
            raise ValueError(f"{self.layer}/{name}")
        return torch.from_numpy(found)

    def maybe(self, wanted: Any, name: str) -> Tensor | None:
        return self.get(name, 1) if wanted else None


class _Weighted(nn.Module):
    weight: Tensor
    bias: Tensor | None


class _Convolution(_Weighted):
    """Conv2D, and DepthwiseConv2D where ``groups`` is the number of channels."""

    def __init__(self, config: Config, weight: Tensor, bias: Tensor | None, groups: int) -> None:
        super().__init__()
        if config.get("data_format", "channels_last") != "channels_last":
            raise ValueError("data_format")
        self.register_buffer("weight", weight.contiguous())  # (out, in / groups, h, w)
        self.register_buffer("bias", bias)
        self.groups, self.same = groups, config["padding"] == "same"
        self.strides, self.dilation = _pair(config["strides"]), _pair(config.get("dilation_rate", 1))
        self.activation = _activation(config)

    def forward(self, x: Tensor) -> Tensor:
        if self.same:
            edges = [_edges(*part) for part in zip(x.shape[2:], self.weight.shape[2:], self.strides, self.dilation)]  # noqa: B905
            x = F.pad(x, (*edges[1], *edges[0]))
        return self.activation(F.conv2d(x, self.weight, self.bias, self.strides, 0, self.dilation, self.groups))


class _Norm(nn.Module):
    """BatchNormalization with what it learnt: one factor and one sum a channel."""

    scale: Tensor
    shift: Tensor

    def __init__(self, config: Config, named: _Named) -> None:
        super().__init__()
        mean, variance = named.get("moving_mean", 1), named.get("moving_variance", 1)
        scale = torch.rsqrt(variance + float(config["epsilon"]))
        gamma = named.maybe(config.get("scale", True), "gamma")
        beta = named.maybe(config.get("center", True), "beta")
        scale = scale if gamma is None else scale * gamma
        self.register_buffer("scale", scale)
        self.register_buffer("shift", (0 if beta is None else beta) - mean * scale)

    def forward(self, x: Tensor) -> Tensor:
        sizes = (-1, *(1 for _ in x.shape[2:]))
        return x * self.scale.reshape(sizes) + self.shift.reshape(sizes)


class _Dense(_Weighted):
    def __init__(self, config: Config, named: _Named) -> None:
        super().__init__()
        self.register_buffer("weight", named.get("kernel", 2).T.contiguous())
        self.register_buffer("bias", named.maybe(config.get("use_bias", True), "bias"))
        self.activation = _activation(config)

    def forward(self, x: Tensor) -> Tensor:
        return self.activation(F.linear(x, self.weight, self.bias))


class _Plain(nn.Module):
    """A layer without weights."""

    def __init__(self, call: Callable[..., Tensor]) -> None:
        super().__init__()
        self.does = call

    def forward(self, *x: Tensor) -> Tensor:
        return self.does(*x)


def _layer(kind: str, config: Config, named: _Named) -> nn.Module:
    if kind == "Conv2D":
        weight = named.get("kernel", 4).permute(3, 2, 0, 1)
        return _Convolution(config, weight, named.maybe(config.get("use_bias", True), "bias"), 1)
    if kind == "DepthwiseConv2D":
        kernel = named.get("depthwise_kernel", 4)  # (h, w, channels, multiplier)
        high, wide, channels, times = kernel.shape
        weight = kernel.permute(2, 3, 0, 1).reshape(channels * times, 1, high, wide)
        return _Convolution(config, weight, named.maybe(config.get("use_bias", True), "bias"), channels)
    if kind == "BatchNormalization":
        return _Norm(config, named)
    if kind == "Dense":
        return _Dense(config, named)
    if kind == "ReLU":
        most = config.get("max_value")
        if config.get("negative_slope") or config.get("threshold"):
            raise InvalidInput("keras_net_layer", received="ReLU with a slope")
        return _Plain(torch.relu if most is None else lambda x: x.clamp(0, float(most)))
    if kind == "Activation":
        return _Plain(_activation(config))
    if kind == "Softmax":
        return _Plain(ACTIVATIONS["softmax"])
    if kind == "ZeroPadding2D":
        (top, bottom), (left, right) = (_pair(side) for side in _pair(config["padding"]))
        if not all(0 <= edge <= 64 for edge in (top, bottom, left, right)):
            raise ValueError("padding")
        return _Plain(lambda x: F.pad(x, (left, right, top, bottom)))
    if kind == "GlobalAveragePooling2D":
        keep = bool(config.get("keepdims"))
        return _Plain(lambda x: x.mean((2, 3), keepdim=keep))
    if kind == "Flatten":
        return _Plain(lambda x: x.permute(0, 2, 3, 1).flatten(1) if x.ndim == 4 else x.flatten(1))
    if kind == "Add":
        return _Plain(lambda *x: torch.stack(torch.broadcast_tensors(*x)).sum(0) if len(x) != 2 else x[0] + x[1])
    if kind in ("Dropout", "GaussianNoise", "RandomFlip"):  # only while training
        return nn.Identity()
    raise InvalidInput("keras_net_layer", received=shown(kind))


def _activation(config: Config) -> Callable[[Tensor], Tensor]:
    name = config.get("activation") or "linear"
    if not isinstance(name, str) or name not in ACTIVATIONS:
        raise InvalidInput("keras_net_layer", received=shown(name))
    return ACTIVATIONS[name]


def _edges(length: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """TensorFlow's "same": before and after."""
    total = max((math.ceil(length / stride) - 1) * stride + dilation * (kernel - 1) + 1 - length, 0)
    return total // 2, total - total // 2


def _pair(value: Any) -> tuple[Any, Any]:
    if isinstance(value, int):
        return value, value
    one, two = value
    return one, two


def _sources(nodes: Any) -> Iterator[str]:
    """Names of the layers that a layer takes: [[[name, node, tensor, {}], …]], in Keras 3 {"keras_history": [name, …]}."""
    if isinstance(nodes, dict):
        if "keras_history" in nodes:
            yield str(nodes["keras_history"][0])
        else:
            yield from _sources(list(nodes.values()))
    elif isinstance(nodes, list):
        if len(nodes) >= 3 and isinstance(nodes[0], str) and isinstance(nodes[1], int):
            yield nodes[0]
        else:
            for node in nodes:
                yield from _sources(node)


def _ends(outputs: Any) -> str:
    (name,) = _sources(outputs)
    return name


def _shape(model: Config) -> tuple[int, int, int]:
    """(C, H, W) of the first layer that says what it takes."""
    for config in _configs(model, 0):
        sizes = config.get("batch_input_shape") or config.get("batch_shape")
        if sizes and len(sizes) == 4 and all(isinstance(size, int) and 1 <= size <= 512 for size in sizes[1:]):
            return sizes[3], sizes[1], sizes[2]
        if sizes:
            raise InvalidInput("keras_net_layer", received=f"input {sizes[1:]}")
    raise ValueError("no input shape")


def _configs(model: Config, depth: int) -> Iterator[Config]:
    config = model["config"]
    if depth > DEEPEST:
        return
    for layer in config if isinstance(config, list) else config["layers"]:
        if layer["class_name"] in MODELS:
            yield from _configs(layer, depth + 1)
        else:
            yield layer["config"]
