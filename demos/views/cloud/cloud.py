"""Points over time, with a slider, trails and a field of arrows."""

from __future__ import annotations

import functools
from typing import Any, Literal, TypedDict

from demos.views.component import view


class Cloud(TypedDict, total=False):
    reach: float  # the plane runs from −reach to reach
    frames: list[str]  # base64 of uint16: x, y
    labels: list[str]  # what the time is at each frame
    captions: list[str]  # one per frame
    target: str | None  # base64 of uint16
    fields: list[str] | None  # base64 of int8: u, v
    cells: int  # arrows in a row
    fieldReach: float
    start: int | Literal["last"]
    key: Any  # another key: another film
    play: Any  # played once per value
    words: dict[str, str]  # play pause time field trails
    alt: str  # the picture as a sentence, for those who do not see it
    caption: str  # the sentence below it; also the alternative where there is no alt


cloud = functools.partial(view, "cloud", ())
