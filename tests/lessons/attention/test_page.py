"""Lesson 10 without a browser: what is shown is core's and torch's, a run goes on where it stopped, garbage is told."""

from __future__ import annotations

import math
import re
from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pytest
import torch

from core.language.attention import ToyConfig
from core.lessons.attention import head as steps
from core.lessons.attention import real_model
from core.lessons.attention import sentence as attention_views
from demos.attention import gpt, real, shown
from demos.attention import page as lesson
from demos.kit import text

SENTENCE = "the dog brought the ball to me"
HEAD = (True, True, 4, 0)
TINY = ("en", "stories", "", 4, "One", 0.8, "The dog", 1)  # texts, source, own, updates, prompt, temperature, letters


@pytest.fixture(scope="module")
def run() -> Any:
    return list(gpt.on_train("en", None, *TINY))[-1][0]


@pytest.mark.parametrize("causal", [True, False])
def test_the_screen_shows_torchs_numbers(causal: bool) -> None:
    head = steps.toy(SENTENCE.split(), ToyConfig(4, True, causal, 0))
    q, k, v = (torch.tensor(x) for x in (head.trace.q, head.trace.k, head.trace.v))
    theirs = torch.nn.functional.scaled_dot_product_attention(q[None], k[None], v[None], is_causal=causal)[0]
    _, _, matrix, _, badge = lesson.on_steps("en", SENTENCE, "words", "output", True, causal, 4, 0)
    np.testing.assert_allclose(matrix["cells"], theirs, atol=6e-4)
    assert float(re.search(r"\*\*([\d.e-]+)\*\*$", badge)[1]) < 1e-12  # type: ignore[index]
    spot, chips, matrix, _, _ = lesson.on_steps("en", SENTENCE, "words", "weights", True, causal, 4, 0)
    assert [token["id"] for token in chips["tokens"]] == [0, 1, 2, 0, 3, 4, 5] and spot == [6, 0]
    np.testing.assert_allclose(np.array(matrix["cells"]).sum(1), 1, atol=4e-3)


@pytest.mark.parametrize("lang", text.LANGUAGES)
@pytest.mark.parametrize("stage", lesson.STAGES)
def test_every_cell_is_written_out(lang: str, stage: str) -> None:
    _, _, matrix, *_ = lesson.on_steps(lang, SENTENCE, "words", stage, *HEAD)
    for i, row in enumerate(matrix["cells"]):
        for j, value in enumerate(row):
            spot, chips, shown_, said = lesson.on_pick(
                lang, SENTENCE, "words", stage, *HEAD, SimpleNamespace(row=i, col=j)
            )
            assert spot == [i, j] == shown_["chosen"] and chips["chosen"] == [0, i]
            told = "−∞" if value is None else "**0**" if value == 0 else f"{value:.3f}".replace("-", "−")
            assert told in said and "{" not in said
            assert lang == "ko" or not re.search("[가-힣]", said)


def test_a_token_shows_whom_it_looks_at() -> None:
    inputs = (SENTENCE, "words", "weights", *HEAD)
    spot, chips, matrix, _ = lesson.on_token("en", [6, 2], *inputs, SimpleNamespace(index=3))
    assert spot == [3, 2] and [token["p"] for token in chips["tokens"]][4:] == [0, 0, 0]
    assert matrix["chosen"] == [3, 2]
    assert lesson.on_token("en", None, *inputs, SimpleNamespace(index=0))[0] == [0, 0]


def test_the_walk_passes_every_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lesson, "WALK_SECONDS", 0)
    assert [event[0] for event in lesson.on_walk("ko", SENTENCE, "words", *HEAD)] == list(lesson.STAGES)


def test_bytes_and_shipped_tokens_never_show_a_broken_letter() -> None:
    sentence = "한글 뷁! 👩‍👩‍👧 dog"
    for how in ("bytes", "emoji"):
        chips, said = real.on_tokens("ko", sentence, how)
        assert "�" not in str(chips) and "3C 2F 77" not in str(chips) and "**" in said
        assert str(len(chips["tokens"])) in said
    chips, _ = real.on_tokens("en", sentence, "bytes")
    assert bytes(token["id"] for token in chips["tokens"]).decode() == sentence


def test_without_the_llm_one_sentence_says_so() -> None:
    if real_model.on_disk():
        *_, (maps, table, badge) = real.on_real("en", SENTENCE, 2, 3)
        assert (
            len(maps["groups"][0]["tiles"]) == 9
            and len(table["cells"]) == len(table["rows"])
            and real_model.MODEL in badge
        )
        return
    for call in (lambda: list(real.on_real("en", SENTENCE, 1, 1)), lambda: real.on_tokens("en", SENTENCE, "llm")):
        with pytest.raises(gr.Error, match="not on this computer"):
            call()


def test_a_run_streams_and_goes_on() -> None:
    events = list(gpt.on_train("ko", None, "ko", *TINY[1:]))
    run = events[-1][0]
    curves = [event[1] for event in events if isinstance(event[1], dict) and "series" in event[1]]
    samples = [event[2] for event in events if isinstance(event[2], dict) and "rows" in event[2]]
    maps = [event[4] for event in events if isinstance(event[4], dict) and "groups" in event[4]]
    assert run.update == 4 and curves[-1]["series"][0]["x"][-1] == 4 and len(samples) == len(maps) >= 2
    assert samples[-1]["rows"][-1]["tokens"][0]["text"] == "One" and len(maps[0]["groups"]) == 2
    again = list(gpt.on_train("ko", run, "ko", *TINY[1:]))[-1]
    assert again[0] is run and run.update == 8 and "119,424" in again[3]
    fresh = list(gpt.on_train("en", run, *TINY))[-1][0]
    assert fresh is not run and fresh.update == 4, "another text is another run"


def test_stop_keeps_what_was_learnt() -> None:
    stream = gpt.on_train("en", None, "en", "stories", "", 1000, "", 0.8, "", 1)
    run = next(stream)[0]
    while run.update < 2:
        badge = next(stream)[3]
    stream.close()
    done = run.update
    assert isinstance(badge, dict) or "106,112 parameters" in badge, "the badge is true whenever Stop comes"
    assert done >= 2 and list(gpt.on_train("en", run, *TINY))[-1][0].update == done + 4


def test_writing_at_temperature_0_takes_the_likeliest(run: Any) -> None:
    written, bars = gpt.on_write("en", run, "One day", 0.0, 0)
    plain = run.model.next("One day").softmax(0)
    assert written["tokens"][0]["text"] == run.model.alphabet.letters[int(plain.argmax())]
    assert bars["items"][0]["value"] == pytest.approx(1) and f"{float(plain.max()):.1%}" in bars["items"][0]["text"]
    warm = (run.model.next("One day") / 1.7).softmax(0)
    _, bars = gpt.on_write("en", run, "One day", 1.7, 0)
    assert bars["items"][0]["value"] == pytest.approx(float(warm[plain.argmax()]))


def test_the_maps_are_the_models(run: Any) -> None:
    maps, table, said = gpt.on_maps("en", run, "The dog", 2, 3, "weights")
    inside = run.model.look("The dog")
    np.testing.assert_allclose(table["cells"], inside.maps[1, 2], atol=6e-4)
    assert [len(group["tiles"]) for group in maps["groups"]] == [4, 4] and maps["chosen"] == 1
    assert "after 4 updates" in said and "unknown" in gpt.on_maps("en", run, "가", 1, 1, "weights")[2]
    assert "learnt" in gpt.on_cell("en", run, "The dog", 1, 1, "q", SimpleNamespace(row=0, col=0))[2]
    assert gpt.on_layer("en", run, "The dog", 1, 1, "q", SimpleNamespace(index=1))[0] == 2


def test_the_code_prints_what_the_page_shows(run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    code = lesson.on_code("en", SENTENCE, "words", *HEAD, run, "en", "stories", "")
    exec(compile(code, "attention.py", "exec"), {})
    printed = capsys.readouterr().out
    head = steps.toy(SENTENCE.split(), ToyConfig(4, True, True, 0))
    assert " ".join(f"{share:.6f}" for share in head.trace.weights[-1]) in printed
    assert f"loss after {run.update} updates: {run.losses[-1][1]:.9g}" in printed
    assert 'load("en", "reviews")'.replace('"', "'") in gpt.code(None, "en", "reviews", "")
    assert repr("x" * 5) in gpt.code(None, "en", "own", "x" * 5)


def test_the_table_is_safe_to_open() -> None:
    lines = lesson.on_csv("en", "=1+1 dog", "words", *HEAD).splitlines()
    assert lines[0] == ",'=1+1,dog" and len(lines) == 3 and sum(map(float, lines[2].split(",")[1:])) == pytest.approx(1)


def test_what_the_tasks_measure() -> None:
    words = ("a", "b", "c")
    assert attention_views.order_change(words, False) < 1e-12 < 1e-3 < attention_views.order_change(words, True)
    scaled, raw = attention_views.sharpest()
    assert scaled < raw <= 1
    loss, guess, letters = attention_views.first_loss("en")
    assert guess == math.log(letters) and abs(loss - guess) < 0.2


def test_a_text_travels() -> None:
    assert lesson.on_take("en", " a text ") == ("a text", "")
    for nothing in (None, {"x": 1}, "  "):
        assert "No other lesson" in lesson.on_take("en", nothing)[1]


def test_markup_stays_words() -> None:
    *_, said = lesson.on_pick("en", "<b>x</b> $y$", "words", "weights", *HEAD, SimpleNamespace(row=1, col=0))
    assert "<" not in said and "$" not in said
    assert shown.visible(" ") == "␣" and shown.visible("\n") == "↵"


@pytest.mark.parametrize(
    "call",
    [
        lambda: lesson.on_steps("ko", "", "words", "weights", *HEAD),
        lambda: lesson.on_steps("ko", None, "words", "weights", *HEAD),
        lambda: lesson.on_steps("ko", "a " * 30, "words", "weights", *HEAD),
        lambda: lesson.on_steps("ko", "a" * 900, "words", "weights", *HEAD),
        lambda: lesson.on_steps("ko", "a b", "other", "weights", *HEAD),
        lambda: lesson.on_steps("ko", "a b", "words", "other", *HEAD),
        lambda: lesson.on_steps("ko", "a b", "words", "x", True, True, float("nan"), 0),
        lambda: lesson.on_steps("ko", "a b", "words", "x", True, True, 4, -1),
        lambda: lesson.on_steps("ko", "a b", "words", "x", True, True, "4", None),
        lambda: lesson.on_pick("ko", "a b", "words", "x", *HEAD, SimpleNamespace(row=9, col=0)),
        lambda: lesson.on_pick("ko", "a b", "words", "x", *HEAD, SimpleNamespace(row="a", col=float("inf"))),
        lambda: lesson.on_token("ko", ["x", None], "a b", "words", "x", *HEAD, SimpleNamespace(index=-1)),
        lambda: list(gpt.on_train("ko", None, "xx", "stories", "", 4, "", 0.8, "", 1)),
        lambda: list(gpt.on_train("ko", None, "ko", "xx", "", 4, "", 0.8, "", 1)),
        lambda: list(gpt.on_train("ko", None, "ko", "own", "짧은 글", 4, "", 0.8, "", 1)),
        lambda: list(gpt.on_train("ko", None, "ko", "own", None, 4, "", 0.8, "", 1)),
        lambda: list(gpt.on_train("ko", None, "ko", "stories", "", float("nan"), "", 0.8, "", 1)),
        lambda: list(gpt.on_train("ko", None, "ko", "stories", "", 4, 5, 0.8, "", 1)),
        lambda: list(gpt.on_train("ko", None, "ko", "stories", "", 4, "", float("nan"), "", 1)),
        lambda: gpt.on_write("ko", None, "a", 0.8, 0),
        lambda: gpt.on_maps("ko", None, "a", 1, 1, "weights"),
        lambda: real.on_tokens("ko", "", "bytes"),
        lambda: real.on_tokens("ko", 7, "bytes"),
        lambda: real.on_tokens("ko", "a" * 900, "bytes"),
        lambda: real.on_tokens("ko", "a", "other"),
    ],
)
def test_wrong_use_is_one_sentence(call: Any) -> None:
    with pytest.raises(gr.Error) as caught:
        call()
    assert re.search("[가-힣]", str(caught.value))


@pytest.mark.parametrize(
    "arguments",
    [
        ("a", 3, 1, "weights"),
        ("a", 1, 0, "weights"),
        ("a", float("nan"), 1, "weights"),
        ("a", 1, "x", "weights"),
        ("a", 1, 1, "x"),
        ("", 1, 1, "weights"),
        ("a" * 25, 1, 1, "weights"),
    ],
)
def test_a_wrong_look_is_one_sentence(run: Any, arguments: Any) -> None:
    with pytest.raises(gr.Error):
        gpt.on_maps("en", run, *arguments)
    with pytest.raises(gr.Error):
        gpt.on_write("en", run, "a", float("inf"), 0)
    with pytest.raises(gr.Error):
        gpt.on_write("en", run, None, 0.8, 0)
