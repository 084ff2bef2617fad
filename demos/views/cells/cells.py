"""Samples as cells that light up batch by batch."""

from __future__ import annotations

import functools
from typing import TypedDict

from demos.views.component import view


class Names(TypedDict):
    now: str
    seen: str
    todo: str


class Cells(TypedDict, total=False):
    n: int
    batch: list[int]  # lit now
    seen: list[int]  # earlier in this epoch
    columns: int  # absent: as fits the box
    names: Names
    alt: str  # the picture as a sentence, for those who do not see it
    caption: str  # the sentence below it; also the alternative where there is no alt


cells = functools.partial(view, "cells", ())
