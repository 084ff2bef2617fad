"""A waiting line for what the machine can do for one visitor at a time, such as decoding with an LLM.

Who comes first is served first; everybody else is told, a few times a second, how many are still before them. A stream
that is closed (Stop, a page that was left) gives its place back at once, whether it was waiting or being served. The
line is bounded, because every waiting stream holds a thread of the server now and then. (This file knows no torch.)
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from core.errors import Unavailable, register

register({"line_full": "{most} visitors are waiting already. Try again in a minute."})

BEAT = 0.25  # seconds between two reports of a place


@dataclass(frozen=True, slots=True)
class Waiting:
    """Not yet: ``ahead`` visitors come first, those being served included."""

    ahead: int


class Line:
    """``places`` streams run at once, at most ``most`` wait.

    >>> line = Line()
    >>> first, second = line.served(x for x in "ab"), line.served(x for x in "c")
    >>> next(first), next(second), list(first), list(second)
    ('a', Waiting(ahead=1), ['b'], ['c'])
    """

    def __init__(self, places: int = 1, most: int = 8) -> None:
        self.places, self.most = places, most
        self._here: list[object] = []  # the first ``places`` are being served
        self._moved = threading.Condition()

    def __len__(self) -> int:
        """How many are served or wait."""
        return len(self._here)

    def served(self, events: Iterator[Any]) -> Iterator[Any]:
        """Waiting events until it is this stream's turn, then its own. Raises Unavailable ``line_full``."""
        me = object()
        with closing(events):  # type: ignore[type-var]
            with self._moved:
                if len(self._here) >= self.places + self.most:
                    raise Unavailable("line_full", most=self.most)
                self._here.append(me)
            try:
                while ahead := self._ahead(me):
                    yield Waiting(ahead)
                    self._wait(me, ahead)
                yield from events
            finally:
                with self._moved:
                    self._here.remove(me)
                    self._moved.notify_all()

    def call(self, work: Callable[[], Any]) -> Iterator[Any]:
        """The same for a single answer."""
        return self.served(work() for _ in range(1))

    def _ahead(self, me: object) -> int:
        """How many come first; 0 when it is my turn."""
        with self._moved:
            at = self._here.index(me)
        return at if at >= self.places else 0

    def _wait(self, me: object, ahead: int) -> None:
        """Until the line moves, or for a beat: a stream must be heard by Stop meanwhile."""
        with self._moved:
            self._moved.wait_for(lambda: self._here.index(me) < ahead, BEAT)
