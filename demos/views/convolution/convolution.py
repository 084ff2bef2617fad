"""Input × kernel = output, all linked: point at a pixel and see the products that make it."""

from __future__ import annotations

import functools
from typing import Any, TypedDict

from demos.views.component import view


class Input(TypedDict, total=False):
    c: int
    h: int
    w: int
    data: str  # base64 of bytes
    real: bool  # of float64 instead: what a layer of a network gets, any number of channels


class Output(TypedDict):
    o: int  # channels
    h: int
    w: int
    data: str  # base64 of float64


class Pool(TypedDict):
    h: int
    w: int
    size: int
    data: str  # base64 of float64
    rows: str  # base64 of int16: where the winner stands
    cols: str


class Convolution(TypedDict, total=False):
    key: Any  # another key: the middle is looked at
    play: bool  # the kernel slides by itself, once (unless less motion is wished)
    input: Input
    kernel: list[list[list[float]]]  # [channel][row][column]
    bias: float
    stride: int
    padding: int
    dilation: int
    apart: bool  # every channel by itself
    out: Output
    pool: Pool
    names: list[str]  # of the channels
    words: dict[str, str]  # input output relu pool patch kernel products total pad pooled drop rest
    alt: str  # the picture as a sentence, for those who do not see it
    caption: str  # the sentence below it; also the alternative where there is no alt


convolution = functools.partial(view, "convolution", ())
