"""A run played again in the browser: the views of the lesson with ``reel=True``, from the frames that were sent.

A value of the same ``at`` replaces the last frame, a larger one is the next, a smaller one begins a new run. No event.
"""

from __future__ import annotations

import functools
from typing import TypedDict

from demos.views.component import view


class Replay(TypedDict):
    at: float  # what has been done: updates, steps; it rises in a run
    label: str  # the same in words


class ReplayWords(TypedDict):
    """Given once, as ``words=`` of the component."""

    play: str
    pause: str
    time: str
    back: str
    forward: str
    speed: str
    loop: str
    note: str  # how many frames were computed: {n}
    none: str  # before there are two


replay = functools.partial(view, "replay", ())
