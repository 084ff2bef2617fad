"""Lesson 12 in Korean: terms before the fetch, what a model speaks, a base model that is shown examples, bits per byte."""

from __future__ import annotations

import doctest
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
import torch

from core.data import tiny_text
from core.errors import CoreError, Unavailable
from core.events import Progress
from core.lessons.language_model import choices, few_shot, offers, surprise
from core.lessons.language_model import story as stories
from core.llm import language_model
from core.llm.language_model import LanguageModel
from core.llm.letter_models import LetterCounts
from core.pretrained import catalog, resolve
from core.pretrained.catalog import DEFAULT, KOREAN
from demos import kit
from demos.kit import text
from demos.language_model import chat, shown, tools
from demos.language_model import page as lesson
from tests.library.llm.test_language_model import bytes_tokenizer, tiny

QUESTION = [{"role": "user", "content": "하늘은 무슨\n색이에요?"}]


@pytest.fixture
def away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Nothing on this disk, no terms accepted; what would be fetched is noted."""
    monkeypatch.setenv("DL_CACHE", str(tmp_path))
    for name in ("DL_ACCEPT", "DL_MODELS", "DL_PUBLIC", "SPACE_ID"):
        monkeypatch.delenv(name, raising=False)
    asked = list[str]()

    def fetched(name: str) -> Iterator[Any]:
        asked.append(name)
        yield from ()

    monkeypatch.setattr(stories, "fetched", fetched)
    return asked


@pytest.fixture
def base(monkeypatch: pytest.MonkeyPatch) -> LanguageModel:
    """A base model in the place of the Korean one: bytes as tokens, no chat template."""
    tokenizer = bytes_tokenizer()
    tokenizer.chat_template = None
    model = LanguageModel(tiny(max_position_embeddings=2048), tokenizer, KOREAN)
    monkeypatch.setattr(language_model, "_shared", {(KOREAN, None): model})
    monkeypatch.setattr(stories, "on_disk", lambda name: name)
    return model


def test_doctests() -> None:
    assert sum(doctest.testmod(module).failed for module in (few_shot, surprise, offers)) == 0


@pytest.mark.parametrize(("lang", "told"), [("ko", "이용 약관"), ("en", "terms of use")])
def test_terms_come_before_the_fetch(away: list[str], lang: str, told: str) -> None:
    for agreed in (False, None, "yes", 1):
        with pytest.raises(gr.Error, match=told) as caught:
            list(tools.on_get(lang, KOREAN, agreed))  # type: ignore[arg-type]
        assert catalog.find(KOREAN).terms in str(caught.value.message)
    assert not away and not resolve.accepted(catalog.find(KOREAN))
    list(tools.on_get(lang, KOREAN, True))
    assert away == [KOREAN] and resolve.accepted(catalog.find(KOREAN))
    list(tools.on_get(lang, KOREAN, False))  # once is enough
    list(tools.on_get(lang, DEFAULT, False))  # Apache: nothing to agree to
    assert away == [KOREAN, KOREAN, DEFAULT]


@pytest.mark.parametrize("refused", [True, False], ids=["terms", "fetch"])
def test_what_failed_is_no_longer_said_to_be_looked_for(
    away: list[str], monkeypatch: pytest.MonkeyPatch, refused: bool
) -> None:
    def failing(name: str) -> Iterator[Any]:
        yield Progress("download", 1e8, 2e8, "package index")
        raise Unavailable("index_unreachable")

    monkeypatch.setattr(stories, "fetched", failing)
    said = [""]
    with pytest.raises(gr.Error):
        said += (update["said"] for update in tools.on_get("ko", KOREAN, not refused))
    assert said[-1] == "" and len(said) == (1 if refused else 4), said


def test_a_visitor_cannot_agree_for_a_public_host(away: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DL_PUBLIC", "1")
    with pytest.raises(gr.Error, match="이 서버를 연 사람"):
        list(tools.on_get("ko", KOREAN, True))
    assert not away


def test_the_korean_page_begins_in_korean(away: list[str]) -> None:
    for lang, own in (("ko", KOREAN), ("en", DEFAULT)):
        assert offers.first_choice(lang) == own and offers.speaks(own, lang)
        assert tools.on_offers(lang).splitlines()[2].count(own) == 1, "first in the table, too"
        t = text.load("language_model", lang)
        for who in choices.WHO:
            assert any("가" <= letter <= "힣" for letter in t(f"example.{who}")) == (lang == "ko")
    assert not offers.speaks(DEFAULT, "ko") and offers.speaks("owner/unlisted", "ko")
    assert not offers.chats(KOREAN) and offers.chats(DEFAULT) and offers.chats("")


def test_another_model_says_what_it_cannot_do_before_it_is_asked() -> None:
    seen = {name: chat.on_model("ko", name) for name in (KOREAN, DEFAULT)}
    assert [seen[KOREAN][part]["visible"] for part in ("base", "offers")] == [True, False]
    assert [seen[DEFAULT][part]["visible"] for part in ("base", "offers")] == [False, True]
    assert not chat.on_model("en", DEFAULT)["offers"]["visible"]
    assert "Why" in chat.on_english("ko")["words"]


def test_the_examples_stand_before_the_question_as_the_learner_left_them() -> None:
    turns = [*QUESTION, {"role": "assistant", "content": " 파란색.\n"}, {"role": "user", "content": "그럼 밤에는?"}]
    asked = few_shot.prompt("질문: 1+1?\n답: 2\n", turns, "ko")
    assert asked == ("질문: 1+1?\n답: 2\n\n질문: 하늘은 무슨 색이에요?\n답: 파란색.\n\n질문: 그럼 밤에는?\n답:")
    for examples, words in (("x" * (choices.MOST_EXAMPLES + 1), "?"), ("", " \u200b")):
        with pytest.raises(CoreError):
            few_shot.prompt(examples, [{"role": "user", "content": words}], "ko")


def test_a_base_model_continues_the_examples_up_to_the_end_of_the_line(base: LanguageModel) -> None:
    form = chat.FORM.values(words="왜요?", shots="질문: 가\n답: 나", length=10, temperature=0.0)
    seen = kit.settled(chat.on_chat("ko", [], form, KOREAN))
    expected = base.generate("질문: 가\n답: 나\n\n질문: 왜요?\n답:", 10, stop="\n").lstrip()
    assert seen["talk"][-1]["content"] == chat._safe([{"role": "x", "content": expected}])[0]["content"]
    assert seen["talk"][0]["content"] == "왜요?" and "\n" not in expected
    with pytest.raises(CoreError) as caught:
        base.generate(QUESTION)
    assert caught.value.code == "no_chat_template"


def test_bars_say_first_that_the_model_does_not_know_the_language(base: LanguageModel, monkeypatch: Any) -> None:
    monkeypatch.setattr(language_model, "_shared", {(KOREAN, None): base, (DEFAULT, None): base})
    warning = text.load("language_model", "ko")("foreign")
    for name, prompt, warned in ((DEFAULT, "안녕", True), (KOREAN, "안녕", False), (DEFAULT, "hi", False)):
        seen = kit.settled(lesson.on_look("ko", lesson.FORM.values(who="llm", prompt=prompt), name))
        assert seen["said"].startswith(warning) == warned
    assert shown.SCREEN().keys() == set()


def test_bits_per_byte_are_transformers_loss(base: LanguageModel) -> None:
    """Bytes as tokens: the mean cross-entropy over the bytes after the line end, in bits."""
    said = "가나 ab"
    ids = torch.tensor([[*surprise.line(base), *base.ids(said)]])
    loss = base.model(ids, labels=ids).loss.item()
    assert surprise.bits(base, said) == pytest.approx(loss / math.log(2), rel=1e-4)


def test_bits_per_byte_of_counted_letters_by_hand() -> None:
    """A text of "ab" after each line end: a, then b, are all but certain; each Korean letter is three bytes."""
    sure = surprise.bits(LetterCounts("ab\n" * 1000), "ab")
    assert 0 < sure < 0.01
    assert surprise.bits(LetterCounts("가\n" * 1000), "나") == pytest.approx(math.log2(0x110000) / 3)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_sentences_are_in_no_text_that_is_learnt(language: str) -> None:
    learnt = tiny_text.load(language) + tiny_text.load(language, "reviews")
    said = surprise.sentences(language)
    assert len(said) == 10 and not [sentence for sentence in said if sentence.rstrip(".") in learnt]
