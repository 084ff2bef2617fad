"""Lesson 17 by hand: example words taught and tested on other voices, and once round the loop."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.browser
SAYS = """(words) => [...document.querySelectorAll('.taste-caption, .prose p')].some(
    (e) => e.offsetParent && new RegExp(words).test(e.textContent))"""


def waits(page: Any, words: str) -> None:
    """Until a caption or paragraph on the screen says this; the machine may be slow."""
    page.wait_for_function(SAYS, arg=words, timeout=120_000)


def part(page: Any, sign: str) -> None:
    page.get_by_role("tab").filter(has_text=sign).first.click()


def test_example_words_are_taught_and_tested(visit: Any) -> None:
    v = visit("phone")
    page = v.open("ko", "multimodal")
    part(page, "②")
    page.get_by_role("button", name="예시 녹음 만들기").click()
    waits(page, "낱말 3개")
    page.get_by_role("button", name="③ 학습하기").click()
    waits(page, "12개 중 1[0-2]개")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not v.faults


def test_a_first_round_without_a_press_and_again_from_ones_own_words(visit: Any) -> None:
    v = visit()
    page = v.open("en", "multimodal")
    part(page, "③")
    waits(page, "The cosine of .red apple. and this picture")
    sentence = page.get_by_label("Sentence to say (you may change it)")
    assert "red apple" in sentence.input_value()
    page.get_by_label("Words (Korean or English)").fill("blue heart")
    page.get_by_role("button", name="Round the loop", exact=True).click()
    waits(page, "The cosine of .blue heart. and this picture")
    assert "blue heart" in sentence.input_value()
    assert not v.faults
