"""Where the speech lesson gets its sound: the learner's microphone, or a file."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from demos import views
from demos.kit import text

LARGEST = 32_000_000  # letters of base64 of one recording: a minute at 192 kHz is 31 million
STATES = ("play", "wait", "denied", "none", "unit")

# For the event that takes a file: core.files.sounds reads it and says in one sentence what is wrong with it.
RAW: dict[str, Any] = {"preprocess": False}


def microphone(t: text.Text, label: str, most: int, live: bool = False) -> gr.HTML:
    """Event ``record`` with ``recorded`` sound after at most ``most`` seconds; ``live``: ``listen``, again and again."""
    kind = "live" if live else "once"
    own = {name: t(f"mic.{kind}.{name}", most=most) for name in ("start", "stop", "on", "full")}
    value = {
        "most": most,
        "label": label,
        "words": {name: t(f"mic.{name}") for name in STATES} | own,
        "caption": t(f"mic.{kind}.caption", most=most),
    }
    return views.microphone(value, height=0, can=("listen",) if live else ("record",))


def file(label: str) -> gr.File:
    """A recording as a file, untouched on the way. No gr.Audio: a file that no browser plays is told here, by us."""
    return gr.File(label=label, height=110)


def recorded(event: Any) -> Any:
    """The sound (core.files.sounds.Sound) that the microphone sent: a WAV in base64."""
    from core.files import sounds

    return sounds.read(unpacked(event))


def unpacked(event: Any) -> bytes:
    """The file that the microphone sent."""
    from core.errors import InvalidInput

    sent = getattr(event, "wav", None)
    if not isinstance(sent, str) or not sent:
        raise InvalidInput("empty", name="recording", least=1)
    try:
        return base64.b64decode(sent, validate=True) if len(sent) <= LARGEST else b""
    except (binascii.Error, ValueError):  # not base64, or not even ASCII
        return b""  # core.files.sounds says that this is no recording


def opened(sent: Any) -> Any:
    """The sound (core.files.sounds.Sound) of a file, from what the browser sent; only uploads of this server are read."""
    from core.errors import InvalidInput
    from core.files import sounds

    path = sent.get("path") if isinstance(sent, dict) else None
    folder = Path(get_upload_folder()).resolve()
    if not isinstance(path, str) or not Path(path).resolve().is_relative_to(folder):
        raise InvalidInput("empty", name="recording", least=1)
    return sounds.read(path)
