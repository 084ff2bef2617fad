"""The first seconds of a lesson: a few frames, really computed, that the browser plays once by itself (views/taste/prelude.js).

A prelude is a handler whose updates are frames: what some views of the first screen show while something happens. It ends at
what the opening shows or, run ``back``, begins there. Only fields that change are sent, and no sentences: those of the
opening stay, and none is read out twice. The same settings are computed once for everybody.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import gradio as gr
import orjson

MOST_FRAMES = 24  # that are sent: the browser draws on from one to the next
MOST_BYTES = 250_000  # of all frames together; more is not worth three seconds
SECONDS = 4.0  # of computing; what has been shown by then is enough
KEPT = 64  # preludes of different lessons, languages and settings
WORDS = ("caption", "alt")  # fields that stay those of the opening

_kept: dict[tuple[str, str], str] = {}


@dataclass(frozen=True)
class Prelude:
    """Made by ``Desk.prelude``: a stream as Gradio calls it, one value a view."""

    fn: Callable[..., Any]
    inputs: list[Any]
    views: list[Any]
    back: bool = False  # it begins at what the opening shows, and is run back to it

    def known(self, *values: Any) -> str | None:
        """What ``told`` answered to these values before."""
        return _kept.get(self._key(values))

    def told(self, *values: Any) -> str:
        """All frames as the browser takes them, JSON, the views by their places; nothing where there is nothing to play."""
        frames, began, cut = list[dict[str, Any]](), 0.0, False
        names = [str(place) for place in range(len(self.views))]
        try:
            with closing(self.fn(*values)) as updates:
                for update in updates:
                    shown = update if len(names) > 1 else [update]
                    frames.append({name: value for name, value in zip(names, shown, strict=True) if _picture(value)})
                    began = began or time.monotonic()  # what is imported before the first is not counted
                    if cut := time.monotonic() - began > SECONDS:
                        break
        except gr.Error:  # the opening says it
            frames = []
        text = packed(thinned(frames), self.back)
        if cut:  # by a busy moment of the machine
            return text
        while len(_kept) >= KEPT:
            _kept.pop(next(iter(_kept)), None)
        _kept[self._key(values)] = text
        return text

    def _key(self, values: tuple[Any, ...]) -> tuple[str, str]:
        return f"{self.fn.__module__}.{self.fn.__qualname__}", repr(values)


def _picture(value: Any) -> bool:
    return isinstance(value, Mapping) and "__type__" not in value


def thinned(frames: list[Any], most: int = MOST_FRAMES) -> list[Any]:
    """At most so many, evenly, the first and the last among them.

    >>> thinned([0, 1, 2, 3, 4, 5, 6], 3)
    [0, 3, 6]
    """
    if len(frames) <= most:
        return frames
    return [frames[round(k * (len(frames) - 1) / (most - 1))] for k in range(most)]


def packed(frames: list[dict[str, dict[str, Any]]], back: bool = False) -> str:
    """Frames of views by name: of each value the fields that ever change, where they change.

    >>> packed([{"a": {"x": 1, "y": 2}}, {"a": {"x": 1, "y": 3}}])
    '{"back":false,"frames":[{"a":{"y":2}},{"a":{"y":3}}]}'
    """
    moving = {name: _changing([frame[name] for frame in frames if name in frame]) for name in _names(frames)}
    before: dict[str, dict[str, Any]] = {}
    sent = []
    for frame in frames:
        told = {}
        for name, value in frame.items():
            old = before.get(name, {})
            fields = {f: value.get(f) for f in moving[name] if f not in old or old[f] != value.get(f)}
            if fields:
                told[name] = fields
                before[name] = old | fields
        sent.append(told)
    if sum(map(bool, sent)) < 2:
        return ""
    text = orjson.dumps({"back": back, "frames": sent}).decode()
    return text if len(text) <= MOST_BYTES else ""


def _names(frames: Iterable[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for frame in frames for name in frame))


def _changing(values: list[dict[str, Any]]) -> list[str]:
    fields = [field for field in _names(values) if field not in WORDS]
    return [field for field in fields if any(value.get(field) != values[0].get(field) for value in values)]
