"""What every handler does with what a visitor sent: read it, refuse it in one sentence, pace the answer."""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import Any, TypeVar

import gradio as gr

from core.errors import CoreError, checking
from core.events import Done
from demos.kit import text
from demos.kit.waiting_line import Waiting, resting

PATIENCE = 0.5  # seconds that nobody needs to be told about
Shown = TypeVar("Shown", bound=dict[str, Any])


class Sent:
    """What came with an event of a view. A raw call may leave anything out: that is None, which ``number`` refuses."""

    def __init__(self, event: gr.EventData) -> None:
        self._data = event._data if isinstance(event._data, dict) else {}

    def __getattr__(self, name: str) -> Any:
        return self._data.get(name)


def told(lang: str, error: CoreError) -> gr.Error:
    t = text.load("common", lang)
    return gr.Error(t.error(error), title=t("check_this"), print_exception=False, duration=8)


class Usher:
    """Tells a visitor who waits their place, whenever it changes: "2 ahead of you, about 8 s"."""

    def __init__(self, lang: str) -> None:
        self.lang, self.began, self.said = lang, time.monotonic(), -1

    def __call__(self, event: Waiting) -> None:
        if event.ahead == self.said or time.monotonic() - self.began < PATIENCE:
            return
        self.said, t = event.ahead, text.load("common", self.lang)
        key = "waiting" if event.seconds is None else "waiting_about"
        gr.Info(t(key, ahead=event.ahead, seconds=max(1, round(event.seconds or 0))), title=t("queue"), duration=4)


def handler(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Tell a CoreError as one translated sentence. Anything else is a bug and stays a traceback in the log."""

    def read(arg: Any) -> Any:
        return Sent(arg) if type(arg) is gr.EventData else arg

    if inspect.isgeneratorfunction(fn):

        @functools.wraps(fn)
        def stream(lang: str, *args: Any, **named: Any) -> Iterator[Any]:
            try:
                yield from fn(lang, *map(read, args), **{name: read(arg) for name, arg in named.items()})
            except CoreError as error:
                raise told(lang, error) from error

        return stream

    @functools.wraps(fn)
    def call(lang: str, *args: Any, **named: Any) -> Any:
        try:
            return fn(lang, *map(read, args), **{name: read(arg) for name, arg in named.items()})
        except CoreError as error:
            raise told(lang, error) from error

    return call


def empty_box(lang: str, error: CoreError, words: str = "") -> str:
    """What to say where it stands while somebody types: an empty box is no mistake. Any other error is raised again.

    ``words``: the lesson's own sentence for it.
    """
    if error.code not in ("empty", "empty_prompt", "no_words"):
        raise error
    return words or text.load("common", lang).error(error)


def whole(value: Any) -> Any:
    """A slider's 5.0 as 5; anything else is left for the config to refuse with a sentence."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def number(value: Any, name: str = "value") -> float:
    """A number sent by the browser: finite, or a sentence."""
    with checking() as check:
        check.between(name, value, -1e12, 1e12)
    return float(value)


def quote(words: Any, most: int = 200) -> str:
    """A visitor's words inside Markdown, as they are: no tag, no emphasis, no table cell, no formula."""
    words = str(words).replace("\n", " ")
    words = words if len(words) <= most else words[: most - 1] + "…"
    return "".join(sign if sign.isalnum() or sign == " " or not sign.isascii() else f"&#{ord(sign)};" for sign in words)


def paced(events: Iterator[Any], seconds: float) -> Iterator[Any]:
    """Let a run be watched: at least ``seconds`` between two events. Closing it closes the run."""
    with closing(events):  # type: ignore[type-var]
        for event in events:
            yield event
            if seconds and not isinstance(event, Done):
                with resting():
                    time.sleep(seconds)


def settled(stream: Iterable[Shown]) -> Shown:
    """Run a handler's stream to its end: for each output, the last value it was given."""
    last: Any = None
    for update in stream:
        last = update if last is None else last | update
    return last
