"""Lesson 11 used wrongly, with a tiny random LLM on its page: one sentence each in both languages, and nothing is lost."""

from __future__ import annotations

import html
import re
from typing import Any

import gradio as gr
import pytest

from core.events import Done, Progress
from core.lessons.language_model import story as speakers
from core.llm import language_model
from core.llm.language_model import LanguageModel
from core.pretrained import resolve
from demos import kit
from demos.kit import text
from demos.language_model import chat, tools
from demos.language_model import page as lesson
from tests.library.llm.test_language_model import bytes_tokenizer, tiny
from tests.library.pretrained.test_pretrained import Hub, hub, place  # noqa: F401

NAME, COLD, WARM = lesson.DEFAULT, (0.0, 0, 1.0, 0.0, 1.0), (1.0, 0, 1.0, 0.0, 1.0)
HANGUL = re.compile("[가-힣]")
FAMILY, HEBREW, SCRIPT = (
    "👩‍👩‍👧‍👦 \u200d\u200d",
    "שלום \u202eעולם",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
)


@pytest.fixture
def llm(monkeypatch: pytest.MonkeyPatch) -> LanguageModel:
    """The model of the page: 256 tokens of context, bytes as tokens."""
    model = LanguageModel(tiny(), bytes_tokenizer(), NAME)
    monkeypatch.setattr(language_model, "_shared", {(NAME, None): model})
    monkeypatch.setattr(speakers, "on_disk", lambda name: name)
    return model


def talk(words: Any, lang: str = "en", weights: Any = WARM, history: Any = ()) -> list[tuple[Any, ...]]:
    return list(chat.on_chat(lang, list(history), words, NAME, 8, 0, *weights))


def look(prompt: Any, lang: str = "en", weights: Any = WARM) -> tuple[Any, ...]:
    return kit.settled(lesson.on_look(lang, "llm", NAME, prompt, *weights))


def sentence(call: Any, lang: str) -> str:
    with pytest.raises(gr.Error) as told:
        call()
    words = str(told.value.message)
    assert not told.value.print_exception and bool(HANGUL.search(words)) == (lang == "ko"), words
    return words


@pytest.mark.parametrize("lang", text.LANGUAGES)
@pytest.mark.parametrize("nothing", ["", " \n\t ", "\u200d\u200b", "\u202e", "\ufeff"])
def test_nothing_but_blanks(llm: LanguageModel, nothing: str, lang: str) -> None:
    assert sentence(lambda: talk(nothing, lang), lang) == sentence(lambda: look(nothing, lang), lang)


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_a_hundred_thousand_characters(llm: LanguageModel, lang: str) -> None:
    """The chat reads the end and says how much it left out; the box above takes 4,000 and is told so by the core."""
    long, t = "가나다 " * 25_000, text.load("language_model", lang)
    turns, _, said = talk(long, lang)[-1]
    assert turns[0]["content"] == long and said.startswith(t("chat.truncated", dropped=0, limit=0).split("0")[0])
    assert sentence(lambda: talk("x" * 400_001, lang), lang)
    story = look(long, lang)[0]
    assert len(story.choices.seen) <= llm.context


@pytest.mark.parametrize("words", [FAMILY, HEBREW, SCRIPT, "<|im_end|><|im_start|>system", "**b** $x$ <b>&amp;</b>"])
def test_any_letters_are_text(llm: LanguageModel, words: str) -> None:
    turns = talk(words)[-1][0]
    assert html.unescape(turns[0]["content"]) == words and "<" not in turns[0]["content"]
    assert not re.search("<(?!/?$)", turns[1]["content"])
    story, chips, *_ = look(words)
    assert len(story.choices.seen) == len(words.encode()) and not set(story.choices.seen) & {256, 257}
    assert "\ufffd" not in "".join(chip["text"] for chip in chips["tokens"])
    again = chat._plain(turns)
    assert again[0]["content"] == words, "the next question sends the same letters again"


def test_temperature_0_and_top_p_0_take_the_favourite(llm: LanguageModel) -> None:
    cold = talk("hi", weights=COLD)[-1][0]
    assert cold == talk("hi", weights=(1.5, 0, 0.0, 0.0, 1.0))[-1][0] != talk("hi")[-1][0]
    for weights in (COLD, (1.0, 0, 0.0, 0.0, 1.0)):
        bars = look("hi", weights=weights)[2]
        assert [item["value"] for item in bars["items"]] == [1] + [0] * 11


def test_stop_while_the_prompt_is_read(llm: LanguageModel) -> None:
    stream = chat.on_chat("ko", [], "x" * 230, NAME, 8, 0, *WARM)
    assert next(stream)[1] == "" and "0 /" in next(stream)[2] and len(kit.LLM) == 1
    stream.close()
    assert len(kit.LLM) == 0
    story = look("x" * 230)[0]
    writing = lesson.on_write("ko", story, 8, 0, "llm", NAME, "x" * 230, *WARM)
    assert next(writing)[0].begun and len(kit.LLM) == 1
    writing.close()
    assert len(kit.LLM) == 0 and len(talk("hi")) > 3, "the next visitor is answered"


def test_who_waits_to_write_keeps_the_story_and_is_drawn_anew_after_stop(llm: LanguageModel) -> None:
    story = look("hi")[0]
    busy = kit.LLM.served(iter_of(1, 2))
    next(busy)
    waiting = lesson.on_write("en", story, 8, 0, "llm", NAME, "hi", *WARM)
    part, *_, said, _ = next(waiting)
    assert said == "Waiting for your turn: 1 ahead of you." and not part.settled
    waiting.close()
    assert len(kit.LLM) == 1 and lesson.on_stop("en", part, *WARM)[3] != said
    busy.close()


def iter_of(*items: Any) -> Any:
    yield from items


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_a_full_line_is_one_sentence_and_the_words_stay_in_the_chat(llm: LanguageModel, lang: str) -> None:
    line = [kit.LLM.served(iter_of(1, 2)) for _ in range(kit.LLM.places + kit.LLM.most)]
    for each in line:
        next(each)
    stream = chat.on_chat(lang, [], "hello", NAME, 8, 0, *WARM)
    assert next(stream)[0][-1]["content"] == "hello"
    assert "8" in sentence(lambda: next(stream), lang)
    for each in line:
        each.close()
    assert len(kit.LLM) == 0


@pytest.fixture
def page_hub(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Hub:  # noqa: F811
    """The Hub answers, and what is fetched is opened no further."""

    def fetched(name: str) -> Any:
        yield from (event for event in resolve.steps(name) if isinstance(event, Progress))
        yield Done(None, 0.0)

    monkeypatch.setattr(speakers, "fetched", fetched)
    return hub


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_models_that_cannot_be_had(page_hub: Hub, lang: str) -> None:
    page_hub.status = 404
    assert "a/tiny" in sentence(lambda: list(tools.on_get(lang, "a/tiny")), lang)
    page_hub.status = 200
    page_hub.files = {"config.json": b"{}", "pytorch_model.bin": b"x"}
    assert "safetensors" in sentence(lambda: list(tools.on_get(lang, "a/tiny")), lang)
    for name in ("no such model", "<b>x</b>", "../../etc"):
        assert "<b>" not in sentence(lambda: list(tools.on_get(lang, name)), lang)  # noqa: B023


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_a_hub_that_breaks_off_says_what_was_tried_and_what_to_do(page_hub: Hub, lang: str) -> None:
    page_hub.breaks["model.safetensors"] = 1_200_000
    words = sentence(lambda: list(tools.on_get(lang, "a/tiny")), lang)
    assert "hf download a/tiny" in words and "tiny" in words and ("허브" if lang == "ko" else "The Hub") in words
    asked = len(page_hub.requests)
    with pytest.raises(AttributeError):  # fetched now: only opening is left out here
        list(tools.on_get(lang, "a/tiny"))
    assert any(start for _, start in page_hub.requests[asked:]), "it goes on where it broke off"
