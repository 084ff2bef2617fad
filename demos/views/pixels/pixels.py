"""A picture with a movable patch, and the patch enlarged with the numbers of every pixel.

Events: move {x, y}, look {x, y} (the region does not reach), zoom {by}.
"""

from __future__ import annotations

import functools
from typing import Any, TypedDict

from demos.views.component import view


class Spot(TypedDict):
    x: int
    y: int


class Region(TypedDict):
    left: int
    top: int
    w: int
    h: int
    data: str  # base64 of RGB bytes; the whole picture if it is small


class Words(TypedDict):
    here: str  # with {x} {y} {0} {1} {2}
    picture: str
    patch: str


class Pixels(TypedDict, total=False):
    key: Any  # another key: another picture
    w: int
    h: int
    size: int  # of the patch, in pixels
    at: Spot
    region: Region
    preview: str | None  # base64 of a PNG where the region is not the whole picture
    numbers: list[int]  # channels written in a cell
    words: Words
    alt: str  # the picture as a sentence, for those who do not see it
    caption: str  # the sentence below it; also the alternative where there is no alt


pixels = functools.partial(view, "pixels", ("move", "look", "zoom"))
