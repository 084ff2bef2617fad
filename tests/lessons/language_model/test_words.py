"""The words of lessons 9 to 11: particles stand at their word, and English reads as English."""

from __future__ import annotations

import re

import pytest

from demos.kit import text

SLUGS = ("bag_of_words", "attention", "language_model")
TRANSLATED = (
    "Who goes on?",
    "is looked at",
    "go on writing",
    "Hand the first words",
    "Take this text along",
    "unpack it",
)
TRANSLATED += ("It ended by itself", "did not compute", "One line is one layer", "How to cut it", "(own {")


@pytest.mark.parametrize("slug", SLUGS)
def test_no_space_stands_before_a_particle(slug: str) -> None:
    words = text.load(slug, "ko")
    pages = [words.lead, words.story, *map(str, text.table(slug, "ko").values())]
    lone = r"(?:\*\*|\)) (?:은|는|이|가|을|를|과|와|에|의|로|으로|예요|이에요|이고)(?=[ .,])"
    for page in pages:
        for found in re.finditer(lone, page):
            assert page[found.start() :].startswith("** 이 ") and page[: found.start()].endswith("?"), page[:80]


@pytest.mark.parametrize("slug", SLUGS)
def test_english_is_not_word_for_word(slug: str) -> None:
    told = " ".join(map(str, text.table(slug, "en").values()))
    assert not [phrase for phrase in TRANSLATED if phrase in told]


@pytest.mark.parametrize(
    ("content", "ending"), [(0.0, "0.000이에요"), (0.816, "0.816이에요"), (0.5, "0.500이에요"), (0.672, "0.672예요")]
)
def test_a_number_takes_its_particle(content: float, ending: str) -> None:
    said = text.load("bag_of_words", "ko")("tasks.order.answer", words=0.3, morphemes=0.4, content=content)
    assert ending in said
