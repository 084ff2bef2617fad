"""Lessons 16 and 17 by hand: draw on the pad, slide through time, stop a training, rewind a picture."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.browser


def test_a_drawing_becomes_the_shape_and_is_learnt(visit: Any) -> None:
    v = visit()
    page = v.open("en", "diffusion")
    pad = page.locator(".taste-pad canvas")
    page.wait_for_function("() => document.querySelector('.taste-pad figcaption')?.textContent.includes('1,000')")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"])
    page.mouse.down()
    for k in range(10):
        page.mouse.move(box["x"] + (0.3 + 0.04 * k) * box["width"], box["y"] + (0.3 + 0.03 * k) * box["height"])
    page.mouse.up()
    page.wait_for_selector("input[type=radio][value=drawn]:checked", timeout=20_000)
    page.get_by_role("button", name="Learn", exact=True).click()
    page.wait_for_function("() => /After \\d+ of 2500/.test(document.querySelectorAll('.taste-cloud')[1].textContent)")
    page.get_by_role("button", name="Stop", exact=True).first.click()
    page.wait_for_function(
        "() => /^After|After \\d+ updates/.test(document.querySelectorAll('.taste-cloud')[2].textContent)"
    )
    assert not v.faults


def test_the_pad_by_keyboard_and_the_time_slider(visit: Any) -> None:
    v = visit("phone")
    page = v.open("en", "diffusion")
    page.wait_for_function("() => document.querySelector('.taste-pad figcaption')?.textContent.includes('1,000')")
    page.locator(".taste-pad canvas").focus()
    for key in ["Space", *["ArrowRight"] * 5, *["ArrowUp"] * 5, "Space"]:
        page.keyboard.press(key)
    page.wait_for_selector("input[type=radio][value=drawn]:checked", timeout=20_000)
    slider = page.locator(".taste-cloud input[type=range]").first
    page.wait_for_timeout(500)
    slider.focus()
    page.keyboard.press("Home")
    assert slider.get_attribute("aria-valuetext") == "no noise"
    page.keyboard.press("End")
    assert slider.get_attribute("aria-valuetext") == "t = 999"
    assert not v.faults


def test_every_step_is_kept_and_a_branch_begins_in_the_middle(visit: Any) -> None:
    v = visit()
    page = v.open("en", "stable_diffusion")
    film = page.locator(".taste-film").first
    page.wait_for_function(
        "() => document.querySelector('.taste-film')?.textContent.includes('steps are kept')", timeout=120_000
    )
    images = film.locator("img")
    slider = film.locator("input[type=range]")
    slider.focus()
    page.keyboard.press("End")  # also ends the film, which plays once by itself
    assert film.locator("output").inner_text() == "step 20 of 20"
    page.wait_for_timeout(200)  # pictures are drawn with the browser's next frame
    end = images.nth(0).get_attribute("src")
    page.keyboard.press("Home")
    assert film.locator("output").inner_text() == "step 1 of 20"
    page.wait_for_function("(end) => document.querySelector('.taste-film img').getAttribute('src') !== end", arg=end)
    panel = page.locator(".tabitem:visible", has_text="Go back to a step of the picture").last
    panel.get_by_role("button", name="Rewind and draw on", exact=True).click()
    page.wait_for_function(
        "() => document.body.textContent.includes('Both branches share the first 8 of 20 steps')", timeout=60_000
    )
    assert not v.faults
