"""Lesson 11 by hand: cells and chips by mouse and keys, the walk, own sentence, a GPT that trains, stops and goes on."""

from __future__ import annotations

import re
from typing import Any

import pytest

pytestmark = pytest.mark.browser
# The tables: the wall of heads, the numbers of one of them, then the head that is walked through.
TOY = "[...document.querySelectorAll('.taste-matrix table')].filter((e) => e.offsetParent)[2]"
CAPTION = f"{TOY}?.querySelector('caption')?.textContent"
UPDATES = """(done) => [...document.querySelectorAll('figcaption')]
  .some((e) => +(e.textContent.match(/After (\\d+) updates/)?.[1] || 0) > done)"""


def opened(v: Any, lang: str = "en") -> Any:
    page = v.open(lang, "attention")
    page.wait_for_function(f"() => {TOY}?.querySelector('td.chosen')", timeout=60_000)
    return page


def test_cells_chips_and_keys_write_the_sum_out(visit: Any) -> None:
    v = visit()
    page = opened(v)
    cells = page.locator(".taste-matrix table:visible").nth(2)
    cells.locator("td[data-i='3'][data-j='1']").click()
    page.wait_for_selector("text=/share the → dog = /")
    cells.locator("td[data-i='1'][data-j='2']").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("text=/share dog → brought = 0/")
    page.locator(".taste-tokens .chips:visible").nth(1).locator("button").nth(4).click()
    page.wait_for_selector("text=/Seen from the selected token “ball”/")
    page.get_by_role("radio", name="③ Q·Kᵀ").first.check()
    page.wait_for_selector("text=/Q\\(me\\)·K\\(the\\) = .* × /")
    assert not v.faults


def test_the_walk_goes_through_the_stages_and_stops(visit: Any) -> None:
    v = visit()
    page = opened(v)
    page.get_by_role("button", name="▶ Step by step").click()
    page.wait_for_function(f"() => ({CAPTION} || '').includes('its embedding')")
    page.wait_for_function(f"() => ({CAPTION} || '').includes('question a')")
    page.locator("button.stop:visible").nth(0).click()
    page.wait_for_timeout(2500)
    before = page.evaluate(CAPTION)
    page.wait_for_timeout(2500)
    assert page.evaluate(CAPTION) == before
    page.locator("button:visible", has_text="Start over").first.click()
    page.wait_for_function(f"() => ({CAPTION} || '').includes('attention map')")
    assert not v.faults


def test_own_sentence_in_hangul_bytes_and_garbage(visit: Any) -> None:
    v = visit("phone")
    page = opened(v, "ko")
    box = page.get_by_label("내 문장")
    box.fill("뷁 <b>👩‍👩‍👧</b>")
    page.wait_for_selector(".taste-matrix:visible th:has-text('<b>')")
    page.get_by_text("진짜 모델은 글을 어떻게 자를까?").click()
    page.wait_for_selector("text=/어휘는 256개/")
    page.get_by_role("radio", name="이모지 모델의 BPE").check()
    page.wait_for_selector("text=/어휘는 4,000개/")
    assert "�" not in page.locator("body").inner_text()
    box.fill("가 " * 40)
    page.wait_for_selector("text=/토큰이 너무 많아요/")
    over = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert over <= 1 and not v.faults


def test_the_tiny_gpt_trains_stops_goes_on_and_opens(visit: Any) -> None:
    v = visit()
    page = opened(v)
    page.get_by_role("button", name="Look inside", exact=True).click()
    page.wait_for_selector("text=/has not learnt anything yet/")
    train = page.get_by_role("button", name="▶ Train", exact=True)
    train.click()
    page.wait_for_function(UPDATES, arg=0, timeout=60_000)
    page.wait_for_function("() => document.querySelectorAll('.taste-maps canvas').length === 2", timeout=60_000)
    page.locator("button.stop:visible").nth(1).click()
    page.wait_for_selector("text=/106,112 parameters/")
    said = page.locator("figcaption:visible").filter(has_text="updates the loss").first
    done = int(re.search(r"\d+", said.text_content())[0])  # type: ignore[index]
    train.click()  # as soon as the button is free again
    page.wait_for_function(UPDATES, arg=done, timeout=60_000)
    page.locator("button.stop:visible").nth(1).click()
    train.click(trial=True)  # waits until the run has ended
    page.get_by_role("button", name="✎ Keep writing").click()
    page.wait_for_selector("text=/at temperature 0.80/", timeout=60_000)
    page.get_by_role("button", name="Look inside", exact=True).click()
    page.wait_for_selector("text=/Numbers of the model after \\d+ updates/")
    page.locator(".taste-maps button.head").nth(1).click()
    page.wait_for_function("() => document.querySelector('.taste-maps .chosen b').textContent === 'Layer 2'")
    assert not v.faults
