"""The parts of cnn.py's network: standardisation, seeded dropout, the layer table, batches, augmentation, schedule.

Every random draw comes from a private generator, so one seed gives one run. Left out: residual and depthwise blocks.
Source of the initialisation: He et al. (2015), arXiv 1502.01852.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core import runtime
from core.errors import InvalidInput, checking, register, shown
from core.vision.pixels import GREY_WEIGHTS

register(
    {
        "picture_too_small": "Pictures of {height} × {width} are too small for {blocks} halvings. "
        "Use pictures of at least {least} × {least}, or fewer filters.",
        "bad_labels": "Labels must be whole numbers from 0 to {most}, one per picture. Received: {received}.",
        "unknown_model": "No image model is called {received}.{hint} Use fashion, digits, photos or one of torchvision's.",
    }
)

Augment = Callable[[Tensor], Tensor]  # (B, C, H, W) uint8 or 0–1 floats → the same shape and range
Shape = tuple[int, int, int]  # (C, H, W)


@dataclass(frozen=True, slots=True)
class CnnConfig:
    """One block of convolution (3 × 3), ReLU and 2 × 2 max-pool per entry of ``filters``, then a dense layer."""

    num_classes: int = 10
    filters: tuple[int, ...] = (32, 64)
    dense: int = 128
    dropout: float = 0.25  # before each dense layer, while training
    batch_norm: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "filters", tuple(self.filters))
        with checking() as check:
            check.whole("num_classes", self.num_classes, 2, 10_000)
            check.whole("blocks", len(self.filters), 1, 6)
            for count in self.filters:
                check.whole("filters", count, 1, 512)
            check.whole("dense", self.dense, 1, 4096)
            check.between("dropout", self.dropout, 0, 0.9)
            check.whole("seed", self.seed, 0, 2**53)


@dataclass(frozen=True, slots=True)
class Network:
    """A network of another shape than ``build`` makes, with what ``ImageClassifier.adopted`` needs to know of it."""

    name: str
    module: nn.Module  # (N, C, H, W) uint8 or 0–1 floats → logits (N, classes)
    shape: Shape
    classes: tuple[str, ...]
    zoom: float = 1.0  # how far a photo is zoomed in before it is cropped to a square


class Standardize(nn.Module):
    """(x − mean) / std per channel. Bytes become 0–1 first, so the network takes both."""

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Tensor, std: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", mean.reshape(-1, 1, 1))
        self.register_buffer("std", std.reshape(-1, 1, 1))

    def forward(self, x: Tensor) -> Tensor:  # (N, C, H, W) → the same
        return ((x / 255 if x.dtype == torch.uint8 else x) - self.mean) / self.std


class Dropout(nn.Module):
    """While training, each number is 0 with probability ``p``, else divided by 1 − p; drawn from its own stream."""

    def __init__(self, p: float, seed: int) -> None:
        super().__init__()
        self.p, self.stream = p, runtime.generator(seed)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0:
            return x
        keep = torch.rand(x.shape, generator=self.stream) >= self.p
        return x * keep.to(x.device) / (1 - self.p)


class Stack(nn.Sequential):
    """Layers in a row. In training, ReLU is taken after the max-pooling behind it: max(0, max xᵢ) = max(max(0, xᵢ)).

    The numbers and their gradients are the same, for a quarter of the work; elsewhere every layer gives its own output.
    """

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        layers = list(self)
        while layers:
            layer = layers.pop(0)
            if isinstance(layer, nn.ReLU) and layers and isinstance(layers[0], nn.MaxPool2d):
                x = layers.pop(0)(x)
            x = layer(x)
        return x


@runtime.alone
def build(config: CnnConfig, shape: Shape, mean: Tensor, std: Tensor) -> nn.Sequential:
    """The network for pictures (C, H, W), with He's initial weights. Takes (N, C, H, W), gives logits (N, classes)."""
    channels, height, width = shape
    with checking() as check:
        check.one_of("channels", channels, (1, 3))
        check.whole("height", height, 1, 256)
        check.whole("width", width, 1, 256)
    least = 2 ** len(config.filters)
    if min(height, width) < least:
        raise InvalidInput("picture_too_small", height=height, width=width, blocks=len(config.filters), least=least)
    parts: OrderedDict[str, nn.Module] = OrderedDict(standardize=Standardize(mean, std))
    for i, filters in enumerate(config.filters, start=1):
        parts[f"conv{i}"] = nn.Conv2d(channels, filters, kernel_size=3, padding=1)
        if config.batch_norm:
            parts[f"norm{i}"] = nn.BatchNorm2d(filters)
        parts[f"relu{i}"] = nn.ReLU()
        parts[f"pool{i}"] = nn.MaxPool2d(2)  # (N, filters, height/2, width/2)
        channels, height, width = filters, height // 2, width // 2
    parts["flatten"] = nn.Flatten()  # (N, channels·height·width)
    parts["dropout1"] = Dropout(config.dropout, config.seed + 1)
    parts["dense"] = nn.Linear(channels * height * width, config.dense)
    parts["relu"] = nn.ReLU()
    parts["dropout2"] = Dropout(config.dropout, config.seed + 2)
    parts["logits"] = nn.Linear(config.dense, config.num_classes)
    stream = runtime.generator(config.seed)
    for layer in parts.values():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=stream)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return Stack(parts)


def to_batch(images: np.ndarray, shape: Shape | None = None) -> Tensor:
    """Pictures as the network takes them: (N, H, W) or (N, H, W, 1|3) → (N, C, H, W), uint8 or float32 in 0–1.

    With ``shape``, colours are made grey or grey is repeated, and other sizes are resampled, as the network needs it.
    """
    array = np.asarray(images)
    if array.ndim == 3:
        array = array[..., None]
    if array.ndim != 4 or array.shape[-1] not in (1, 3) or 0 in array.shape:
        received = np.shape(images)
        raise InvalidInput("wrong_shape", name="images", expected="(N, H, W) or (N, H, W, 1 or 3)", received=received)
    if array.dtype != np.uint8:
        array = _unit_or_bytes(array)
    batch = torch.from_numpy(np.moveaxis(array, -1, 1).copy())  # (N, C, H, W)
    return batch if shape is None or batch.shape[1:] == shape else _adapt(batch, shape)


def _unit_or_bytes(array: np.ndarray) -> np.ndarray:
    if array.dtype == bool:
        return array.astype(np.uint8) * 255
    with checking() as check:
        low, high = float(array.min()), float(array.max())  # nan if there is one
        most = 255 if np.issubdtype(array.dtype, np.integer) else 1
        check.between("pixel", low, 0, most)
        check.between("pixel", high, 0, most)
    return array.astype(np.uint8 if most == 255 else np.float32)


def _adapt(batch: Tensor, shape: Shape) -> Tensor:
    x = batch / 255 if batch.dtype == torch.uint8 else batch
    if shape[0] == 1 and x.shape[1] == 3:
        x = torch.einsum("nchw,c->nhw", x, torch.tensor(GREY_WEIGHTS["bt601"]))[:, None]
    elif shape[0] == 3 and x.shape[1] == 1:
        x = x.expand(-1, 3, -1, -1)
    if x.shape[2:] != shape[1:]:
        x = F.interpolate(x, size=shape[1:], mode="bilinear", antialias=True, align_corners=False)
    return x.clamp(0, 1)


def to_labels(labels: np.ndarray, count: int, num_classes: int) -> Tensor:
    """(N,) int64, checked: one per picture, each in 0 … num_classes − 1."""
    array = np.asarray(labels)
    if array.shape != (count,):
        raise InvalidInput("wrong_shape", name="labels", expected=f"({count},)", received=array.shape)
    whole = array.astype(np.int64) if array.dtype.kind in "iufb" and np.isfinite(array).all() else None
    if whole is None or not np.array_equal(whole, array) or whole.min() < 0 or whole.max() >= num_classes:
        raise InvalidInput("bad_labels", most=num_classes - 1, received=shown(np.unique(array).tolist()))
    return torch.from_numpy(whole)


class Augmentation:
    """Half of the pictures mirrored, if wished, each quarter of the batch moved by up to ``shift`` pixels; its own stream."""

    def __init__(self, shift: int = 2, seed: int = 0, mirror: bool = True) -> None:
        self.shift, self.stream, self.mirror = shift, runtime.generator(seed), mirror

    def __call__(self, x: Tensor) -> Tensor:
        from torchvision.transforms.v2 import functional as TF  # slow to import: not before it is needed

        if self.mirror:
            mirrored = torch.rand(len(x), generator=self.stream) < 0.5
            x = torch.where(mirrored.to(x.device)[:, None, None, None], TF.horizontal_flip(x), x)
        return torch.cat([self._moved(part) for part in x.chunk(4)])

    def _moved(self, x: Tensor) -> Tensor:
        from torchvision.transforms.v2 import functional as TF

        top, left = torch.randint(0, 2 * self.shift + 1, (2,), generator=self.stream).tolist()
        return TF.crop(TF.pad(x, [self.shift]), top, left, *x.shape[2:])


def cosine(update: int, total: int) -> float:
    """Share of the learning rate at ``update`` of ``total``: a short rise, then half a cosine down to 1 %."""
    rise = max(1, total // 20)
    if update < rise:
        return (update + 1) / rise
    return 0.01 + 0.99 * (1 + math.cos(math.pi * min(1.0, (update - rise) / max(1, total - rise)))) / 2
