"""One number of a feature map of lesson 15, traced: the numbers that go in, the kernel, and what the next layer takes.

A batch norm that follows a convolution is folded into its kernel and bias (at inference it is one factor and one addend a
channel), so input ⋆ kernel + bias is what the ReLU gets. Left out: networks of large pictures, and other orders of layers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from core.errors import InvalidInput, checking, register
from core.files.images import Source
from core.vision.classifier import ImageClassifier

MOST_SIDE = 64  # pixels that a network may see at once, to be traced
register(
    {"not_traced": "This network is too large to trace single numbers. Choose garments, digits or your own network."}
)


@dataclass(frozen=True, slots=True)
class Linked:
    """One channel of one convolution, with all that makes it."""

    layer: str
    layers: tuple[str, ...]  # all convolutions of the network
    channel: int  # from 0
    channels: int
    x: np.ndarray  # (C, H, W) float64: what the layer gets
    kernel: np.ndarray  # (C, kh, kw) float64, the batch norm folded in
    bias: float
    padding: int
    out: np.ndarray  # (H, W) float64: before the ReLU
    pooled: np.ndarray  # (h, w): after ReLU and max-pooling, which the next layer gets
    rows: np.ndarray  # (h, w) int64: where the winner stands in ``out``
    columns: np.ndarray
    size: int  # of the pooling; 1: there is none


def linked(classifier: ImageClassifier, source: Source, layer: str | None = None, channel: int = 0) -> Linked:
    """Trace a convolution (default: the first). Raises InvalidInput."""
    sight = classifier.see(source)
    if max(sight.final.shape[:2]) > MOST_SIDE:
        raise InvalidInput("not_traced")
    modules = dict(classifier.module.named_modules())
    names = [name for name, each in modules.items() if isinstance(each, nn.Conv2d)]
    if not names:
        raise InvalidInput("not_traced")
    name = names[0] if layer is None else layer
    with checking() as check:
        check.one_of("layer", name, names)
    conv = modules[name]
    assert isinstance(conv, nn.Conv2d)
    if conv.groups != 1 or conv.stride != (1, 1) or conv.dilation != (1, 1) or isinstance(conv.padding, str):
        raise InvalidInput("not_traced")
    with checking() as check:
        check.whole("channel", channel, 0, conv.out_channels - 1)
    order = list(modules)
    following = [modules[each] for each in order[order.index(name) + 1 :] if not any(modules[each].children())]
    before = order[: order.index(name)]
    x = _input(classifier, sight.final, name, before)
    weight = conv.weight.detach()[channel].double()
    bias = conv.bias.detach()[channel].double() if conv.bias is not None else torch.zeros((), dtype=torch.float64)
    if following and isinstance(following[0], nn.BatchNorm2d):
        weight, bias = _folded(following[0], int(channel), weight, bias)
        following = following[1:]
    padding = int(conv.padding[0])
    out = F.conv2d(x[None], weight[None], bias[None], padding=padding)[0, 0]
    pools = [each for each in following[:2] if isinstance(each, nn.MaxPool2d)]
    window = pools[0].kernel_size if pools else 1
    size = window if isinstance(window, int) else window[0]
    pooled, where = F.max_pool2d(F.relu(out)[None, None], size, return_indices=True)
    places = where[0, 0].numpy()
    return Linked(
        layer=name,
        layers=tuple(names),
        channel=int(channel),
        channels=conv.out_channels,
        x=x.numpy(),
        kernel=weight.numpy(),
        bias=float(bias),
        padding=padding,
        out=out.numpy(),
        pooled=pooled[0, 0].numpy(),
        rows=places // out.shape[1],
        columns=places % out.shape[1],
        size=size,
    )


def _input(classifier: ImageClassifier, final: np.ndarray, name: str, before: list[str]) -> torch.Tensor:
    """What the layer called ``name`` gets, (C, H, W) float64: what the leaf before it gives."""
    maps = classifier.feature_maps(final)
    leaf = next(each for each in reversed(before) if each in maps)
    return torch.from_numpy(maps[leaf]).double()


def _folded(
    norm: nn.BatchNorm2d, channel: int, weight: torch.Tensor, bias: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Kernel and bias with the batch norm behind them in one: γ (w ⋆ x + b − μ) / √(σ² + ε) + β."""
    assert norm.running_mean is not None and norm.running_var is not None
    factor = norm.weight.detach()[channel].double() / (norm.running_var[channel].double() + norm.eps).sqrt()
    shift = norm.bias.detach()[channel].double() - norm.running_mean[channel].double() * factor
    return weight * factor, bias * factor + shift
