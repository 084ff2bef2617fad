"""Named bars: probabilities, contributions of both signs, norms.

Events: pick {index}.
"""

from __future__ import annotations

import functools
from typing import TypedDict

from demos.views.component import view


class Bar(TypedDict, total=False):
    name: str
    value: float
    text: str  # written instead of the value
    colour: int  # 1…8 of the theme's series; absent: by its sign


class Bars(TypedDict, total=False):
    items: list[Bar]
    low: float  # absent: 0, or the smallest value
    high: float
    log: bool
    chosen: int | None
    alt: str  # the picture as a sentence, for those who do not see it
    caption: str  # the sentence below it; also the alternative where there is no alt


bars = functools.partial(view, "bars", ("pick",))
