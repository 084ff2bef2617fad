"""Reading a stranger's picture safely: bytes, a file, a PIL image or an array in, an 8-bit RGB array out.

The size is checked in the header, before a pixel is decoded; only the first frame is read; no format that runs a
program (EPS, PDF) is opened. Every change made on the way is noted, so the page can say what happened to the picture.
Left out: colour profiles (ICC) and raw camera files.
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from core.errors import InvalidInput, Unavailable, register, shown

register(
    {
        "picture_too_large": "The picture has more than {most} pixels. Shrink it first.",
        "file_too_large": "The file has {megabytes} MB; at most {most} MB are read. Shrink the picture first.",
        "no_such_file": "There is no file {received}. Check the path.",
    }
)

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "PPM", "MPO")
MAX_PIXELS = 50_000_000  # a phone's 48-megapixel photo still passes: 150 MB as RGB
MAX_BYTES = 64 * 2**20
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
        picture = _from_pil(_open(source), max_side, keep_alpha)
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
        raise _unreadable() from error


def _from_pil(image: Image.Image, max_side: int | None, keep_alpha: bool) -> Picture:
    if image.width * image.height > MAX_PIXELS:
        raise _too_many_pixels()
    notes = ["sixteen_bit"] if ";16" in str(getattr(image, "tile", "")) and image.mode == "RGB" else []
    try:
        if image.format != "MPO" and getattr(image, "is_animated", False):
            notes.append("first_frame")
        image.seek(0)
        width = image.width
        if max_side is not None:
            image.draft(None, (max_side, max_side))  # a JPEG is decoded at a half, quarter or eighth: much sooner
        image.load()
        upright = ImageOps.exif_transpose(image)
        if image.getexif().get(0x0112, 1) not in (0, 1):
            notes.append("rotated")
        pixels, more = _to_rgb(upright, keep_alpha)
        if image.width < width and max(image.size) <= (max_side or 0):
            more.append("shrunk")  # else _shrink says so
    except _BOMBS + _BROKEN + (MemoryError,) as error:
        raise _unreadable() from error
    return Picture(pixels, (*notes, *more))


def _to_rgb(image: Image.Image, keep_alpha: bool) -> tuple[np.ndarray, list[str]]:
    """(H, W, 3) uint8, and what had to be done. Transparency is laid on white, as a page would show it, or kept."""
    if image.mode.startswith("I") or image.mode == "F":
        picture = _from_array(np.asarray(image), keep_alpha)
        return picture.pixels, list(picture.notes)
    notes = {"L": ["grey"], "LA": ["grey"], "1": ["grey"], "P": ["palette"], "CMYK": ["cmyk"]}.get(image.mode, [])
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        if np.asarray(layer.getchannel("A")).min() < 255:
            if keep_alpha:
                return np.array(layer), notes
            notes = [*notes, "transparent"]
        image = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
    return np.array(image.convert("RGB")), notes


def _from_array(array: np.ndarray, keep_alpha: bool) -> Picture:
    """Any common range as bytes: uint8 as it is, 16-bit / 257, floats in 0..1 times 255, else stretched."""
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4) or 0 in array.shape:
        raise InvalidInput("wrong_shape", name="picture", expected="(H, W) or (H, W, 1, 3 or 4)", received=array.shape)
    if array.shape[0] * array.shape[1] > MAX_PIXELS:
        raise _too_many_pixels()
    values, notes = _to_bytes(array)
    if array.shape[2] == 1:
        return Picture(np.repeat(values, 3, axis=2), (*notes, "grey"))
    if array.shape[2] == 4:
        rgb, more = _to_rgb(Image.fromarray(values), keep_alpha)
        return Picture(rgb, (*notes, *more))
    return Picture(values.copy(), tuple(notes))


def _to_bytes(values: np.ndarray) -> tuple[np.ndarray, list[str]]:
    if values.dtype == np.uint8:
        return values, []
    if values.dtype == bool:
        return values.astype(np.uint8) * 255, []
    wide = values.astype(np.float64)
    if not np.isfinite(wide).all():
        raise InvalidInput("not_finite", name="picture", received="nan or inf")
    low, high = wide.min(), wide.max()
    if np.issubdtype(values.dtype, np.integer):
        if 0 <= low and high <= 255 and values.dtype != np.uint16:
            return values.astype(np.uint8), []
        if 0 <= low and high <= 65535:
            return np.round(wide / 257).astype(np.uint8), ["sixteen_bit"]
    elif 0 <= low and high <= 1:
        return np.round(wide * 255).astype(np.uint8), ["float"]
    span = max(high - low, 1e-12)
    return np.round((wide - low) / span * 255).astype(np.uint8), ["stretched"]


def _shrink(picture: Picture, max_side: int) -> Picture:
    height, width = picture.pixels.shape[:2]
    if max(height, width) <= max_side:
        return picture
    scale = max_side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = Image.fromarray(picture.pixels).resize(size, Image.Resampling.LANCZOS)
    return Picture(np.array(small), (*picture.notes, "shrunk"))


def _too_many_pixels() -> InvalidInput:
    return InvalidInput("picture_too_large", most=f"{MAX_PIXELS:,}")


def _unreadable() -> InvalidInput:
    return InvalidInput("bad_file", kind="a picture", hint="Readable are PNG, JPEG, GIF, WebP, BMP, TIFF and PPM.")


def _file_too_large(size: int) -> InvalidInput:
    return InvalidInput("file_too_large", megabytes=f"{size / 2**20:.0f}", most=MAX_BYTES // 2**20)
