"""Guesses of a class: whoever has a class link with a room may send one, whoever made the link reads them. In memory only.

Pure ASGI, before Gradio. ``POST …/class`` opens a room and answers its name and its key; ``POST …/class/<room>`` leaves a
guess (a name is optional); ``GET …/class/<room>?key=…`` lists them; ``DELETE`` with the key, or some hours, and all are gone.
Everything is bounded, nothing is logged or written to disk. Left out: accounts, several servers behind one address.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
import time
import urllib.parse
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

MOST_ROOMS, MOST_GUESSES = 200, 300  # the oldest room makes way; a full room takes no more
MOST_NAME, MOST_GUESS, MOST_BODY = 40, 200, 4096  # letters, letters, bytes
LASTS = 4 * 3600.0  # seconds
PATH = re.compile(r"(?:^|/)class(?:/(?P<room>[a-z0-9]{10}))?/?$")
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # none that is read as another


@dataclass
class Room:
    key: str
    began: float
    guesses: list[dict[str, str]] = field(default_factory=list)


class Classroom:
    def __init__(self, app: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self.app, self.clock = app, clock
        self.rooms: OrderedDict[str, Room] = OrderedDict()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        found = PATH.search(scope["path"]) if scope["type"] == "http" else None
        if found is None:
            await self.app(scope, receive, send)
            return
        status, answer = self.answer(scope, found["room"], await _body(receive))
        data = json.dumps(answer, ensure_ascii=False).encode()
        headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": data})

    def answer(self, scope: Any, name: str | None, body: bytes | None) -> tuple[int, dict[str, Any]]:
        """(status, JSON) of a request."""
        now, method = self.clock(), scope["method"]
        for old in [each for each, room in self.rooms.items() if now - room.began > LASTS]:
            del self.rooms[old]
        if name is None:
            return self._open(now) if method == "POST" else (405, {})
        if (room := self.rooms.get(name)) is None:
            return 404, {}
        if method == "POST":
            return _take(room, body)
        if not _knows(room, scope):
            return 403, {}
        if method == "DELETE":
            del self.rooms[name]
            return 200, {}
        return (200, {"guesses": room.guesses}) if method == "GET" else (405, {})

    def _open(self, now: float) -> tuple[int, dict[str, Any]]:
        name, key = "".join(secrets.choice(LETTERS) for _ in range(10)), secrets.token_urlsafe(16)
        self.rooms[name] = Room(key, now)
        if len(self.rooms) > MOST_ROOMS:
            self.rooms.popitem(last=False)
        return 201, {"room": name, "key": key}


def _knows(room: Room, scope: Any) -> bool:
    query = urllib.parse.parse_qs(scope["query_string"].decode("latin-1"))
    return hmac.compare_digest(room.key.encode(), query.get("key", [""])[0].encode())


def _take(room: Room, body: bytes | None) -> tuple[int, dict[str, Any]]:
    """Leave a guess in the room."""
    if body is None:
        return 413, {}
    try:
        given = json.loads(body)
        name, guess = (str(given.get(key, "")).strip() for key in ("name", "guess"))
    except (ValueError, AttributeError):
        return 400, {}
    if not guess:
        return 400, {}
    if len(room.guesses) >= MOST_GUESSES:
        return 429, {}
    room.guesses.append({"name": name[:MOST_NAME], "guess": guess[:MOST_GUESS]})
    return 201, {}


async def _body(receive: Any) -> bytes | None:
    """What was sent; None if it is too much."""
    got, more = b"", True
    while more and len(got) <= MOST_BODY:
        message = await receive()
        got, more = got + message.get("body", b""), message.get("more_body", False)
    return got if len(got) <= MOST_BODY else None


def middleware() -> list[Any]:
    from starlette.middleware import Middleware

    return [Middleware(Classroom)]
