"""Lesson 11 without a browser and without the LLM: bars, branches, Stop, chat and hood say what is missing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from core.lessons.language_model import story as speakers
from core.llm import letter_models
from core.pretrained import resolve
from demos import kit
from demos.kit import text
from demos.language_model import chat, hood, tools
from demos.language_model import page as lesson

NAME, WEIGHTS = lesson.DEFAULT, (1.0, 0, 1.0, 0.0, 1.0)


@pytest.fixture(autouse=True)
def nothing_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolve, "nearby", lambda name, kind="causal-lm": None)
    run = letter_models.trained
    monkeypatch.setattr(letter_models, "_trained", {})
    monkeypatch.setattr(letter_models, "trained", lambda language: run(language, 3))


def look(who: str = "counts", prompt: str = "One day the ", lang: str = "en") -> tuple[Any, ...]:
    return kit.settled(lesson.on_look(lang, who, NAME, prompt, *WEIGHTS))


def write(story: Any, length: int = 8, seed: int = 0, weights: Any = WEIGHTS) -> list[tuple[Any, ...]]:
    return list(lesson.on_write("en", story, length, seed, "counts", NAME, "One day the ", *weights))


def test_bars_are_the_models_choices() -> None:
    story, chips, bars, said, badge = look()
    own = letter_models.counted("en").next_token("One day the ", 12)
    assert [item["value"] for item in bars["items"]] == pytest.approx([c.probability for c in own], rel=1e-4)
    assert len(chips["tokens"]) == len("One day the ") and "**66**" in said and "counted just now" in badge


def test_sliders_weigh_without_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    story = look()[0]
    monkeypatch.setattr(letter_models.LetterCounts, "logits", None)
    bars, said = lesson.on_weigh("en", story, 0, 0, 1.0, 0.0, 1.0)
    assert [item["value"] for item in bars["items"]] == [1] + [0] * 11 and "**1**" in said
    assert lesson.on_weigh("en", None, *WEIGHTS) == (gr.skip(), gr.skip())


def test_the_tiny_gpt_trains_then_speaks() -> None:
    events = list(lesson.on_look("ko", "tiny", NAME, "곰은 ", *WEIGHTS))
    assert any(isinstance(event[3], str) and "학습하는 중" in event[3] for event in events[:-1])
    assert "방금 여기서 학습함" in events[-1][4] and events[-1][0].who == "tiny"


def test_writing_streams_and_step_by_step_is_the_same() -> None:
    events = write(look()[0])
    assert len(events) == 9 and len(events[-1][0].begun) == 8 and "table" in events[-1][3]
    story = look()[0]
    for _ in range(8):
        story = kit.settled(lesson.on_step("en", story, 40, 0, "counts", NAME, "One day the ", *WEIGHTS))[0]
    assert story.begun == events[-1][0].begun


def test_stop_keeps_what_was_written() -> None:
    stream = lesson.on_write("en", None, 40, 0, "counts", NAME, "One day the ", *WEIGHTS)
    part = [next(stream) for _ in range(5)][-1][0]
    stream.close()
    assert not part.settled
    story, chips, bars, *_ = lesson.on_stop("en", part, *WEIGHTS)
    assert story.settled and len(story.begun) == 5 and len(chips["tokens"]) == 17
    assert len(write(part)[-1][0].begun) == 13
    assert lesson.on_stop("en", None, *WEIGHTS) == lesson.on_stop("en", story, *WEIGHTS) == (gr.skip(),) * 5


def test_pick_and_branch() -> None:
    story, _, bars, *_ = look()
    grown, chips, *_ = lesson.on_pick("en", story, SimpleNamespace(index=2), *WEIGHTS)
    assert chips["tokens"][-1]["text"] == story.choices[2].text and grown.begun == (story.choices[2].id,)
    back, *_ = lesson.on_branch("en", grown, SimpleNamespace(index=12), *WEIGHTS)
    assert back.begun == () and back.choices.candidates == story.choices.candidates
    for index in (99, -1, 0.5, "x", float("nan"), None):
        with pytest.raises(gr.Error):
            lesson.on_pick("en", story, SimpleNamespace(index=index), *WEIGHTS)
    with pytest.raises(gr.Error):
        lesson.on_branch("en", grown, SimpleNamespace(index=99), *WEIGHTS)


def test_another_speaker_brings_its_example_and_own_words_stay() -> None:
    t = text.load("language_model", "en")
    assert lesson.on_who("en", "llm", t("example.counts")) == t("example.llm")
    assert lesson.on_who("en", "llm", "my words") == "my words"


def test_without_the_llm_everything_says_so() -> None:
    story = look()[0]
    for call in (
        lambda: look("llm"),
        lambda: list(chat.on_chat("en", [], "hi", NAME, 20, 0, *WEIGHTS)),
        lambda: hood.on_hood("en", story, 1, 1),
        lambda: hood.on_hood("en", None, 1, 1),
    ):
        with pytest.raises(gr.Error):
            call()
    *_, (bars, said) = tools.on_three("en", "The food was delicious.", NAME, 0)
    assert len(bars["items"]) == 2 and "not on this computer yet" in said
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

    monkeypatch.setattr(speakers, "talker", lambda name: SimpleNamespace(steps=steps))
    *_, talk, last = chat.on_chat("en", [], "<b>&amp;", NAME, 1, 0, *WEIGHTS)
    assert talk[0] == [
        {"role": "user", "content": "&lt;b&gt;&amp;amp;"},
        {"role": "assistant", "content": "&lt;i&gt;hi"},
    ]
    assert "left out" in last[2] and "fast engine" in last[2]
    list(chat.on_chat("en", talk[0], "again", NAME, 1, 0, *WEIGHTS))
    assert [turn["content"] for turn in heard[-1]] == ["<b>&amp;", "<i>hi", "again"]
    parts = [{"role": "user", "content": [{"type": "text", "text": "part"}], "metadata": None}]
    list(chat.on_chat("en", parts, "more", NAME, 1, 0, *WEIGHTS))
    assert heard[-1][0] == {"role": "user", "content": "part"}
    with pytest.raises(gr.Error):
        list(chat.on_chat("en", [{"role": "boss"}], "x", NAME, 1, 0, *WEIGHTS))


def test_getting_the_model_tells_progress_and_hands_over(monkeypatch: pytest.MonkeyPatch) -> None:
    from core.events import Done, Progress

    model = SimpleNamespace(name=NAME, parameters=135)
    stages = [Progress(stage, 1e6, 2e6, "Hub<b>") for stage in ("wait", "download", "unpack", "convert", "load")]
    monkeypatch.setattr(speakers, "fetched", lambda name: (e for e in [*stages, Done(model, 3.0)]))
    for lang in ("ko", "en"):
        events = list(tools.on_get(lang, NAME))
        assert len(events) == 7 and events[-1][:2] == (NAME, "llm") and "1" in events[2][4]
        assert not any("<b>" in str(event[4]) for event in events)


def test_words_travel() -> None:
    story = write(look()[0])[-1][0]
    kept, _ = tools.on_keep("en", story)
    assert kept.startswith("One day the ") and len(kept) == 20
    assert tools.on_take("en", kept) == kept.strip()
    for nothing in (None, " ", 7):
        with pytest.raises(gr.Error):
            tools.on_take("en", nothing)
    assert tools.on_keep("en", None)[0] == gr.skip()


@pytest.mark.parametrize(
    ("prompt", "weights"),
    [
        ("", WEIGHTS),
        (None, WEIGHTS),
        ("   ", WEIGHTS),
        ("x" * 4001, WEIGHTS),
        ("a", (float("nan"), 0, 1, 0, 1)),
        ("a", (1, -1, 1, 0, 1)),
        ("a", ("hot", 0, 1, 0, 1)),
    ],
)
def test_wrong_use_is_one_sentence(prompt: Any, weights: Any) -> None:
    for lang in ("ko", "en"):
        with pytest.raises(gr.Error) as caught:
            kit.settled(lesson.on_look(lang, "counts", NAME, prompt, *weights))
        assert "Traceback" not in str(caught.value)


@pytest.mark.parametrize("length", [0, -1, 401, float("nan"), "x"])
def test_wrong_lengths(length: Any) -> None:
    with pytest.raises(gr.Error):
        list(lesson.on_write("en", None, length, 0, "counts", NAME, "a", *WEIGHTS))


def test_unknown_speakers_and_models() -> None:
    for who, name in (("nobody", NAME), ("llm", ""), ("llm", 7), ("llm", "x" * 300)):
        with pytest.raises(gr.Error):
            kit.settled(lesson.on_look("en", who, name, "a", *WEIGHTS))


def test_the_script_prints_what_the_page_shows(capsys: pytest.CaptureFixture[str]) -> None:
    code = lesson.on_code("en", "counts", NAME, "One day the ", 8, 3, *WEIGHTS)
    exec(compile(code, "language_model.py", "exec"), {})
    printed = capsys.readouterr().out
    story = write(look()[0], 8, 3)[-1][0]
    assert printed.strip().endswith(speakers.words(story).strip())
