"""Lines over a number: losses, activation functions, races.

Events: cursor {x}: the learner moved it.
"""

from __future__ import annotations

import functools
from typing import TypedDict

from demos.views.component import view


class Series(TypedDict, total=False):
    name: str
    y: list[float | None]
    x: list[float]
    colour: int  # 1…8 of the theme's series; absent: by its place
    width: float
    dash: bool
    dots: bool  # a dot at every value
    only: bool  # dots without a line


class Curve(TypedDict, total=False):
    series: list[Series]
    x0: float  # x of the first value where a series has no x of its own; 1 where absent
    xlabel: str
    ylabel: str
    logx: bool
    logy: bool
    xlim: list[float]
    ylim: list[float]
    cursor: float | None  # x of the line that reads the values
    alt: str  # the picture as a sentence, for those who do not see it
    caption: str  # the sentence below it; also the alternative where there is no alt


curve = functools.partial(view, "curve", ("cursor",))
