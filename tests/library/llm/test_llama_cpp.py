"""llama.cpp as an engine: a fake package that tells what the real one tells; the real one where it is installed."""

from __future__ import annotations

import importlib.util
import math
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from core import LanguageModel
from core.errors import CoreError
from core.events import Done, Progress
from core.llm import llama_cpp
from core.llm.decoding import Token
from core.llm.detokenizer import token_bytes
from tests.library.llm.test_language_model import CHAT, PROMPT, bytes_tokenizer, spelled, tiny


class Server:
    """Says ``answer`` letter by letter, as llama.cpp's own server does: a letter's entry has its last token's numbers."""

    answer, asked, heard, mode = list[int](), list[dict[str, Any]](), 0, "well"

    def __init__(self, params: Any) -> None:
        if Server.mode == "unreadable":
            raise RuntimeError("bad magic")

    def handle_completions(self, body: dict[str, Any], hear: Any) -> None:
        Server.asked.append(body)
        Server.heard = 0
        if Server.mode == "error":
            hear({"error": {"code": 400, "message": "too long"}})
            return
        for done in range(0, len(body["prompt"]), llama_cpp.BATCH):
            if hear({"choices": [], "prompt_progress": {"total": len(body["prompt"]), "processed": done}}):
                return
        held = b""
        for token in Server.answer[: body["n_predict"]]:
            held += bytes_of(token)
            Server.heard += 1
            time.sleep(0.002)
            try:
                text, held = held.decode(), b""
            except UnicodeDecodeError:
                continue
            top = [{"id": token, "logprob": -0.5}, {"id": 65, "logprob": -1.5}]
            entry = {"id": token, "token": text, "logprob": -0.5, "top_logprobs": top}
            told = {"content": [entry]} if body["n_probs"] else None
            if hear({"choices": [{"text": text, "logprobs": told, "finish_reason": None}]}):
                return
        why = "length" if len(Server.answer) >= body["n_predict"] else "stop"
        usage = {"completion_tokens": min(len(Server.answer), body["n_predict"])}
        hear({"choices": [{"text": "", "logprobs": None, "finish_reason": why}], "usage": usage})


def bytes_of(token: int) -> bytes:
    return token_bytes(bytes_tokenizer(), token)


@pytest.fixture
def lm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[LanguageModel]:
    package = ModuleType(llama_cpp.PACKAGE)
    package.Server = Server  # type: ignore[attr-defined]
    package.CommonParams = lambda: SimpleNamespace(  # type: ignore[attr-defined]
        model=SimpleNamespace(), cpuparams=SimpleNamespace(), cpuparams_batch=SimpleNamespace(), n_ctx=0
    )
    package.__spec__ = importlib.util.spec_from_loader(llama_cpp.PACKAGE, None)
    monkeypatch.setitem(sys.modules, llama_cpp.PACKAGE, package)
    Server.mode, Server.asked = "well", []
    before = threading.active_count()
    yield LanguageModel(tiny(), bytes_tokenizer(), "tiny", gguf=tmp_path / "tiny.gguf")
    assert threading.active_count() == before, "no thread outlives its stream"


def run(lm: LanguageModel, prompt: Any = PROMPT, most: int = 50, **settings: Any) -> tuple[list[Token], Done[Any]]:
    *events, done = lm.steps(prompt, most, engine="llamacpp", **settings)
    return [event for event in events if isinstance(event, Token)], done


def test_letters_come_whole_and_it_ends_by_itself(lm: LanguageModel) -> None:
    Server.answer = spelled("안녕 👩‍🚀")
    tokens, done = run(lm, CHAT, temperature=0.7, top_k=5, repetition_penalty=1.2, seed=3, alternatives=2)
    assert done.result.text == "".join(token.text for token in tokens) == "안녕 👩‍🚀" and done.stopped is None
    assert not any("\ufffd" in token.text for token in tokens)
    assert done.result.engine == "llamacpp" and len(done.result.ids) == len(Server.answer) + 1
    assert {-1, *spelled(" "), 257} == set(done.result.ids), "only what is one token has an id"
    letter, space = tokens[0], next(token for token in tokens if token.text == " ")
    assert letter.id == -1 and math.isnan(letter.probability) and letter.alternatives == ()
    assert space.probability == pytest.approx(math.exp(-0.5)) and space.alternatives[1].text == "b"
    (asked,) = Server.asked
    assert asked["prompt"] == list(lm.next_token(CHAT).seen) and asked["seed"] == 3 and asked["top_k"] == 5
    assert asked["samplers"][:2] == ["penalties", "temperature"] and asked["repeat_penalty"] == 1.2


def test_without_alternatives_it_tells_letters_only(lm: LanguageModel) -> None:
    Server.answer = spelled("a<b c")
    for most, text, stopped, ids in ((50, "a<b c", None, (-1,) * 5 + (257,)), (2, "a<", "length", (-1, -1))):
        tokens, done = run(lm, most=most, alternatives=0, stop="<br>")
        assert (done.result.text, done.stopped, done.result.ids) == (text, stopped, ids)
        assert "".join(token.text for token in tokens) == text and math.isnan(tokens[0].probability)


def test_length_stop_strings_and_deadline(lm: LanguageModel) -> None:
    Server.answer = spelled("one <en two<end> three")
    tokens, done = run(lm, most=3)
    assert (done.result.text, done.stopped, len(tokens)) == ("one", "length", 3)
    _, done = run(lm, stop="<end>")
    assert (done.result.text, done.stopped) == ("one <en two", None)
    assert run(lm, deadline=0.0)[1].stopped == "deadline"


def test_stop_while_reading_and_while_writing(lm: LanguageModel) -> None:
    Server.answer = [5] * 100_000
    stream = lm.steps("x" * 200, 50, engine="llamacpp")
    assert isinstance(next(stream), Progress)
    stream.close()  # type: ignore[attr-defined]
    assert Server.heard < 50
    tokens, done = run(lm, most=5)
    assert len(tokens) == 5 and done.stopped == "length"


def test_the_second_waits_for_its_turn(lm: LanguageModel) -> None:
    Server.answer = spelled("ok")
    native = lm.engines.native()
    native._turn.acquire()
    stream = lm.steps("x", 5, engine="llamacpp")
    assert next(stream) == Progress("read", 0, 1)
    native._turn.release()
    assert [event.text for event in stream if isinstance(event, Token)] == ["o", "k", ""]


def test_what_goes_wrong_is_told(lm: LanguageModel) -> None:
    for mode, code in (("unreadable", "llama_cpp_failed"), ("error", "llama_cpp_failed")):
        Server.mode = mode
        with pytest.raises(CoreError) as caught:
            run(lm)
        assert caught.value.code == code


def test_the_fastest_engine_present(lm: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    Server.answer = spelled("ok")
    assert lm.engines.choose("fastest") == "llamacpp" and lm.engines.choose("auto") == "torch"
    monkeypatch.setattr(llama_cpp, "CONTEXT", 20)
    *_, done = lm.steps("x" * 30, 5, engine="fastest")
    assert done.result.engine == "torch", "too long for llama.cpp's window"
    monkeypatch.setattr(llama_cpp, "available", lambda gguf: False)
    assert lm.engines.choose("fastest") == "torch"
    with pytest.raises(CoreError):
        lm.engines.choose("llamacpp")


@pytest.mark.slow
def test_smollm2_in_llama_cpp_says_what_torch_says() -> None:
    pytest.importorskip(llama_cpp.PACKAGE)
    lm = LanguageModel.load("smollm2-135m-instruct")
    prompt = "The capital of France is"
    theirs, ours = (lm.generate(prompt, 2, engine=engine) for engine in ("llamacpp", "torch"))
    assert theirs == ours == " Paris."
    *_, done = lm.steps(CHAT, 200, engine="fastest")
    assert done.result.engine == "llamacpp" and done.stopped is None and done.result.text
