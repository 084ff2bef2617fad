"""A pad to draw strokes on.

Events: draw {strokes}.
"""

from __future__ import annotations

import functools
from typing import TypedDict

from demos.views.component import view


class Pad(TypedDict, total=False):
    strokes: str  # JSON: one list x, y, x, y … per stroke, hundredths of −1…1, y upwards
    points: str | None  # base64 of uint16: what stands there while nothing is drawn
    reach: float
    words: dict[str, str]  # undo clear keys
    alt: str  # the picture as a sentence, for those who do not see it
    caption: str  # the sentence below it; also the alternative where there is no alt


pad = functools.partial(view, "pad", ("draw",))
