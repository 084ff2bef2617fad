"""Lesson 12 by hand, without the LLM: a bar is chosen, a chip branches, Stop keeps what was written."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.browser
CHIPS = ".taste-tokens button:visible"
SETTLED = {"en": "candidates are left", "ko": "남아 있어요"}


def chips(page: Any) -> list[str]:
    return page.locator(CHIPS).all_inner_texts()


def opened(v: Any, lang: str) -> Any:
    page = v.open(lang, "language_model")
    page.wait_for_selector(CHIPS, timeout=60_000)
    who = "Counted letters" if lang == "en" else "글자 세기"
    page.get_by_role("radio", name=who).check()
    page.wait_for_function("() => document.querySelectorAll('.taste-bars:not([hidden]) li').length > 9", timeout=60_000)
    page.wait_for_function(
        f"() => [...document.querySelectorAll('p')].some((p) => /{SETTLED[lang]}/.test(p.textContent))", timeout=60_000
    )  # until then grey chips stand in for those to come
    v.settle(".taste-bars:not([hidden])")
    return page


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_choose_branch_write_and_stop(visit: Any, lang: str) -> None:
    v = visit("phone" if lang == "ko" else "desktop")
    page = opened(v, lang)
    start = len(chips(page))
    page.locator(".taste-bars:visible button").nth(1).click()
    page.wait_for_function("(n) => [...document.querySelectorAll('.taste-tokens button')].length === n", arg=start + 1)
    page.locator(CHIPS).last.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("(n) => [...document.querySelectorAll('.taste-tokens button')].length === n", arg=start)
    page.locator("input[type=number][max='200']:visible").fill("200")  # long enough for Stop to arrive in time
    page.keyboard.press("Enter")
    page.locator("button.primary:visible").first.click()
    page.wait_for_function("(n) => document.querySelectorAll('.taste-tokens button').length > n + 3", arg=start)
    page.locator("button.stop:visible").first.click()
    page.wait_for_function(
        f"() => [...document.querySelectorAll('p')].some((p) => /{SETTLED[lang]}/.test(p.textContent))"
    )
    stopped = len(chips(page))
    page.wait_for_timeout(1000)
    assert start + 3 < len(chips(page)) == stopped < start + 200
    v.shot(f"language_model.{lang}.stopped")
    assert not v.faults


def test_temperature_moves_the_bars(visit: Any) -> None:
    v = visit()
    page = opened(v, "en")
    before = page.locator(".taste-bars:visible").first.inner_text()
    page.get_by_label("number input for Temperature").fill("0")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('.taste-bars').textContent.includes('100.0%')", timeout=30_000)
    assert page.locator(".taste-bars:visible").first.inner_text() != before
    assert not v.faults


def test_pasted_and_emptied_text_is_looked_at(visit: Any) -> None:
    v = visit()
    page = opened(v, "en")
    box = page.get_by_label("Text to continue", exact=True)
    box.fill("<b>x</b>")
    page.wait_for_function("() => document.querySelectorAll('.taste-tokens button').length === 8", timeout=60_000)
    assert page.locator(".taste-tokens b").count() == 0
    box.fill("")
    page.wait_for_selector("text=/The prompt is empty/", timeout=60_000)
    assert not v.faults
