"""Words of the lessons about one line (1, 2, 3, 7): particles that fit their numbers, bold words that close."""

from __future__ import annotations

import re

import pytest

from demos.kit import text

LESSONS = ("ml_vs_dl", "perceptron", "gradient_descent", "epochs")
FIXED = re.compile(r"\{\w+:[^}|]*[fge\d]\}(은|는|가|을|를|과|와|으로|로|예요|이에요)(?![가-힣])")
LOOSE = re.compile(r"\*\* (이|은|는|을|를|과|와|라고|예요|이에요)(?![가-힣])")


@pytest.mark.parametrize("slug", LESSONS)
def test_a_particle_behind_a_number_is_chosen_by_the_formatter(slug: str) -> None:
    found = {key: words for key, words in text.table(slug, "ko").items() if FIXED.search(words)}
    assert not found


@pytest.mark.parametrize("slug", LESSONS)
def test_no_space_stands_before_the_particle_of_a_bold_word(slug: str) -> None:
    told = text.load(slug, "ko")
    for words in (told.lead, told.story, *text.table(slug, "ko").values()):
        assert not LOOSE.search(words)


def test_the_particles_of_the_numbers_on_the_page() -> None:
    t = text.load("perceptron", "ko")
    assert "0.863에서 0.426으로" in t("outlier_said", before=0.863, after=0.426, share=0.5)
    t = text.load("gradient_descent", "ko")
    assert "0.783은 너무 커요" in t("verdict.diverged", rate=0.783, loss=1e9)
    t = text.load("epochs", "ko")
    assert "0.204로" in t("tasks.noise.answer", one=2.0, hundred=0.204, ratio=9.8)
    assert "0.200으로" in t("tasks.noise.answer", one=2.0, hundred=0.2, ratio=10.0)
