"""A waiting line for what the machine can do for a few visitors at a time: training, drawing, decoding with an LLM.

Who comes first is served first; everybody else is told, a few times a second, how many are still before them and about
how long that takes. A stream that is closed (Stop, a page that was left) gives its place back at once, whether it was
waiting or being served; one that only sleeps, to be watched, lends it out meanwhile. The line is bounded, because every
waiting stream holds a thread of the server now and then. (This file knows no torch.)
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any

from core.errors import Unavailable, register
from core.events import stopped_by

register({"line_full": "{most} visitors are waiting already. Try again in a minute."})

BEAT = 0.25  # seconds between two reports of a place
LEARNT = 0.2  # how much the latest visitor counts in what one takes
LINGER = 1.0  # seconds that work which was stopped may keep its place


@dataclass(frozen=True, slots=True)
class Waiting:
    """Not yet: ``ahead`` visitors come first, those being served included; in about ``seconds``, once the line knows."""

    ahead: int
    seconds: float | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Working:
    """It is being done; there is nothing to show yet."""


@dataclass(slots=True, eq=False)
class _Place:
    begun: bool = False
    resting: bool = False


_seat = threading.local()  # .taken: the line and the place whose stream this thread advances now


class Line:
    """``places`` streams run at once, at most ``most`` wait.

    >>> line = Line()
    >>> first, second = line.served(x for x in "ab"), line.served(x for x in "c")
    >>> next(first), next(second), list(first), list(second)
    ('a', Waiting(ahead=1, seconds=None), ['b'], ['c'])
    """

    def __init__(self, places: int = 1, most: int = 8) -> None:
        self.places, self.most = places, most
        self._here: list[_Place] = []  # in the order they came
        self._moved = threading.Condition()
        self._one_takes: float | None = None  # seconds

    def __len__(self) -> int:
        """How many are served or wait."""
        return len(self._here)

    @property
    def waiting(self) -> int:
        return sum(not place.begun for place in list(self._here))

    def served(self, events: Iterator[Any]) -> Iterator[Any]:
        """Waiting events until it is this stream's turn, then its own. Raises Unavailable ``line_full``."""
        me = _Place()
        with closing(events):  # type: ignore[type-var]
            with self._moved:
                if len(self._here) >= self.places + self.most:
                    raise Unavailable("line_full", most=self.most)
                self._here.append(me)
            work = 0.0
            try:
                while ahead := self._ahead(me):
                    yield Waiting(ahead, self._about(ahead))
                    self._wait(me, ahead)
                while True:
                    began = time.perf_counter()
                    try:
                        with self._seated(me):
                            event = next(events)
                    except StopIteration:
                        return
                    finally:
                        work += time.perf_counter() - began
                    yield event
            finally:
                with self._moved:
                    self._here.remove(me)
                    self._learn(work if me.begun else None)
                    self._moved.notify_all()

    def call(self, work: Callable[[], Any]) -> Iterator[Any]:
        """The same for a single answer."""
        return self.served(work() for _ in range(1))

    @contextmanager
    def _seated(self, me: _Place) -> Iterator[None]:
        before, _seat.taken = getattr(_seat, "taken", None), (self, me)
        try:
            yield
        finally:
            _seat.taken = before

    def _ahead(self, me: _Place) -> int:
        """How many come first; 0 when it is my turn, which then begins."""
        with self._moved:
            ahead = self._before(me)
            me.begun = ahead < self.places
            return 0 if me.begun else ahead

    def _before(self, me: _Place) -> int:
        """Those at work, and those who came before me and have not begun."""
        at = self._here.index(me)
        return sum((p.begun and not p.resting) or (not p.begun and n < at) for n, p in enumerate(self._here))

    def _wait(self, me: _Place, ahead: int) -> None:
        """Until the line moves, or for a beat: a stream must be heard by Stop meanwhile."""
        with self._moved:
            self._moved.wait_for(lambda: self._before(me) < ahead, BEAT)

    def _about(self, ahead: int) -> float | None:
        return None if self._one_takes is None else self._one_takes * ahead / self.places

    def _learn(self, seconds: float | None) -> None:
        if seconds is not None:
            known = seconds if self._one_takes is None else self._one_takes
            self._one_takes = known + LEARNT * (seconds - known)

    def rests(self, me: _Place, resting: bool) -> None:
        with self._moved:
            me.resting = resting
            self._moved.notify_all()


@contextmanager
def resting() -> Iterator[None]:
    """Inside, the stream being served only sleeps: its place is lent to the next one."""
    taken = getattr(_seat, "taken", None)
    if taken is None:
        yield
        return
    line, place = taken
    line.rests(place, True)
    try:
        yield
    finally:
        line.rests(place, False)


def in_background(work: Callable[[], Any], seconds: float | None = None) -> Iterator[Any]:
    """Working events, then what ``work`` returns: for what has no steps of its own, such as the run behind a script.

    Closed, or after ``seconds``, its deadlines have expired (core.events.stopped_by), so that it ends with its next step.
    """
    stop, done = threading.Event(), list[tuple[bool, Any]]()

    def run() -> None:
        try:
            with stopped_by(stop):
                done.append((True, work()))
        except BaseException as error:
            done.append((False, error))

    thread, began = threading.Thread(target=copy_context().run, args=(run,), daemon=True), time.perf_counter()
    thread.start()
    try:
        while thread.is_alive():
            thread.join(BEAT)
            if seconds is not None and time.perf_counter() - began > seconds:
                stop.set()
            if thread.is_alive():
                yield Working()
    finally:
        stop.set()
        thread.join(LINGER)
    well, result = done[0]
    if not well:
        raise result
    yield result
