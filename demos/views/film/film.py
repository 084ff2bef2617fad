"""Pictures over time, side by side, one slider.

Events: frame {index}: the slider was moved.
"""

from __future__ import annotations

import functools
from typing import Any, Literal, TypedDict

from demos.views.component import view


class Reel(TypedDict, total=False):
    name: str
    text: str
    frames: list[str]  # data URLs


class Film(TypedDict, total=False):
    reels: list[Reel]
    columns: int  # so many side by side at every width; without: as many as fit
    aspect: float  # width by height of a frame; without: 1
    labels: list[str]  # what the time is at each frame
    captions: list[str]  # one per frame
    start: int | Literal["last"]  # the frame to open at
    key: Any  # another key: another film
    play: Any  # played once per value
    smooth: bool
    words: dict[str, str]  # play pause time
    alt: str  # the picture as a sentence, for those who do not see it
    caption: str  # the sentence below it; also the alternative where there is no alt


film = functools.partial(view, "film", ("frame",))
