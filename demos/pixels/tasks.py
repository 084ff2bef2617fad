"""Three things to predict in this lesson, and what core computes for each."""

from __future__ import annotations

from typing import Any

from demos import kit
from demos.pixels.shown import CHANNELS


def _answer_numbers() -> tuple[str, dict[str, Any]]:
    from core.data import photos

    picture = photos.load("cat")
    return str(picture.size), {"h": picture.shape[0], "w": picture.shape[1], "numbers": picture.size}


def _answer_blue() -> tuple[str, dict[str, Any]]:
    from core.lessons.pixels.looks import primaries
    from core.vision.pixels import greyscale

    values = greyscale(primaries(), "bt601")[0].tolist()
    return str(values[2]), dict(zip(CHANNELS, values, strict=True))


def _answer_bits() -> tuple[str, dict[str, Any]]:
    from core.data import photos
    from core.lessons.pixels.looks import fewer_bits

    few = fewer_bits(photos.load("rocket"), 1)
    return str(few.possible), {"found": few.found, "possible": few.possible}


TASKS = (
    kit.Task("numbers", ("43520", "130560", "256"), _answer_numbers),
    kit.Task("blue", ("29", "85", "255"), _answer_blue),
    kit.Task("onebit", ("2", "8", "256"), _answer_bits),
)
