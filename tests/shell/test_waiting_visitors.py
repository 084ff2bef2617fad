"""Five visitors talk to the LLM at once, over the real server: one answer at a time, everybody sees their place."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from core.events import Done, Progress
from core.lessons.language_model import story
from core.llm.decoding import Generation, Token
from demos import kit
from demos.kit import text
from tests import served

gradio_client = pytest.importorskip("gradio_client")
SAID = 2  # of the outputs: talk, words, said, offers
ENDPOINT = "language_model_chat"
AT_ONCE, MOST, ASKED = [0], [0], list[str]()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """A model that reads until the gate is opened, then answers with the question."""
    opened = threading.Event()
    AT_ONCE[0] = MOST[0] = 0
    ASKED.clear()

    def steps(turns: Any, length: int, **settings: Any) -> Iterator[Any]:
        ASKED.append(turns[-1]["content"])
        AT_ONCE[0] += 1
        MOST[0] = max(MOST[0], AT_ONCE[0])
        try:
            while not opened.wait(0.02):
                yield Progress("read", 0, 9)
            said = turns[-1]["content"]
            yield Token(1, said, 0.5, ())
            yield Done(Generation(said, (1,), 9, 0, 0.1, 9.0, "fast"), 1.0, "length")
        finally:
            AT_ONCE[0] -= 1

    monkeypatch.setattr(kit.LLM, "places", 1)
    monkeypatch.setattr(story, "talker", lambda name: SimpleNamespace(steps=steps))
    return opened


@pytest.fixture
def address() -> Iterator[str]:
    with served.address("language_model") as url:
        yield url


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


class Visitor:
    """One page of the app, and the question asked there."""

    def __init__(self, address: str, words: str) -> None:
        self.client = gradio_client.Client(address, verbose=False)
        self.job = self.client.submit(talk=[], words=words, length=10, api_name=f"/{ENDPOINT}")

    def told(self) -> str:
        """The latest sentence below the chat."""
        outputs = self.job.outputs()
        return str(outputs[-1][SAID]) if outputs else ""

    def answer(self) -> Any:
        until(self.job.done)
        return self.job.outputs()[-1][0][-1]

    def stop(self) -> None:
        """What the browser sends when Stop is pressed."""
        (number,) = [each.fn_index for each in self.client.endpoints.values() if each.api_name == f"/{ENDPOINT}"]
        event = {"session_hash": self.client.session_hash, "fn_index": number}
        event["event_id"] = self.job.communicator.event_id
        httpx.post(f"{self.client.src_prefixed}cancel", json=event).raise_for_status()


def test_five_at_once_are_answered_in_turn_and_stop_leaves_the_line(gate: threading.Event, address: str) -> None:
    t, visitors = text.load("common", "ko"), list[Visitor]()
    for number in range(5):
        visitors.append(Visitor(address, f"question {number}"))
        until(lambda: len(kit.LLM) == len(visitors))
    for number in range(1, 5):
        until(lambda: visitors[number].told() == t("waiting", ahead=number))  # noqa: B023
    assert visitors[4].told() == "차례를 기다려요. 앞에 4명이 있어요."
    visitors[2].stop()
    until(lambda: len(kit.LLM) == 4)
    until(lambda: visitors[4].told() == t("waiting", ahead=3))
    gate.set()
    for number in (0, 1, 3, 4):
        answer = visitors[number].answer()
        assert answer["role"] == "assistant" and f"question {number}" in str(answer["content"])
    assert MOST == [1] and len(kit.LLM) == 0
    assert ASKED == [f"question {number}" for number in (0, 1, 3, 4)], "who left was never answered"


def test_who_stops_being_served_lets_the_next_one_in(gate: threading.Event, address: str) -> None:
    first = Visitor(address, "one")
    until(lambda: ASKED == ["one"])
    second = Visitor(address, "two")
    until(lambda: "1" in second.told())
    first.stop()
    until(lambda: ASKED == ["one", "two"] and AT_ONCE == [1])
    gate.set()
    assert "two" in str(second.answer())
