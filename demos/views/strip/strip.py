"""Numbers in memory, one box each: what stands beside what."""

from __future__ import annotations

import functools
from typing import Any, TypedDict

from demos.views.component import view


class Row(TypedDict):
    name: str
    index: list[int]
    value: list[Any]
    channel: list[int]  # 0, 1, 2


class Strip(TypedDict, total=False):
    rows: list[Row]
    names: list[str]  # of the channels
    alt: str  # the picture as a sentence, for those who do not see it
    caption: str  # the sentence below it; also the alternative where there is no alt


strip = functools.partial(view, "strip", ())
