"""From a drawing or a photo to what the network sees, with every stage kept so that it can be shown.

``see_object`` repeats how Fashion-MNIST was made: grey, light on dark, trimmed, the longer side fitted to 28, centred.
A drawn outline is filled, for that network learnt from photographs of clothes, not from line art; its inner lines stay
brighter than the cloth. ``see_digit`` repeats
how MNIST was made: 20 pixels long, strokes some 2 pixels wide, the centre of mass in the middle of 28 × 28.
``see_photo`` is the way of photo networks: a centred square, shrunk.
Left out: finding the object in a cluttered photo. Sources of the steps: arXiv 1708.07747, section 2; LeCun et al. 1998.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image
from scipy.ndimage import binary_closing, binary_fill_holes, distance_transform_edt, label, maximum_filter

from core.errors import InvalidInput, register
from core.files import images
from core.vision.pixels import greyscale

register(
    {"blank_picture": "There is nothing to see: the picture is one flat colour. Draw something or choose another."}
)

INK = 0.05  # of the picture's contrast: what is lighter belongs to the object (the set's own rule: 5 % of the maximum)
MOST_LOOPS = 6  # the largest parts that lines surround; only among them a handle is looked for
WORKING_SIDE = 224  # larger pictures are shrunk to this before anything else
DIGIT, STROKE = 20, 2.4  # pixels of a digit's longer side and of its line in MNIST's 28 × 28
SPECK = 0.03  # of the largest piece of ink: smaller ones are dirt
HOLLOW, CLOTH = 0.35, 0.8  # an outline encloses more than this much of its lines' area; it is filled as bright
NOTES = (  # beside those of images.NOTES
    "several",  # more than one thing lies side by side
    "dot",  # hardly longer than its line is wide
    "cut",  # the square holds less than half of the photo
)


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the way. ``name``: original, grey, inverted, stretched, filled, thickened, trimmed, fitted, centred, square."""

    name: str
    pixels: np.ndarray  # (H, W) or (H, W, 3) uint8


@dataclass(frozen=True, slots=True)
class Sight:
    """All stages; the last one is exactly what the network gets."""

    stages: tuple[Stage, ...]
    notes: tuple[str, ...]  # what reading the file changed: codes of images.NOTES; what was seen: of NOTES above

    @property
    def final(self) -> np.ndarray:  # (size, size) or (size, size, 3) uint8
        return self.stages[-1].pixels


def see_object(source: images.Source, size: int = 28, fill: bool | None = None) -> Sight:
    """A single thing on a plain background, as a Fashion-MNIST picture (size, size), light on black.

    Args:
        source: anything ``images.read`` takes.
        fill: fill what a closed outline surrounds, but for a bag's handle; ``None``: only when that is more than a
            third of what the lines cover, as it also is where a thick pen drew something small.

    Raises:
        InvalidInput: not a picture, or one flat colour.
    """
    stages, light, ink, notes = _on_black(source)
    inside = _enclosed(ink)
    if fill or (fill is None and inside.sum() > HOLLOW * ink.sum()):
        inside &= ~_handles(inside, max(1, max(ink.shape) // 28))
        light = np.where(inside, CLOTH * np.median(light[ink]), light)
        ink = ink | inside
        stages.append(Stage("filled", _bytes(light)))
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    trimmed = _bytes(light)[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    stages.append(Stage("trimmed", trimmed))
    stages.append(Stage("fitted", _fit(trimmed, size)))
    return Sight(tuple(stages), notes)


def see_digit(source: images.Source, size: int = 28) -> Sight:
    """One handwritten digit, as an MNIST picture (size, size), light on black. A photo of paper will do.

    Thin lines are thickened, dirt goes. The note "several" says that two digits lie side by side, "dot" that it is none.

    Raises:
        InvalidInput: not a picture, or one flat colour.
    """
    stages, light, ink, notes = _on_black(source)
    parts, count = label(ink, np.ones((3, 3)))
    areas = np.bincount(parts.ravel(), minlength=count + 1)[1:]
    kept = np.flatnonzero(areas >= SPECK * areas.max()) + 1
    ink = np.isin(parts, kept)
    light = np.where(ink, light, 0)
    if _side_by_side(parts, kept):
        notes = (*notes, "several")
    rows, columns = _span(ink.any(axis=1)), _span(ink.any(axis=0))
    longest = max(rows[1] - rows[0], columns[1] - columns[0])
    width = _line_width(ink)
    if longest <= 2.5 * width:
        notes = (*notes, "dot")
    missing = STROKE * longest / (DIGIT * size / 28) - width  # in this picture's pixels
    if missing > 1:
        reach = int(np.ceil(missing / 2))
        ink, light = np.pad(ink, reach), np.pad(light, reach)
        away = distance_transform_edt(~ink)
        light = np.maximum(light, (missing / 2 + 0.5 - away).clip(0, 1) * light.max())
        ink = light > 0
        stages.append(Stage("thickened", _bytes(light)))
        rows, columns = _span(ink.any(axis=1)), _span(ink.any(axis=0))
    trimmed = _bytes(light)[slice(*rows), slice(*columns)]
    stages.append(Stage("trimmed", trimmed))
    small = _shrunk(trimmed, round(DIGIT * size / 28))
    stages.append(Stage("fitted", small))
    stages.append(Stage("centred", _centred(small, size)))
    return Sight(tuple(stages), notes)


def see_photo(source: images.Source, size: int, grey: bool = False, zoom: float = 1.0) -> Sight:
    """The centred square of a photo, ``zoom`` times enlarged, as (size, size, 3), or (size, size) when ``grey``.

    The note "cut" says that the square holds less than half of the photo.
    """
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
    return Sight(
        tuple(stages), (*picture.notes, "cut") if 2 * min(height, width) < max(height, width) else picture.notes
    )


def _on_black(source: images.Source) -> tuple[list[Stage], np.ndarray, np.ndarray, tuple[str, ...]]:
    """What is drawn or photographed on a plain ground: (stages so far, light (H, W) in 0..1, ink (H, W), notes)."""
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
    return stages, light, ink, picture.notes


def _span(filled: Any) -> tuple[int, int]:
    """First place that is set, and the place after the last."""
    places = np.flatnonzero(filled)
    return int(places[0]), int(places[-1]) + 1


def _line_width(ink: np.ndarray) -> float:
    """How wide the lines are, in pixels: twice the typical distance from their middle to their edge."""
    away = distance_transform_edt(np.pad(ink, 1))
    middle = (away == maximum_filter(away, 3)) & (away > 0)
    return float(2 * np.median(away[middle]) - 1)


def _side_by_side(parts: np.ndarray, kept: np.ndarray) -> bool:
    """Whether two pieces lie next to each other as two digits do, and not as the strokes of one.

    Two tall ones with any gap between them, a small one well away, or two of full height that hardly share a column.
    """
    boxes = [[_span((parts == one).any(axis=axis)) for axis in (1, 0)] for one in kept]
    whole = max(rows[1] for rows, _ in boxes) - min(rows[0] for rows, _ in boxes)
    for (rows, columns), (other_rows, other_columns) in itertools.combinations(boxes, 2):
        height = min(np.ptp(rows), np.ptp(other_rows)) / whole
        gap = max(columns[0], other_columns[0]) - min(columns[1], other_columns[1])  # negative: columns they share
        tall = height >= 0.5 and gap >= 0
        away = height >= 0.2 and gap >= 0.15 * whole
        full = height >= 0.7 and -gap < 0.3 * min(np.ptp(columns), np.ptp(other_columns))
        if tall or away or full:
            return True
    return False


def _shrunk(trimmed: np.ndarray, side: int) -> np.ndarray:
    """The longer side becomes ``side``, proportions stay."""
    height, width = trimmed.shape
    scale = side / max(height, width)
    h, w = max(1, round(height * scale)), max(1, round(width * scale))
    return np.array(Image.fromarray(trimmed).resize((w, h), Image.Resampling.BOX if scale < 1 else None))


def _centred(small: np.ndarray, size: int) -> np.ndarray:
    """On a black square, the centre of mass in its middle, as far as the frame allows."""
    weights = small.astype(float) + 1e-9
    canvas = np.zeros((size, size), np.uint8)
    places = []
    for axis, length in enumerate(small.shape):
        mean = (weights.sum(axis=1 - axis) @ np.arange(length)) / weights.sum()
        places.append(min(max(round(size / 2 - mean), 0), size - length))
    canvas[places[0] : places[0] + small.shape[0], places[1] : places[1] + small.shape[1]] = small
    return canvas


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
    small = _shrunk(trimmed, size)
    h, w = small.shape
    canvas = np.zeros((size, size), np.uint8)
    top, left = (size - h + 1) // 2, (size - w + 1) // 2
    canvas[top : top + h, left : left + w] = small
    return canvas
