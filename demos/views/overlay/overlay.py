"""A picture and, laid over it, where the evidence lies."""

from __future__ import annotations

import functools
from typing import TypedDict

from demos.views.component import view


class Overlay(TypedDict, total=False):
    png: str  # base64
    heat: str  # base64 of h·w bytes
    w: int
    h: int
    words: dict[str, str]  # strength heat
    alt: str  # the picture as a sentence, for those who do not see it
    caption: str  # the sentence below it; also the alternative where there is no alt


overlay = functools.partial(view, "overlay", ())
