"""Every lesson in a real browser, both languages and widths: alive at once, no errors, nothing leaves the machine."""

from __future__ import annotations

import re
from typing import Any

import pytest

from demos import CHAPTERS
from demos.kit import text

pytestmark = pytest.mark.browser
LESSONS = [slug for chapter in CHAPTERS for slug in chapter.lessons]
# A canvas with ink on it, or a view made of elements: something was really drawn.
ALIVE = """() => [...document.querySelectorAll('.taste')].filter((e) => e.offsetParent).some((root) => {
  const canvas = root.querySelector('canvas');
  if (!canvas) return root.textContent.trim().length > 0;
  if (!canvas.width) return false;
  const ink = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  return new Set(new Uint32Array(ink.buffer)).size > 3;
})"""
SEEN = """() => [...document.querySelectorAll('.taste')].filter((e) => e.offsetParent)
  .map((e) => e.textContent + (e.querySelector('canvas')?.toDataURL() || '')).join('|')"""


@pytest.mark.parametrize("width", ["desktop", "phone"])
@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("slug", LESSONS)
def test_a_lesson_is_alive_when_opened(visit: Any, slug: str, lang: str, width: str) -> None:
    v = visit(width)
    page = v.open(lang, slug)
    page.wait_for_function(ALIVE, timeout=60_000)
    page.wait_for_timeout(400)
    v.shot(f"{slug}.{lang}.{width}")
    assert page.locator("html").get_attribute("lang") == lang
    over = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert over <= 1, f"{over} px of sideways scrolling"
    assert not v.faults


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("slug", LESSONS)
def test_the_first_button_does_something_and_stops(visit: Any, slug: str, lang: str) -> None:
    v = visit()
    page = v.open(lang, slug)
    page.wait_for_function(ALIVE, timeout=60_000)
    before = page.evaluate(SEEN)
    primary = page.locator("button.primary:visible").first
    primary.click()
    page.wait_for_function(f"(before) => ({SEEN})() !== before", arg=before, timeout=60_000)
    stop = page.locator("button.stop:visible").first
    if stop.count():
        stop.click()
    page.wait_for_timeout(300)
    v.shot(f"{slug}.{lang}.ran")
    assert not v.faults


@pytest.mark.parametrize("slug", LESSONS)
def test_english_page_has_no_korean_and_korean_page_translates_gradio(visit: Any, slug: str) -> None:
    v = visit()
    page = v.open("en", slug)
    page.wait_for_function(ALIVE, timeout=60_000)
    labels = page.locator("label:visible, button:visible, .taste:visible").all_inner_texts()
    quoted = re.compile("[\"“‘'(][^\"”’')]*[가-힣]+[^\"”’')]*[\"”’')]")
    left = [words for words in labels if re.search("[가-힣]", quoted.sub("", words)) and words != "한국어"]
    assert not left


def test_switching_language_keeps_the_gallery(visit: Any) -> None:
    v = visit()
    page = v.open("ko")
    page.get_by_role("link", name="English").or_(page.get_by_role("button", name="English")).first.click()
    page.wait_for_selector(f"text={text.load('common', 'en')('gallery')}")
    assert page.url.rstrip("/").endswith("/en")
    assert not v.faults


def test_a_broken_link_still_opens_the_page(visit: Any) -> None:
    v = visit()
    v.page.goto(f"{v.address}/?lesson=%3Cscript%3E&s=%25%25%25not-base64")
    v.page.wait_for_selector(".taste:visible", timeout=60_000)
    assert not v.faults
