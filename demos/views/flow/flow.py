"""Attention as a film: each token in turn asks (Q), is compared with the earlier ones (K), and mixes what they hold (V)."""

from __future__ import annotations

import functools
from typing import Any, TypedDict

from demos.views.component import view


class Flow(TypedDict, total=False):
    tokens: list[str]
    map: list[list[float]]  # a row for each token that looks; rows sum to 1
    words: dict[str, str]  # seen asks mix play pause time
    captions: list[str]  # one a token
    labels: list[str]  # what the time is at each frame; a token takes ``frames`` of them
    frames: int
    start: int
    key: Any  # another key: another film
    play: Any  # played once per value
    alt: str  # the picture as a sentence, for those who do not see it


flow = functools.partial(view, "flow", ())
