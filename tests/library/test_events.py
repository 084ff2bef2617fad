"""A run makes way for short work: half of its time, for half a second, and never for itself."""

from __future__ import annotations

import contextvars
from types import SimpleNamespace

import pytest

from core import events


class Clock:
    """Time that goes on when somebody sleeps, or works a millisecond."""

    def __init__(self) -> None:
        self.now, self.slept = 100.0, 0.0

    def perf_counter(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now, self.slept = self.now + seconds, self.slept + seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(events, "time", SimpleNamespace(perf_counter=made.perf_counter, sleep=made.sleep))
    return made


def run(clock: Clock, seconds: float) -> float:
    """How long a run of so many seconds slept."""
    deadline, slept = events.Deadline(seconds, started=clock.now), clock.slept
    while not deadline.expired:
        clock.now += 0.001
    return clock.slept - slept


def test_half_of_the_time_and_not_for_longer_than_short_work_takes(clock: Clock) -> None:
    elsewhere = contextvars.copy_context()
    assert run(clock, 1) == 0
    with events.short_work():
        assert elsewhere.run(run, clock, 0.4) == pytest.approx(0.2, abs=0.01)
        assert elsewhere.run(run, clock, 0.4) == pytest.approx(0.05, abs=0.01), "half a second was given"
        with events.short_work():
            assert elsewhere.run(run, clock, 0.2) == pytest.approx(0.1, abs=0.01), "another one came"
            assert run(clock, 0.2) == 0, "what is short makes no way for itself"
    assert elsewhere.run(run, clock, 1) == 0
    assert not events._short


def test_short_work_that_fails_is_over_too() -> None:
    with pytest.raises(ValueError, match="no"), events.short_work():
        raise ValueError("no")
    assert not events._short and not events._is_short.get()
