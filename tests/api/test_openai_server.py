"""OpenAI's addresses: plain HTTP everywhere, and OpenAI's own client where it is installed."""

from __future__ import annotations

import base64
import json
from array import array
from typing import Any

import httpx
import numpy as np
import pytest

from core.language.word_vectors import WordVectors
from core.lessons.language_model.offers import here
from core.llm import letter_models
from demos import kit

QUESTION = [{"role": "user", "content": "Name a colour."}]
needs_llm = pytest.mark.skipif(not here(), reason="the LLM is not on this disk")


def ask(address: str, where: str, body: Any, **more: Any) -> httpx.Response:
    return httpx.post(f"{address}v1/{where}", json=body, timeout=120, **more)


def test_a_text_is_continued_at_once_and_as_a_stream(address: str) -> None:
    body = {"model": "counts", "prompt": "the ", "max_tokens": 12, "temperature": 0}
    said = ask(address, "completions", body).json()
    truth = letter_models.counted("en").generate("the ", 12, temperature=0.0)
    assert said["choices"][0] == {"index": 0, "text": truth, "logprobs": None, "finish_reason": "length"}
    assert said["usage"]["completion_tokens"] == 12 and said["object"] == "text_completion"
    streamed = ask(address, "completions", body | {"stream": True, "stream_options": {"include_usage": True}}).text
    *lines, end = [line.removeprefix("data: ") for line in streamed.splitlines() if line.startswith("data: ")]
    chunks = [json.loads(line) for line in lines]
    assert end == "[DONE]" and chunks[-1]["usage"]["total_tokens"] == said["usage"]["total_tokens"]
    assert "".join(choice["text"] for chunk in chunks for choice in chunk["choices"]) == truth


@needs_llm
def test_the_llm_answers_a_chat(address: str) -> None:
    from core.llm.language_model import LanguageModel

    body = {"model": "smollm2-135m-instruct", "messages": QUESTION, "max_tokens": 12, "temperature": 0}
    said = ask(address, "chat/completions", body).json()
    truth = LanguageModel.load().generate(QUESTION, 12, engine="fastest")
    assert said["choices"][0]["message"] == {"role": "assistant", "content": truth}


def test_texts_become_vectors(address: str) -> None:
    texts = ["cat", "고양이"]
    said = ask(address, "embeddings", {"model": "words", "input": texts}).json()
    np.testing.assert_allclose(
        [each["embedding"] for each in said["data"]], WordVectors.load().encode(texts), atol=1e-6
    )
    packed = ask(address, "embeddings", {"model": "words", "input": "cat", "encoding_format": "base64"}).json()
    vector = array("f", base64.b64decode(packed["data"][0]["embedding"])).tolist()
    np.testing.assert_allclose(vector, said["data"][0]["embedding"], atol=1e-6)


@pytest.mark.parametrize(
    ("where", "body", "status", "words"),
    [
        ("chat/completions", {"model": "gpt-9", "messages": QUESTION}, 404, "gpt-9"),
        ("chat/completions", {"model": "../../etc", "messages": QUESTION}, 404, "etc"),
        ("chat/completions", {"messages": []}, 400, "messages"),
        ("chat/completions", {"messages": "hi"}, 400, "messages"),
        ("chat/completions", {"model": "counts", "messages": QUESTION}, 400, "/v1/completions"),
        ("completions", {"model": "counts", "prompt": "a", "stop": ["e"]}, 400, "stop"),
        ("chat/completions", {"model": "counts", "messages": QUESTION, "n": 3}, 400, "n > 1"),
        ("chat/completions", {"model": "counts", "messages": QUESTION, "tools": [{}]}, 400, "tools"),
        ("completions", {"model": "counts", "prompt": "a", "temperature": -1}, 400, "-1"),
        ("completions", {"model": "counts", "prompt": "a", "max_tokens": 0.5}, 400, "0.5"),
        ("completions", {"model": ["counts"], "prompt": "a"}, 400, "model"),
        ("embeddings", {"input": []}, 400, "list of texts"),
        ("embeddings", {"input": ["a"] * 65}, 400, "65"),
        ("embeddings", {"input": "a" * 3000}, 400, "3000"),
        ("embeddings", {"input": [[1, 2]]}, 400, "list of texts"),
        ("embeddings", [1], 400, "JSON"),
        ("embeddings", {"input": "a", "dimensions": 8}, 400, "dimensions"),
        ("responses", {"input": "hi"}, 404, "POST /v1/chat/completions"),
        ("completions", {"model": "counts", "prompt": ["a", "b"]}, 400, "Received: ['a', 'b']"),
        ("completions", {"model": "counts", "prompt": "a", "max_tokens": 0}, 400, "Received: 0"),
        ("completions", {"model": "counts", "prompt": "a", "stop": 5}, 400, "Received: 5"),
        ("completions", {"model": "counts", "prompt": "a", "stream": "true"}, 400, "true, false"),
    ],
)
def test_what_is_wrong_is_one_sentence(address: str, where: str, body: Any, status: int, words: str) -> None:
    said = ask(address, where, body)
    assert said.status_code == status and words in said.json()["error"]["message"], said.text
    assert len(said.text) < 700


def test_a_form_of_another_site_and_a_flood_are_refused(address: str) -> None:
    form = {"content-type": "text/plain"}
    assert httpx.post(f"{address}v1/completions", content=b"{}", headers=form).status_code == 400
    assert ask(address, "completions", {"prompt": "a" * 3_000_000}).status_code == 400


def test_half_a_letter_is_refused(address: str) -> None:
    """JSON can hold half of a surrogate pair."""
    form = {"content-type": "application/json"}
    said = httpx.post(f"{address}v1/embeddings", content=b'{"input": "\\ud83d"}', headers=form)
    assert said.status_code == 400 and "signs that are no letters" in said.json()["error"]["message"]


def test_who_hangs_up_gives_the_place_in_the_line_back(address: str) -> None:
    import time

    body = {"model": "counts", "prompt": "the ", "max_tokens": 1000, "stream": True}
    with httpx.stream("POST", f"{address}v1/completions", json=body, timeout=60) as heard:
        next(heard.iter_lines())
    end = time.monotonic() + 10
    while len(kit.LLM):
        time.sleep(0.05)
        assert time.monotonic() < end


def test_openais_own_client(address: str) -> None:
    openai = pytest.importorskip("openai")
    client = openai.OpenAI(base_url=f"{address}v1", api_key="any", max_retries=0)
    assert "words" in [model.id for model in client.models.list()]
    with client.completions.create(model="counts", prompt="the ", max_tokens=5, temperature=0, stream=True) as chunks:
        said = "".join(chunk.choices[0].text for chunk in chunks if chunk.choices)
    assert said == letter_models.counted("en").generate("the ", 5, temperature=0.0)
    found = client.embeddings.create(model="words", input=["cat"]).data[0].embedding
    np.testing.assert_allclose(found, WordVectors.load().encode(["cat"])[0], atol=1e-6)
    with pytest.raises(openai.NotFoundError, match="gpt-9"):
        client.completions.create(model="gpt-9", prompt="a")
    assert client.models.retrieve("counts").id == "counts"
    with pytest.raises(openai.NotFoundError, match="gpt-9"):
        client.models.retrieve("gpt-9")
    if here():
        with pytest.raises(openai.BadRequestError, match="needs a role"):
            picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,"}}
            content = [{"type": "text", "text": "What is it?"}, picture]
            client.chat.completions.create(
                model="smollm2-135m-instruct", messages=[{"role": "user", "content": content}]
            )
        long = [{"role": "user", "content": "x " * 9000}]
        with pytest.raises(openai.BadRequestError, match="longer than the model can read"):
            client.chat.completions.create(model="smollm2-135m-instruct", messages=long, max_tokens=1)
        answer = client.chat.completions.create(
            model="smollm2-135m-instruct",
            messages=[{"role": "developer", "content": "Be brief."}, *QUESTION],
            max_tokens=4,
        )
        assert answer.choices[0].message.content and answer.usage.completion_tokens <= 4
