"""What lesson 13 shows of a picture: how it looks through a channel or fewer bits, its bytes in memory, a lively spot.

Kept apart from pixels.py, which holds the arithmetic. Left out: anything that needs more than one pixel at a time,
except the search for a lively spot.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from core.errors import InvalidInput, checking, register
from core.files import images
from core.lessons.pixels import choices
from core.vision import pixels

register({"no_shelf_picture": "There is no picture from another lesson yet. Open or draw one there first."})


@dataclass(frozen=True, slots=True)
class GreySum:
    """How one pixel becomes grey: value = round(Σ weight · channel)."""

    products: tuple[float, float, float]
    exact: float
    value: int  # 0..255


@dataclass(frozen=True, slots=True)
class Memory:
    """Neighbours in memory: which number of which pixel stands where."""

    index: tuple[int, ...]  # flat indices
    channel: tuple[int, ...]  # 0 R, 1 G, 2 B
    value: tuple[int, ...]  # 0..255


@dataclass(frozen=True, slots=True)
class Bits:
    """What a bit depth leaves of a picture."""

    levels: int  # 2^bits per channel
    possible: int  # levels³ colours
    found: int  # different colours that really occur
    bytes: int  # H · W · 3 · bits / 8, without compression
    error: float  # mean |new − old| per number


def look(
    picture: np.ndarray, name: str = "rgb", bits: int = 8, weights: str | tuple[float, float, float] = "bt601"
) -> np.ndarray:
    """(H, W, 3) uint8 as seen through ``name``: one channel with the others at 0, grey three times, or fewer bits."""
    with checking() as check:
        check.within("look", name, choices.LOOK)
    if name in pixels.CHANNELS:
        return pixels.channels(picture, tinted=True)[pixels.CHANNELS.index(name)]
    if name == "grey":
        return np.repeat(pixels.greyscale(picture, weights)[..., None], 3, axis=2)
    return pixels.bit_depth(picture, bits) if name == "bits" else picture


def grey_sum(rgb: np.ndarray, weights: tuple[float, float, float]) -> GreySum:
    """The weighted sum of one pixel, term by term; ``value`` is what ``pixels.greyscale`` gives."""
    value = int(pixels.greyscale(rgb.reshape(1, 1, 3), weights)[0, 0])
    red, green, blue = (float(w) * int(v) for w, v in zip(weights, rgb, strict=True))
    return GreySum((red, green, blue), red + green + blue, value)


def fewer_bits(picture: np.ndarray, bits: int) -> Bits:
    """The price and the gain of ``bits`` per channel, counted on this picture."""
    few = pixels.bit_depth(picture, bits)
    error = float((np.maximum(few, picture) - np.minimum(few, picture)).mean())
    return Bits(2**bits, 2 ** (3 * bits), pixels.distinct(few), -(-picture.size * bits // 8), error)


def memory(picture: np.ndarray, column: int, row: int, planar: bool = False, count: int = 9) -> Memory:
    """``count`` numbers in memory from a pixel's red on, in (H, W, C) order, or in (C, H, W) when ``planar``."""
    place = pixels.layout(picture, column, row)
    flat = (pixels.to_chw(picture) if planar else picture).reshape(-1)
    first = (place.chw_offsets if planar else place.hwc_offsets)[0]
    index = range(first, min(first + count, flat.size))
    plane = picture.shape[0] * picture.shape[1]
    channel = tuple(i // plane if planar else i % 3 for i in index)
    return Memory(tuple(index), channel, tuple(int(flat[i]) for i in index))


def misread(picture: np.ndarray) -> np.ndarray:
    """The classic mistake: ``reshape(3, H, W)`` instead of transposing; shown again as (H, W, 3), it is scrambled."""
    height, width = picture.shape[:2]
    return pixels.to_hwc(picture.reshape(3, height, width))


def lively(picture: np.ndarray, size: int = 8, seed: int = 0, tries: int = 24) -> tuple[int, int]:
    """(column, row) in the middle of the patch with the largest spread of numbers among ``tries`` random ones."""
    with checking() as check:
        check.whole("seed", seed, 0, 2**31 - 1)
        check.whole("size", size, 1, 64)
    height, width = picture.shape[:2]
    rng = np.random.default_rng(seed)
    spots = zip(rng.integers(0, width, tries).tolist(), rng.integers(0, height, tries).tolist(), strict=True)

    def spread(spot: tuple[int, int]) -> float:
        return float(pixels.patch(picture, spot[0], spot[1], size).values.std(axis=(0, 1)).sum())

    return max(spots, key=spread)


def taken(thing: images.Source | None) -> images.Picture:
    """The picture that another lesson left; ``None``: there is none yet."""
    if thing is None:
        raise InvalidInput("no_shelf_picture")
    return images.read(thing, max_side=choices.MOST_SIDE)


def primaries() -> np.ndarray:
    """Three pixels in a row: pure red, pure green, pure blue; (1, 3, 3) uint8."""
    return 255 * np.eye(3, dtype=np.uint8)[None]


def fingerprint(picture: np.ndarray) -> str:
    """Tells one picture from another: its shape and a checksum of its bytes."""
    return f"{picture.shape} {zlib.crc32(picture.tobytes()):08x}"
