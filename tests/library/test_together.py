"""Calls of several threads in one pass: everybody their own answer, an error to the one who caused it."""

from __future__ import annotations

import threading

import pytest

from core.together import Together


def test_who_asks_at_once_is_answered_at_once() -> None:
    batches: list[list[int]] = []

    def halve(numbers: list[int]) -> list[float]:
        batches.append(numbers)
        return [12 / number for number in numbers]

    together = Together(halve, most=4, patience=1.0)
    together._last = 30.0  # as if a pass took long: the first one waits for all who attend
    answers: dict[int, float | None] = {}

    def visit(number: int) -> None:
        try:
            answers[number] = together(number)
        except ZeroDivisionError:
            answers[number] = None

    for _ in range(4):
        together.enter()
    visitors = [threading.Thread(target=visit, args=(number,)) for number in range(4)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join(60)
    assert answers == {0: None, 1: 12.0, 2: 6.0, 3: 4.0}
    assert sorted(batches[0]) == [0, 1, 2, 3] and all(len(batch) == 1 for batch in batches[1:])


def test_nobody_is_waited_for_who_left() -> None:
    together = Together(lambda numbers: numbers, most=8)
    together._last = 1e6
    with together.attending():
        together.enter()
        threading.Timer(0.05, together.leave).start()
        assert together(5) == 5


def test_alone_an_error_is_ones_own() -> None:
    with pytest.raises(KeyError):
        Together(lambda names: [{}[name] for name in names], most=2)("a")


def test_who_asked_and_looks_elsewhere_is_answered_with_the_others() -> None:
    batches: list[list[int]] = []
    together = Together(lambda numbers: batches.append(numbers) or numbers, most=8)
    first, left = together.ask(1), together.ask(2)
    together.forget(left)
    assert together(3) == 3 and first.done and not left.done
    assert together.answer(first) == 1 and batches == [[1, 3]]
    together.forget(first)
