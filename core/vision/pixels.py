"""A picture is numbers: exact patches, channels, greyscale, bit depth, histogram, memory layouts and ranges.

Everything here is plain array arithmetic on (H, W, 3) uint8; what a function shows equals ``np.asarray(image)``.
Reading files is images.py. Left out: other colour spaces than RGB and grey.
Source of the weights: ITU-R BT.601-7 and BT.709-6 (luma).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.errors import InvalidInput, checking

CHANNELS = ("red", "green", "blue")
GREY_WEIGHTS: dict[str, tuple[float, float, float]] = {
    "bt601": (0.299, 0.587, 0.114),  # television; what PIL's convert("L") uses
    "bt709": (0.2126, 0.7152, 0.0722),  # HDTV and sRGB
    "average": (1 / 3, 1 / 3, 1 / 3),
}


@dataclass(frozen=True, slots=True)
class Patch:
    """A window of a picture with its exact numbers. It lies inside the picture whole, moved there if need be."""

    values: np.ndarray  # (h, w, 3) uint8, a copy
    left: int  # column of its first pixel
    top: int  # row of its first pixel


@dataclass(frozen=True, slots=True)
class Histogram:
    """How often each of the 256 values occurs, per channel."""

    counts: np.ndarray  # (3, 256) int64; each row sums to H × W
    mean: np.ndarray  # (3,) float64
    distinct: int  # number of different colours


@dataclass(frozen=True, slots=True)
class Layout:
    """One pixel's place in memory, in both orders, with the sizes that explain it."""

    hwc_shape: tuple[int, int, int]
    chw_shape: tuple[int, int, int]
    hwc_offsets: tuple[int, int, int]  # flat index of R, G, B: ((row · W) + column) · 3 + channel
    chw_offsets: tuple[int, int, int]  # flat index of R, G, B: ((channel · H) + row) · W + column
    bytes_uint8: int
    bytes_float32: int


def patch(pixels: np.ndarray, column: int, row: int, size: int = 8) -> Patch:
    """The ``size`` × ``size`` window around a pixel: exactly ``pixels[top:top+size, left:left+size]``."""
    height, width = _size(pixels)
    _inside(pixels, column, row)
    h, w = min(size, height), min(size, width)
    top, left = min(max(row - h // 2, 0), height - h), min(max(column - w // 2, 0), width - w)
    return Patch(pixels[top : top + h, left : left + w].copy(), left, top)


def edit(pixels: np.ndarray, column: int, row: int, rgb: tuple[int, int, int]) -> np.ndarray:
    """A copy with one pixel changed. Values are whole numbers 0–255."""
    _inside(pixels, column, row)
    with checking() as check:
        for name, value in zip(CHANNELS, rgb, strict=True):
            check.whole(name, value, 0, 255)
    changed = pixels.copy()
    changed[row, column] = rgb
    return changed


def channels(pixels: np.ndarray, tinted: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Red, green and blue apart: (H, W) uint8 each, or (H, W, 3) with the other two at 0 when ``tinted``."""
    _size(pixels)
    if not tinted:
        return pixels[..., 0].copy(), pixels[..., 1].copy(), pixels[..., 2].copy()
    red, green, blue = (pixels * mask for mask in np.eye(3, dtype=np.uint8))
    return red, green, blue


def greyscale(pixels: np.ndarray, weights: str | tuple[float, float, float] = "bt601") -> np.ndarray:
    """grey = w_R·R + w_G·G + w_B·B, as (H, W) uint8. ``weights``: a name of GREY_WEIGHTS or three numbers ≥ 0."""
    _size(pixels)
    if isinstance(weights, str):
        with checking() as check:
            check.one_of("weights", weights, GREY_WEIGHTS)
        weights = GREY_WEIGHTS[weights]
    with checking() as check:
        for name, weight in zip(CHANNELS, weights, strict=True):
            check.between(name, weight, 0, 1)
        check.between("sum of the weights", sum(weights), 0, 1 + 1e-6)
    return np.round(pixels @ np.array(weights, dtype=np.float64)).astype(np.uint8)


def bit_depth(pixels: np.ndarray, bits: int) -> np.ndarray:
    """The picture with 2^bits levels per channel: ⌊v / 2^(8−bits)⌋, spread over 0–255 again. 8 bits change nothing."""
    with checking() as check:
        check.whole("bits", bits, 1, 8)
    level = np.arange(256) >> (8 - int(bits))
    spread = np.round(level * (255 / (2**bits - 1))).astype(np.uint8)
    few = np.empty_like(pixels)
    for rows in _bands(len(pixels)):
        few[rows] = spread[pixels[rows]]
    return few


def histogram(pixels: np.ndarray) -> Histogram:
    _size(pixels)
    counts = np.zeros((3, 256), dtype=np.int64)
    for rows in _bands(len(pixels)):
        counts += [np.bincount(pixels[rows, :, c].reshape(-1), minlength=256) for c in range(3)]
    return Histogram(counts, pixels.mean(axis=(0, 1)), distinct(pixels))


def distinct(pixels: np.ndarray) -> int:
    """How many different colours occur, of the 16,777,216 there are."""
    seen = np.zeros(2**24, dtype=bool)
    for rows in _bands(len(pixels)):
        red, green, blue = np.moveaxis(pixels[rows].astype(np.uint32), -1, 0)
        seen[red << 16 | green << 8 | blue] = True
    return int(seen.sum())


def layout(pixels: np.ndarray, column: int, row: int) -> Layout:
    """Where the three numbers of one pixel stand in memory as (H, W, C) and as (C, H, W)."""
    height, width = _size(pixels)
    _inside(pixels, column, row)
    first = (row * width + column) * 3
    plane, place = height * width, row * width + column
    return Layout(
        (height, width, 3),
        (3, height, width),
        (first, first + 1, first + 2),
        (place, plane + place, 2 * plane + place),
        pixels.size,
        4 * pixels.size,
    )


def to_chw(pixels: np.ndarray) -> np.ndarray:
    """(H, W, C) → (C, H, W), contiguous: the order PyTorch wants."""
    return np.ascontiguousarray(np.moveaxis(pixels, -1, 0))


def to_hwc(planes: np.ndarray) -> np.ndarray:
    """(C, H, W) → (H, W, C), contiguous: the order of files and screens."""
    return np.ascontiguousarray(np.moveaxis(planes, 0, -1))


def to_unit(pixels: np.ndarray) -> np.ndarray:
    """0–255 uint8 → 0–1 float32."""
    return pixels.astype(np.float32) / 255


def to_bytes(values: np.ndarray) -> np.ndarray:
    """0–1 floats → 0–255 uint8, rounded; the inverse of ``to_unit`` for every byte. Values outside are refused."""
    if values.size and (not np.isfinite(values).all() or values.min() < 0 or values.max() > 1):
        raise InvalidInput("out_of_range", name="values", low=0, high=1, received=f"{values.min():g}…{values.max():g}")
    return np.round(values * 255).astype(np.uint8)


def _bands(height: int, rows: int = 64) -> Iterator[slice]:
    """Some rows at a time: numpy counts and looks up in eight bytes a number, which of a large photo are hundreds of MB."""
    return (slice(start, start + rows) for start in range(0, height, rows))


def _size(pixels: np.ndarray) -> tuple[int, int]:
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8 or 0 in pixels.shape:
        received = f"{pixels.shape} {pixels.dtype}"
        raise InvalidInput("wrong_shape", name="pixels", expected="(H, W, 3) uint8", received=received)
    return pixels.shape[0], pixels.shape[1]


def _inside(pixels: np.ndarray, column: int, row: int) -> None:
    height, width = _size(pixels)
    with checking() as check:
        check.whole("column", column, 0, width - 1)
        check.whole("row", row, 0, height - 1)
