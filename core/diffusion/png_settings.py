"""The settings of a picture inside its own PNG, and back: whoever has the file can draw it again.

One iTXt chunk, keyword ``taste``, holding JSON. What is read is checked like any other input: a stranger's
file may hold anything. Left out: other programs' formats, which are only named.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from core.errors import InvalidInput, register

register(
    {
        "no_settings": "This picture holds no settings. Choose a PNG that was saved here.",
        "other_settings": "This picture holds the settings of {program}, which are not read here. Type its prompt instead.",
    }
)

KEYWORD = "taste"
LONGEST = 20_000  # characters
OTHERS = {
    "parameters": "AUTOMATIC1111",
    "workflow": "ComfyUI",
    "prompt": "ComfyUI",
    "invokeai_metadata": "InvokeAI",
}  # a PNG's keyword → who writes it


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
            others = [program for keyword, program in OTHERS.items() if keyword in image.info]
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InvalidInput("bad_file", kind="PNG", hint="Choose a PNG that was saved here.") from error
    if not text and others:
        raise InvalidInput("other_settings", program=others[0])
    try:
        settings = json.loads(text) if len(text) <= LONGEST else None
    except ValueError:
        settings = None
    if not isinstance(settings, dict):
        raise InvalidInput("no_settings")
    return settings
