"""Guesses of a class, as pure ASGI: who may leave one, who may read them, what is bounded, and when they are gone."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from demos.shell import classroom
from demos.shell.classroom import LASTS, MOST_GUESSES, MOST_ROOMS, Classroom


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def beyond(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})


@pytest.fixture
def app() -> Classroom:
    return Classroom(beyond, Clock())


def ask(app: Classroom, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    where, _, query = path.partition("?")
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": raw, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": where, "query_string": query.encode()}
    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], json.loads(sent[1]["body"])


def opened(app: Classroom) -> tuple[str, str]:
    status, room = ask(app, "POST", "/class")
    assert status == 201
    return room["room"], room["key"]


def test_guesses_are_read_with_the_key_and_gone_after_the_lesson(app: Classroom) -> None:
    room, key = opened(app)
    assert ask(app, "POST", f"/class/{room}", {"guess": " 50 ", "name": "지우"})[0] == 201
    assert ask(app, "POST", f"/class/{room}", {"guess": "<b>40</b>"})[0] == 201
    assert ask(app, "GET", f"/class/{room}?key={key}") == (
        200,
        {"guesses": [{"name": "지우", "guess": "50"}, {"name": "", "guess": "<b>40</b>"}]},
    )
    for wrong in ("", "?key=", f"?key={key}x"):
        assert ask(app, "GET", f"/class/{room}{wrong}")[0] == ask(app, "DELETE", f"/class/{room}{wrong}")[0] == 403
    assert ask(app, "DELETE", f"/class/{room}?key={key}")[0] == 200
    assert ask(app, "POST", f"/class/{room}", {"guess": "late"})[0] == 404 and not app.rooms


def test_rooms_end_by_themselves_and_make_way(app: Classroom) -> None:
    room, _ = opened(app)
    app.clock.now = LASTS + 1  # type: ignore[attr-defined]
    assert ask(app, "POST", f"/class/{room}", {"guess": "1"})[0] == 404
    first, _ = opened(app)
    for _ in range(MOST_ROOMS):
        opened(app)
    assert len(app.rooms) == MOST_ROOMS and first not in app.rooms


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"no json", 400), ([], 400), ({}, 400), ({"guess": "  "}, 400), ({"guess": "9" * 5000}, 413)],
)
def test_what_is_no_guess_is_refused(app: Classroom, body: Any, status: int) -> None:
    room, _ = opened(app)
    assert ask(app, "POST", f"/class/{room}", body)[0] == status and not app.rooms[room].guesses


def test_a_room_holds_so_many_guesses_of_so_many_letters(app: Classroom) -> None:
    room, _ = opened(app)
    for _ in range(MOST_GUESSES):
        ask(app, "POST", f"/class/{room}", {"guess": "a" * 999, "name": "b" * 999})
    assert ask(app, "POST", f"/class/{room}", {"guess": "1"})[0] == 429
    guesses = app.rooms[room].guesses
    assert len(guesses) == MOST_GUESSES
    assert guesses[0] == {"name": "b" * classroom.MOST_NAME, "guess": "a" * classroom.MOST_GUESS}


def test_everything_else_passes(app: Classroom) -> None:
    for path in ("/", "/en", "/subclass", "/class/UPPERCASE1", "/gradio_api/class/x"):
        assert ask(app, "GET", path)[0] == 299
    assert ask(app, "GET", "/class")[0] == 405 and ask(app, "POST", "/under/a/path/class")[0] == 201
