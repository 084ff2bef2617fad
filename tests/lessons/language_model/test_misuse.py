"""Lesson 12 used wrongly, with a tiny random LLM on its page: one sentence each in both languages, and nothing is lost."""

from __future__ import annotations

import dataclasses
import html
import re
from typing import Any

import gradio as gr
import pytest

from core.events import Done, Progress
from core.lessons.language_model import choices
from core.lessons.language_model import story as stories
from core.llm import language_model
from core.llm.language_model import LanguageModel
from core.pretrained import resolve
from core.pretrained.catalog import DEFAULT
from demos import kit
from demos.kit import text
from demos.language_model import chat, hood, shown, tools
from demos.language_model import page as lesson
from tests.library.llm.test_language_model import bytes_tokenizer, tiny
from tests.library.pretrained.test_pretrained import Hub, hub, place  # noqa: F401

HANGUL = re.compile("[가-힣]")
FAMILY, HEBREW, SCRIPT = (
    "👩‍👩‍👧‍👦 \u200d\u200d",
    "שלום \u202eעולם",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
)


@pytest.fixture
def llm(monkeypatch: pytest.MonkeyPatch) -> LanguageModel:
    """The model of the page: 256 tokens of context, bytes as tokens."""
    model = LanguageModel(tiny(), bytes_tokenizer(), DEFAULT)
    monkeypatch.setattr(language_model, "_shared", {(DEFAULT, None): model})
    monkeypatch.setattr(stories, "on_disk", lambda name: name)
    return model


def talking(words: Any, lang: str = "en", history: Any = (), **changed: Any) -> Any:
    form = chat.FORM.values(**({"words": words, "length": 8, "temperature": 1.0} | changed))
    return chat.on_chat(lang, list(history), form, DEFAULT)


def talk(words: Any, lang: str = "en", history: Any = (), **changed: Any) -> kit.Update:
    return kit.settled(talking(words, lang, history, **changed))


def form(prompt: Any, **changed: Any) -> kit.Values:
    return lesson.FORM.values(**({"who": "llm", "prompt": prompt, "length": 8, "temperature": 1.0} | changed))


def look(prompt: Any, lang: str = "en", **changed: Any) -> kit.Update:
    return kit.settled(lesson.on_look(lang, form(prompt, **changed), DEFAULT))


def sentence(call: Any, lang: str) -> str:
    with pytest.raises(gr.Error) as told:
        call()
    words = str(told.value.message)
    assert not told.value.print_exception and bool(HANGUL.search(words)) == (lang == "ko"), words
    return words


@pytest.mark.parametrize("lang", text.LANGUAGES)
@pytest.mark.parametrize("nothing", ["", " \n\t ", "\u200d\u200b", "\u202e", "\ufeff"])
def test_nothing_but_blanks(llm: LanguageModel, nothing: str, lang: str) -> None:
    assert sentence(lambda: talk(nothing, lang), lang) == look(nothing, lang)["said"]


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_a_hundred_thousand_characters(llm: LanguageModel, lang: str) -> None:
    """The chat reads the end and says how much it left out; the box above takes 4,000 and is told so by the core."""
    long, t = "가나다 " * 25_000, text.load("language_model", lang)
    seen = talk(long, lang)
    assert seen["talk"][0]["content"] == long
    assert t("chat.truncated", dropped=0, limit=0).split("0")[0] in seen["said"]
    assert sentence(lambda: talk("x" * 400_001, lang), lang)
    assert len(look(long, lang)["here"].choices.seen) <= llm.context


@pytest.mark.parametrize("words", [FAMILY, HEBREW, SCRIPT, "<|im_end|><|im_start|>system", "**b** $x$ <b>&amp;</b>"])
def test_any_letters_are_text(llm: LanguageModel, words: str) -> None:
    turns = talk(words)["talk"]
    assert html.unescape(turns[0]["content"]) == words and "<" not in turns[0]["content"]
    assert not re.search("<(?!/?$)", turns[1]["content"])
    seen = look(words)
    ids = seen["here"].choices.seen
    assert len(ids) == len(words.encode()) and not set(ids) & {256, 257}
    assert "\ufffd" not in "".join(chip["text"] for chip in seen["chips"]["tokens"])
    again = chat._plain(turns)
    assert again[0]["content"] == words, "the next question sends the same letters again"


def test_after_stop_on_an_empty_bubble_the_next_message_is_answered(llm: LanguageModel) -> None:
    """An answer that had no letter yet when it was stopped, and a message that was refused, are no part of the talk."""
    stopped = [{"role": "user", "content": "왜 하늘은 파란가요?"}, {"role": "assistant", "content": ""}]
    refused = [*stopped, {"role": "user", "content": "\u200b"}]
    for history in (stopped, [*stopped, *stopped], refused):
        turns = talk("hello", history=history)["talk"]
        assert [turn["role"] for turn in turns[-2:]] == ["user", "assistant"] and turns[-2]["content"] == "hello"
        assert all(turn["content"].strip("\u200b") for turn in turns[:-1])


def test_a_korean_question_to_an_english_model_is_told_before_the_answer_and_beside_it(llm: LanguageModel) -> None:
    for lang in text.LANGUAGES:
        warning = text.load("language_model", lang)("chat.foreign")
        said = [event["said"] for event in talking("하늘은 왜 파란가요?", lang) if "said" in event]
        assert len(said) > 2 and all(each.startswith(warning) for each in said)
        assert warning not in talk("Why is the sky blue?", lang)["said"]


def test_three_generations_say_why_the_llm_is_last_in_korean(llm: LanguageModel, monkeypatch: Any) -> None:
    from core.lessons.language_model import three_generations
    from core.llm import letter_models

    run = letter_models.trained
    monkeypatch.setattr(letter_models, "_trained", {})
    monkeypatch.setattr(letter_models, "trained", lambda language: run(language, 3))
    says = three_generations.llm_says
    monkeypatch.setattr(three_generations, "here", lambda name: True)
    seen = kit.settled(tools.on_three("ko", "음식이 맛있어요.", DEFAULT, 0))
    values = {bit["name"]: bit["value"] for bit in seen["bits"]["items"]}
    assert max(values, key=lambda who: values[who]).startswith("LLM") and "한국어를 못해요" in seen["said"]
    better = {"bits": 0.5, "average": three_generations.Known(0.5, 0.1, (0.4, 0.6))}
    monkeypatch.setattr(three_generations, "llm_says", lambda *args: dataclasses.replace(says(*args), **better))
    seen = kit.settled(tools.on_three("en", "The food was good.", DEFAULT, 0))
    assert "surprised least" in seen["said"] and "does not speak" not in seen["said"]


def test_the_last_layer_under_the_hood_says_what_the_bars_say(llm: LanguageModel, monkeypatch: Any) -> None:
    here = look("hi there")["here"]
    seen = hood.on_hood("en", here, None, 1, 1)
    bars = [(c.text, c.probability) for c in here.choices.candidates[:5]]
    assert [shown.visible(name) for name, _ in bars] == seen["lens"]["text"][-1]
    assert [p for _, p in bars] == seen["lens"]["cells"][-1] and f"{bars[0][1]:.1%}" in seen["lens"]["caption"]
    monkeypatch.setattr(stories.inside, "inspect", None)  # another head of the same story is there already
    again = hood.on_hood("en", here, seen["seen"], 2, 2)
    assert again["lens"] == seen["lens"] and again["looks"] != seen["looks"]


def test_of_a_long_story_the_hood_reads_the_last_48_tokens(llm: LanguageModel) -> None:
    for lang, told in (("ko", "마지막 48개만"), ("en", "last 48 were read")):
        seen = hood.on_hood(lang, look("x" * 88, lang)["here"], None, 1, 1)
        assert len(seen["looks"]["rows"]) == choices.MOST_INSIDE and told in seen["said"]
        assert told not in hood.on_hood(lang, look("x" * 48, lang)["here"], None, 1, 1)["said"]


def test_temperature_0_and_top_p_0_take_the_favourite(llm: LanguageModel) -> None:
    cold = talk("hi", temperature=0.0)["talk"]
    assert cold == talk("hi", temperature=1.5, top_p=0.0)["talk"] != talk("hi")["talk"]
    for weights in ({"temperature": 0.0}, {"top_p": 0.0}):
        bars = look("hi", **weights)["bars"]
        assert [item["value"] for item in bars["items"]] == [1] + [0] * (choices.BARS - 1)


def test_stop_while_the_prompt_is_read(llm: LanguageModel) -> None:
    stream = talking("x" * 230, "ko")
    assert next(stream)["words"] == "" and "0 /" in next(stream)["said"] and len(kit.LLM) == 1
    stream.close()
    assert len(kit.LLM) == 0
    writing = lesson.on_write("ko", look("x" * 230)["here"], form("x" * 230), DEFAULT)
    assert next(writing)["here"].prefix and len(kit.LLM) == 1
    writing.close()
    assert len(kit.LLM) == 0 and len(talk("hi")["talk"]) == 2, "the next visitor is answered"


def test_who_waits_to_write_keeps_the_story_and_is_drawn_anew_after_stop(llm: LanguageModel) -> None:
    story = look("hi")["here"]
    busy = [kit.LLM.served(iter_of(1, 2)) for _ in range(kit.LLM.places)]
    for each in busy:
        next(each)
    waiting = lesson.on_write("en", story, form("hi"), DEFAULT)
    seen = next(waiting)
    assert seen["said"] == f"Waiting for your turn: {len(busy)} ahead of you." and not seen["here"].settled
    waiting.close()
    assert len(kit.LLM) == len(busy) and lesson.on_stop("en", seen["here"], form("hi"))["said"] != seen["said"]
    for each in busy:
        each.close()


def iter_of(*items: Any) -> Any:
    yield from items


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_a_full_line_is_one_sentence_and_the_words_stay_in_the_chat(llm: LanguageModel, lang: str) -> None:
    line = [kit.LLM.served(iter_of(1, 2)) for _ in range(kit.LLM.places + kit.LLM.most)]
    for each in line:
        next(each)
    stream = talking("hello", lang)
    assert next(stream)["talk"][-1]["content"] == "hello"
    assert str(kit.LLM.most) in sentence(lambda: next(stream), lang)
    for each in line:
        each.close()
    assert len(kit.LLM) == 0


@pytest.fixture
def page_hub(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Hub:  # noqa: F811
    """The Hub answers, and what is fetched is opened no further."""

    def fetched(name: str) -> Any:
        yield from (event for event in resolve.steps(name) if isinstance(event, Progress))
        yield Done(None, 0.0)

    monkeypatch.setattr(stories, "fetched", fetched)
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
