"""The waiting line: first come, first served; places are told; whoever leaves, waiting or served, frees the place."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from core.errors import CoreError
from core.events import Deadline
from demos.kit.waiting_line import Line, Waiting, Working, in_background, resting


def stream(name: str, length: int = 3) -> Iterator[str]:
    for step in range(length):
        yield f"{name}{step}"


def test_an_empty_line_lets_everything_through() -> None:
    line = Line()
    assert list(line.served(stream("a"))) == ["a0", "a1", "a2"] and len(line) == 0
    assert list(line.call(lambda: 7)) == [7]


def test_places_are_told_and_the_order_is_kept() -> None:
    line = Line()
    first, second, third = (line.served(stream(name)) for name in "abc")
    assert [next(first), next(second), next(third)] == ["a0", Waiting(1), Waiting(2)]
    assert list(first) == ["a1", "a2"]
    assert next(third) == Waiting(1) and list(second) == ["b0", "b1", "b2"]
    assert list(third) == ["c0", "c1", "c2"] and len(line) == 0


def test_a_line_with_two_places() -> None:
    line = Line(places=2)
    first, second, third = (line.served(stream(name)) for name in "abc")
    assert [next(first), next(second), next(third)] == ["a0", "b0", Waiting(2)]
    second.close()  # type: ignore[attr-defined]
    assert next(third) == "c0"


@pytest.mark.parametrize("leaver", [0, 1])
def test_stop_frees_the_place_also_while_waiting(leaver: int) -> None:
    line, closed = Line(), list[str]()

    def work(name: str) -> Iterator[str]:
        try:
            yield from stream(name, 9)
        finally:
            closed.append(name)

    streams = [line.served(work(name)) for name in "abc"]
    for each in streams:
        next(each)
    streams[leaver].close()  # type: ignore[attr-defined]
    assert len(line) == 2 and closed == ["a"] * (leaver == 0), "work that had not begun is never begun"
    assert next(streams[2]) == Waiting(1)


def test_an_error_frees_the_place() -> None:
    line = Line()

    def broken() -> Iterator[str]:
        raise ValueError
        yield

    with pytest.raises(ValueError):
        list(line.served(broken()))
    assert len(line) == 0 and list(line.served(stream("a", 1))) == ["a0"]


def test_a_full_line_says_so_at_once() -> None:
    line = Line(most=1)
    first, second = line.served(stream("a")), line.served(stream("b"))
    assert next(first) == "a0" and next(second) == Waiting(1)
    with pytest.raises(CoreError) as caught:
        next(line.served(stream("c")))
    assert caught.value.code == "line_full" and len(line) == 2


def test_five_threads_are_served_one_at_a_time() -> None:
    line, at_work, most = Line(), [0], [0]
    told: list[list[Any]] = [[] for _ in range(5)]
    everybody_came = threading.Event()

    def work() -> Iterator[str]:
        at_work[0] += 1
        most[0] = max(most[0], at_work[0])
        assert everybody_came.wait(30)
        yield "answer"
        at_work[0] -= 1

    def visit(number: int) -> None:
        told[number] = list(line.served(work()))

    visitors = [threading.Thread(target=visit, args=(number,)) for number in range(5)]
    for visitor in visitors:
        visitor.start()
    while len(line) < 5:
        pass
    everybody_came.set()
    for visitor in visitors:
        visitor.join(30)
    assert most == [1] and all(events[-1] == "answer" for events in told)
    places = sorted(max([event.ahead for event in events[:-1]], default=0) for events in told)
    assert places == [0, 1, 2, 3, 4], "each saw how many were before"
    assert all(
        [e.ahead for e in events[:-1]] == sorted((e.ahead for e in events[:-1]), reverse=True) for events in told
    )


def test_who_only_sleeps_lends_the_place_out() -> None:
    line, inside = Line(), threading.Event()
    asleep, awake = threading.Event(), threading.Event()

    def slow() -> Iterator[str]:
        yield "frame"
        with resting():
            asleep.set()
            assert awake.wait(30)
        yield "next frame"

    def second() -> Iterator[str]:
        inside.set()
        yield "short run"

    shown: list[Any] = []
    watcher = threading.Thread(target=lambda: shown.extend(line.served(slow())))
    watcher.start()
    assert asleep.wait(30)
    assert list(line.served(second())) == ["short run"] and inside.is_set(), "served while the other one sleeps"
    awake.set()
    watcher.join(30)
    assert shown == ["frame", "next frame"] and len(line) == 0


def test_the_time_of_those_ahead_is_told_once_it_is_known() -> None:
    line = Line()
    line._one_takes = 4.0
    first, second, third = (line.served(stream(name)) for name in "abc")
    next(first), next(second)
    told = next(third)
    assert told == Waiting(2) and told.seconds == 8.0


def test_work_without_steps_is_stopped_with_its_stream() -> None:
    ended = threading.Event()

    def train() -> str:
        clock = Deadline()
        while not clock.expired:
            pass
        ended.set()
        return "script"

    line = Line()
    running = line.served(in_background(train))
    assert next(running) == Working()
    running.close()  # type: ignore[attr-defined]
    assert ended.wait(30) and len(line) == 0
    assert list(line.served(in_background(train, seconds=0.1)))[-1] == "script", "bounded, too"
    with pytest.raises(ZeroDivisionError):
        list(in_background(lambda: 1 / 0))
