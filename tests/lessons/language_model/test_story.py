"""The story of lesson 12 grows, branches and is cut; without the LLM on the disk that is said; three generations."""

from __future__ import annotations

import pytest

from core.errors import CoreError
from core.events import Done
from core.lessons.language_model import choices, offers, three_generations
from core.lessons.language_model import story as stories
from core.lessons.language_model.three_generations import Known, WriterSays
from core.llm import letter_models
from core.pretrained import resolve
from core.pretrained.catalog import DEFAULT, KOREAN


@pytest.fixture(autouse=True)
def nothing_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolve, "nearby", lambda name, kind="causal-lm": None)
    run = letter_models.trained
    monkeypatch.setattr(letter_models, "_trained", {})
    monkeypatch.setattr(letter_models, "trained", lambda language: run(language, 3))


def story(who: str = "counts", prompt: str = "The ") -> stories.Story:
    return stories.begin(stories.opened(who, "en"), who, "en", DEFAULT, prompt)


@pytest.mark.parametrize("who", ["counts", "tiny"])
def test_a_story_grows_and_is_cut(who: str) -> None:
    first = story(who)
    second = stories.grow(first, first.choices[1].id)
    third = stories.grow(second, second.choices[0].id)
    assert third.prefix == (first.choices[1].id, second.choices[0].id)
    assert third.probabilities[0] == first.choices[1].probability
    back = stories.cut(third, 1)
    assert back.prefix == second.prefix and back.choices.candidates == second.choices.candidates


def test_step_by_step_is_the_same_as_at_once() -> None:
    now, chance = story(), {"temperature": 1.0}
    whole = stories.following(now, 6, 5, **chance)
    said = ""
    for _ in range(6):
        token = next(iter(stories.writing(now, 1, 5, **chance)))
        now = stories.told(now, (*now.prefix, token.id), (*now.probabilities, token.probability))
        said += token.text
    assert said == whole


def test_wrong_use() -> None:
    now = story()
    for call in (
        lambda: stories.grow(now, 10**6),
        lambda: stories.cut(now, 1),
        lambda: stories.cut(now, float("nan")),
        lambda: stories.writing(now, 0, 0),
        lambda: stories.told(now, (1,) * (choices.MOST_STORY + 1), (0.1,) * (choices.MOST_STORY + 1)),
        lambda: stories.opened("nobody", "en"),
        lambda: stories.opened("counts", "fr"),
        lambda: stories.opened("llm", "en", 7),
        lambda: stories.opened("llm", "en", ""),
    ):
        with pytest.raises(CoreError):
            call()


def test_without_the_llm_it_is_said() -> None:
    assert not offers.here() and not offers.here("no such name at all")
    with pytest.raises(CoreError) as caught:
        story("llm")
    assert caught.value.code == "get_first"
    found = offers.offers("ko")
    assert found[0].languages[0] == "ko" and not any(offer.here for offer in found)
    assert next(offer for offer in found if offer.name == DEFAULT).download_mb == 93


def test_the_opened_model_goes_along_with_the_story(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begun once, a story is grown, cut, written on and read without looking the model up by its name again."""
    now, asked = story(), list[str]()
    monkeypatch.setattr(stories, "opening", lambda who, *rest: asked.append(who))
    now = stories.grow(now, now.choices[1].id)
    written = stories.following(now, 4, 0, temperature=1.0)
    back = stories.cut(now, 0)
    assert len(written) == 4 and stories.words(now).startswith("The ") and back.model is now.model
    assert stories.settled(stories.under_way(now, now.prefix, now.probabilities)).ids == now.ids and not asked


@pytest.mark.parametrize("language", ["ko", "en"])
def test_three_generations_without_the_llm(language: str) -> None:
    sentence = {"ko": "음식이 맛있고 친절해요", "en": "The food was delicious 한"}[language]
    bag, counts, tiny, llm, done = three_generations.steps(sentence, language, DEFAULT)
    assert bag.positive > 0.5 and bag.words and counts.bits < tiny.bits
    assert counts.positive is None and len(counts.written) == 40
    assert isinstance(llm, three_generations.NotHere) and isinstance(done, Done)


@pytest.mark.parametrize(
    ("here", "average", "name", "text", "why"),
    [
        ((1.3, 1.4, 2.7), (1.6, 1.8, 2.9), DEFAULT, "음식이 맛있어요", "foreign"),
        ((1.3, 1.4, 0.8), (1.6, 1.8, 0.9), KOREAN, "음식이 맛있어요", "llm"),
        ((0.5, 1.4, 0.8), (1.6, 1.8, 0.9), KOREAN, "음식이 맛있어요", "sentence"),
        ((2.9, 3.1, 1.2), (1.3, 1.8, 1.2), DEFAULT, "The food was good", "close"),
        ((1.0, 3.1, 1.2), (1.0, 3.1, 2.2), "owner/unlisted", "음식이 맛있어요", "small"),
        ((1.3, 1.4), (1.6, 1.8), DEFAULT, "음식이 맛있어요", None),
    ],
)
def test_why_the_surprise_falls_in_this_order(
    here: tuple[float, ...], average: tuple[float, ...], name: str, text: str, why: object
) -> None:
    """By hand: intervals of ±0.1 touch at 1.2 and 1.3, and nowhere else."""
    seen = {
        who: WriterSays(who, "", bits, Known(mean, 0.1, (mean,)), None, 1, 0.0)
        for who, bits, mean in zip(("counts", "tiny", "llm"), here, average, strict=False)
    }
    assert three_generations.why(seen, name, text) == why


@pytest.mark.parametrize("sentence", ["", " ", None, "a" * 301])
def test_three_generations_of_nothing(sentence: object) -> None:
    with pytest.raises(CoreError):
        list(three_generations.steps(sentence, "en", DEFAULT))  # type: ignore[arg-type]
