"""Reading a stranger's picture safely: bytes, a file, a PIL image or an array in, an 8-bit RGB array out.

The size is checked in the header, before a pixel is decoded; files are decoded one at a time, and what is to be shrunk is
shrunk band by band before it is converted, so that a bomb costs its own pixels once; only the first frame is read; no
format that runs a program (EPS, PDF) is opened. Every change made on the way is noted, so the page can say what happened
to the picture. Left out: colour profiles (ICC), raw camera files, HEIC.
"""

from __future__ import annotations

import io
import math
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from core import runtime
from core.errors import InvalidInput, Unavailable, register, shown

register(
    {
        "picture_too_large": "The picture has more than {most} pixels. Shrink it first.",
        "picture_too_long": "A side of the picture has {received} pixels; at most {most} are read. Cut or shrink it first.",
        "file_too_large": "The file has {megabytes} MB; at most {most} MB are read. Shrink the picture first.",
        "heic_picture": "This is a HEIC picture, as phones take them, or a damaged AVIF. Save it as JPEG or PNG first, "
        "or take a screenshot of it.",
        "no_such_file": "There is no file {received}. Check the path.",
    }
)

FORMATS = (
    "PNG",
    "JPEG",
    "GIF",
    "WEBP",
    "BMP",
    "TIFF",
    "PPM",
    "AVIF",
)  # the last where Pillow has it; JPEG opens MPO, too
HEIC = (b"ftypheic", b"ftypheix", b"ftyphevc", b"ftypmif1", b"ftypmsf1", b"ftypavif")  # bytes 4 to 12 of such a file
MAX_PIXELS = 50_000_000  # a phone's 48-megapixel photo still passes: 150 MB as RGB
MOST_PIXELS = {"WEBP": 24_000_000, "AVIF": 24_000_000}  # where decoding itself needs several times the picture
MAX_SIDE = 30_000
MAX_BYTES = 64 * 2**20
BAND = 2**21  # pixels converted at a time on the way to a smaller picture
NOTES = (
    "first_frame",  # an animation: its first frame
    "rotated",  # turned as the camera's EXIF tag asks
    "sixteen_bit",  # 65,536 levels became 256
    "cmyk",
    "grey",  # one channel became three equal ones
    "palette",
    "transparent",  # laid on white
    "float",  # 0..1 became 0..255
    "stretched",  # an unusual range became 0..255
    "shrunk",
)
Source = str | Path | bytes | Image.Image | np.ndarray

_DECODING = threading.Lock()

# What Pillow raises on damaged or hostile files; there is no common base class.
_BROKEN = (OSError, ValueError, TypeError, SyntaxError, EOFError, KeyError, IndexError, struct.error, zlib.error)
_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)


@dataclass(frozen=True, slots=True)
class Picture:
    """An ordinary picture. ``notes`` are codes the page translates; none: the numbers are those of the file."""

    pixels: np.ndarray  # (H, W, 3) uint8; (H, W, 4) where transparency was to be kept and there is some
    notes: tuple[str, ...] = ()  # of NOTES, in the order things were done


def read(source: Source, max_side: int | None = None, keep_alpha: bool = False) -> Picture:
    """Any picture as 8-bit RGB.

    Args:
        source: encoded bytes, a path, a PIL image, or an array (H, W), (H, W, 1|3|4), uint8, uint16 or 0..1 floats.
        max_side: shrink so that the longer side has at most this many pixels; ``None`` keeps every pixel.
        keep_alpha: leave a transparent picture its fourth channel instead of laying it on white.

    Raises:
        InvalidInput: not a picture, too large, empty, or an array of another shape.
    """
    if isinstance(source, np.ndarray):
        picture = _from_array(source, keep_alpha)
    elif isinstance(source, Image.Image):
        picture = _from_pil(source, None, keep_alpha)
    else:
        picture = _from_file(source, max_side, keep_alpha)
    return picture if max_side is None else _shrink(picture, max_side)


def to_png(pixels: np.ndarray) -> bytes:
    """The pixels as PNG: lossless, so reading it back gives the same numbers."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def _open(source: str | Path | bytes) -> Image.Image:
    if isinstance(source, bytes):
        data = source
    else:
        path = Path(source)
        if not path.is_file():
            raise Unavailable("no_such_file", received=shown(path.name))
        if path.stat().st_size > MAX_BYTES:
            raise _file_too_large(path.stat().st_size)
        data = path.read_bytes()
    if len(data) > MAX_BYTES:
        raise _file_too_large(len(data))
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except _BOMBS as error:
        raise _too_many_pixels() from error
    except _BROKEN as error:
        raise (InvalidInput("heic_picture") if data[4:12] in HEIC else _unreadable()) from error


def _from_file(source: str | Path | bytes, max_side: int | None, keep_alpha: bool) -> Picture:
    """One large file at a time: many at once would need many times the memory and end no sooner. A small one never waits."""
    with _open(source) as image:
        if image.width * image.height <= BAND:
            return _from_pil(image, max_side, keep_alpha)
        with _DECODING:
            picture = _from_pil(image, max_side, keep_alpha)
            image.close()
            runtime.give_back()  # else every thread of a server keeps the room its largest picture took
    return picture


def _from_pil(image: Image.Image, max_side: int | None, keep_alpha: bool) -> Picture:
    _check_size(image.width, image.height, MOST_PIXELS.get(image.format or "", MAX_PIXELS))
    notes = ["sixteen_bit"] if ";16" in str(getattr(image, "tile", "")) and image.mode == "RGB" else []
    try:
        if image.format != "MPO" and getattr(image, "is_animated", False):
            notes.append("first_frame")
        image.seek(0)
        longest = max(image.size)
        if max_side is not None:
            image.draft(None, (max_side, max_side))  # a JPEG is decoded at a half, quarter or eighth: much sooner
        image.load()
        turned = image.getexif().get(0x0112, 1)
        convert, more = _converter(image, keep_alpha)
        pixels = _shrunk(image, max_side, convert)
    except _BOMBS + _BROKEN + (MemoryError,) as error:
        raise _unreadable() from error
    if turned not in (0, 1):
        notes.append("rotated")
        pixels = _turned(pixels, turned)
    if max_side is not None and longest > max_side:
        more.append("shrunk")
    return Picture(pixels, (*notes, *more))


Convert = Callable[[Image.Image], np.ndarray]  # any part of a picture → (H, W, 3 or 4) uint8


def _converter(image: Image.Image, keep_alpha: bool) -> tuple[Convert, list[str]]:
    """What makes parts of this picture bytes, and what it has to do. Transparency is laid on white, or kept."""
    if image.mode.startswith("I") or image.mode == "F":
        parts = [np.asarray(band) for band in _bands(image)]
        low, high = min(part.min() for part in parts), max(part.max() for part in parts)
        levels, notes = _levels(parts[0].dtype, float(low), float(high))
        return (lambda part: np.repeat(levels(np.asarray(part))[..., None], 3, axis=2)), [*notes, "grey"]
    notes = {"L": ["grey"], "LA": ["grey"], "1": ["grey"], "P": ["palette"], "CMYK": ["cmyk"]}.get(image.mode, [])
    if not image.has_transparency_data or _opaque(image):
        return (lambda part: np.asarray(part if part.mode == "RGB" else part.convert("RGB"))), notes
    if keep_alpha:
        return (lambda part: np.asarray(part.convert("RGBA"))), notes
    return _on_white, [*notes, "transparent"]


def _on_white(part: Image.Image) -> np.ndarray:
    layer = part.convert("RGBA")
    return np.asarray(Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB"))


def _opaque(image: Image.Image) -> bool:
    return all(band.convert("RGBA").getchannel("A").getextrema()[0] == 255 for band in _bands(image))


def _bands(image: Image.Image) -> Iterator[Image.Image]:
    rows = max(1, BAND // image.width)
    for top in range(0, image.height, rows):
        yield image.crop((0, top, image.width, min(top + rows, image.height)))


def _shrunk(image: Image.Image, max_side: int | None, convert: Convert) -> np.ndarray:
    """The pixels, shrunk as Pillow's ``resize`` would the whole, but never more than a band of them converted."""
    if max_side is None or max(image.size) <= max_side:
        return convert(image).copy()
    (width, height), (columns, lines) = image.size, _fitted(image.size, max_side)
    scale = height / lines
    reach, rows = math.ceil(3 * scale) + 1, max(4, int(BAND / (width * scale)))  # LANCZOS looks 3 result pixels far
    made = []
    for top in range(0, lines, rows):
        bottom = min(top + rows, lines)
        first, last = max(0, int(top * scale) - reach), min(height, math.ceil(bottom * scale) + reach)
        band = Image.fromarray(convert(image.crop((0, first, width, last))))
        box = (0, top * scale - first, width, min(bottom * scale, height) - first)
        made.append(np.asarray(band.resize((columns, bottom - top), Image.Resampling.LANCZOS, box=box)))
    return np.concatenate(made)


def _fitted(size: tuple[int, int], max_side: int) -> tuple[int, int]:
    scale = max_side / max(size)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _turned(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """As the camera's EXIF tag asks."""
    image = Image.fromarray(pixels)
    image.getexif()[0x0112] = orientation
    return np.array(ImageOps.exif_transpose(image))


def _from_array(array: np.ndarray, keep_alpha: bool) -> Picture:
    """Any common range as bytes: uint8 as it is, 16-bit / 257, floats in 0..1 times 255, else stretched."""
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4) or 0 in array.shape:
        raise InvalidInput("wrong_shape", name="picture", expected="(H, W) or (H, W, 1, 3 or 4)", received=array.shape)
    _check_size(array.shape[1], array.shape[0])
    values, notes = _to_bytes(array)
    if array.shape[2] == 1:
        return Picture(np.repeat(values, 3, axis=2), (*notes, "grey"))
    if array.shape[2] == 4:
        convert, more = _converter(Image.fromarray(values), keep_alpha)
        return Picture(convert(Image.fromarray(values)).copy(), (*notes, *more))
    return Picture(values.copy(), tuple(notes))


def _to_bytes(values: np.ndarray) -> tuple[np.ndarray, list[str]]:
    if values.dtype == np.uint8:
        return values, []
    if values.dtype == bool:
        return values.astype(np.uint8) * 255, []
    levels, notes = _levels(values.dtype, float(values.min()), float(values.max()))
    return levels(values), notes


def _levels(kind: np.dtype, low: float, high: float) -> tuple[Callable[[np.ndarray], np.ndarray], list[str]]:
    """What makes numbers of ``kind`` between ``low`` and ``high`` bytes, and the notes of it."""
    if not np.isfinite([low, high]).all():
        raise InvalidInput("not_finite", name="picture", received="nan or inf")
    if np.issubdtype(kind, np.integer):
        if 0 <= low and high <= 255 and kind != np.uint16:
            return (lambda values: values.astype(np.uint8)), []
        if 0 <= low and high <= 65535:
            return (lambda values: np.round(values.astype(np.float64) / 257).astype(np.uint8)), ["sixteen_bit"]
    elif 0 <= low and high <= 1:
        return (lambda values: np.round(values.astype(np.float64) * 255).astype(np.uint8)), ["float"]
    span = max(high - low, 1e-12)
    return (lambda values: np.round((values.astype(np.float64) - low) / span * 255).astype(np.uint8)), ["stretched"]


def _shrink(picture: Picture, max_side: int) -> Picture:
    height, width = picture.pixels.shape[:2]
    if max(height, width) <= max_side:
        return picture
    small = Image.fromarray(picture.pixels).resize(_fitted((width, height), max_side), Image.Resampling.LANCZOS)
    return Picture(np.array(small), (*picture.notes, "shrunk"))


def _check_size(width: int, height: int, most: int = MAX_PIXELS) -> None:
    if width * height > most:
        raise _too_many_pixels(most)
    if max(width, height) > MAX_SIDE:
        raise InvalidInput("picture_too_long", received=f"{max(width, height):,}", most=f"{MAX_SIDE:,}")


def _too_many_pixels(most: int = MAX_PIXELS) -> InvalidInput:
    return InvalidInput("picture_too_large", most=f"{most:,}")


def _unreadable() -> InvalidInput:
    return InvalidInput(
        "bad_file", kind="a picture", hint="Readable are PNG, JPEG, GIF, WebP, AVIF, BMP, TIFF and PPM."
    )


def _file_too_large(size: int) -> InvalidInput:
    return InvalidInput("file_too_large", megabytes=f"{size / 2**20:.0f}", most=MAX_BYTES // 2**20)
