"""A kernel to type in, one block per channel.

Events: edit {text}: all blocks as rows of numbers.
"""

from __future__ import annotations

import functools
from typing import TypedDict

from demos.views.component import view


class Block(TypedDict):
    name: str
    text: list[list[str]]  # as it was typed
    value: list[list[float]]


class Kernel(TypedDict, total=False):
    blocks: list[Block]
    label: str  # of a box, with {row} {column}
    alt: str  # the picture as a sentence, for those who do not see it
    caption: str  # the sentence below it; also the alternative where there is no alt


kernel = functools.partial(view, "kernel", ("edit",))
