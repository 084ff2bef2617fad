"""The settings of a picture inside its own PNG, and back: whoever has the file can draw it again.

One iTXt chunk, keyword ``taste``, holding JSON. What is read is checked like any other input: a stranger's
file may hold anything. Left out: other programs' formats.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from core.errors import InvalidInput, register

register({"no_settings": "This picture holds no settings. Choose a PNG that was saved here."})

KEYWORD = "taste"
LONGEST = 20_000  # characters


def write(image: Image.Image, settings: dict[str, Any]) -> bytes:
    """The picture as PNG bytes with its settings inside."""
    info = PngInfo()
    info.add_itxt(KEYWORD, json.dumps(settings, ensure_ascii=False, sort_keys=True))
    file = io.BytesIO()
    image.save(file, "PNG", pnginfo=info)
    return file.getvalue()


def read(source: bytes | str | Path) -> dict[str, Any]:
    """The settings in a PNG. Raises InvalidInput when it is no PNG or holds none."""
    data = source if isinstance(source, bytes) else Path(source).read_bytes()
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
            image.load()
            text = image.info.get(KEYWORD, "")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InvalidInput("bad_file", kind="PNG", hint="Choose a PNG that was saved here.") from error
    try:
        settings = json.loads(text) if len(text) <= LONGEST else None
    except ValueError:
        settings = None
    if not isinstance(settings, dict):
        raise InvalidInput("no_settings")
    return settings
