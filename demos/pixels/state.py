"""Where the learner of lesson 13 stands: the picture, the pixel, what is looked at; and all that is set and shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.lessons.pixels import choices
from demos import kit

FORM = kit.Form(
    photo=choices.PHOTO,
    column=choices.COLUMN,
    row=choices.ROW,
    size=choices.SIZE,
    look=choices.LOOK,
    bits=choices.BITS,
    rule=choices.RULE,
    weight_red=choices.WEIGHT_RED,
    weight_green=choices.WEIGHT_GREEN,
    weight_blue=choices.WEIGHT_BLUE,
)
WEIGHTS = ("weight_red", "weight_green", "weight_blue")
SPOT = ("column", "row", "red", "green", "blue", "said", "strip")  # what another pixel changes
TUNED = ("small", "bits_said")  # what bits and weights change
ALL = ("here", "view", *SPOT, *TUNED, "histogram", "table", "wrong", "badge")
SCREEN = kit.Screen(*ALL, *WEIGHTS, "shelf", "photo", "file", "size", "seed")


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


def sight(here: Here, form: kit.Values) -> Sight:
    from core.errors import checking

    with checking() as check:
        check.whole("column", form.column, 0, here.pixels.shape[1] - 1)
        check.whole("row", form.row, 0, here.pixels.shape[0] - 1)
        check.within("size", form.size, choices.SIZE)
    # Whether bits and weights are allowed is for core to say.
    red, green, blue = (kit.number(form[name], "weights") for name in WEIGHTS)
    return Sight(int(form.column), int(form.row), int(form.size), form.look, form.bits, (red, green, blue))


def at(here: Here, form: kit.Values, x: Any, y: Any) -> Sight:
    """Another pixel, the nearest inside the picture: the browser may still show the picture before this one."""
    height, width = here.pixels.shape[:2]
    column, row = int(kit.number(x, "column")), int(kit.number(y, "row"))
    return sight(here, form.changed(column=max(0, min(column, width - 1)), row=max(0, min(row, height - 1))))


def photo(name: str = choices.PHOTO.default) -> Here:
    """A shipped picture. The default: for a script, or a very quick visitor, who has not opened one yet."""
    from core.data import photos

    loaded = photos.load(name)
    return Here(loaded, loaded, name)


def own(picture: Any) -> Here:
    """A picture of one's own (core.files.images.Picture). Its numbers are kept exactly."""
    return Here(picture.pixels, picture.pixels, "own", picture.notes)
