"""A voice for sentences where the machine has one: espeak-ng, a program that turns rules into speech. No torch here.

The page's own voice is the browser's; this one makes recordings, which can go back into a lesson. Left out: neural
voices, whose weights no package index carries.
"""

from __future__ import annotations

import shutil
import subprocess

import numpy as np

from core.errors import Unavailable, checking, register
from core.files import sounds

register({"no_voice": "espeak-ng is not installed on this machine. On Debian or Ubuntu: apt-get install espeak-ng"})

LONGEST = 500  # letters said aloud
VOICES = {"ko": "ko", "en": "en-us"}


def speak(text: str, language: str = "ko", *, speed: int = 150, pitch: int = 50, voice: str = "") -> sounds.Sound:
    """A sentence said by espeak-ng, 16 kHz. ``speed`` in words a minute, ``pitch`` 0–99, ``voice`` a variant as "+f2".

    Raises:
        Unavailable: espeak-ng is not installed.
    """
    with checking() as check:
        check.one_of("language", language, tuple(VOICES))
        check.whole("speed", speed, 80, 450)
        check.whole("pitch", pitch, 0, 99)
        if not isinstance(text, str) or not text.strip():
            check.add("empty", name="text", least=1)
        elif len(text) > LONGEST:
            check.add("too_many", name="characters", most=LONGEST, received=len(text))
    if shutil.which("espeak-ng") is None:
        raise Unavailable("no_voice")
    name = VOICES[language] + "".join(ch for ch in voice if ch.isalnum() or ch == "+")
    command = ["espeak-ng", "-v", name, "-s", str(int(speed)), "-p", str(int(pitch)), "--stdin", "--stdout"]
    made = subprocess.run(command, input=text.encode(), capture_output=True, timeout=20, check=True)
    return sounds.read(made.stdout)


def voice_here() -> bool:
    """Whether ``speak`` can."""
    return shutil.which("espeak-ng") is not None


def as_int16(sound: sounds.Sound) -> np.ndarray:
    """(n,) int16, as audio players want it."""
    return (sound.samples * 32767).astype(np.int16)
