"""Where the picture lessons get their picture: a shipped photo, a file, the webcam, the clipboard, another lesson."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from core.lessons.pixels.choices import MOST_SIDE
from demos import views
from demos.kit import text

WHOLE = 320  # pixels of the longer side up to which a picture is sent to the browser whole
LONGEST_PRESS, LARGEST_PHOTO = 30, 8_000_000  # photos of one press of the camera's button; letters of base64 each
REGION, PREVIEW = 256, 720  # of a larger one: the exact part around the pixel, and a small picture of it all

# For the event that takes the picture: gr.Image would open the file itself, and a bad one would end in a traceback.
# ``opened`` checks that the path is an upload; core.files.images says in one sentence what is wrong with the file.
# Files are decoded one at a time, so no more than two such events hold a thread of the server.
RAW: dict[str, Any] = {"preprocess": False, "concurrency_id": "pictures", "concurrency_limit": 2}


def intake(t: text.Text, height: int = 220) -> gr.Image:
    """File or clipboard; ``camera`` takes photos. Nothing re-encodes the picture on the way."""
    return gr.Image(
        label=t("picture.file"),
        sources=["upload", "clipboard"],
        type="filepath",
        format="png",
        image_mode=None,
        height=height,
        buttons=[],
    )


def camera(t: text.Text, side: int = 1280, many: bool = False, look: bool = False) -> gr.HTML:
    """The webcam: event ``snap`` with ``photographed`` pictures at a press, or ``look`` with one again and again."""
    value = {
        "side": side,
        "most": LONGEST_PRESS if many else 1,
        "words": {name: t(f"camera.{name}") for name in ("on", "off", "take", "wait", "denied", "none")},
        "caption": t("camera.looks" if look else "camera.many" if many else "camera.one"),
    }
    return views.camera(value, height=0, can=("look",) if look else ("snap",))


def snapshot(t: text.Text) -> gr.HTML:
    """The webcam in an accordion of its own, to stand below an ``intake``."""
    with gr.Accordion(t("camera.title"), open=False):
        return camera(t)


def photographed(sent: Any) -> list[Any]:
    """The pictures (core.files.images.Picture) that the camera sent: one base64 PNG, or a list of them."""
    from core.errors import InvalidInput
    from core.files import images

    packed = sent if isinstance(sent, list) else [sent]
    if not packed or not all(isinstance(one, str) and one for one in packed):
        raise InvalidInput("empty", name="picture", least=1)
    if len(packed) > LONGEST_PRESS:
        raise InvalidInput("too_many", name="pictures", most=LONGEST_PRESS, received=len(packed))
    made = []
    for one in packed:
        try:
            data = base64.b64decode(one[: LARGEST_PHOTO + 1], validate=True) if len(one) <= LARGEST_PHOTO else b""
        except (binascii.Error, ValueError):  # not base64, or not even ASCII
            data = b""
        made.append(images.read(data, MOST_SIDE))
    return made


def opened(file: Any, max_side: int | None = None, keep_alpha: bool = False) -> Any:
    """The uploaded picture (core.files.images.Picture), from what the browser sent: {"path": …}."""
    from core.files import images

    return images.read(arrived(file), max_side or MOST_SIDE, keep_alpha)


def arrived(file: Any) -> str:
    """The path of an uploaded file, from what the browser sent: {"path": …}."""
    from core.errors import InvalidInput

    path = file.get("path") if isinstance(file, dict) else None
    if not isinstance(path, str) or not _uploaded(path):
        raise InvalidInput("empty", name="picture", least=1)
    return path


def _uploaded(path: str) -> bool:
    """Only files that came through this server's upload are read: a raw request may name any path."""
    return Path(path).resolve().is_relative_to(Path(get_upload_folder()).resolve())


def shelved(thing: Any) -> Any:
    """The picture another lesson left (any kind that core.files.images reads)."""
    from core.lessons.pixels.looks import taken

    return taken(thing)


def notes(t: text.Text, codes: tuple[str, ...]) -> str:
    """What reading the file changed, a sentence each."""
    return " ".join(t(f"picture.note.{code}") for code in codes)


def png(pixels: Any) -> str:
    """(H, W, 3) uint8 as PNG in base64, for a view."""
    from core.files import images

    return base64.b64encode(images.to_png(pixels)).decode()


def sent(pixels: Any, column: int, row: int, look: Any) -> dict[str, Any]:
    """The parts of a ``pixels`` view that hold numbers: all of a small picture, else the exact part around the pixel.

    ``look`` maps (H, W, 3) to what is shown of it.
    """
    from core.files import images
    from core.vision.pixels import patch

    height, width = pixels.shape[:2]
    small = max(height, width) <= WHOLE
    part = patch(pixels, column, row, WHOLE if small else REGION)
    shown = look(part.values)
    region = {
        "left": part.left,
        "top": part.top,
        "w": shown.shape[1],
        "h": shown.shape[0],
        "data": base64.b64encode(shown.tobytes()).decode(),
    }
    preview = None if small else png(look(images.read(pixels, max_side=PREVIEW).pixels))
    return {"w": width, "h": height, "region": region, "preview": preview}
