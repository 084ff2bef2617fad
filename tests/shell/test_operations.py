"""What whoever runs the server sees and what it refuses, as pure ASGI: no page is built."""

from __future__ import annotations

import asyncio
import datetime
import gc
import json
import logging
import weakref
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from gradio.state_holder import StateHolder

from demos.kit import text
from demos.shell import guard, operations, running
from demos.shell.operations import Operations, Rates


async def page(scope: Any, receive: Any, send: Any) -> None:
    """An app that reads what is sent and answers with its size."""
    got, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            got = -1
            break
        got, more = got + len(message.get("body", b"")), message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"referrer-policy", b"no-referrer")]})
    await send({"type": "http.response.body", "body": str(got).encode()})


def ask(app: Operations, path: str, client: str = "10.0.0.9", body: list[bytes] = [b""], **headers: str) -> Any:  # noqa: B006
    """(status, headers, body) of one request."""
    where, _, query = path.partition("?")
    named = [(key.replace("_", "-").encode(), value.encode()) for key, value in headers.items()]
    scope = {"type": "http", "method": "GET", "path": where, "query_string": query.encode(), "headers": named}
    parts, sent = list(body), []

    async def receive() -> Any:
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope | {"client": (client, 1)}, receive, send))
    found = {key.decode(): value.decode() for key, value in sent[0]["headers"]}
    return sent[0]["status"], found, b"".join(message.get("body", b"") for message in sent[1:]).decode()


EVENTS = SimpleNamespace(
    fns={
        0: SimpleNamespace(api_name="perceptron_fit", api_visibility="public"),
        1: SimpleNamespace(api_name="on_open", api_visibility="private"),
    }
)


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Operations:
    monkeypatch.delenv("DL_STATUS_TOKEN", raising=False)
    return Operations(page, demo=None)


def test_health_is_for_anybody(app: Operations) -> None:
    status, headers, body = ask(app, "/health")
    assert (status, json.loads(body)["status"], headers["cache-control"]) == (200, "ok", "no-store")


def test_status_is_for_this_machine_or_a_token(app: Operations, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(app, "/status")[0] == 404
    assert ask(app, "/status", "127.0.0.1", x_forwarded_for="9.9.9.9")[0] == 404, "a proxy asks for somebody else"
    assert ask(app, "/status?token=")[0] == 404
    status, _, body = ask(app, "/status?lang=en", "127.0.0.1")
    assert status == 200 and "Server status" in body
    assert "서버 상태" in ask(app, "/status", "::1")[2]
    monkeypatch.setenv("DL_STATUS_TOKEN", "let me in")
    assert ask(app, "/status?token=wrong")[0] == ask(app, "/status")[0] == 404
    assert ask(app, "/status?token=let%20me%20in")[0] == 200
    assert json.loads(ask(app, "/status?json=1&token=let+me+in")[2])["lanes"]["cpu"][1] >= 1


def test_pages_get_headers_and_keep_their_own(app: Operations) -> None:
    status, headers, body = ask(app, "/", body=[b"ab", b"c"])
    assert (status, body) == (200, "3")
    assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"


def test_bodies_are_bounded(app: Operations, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "MOST_BODY", 2**20)
    status, _, body = ask(app, "/up", content_length=str(2**20 + 1), accept_language="ko-KR")
    assert (status, json.loads(body)["detail"]) == (413, "보낸 것이 너무 커요. 1MB까지만 받아요.")
    assert ask(app, "/up", body=[b"x" * 2**19] * 3)[2] == "-1", "one that does not tell its length is cut off"


def test_one_address_cannot_ask_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DL_RATE", "6")
    app = Operations(page, demo=None)
    answers = [ask(app, "/")[0] for _ in range(4)]
    assert answers == [200, 200, 429, 429]
    assert json.loads(ask(app, "/")[2])["detail"] == "Too many requests. Try again in a moment."
    assert ask(app, "/", "10.0.0.10")[0] == 200 and ask(app, "/", "127.0.0.1")[0] == 200
    assert app.refused == 3


def test_a_bucket_fills_again() -> None:
    rates = Rates(60)
    assert [rates.take("a", 0.0) for _ in range(operations.BURST + 1)] == [True] * operations.BURST + [False]
    assert rates.take("a", 1.5) and not rates.take("a", 1.5)


def test_the_log_holds_no_word_of_a_visitor(app: Operations, caplog: pytest.LogCaptureFixture) -> None:
    app.demo = EVENTS
    with caplog.at_level(logging.INFO, logger="taste"):
        ask(app, "/gradio_api/call/perceptron_fit/0123abcd?secret=words", body=[b"my secret"])
        ask(app, "/assets/index.js")
    (line,) = caplog.messages
    told = json.loads(line)
    assert told["do"] == "gradio_api/call/perceptron_fit" and told["status"] == 200 and "secret" not in line


@pytest.mark.parametrize("way", ["call", "call/v2", "run", "api"])
def test_a_pages_own_event_is_no_function(app: Operations, way: str) -> None:
    app.demo = EVENTS
    status, _, body = ask(app, f"/gradio_api/{way}/on_open", accept_language="ko")
    assert status == 404 and "이런 이름의 함수는 없어요" in body
    assert ask(app, f"/gradio_api/{way}/perceptron_fit")[0] == 200


def test_a_session_ends_soon_after_its_page() -> None:
    with gr.Blocks() as demo:
        gr.State(1)
    holder = StateHolder()
    holder.set_blocks(demo)
    app = SimpleNamespace(state_holder=holder, iterators={"run": 1})
    running.forget_sessions(app)
    for _ in range(2):  # a run that ended while it was stopped
        del app.iterators["run"]
    assert not app.iterators
    left, stays, idle = holder["left"], holder["stays"], holder["idle"]
    assert left and stays and idle and type(left) is running.Session
    left.is_closed = stays.is_closed = True
    now = datetime.datetime.now()
    holder.time_last_used["left"] = now - datetime.timedelta(seconds=running.CLOSED + 1)
    holder.time_last_used["idle"] = now - datetime.timedelta(seconds=running.IDLE + 1)
    holder.delete_all_expired_state()
    assert list(holder.session_data) == ["stays"]


def test_the_collector_passes_over_libraries_but_looks_through_what_visitors_leave() -> None:
    def collect() -> tuple[int, bool]:
        """How many things it passes over afterwards, and whether a visitor's ring was freed."""
        ring: Any = type("Ring", (), {})()
        ring.itself, gone = ring, weakref.ref(ring)
        del ring
        gc.collect()
        return gc.get_freeze_count(), gone() is None

    try:
        running.spare_libraries()
        running.spare_libraries()
        assert gc.callbacks.count(running._collected) == 1
        before, freed = collect()
        assert before > 10_000 and freed
        running._known -= running.LIBRARY  # a library came
        after, freed = collect()
        assert after > before and freed
        assert collect()[0] <= after, "the next time it is no news"
    finally:
        gc.callbacks.remove(running._collected)
        gc.unfreeze()


@pytest.mark.parametrize(
    ("value", "good"),
    [("가 😀", True), ("\ud800", False), ([1, {"a": ["x\udfff"]}], False), ({"\udc00": 1}, False), ([None, 1.5], True)],
)
def test_halves_of_letters_are_refused_before_they_end_a_stream(value: Any, good: bool) -> None:
    assert guard.encodable(value) == good
    assert guard.encodable([value] * 3) == good


def test_an_example_that_is_none_is_refused_before_gradio_fails_over_it() -> None:
    with gr.Blocks() as demo:
        gr.Examples([["a"], ["b"]], gr.Textbox())
    guard.protect(demo)
    event = next(event for event in demo.fns.values() if any(isinstance(block, gr.Dataset) for block in event.inputs))
    for value in (None, 5, "a"):
        with pytest.raises(gr.Error) as told:
            asyncio.run(demo.preprocess_data(event, [value], None))
        assert not told.value.print_exception
    assert asyncio.run(demo.preprocess_data(event, [1], None)) == [(1, ["b"])]


def test_every_sentence_is_there_in_both_languages() -> None:
    for language in text.LANGUAGES:
        t = text.load("common", language)
        assert all(t(f"operations.{key}") for key in Operations(page, None).facts())
