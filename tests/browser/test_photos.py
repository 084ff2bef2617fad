"""Lessons 17 and 18 take a photo from the camera, on Chromium's fake one: its first press counts."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.browser
SLOW = 120_000
REEL = """(name) => [...document.querySelectorAll('.taste-film')].some((e) => e.offsetParent && e.textContent.includes(name)
    && [...e.querySelectorAll('img')].some((i) => i.naturalWidth > 0))"""
PLACE = "(e) => e.getBoundingClientRect().top + scrollY"


def photographed(page: Any) -> None:
    """On, and one press: the button can be pressed from the first picture of the camera on."""
    page.get_by_role("button", name="Switch the camera on").locator("visible=true").click(timeout=SLOW)
    page.get_by_role("button", name="Take a photo", exact=True).locator("visible=true").click(timeout=SLOW)


def test_a_photo_is_where_a_drawing_starts(visit: Any) -> None:
    v = visit()
    page = v.open("en", "stable_diffusion")
    page.get_by_role("tab", name="Start from a picture").click(timeout=SLOW)
    page.get_by_role("button", name="Take a photo with the webcam").click(timeout=SLOW)
    photographed(page)
    page.wait_for_selector("text=/Runs start from this picture now/", timeout=SLOW)
    page.wait_for_function(REEL, arg="start", timeout=SLOW)
    page.get_by_role("button", name="Switch it off").click()
    v.shot("photo_start_en")
    assert not v.faults


def test_a_photo_is_compared_with_captions(visit: Any) -> None:
    v = visit()
    page = v.open("en", "multimodal")
    page.wait_for_function("() => document.querySelectorAll('.taste-pictures img').length === 4", timeout=SLOW)
    page.get_by_role("button", name="Add my own picture").click()
    photographed(page)
    page.wait_for_selector("text=5 · my photo", timeout=SLOW)
    page.wait_for_selector("text=“my photo” is selected", timeout=SLOW)
    page.get_by_role("button", name="Switch it off").click()
    v.shot("photo_space_en")
    assert not v.faults


def test_a_photo_takes_the_place_of_the_drawn_picture(visit: Any) -> None:
    v = visit("phone")
    page = v.open("ko", "multimodal")
    page.get_by_role("tab").filter(has_text="③").first.click()
    own = page.get_by_role("button", name="그림을 내 것으로 바꾸기")
    own.click(timeout=SLOW)
    stands = own.evaluate(PLACE)
    page.get_by_role("button", name="카메라 켜기").locator("visible=true").click(timeout=SLOW)
    page.get_by_role("button", name="찍기", exact=True).locator("visible=true").click(timeout=SLOW)
    page.wait_for_function(REEL, arg="손으로 넣은 그림", timeout=SLOW)
    page.wait_for_selector("text=사이의 코사인은", timeout=SLOW)
    assert own.evaluate(PLACE) == stands  # what comes while it draws moves nothing away from under a finger
    v.shot("photo_loop_ko_phone")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not v.faults
