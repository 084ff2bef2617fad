"""What the layers of an image network give: rows of small maps, one colour scale per layer.

Events: pick {index}: a layer was chosen.
"""

from __future__ import annotations

import functools
from typing import Any, Literal, TypedDict

from demos.views.component import view


class Group(TypedDict, total=False):
    name: str
    text: str
    tiles: list[str]  # base64 of h·w bytes, 128 is 0
    ids: list[Any]  # what the tiles are called
    w: int
    h: int
    reach: float  # the number behind 255


class Maps(TypedDict, total=False):
    groups: list[Group]
    size: int  # of a tile, in CSS pixels
    chosen: int | None
    words: dict[str, str]  # map at open; play pause time
    frames: list[list[str]]  # tiles of the only group over time
    labels: list[str]  # what the time is at each frame
    start: int | Literal["last"]
    key: Any  # another key: another film
    play: Any  # played once per value
    alt: str  # the picture as a sentence, for those who do not see it
    caption: str  # the sentence below it; also the alternative where there is no alt


maps = functools.partial(view, "maps", ("pick",))
