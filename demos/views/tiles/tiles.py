"""Small planes side by side, one per net: a square each, its name and its numbers below."""

from __future__ import annotations

import functools
from typing import TypedDict

from demos.views.component import view
from demos.views.packing import Grid


class Tile(TypedDict, total=False):
    name: str
    text: str
    note: str
    field: Grid
    colour: int  # 1…8 of the theme's series


class Names(TypedDict):
    low: str
    high: str


class Tiles(TypedDict, total=False):
    items: list[Tile]
    points: list[list[float]]  # [x, y, v]: below 0 a square, else a disc
    x: list[float]  # lowest and highest
    y: list[float]
    names: Names
    alt: str  # the picture as a sentence, for those who do not see it
    caption: str  # the sentence below it; also the alternative where there is no alt


tiles = functools.partial(view, "tiles", ())
