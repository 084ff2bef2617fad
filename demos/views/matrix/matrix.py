"""A table of numbers, coloured: confusion matrix, counts, attention, pixels.

Events: pick {row, col}.
"""

from __future__ import annotations

import functools
from typing import Any, Literal, TypedDict

from demos.views.component import view


class Matrix(TypedDict, total=False):
    cells: list[list[float | None]]
    text: list[list[str]]  # written instead of the numbers
    rows: list[Any]  # names
    cols: list[Any]
    corner: str  # above the names of the rows
    low: float  # what is coloured lowest; absent: the smallest cell, or 0
    high: float
    kind: Literal["class", "height", "plain"]  # around 0; from low to high; no colours
    chosen: list[int] | None  # [row, column]
    marks: list[list[int]]  # outlined cells
    alt: str  # the picture as a sentence, for those who do not see it
    caption: str  # the sentence below it; also the alternative where there is no alt


matrix = functools.partial(view, "matrix", ("pick",))
