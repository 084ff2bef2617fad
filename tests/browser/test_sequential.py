"""Lesson 8 by hand: add a layer, fit, stop, go on; a fault mended by a button; a CSV; a link that restores the layers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser
EPOCH = """() => Number([...document.querySelectorAll('figcaption')].filter((e) => e.offsetParent)
  .map((e) => e.textContent.match(/^Epoch (\\d+) · /)).find((found) => found)?.[1] || 0)"""


def opened(v: Any, lang: str = "en") -> Any:
    page = v.open(lang, "sequential")
    page.wait_for_selector(".taste-table:visible >> text=Ready to learn", timeout=60_000)
    return page


def epoch(page: Any, least: int) -> int:
    page.wait_for_function(f"(least) => ({EPOCH})() >= least", arg=least, timeout=60_000)
    return int(page.evaluate(EPOCH))


def table(page: Any) -> str:
    return str(page.locator(".taste-table:visible").first.inner_text())


def test_add_fit_stop_and_go_on(visit: Any) -> None:
    v = visit()
    page = opened(v)
    page.get_by_role("button", name="+ Dropout").click()
    page.wait_for_selector(".taste-table code:text('dropout')")
    assert "4,353" in table(page)
    page.get_by_label("Epochs (epochs)").first.fill("1000")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="fit — train").click()
    epoch(page, 1)
    page.get_by_role("button", name="Stop", exact=True).first.click()
    page.wait_for_selector("text=Stopped. This is the model")
    stopped = int(page.evaluate(EPOCH))
    page.wait_for_timeout(700)
    assert int(page.evaluate(EPOCH)) == stopped
    page.wait_for_selector("td:visible >> text=training rows")
    page.get_by_role("button", name="fit — train").click()
    epoch(page, stopped + 1)
    page.get_by_role("button", name="Start over").first.click()
    page.wait_for_selector("figcaption:visible >> text=Nothing learnt yet.")
    page.get_by_role("button", name="predict", exact=True).click()
    page.wait_for_selector("text=has not learnt yet")
    assert not v.faults


def test_a_fault_is_told_and_mended(visit: Any) -> None:
    v = visit("phone")
    page = opened(v)
    page.get_by_label("What to learn from?").click()
    page.get_by_role("option", name="Weight → short").click()
    page.wait_for_selector("text=This data needs 3")
    page.get_by_role("button", name="Fit the last layer").click()
    page.wait_for_selector("text=Ready to learn")
    page.get_by_role("button", name="fit — train").click()
    page.wait_for_selector(".taste-badge:visible >> text=Trained here just now", timeout=60_000)
    page.wait_for_selector(".taste-matrix td:visible")
    assert not v.faults


def test_own_csv_is_learnt_and_a_link_restores_it(visit: Any, tmp_path: Path) -> None:
    v = visit()
    page = opened(v)
    path = tmp_path / "own.csv"
    path.write_text("size,age\n" + "\n".join(f"{i},{2 * i}" for i in range(12)))
    page.locator("button:visible", has_text="Your own data").click()
    page.wait_for_selector("text=Your CSV >> visible=true")
    page.wait_for_function("() => document.querySelectorAll('input[type=file]').length === 2")
    page.locator("input[type=file]").last.set_input_files(str(path))
    page.wait_for_function("() => [...document.querySelectorAll('input')].some((e) => e.value === 'My table')")
    page.get_by_role("button", name="+ Dense").click()
    page.wait_for_selector(".taste-table code:text('dense_3')")
    page.get_by_role("button", name="Share link").click()
    find = "[...document.querySelectorAll('.taste-link :is(textarea, input)')].find((e) => e.offsetParent)?.value"
    page.wait_for_function(f"() => ({find})?.includes('lesson=sequential')")
    page.goto(page.evaluate(f"() => {find}"))
    page.wait_for_selector(".taste-table code:text('dense_3')", timeout=60_000)
    assert page.locator(".taste-layer-row:visible").count() == 4
    assert not v.faults
