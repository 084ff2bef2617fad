"""The waiting line: first come, first served; places are told; whoever leaves, waiting or served, frees the place."""

from __future__ import annotations

import asyncio
import threading
import time
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


def test_turns_go_round_and_newcomers_come_first() -> None:
    line = Line(turn=0)
    first = line.served(stream("a", 4))
    assert [next(first), next(first)] == ["a0", "a1"], "alone nobody makes way"
    second = line.served(stream("b", 4))
    assert next(second) == Waiting(1)
    assert [next(first), next(second)] == ["a2", "b0"], "one event, then the other's turn"
    third = line.served(stream("c", 1))
    assert next(third) == Waiting(1), "the first is being served again"
    assert next(second) == Working(), "no news while others have their turn"
    assert [next(first), next(third)] == ["a3", "c0"], "who has seen nothing comes before who has waited longer"
    for each in (first, second, third):
        each.close()  # type: ignore[attr-defined]
    assert len(line) == 0


def test_a_bound_on_the_time_does_not_count_the_turns_of_others() -> None:
    line, clocks = Line(turn=0), list[Deadline]()

    def run() -> Iterator[str]:
        clocks.append(Deadline(5.0))
        yield "frame"
        yield "frame"
        yield f"{clocks[0].expired} {clocks[0].elapsed < 5}"

    watched, other = line.served(run()), line.served(stream("b", 9))
    assert [next(watched), next(other), next(watched)] == ["frame", Waiting(1), "frame"]
    place = line._here[0]
    place.left -= 60  # as if the others had taken a minute
    clocks[0].started -= 60
    assert [next(other), next(watched)] == ["b0", "False True"]
    assert clocks[0].expired, "outside its turn it is a clock as any other"


def test_who_waits_in_an_event_loop_holds_no_thread_and_leaves_at_once() -> None:
    line, opened, closed = Line(), threading.Event(), list[str]()

    def work(name: str) -> Iterator[str]:
        try:
            yield f"{name}0"
            assert opened.wait(30)
            yield f"{name}1"
        finally:
            closed.append(name)

    async def visit(name: str, seen: list[Any]) -> None:
        async for event in line.shared(work(name)):
            seen.append(event)

    async def meet() -> None:
        seen: dict[str, list[Any]] = {name: [] for name in "abc"}
        first, second, third = (asyncio.create_task(visit(name, seen[name])) for name in "abc")
        while not (seen["a"] and seen["b"] and seen["c"]):
            await asyncio.sleep(0.01)
        assert seen["b"][0] == Waiting(1) and seen["c"][0] == Waiting(2)
        threads, before = threading.active_count(), time.monotonic()
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        assert time.monotonic() - before < 0.2 and len(line) == 2 and threads <= threading.active_count() + 1
        opened.set()
        await asyncio.gather(first, third)
        assert seen["a"] == ["a0", "a1"] and seen["c"][-2:] == ["c0", "c1"] and closed == ["a", "c"]

    asyncio.run(meet())
    assert len(line) == 0


def test_a_run_that_is_stopped_in_mid_step_is_closed_before_its_place_is_free() -> None:
    line, stepping, ended = Line(), threading.Event(), list[int]()

    def run() -> Iterator[str]:
        try:
            stepping.set()
            time.sleep(0.3)
            yield "late"
        finally:
            ended.append(len(line))

    async def stop() -> None:
        async def drain() -> None:
            async for _ in line.shared(run()):
                pass

        running = asyncio.create_task(drain())
        while not stepping.is_set():
            await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(stop())
    assert ended == [1] and len(line) == 0


def test_the_end_of_the_server_in_mid_step_is_no_error() -> None:
    line, stepping = Line(), threading.Event()

    def run() -> Iterator[str]:
        stepping.set()
        time.sleep(0.3)
        yield "late"

    async def drain() -> None:
        async for _ in line.shared(run()):
            pass

    async def end() -> list[Any]:
        running = asyncio.create_task(drain())
        while not stepping.is_set():
            await asyncio.sleep(0.01)
        for task in asyncio.all_tasks() - {asyncio.current_task()}:  # what waits for the thread, too
            task.cancel()
        return await asyncio.gather(running, return_exceptions=True)

    (how,) = asyncio.run(end())
    assert isinstance(how, asyncio.CancelledError) and len(line) == 0
