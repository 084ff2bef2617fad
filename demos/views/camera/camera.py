"""The learner's camera: photos at a press, or a steady look.

Events: snap {photos: [base64 of a PNG]}, look {photo}.
"""

from __future__ import annotations

import functools
from typing import TypedDict

from demos.views.component import view


class Camera(TypedDict, total=False):
    side: int  # longest side of a picture, in pixels
    most: int  # photos of one long press
    words: dict[str, str]  # on off take wait denied none
    caption: str


camera = functools.partial(view, "camera", ("snap", "look"))
