"""Pieces of a text, each with a number below."""

from __future__ import annotations

import functools
from typing import TypedDict

from demos.views.component import view


class Chip(TypedDict, total=False):
    text: str
    sub: str
    group: int | None  # one colour per group
    off: bool  # struck out: beyond the limit
    title: str


class Chips(TypedDict, total=False):
    items: list[Chip]
    alt: str  # the picture as a sentence, for those who do not see it
    caption: str  # the sentence below it; also the alternative where there is no alt


chips = functools.partial(view, "chips", ())
