"""Arrays as text: many numbers that all change with every picture."""

from __future__ import annotations

import base64
from typing import Any, Literal, TypedDict


class Grid(TypedDict, total=False):
    """A uint8 array (h, w), row 0 on top, as colours: the ``field`` of a plane, the thumbnail of a unit."""

    data: str  # base64 of h·w bytes
    w: int
    h: int
    kind: Literal["class", "split", "height", "grey"]  # low → paper → high; only low or high; cividis; grey
    smooth: bool


def packed(values: Any, kind: Literal["class", "split", "height", "grey"] = "class", smooth: bool = True) -> Grid:
    height, width = values.shape
    data = base64.b64encode(values.tobytes()).decode()
    return {"data": data, "w": width, "h": height, "kind": kind, "smooth": smooth}


def floats(values: Any) -> str:
    """Any array as base64 of float32."""
    return base64.b64encode(values.astype("<f4").tobytes()).decode()
