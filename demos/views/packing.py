"""Numbers as text: arrays as base64, and the parts of a view's value as JSON, which nobody on the way has to walk through."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Literal, TypedDict

import orjson


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
    """Any array as base64, to a 30,000th of its largest number: a float32, then int16 in units of it."""
    unit = (abs(values).max(initial=0.0) / 32_767).astype("<f4")
    whole = (values / unit).round() if 0 < unit < float("inf") else values * 0
    return base64.b64encode(unit.tobytes() + whole.clip(-32_767, 32_767).astype("<i2").tobytes()).decode()


def wrapped(value: Any) -> Any:
    """A view's value as it travels: its lists and mappings as JSON, part by part, so that a frame sends the parts that change.

    Gradio compares, copies and searches a value number by number several times on the server and, wrapped in proxies, in the
    browser; a text is one thing. taste/stage.js opens it. What is no mapping stays as it is.

    >>> wrapped({"caption": "two", "points": [1, 2]})
    {'caption': 'two', '=': {'points': '[1,2]'}}
    """
    if not isinstance(value, Mapping):
        return value
    parts = {name: part for name, part in value.items() if isinstance(part, list | tuple | Mapping)}
    rest = {name: part for name, part in value.items() if name not in parts}
    return rest | {"=": {name: orjson.dumps(part).decode() for name, part in parts.items()}} if parts else rest


def opened(value: Any) -> Any:
    """``wrapped``, undone: for a view's value that a browser sends back. What cannot be read is left out."""
    if not isinstance(value, Mapping) or not isinstance(parts := value.get("="), Mapping):
        return value
    rest = {name: part for name, part in value.items() if name != "="}
    for name, part in parts.items():
        try:
            rest[name] = orjson.loads(part)
        except ValueError:  # also of what is no text
            continue
    return rest
