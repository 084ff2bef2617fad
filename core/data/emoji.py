"""1,410 emoji as pictures with their names in Korean and English: what the small CLIP has seen, to search in.

One sheet, losslessly compressed, and a list of names; nothing is fetched.
Pictures: Microsoft Fluent emoji, 3-D style (MIT). Names: emojibase-data (MIT). Making and licences: core/data/emoji.md.
Left out: flags, signs, keycaps, skin tones, the longer lists of tags.
"""

from __future__ import annotations

import functools
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.errors import checking

FILE = Path(__file__).with_name("emoji.npz")
SIDE, ACROSS = 64, 38  # pixels of a picture, pictures in a row of the sheet
LANGUAGES = ("ko", "en")


@dataclass(frozen=True, slots=True)
class Emoji:
    """All tuples have one entry per picture."""

    pictures: np.ndarray  # (N, 64, 64, 3) uint8 on white, read-only
    signs: tuple[str, ...]  # the emoji as text
    ko: tuple[str, ...]
    en: tuple[str, ...]

    def names(self, lang: str) -> tuple[str, ...]:
        """The names in "ko" or "en"."""
        with checking() as check:
            check.one_of("language", lang, LANGUAGES)
        return self.ko if lang == "ko" else self.en

    def find(self, name: str) -> int:
        """Row of the emoji of this name (either language) or sign.

        >>> emoji = load(); emoji.en[emoji.find("빨간 사과")]
        'red apple'
        """
        for listed in (self.en, self.ko, self.signs):
            if name in listed:
                return listed.index(name)
        with checking() as check:
            check.one_of("emoji", name, self.en)
        raise AssertionError(name)  # one_of has refused it


@functools.cache
def load() -> Emoji:
    """Everything, decoded once (a quarter of a second)."""
    with np.load(FILE, allow_pickle=False) as packed:
        sheet, words = packed["sheet"].tobytes(), json.loads(packed["words"].tobytes().decode("utf-8"))
    pixels = np.asarray(Image.open(io.BytesIO(sheet), formats=["WEBP"]).convert("RGB"))
    down = pixels.shape[0] // SIDE
    tiles = pixels.reshape(down, SIDE, ACROSS, SIDE, 3).swapaxes(1, 2).reshape(-1, SIDE, SIDE, 3)
    pictures = np.ascontiguousarray(tiles[: len(words)])
    pictures.flags.writeable = False
    signs, ko, en = zip(*words, strict=True)
    return Emoji(pictures, tuple(signs), tuple(ko), tuple(en))


def pack(pictures: np.ndarray, captions: list[dict[str, Any]], path: Path = FILE) -> None:
    """Write the shipped file from what recipes/emoji_data.py made: how ``emoji.npz`` came about."""
    down = -(-len(pictures) // ACROSS)
    sheet = np.full((down * ACROSS, SIDE, SIDE, 3), 255, np.uint8)
    sheet[: len(pictures)] = pictures
    pixels = sheet.reshape(down, ACROSS, SIDE, SIDE, 3).swapaxes(1, 2).reshape(down * SIDE, ACROSS * SIDE, 3)
    coded = io.BytesIO()
    Image.fromarray(pixels).save(coded, "WEBP", lossless=True, method=4)
    words = [[row["emoji"], row["ko"]["label"], row["en"]["label"]] for row in captions]
    text = json.dumps(words, ensure_ascii=False).encode("utf-8")
    np.savez(path, sheet=np.frombuffer(coded.getvalue(), np.uint8), words=np.frombuffer(text, np.uint8))
