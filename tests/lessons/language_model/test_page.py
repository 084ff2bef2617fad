"""Lesson 12 without a browser and without the LLM: bars, branches, Stop, chat and hood say what is missing."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from core.lessons.language_model import choices, story
from core.llm import letter_models
from core.pretrained import resolve
from core.pretrained.catalog import DEFAULT
from demos import kit
from demos.kit import text
from demos.language_model import chat, hood, tools
from demos.language_model import page as lesson
from tests import programs

PROMPT = "One day the "


@pytest.fixture(autouse=True)
def nothing_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolve, "nearby", lambda name, kind="causal-lm": None)
    run = letter_models.trained
    monkeypatch.setattr(letter_models, "_trained", {})
    monkeypatch.setattr(letter_models, "trained", lambda language: run(language, 3))


def form(**changed: Any) -> kit.Values:
    """Eight tokens at temperature 1."""
    return lesson.FORM.values(**({"prompt": PROMPT, "length": 8, "temperature": 1.0} | changed))


def look(lang: str = "en", **changed: Any) -> kit.Update:
    return kit.settled(lesson.on_look(lang, form(**changed), DEFAULT))


def write(here: Any, **changed: Any) -> list[kit.Update]:
    return list(lesson.on_write("en", here, form(**changed), DEFAULT))


def talk(history: Any, words: str, **changed: Any) -> list[kit.Update]:
    return list(chat.on_chat("en", history, chat.FORM.values(words=words, **changed), DEFAULT))


def test_bars_are_the_models_choices() -> None:
    seen = look()
    own = letter_models.counted("en").next_token(PROMPT, choices.BARS)
    assert [item["value"] for item in seen["bars"]["items"]] == pytest.approx([c.probability for c in own], rel=1e-4)
    assert len(seen["chips"]["tokens"]) == len(PROMPT)
    assert "**66**" in seen["said"] and "counted just now" in seen["badge"]


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_the_first_screen_shows_life_and_keeps_its_height_while_a_model_opens(lang: str) -> None:
    with gr.Blocks():
        opening = lesson.build(lang).opening
    assert opening
    empty = {view.html_template: view.value for view in opening.outputs if isinstance(view, gr.HTML)}
    waiting = text.load("language_model", lang)("opening")
    assert len(empty) == 2 and all(value["caption"] == waiting for value in empty.values())
    bars = next(value["items"] for value in empty.values() if "items" in value)
    filled = opening.fn(*(component.value for component in opening.inputs))
    assert len(bars) == len(next(value for value in filled if isinstance(value, dict) and "items" in value)["items"])


def test_sliders_weigh_without_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    here = look()["here"]
    monkeypatch.setattr(letter_models.LetterCounts, "logits", None)
    seen = lesson.on_weigh("en", here, form(temperature=0))
    assert [item["value"] for item in seen["bars"]["items"]] == [1] + [0] * 11 and "**1**" in seen["said"]
    assert lesson.on_weigh("en", None, form()) == {}


def test_reset_brings_the_sliders_back_and_drops_what_was_added() -> None:
    here = write(look()["here"])[-1]["here"]
    assert len(here.prefix) == 8
    back = kit.settled(lesson.on_reset("en", form(temperature=0, top_k=3), DEFAULT))
    assert {name: back[name] for name in choices.SAMPLING} == {n: r.default for n, r in choices.SAMPLING.items()}
    assert back["here"].prefix == () and back["bars"] == look(temperature=0.8)["bars"]


def test_the_tiny_gpt_trains_then_speaks() -> None:
    events = list(lesson.on_look("ko", form(who="tiny", prompt="곰은 "), DEFAULT))
    assert any("학습하는 중" in event["said"] for event in events[:-1])
    assert "방금 여기서 학습함" in events[-1]["badge"] and events[-1]["here"].who == "tiny"


def test_writing_streams_and_step_by_step_is_the_same() -> None:
    events = write(look()["here"])
    whole = events[-1]["here"]
    assert len(events) == 9 and len(whole.prefix) == 8 and "table" in events[-1]["said"]
    here = look()["here"]
    for _ in range(8):
        here = kit.settled(lesson.on_step("en", here, form(length=40), DEFAULT))["here"]
    assert here.prefix == whole.prefix


def test_stop_keeps_what_was_written() -> None:
    stream = lesson.on_write("en", None, form(length=40), DEFAULT)
    part = [next(stream) for _ in range(5)][-1]["here"]
    stream.close()
    assert not part.settled
    seen = lesson.on_stop("en", part, form())
    assert seen["here"].settled and len(seen["here"].prefix) == 5 and len(seen["chips"]["tokens"]) == 17
    assert len(write(part)[-1]["here"].prefix) == 13
    assert lesson.on_stop("en", None, form()) == lesson.on_stop("en", seen["here"], form()) == {}


def test_pick_and_branch() -> None:
    here = look()["here"]
    grown = lesson.on_pick("en", here, form(), SimpleNamespace(index=2))
    assert grown["chips"]["tokens"][-1]["text"] == here.choices[2].text
    assert grown["here"].prefix == (here.choices[2].id,)
    back = lesson.on_branch("en", grown["here"], form(), SimpleNamespace(index=12))["here"]
    assert back.prefix == () and back.choices.candidates == here.choices.candidates
    for index in (99, -1, 0.5, "x", float("nan"), None):
        with pytest.raises(gr.Error):
            lesson.on_pick("en", here, form(), SimpleNamespace(index=index))
    with pytest.raises(gr.Error):
        lesson.on_branch("en", grown["here"], form(), SimpleNamespace(index=99))
    nothing = SimpleNamespace(index=0)
    assert lesson.on_pick("en", None, form(), nothing) == lesson.on_branch("en", None, form(), nothing) == {}


def test_another_model_brings_its_example_and_own_words_stay() -> None:
    t = text.load("language_model", "en")
    assert lesson.on_who("en", "llm", t("example.counts")) == t("example.llm")
    assert lesson.on_who("en", "llm", "my words") == "my words"


def test_without_the_llm_everything_says_so() -> None:
    here = look()["here"]
    for call in (
        lambda: look(who="llm"),
        lambda: talk([], "hi"),
        lambda: hood.on_hood("en", here, None, 1, 1),
        lambda: hood.on_hood("en", None, None, 1, 1),
    ):
        with pytest.raises(gr.Error):
            call()
    seen = kit.settled(tools.on_three("en", "The food was delicious.", DEFAULT, 0))
    assert [bit["text"].count("±") for bit in seen["bits"]["items"]] == [0, 1, 0, 1]
    assert "not on this computer yet" in seen["said"]
    assert "93 MB" in tools.on_offers("en") and "not yet" in tools.on_offers("en")


def test_a_chat_shows_tags_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    from core.events import Done, Progress
    from core.llm.decoding import Generation, Token, Truncated

    heard: list[Any] = []

    def steps(turns: Any, length: int, **settings: Any) -> Any:
        heard.append(turns)
        yield Truncated(3, 97, 100)
        yield Progress("read", 0, 97)
        yield Token(1, "<i>hi", 0.5, ())
        yield Done(Generation("<i>hi", (1,), 97, 3, 0.1, 9.0, "fast"), 1.0, "length")

    monkeypatch.setattr(story, "talker", lambda name: SimpleNamespace(steps=steps))
    *_, token, last = talk([], "<b>&amp;")
    assert token["talk"] == [
        {"role": "user", "content": "&lt;b&gt;&amp;amp;"},
        {"role": "assistant", "content": "&lt;i&gt;hi"},
    ]
    assert "left out" in last["said"] and "fast engine" in last["said"]
    talk(token["talk"], "again")
    assert [turn["content"] for turn in heard[-1]] == ["<b>&amp;", "<i>hi", "again"]
    parts = [{"role": "user", "content": [{"type": "text", "text": "part"}], "metadata": None}]
    talk(parts, "more")
    assert heard[-1][0] == {"role": "user", "content": "part"}
    with pytest.raises(gr.Error):
        talk([{"role": "boss"}], "x")


def test_getting_the_model_tells_progress_and_hands_over(monkeypatch: pytest.MonkeyPatch) -> None:
    from core.events import Done, Progress

    model = SimpleNamespace(name=DEFAULT, parameters=135)
    stages = [Progress(stage, 1e6, 2e6, "Hub<b>") for stage in ("wait", "download", "unpack", "convert", "load")]
    monkeypatch.setattr(story, "fetched", lambda name: (e for e in [*stages, Done(model, 3.0)]))
    for lang in ("ko", "en"):
        events = list(tools.on_get(lang, DEFAULT))
        assert len(events) == 7 and "1" in events[2]["said"]
        assert (events[-1]["name"], events[-1]["who"]) == (DEFAULT, "llm")
        assert events[-1]["prompt"] == text.load("language_model", lang)(
            "example.english" if lang == "ko" else "example.llm"
        )
        assert not any("<b>" in event["said"] for event in events)


def test_words_travel() -> None:
    kept = tools.on_keep("en", write(look()["here"])[-1]["here"])["shelf"]
    assert kept.startswith("One day the ") and len(kept) == 20
    assert tools.on_take("en", kept) == kept.strip()
    for nothing in (None, " ", 7):
        with pytest.raises(gr.Error):
            tools.on_take("en", nothing)
    assert "shelf" not in tools.on_keep("en", None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"prompt": "x" * 4001},
        {"temperature": float("nan")},
        {"top_k": -1},
        {"temperature": "hot"},
    ],
)
def test_wrong_use_is_one_sentence(wrong: dict[str, Any]) -> None:
    for lang in ("ko", "en"):
        with pytest.raises(gr.Error) as caught:
            look(lang, **wrong)
        assert "Traceback" not in str(caught.value)


@pytest.mark.parametrize("nothing", ["", None, "   "])
def test_an_emptied_prompt_is_told_in_its_place_and_not_by_a_toast(nothing: Any) -> None:
    for lang, told in (("ko", "프롬프트가 비어 있어요"), ("en", "The prompt is empty")):
        seen = look(lang, prompt=nothing)
        assert told in seen["said"] and "here" not in seen
        with pytest.raises(gr.Error, match=told):  # a button was pressed: that is no typing
            list(lesson.on_write(lang, None, form(prompt=nothing), DEFAULT))


@pytest.mark.parametrize("length", [0, -1, 401, float("nan"), "x"])
def test_wrong_lengths(length: Any) -> None:
    with pytest.raises(gr.Error):
        write(None, length=length)


def test_unknown_models() -> None:
    for who, name in (("nobody", DEFAULT), ("llm", ""), ("llm", 7), ("llm", "x" * 300)):
        with pytest.raises(gr.Error):
            kit.settled(lesson.on_look("en", form(who=who), name))


def test_the_script_prints_in_a_fresh_process_what_the_page_shows() -> None:
    code = lesson.on_code("en", form(seed=3), DEFAULT)
    printed = programs.run(code)
    here = write(look()["here"], seed=3)[-1]["here"]
    assert printed.strip().endswith(story.words(here).strip())
    shown = [f"{c.probability:.2%}" for c in look()["here"].choices]
    assert re.findall(r"raw +([\d.]+%)", printed) == shown
