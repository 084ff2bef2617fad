"""A server of our own in a thread that speaks the OpenAI API, and misbehaves when asked to."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from core import LanguageModel
from core.errors import CoreError
from core.events import Done
from core.llm.decoding import Token
from core.llm.remote import RemoteLanguageModel, is_address

CHAT = [{"role": "user", "content": "<|im_end|> hi"}]


class Server(BaseHTTPRequestHandler):
    mode, asked = "well", list[dict[str, Any]]()

    def log_message(self, *_: Any) -> None: ...

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        if Server.mode == "redirect":
            return self.answer(302, b"", Location="http://127.0.0.1:9/v1/models")
        bodies = {"garbled": b"<html>", "empty": b'{"data": []}', "list": b"[1]"}
        models = json.dumps({"data": [{"id": "one"}, {"id": "two"}]}).encode()
        self.answer(401 if Server.mode == "locked" else 200, bodies.get(Server.mode, models))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        Server.asked.append(body | {"path": self.path, "key": self.headers.get("Authorization")})
        self.send_response(200)
        self.end_headers()
        words = ["안", "녕", "", " world"]
        for number, word in enumerate(words):
            if self.path.endswith("chat/completions"):
                top = [{"token": "x", "logprob": -3.0}, {"token": word, "logprob": -0.5}]
                choice: dict[str, Any] = {"delta": {"content": word}}
                choice["logprobs"] = {"content": [{"token": word, "logprob": -0.5, "top_logprobs": top}]}
            else:
                choice = {"text": word, "logprobs": {"token_logprobs": [-0.5], "top_logprobs": [{word: -0.5, "x": -3}]}}
            if Server.mode == "plain":
                choice.pop("logprobs")
            if number == len(words) - 1:
                choice["finish_reason"] = "length"
            self.wfile.write(b": comment\n\ndata: " + json.dumps({"choices": [choice]}).encode() + b"\n\n")
            if Server.mode == "error":
                self.wfile.write(b'data: {"error": {"message": "out of memory"}}\n\n')
            if Server.mode == "broken":
                self.wfile.write(b"data: {oops\n\n")
        self.wfile.write(b'data: {"choices": []}\n\ndata: [DONE]\n\n')


@pytest.fixture
def address() -> Iterator[str]:
    Server.mode, Server.asked = "well", []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()


def test_the_same_verbs(address: str) -> None:
    lm = LanguageModel.load(address)
    assert isinstance(lm, RemoteLanguageModel) and lm.name == "one"
    for prompt in (CHAT, "a text"):
        *said, done = lm.steps(prompt, 9, temperature=0.7, top_k=5, stop="zz", seed=3)
        assert all(isinstance(token, Token) for token in said) and isinstance(done, Done)
        assert done.result.text == "".join(token.text for token in said) == "안녕 world" and done.stopped == "length"
        assert said[0].probability == pytest.approx(math.exp(-0.5))
        assert [c.text for c in said[0].alternatives] == ["안", "x"]
    chat, plain = Server.asked
    assert chat["path"].endswith("/chat/completions") and chat["messages"] == CHAT and chat["stop"] == ["zz"]
    assert chat["top_k"] == 5 and "min_p" not in chat and chat["seed"] == 3 and chat["key"] is None
    assert plain["path"].endswith("/v1/completions") and plain["prompt"] == "a text"
    assert lm.generate(CHAT) == "안녕 world" and [c.text for c in lm.next_token("a")] == ["안", "x"]


def test_a_server_that_tells_no_probabilities(address: str) -> None:
    Server.mode = "plain"
    tokens = list(LanguageModel.load(address).stream(CHAT))
    assert "".join(token.text for token in tokens) == "안녕 world" and math.isnan(tokens[0].probability)


def test_another_model_of_the_server_and_a_key(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DL_SERVER_KEY", "secret")
    monkeypatch.setenv("DL_SERVER", address + "/")
    LanguageModel.load(address + "#two").generate("a")
    assert Server.asked[0]["model"] == "two" and Server.asked[0]["key"] == "Bearer secret"
    with pytest.raises(CoreError) as caught:
        LanguageModel.load(address + "#three")
    assert caught.value.code == "not_one_of"


def test_the_key_stays_with_its_own_server(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DL_SERVER_KEY", "secret")
    for own in ("", "https://school.example/v1", address + "/other"):
        monkeypatch.setenv("DL_SERVER", own)
        LanguageModel.load(address).generate("a")
        assert Server.asked[-1]["key"] is None


def test_a_public_host_asks_its_own_server_only(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DL_PUBLIC", "1")
    monkeypatch.setenv("DL_SERVER", address)
    assert LanguageModel.load(address + "#two").name == "two"
    with pytest.raises(CoreError) as caught:
        LanguageModel.load(address.replace("127.0.0.1", "localhost"))
    assert caught.value.code == "not_allowed"


def test_stop_hangs_up(address: str) -> None:
    stream = LanguageModel.load(address).stream(CHAT)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert next(stream, None) is None


@pytest.mark.parametrize(
    ("mode", "code"),
    [
        ("locked", "server_refused"),
        ("garbled", "server_garbled"),
        ("empty", "server_garbled"),
        ("list", "server_garbled"),
        ("redirect", "server_refused"),
    ],
)
def test_a_server_that_is_none(address: str, mode: str, code: str) -> None:
    Server.mode = mode
    with pytest.raises(CoreError) as caught:
        LanguageModel.load(address)
    assert caught.value.code == code


@pytest.mark.parametrize(("mode", "code"), [("error", "server_refused"), ("broken", "server_garbled")])
def test_a_stream_that_fails(address: str, mode: str, code: str) -> None:
    lm = LanguageModel.load(address)
    Server.mode = mode
    with pytest.raises(CoreError) as caught:
        lm.generate(CHAT)
    assert caught.value.code == code


def test_wrong_use(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lm = LanguageModel.load(address)
    for call, code in (
        (lambda: lm.steps(""), "empty_prompt"),
        (lambda: lm.steps(CHAT, temperature=-1), "out_of_range"),
        (lambda: lm.steps(CHAT, stop=["a"] * 9), "too_many"),
        (lambda: lm.inspect("a"), "server_blind"),
        (lambda: LanguageModel.load("http://127.0.0.1:9/v1"), "server_silent"),
        (lambda: LanguageModel.load("http://[broken"), "server_silent"),
        (lambda: LanguageModel.load("http://" + "x" * 400), "not_allowed"),
    ):
        with pytest.raises(CoreError) as caught:
            call()
        assert caught.value.code == code
    monkeypatch.setenv("DL_PUBLIC", "1")
    with pytest.raises(CoreError) as caught:
        LanguageModel.load(address)
    assert caught.value.code == "not_allowed"
    assert not is_address("a/b") and not is_address(7) and is_address(" HTTPS://x")
