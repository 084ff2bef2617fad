"""A waiting line for what the machine can do for a few visitors at a time: training, drawing, decoding with an LLM.

Who comes first is served first; everybody else is told how many are still before them and about how long that takes. In a
line with turns whoever has worked for one makes way, newcomers first: everybody sees something soon, nobody fast. A stream
that is closed (Stop, a page that was left) gives its place back at once, whether it was waiting or being served; one that
only sleeps, to be watched, lends it out meanwhile. The line is bounded. (This file knows no torch.)
"""

from __future__ import annotations

import asyncio
import itertools
import math
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, contextmanager, suppress
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any

from core.errors import Unavailable, register
from core.events import held_up, stopped_by

register({"line_full": "{most} visitors are waiting already. Try again in a minute."})

BEAT = 0.25  # seconds between two reports of a place
SLOW_BEAT = 4.0  # seconds in which a stream that waits without a thread notices that its page is gone
LEARNT = 0.2  # how much the latest visitor counts in what one takes
LINGER = 1.0  # seconds that work which was stopped may keep its place
END = object()


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
    came: int  # a number that grows; a new one after each turn
    wake: Callable[[], None]  # the place was given its turn
    served: bool = False
    begun: bool = False
    resting: bool = False
    rested: float = 0.0  # seconds of the turn it is in
    work: float = 0.0  # seconds of work in this turn
    first: float | None = None  # seconds of its first turn
    left: float = 0.0  # when its last turn ended
    held_up: float = 0.0  # seconds between its turns, all together


_seat = threading.local()  # .taken: the line and the place whose stream this thread advances now


class Line:
    """``places`` streams run at once, at most ``most`` wait; after ``turn`` seconds of work others go on first.

    >>> line = Line()
    >>> first, second = line.served(x for x in "ab"), line.served(x for x in "c")
    >>> next(first), next(second), list(first), list(second)
    ('a', Waiting(ahead=1, seconds=None), ['b'], ['c'])
    """

    def __init__(self, places: int = 1, most: int = 8, turn: float = math.inf) -> None:
        self.places, self.most, self.turn = places, most, turn
        self._here: list[_Place] = []
        self._numbers = itertools.count()
        self._moved = threading.Condition()
        self._one_takes: float | None = None  # seconds of a (first) turn

    def __len__(self) -> int:
        """How many are served or wait."""
        return len(self._here)

    @property
    def waiting(self) -> int:
        """Who has seen nothing yet."""
        return sum(not place.begun for place in list(self._here))

    def served(self, events: Iterator[Any]) -> Iterator[Any]:
        """Waiting events until it is this stream's turn, then its own. Raises Unavailable ``line_full``."""
        with closing(events):  # type: ignore[type-var]
            me = self._enter(self._moved.notify_all)
            try:
                while True:
                    while not me.served:
                        yield self._waits(me)
                        self._wait(me)
                    if (event := self._step(me, events)) is END:
                        return
                    yield event
            finally:
                self._leave(me)

    async def shared(self, events: Iterator[Any]) -> AsyncIterator[Any]:
        """The same inside an event loop: whoever waits holds no thread, and is stopped at once."""
        from anyio import CapacityLimiter, to_thread

        loop, moved, step, own = asyncio.get_running_loop(), asyncio.Event(), None, CapacityLimiter(1)

        def wake() -> None:
            with suppress(RuntimeError):  # the loop is over
                loop.call_soon_threadsafe(moved.set)

        me = self._enter(wake)
        try:
            while True:
                while not me.served:
                    moved.clear()
                    with suppress(TimeoutError):
                        if not me.served:
                            await asyncio.wait_for(moved.wait(), SLOW_BEAT if me.begun else 2 * BEAT)
                    if not me.served:
                        yield self._waits(me)
                step = asyncio.ensure_future(to_thread.run_sync(self._step, me, events, limiter=own))
                if (event := await asyncio.shield(step)) is END:
                    return
                yield event
        finally:
            try:
                if step and not step.done():
                    await asyncio.gather(step, return_exceptions=True)
                if not getattr(events, "gi_running", False):  # else the loop itself ends: its threads go on without it
                    await to_thread.run_sync(events.close, limiter=own)
            finally:
                self._leave(me)

    def call(self, work: Callable[[], Any]) -> Iterator[Any]:
        """The same for a single answer."""
        return self.served(work() for _ in range(1))

    def _enter(self, wake: Callable[[], Any]) -> _Place:
        with self._moved:
            if len(self._here) >= self.places + self.most:
                raise Unavailable("line_full", most=self.most)
            me = _Place(next(self._numbers), wake)
            self._here.append(me)
            self._let_in()
            return me

    def _leave(self, me: _Place) -> None:
        with self._moved:
            self._here.remove(me)
            if took := me.first or me.work:
                self._learn(took)
            self._let_in()
            self._moved.notify_all()

    def _let_in(self) -> None:
        """Give free places away: to who has not begun, then to who has waited longest."""
        free = self.places - sum(place.served and not place.resting for place in self._here)
        if free <= 0:
            return
        waiting = sorted((place for place in self._here if not place.served), key=lambda p: (p.begun, p.came))
        for place in waiting[:free]:
            if place.begun:
                place.held_up += time.perf_counter() - place.left
            place.served = place.begun = True
            place.work = place.rested = 0.0
            place.wake()

    def _step(self, me: _Place, events: Iterator[Any]) -> Any:
        """The next event, or END. The turn may end with it."""
        began, me.rested = time.perf_counter(), 0.0
        try:
            with self._seated(me), held_up(me.held_up):
                event = next(events, END)
        finally:
            me.work += time.perf_counter() - began - me.rested
        if me.work >= self.turn and not isinstance(event, Working):  # what works by itself cannot be held up
            with self._moved:
                if any(not place.served for place in self._here):
                    me.first = me.work if me.first is None else me.first
                    me.served, me.came, me.left = False, next(self._numbers), time.perf_counter()
                    self._let_in()
                    self._moved.notify_all()
                else:
                    me.work = 0.0
        return event

    @contextmanager
    def _seated(self, me: _Place) -> Iterator[None]:
        before, _seat.taken = getattr(_seat, "taken", None), (self, me)
        try:
            yield
        finally:
            _seat.taken = before

    def _wait(self, me: _Place) -> None:
        """Until the line moves, or for a beat: a stream must be heard by Stop meanwhile."""
        with self._moved:
            ahead = self._ahead(me)
            self._moved.wait_for(lambda: me.served or self._ahead(me) < ahead, BEAT)

    def _waits(self, me: _Place) -> Waiting | Working:
        with self._moved:
            if me.begun:
                return Working()
            ahead = self._ahead(me)
            return Waiting(ahead, None if self._one_takes is None else self._one_takes * ahead / self.places)

    def _ahead(self, me: _Place) -> int:
        """Those being served, and those who came before me and have not begun."""
        return sum(place.served and not place.resting if place.begun else place.came < me.came for place in self._here)

    def _learn(self, seconds: float) -> None:
        known = seconds if self._one_takes is None else self._one_takes
        self._one_takes = known + LEARNT * (seconds - known)

    def rests(self, me: _Place, resting: bool) -> None:
        with self._moved:
            me.resting = resting
            if resting:
                self._let_in()
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
    began = time.perf_counter()
    try:
        yield
    finally:
        line.rests(place, False)
        place.rested += time.perf_counter() - began


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
