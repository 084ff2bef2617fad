"""A net: units as thumbnails of what they compute, links as thick as their weights.

Events: unit {layer, unit}, weight {layer, from, to, value}, edit {layer, from (−1: the bias), to, value},
shape {what ("layers", "units", "activation"), layer (hidden ones from 1), by (−1 or 1), name (of the activation)}.
"""

from __future__ import annotations

import functools
from typing import TypedDict

from demos.views.component import view
from demos.views.packing import Grid


class Unit(TypedDict, total=False):
    name: str
    label: str  # a number on its thumbnail
    thumb: Grid  # that stays as it is
    text: str  # read on hover where there is no formula


class Layer(TypedDict, total=False):
    title: str
    f: str  # name of the activation: its units are read as formulas
    units: list[Unit]


class Chosen(TypedDict):
    layer: int
    unit: int


class Words(TypedDict, total=False):
    """Of the field that a number is typed into."""

    weight: str
    bias: str
    set: str


class Shape(TypedDict):
    """Once, as ``shape=`` of the component: what may be changed on the picture."""

    layers: list[int]  # least, most
    units: list[int]  # least, most
    f: list[list[str]]  # name, words
    words: dict[str, str]  # group layers deeper shallower more fewer activation


class Network(TypedDict, total=False):
    layers: list[Layer]
    thumbs: list[list[Grid]]  # those that change, of [layer][unit]
    weights: list[list[list[float]]]  # of the link [layer][from][to]
    biases: list[list[float]]  # of [layer][unit], the inputs left out
    chosen: Chosen | None
    at: int  # the layer that is being computed
    words: Words
    alt: str  # the picture as a sentence, for those who do not see it
    caption: str  # the sentence below it; also the alternative where there is no alt


network = functools.partial(view, "network", ("unit", "weight", "edit", "shape"))
