"""A plane with data on it: field, contours, points, paths, a draggable line, a movable mark.

Events: place {x, y, other (with Shift)}, erase {index}, line {w, b}, mark {x, y}.
"""

from __future__ import annotations

import functools
from typing import Any, Literal, TypedDict

from demos.views.component import view
from demos.views.packing import Grid


class Slope(TypedDict):
    w: float
    b: float


class Spot(TypedDict):
    x: float
    y: float


class Line(TypedDict, total=False):
    name: str  # in the legend
    xy: list[list[float]]  # a path; or w and b: a line right across
    w: float
    b: float
    colour: int  # 1…8 of the theme's series
    width: float
    dash: bool
    dots: bool  # a dot at every place of the path
    arrow: bool  # at its end
    end: bool  # a ring at its end


class Names(TypedDict, total=False):
    """What the legend calls the two classes, and ringed points."""

    low: str
    high: str
    ring: str


class Warp(TypedDict):
    lines: str  # packing.floats: x, y of all lines, one after another
    each: int  # points of a line
    cloud: str  # packing.floats: x, y of the points


class Plane(TypedDict, total=False):
    x: list[float]  # lowest and highest; absent, together with y: around the points
    y: list[float]
    xlabel: str
    ylabel: str
    equal: bool  # both axes to one scale
    bare: bool  # no numbers at the axes
    field: Grid  # drawn below everything
    contours: list[list[list[float]]]  # each a path [[x, y], …]
    points: list[list[Any]]  # [x, y, v, ring, name]: v −1…1 is low or high, absent the accent; ring 1 rings it
    lines: list[Line]
    line: Slope | None  # the one that can be dragged
    squares: bool  # the squared error of every point to that line
    mark: Spot | None  # the one that can be moved
    names: Names
    warp: Warp  # instead of points: a bent grid with its points
    values: list[float]  # of the bent grid's points, −1…1
    kinds: bool  # v is 1, 2, …: a colour of its own for each kind of point
    shades: bool  # v in all shades between low and high
    outline: bool  # points with a soft edge
    radius: float  # of a point, in pixels
    mode: Literal["place", "erase"]  # what a click does; absent: erase a point, place elsewhere
    alt: str  # the picture as a sentence, for those who do not see it
    caption: str  # the sentence below it; also the alternative where there is no alt


plane = functools.partial(view, "plane", ("place", "erase", "line", "mark"))
