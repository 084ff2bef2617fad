"""Convolution by hand: every output pixel as a sum of products, checked against ``torch.nn.functional.conv2d``.

Symbols: O output channels, C input channels, kh × kw kernel, s stride, p padding, d dilation. As in every deep-learning
library this is cross-correlation (the kernel is not flipped). Legality is decided before anything is computed.
Left out: groups, transposed convolution, other padding than zeros.
Source: Dumoulin and Visin (2016), "A guide to convolution arithmetic for deep learning", arXiv 1603.07285.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import InvalidInput, checking, register

register(
    {
        "kernel_too_large": "The kernel covers {covers} pixels, but the padded picture has only {padded} ({axis}). "
        "Use a smaller kernel or dilation, or a padding of at least {padding}.",
        "outside_output": "The output has {height} × {width} pixels; there is none at row {row}, column {column}.",
    }
)

NOTES = (
    "one_output",  # the stride is larger than the picture: a single output pixel
    "skips_pixels",  # the stride is larger than the kernel: some pixels are never looked at
    "leftover",  # the strides do not end at the edge: the last rows or columns are never looked at
    "even_kernel",  # no padding keeps the size, and the output is shifted by half a pixel
    "zero_kernel",  # every product is 0
)

_BLUR5 = np.outer((1, 4, 6, 4, 1), (1, 4, 6, 4, 1)) / 256
KERNELS: dict[str, tuple[tuple[float, ...], ...]] = {
    "identity": ((0, 0, 0), (0, 1, 0), (0, 0, 0)),
    "blur": ((1 / 9,) * 3,) * 3,
    "gaussian": tuple(map(tuple, _BLUR5.tolist())),
    "sharpen": ((0, -1, 0), (-1, 5, -1), (0, -1, 0)),
    "vertical_edges": ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)),  # Sobel, d/dx
    "horizontal_edges": ((-1, -2, -1), (0, 0, 0), (1, 2, 1)),  # Sobel, d/dy
    "outline": ((-1, -1, -1), (-1, 8, -1), (-1, -1, -1)),
    "laplacian": ((0, 1, 0), (1, -4, 1), (0, 1, 0)),
    "emboss": ((-2, -1, 0), (-1, 1, 1), (0, 1, 2)),
    "shift_right": ((0, 0, 0), (1, 0, 0), (0, 0, 0)),
}


def output_size(size: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """⌊(n + 2p − d(k − 1) − 1) / s⌋ + 1; zero or less means: illegal."""
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


@dataclass(frozen=True, slots=True)
class ConvConfig:
    """What a convolution needs to know before it sees a number. Illegal combinations are refused here, all at once."""

    height: int
    width: int
    kernel_height: int = 3
    kernel_width: int = 3
    stride: int = 1
    padding: int = 0
    dilation: int = 1

    def __post_init__(self) -> None:
        with checking() as check:
            for name, least, most in (
                ("height", 1, 8192),
                ("width", 1, 8192),
                ("kernel_height", 1, 31),
                ("kernel_width", 1, 31),
                ("stride", 1, 8192),
                ("padding", 0, 64),
                ("dilation", 1, 64),
            ):
                check.whole(name, getattr(self, name), least, most)
        with checking() as check:
            for axis, size, kernel in (
                ("height", self.height, self.kernel_height),
                ("width", self.width, self.kernel_width),
            ):
                covers, padded = self.dilation * (kernel - 1) + 1, size + 2 * self.padding
                if covers > padded:
                    need = -(-(covers - size) // 2)
                    check.add("kernel_too_large", axis=axis, covers=covers, padded=padded, padding=need)

    @property
    def output(self) -> tuple[int, int]:
        """(H', W')."""
        rest = (self.stride, self.padding, self.dilation)
        return output_size(self.height, self.kernel_height, *rest), output_size(self.width, self.kernel_width, *rest)

    @property
    def formula(self) -> tuple[str, str]:
        """The size formula with its numbers, for height and width: "⌊(28 + 2·1 − 1·(3 − 1) − 1) / 1⌋ + 1 = 28"."""
        sizes = ((self.height, self.kernel_height), (self.width, self.kernel_width))
        tall, wide = (
            f"⌊({n} + 2·{self.padding} − {self.dilation}·({k} − 1) − 1) / {self.stride}⌋ + 1 = {out}"
            for (n, k), out in zip(sizes, self.output, strict=True)
        )
        return tall, wide

    @property
    def leftover(self) -> tuple[int, int]:
        """Rows and columns of the padded picture that no window reaches, because the stride does not divide."""
        sizes = ((self.height, self.kernel_height), (self.width, self.kernel_width))
        tall, wide = ((n + 2 * self.padding - self.dilation * (k - 1) - 1) % self.stride for n, k in sizes)
        return tall, wide

    @property
    def notes(self) -> tuple[str, ...]:
        """Legal, but worth a word: codes of NOTES."""
        found = []
        kernels = (self.kernel_height, self.kernel_width)
        if self.stride > max(self.height, self.width):
            found.append("one_output")
        elif self.stride > max(self.dilation * (k - 1) + 1 for k in kernels):
            found.append("skips_pixels")
        elif any(self.leftover):
            found.append("leftover")
        if any(k % 2 == 0 for k in kernels):
            found.append("even_kernel")
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Convolved:
    """A convolution done by hand, and how far it is from PyTorch's."""

    output: np.ndarray  # (O, H', W') float64
    config: ConvConfig
    difference: float  # max |by hand − F.conv2d|, both in float64
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """One output pixel taken apart: total = Σ products + bias."""

    seen: np.ndarray  # (C, kh, kw): the input numbers under the kernel, zeros where padding is
    weights: np.ndarray  # (C, kh, kw)
    products: np.ndarray  # (C, kh, kw) = seen · weights
    bias: float
    total: float
    rows: tuple[int, ...]  # kh input rows; negative or ≥ H: padding
    columns: tuple[int, ...]  # kw input columns


@dataclass(frozen=True, slots=True)
class Pooled:
    """Max-pooling, with the place each winner came from."""

    output: np.ndarray  # (C, H', W')
    rows: np.ndarray  # (C, H', W') input row of the winner
    columns: np.ndarray  # (C, H', W') input column of the winner


def convolve(
    image: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray | None = None,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
) -> Convolved:
    """out[o, y, x] = b[o] + Σ_c,i,j  w[o, c, i, j] · in[c, s·y + d·i − p, s·x + d·j − p], for every output pixel.

    Args:
        image: (H, W) or (C, H, W).
        kernel: (kh, kw), (C, kh, kw) or (O, C, kh, kw).
        bias: (O,) or None for zeros.

    Raises:
        InvalidInput: shapes that do not fit, numbers that are not finite, a kernel larger than the padded picture.
    """
    planes, weights, offsets, config = _prepare(image, kernel, bias, stride, padding, dilation)
    padded = np.pad(planes, ((0, 0), (padding, padding), (padding, padding)))  # (C, H+2p, W+2p)
    height, width = config.output
    output = np.repeat(offsets, height * width).reshape(-1, height, width)  # (O, H', W'): starts at the bias
    for i in range(config.kernel_height):
        for j in range(config.kernel_width):
            top, left = i * dilation, j * dilation
            seen = padded[:, top : top + stride * height : stride, left : left + stride * width : stride]
            output += np.einsum("oc,chw->ohw", weights[:, :, i, j], seen)
    notes = config.notes + (() if weights.any() else ("zero_kernel",))
    expected = _torch_conv2d(planes, weights, offsets, config)
    return Convolved(output, config, float(np.abs(output - expected).max()), notes)


def window(
    image: np.ndarray,
    kernel: np.ndarray,
    row: int,
    column: int,
    channel: int = 0,
    bias: np.ndarray | None = None,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
) -> Window:
    """The multiply-adds behind ``convolve(...).output[channel, row, column]``, one by one."""
    planes, weights, offsets, config = _prepare(image, kernel, bias, stride, padding, dilation)
    height, width = config.output
    if not (0 <= row < height and 0 <= column < width and 0 <= channel < len(weights)):
        raise InvalidInput("outside_output", height=height, width=width, row=row, column=column)
    rows = [stride * row + dilation * i - padding for i in range(config.kernel_height)]
    columns = [stride * column + dilation * j - padding for j in range(config.kernel_width)]
    padded = np.pad(planes, ((0, 0), (padding, padding), (padding, padding)))
    seen = padded[:, np.add(rows, padding)[:, None], np.add(columns, padding)]  # (C, kh, kw)
    products = seen * weights[channel]
    bias_here = float(offsets[channel])
    total = float(products.sum() + bias_here)
    return Window(seen, weights[channel], products, bias_here, total, tuple(rows), tuple(columns))


def relu(values: np.ndarray) -> np.ndarray:
    """max(0, v)."""
    return np.maximum(values, 0)


def max_pool(image: np.ndarray, size: int = 2, stride: int | None = None) -> Pooled:
    """The largest of each ``size`` × ``size`` window, stride ``stride`` or ``size``; (H, W) or (C, H, W)."""
    planes = _planes(image)
    step = size if stride is None else stride
    config = ConvConfig(planes.shape[1], planes.shape[2], size, size, step)
    height, width = config.output
    views = np.lib.stride_tricks.sliding_window_view(planes, (size, size), axis=(1, 2))
    flat = views[:, ::step, ::step].reshape(len(planes), height, width, size * size)
    winner = flat.argmax(axis=-1)  # (C, H', W')
    output = np.take_along_axis(flat, winner[..., None], axis=-1)[..., 0]
    rows = np.arange(height)[:, None] * step + winner // size
    columns = np.arange(width) * step + winner % size
    return Pooled(output, rows, columns)


def per_channel(kernel: np.ndarray, channels: int = 3) -> np.ndarray:
    """(kh, kw) → (C, C, kh, kw): the same small kernel on each colour, no mixing. So a blur keeps its colours."""
    return np.einsum("oc,ij->ocij", np.eye(channels), np.asarray(kernel, dtype=np.float64))


def _planes(image: np.ndarray) -> np.ndarray:
    planes = np.asarray(image, dtype=np.float64)
    if planes.ndim == 2:
        planes = planes[None]
    if planes.ndim != 3 or 0 in planes.shape:
        raise InvalidInput("wrong_shape", name="picture", expected="(H, W) or (C, H, W)", received=np.shape(image))
    if not np.isfinite(planes).all():
        raise InvalidInput("not_finite", name="picture", received="nan or inf")
    return planes


def _prepare(
    image: np.ndarray, kernel: np.ndarray, bias: np.ndarray | None, stride: int, padding: int, dilation: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, ConvConfig]:
    """(C, H, W), (O, C, kh, kw), (O,) in float64, and the config that says they fit."""
    planes = _planes(image)
    weights = np.asarray(kernel, dtype=np.float64)
    weights = weights.reshape((1,) * (4 - weights.ndim) + weights.shape) if 2 <= weights.ndim <= 4 else weights
    if weights.ndim != 4 or weights.shape[1] != len(planes) or 0 in weights.shape:
        raise InvalidInput(
            "wrong_shape", name="kernel", expected=f"(O, {len(planes)}, kh, kw)", received=np.shape(kernel)
        )
    offsets = np.zeros(len(weights)) if bias is None else np.asarray(bias, dtype=np.float64).reshape(-1)
    if len(offsets) != len(weights):
        raise InvalidInput("wrong_shape", name="bias", expected=f"({len(weights)},)", received=offsets.shape)
    if not (np.isfinite(weights).all() and np.isfinite(offsets).all()):
        raise InvalidInput("not_finite", name="kernel", received="nan or inf")
    (height, width), (kh, kw) = planes.shape[1:], weights.shape[2:]
    config = ConvConfig(height, width, kh, kw, stride, padding, dilation)
    return planes, weights, offsets, config


def _torch_conv2d(planes: np.ndarray, weights: np.ndarray, offsets: np.ndarray, config: ConvConfig) -> np.ndarray:
    import torch

    x, w, b = (torch.from_numpy(np.ascontiguousarray(a)) for a in (planes, weights, offsets))
    out = torch.nn.functional.conv2d(x[None], w, b, config.stride, config.padding, config.dilation)
    return out[0].numpy()
