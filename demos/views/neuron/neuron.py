"""The analogy, drawn: a neuron of the brain, and the artificial one with its numbers of this moment."""

from __future__ import annotations

import functools
from typing import TypedDict

from demos.views.component import view


class Words(TypedDict):
    dendrite: str
    synapse: str
    body: str
    axon: str
    input: str
    weight: str
    bias: str
    output: str


class Neuron(TypedDict, total=False):
    x: float
    w: float
    b: float
    y: float
    words: Words
    alt: str  # the picture as a sentence, for those who do not see it
    caption: str  # the sentence below it; also the alternative where there is no alt


neuron = functools.partial(view, "neuron", ())
