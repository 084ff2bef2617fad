"""The story of lesson 11 grows, branches and is cut; without the LLM on the disk that is said; three generations."""

from __future__ import annotations

import pytest

from core.errors import CoreError
from core.events import Done
from core.lessons.language_model import story as speakers
from core.lessons.language_model import three_generations
from core.llm import letter_models
from core.pretrained import resolve


@pytest.fixture(autouse=True)
def nothing_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolve, "nearby", lambda name, kind="causal-lm": None)
    run = letter_models.trained
    monkeypatch.setattr(letter_models, "_trained", {})
    monkeypatch.setattr(letter_models, "trained", lambda language: run(language, 3))


def story(who: str = "counts", prompt: str = "The ") -> speakers.Story:
    model = speakers.speaker(who, "en")
    return speakers.begin(model, who, "en", speakers.DEFAULT, prompt)


@pytest.mark.parametrize("who", ["counts", "tiny"])
def test_a_story_grows_and_is_cut(who: str) -> None:
    first = story(who)
    second = speakers.grow(first, first.choices[1].id)
    third = speakers.grow(second, second.choices[0].id)
    assert third.begun == (first.choices[1].id, second.choices[0].id)
    assert third.shares[0] == first.choices[1].probability
    back = speakers.cut(third, 1)
    assert back.begun == second.begun and back.choices.candidates == second.choices.candidates


def test_step_by_step_is_the_same_as_at_once() -> None:
    now, chance = story(), {"temperature": 1.0}
    whole = speakers.following(now, 6, 5, **chance)
    said = ""
    for _ in range(6):
        token = next(iter(speakers.writing(now, 1, 5, **chance)))
        now = speakers.told(now, (*now.begun, token.id), (*now.shares, token.probability))
        said += token.text
    assert said == whole


def test_wrong_use() -> None:
    now = story()
    for call in (
        lambda: speakers.grow(now, 10**6),
        lambda: speakers.cut(now, 1),
        lambda: speakers.cut(now, float("nan")),
        lambda: speakers.writing(now, 0, 0),
        lambda: speakers.told(now, (1,) * 401, (0.1,) * 401),
        lambda: speakers.speaker("nobody", "en"),
        lambda: speakers.speaker("counts", "fr"),
        lambda: speakers.speaker("llm", "en", 7),
        lambda: speakers.speaker("llm", "en", ""),
    ):
        with pytest.raises(CoreError):
            call()


def test_without_the_llm_it_is_said() -> None:
    assert not speakers.here() and not speakers.here("no such name at all")
    with pytest.raises(CoreError) as caught:
        story("llm")
    assert caught.value.code == "get_first"
    offers = speakers.offers("ko")
    assert offers[0].languages[0] == "ko" and not any(offer.here for offer in offers)
    assert next(offer for offer in offers if offer.name == speakers.DEFAULT).download_mb == 93


@pytest.mark.parametrize("language", ["ko", "en"])
def test_three_generations_without_the_llm(language: str) -> None:
    sentence = {"ko": "음식이 맛있고 친절해요", "en": "The food was delicious 한"}[language]
    bag, counts, tiny, llm, done = three_generations.steps(sentence, language, speakers.DEFAULT)
    assert bag.positive > 0.5 and bag.words and counts.bits < tiny.bits
    assert counts.positive is None and len(counts.written) == 40
    assert isinstance(llm, three_generations.NotHere) and isinstance(done, Done)


@pytest.mark.parametrize("sentence", ["", " ", None, "a" * 301])
def test_three_generations_of_nothing(sentence: object) -> None:
    with pytest.raises(CoreError):
        list(three_generations.steps(sentence, "en", speakers.DEFAULT))  # type: ignore[arg-type]
