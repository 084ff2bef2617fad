"""The Korean of lessons 4, 5 and 6: particles that fit the number in front of them, and no space after bold words."""

from __future__ import annotations

import re

import pytest

from demos.kit import text

LESSONS = ("activations", "hidden_layers", "backpropagation")
PARTICLES = "은|는|이|가|을|를|과|와|으로|로|이에요|예요"


@pytest.mark.parametrize("lesson", LESSONS)
def test_no_particle_is_written_by_hand_behind_a_value(lesson: str) -> None:
    for key, words in text.table(lesson, "ko").items():
        found = re.findall(rf"\{{[^}}%]*\}}[*_]*(?:{PARTICLES})(?![가-힣])", words)  # % is read 퍼센트: always one form
        assert not found, (key, found)


@pytest.mark.parametrize("lesson", LESSONS)
def test_no_space_stands_between_bold_words_and_their_particle(lesson: str) -> None:
    t = text.load(lesson, "ko")
    for words in (t.lead, t.story, *text.table(lesson, "ko").values()):
        assert not re.findall(rf"\*\* (?:{PARTICLES}|라고|이라고)[ .,]", words)


@pytest.mark.parametrize(("loss", "said"), [(0.244, "시험 0.244가 돼요"), (0.213, "시험 0.213이 돼요")])
def test_the_loss_of_the_held_net_has_its_particle(loss: float, said: str) -> None:
    words = text.load("hidden_layers", "ko")("tasks.overfit.answer", train=0, test=0, held_train=0, held_test=loss)
    assert said in words


def test_the_name_of_a_function_has_its_particle() -> None:
    t = text.load("activations", "ko")
    told = {"epoch": 1, "epochs": 2, "best": "tanh", "accuracy": 1.0}
    assert "것은 선형이에요" in t("net.caption", worst="선형", **told)
    assert "것은 시그모이드예요" in t("net.caption", worst="시그모이드", **told)
