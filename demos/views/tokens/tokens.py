"""A text as chips, one per token: its letters, its id, and a share or a contribution as colour.

Events: pick {row, index}.
"""

from __future__ import annotations

import functools
from typing import TypedDict

from demos.views.component import view


class Token(TypedDict, total=False):
    text: str  # as it is; spaces are made visible
    id: int
    p: float  # 0…1 a share, or −1…1 a contribution (low … high)
    title: str  # read on hover
    dim: bool


class Row(TypedDict, total=False):
    name: str
    tokens: list[Token]


class Tokens(TypedDict, total=False):
    tokens: list[Token]
    rows: list[Row]  # instead of tokens: several texts
    chosen: int | list[int] | None  # index, or [row, index]
    alt: str  # the picture as a sentence, for those who do not see it
    caption: str  # the sentence below it; also the alternative where there is no alt


tokens = functools.partial(view, "tokens", ("pick",))
