"""Functions with their slopes, and a point that slides along the first of them.

Events: move {z}.
"""

from __future__ import annotations

import functools
from typing import TypedDict

from demos.views.component import view


class Curve(TypedDict):
    name: str
    colour: int  # 1…8 of the theme's series
    f: list[float]  # evenly spaced over x
    slope: list[float]


class Slope(TypedDict):
    z: float
    value: float
    slope: float


class Zone(TypedDict):
    low: float
    high: float
    name: str


class Words(TypedDict):
    f: str
    slope: str
    tangent: str


class Tangent(TypedDict, total=False):
    x: list[float]  # lowest and highest
    xlabel: str
    curves: list[Curve]
    at: Slope
    zones: list[Zone]
    words: Words
    alt: str  # the picture as a sentence, for those who do not see it
    caption: str  # the sentence below it; also the alternative where there is no alt


tangent = functools.partial(view, "tangent", ("move",))
