"""Events: what every long-running core function yields. (This file knows no torch and no screen.)

The contract, once for the whole library:
1. The function is a generator; its frozen config validates in ``__post_init__``, before any work starts.
2. It yields frozen, slotted dataclasses of Python numbers, strings and fresh numpy arrays; never a live tensor or a dict.
3. The caller sets the cadence (``every`` steps or seconds); one step stays well under a second, so Stop feels instant.
4. Exactly one ``Done`` comes last. ``finally`` releases hooks, modes and memory. A ``Deadline`` bounds the run.
5. The batch verb (``fit``, ``generate``) only drains the stream: there is never a second loop.

After simonw/llm (typed stream events) and yuanchenyang/smalldiffusion (the caller owns the loop).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Done(Generic[Result]):
    """The last event of every run.

    ``stopped`` says why it ended early, if it did: "deadline", "diverged", "patience", "paused" (see ``Latest``).
    """

    result: Result
    seconds: float
    stopped: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """Work whose inside is not worth a picture: a download, a conversion, a load."""

    stage: str  # a code the page translates, e.g. "download"
    done: float  # same unit as total
    total: float  # 0 when unknown
    detail: str = ""  # a file or source name


@dataclass(frozen=True, slots=True)
class TrainStep:
    """One report of a training run (not necessarily every step: the caller sets the cadence)."""

    step: int  # parameter updates done so far
    epoch: int  # epochs completed so far
    batch: int  # batches done in the current epoch; 0 right after an epoch ended
    loss: float  # mean loss of the last batch
    logs: tuple[
        tuple[str, float], ...
    ] = ()  # epoch averages, e.g. (("loss", .1), ("val_loss", .2)); empty inside an epoch

    @property
    def epoch_ended(self) -> bool:
        return bool(self.logs)


_stop: ContextVar[threading.Event | None] = ContextVar("stop", default=None)
_held_up: ContextVar[float] = ContextVar("held_up", default=0.0)  # seconds
_is_short: ContextVar[bool] = ContextVar("is_short", default=False)

PAUSE = 0.003  # seconds that a run sleeps between two steps while it makes way
MOST_SHORT = 0.5  # seconds that runs make way for a piece of short work
_short: dict[object, float] = {}  # pieces of short work under way, and until when they are given way to


@contextmanager
def stopped_by(stop: threading.Event) -> Iterator[None]:
    """Every ``Deadline`` asked inside has expired once ``stop`` is set: how a run that cannot yield is ended."""
    token = _stop.set(stop)
    try:
        yield
    finally:
        _stop.reset(token)


@contextmanager
def held_up(seconds: float) -> Iterator[None]:
    """Inside, a run whose steps had to wait for others between them knows it: no ``Deadline`` counts these seconds.

    >>> clock = Deadline(seconds=60, started=time.perf_counter() - 100)
    >>> with held_up(50):
    ...     clock.expired, round(clock.elapsed)
    (False, 50)
    """
    token = _held_up.set(seconds)
    try:
        yield
    finally:
        _held_up.reset(token)


@contextmanager
def short_work() -> Iterator[None]:
    """What is done inside is short and waited for: meanwhile runs sleep a little between their steps.

    Python computes in one thread at a time: an answer of 25 ms took 90 beside two runs that never paused.
    """
    work, token = object(), _is_short.set(True)
    _short[work] = time.perf_counter() + MOST_SHORT
    try:
        yield
    finally:
        del _short[work]
        _is_short.reset(token)


@dataclass(slots=True)
class Deadline:
    """Wall-clock bound of a run; ``seconds=None`` never expires, unless somebody stops it (``stopped_by``).

    A run asks at every step whether it has expired, and makes way for ``short_work`` then: at most half of its time.
    """

    seconds: float | None = None
    started: float = field(default_factory=time.perf_counter)
    held_up: float = field(default_factory=_held_up.get)  # seconds, before it began
    woke: float = 0.0  # when it last made way

    @property
    def elapsed(self) -> float:
        return time.perf_counter() - self.started - (_held_up.get() - self.held_up)

    @property
    def expired(self) -> bool:
        if _short and not _is_short.get():
            self._make_way()
        stop = _stop.get()
        return (self.seconds is not None and self.elapsed >= self.seconds) or (stop is not None and stop.is_set())

    def _make_way(self) -> None:
        now = time.perf_counter()
        if now - self.woke >= PAUSE and any(until > now for until in list(_short.values())):
            time.sleep(PAUSE)
            self.woke = time.perf_counter()


class Cadence:
    """Answers "is it time to show something?": every ``steps`` steps, or every ``seconds`` seconds, whichever is set.

    >>> beat = Cadence(steps=2)
    >>> [beat.due(step) for step in (1, 2, 3, 4)]
    [False, True, False, True]
    """

    def __init__(self, steps: int | None = None, seconds: float | None = None) -> None:
        self.steps, self.seconds = steps, seconds
        self._last = time.perf_counter()

    def due(self, step: int) -> bool:
        if self.steps is not None:
            return step % self.steps == 0
        if self.seconds is None:
            return True
        now = time.perf_counter()
        if now - self._last < self.seconds:
            return False
        self._last = now
        return True


Every = int | Cadence | None  # a report every so many steps, when the cadence says so, or only at the end


def cadence(every: Every) -> Cadence | None:
    """The beat that ``every`` means."""
    return Cadence(steps=every) if isinstance(every, int) else every


class Frames:
    """The frame of a run: advance, report when it is due, and know why it ended.

    ``advance`` makes one step and answers None, or why the run ends with it ("diverged"). Iterating gives the number of
    steps done, whenever a report is due and after the last; then ``stopped`` and ``seconds`` are what ``Done`` needs.

    >>> run = Frames(lambda: None, steps=5, every=2)
    >>> list(run), run.stopped
    ([2, 4, 5], None)
    >>> list(Frames(lambda: None, steps=3, every=None))
    [3]
    """

    def __init__(
        self, advance: Callable[[], str | None], steps: int, every: Every = 1, deadline: float | None = None
    ) -> None:
        self.advance, self.steps = advance, steps
        self.beat = cadence(every)
        self.clock = Deadline(deadline)
        self.stopped: str | None = None

    def __iter__(self) -> Iterator[int]:
        for done in range(1, self.steps + 1):
            self.stopped = self.advance() or ("deadline" if self.clock.expired and done < self.steps else None)
            last = bool(self.stopped) or done == self.steps
            if last or (self.beat is not None and self.beat.due(done)):
                yield done
            if last:
                return

    @property
    def seconds(self) -> float:
        return self.clock.elapsed


END = object()


class Latest:
    """Of the runs that change one thing, only the latest goes on; it, or ``pause``, ends the one before.

    A page where Stop was pressed closes the stream of its run only a moment later, perhaps in the middle of a step. After
    ``pause`` that step is whole and no other is begun: what is read then is what stays.

    >>> latest = Latest()
    >>> first = latest.of((n for n in range(9)), lambda: "paused")
    >>> next(first), next(latest.of((n for n in "ab"), lambda: "paused")), list(first)
    (0, 'a', ['paused'])
    """

    def __init__(self) -> None:
        self._at_work = threading.Lock()
        self._events: Generator[Any] | None = None

    def of(self, events: Generator[Any], paused: Callable[[], Any]) -> Iterator[Any]:
        """The events of a run as they come, while it is the latest; then ``paused()`` instead of the rest."""
        with self._at_work:
            self._end()
            self._events = events
        try:
            while True:
                with self._at_work:
                    if self._events is not events:
                        break
                    event = next(events, END)
                if event is END:
                    return
                yield event
            yield paused()
        finally:
            with self._at_work:
                if self._events is events:
                    self._end()

    def pause(self) -> None:
        """Wait until the event that is being made is whole, and let no other be begun."""
        with self._at_work:
            self._end()

    def _end(self) -> None:
        if self._events is not None:
            self._events.close()
            self._events = None


def drain(events: Iterable[Any]) -> Any:
    """Run a stream to its end and return the result of its ``Done``."""
    last = None
    for event in events:
        last = event
    if not isinstance(last, Done):
        raise TypeError(f"a core stream must end with Done; received {type(last).__name__}")
    return last.result
