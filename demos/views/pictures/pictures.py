"""Pictures side by side, each with a name and a sentence; small ones are enlarged without smoothing."""

from __future__ import annotations

import functools
from typing import TypedDict

from demos.views.component import view


class Picture(TypedDict, total=False):
    name: str
    text: str
    png: str  # base64


class Pictures(TypedDict, total=False):
    items: list[Picture]
    alt: str  # the picture as a sentence, for those who do not see it
    caption: str  # the sentence below it; also the alternative where there is no alt


pictures = functools.partial(view, "pictures", ())
