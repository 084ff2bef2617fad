"""A sentence said aloud by the browser's own voice."""

from __future__ import annotations

import functools
from typing import Any, Literal, TypedDict

from demos.views.component import view


class Voice(TypedDict, total=False):
    say: str
    lang: Literal["ko", "en"]
    auto: bool  # a new key is spoken at once
    key: Any
    words: dict[str, str]  # say stop none ready
    alt: str  # the picture as a sentence, for those who do not see it
    caption: str  # the sentence below it; also the alternative where there is no alt


voice = functools.partial(view, "voice", ())
