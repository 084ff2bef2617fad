"""Where the learner stands: the picture, the pixel, and what is looked at."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from demos import kit

SIZES = ("4", "8", "12", "16", "32")


START = (90, 62)  # of the cat: the rim of an eye


@dataclass(frozen=True)
class Here:
    """The learner's picture: as it was brought, and as it is after the edits."""

    pixels: Any  # (H, W, 3) uint8
    original: Any
    source: str  # a photo's name, or "own"
    notes: tuple[str, ...] = ()
    edits: tuple[tuple[int, int, int, int, int], ...] = ()  # column, row, R, G, B


@dataclass(frozen=True)
class Sight:
    """How it is looked at: the controls of the page."""

    column: int
    row: int
    size: int
    look: str
    bits: int
    weights: tuple[float, float, float]


def _sight(here: Here, column: Any, row: Any, size: Any, look: Any, bits: Any, *weights: Any) -> Sight:
    from core.errors import Check

    check = Check()
    check.whole("column", column, 0, here.pixels.shape[1] - 1)
    check.whole("row", row, 0, here.pixels.shape[0] - 1)
    check.one_of("size", size, SIZES)
    check.done()
    return Sight(int(column), int(row), int(size), look, bits, grey_weights(*weights))


def _at(here: Here, spot: Any) -> tuple[int, int]:
    """Where the browser points, inside the picture: it may still show the picture before this one."""
    height, width = here.pixels.shape[:2]
    x, y = int(kit.number(spot.x, "column")), int(kit.number(spot.y, "row"))
    return max(0, min(x, width - 1)), max(0, min(y, height - 1))


def _photo(name: str) -> Here:
    from core.data import photos

    loaded = photos.load(name)
    return Here(loaded, loaded, name)


def begun(fn: Callable[..., Any]) -> Callable[..., Any]:
    """For handlers that need a picture: a script, or a very quick visitor, has not opened one yet."""

    @functools.wraps(fn)
    def call(lang: str, here: Here | None, *args: Any) -> Any:
        return fn(lang, here or _photo("cat"), *args)

    return call


def grey_weights(red: Any, green: Any, blue: Any) -> tuple[float, float, float]:
    """Three grey weights as numbers; whether they are allowed is for core to say."""
    return kit.number(red, "weights"), kit.number(green, "weights"), kit.number(blue, "weights")
