"""Every lesson in a real browser, in both languages: one visit each, which checks all that any lesson must do.

The Korean page is opened on a phone and widened, the English one the other way round, so that both widths are an opening.
Lessons differ in what their first button does; what is asserted is what a visitor sees: numbers.
"""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from benchmarks import accessibility
from demos import CHAPTERS
from demos.kit import text

pytestmark = pytest.mark.browser
LESSONS = [slug for chapter in CHAPTERS for slug in chapter.lessons]
WAIT = 120_000  # a page shares two cores with others
# A canvas with ink on it, or a view made of elements: something was really drawn.
ALIVE = """() => [...document.querySelectorAll('.taste')].filter((e) => e.offsetParent).some((root) => {
  const canvas = root.querySelector('canvas');
  if (!canvas) return root.textContent.trim().length > 0;
  if (!canvas.width) return false;
  const ink = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  return new Set(new Uint32Array(ink.buffer)).size > 3;
})"""
# All numbers that a visitor can read: in views (also as their text alternative) and in sentences.
NUMBERS = """() => [...document.querySelectorAll('.taste, .prose')].filter((e) => e.offsetParent)
  .map((e) => [e.innerText, ...[...e.querySelectorAll('[aria-label]')].map((part) => part.ariaLabel)].join(' '))
  .join(' ').match(/\\d[\\d.,]*/g)?.join(' ') || ''"""
STEADY = "() => !document.getAnimations().some((each) => each instanceof CSSTransition)"
SMALL = """() => [...document.querySelectorAll('button, input, select, textarea, a, [role=slider]')].filter((e) => {
  const r = e.getBoundingClientRect(), box = e.closest('label')?.getBoundingClientRect() ?? r;
  if (!e.offsetParent || !r.width || r.height <= 1 || e.closest('footer, nav, .prose, [role=tablist]')) return false;
  return Math.max(r.height, box.height) < 32 || Math.max(r.width, box.width) < 32;
}).map((e) => `${e.tagName} ${e.className} ${e.ariaLabel || e.textContent.slice(0, 30)}`)"""
LINK = "[...document.querySelectorAll('.taste-link :is(textarea, input)')].find((e) => e.offsetParent)?.value"
HANGUL = re.compile("[가-힣]")
GRADIOS_OWN = ("Drop File", "Click to Upload", "Use via API", "Built with Gradio", "Settings")
QUOTED = re.compile(r"\"[^\"\n]*\"|“[^”]*”|‘[^’]*’|「[^」]*」|\([^)]*\)|'[^'\n]*[가-힣][^'\n]*'")


# What moves by itself: under a preview, a film that plays, or the kernel.
MOVER = """(document.querySelector('.taste-preview, .taste-play.on')?.closest('.taste')
  ?? document.querySelector('.taste-convolution'))"""
LOOK = f"""() => {{ const root = {MOVER}; return root && [...root.querySelectorAll('canvas')].map((e) => e.toDataURL()).join()
  + [...root.querySelectorAll('img, td, .v')].map((e) => (e.src || '') + e.textContent).join(); }}"""


def moves(page: Any) -> None:
    """The first screen moves by itself; the first touch of a key ends that at once."""
    page.wait_for_function(f"() => {MOVER} && !document.querySelector('.taste-coming')", timeout=WAIT)
    seen = page.evaluate(LOOK)
    page.wait_for_function(f"(seen) => ({LOOK})() !== seen", arg=seen, timeout=WAIT)
    page.keyboard.press("Shift")
    assert not page.locator(".taste-preview, .taste-play.on").count()
    stays = page.evaluate(LOOK.replace(MOVER, "document.querySelector('.taste-convolution')"))
    page.wait_for_timeout(200)
    assert page.evaluate(LOOK.replace(MOVER, "document.querySelector('.taste-convolution')")) == stays
    assert page.evaluate("![...document.querySelectorAll('.taste')].some((e) => e.stage?.over)"), "what stays is shown"


def fits(page: Any) -> None:
    page.wait_for_function(ALIVE, timeout=WAIT)
    page.wait_for_timeout(300)
    over = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert over <= 1, f"{over} px of sideways scrolling"


def speaks(page: Any, lang: str) -> None:
    """English pages hold Hangul only as a quoted subject; Korean pages are told in Hangul, gradio's own words too."""
    assert page.locator("html").get_attribute("lang") == lang
    labels = page.locator("label:visible, button:visible, h2:visible, h3:visible, figcaption:visible").all_inner_texts()
    prose = "\n".join(page.locator(".prose:visible").all_inner_texts())
    assert labels and prose
    if lang == "en":
        left = [words for words in labels if HANGUL.search(QUOTED.sub("", words)) and words.strip() != "한국어"]
        assert not left
        assert len(re.findall("[a-z]", prose)) > 20 * len(HANGUL.findall(QUOTED.sub("", prose)))
    else:
        assert len(HANGUL.findall(prose)) > len(re.findall("[A-Za-z]", prose))
        assert sum(bool(HANGUL.search(words)) for words in labels) > len(labels) / 3, labels
        assert not [words for words in labels if any(own in words for own in GRADIOS_OWN)]


def runs_and_stops(page: Any) -> None:
    """The first button moves a number; after Stop none moves any more; the button starts the next run."""
    run, stop = page.locator("button.primary:visible").first, page.locator("button.stop:visible").first
    before = page.evaluate(NUMBERS)
    run.click()
    page.wait_for_function(f"(before) => ({NUMBERS})() !== before", arg=before, timeout=WAIT)
    if not stop.count():  # an answer, not a run
        return
    stop.click()
    stopped = still(page)
    run.click()
    page.wait_for_function(f"(stopped) => ({NUMBERS})() !== stopped", arg=stopped, timeout=WAIT)
    stop.click()


def still(page: Any) -> str:
    """The numbers once none has moved for two seconds: what was under way at Stop still arrives."""
    began = since = time.monotonic()
    seen = page.evaluate(NUMBERS)
    while time.monotonic() < since + 2:
        page.wait_for_timeout(250)
        if (now := page.evaluate(NUMBERS)) != seen:
            seen, since = now, time.monotonic()
        assert time.monotonic() < began + 30, "the run goes on after Stop"
    return str(seen)


@pytest.mark.parametrize("lang", text.LANGUAGES)
@pytest.mark.parametrize("slug", LESSONS)
def test_a_lesson(visit: Any, slug: str, lang: str) -> None:
    first, then = ("phone", "desktop") if lang == "ko" else ("desktop", "phone")
    v = visit(first)
    page = v.open(lang, slug, still=lang == "ko")
    if lang == "en":
        moves(page)
    fits(page)
    v.shot(f"{slug}.{lang}.{first}")
    page.wait_for_selector(".taste-link:visible", timeout=WAIT)  # the foot of the lesson: all of it is there
    speaks(page, lang)
    if first == "phone":  # a finger hits every target
        assert page.evaluate(SMALL) == []
    runs_and_stops(page)
    v.shot(f"{slug}.{lang}.ran")
    page.get_by_role("button", name=text.load("common", lang)("share")).locator("visible=true").first.click()
    page.wait_for_function(f"(slug) => {LINK}?.includes(`lesson=${{slug}}`)", arg=slug, timeout=WAIT)
    v.widen(then)
    fits(page)
    v.shot(f"{slug}.{lang}.{then}")
    if lang == "en":
        page.evaluate("document.body.classList.add('dark')")
        page.wait_for_function(STEADY)  # no colour is on its way to another
    assert not accessibility.serious(page), f"{lang}, {then}, {'dark' if lang == 'en' else 'light'}"
    assert not v.faults


def test_switching_language_keeps_the_gallery(visit: Any) -> None:
    v = visit()
    page = v.open("ko")
    page.get_by_role("link", name="English").first.click()
    page.wait_for_selector(f"text={text.load('shell', 'en')('line')}")
    assert page.url.rstrip("/").endswith("/en")
    assert not v.faults


def test_a_broken_link_still_opens_the_page(visit: Any) -> None:
    v = visit()
    v.page.goto(f"{v.address}/?lesson=%3Cscript%3E&s=%25%25%25not-base64")
    v.page.wait_for_selector(f".front-note:has-text('{text.load('shell', 'ko')('unknown')}')", timeout=WAIT)
    assert not v.faults
