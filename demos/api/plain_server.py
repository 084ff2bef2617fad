"""The functions by plain HTTP: ``POST /api/<name>`` with a JSON object, answered by one.

For programs that want a short answer: one request, without the queue, the session and the stream of Gradio's endpoints.
``accept: application/x-ndjson`` also gives the answers under way, one JSON object a line. The same lines, bounds and
sentences hold; a picture comes as text; a client that leaves ends its call within a step.
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any

import anyio
from anyio import to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from core.errors import CoreError, InvalidInput, shown
from demos.api.json_body import object_of
from demos.api.surface import Answer, Function, told

MOST_BODY = 12_000_000  # bytes: a picture as text
LINES = "application/x-ndjson"


class PlainDoor:
    """The ASGI app."""

    def __init__(self) -> None:
        self.app = Starlette(
            routes=[Route("/api/{name:path}", call, methods=["POST"])], exception_handlers={405: elsewhere}
        )

    def takes(self, path: str) -> bool:
        return path.startswith("/api/")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


async def elsewhere(request: Request, error: Any) -> Response:
    """An address that is not here, or a method other than POST."""
    from demos.api import FUNCTIONS

    there = ", ".join(f"POST /api/{each.name}" for each in FUNCTIONS)
    wrong = InvalidInput("no_address", received=f"{request.method} {shown(request.url.path)}", choices=there)
    return JSONResponse({"error": told(wrong, "en")}, getattr(error, "status_code", 404))


async def call(request: Request) -> Response:
    """Run the function that the address names. 200 with its values, or a sentence: 400, 404 (no such function), 503 (full)."""
    from demos.api import FUNCTIONS

    function = next((each for each in FUNCTIONS if each.name == request.path_params["name"]), None)
    if function is None:
        return await elsewhere(request, None)
    given: dict[str, Any] = {}
    try:
        given = await object_of(request, MOST_BODY)
        answers = _answers(function, given)
        first = await anext(answers)  # what is refused is refused before anything is sent
    except CoreError as error:
        return _refusal(error, given)
    if LINES in request.headers.get("accept", ""):
        return StreamingResponse(_lines(first, answers, given), media_type=LINES)
    try:
        async with aclosing(answers):
            last = first
            async for answer in answers:
                last = answer
                if await request.is_disconnected():
                    return Response(status_code=499)
    except CoreError as error:
        return _refusal(error, given)
    return JSONResponse(_values(last))


async def _answers(function: Function, given: Mapping[str, Any]) -> AsyncGenerator[Answer]:
    """The function's answers, made in threads, step by step; closed when nobody listens any more."""
    events = function.answers(given)
    try:
        while (answer := await to_thread.run_sync(next, events, None)) is not None:
            yield answer
    finally:
        with anyio.CancelScope(shield=True):
            await to_thread.run_sync(events.close)


async def _lines(first: Answer, answers: Any, given: Mapping[str, Any]) -> AsyncIterator[str]:
    async with aclosing(answers):
        yield f"{json.dumps(_values(first))}\n"
        try:
            async for answer in answers:
                yield f"{json.dumps(_values(answer))}\n"
        except CoreError as error:
            yield f"{json.dumps({'error': told(error, given.get('lang'))})}\n"


def _values(answer: Answer) -> dict[str, Any]:
    if answer.picture is None:
        return answer.values
    return answer.values | {"picture": f"data:image/png;base64,{base64.b64encode(answer.picture).decode()}"}


def _refusal(error: CoreError, given: Mapping[str, Any]) -> Response:
    status = 503 if error.code == "line_full" else 400
    return JSONResponse({"error": told(error, given.get("lang"))}, status)
