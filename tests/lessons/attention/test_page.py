"""Lesson 11 without a browser: what is shown is core's and torch's, a run goes on where it stopped, garbage is told."""

from __future__ import annotations

import math
import re
from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pytest
import torch

from core.language.alphabet import GPTConfig
from core.language.attention import ToyConfig
from core.lessons.attention import choices, real_model
from core.lessons.attention import head as steps
from core.lessons.attention import sentence as attention_views
from core.pretrained.catalog import DEFAULT
from demos import kit
from demos.attention import gpt, real, shown
from demos.attention import page as lesson
from demos.kit import text
from tests import programs

SENTENCE = "the dog brought the ball to me"


def form(sentence: Any = SENTENCE, **changed: Any) -> kit.Values:
    return lesson.FORM.values(sentence=sentence, **changed)


def tiny(texts: str = "en", **changed: Any) -> kit.Values:
    """Four updates on the stories."""
    return gpt.FORM.values(**({"texts": texts, "updates": 4, "prompt": "One", "letters": "The dog"} | changed))


@pytest.fixture(scope="module")
def run() -> Any:
    return kit.settled(gpt.on_train("en", None, tiny()))["run"]


@pytest.mark.parametrize("causal", [True, False])
def test_the_screen_shows_torchs_numbers(causal: bool) -> None:
    head = steps.toy(SENTENCE.split(), ToyConfig(4, True, causal, 0))
    q, k, v = (torch.tensor(x) for x in (head.trace.q, head.trace.k, head.trace.v))
    theirs = torch.nn.functional.scaled_dot_product_attention(q[None], k[None], v[None], is_causal=causal)[0]
    seen = lesson.on_steps("en", form(stage="output", causal=causal))
    np.testing.assert_allclose(seen["matrix"]["cells"], theirs, atol=6e-4)
    assert float(re.search(r"\*\*([\d.e-]+)\*\*$", seen["badge"])[1]) < 1e-12  # type: ignore[index]
    seen = lesson.on_steps("en", form(stage="weights", causal=causal))
    assert [token["id"] for token in seen["chips"]["tokens"]] == [0, 1, 2, 0, 3, 4, 5] and seen["spot"] == [6, 0]
    np.testing.assert_allclose(np.array(seen["matrix"]["cells"]).sum(1), 1, atol=4e-3)


@pytest.mark.parametrize("lang", text.LANGUAGES)
@pytest.mark.parametrize("stage", choices.STAGE)
def test_every_cell_is_written_out(lang: str, stage: str) -> None:
    matrix = lesson.on_steps(lang, form(stage=stage))["matrix"]
    for i, row in enumerate(matrix["cells"]):
        for j, value in enumerate(row):
            seen = lesson.on_pick(lang, form(stage=stage), SimpleNamespace(row=i, col=j))
            assert seen["spot"] == [i, j] == seen["matrix"]["chosen"] and seen["chips"]["chosen"] == [0, i]
            told = "−∞" if value is None else "**0**" if value == 0 else f"{value:.3f}".replace("-", "−")
            assert told in seen["said"] and "{" not in seen["said"]
            assert lang == "ko" or not re.search("[가-힣]", seen["said"])


@pytest.mark.parametrize("stage", [stage for stage in choices.STAGE if stage != "masked"])
def test_what_is_printed_gives_what_is_printed(stage: str) -> None:
    """Who does the sum with the digits on the screen gets the result on the screen, or reads "≈" before it."""
    short = SENTENCE.split()
    for i in range(len(short)):
        for j in range(len(short) if stage in shown.PAIRS else 4):
            said = lesson.on_pick("en", form(stage=stage), SimpleNamespace(row=i, col=j))["said"].replace("−", "-")
            sums = re.fullmatch(r".*? = (.*) ([=≈]) \*\*(-?[\d.]+)\*\*", said)
            if sums is None:
                assert stage == "weights" and "**0**" in said
                continue
            plain = re.sub("embedding|position", "", sums[1]).replace("×", "*").replace("÷", "/")
            plain = re.sub(r"√\d+ \(([\d.]+)\)", r"\1", plain)
            same = f"{eval(plain, {'__builtins__': {}}):.3f}" == sums[3]
            assert same == (sums[2] == "="), said
            assert abs(eval(plain, {"__builtins__": {}}) - float(sums[3])) < 0.005


def test_a_token_shows_whom_it_looks_at() -> None:
    seen = lesson.on_token("en", [6, 2], form(), SimpleNamespace(index=3))
    assert seen["spot"] == [3, 2] and [token["p"] for token in seen["chips"]["tokens"]][4:] == [0, 0, 0]
    assert seen["matrix"]["chosen"] == [3, 2]
    assert lesson.on_token("en", None, form(), SimpleNamespace(index=0))["spot"] == [0, 0]


def test_the_walk_passes_every_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lesson, "WALK_SECONDS", 0)
    assert [event["stage"] for event in lesson.on_walk("ko", form())] == list(choices.STAGE)


def test_reset_brings_back_the_first_screen() -> None:
    t = text.load("attention", "ko")
    opened = lesson.on_steps("ko", form(t("example.sentence")))
    back = lesson.on_reset("ko")
    assert {name: back[name] for name in lesson.FORM.names} == dict(form(t("example.sentence")))
    assert back["matrix"] == opened["matrix"] and back["chips"] == opened["chips"] and back["said"] == opened["said"]


def test_bytes_and_shipped_tokens_never_show_a_broken_letter() -> None:
    sentence = "한글 뷁! 👩‍👩‍👧 dog"
    for how in ("bytes", "emoji"):
        seen = real.on_tokens("ko", sentence, how)
        assert "�" not in str(seen["chips"]) and "3C 2F 77" not in str(seen["chips"]) and "**" in seen["said"]
        assert str(len(seen["chips"]["tokens"])) in seen["said"]
    chips = real.on_tokens("en", sentence, "bytes")["chips"]
    assert bytes(token["id"] for token in chips["tokens"]).decode() == sentence


def test_without_the_llm_one_sentence_says_so() -> None:
    if real_model.on_disk():
        seen = kit.settled(real.on_real("en", SENTENCE, 2, 3))
        assert len(seen["maps"]["groups"][0]["tiles"]) == 9 and DEFAULT in seen["badge"]
        assert len(seen["table"]["cells"]) == len(seen["table"]["rows"])
        return
    for call in (lambda: list(real.on_real("en", SENTENCE, 1, 1)), lambda: real.on_tokens("en", SENTENCE, "llm")):
        with pytest.raises(gr.Error, match="not on this computer"):
            call()


def test_a_run_streams_and_goes_on() -> None:
    events = list(gpt.on_train("ko", None, tiny("ko")))
    run = events[-1]["run"]
    curves, samples, maps = ([e[name] for e in events if name in e] for name in ("curve", "samples", "maps"))
    assert run.update == 4 and curves[-1]["series"][0]["x"][-1] == 4 and len(samples) == len(maps) >= 2
    assert samples[-1]["rows"][-1]["tokens"][0]["text"] == "One" and len(maps[0]["groups"]) == 2
    again = kit.settled(gpt.on_train("ko", run, tiny("ko")))
    assert again["run"] is run and run.update == 8 and "119,424" in again["badge"]
    fresh = kit.settled(gpt.on_train("en", run, tiny()))["run"]
    assert fresh is not run and fresh.update == 4, "another text is another run"


def test_stop_keeps_what_was_learnt() -> None:
    stream = gpt.on_train("en", None, tiny(updates=1000, prompt="", letters=""))
    seen = next(stream)
    run = seen["run"]
    while run.update < 2:
        seen |= next(stream)
    stream.close()
    done = run.update
    assert "106,112 parameters" in seen["badge"], "the badge is true whenever Stop comes"
    assert done >= 2 and kit.settled(gpt.on_train("en", run, tiny()))["run"].update == done + 4


def test_writing_at_temperature_0_takes_the_likeliest(run: Any) -> None:
    seen = gpt.on_write("en", run, "One day", 0.0, 0)
    written, bars = seen["written"], seen["bars"]
    plain = run.model.next("One day").softmax(0)
    assert written["tokens"][0]["text"] == run.model.alphabet.letters[int(plain.argmax())]
    assert bars["items"][0]["value"] == pytest.approx(1) and f"{float(plain.max()):.1%}" in bars["items"][0]["text"]
    warm = (run.model.next("One day") / 1.7).softmax(0)
    bars = gpt.on_write("en", run, "One day", 1.7, 0)["bars"]
    assert bars["items"][0]["value"] == pytest.approx(float(warm[plain.argmax()]))


def test_the_maps_are_the_models(run: Any) -> None:
    seen = gpt.on_maps("en", run, "The dog", 2, 3, "weights")
    inside, maps = run.model.look("The dog"), seen["maps"]
    np.testing.assert_allclose(seen["table"]["cells"], inside.maps[1, 2], atol=6e-4)
    assert [len(group["tiles"]) for group in maps["groups"]] == [4, 4] and maps["chosen"] == 1
    assert "after 4 updates" in seen["said"]
    assert "unknown" in gpt.on_maps("en", run, "가", 1, 1, "weights")["said"]
    assert "learnt" in gpt.on_cell("en", run, "The dog", 1, 1, "q", SimpleNamespace(row=0, col=0))["said"]
    assert gpt.on_layer("en", run, "The dog", 1, "q", SimpleNamespace(index=1))["layer"] == 2


def test_the_sliders_reach_every_layer_and_head() -> None:
    assert (choices.LAYER.high, choices.HEAD.high) == (GPTConfig.layers, GPTConfig.heads)
    assert gpt.on_reset("en")["run"] is None and gpt.on_source("en", "own")["visible"]


def test_the_code_prints_in_a_fresh_process_what_the_page_shows(run: Any) -> None:
    code = lesson.on_code("en", form(), run, "en", "stories", "")
    printed = programs.run(code)
    head = steps.toy(SENTENCE.split(), ToyConfig(4, True, True, 0))
    assert " ".join(f"{share:.6f}" for share in head.trace.weights[-1]) in printed
    loss = re.search(rf"loss after {run.update} updates: (\S+)", printed)
    assert loss and float(loss[1]) == pytest.approx(run.losses[-1][1], rel=1e-6)
    assert 'load("en", "reviews")'.replace('"', "'") in gpt.code(None, "en", "reviews", "")
    assert repr("x" * 5) in gpt.code(None, "en", "own", "x" * 5)


def test_the_table_is_safe_to_open() -> None:
    lines = lesson.on_csv("en", form("=1+1 dog")).splitlines()
    assert lines[0] == ",'=1+1,dog" and len(lines) == 3 and sum(map(float, lines[2].split(",")[1:])) == pytest.approx(1)


def test_what_the_tasks_measure() -> None:
    words = ("a", "b", "c")
    assert attention_views.order_change(words, False) < 1e-12 < 1e-3 < attention_views.order_change(words, True)
    scaled, raw = attention_views.sharpest()
    assert scaled < raw <= 1
    loss, guess, letters = attention_views.first_loss("en")
    assert guess == math.log(letters) and abs(loss - guess) < 0.2


def test_a_text_travels() -> None:
    assert lesson.on_take("en", " a text ") == {"sentence": "a text", "took": ""}
    for nothing in (None, {"x": 1}, "  "):
        assert "No other lesson" in lesson.on_take("en", nothing)["took"]


def test_markup_stays_words() -> None:
    said = lesson.on_pick("en", form("<b>x</b> $y$"), SimpleNamespace(row=1, col=0))["said"]
    assert "<" not in said and "$" not in said
    assert shown.visible(" ") == "␣" and shown.visible("\n") == "↵"


@pytest.mark.parametrize(
    "call",
    [
        lambda: lesson.on_csv("ko", form("")),
        lambda: lesson.on_steps("ko", form(None)),
        lambda: lesson.on_steps("ko", form("a " * 30)),
        lambda: lesson.on_steps("ko", form("a" * 900)),
        lambda: lesson.on_steps("ko", form("a b", cut="other")),
        lambda: lesson.on_steps("ko", form("a b", stage="other")),
        lambda: lesson.on_steps("ko", form("a b", width=float("nan"))),
        lambda: lesson.on_steps("ko", form("a b", seed=-1)),
        lambda: lesson.on_steps("ko", form("a b", width="4", seed=None)),
        lambda: lesson.on_pick("ko", form("a b"), SimpleNamespace(row=9, col=0)),
        lambda: lesson.on_pick("ko", form("a b"), SimpleNamespace(row="a", col=float("inf"))),
        lambda: lesson.on_token("ko", ["x", None], form("a b"), SimpleNamespace(index=-1)),
        lambda: list(gpt.on_train("ko", None, tiny("xx"))),
        lambda: list(gpt.on_train("ko", None, tiny("ko", source="xx"))),
        lambda: list(gpt.on_train("ko", None, tiny("ko", source="own", own="짧은 글"))),
        lambda: list(gpt.on_train("ko", None, tiny("ko", source="own", own=None))),
        lambda: list(gpt.on_train("ko", None, tiny("ko", updates=float("nan")))),
        lambda: list(gpt.on_train("ko", None, tiny("ko", prompt=5))),
        lambda: list(gpt.on_train("ko", None, tiny("ko", temperature=float("nan")))),
        lambda: gpt.on_write("ko", None, "a", 0.8, 0),
        lambda: gpt.on_maps("ko", None, "a", 1, 1, "weights"),
        lambda: real.on_tokens("ko", 7, "bytes"),
        lambda: real.on_tokens("ko", "a" * 900, "bytes"),
        lambda: real.on_tokens("ko", "a", "other"),
    ],
)
def test_wrong_use_is_one_sentence(call: Any) -> None:
    with pytest.raises(gr.Error) as caught:
        call()
    assert re.search("[가-힣]", str(caught.value))


@pytest.mark.parametrize(("lang", "told"), [("ko", "낱말이 하나도 없어요"), ("en", "not a single word")])
def test_an_emptied_box_is_told_in_its_place_and_not_by_a_toast(lang: str, told: str) -> None:
    for nothing in ("", "  "):
        assert told in lesson.on_steps(lang, form(nothing))["said"]
        assert told in real.on_tokens(lang, nothing, "bytes")["said"]


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_nothing_to_look_at_is_told_in_whole_words_of_the_language(lang: str) -> None:
    """No piece of the other language, and no count of one word as "one word개"."""
    from core.errors import CoreError
    from core.language.attention import toy_head

    t = text.load("attention", lang)
    for nothing in (lambda: toy_head([]), lambda: steps.cut(" "), lambda: attention_views.tokenize("", "bytes")):
        with pytest.raises(CoreError) as caught:
            nothing()
        told = t.error(caught.value)
        assert bool(re.search("[가-힣]", told)) == (lang == "ko")
        assert lang == "en" or not re.search("[A-Za-z]", told), told


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
