"""Calls that several threads make at about the same time, answered in one pass: how visitors share a network.

A network reads its weights once a pass, however many rows go through. So whoever asks joins those who ask too; one of them
does the work for all. Rows know nothing of each other: what a caller is answered does not depend on who else was there,
up to the last bits of a sum. Left out: what is asked and how it is worked out. (This file knows no torch.)
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Answered = TypeVar("Answered")


@dataclass(slots=True, eq=False)
class Call(Generic[Asked, Answered]):
    """What was asked, and the answer once it is there."""

    asked: Asked
    answer: Answered | None = None
    error: BaseException | None = None
    done: bool = False


class Together(Generic[Asked, Answered]):
    """``work`` answers a list of requests, at most ``most`` at a time.

    >>> double = Together(lambda numbers: [2 * n for n in numbers], most=8)
    >>> double(21)
    42
    """

    def __init__(self, work: Callable[[list[Asked]], Sequence[Answered]], most: int, patience: float = 0.25) -> None:
        """``patience``: how long to wait for others who attend but have not asked yet, in passes of the length of the last."""
        self._work, self.most, self.patience = work, most, patience
        self._waiting: list[Call[Asked, Answered]] = []
        self._attending, self._last = 0, 0.0
        self._came, self._turn = threading.Condition(threading.RLock()), threading.Lock()

    def enter(self) -> None:
        """From now on somebody may ask again and again: worth waiting a moment for, until they ``leave``."""
        with self._came:
            self._attending += 1

    def leave(self) -> None:
        with self._came:
            self._attending -= 1
            self._came.notify_all()

    @contextmanager
    def attending(self) -> Iterator[None]:
        self.enter()
        try:
            yield
        finally:
            self.leave()

    def __call__(self, asked: Asked) -> Answered:
        """The answer; waits for others a moment, and for the pass before."""
        return self.answer(self.ask(asked))

    def ask(self, asked: Asked) -> Call[Asked, Answered]:
        """Ask without waiting: the next pass takes this in, whoever makes it. ``answer`` waits; ``forget`` takes it back."""
        mine = Call[Asked, Answered](asked)
        with self._came:
            self._waiting.append(mine)
            self._came.notify_all()
        return mine

    def forget(self, call: Call[Asked, Answered]) -> None:
        with self._came:
            if call in self._waiting:
                self._waiting.remove(call)

    def answer(self, mine: Call[Asked, Answered]) -> Answered:
        while not mine.done:
            with self._turn:
                if not mine.done:
                    self._pass()
        if mine.error is not None:
            raise mine.error
        return mine.answer  # type: ignore[return-value]

    def _pass(self) -> None:
        with self._came:
            self._came.wait_for(self._all_here, self.patience * self._last)
            calls, self._waiting = self._waiting[: self.most], self._waiting[self.most :]
        began = time.perf_counter()
        self._answer(calls)
        self._last = time.perf_counter() - began
        for call in calls:
            call.done = True

    def _all_here(self) -> bool:
        return len(self._waiting) >= min(self._attending, self.most)

    def _answer(self, calls: list[Call[Asked, Answered]]) -> None:
        """An error is told to the one who caused it: the others are asked again, without it."""
        try:
            for call, answer in zip(calls, self._work([call.asked for call in calls]), strict=True):
                call.answer = answer
        except BaseException as error:
            if len(calls) == 1:
                calls[0].error = error
                return
            for call in calls:
                self._answer([call])
