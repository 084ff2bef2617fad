"""A drawing of the shipped Stable Diffusion, recorded: what lesson 17 shows from the first moment, while the model opens.

Every step of ``heart`` (first example of the lesson, seed 0, default settings) in both languages; made by
recipes/first_drawing.py. The frames are kept as WebP, so they differ from a live run by a few levels of 255.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from core.errors import checking

LANGUAGES = ("ko", "en")
FILE = Path(__file__).with_name("first_drawing.webp")  # rows: latent and prediction of each language, then the noise
SIDE = 64  # pixels of a frame


@dataclass(frozen=True, slots=True)
class FirstDrawing:
    """One run of S steps; frames (S, 64, 64, 3) uint8."""

    now: np.ndarray  # the latent after each step, decoded
    predicted: np.ndarray  # the clean picture predicted in it
    noise: np.ndarray  # (64, 64, 3): what the seed stands for


@functools.cache
def load(language: str = "ko") -> FirstDrawing:
    """The run of one language.

    >>> load("en").predicted.shape
    (20, 64, 64, 3)
    """
    with checking() as check:
        check.one_of("language", language, LANGUAGES)
    with Image.open(FILE) as file:
        sheet = np.asarray(file.convert("RGB"))
    rows = sheet.reshape(-1, SIDE, sheet.shape[1] // SIDE, SIDE, 3).swapaxes(1, 2)  # (rows, S, 64, 64, 3)
    at = 2 * LANGUAGES.index(language)
    return FirstDrawing(rows[at], rows[at + 1], rows[-1, 0])
