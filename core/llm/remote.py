"""A language model behind an OpenAI-compatible server (vLLM, TGI, llama.cpp, ``transformers serve``): same verbs.

``LanguageModel.load("http://127.0.0.1:8000/v1")`` gives one; ``…/v1#name`` chooses among several models of a server. Such
a server hands out text and the probabilities of a few candidates, so attention and logit lens cannot be shown, nor every
candidate be re-weighed: that is said. The key in DL_SERVER_KEY is sent to the address in DL_SERVER only; a public host asks no
other. Left out: tools, pictures.
"""

from __future__ import annotations

import http.client
import json
import math
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any, NoReturn

from core.errors import InvalidInput, Unavailable, checking, register, shown
from core.events import Deadline, Done
from core.llm.decoding import Candidate, Generation, Sampling, StopStrings, Token
from core.llm.prompts import Messages, conversation, readable
from core.llm.verbs import BaseLanguageModel
from core.pretrained import catalog

register(
    {
        "server_silent": "The server {address} did not answer ({reason}). Is it running, and is the address right?",
        "server_refused": "The server {address} refused: {reason}.",
        "server_garbled": "The server {address} answers, but not in the language of the OpenAI API.",
        "server_blind": "{name} runs on a server, which hands out text only. Chat with it, or load a model here.",
    }
)

WAIT = 60.0  # seconds a server may be silent
MOST_LINE = 1 << 20  # bytes of one line
MOST_CANDIDATES = 20


def is_address(name: Any) -> bool:
    """Whether this names a server rather than a model."""
    return isinstance(name, str) and name.strip().lower().startswith(("http://", "https://"))


def is_own(address: Any) -> bool:
    """Whether this is the server that DL_SERVER names, where the key in DL_SERVER_KEY belongs."""
    own = os.environ.get("DL_SERVER", "").strip().rstrip("/")
    return bool(own) and is_address(address) and address.strip().partition("#")[0].rstrip("/") == own


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """A server that sends us elsewhere is refused: the address typed is the one that is asked."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


class RemoteLanguageModel(BaseLanguageModel):
    """The server's model. ``probability`` of a Token is NaN where the server does not tell it."""

    parameters = 0  # a server does not tell

    def __init__(self, address: str) -> None:
        """Asks the server which models it has. Raises InvalidInput, Unavailable."""
        strange = catalog.public_host() and not is_own(address)
        if strange or not is_address(address) or len(address) > 300:
            names = ", ".join(entry.name for entry in catalog.models())
            raise InvalidInput("not_allowed", choices=names, received=shown(address))
        base, _, wish = address.strip().partition("#")
        self.address, self._open = base.rstrip("/"), urllib.request.build_opener(NoRedirect)
        with self._ask("/models") as answer:
            listed = self._json(answer.read(MOST_LINE)).get("data")
        ids = [str(model.get("id")) for model in listed or [] if isinstance(model, dict)]
        if not ids:
            raise Unavailable("server_garbled", address=self.address)
        if wish and wish not in ids:
            with checking() as check:
                check.one_of("model", wish, ids[:20])
        self.name = wish or ids[0]

    def steps(
        self,
        prompt: str | Messages,
        max_new_tokens: int = 64,
        temperature: float = 0.0,
        top_k: int = 0,
        top_p: float = 1.0,
        min_p: float = 0.0,
        repetition_penalty: float = 1.0,
        seed: int = 0,
        stop: Sequence[str] | str = (),
        *,
        alternatives: int = 5,
        engine: str = "auto",
        deadline: float | None = None,
    ) -> Iterator[Token | Done[Generation]]:
        """As ``LanguageModel.steps``; whatever the ``engine`` asked for, the tokens are drawn by the server.

        Wrong values raise InvalidInput at once.
        """
        sampling = Sampling(temperature, top_k, top_p, min_p, repetition_penalty, seed)
        with checking() as check:
            check.whole("max_new_tokens", max_new_tokens, 1, 8192)
            check.whole("alternatives", alternatives, 0, MOST_CANDIDATES)
        stops = [stop] if isinstance(stop, str) and stop else list(stop)
        StopStrings(stops)
        path, body = self._request(prompt, sampling, int(max_new_tokens), int(alternatives))
        return self._listen(path, body | ({"stop": stops} if stops else {}), deadline)

    def next_token(self, prompt: str | Messages, top: int = 20) -> tuple[Candidate, ...]:
        """The most probable next tokens, as many as the server tells (often at most 20). They cannot be re-weighed."""
        first = next(iter(self.stream(prompt, 1, alternatives=min(int(top), MOST_CANDIDATES))), None)
        return first.alternatives if first else ()

    def inspect(self, prompt: str | Messages) -> NoReturn:
        """Raises InvalidInput ``server_blind``: a server shows neither attention nor layers."""
        raise InvalidInput("server_blind", name=self.name)

    def _request(
        self, prompt: str | Messages, sampling: Sampling, most: int, alternatives: int
    ) -> tuple[str, dict[str, Any]]:
        body: dict[str, Any] = {"model": self.name, "stream": True, "max_tokens": most, "seed": int(sampling.seed)}
        body |= {"temperature": sampling.temperature, "top_p": sampling.top_p}
        extras = {"top_k": 0, "min_p": 0, "repetition_penalty": 1}  # not OpenAI's own: sent only when wanted
        body |= {key: value for key, off in extras.items() if (value := getattr(sampling, key)) != off}
        if isinstance(prompt, str):
            return "/completions", body | {"prompt": readable(prompt), "logprobs": alternatives or None}
        asked = {"logprobs": True, "top_logprobs": alternatives} if alternatives else {}
        return "/chat/completions", body | {"messages": conversation(prompt)} | asked

    def _listen(self, path: str, body: dict[str, Any], deadline: float | None) -> Iterator[Token | Done[Generation]]:
        clock, text, count, first, stopped = Deadline(deadline), "", 0, 0.0, None
        began = time.perf_counter()
        with closing(self._ask(path, body)) as answer:
            for piece in self._pieces(answer):
                for token in tokens(piece):
                    text, count, first = text + token.text, count + 1, first or clock.elapsed
                    yield token
                if piece.get("finish_reason") == "length":
                    stopped = "length"
                if clock.expired:
                    stopped = "deadline"
                    break
        took = max(time.perf_counter() - began - first, 1e-9)
        speed = (count - 1) / took if count > 1 else 0.0
        yield Done(Generation(text, (-1,) * count, 0, 0, first, speed, "server"), clock.elapsed, stopped)

    def _pieces(self, answer: Any) -> Iterator[dict[str, Any]]:
        """The choices of a stream of server-sent events."""
        try:
            while line := answer.readline(MOST_LINE):
                data = line.strip().removeprefix(b"data:").strip()
                if data == b"[DONE]":
                    return
                if line.startswith(b"data:") and data:
                    event = self._json(data)
                    if "error" in event:
                        raise Unavailable("server_refused", address=self.address, reason=shown(event["error"]))
                    yield from (choice for choice in event.get("choices") or [] if isinstance(choice, dict))
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable("server_silent", address=self.address, reason=type(error).__name__) from error

    def _ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream, application/json"}
        if (key := os.environ.get("DL_SERVER_KEY")) and is_own(self.address):
            headers["Authorization"] = f"Bearer {key}"
        data = None if body is None else json.dumps(body).encode()
        try:
            request = urllib.request.Request(self.address + path, data, headers)
            return self._open.open(request, timeout=WAIT if body else 5)
        except urllib.error.HTTPError as error:
            error.close()
            raise Unavailable("server_refused", address=self.address, reason=f"HTTP {error.code}") from error
        except (OSError, ValueError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise Unavailable("server_silent", address=self.address, reason=type(reason).__name__) from error

    def _json(self, data: bytes) -> dict[str, Any]:
        try:
            found = json.loads(data)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise Unavailable("server_garbled", address=self.address)
        return found


def tokens(choice: dict[str, Any]) -> Iterator[Token]:
    """The tokens of one piece of a stream; the text belongs to the last of them, letters whole."""
    delta = choice.get("delta")
    said = delta.get("content") if isinstance(delta, dict) else choice.get("text")
    said = said if isinstance(said, str) else ""
    told = choice.get("logprobs")
    if isinstance(told, dict) and isinstance(told.get("content"), list):  # chat
        steps = [(step.get("logprob"), pairs(step.get("top_logprobs"))) for step in told["content"]]
    elif isinstance(told, dict) and isinstance(told.get("token_logprobs"), list):  # completions
        tops = told.get("top_logprobs") or [None] * len(told["token_logprobs"])
        steps = list(zip(told["token_logprobs"], map(pairs, tops), strict=False))
    else:
        steps = [(None, ())] if said else []
    for number, (share, candidates) in enumerate(steps, 1):
        text = said if number == len(steps) else ""
        yield Token(-1, text, math.exp(share) if isinstance(share, int | float) else math.nan, candidates)


def pairs(told: Any) -> tuple[Candidate, ...]:
    """Candidates in falling order from [{"token", "logprob"}] or {token: logprob}."""
    if isinstance(told, dict):
        found = list(told.items())
    else:
        found = [(step.get("token"), step.get("logprob")) for step in told or [] if isinstance(step, dict)]
    good = [(str(token), math.exp(share)) for token, share in found if isinstance(share, int | float)]
    return tuple(Candidate(-1, token, share) for token, share in sorted(good, key=lambda pair: -pair[1]))
