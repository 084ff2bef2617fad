"""Lesson 4 by hand: the point follows a fast drag to its end, and the arrow keys; the nets stop where they are told to."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.browser


def settled(page: Any) -> None:
    """Wait until Python's sentence speaks of the z at which the point stands."""
    page.wait_for_function(
        """() => { const c = document.querySelector('.taste-tangent canvas');
        return document.querySelector('.taste-tangent figcaption').textContent.includes(
          `z = ${Number(c.getAttribute('aria-valuenow')).toFixed(2)} `); }""",
        timeout=60_000,
    )


def test_the_point_ends_where_the_drag_ends_and_obeys_the_keys(visit: Any) -> None:
    v = visit()
    page = v.open("en", "activations")
    canvas = page.locator(".taste-tangent canvas")
    page.wait_for_selector(".taste-tangent canvas[aria-valuenow]")
    box = canvas.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.8 * box["width"], middle)
    page.mouse.down()
    for k in range(12):  # faster than the server answers
        page.mouse.move(box["x"] + (0.8 - 0.05 * k) * box["width"], middle)
        page.wait_for_timeout(25)
    page.mouse.up()
    settled(page)
    before = float(canvas.get_attribute("aria-valuenow"))
    assert before < -1
    canvas.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "(z) => Math.abs(document.querySelector('.taste-tangent canvas').getAttribute('aria-valuenow') - z) < 0.011",
        arg=before + 0.1,
        timeout=10_000,
    )
    page.evaluate(
        """() => { const c = document.querySelector('.taste-tangent canvas'); window.seen = [];
        new MutationObserver(() => window.seen.push(c.getAttribute('aria-valuenow')))
          .observe(c, {attributes: true, attributeFilter: ['aria-valuenow']}); }"""
    )
    page.keyboard.press("End")  # while the answer to the arrow key is still on its way
    page.wait_for_function(
        """() => document.querySelector('.taste-tangent canvas').getAttribute('aria-valuenow') === '6'
        && document.querySelector('.taste-tangent figcaption').textContent.includes('z = 6.00 ')""",
        timeout=60_000,
    )
    seen = page.evaluate("window.seen")
    assert set(seen[seen.index("6") :]) == {"6"}, "the late answer pulled the point back"
    page.wait_for_function(
        """() => [...document.querySelectorAll('.prose')].some((e) => /f\\(z\\) =[^]*saturated/.test(e.innerText))""",
        timeout=60_000,
    )
    assert not v.faults


def test_a_number_typed_past_the_end_means_the_end(visit: Any) -> None:
    v = visit()
    page = v.open("en", "activations")
    page.wait_for_selector(".taste-tangent canvas[aria-valuenow]")
    box = page.get_by_label("number input for z").first
    for typed, z in (("9", "6"), ("-40", "-6"), ("1.5", "1.5")):
        box.fill(typed)
        page.wait_for_function(
            "(z) => document.querySelector('.taste-tangent canvas').getAttribute('aria-valuenow') === z",
            arg=z,
            timeout=60_000,
        )
        settled(page)
        box.press("Tab")
        assert box.input_value() == z
    assert page.locator(".toast-body").count() == 0 and not v.faults


def test_a_late_answer_is_told_from_a_new_value(visit: Any) -> None:
    """taste.trail: answers to older places are stale; the newest, and what was never sent, are not."""
    page = visit().open("en", "activations")
    told = page.evaluate(
        """() => {
        const trail = taste.trail((a, b) => a === b), out = [trail.stale(5)];
        for (const z of [1, 2, 3]) { trail.moved(z); trail.asked(z); }
        trail.moved(4); // moved on, not sent yet
        out.push(trail.stale(1), trail.stale(3));
        trail.asked(4);
        out.push(trail.stale(4), trail.stale(4));
        trail.moved(7); trail.asked(7); trail.moved(8); trail.asked(8);
        out.push(trail.stale(0), trail.stale(7)); // a reset in between ends the waiting
        const short = taste.trail((a, b) => a === b, -1);
        short.moved(1); short.asked(1); short.moved(2);
        return [...out, short.stale(1)]; }"""
    )
    assert told == [False, True, True, False, False, False, False, False]


def test_training_stops_and_goes_on(visit: Any) -> None:
    v = visit("phone")
    page = v.open("en", "activations")
    page.wait_for_function("() => document.querySelectorAll('.taste-squares canvas').length === 8", timeout=60_000)
    caption = page.locator(".taste-tiles .taste-caption")
    page.get_by_role("button", name="Train all").click()
    page.wait_for_function("() => /Epoch [2-9] of/.test(document.querySelector('.taste-tiles').textContent)")
    page.get_by_role("button", name="Stop", exact=True).first.click()
    page.wait_for_timeout(700)
    stopped = caption.inner_text()
    page.wait_for_timeout(700)
    assert caption.inner_text() == stopped
    page.get_by_role("button", name="1 epoch").click()
    page.wait_for_function(
        "(old) => document.querySelector('.taste-tiles .taste-caption').textContent !== old", arg=stopped
    )
    assert "Epoch" in caption.inner_text() and "Epoch 1 " not in caption.inner_text()
    assert not v.faults
