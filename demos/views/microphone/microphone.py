"""The learner's microphone: a recording, or a steady ear.

Events: record {wav: base64, 16 bit, one channel, the microphone's own rate}, listen {wav} of the last 1.3 s.
"""

from __future__ import annotations

import functools
from typing import TypedDict

from demos.views.component import view


class Microphone(TypedDict, total=False):
    most: float  # seconds
    label: str
    words: dict[str, str]  # start stop play wait on full unit denied none
    caption: str


microphone = functools.partial(view, "microphone", ("record", "listen"))
