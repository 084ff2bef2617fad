"""The functions by plain HTTP: core's own values, the answers under way, a picture, sentences, and a client that leaves."""

from __future__ import annotations

import base64
import io
import json
import time
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from demos.api import FUNCTIONS
from demos.api.surface import TRAINING

GIVEN: dict[str, dict[str, Any]] = {
    "train_net": {"epochs": 3, "seed": 1},
    "trace_net": {"x": [0.1, 0.2]},
    "explain_review": {"review": "good food"},
    "next_tokens": {"text": "th", "model": "counts"},
    "similarity": {"texts": ["cat", "고양이"]},
    "classify_picture": {"picture": "ankle boot"},
    "convolve": {"side": 8},
}
TIMED = ("seconds", "tokens_per_second")


def ask(address: str, name: str, given: Any, **more: Any) -> httpx.Response:
    return httpx.post(f"{address}api/{name}", json=given, timeout=120, **more)


def direct(name: str, given: dict[str, Any]) -> Any:
    *_, answer = next(each for each in FUNCTIONS if each.name == name).answers(given)
    return answer


@pytest.mark.parametrize("name", GIVEN)
def test_the_answer_is_what_core_says(address: str, name: str) -> None:
    said, truth = ask(address, name, GIVEN[name]), direct(name, GIVEN[name])
    assert said.status_code == 200
    values = said.json()
    picture = values.pop("picture", None)
    assert {k: v for k, v in values.items() if k not in TIMED} == json.loads(
        json.dumps({k: v for k, v in truth.values.items() if k not in TIMED})
    )
    assert (picture is None) == (truth.picture is None)
    if truth.picture is not None:
        sent, whole = (
            np.asarray(Image.open(io.BytesIO(data)))
            for data in (base64.b64decode(picture.partition(",")[2]), truth.picture)
        )
        np.testing.assert_array_equal(sent, whole)


def test_a_net_that_diverges_is_told_in_json(address: str) -> None:
    said = ask(address, "train_net", {"data": "plane", "activation": "linear", "learning_rate": 100, "epochs": 50})
    assert said.status_code == 200 and "NaN" not in said.text and said.json()["stopped"] == "diverged"


def test_the_answers_under_way_come_as_lines(address: str) -> None:
    given = {"data": "spiral", "hidden": [8, 8], "epochs": 150}
    said = ask(address, "train_net", given, headers={"accept": "application/x-ndjson"})
    lines = [json.loads(line) for line in said.text.splitlines()]
    assert [line["done"] for line in lines] == [False] * (len(lines) - 1) + [True] and lines[-1]["epochs"] == 150


@pytest.mark.parametrize(
    ("name", "given", "status", "words"),
    [
        ("train_net", {"epochs": 0}, 400, "0"),
        ("train_net", {"epochs": "많이", "lang": "ko"}, 400, "많이"),
        ("train_net", {"epoch": 3}, 400, "epoch is no parameter of train_net"),
        ("train_net", [1], 400, "JSON object"),
        ("train_net", {"lang": 5}, 400, "5"),
        ("similarity", {}, 400, "Texts is empty"),
        ("no_such", {}, 404, "POST /api/train_net"),
        ("../etc/passwd", {}, 404, ""),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(address: str, name: str, given: Any, status: int, words: str) -> None:
    for more in ({}, {"headers": {"accept": "application/x-ndjson"}}):
        said = ask(address, name, given, **more)
        assert said.status_code == status and words in said.text and "Traceback" not in said.text


def test_only_a_json_object_that_is_sent_as_one_is_read(address: str) -> None:
    for content in (b"{", b'{"epochs": ' + b"[" * 100_000, b'{"epochs": "\xff"}'):
        said = httpx.post(f"{address}api/train_net", content=content, headers={"content-type": "application/json"})
        assert said.status_code == 400 and "JSON" in said.json()["error"]
    form = httpx.post(f"{address}api/train_net", data={"epochs": "3"})
    assert form.status_code == 400, "a page of another site can send a form without asking"
    assert httpx.get(f"{address}api/train_net").status_code == 405


def test_a_client_that_leaves_gives_its_place_back(address: str) -> None:
    given = {"data": "spiral", "hidden": [8, 8, 8], "epochs": 1000, "samples": 1000, "batch_size": 1}
    for more in ({}, {"headers": {"accept": "application/x-ndjson"}}):
        with pytest.raises(httpx.ReadTimeout):
            with httpx.stream("POST", f"{address}api/train_net", json=given, timeout=1, **more) as said:
                began = time.monotonic()
                for _ in said.iter_lines():
                    if time.monotonic() - began > 1:
                        raise httpx.ReadTimeout("long enough")
        until = time.monotonic() + 10
        while len(TRAINING) and time.monotonic() < until:
            time.sleep(0.05)
        assert not len(TRAINING)
