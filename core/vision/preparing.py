"""From a drawing or a photo to what the network sees, with every stage kept so that it can be shown.

``see_object`` repeats how Fashion-MNIST was made: grey, light on dark, trimmed, the longer side fitted to 28, centred.
``see_photo`` is the way of photo networks: a centred square, shrunk. A drawn outline is filled, for the network learnt
from photographs of clothes, not from line art.
Left out: finding the object in a cluttered photo. Source of the steps: arXiv 1708.07747, section 2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy.ndimage import binary_closing, binary_fill_holes, label

from core.errors import InvalidInput, register
from core.files import images
from core.vision.pixels import greyscale

register(
    {"blank_picture": "There is nothing to see: the picture is one flat colour. Draw something or choose another."}
)

INK = 0.05  # of the picture's contrast: what is lighter belongs to the object (the set's own rule: 5 % of the maximum)
MOST_LOOPS = 6  # the largest parts that lines surround; only among them a handle is looked for
WORKING_SIDE = 224  # larger pictures are shrunk to this before anything else


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the way. ``name``: original, grey, inverted, stretched, filled, trimmed, fitted, square."""

    name: str
    pixels: np.ndarray  # (H, W) or (H, W, 3) uint8


@dataclass(frozen=True, slots=True)
class Sight:
    """All stages; the last one is exactly what the network gets."""

    stages: tuple[Stage, ...]
    notes: tuple[str, ...]  # what reading the file changed: codes of images.NOTES

    @property
    def final(self) -> np.ndarray:  # (size, size) or (size, size, 3) uint8
        return self.stages[-1].pixels


def see_object(source: images.Source, size: int = 28, fill: bool | None = None) -> Sight:
    """A single thing on a plain background, as a Fashion-MNIST picture (size, size), light on black.

    Args:
        source: anything ``images.read`` takes.
        fill: fill what a closed outline surrounds, but for a bag's handle; ``None``: only when the lines cover less than
            they enclose.

    Raises:
        InvalidInput: not a picture, or one flat colour.
    """
    picture = images.read(source, WORKING_SIDE, keep_alpha=True)
    pixels = picture.pixels if picture.pixels.shape[2] == 3 else _on_paper(picture.pixels)
    stages = [Stage("original", pixels)]
    grey = greyscale(pixels)
    stages.append(Stage("grey", grey))
    if int(grey.max()) - int(grey.min()) < 8:
        raise InvalidInput("blank_picture")
    if _darker(grey):
        grey = 255 - grey
        stages.append(Stage("inverted", grey))
    floor = float(np.median(_border(grey)))
    light = (grey - floor) / max(float(grey.max()) - floor, 1.0)  # 0 = background, 1 = brightest
    noise = 3 * float(np.median(np.abs(_border(light))))  # a photo's background is never quite even
    ink = light > min(max(INK, noise), 0.5)
    if not ink.any():
        raise InvalidInput("blank_picture")
    light = light.clip(0, 1)
    stages.append(Stage("stretched", _bytes(light)))
    inside = _enclosed(ink)
    if fill or (fill is None and inside.sum() > ink.sum()):
        inside &= ~_handles(inside, max(1, max(ink.shape) // 28))
        light = np.where(inside, np.median(light[ink]), light)
        ink = ink | inside
        stages.append(Stage("filled", _bytes(light)))
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    trimmed = _bytes(light)[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    stages.append(Stage("trimmed", trimmed))
    stages.append(Stage("fitted", _fit(trimmed, size)))
    return Sight(tuple(stages), picture.notes)


def see_photo(source: images.Source, size: int, grey: bool = False, zoom: float = 1.0) -> Sight:
    """The centred square of a photo, ``zoom`` times enlarged, as (size, size, 3), or (size, size) when ``grey``."""
    picture = images.read(source, max_side=max(WORKING_SIDE, 2 * size))
    stages = [Stage("original", picture.pixels)]
    height, width = picture.pixels.shape[:2]
    side = max(1, round(min(height, width) / zoom))
    top, left = (height - side) // 2, (width - side) // 2
    square = picture.pixels[top : top + side, left : left + side]
    stages.append(Stage("square", square))
    final = np.array(Image.fromarray(square).resize((size, size), Image.Resampling.BILINEAR))  # antialiased
    stages.append(Stage("fitted", final))
    if grey:
        stages.append(Stage("grey", greyscale(final)))
    return Sight(tuple(stages), picture.notes)


def _enclosed(ink: np.ndarray) -> np.ndarray:
    """What the lines surround, small gaps in them closed."""
    gap = max(ink.shape) // 56
    lines = ink | binary_closing(ink, iterations=gap) if gap else ink
    return binary_fill_holes(lines) & ~ink


def _handles(inside: np.ndarray, pen: int) -> np.ndarray:
    """Of what the lines surround: the loops on top of the largest part, as a bag's handle, through which one sees.

    A loop stands above that part, in its middle, on less than its whole upper edge (a bodice stands on all of a skirt's).
    """
    found = np.zeros_like(inside)
    parts, count = label(inside)
    if count < 2:
        return found
    body, *others = np.argsort(-np.bincount(parts.ravel())[1:])[:MOST_LOOPS] + 1
    rows, columns = np.nonzero(parts == body)
    left, right = _ends(parts[rows.min() : rows.min() + pen] == body)
    for other in others:
        part = parts == other
        foot = int(np.flatnonzero(part.any(axis=1))[-1])
        start, stop = _ends(part[foot + 1 - pen : foot + 1])
        off = abs((start + stop) - (columns.min() + columns.max())) / 2
        on_top = foot < rows.min() <= foot + 2 * pen and left < start and stop < right
        if on_top and stop - start < 0.9 * (right - left) and off < 0.15 * np.ptp(columns):
            found |= part
    return found


def _ends(rows: np.ndarray) -> tuple[int, int]:
    """First and last column of what is set."""
    columns = np.flatnonzero(rows.any(axis=0))
    return int(columns[0]), int(columns[-1])


def _on_paper(pixels: np.ndarray) -> np.ndarray:
    """A cut-out (H, W, 4) on white or on black, whichever it stands out from, in a frame of it: (H, W, 3)."""
    pixels = np.pad(pixels, ((1, 1), (1, 1), (0, 0)))  # a cut-out may reach the edge
    share = pixels[..., 3:] / 255
    grey = greyscale(pixels[..., :3].copy())
    paper = 255 if np.average(grey, weights=share[..., 0] + 1e-9) < 127.5 else 0
    return np.round(pixels[..., :3] * share + paper * (1 - share)).astype(np.uint8)


def _darker(grey: np.ndarray) -> bool:
    """Whether the object is darker than what is behind it, which the border shows."""
    border = _border(grey).astype(float)
    floor = np.median(border)
    noise = 3 * np.median(np.abs(border - floor))  # a photo's background is never quite even
    apart = grey - floor
    return bool(-apart[apart < -noise].sum() > apart[apart > noise].sum())


def _border(grey: np.ndarray) -> np.ndarray:
    """The outermost pixels: taken for background."""
    return np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])


def _bytes(light: np.ndarray) -> np.ndarray:
    return np.round(light * 255).astype(np.uint8)


def _fit(trimmed: np.ndarray, size: int) -> np.ndarray:
    """The longer side becomes ``size``, proportions stay, the rest is background on both sides alike."""
    height, width = trimmed.shape
    scale = size / max(height, width)
    h, w = max(1, round(height * scale)), max(1, round(width * scale))
    small = np.array(Image.fromarray(trimmed).resize((w, h), Image.Resampling.BOX if scale < 1 else None))
    canvas = np.zeros((size, size), np.uint8)
    top, left = (size - h + 1) // 2, (size - w + 1) // 2
    canvas[top : top + h, left : left + w] = small
    return canvas
