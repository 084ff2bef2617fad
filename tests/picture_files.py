"""Pictures as strangers bring them, each with what reading it must give: for the tests of the picture lessons."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

NOISE = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)


def _png(width: int, height: int, data: bytes) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def _huge(side: int) -> bytes:
    """A real, whole grey PNG of side × side zeros, in some kilobytes: a decompression bomb."""
    pack = zlib.compressobj(9)
    line = bytes(side + 1)
    data = b"".join(pack.compress(line) for _ in range(side)) + pack.flush()
    return _png(side, side, data)


def _encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def refused(folder: Path) -> dict[str, tuple[Path, str]]:
    """name → (file, error code)."""
    files = {
        "text": ("fake.png", b"I am no picture", "bad_file"),
        "empty": ("empty.png", b"", "bad_file"),
        "cut": ("cut.jpg", _encoded(Image.fromarray(NOISE), "JPEG")[:300], "bad_file"),
        "20000": ("huge.png", _huge(20_000), "picture_too_large"),
        "bomb": ("bomb.png", _png(100_000, 100_000, zlib.compress(bytes(99))), "picture_too_large"),
    }
    return {name: (_written(folder / file, data), code) for name, (file, data, code) in files.items()}


def accepted(folder: Path) -> dict[str, tuple[Path, tuple[str, ...], tuple[int, int]]]:
    """name → (file, notes, (height, width))."""
    photo = Image.fromarray(NOISE)
    exif = Image.Exif()
    exif[0x0112] = 6
    wide = (np.arange(600, dtype=np.uint16) * 100).reshape(20, 30)
    clear = np.dstack([NOISE, np.full((20, 30), 100, np.uint8)])
    frames = [Image.new("RGB", (30, 20), colour) for colour in ("red", "blue")]
    files = {
        "cmyk": ("c.tiff", _encoded(photo.convert("CMYK"), "TIFF"), ("cmyk",), (20, 30)),
        "sixteen": ("s.png", _encoded(Image.fromarray(wide)), ("sixteen_bit", "grey"), (20, 30)),
        "rgba": ("a.png", _encoded(Image.fromarray(clear)), ("transparent",), (20, 30)),
        "exif": ("e.png", _encoded(photo, exif=exif), ("rotated",), (30, 20)),
        "gif": (
            "g.gif",
            _encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]),
            ("first_frame", "palette"),
            (20, 30),
        ),
        "one": ("1.png", _encoded(Image.new("RGB", (1, 1), (1, 2, 3))), (), (1, 1)),
    }
    return {name: (_written(folder / file, data), notes, size) for name, (file, data, notes, size) in files.items()}


def _written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path
