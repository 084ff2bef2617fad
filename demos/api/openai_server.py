"""The LLM and the text encoder of this server under OpenAI's addresses, for programs that speak to those.

``/v1/models``, ``/v1/chat/completions``, ``/v1/completions`` (both streamed on request) and ``/v1/embeddings``; any key is
taken. Only models of the catalogue that are on the disk answer; answers stand in the line of the lesson's LLM, are bounded
in length and time, and end when the client leaves. Left out, and refused in a sentence: tools, several choices, pictures.
Source: OpenAI's API reference, 2025.
"""

from __future__ import annotations

import base64
import json
import secrets
import time
from array import array
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from typing import Any

import anyio
from anyio import to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from core.errors import CoreError, InvalidInput, checking, register, shown
from core.pretrained.catalog import DEFAULT
from demos import kit
from demos.api.json_body import object_of
from demos.api.surface import MOST_SECONDS, readable, told
from demos.kit.waiting_line import Waiting

register(
    {
        "not_offered": "{name} is not offered here. Leave it out.",
        "prompt_beyond": "The messages are {received} tokens longer than the model can read. Shorten the earlier ones.",
        "no_address": "{received} is no address here. There are: {choices}.",
        "only_continues": "{name} only continues a text. Send a prompt to /v1/completions.",
    }
)

MOST_BODY = 2_000_000  # bytes
MOST_NEW = 1000  # tokens of an answer, whatever is asked for
MOST_INPUTS, MOST_LETTERS = 64, 2000  # of one request for embeddings
ENCODER = "words"
NOT_OFFERED = ("tools", "functions", "logprobs", "logit_bias", "audio", "suffix", "echo", "response_format")


class OpenAIDoor:
    """The ASGI app."""

    def __init__(self) -> None:
        self.app = Starlette(
            routes=[
                Route("/v1/models", models),
                Route("/v1/models/{name:path}", models),
                Route("/v1/chat/completions", chat, methods=["POST"]),
                Route("/v1/completions", complete, methods=["POST"]),
                Route("/v1/embeddings", embed, methods=["POST"]),
            ],
            exception_handlers={404: elsewhere, 405: elsewhere},
        )

    def takes(self, path: str) -> bool:
        return path.startswith("/v1/")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


async def elsewhere(request: Request, error: Any) -> Response:
    """An address or a method that is not here, OpenAI's Responses among them."""
    received = f"{request.method} {shown(request.url.path)}"
    there = "GET /v1/models, POST /v1/chat/completions, POST /v1/completions, POST /v1/embeddings"
    return JSONResponse(_error(InvalidInput("no_address", received=received, choices=there)), error.status_code)


async def models(request: Request) -> Response:
    """What can be asked for, or the one that the address names."""
    from core.lessons.language_model.offers import offers

    here = await to_thread.run_sync(lambda: [offer.name for offer in offers("en") if offer.here])
    listed = [{"id": name, "object": "model", "created": 0, "owned_by": "here"} for name in [*here, "counts", ENCODER]]
    if (name := request.path_params.get("name")) is not None:
        found = [model for model in listed if model["id"] == name]
        choices = ", ".join(str(model["id"]) for model in listed)
        return (
            JSONResponse(found[0])
            if found
            else _refusal(InvalidInput("not_served", received=shown(name), choices=choices))
        )
    return JSONResponse({"object": "list", "data": listed})


async def chat(request: Request) -> Response:
    return await _written(request, "messages", "chat.completion")


async def complete(request: Request) -> Response:
    return await _written(request, "prompt", "text_completion")


async def embed(request: Request) -> Response:
    """Unit vectors of 384 numbers."""
    try:
        return JSONResponse(await to_thread.run_sync(_embedded, await object_of(request, MOST_BODY)))
    except CoreError as error:
        return _refusal(error)


def _embedded(body: dict[str, Any]) -> dict[str, Any]:
    from core.lessons.word_vectors import space

    sent = body.get("input")
    texts = [sent] if isinstance(sent, str) else sent
    with checking() as check:
        check.one_of("model", body.get("model") or ENCODER, (ENCODER,))
        check.one_of("encoding_format", body.get("encoding_format") or "float", ("float", "base64"))
        if not isinstance(texts, list) or not texts or not all(isinstance(one, str) and one.strip() for one in texts):
            check.add("not_one_of", name="input", choices="a text, or a list of texts", received=shown(sent), hint="")
        elif len(texts) > MOST_INPUTS:
            check.add("too_many", name="input", most=MOST_INPUTS, received=len(texts))
        elif not all(map(readable, texts)):
            check.add("broken_letters", name="input")
        elif (longest := max(map(len, texts))) > MOST_LETTERS:
            check.add("prompt_too_long", name="input", received=longest, most=MOST_LETTERS)
    assert isinstance(texts, list)
    encoder = space.encoder()
    vectors = encoder.encode(texts, whole=True).tolist()
    if (body.get("dimensions") or len(vectors[0])) != len(vectors[0]):
        raise InvalidInput("not_offered", name="dimensions")
    packed = body.get("encoding_format") == "base64"
    data = [
        {"object": "embedding", "index": place, "embedding": _packed(vector) if packed else vector}
        for place, vector in enumerate(vectors)
    ]
    tokens = sum(len(ids) for ids in encoder.ids(texts, whole=True))
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "model": ENCODER, "data": data, "usage": usage}


def _packed(vector: list[float]) -> str:
    return base64.b64encode(array("f", vector).tobytes()).decode()


async def _written(request: Request, what: str, kind: str) -> Response:
    """An answer of the LLM, at once or as a stream of server-sent events."""
    try:
        body = await object_of(request, MOST_BODY)
        events = await to_thread.run_sync(_events, body, what)
    except CoreError as error:
        return _refusal(error)
    about = {
        "id": f"{kind}-{secrets.token_hex(12)}",
        "created": int(time.time()),
        "model": body.get("model") or DEFAULT,
    }
    if body.get("stream") is True:
        usage = isinstance(body.get("stream_options"), dict) and bool(body["stream_options"].get("include_usage"))
        lines = _lines(events, kind, about, usage)
        return StreamingResponse(lines, media_type="text/event-stream", headers={"cache-control": "no-store"})
    said, end = list[str](), None
    try:
        async for event in _steps(events):
            if await request.is_disconnected():
                return Response(status_code=499)
            end = _heard(event, said)
    except CoreError as error:
        return _refusal(error)
    choice = _choice(kind, "".join(said), end["finish_reason"] if end else "length", whole=True)
    return JSONResponse({**about, "object": kind, "choices": [choice], "usage": end["usage"] if end else None})


def _events(body: dict[str, Any], what: str) -> Iterator[Any]:
    """The stream of the model, checked and in its line; nothing is computed yet."""
    from core.lessons.language_model import story

    for name in NOT_OFFERED:
        if body.get(name) and body[name] != {"type": "text"}:
            raise InvalidInput("not_offered", name=name)
    for name in ("n", "best_of"):
        if body.get(name, 1) not in (1, None):
            raise InvalidInput("not_offered", name=f"{name} > 1")
    for name in ("presence_penalty", "frequency_penalty"):
        if body.get(name):
            raise InvalidInput("not_offered", name=name)
    if body.get("stream") not in (None, True, False):
        raise InvalidInput("not_one_of", name="stream", choices="true, false", received=shown(body["stream"]), hint="")
    asked = body.get(what)
    if what == "prompt" and isinstance(asked, list) and len(asked) == 1:
        (asked,) = asked
    if not asked:
        raise InvalidInput("empty", name=what, least=1)
    if not isinstance(asked, list if what == "messages" else str):
        form = '[{"role": "user", "content": "…"}]' if what == "messages" else '"…"'
        raise InvalidInput("wrong_shape", name=what, expected=form, received=shown(asked))
    name = body.get("model") or DEFAULT
    if not isinstance(name, str):
        raise InvalidInput("not_one_of", name="model", choices="/v1/models", received=shown(name), hint="")
    sizes = (body.get("max_completion_tokens"), body.get("max_tokens"), 256 if what == "messages" else 16)
    most = next(size for size in sizes if size is not None)
    stop = body.get("stop") or ()
    with checking() as check:
        check.whole("max_tokens", most, 1, 10**6)
        if not isinstance(stop, str) and not all(
            isinstance(each, str) for each in (stop if isinstance(stop, list | tuple) else [0])
        ):
            check.add("wrong_shape", name="stop", expected='"…", ["…", …]', received=shown(stop))
    seed = body.get("seed")
    how: dict[str, Any] = {
        "temperature": 1.0 if body.get("temperature") is None else body["temperature"],
        "top_p": 1.0 if body.get("top_p") is None else body["top_p"],
        "seed": secrets.randbelow(2**31) if seed is None else seed,
        "alternatives": 0,
        "deadline": MOST_SECONDS,
    }
    model = story.served(name)
    if name != "counts":  # counted letters have one engine, and know no strings to stop at
        how |= {"engine": "fastest", "stop": stop}
    elif what == "messages":
        raise InvalidInput("only_continues", name=name)
    elif stop:
        raise InvalidInput("not_offered", name="stop")
    if what == "messages":
        asked = [_as_system(message) for message in asked]
    events = model.steps(asked, min(int(most), MOST_NEW), **how)
    return kit.LLM.served(events)


async def _steps(events: Iterator[Any]) -> AsyncIterator[Any]:
    """The events, made in threads; closed when nobody listens any more."""
    try:
        while (event := await to_thread.run_sync(next, events, None)) is not None:
            yield event
    finally:
        with anyio.CancelScope(shield=True):
            await to_thread.run_sync(closing(events).__exit__, None, None, None)  # type: ignore[type-var]


def _as_system(message: Any) -> Any:
    """OpenAI's newer name of the system's turn, as models know it."""
    return message | {"role": "system"} if isinstance(message, dict) and message.get("role") == "developer" else message


def _heard(event: Any, said: list[str]) -> dict[str, Any] | None:
    """Collect a token; of the last event, why the answer ended and what it took."""
    from core.events import Done
    from core.llm.decoding import Token, Truncated

    if isinstance(event, Truncated):  # OpenAI refuses it too; an answer to half of the words would look like one to all
        raise InvalidInput("prompt_beyond", received=event.dropped)
    if isinstance(event, Token):
        said.append(event.text)
    if not isinstance(event, Done):
        return None
    made = event.result
    counted = {"prompt_tokens": made.prompt_tokens, "completion_tokens": len(made.ids)}
    usage = counted | {"total_tokens": sum(counted.values())}
    return {"finish_reason": "length" if event.stopped else "stop", "usage": usage}


async def _lines(events: Iterator[Any], kind: str, about: dict[str, Any], usage: bool) -> AsyncIterator[str]:
    """Server-sent events: a chunk for each token, one that says why it ended, then [DONE]."""
    about = {**about, "object": f"{kind}.chunk" if kind.startswith("chat") else kind}
    opened = not kind.startswith("chat")
    steps = _steps(events)
    try:
        async for event in steps:
            said: list[str] = []
            end = _heard(event, said)
            if isinstance(event, Waiting):
                yield f": {event.ahead} before you\n\n"
            elif said and said[0]:
                chunk = _choice(kind, said[0], None, whole=False, first=not opened)
                opened = True
                yield _line({**about, "choices": [chunk]})
            elif end:
                yield _line({**about, "choices": [_choice(kind, "", end["finish_reason"], whole=False)]})
                if usage:
                    yield _line({**about, "choices": [], "usage": end["usage"]})
        yield "data: [DONE]\n\n"
    except CoreError as error:
        yield _line(_error(error))
    finally:
        await steps.aclose()


def _choice(kind: str, words: str, ended: str | None, whole: bool, first: bool = False) -> dict[str, Any]:
    if not kind.startswith("chat"):
        return {"index": 0, "text": words, "logprobs": None, "finish_reason": ended}
    role = {"role": "assistant"} if whole or first else {}
    said = role | ({"content": words} if words or whole else {})
    return {"index": 0, "message" if whole else "delta": said, "logprobs": None, "finish_reason": ended}


def _line(value: dict[str, Any]) -> str:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"


def _error(error: CoreError) -> dict[str, Any]:
    return {"error": {"message": told(error, "en"), "type": "invalid_request_error", "param": None, "code": error.code}}


def _refusal(error: CoreError) -> Response:
    status = 404 if error.code == "not_served" else 503 if error.code == "line_full" else 400
    return JSONResponse(_error(error), status_code=status)
