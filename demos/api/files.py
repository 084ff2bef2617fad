"""Pictures that programs send and get: an upload, a data URL or an example's name in; bytes of a PNG out.

No path of this computer and no address in the network is opened for a caller: only what was uploaded to this server.
"""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Any

from core.data.photos import NAMES
from core.errors import InvalidInput, register, shown
from core.lessons.image_classifier.choices import GARMENTS

register(
    {
        "no_picture": "A picture is needed. Upload a file, send data:image/png;base64,…, or name an example: {choices}.",
        "no_such_picture": "{received} is no picture that was sent here. Upload a file, send data:image/png;base64,…, "
        "or name an example: {choices}.",
        "picture_text_too_long": "The picture is too large to be sent as text. At most {most} letters are read. Make it smaller, "
        "or upload a file.",
    }
)

EXAMPLES = (*GARMENTS, *NAMES)
MOST = 10_000_000  # letters of a data URL: about 7 MB of picture


def source(sent: Any, photos: bool = True) -> Any:
    """What ``core.files.images.read`` takes. ``photos``: an example may be one; else only garments.

    Raises:
        InvalidInput: ``no_such_picture``.
    """
    examples = EXAMPLES if photos else GARMENTS
    if isinstance(sent, str) and sent in examples:
        return _example(sent)
    if isinstance(sent, str) and sent.startswith("data:image/"):
        if len(sent) > MOST:
            raise InvalidInput("picture_text_too_long", most=f"{MOST:,}")
        try:
            return base64.b64decode("".join(sent.partition(",")[2].split()), validate=True)  # programs wrap its lines
        except binascii.Error:
            pass
    if isinstance(sent, dict) and isinstance(sent.get("path"), str) and uploaded(sent["path"]):
        return sent["path"]
    received = (sent.get("path") or sent.get("url")) if isinstance(sent, dict) else sent
    if received in (None, ""):
        raise InvalidInput("no_picture", choices=", ".join(examples))
    raise InvalidInput("no_such_picture", received=shown(received), choices=", ".join(examples))


def uploaded(path: str) -> bool:
    """Whether a file lies where this server keeps what is sent to it."""
    from gradio.utils import get_upload_folder

    return Path(path).resolve().is_relative_to(Path(get_upload_folder()).resolve())


def _example(name: str) -> Any:
    from core.data import photos
    from core.lessons.image_classifier import look

    return photos.path(name) if name in NAMES else look.example(name)[1]
