"""Lesson 14 by hand: pointing, tapping and arrow keys show products that sum to the value, without asking the server."""

from __future__ import annotations

import re
from typing import Any

import pytest

from core.data import photos
from core.files import images
from core.lessons.convolution import kernels
from core.vision import convolution as core

pytestmark = pytest.mark.browser
TOTAL = "() => document.querySelector('.taste-convolution .total').textContent"
IMAGE = kernels.planes(images.read(photos.path("cat"), max_side=48).pixels, "grey")


def opened(v: Any, lang: str = "en", state: str = "", motion: str = "reduce") -> Any:
    v.page.emulate_media(reduced_motion=motion)  # else the kernel slides by itself
    page = v.open(lang, "convolution", state, still=motion == "reduce")
    page.wait_for_function(
        "() => document.querySelector('.taste-convolution .total')?.textContent.length > 3", timeout=60_000
    )
    return page


def shown(page: Any) -> tuple[int, int, list[float], float]:
    """(row, column, the products written in the cells, the value behind them)."""
    row, column = map(int, re.findall(r"\d+", page.evaluate(TOTAL))[:2])
    words = page.locator(".taste-sums .line .grid").nth(2).locator("span").all_inner_texts()
    value = page.evaluate("() => +document.querySelector('.taste-convolution .total').dataset.value")
    return row, column, [float(w.replace("−", "-")) for w in words], value


def true(page: Any) -> None:
    row, column, products, value = shown(page)
    part = core.window(IMAGE, core.KERNELS["vertical_edges"], row, column)
    assert products == part.products.ravel().tolist()
    assert sum(products) == value == part.total
    assert page.evaluate(TOTAL).replace("−", "-").endswith(f"= {value:g}")


def test_pointing_shows_products_that_sum_and_asks_no_server(visit: Any) -> None:
    v = visit()
    page = opened(v)
    page.wait_for_timeout(1500)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    output = page.locator(".taste-convolution canvas").nth(1)
    box, seen = output.bounding_box(), set()
    for k in range(8):
        page.mouse.move(box["x"] + (0.1 + 0.1 * k) * box["width"], box["y"] + (0.9 - 0.1 * k) * box["height"])
        page.wait_for_timeout(60)
        true(page)
        seen.add(shown(page)[:2])
    assert len(seen) == 8
    page.mouse.move(5, 5)
    output.focus()
    for key in ("ArrowLeft", "ArrowUp", "Shift+ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
        page.wait_for_timeout(60)
        true(page)
        said = output.get_attribute("aria-label")
        assert said.endswith(page.locator(".taste-convolution .total").inner_text()), "what is read out moves along"
    for other in (0, 2, 3):  # the input, after ReLU, after pooling: all linked
        box = page.locator(".taste-convolution canvas").nth(other).bounding_box()
        page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.4 * box["height"])
        page.wait_for_timeout(60)
        true(page)
    page.wait_for_timeout(300)
    assert not [url for url in asked if "heartbeat" not in url]
    assert not v.faults


def test_tapping_on_a_phone(visit: Any) -> None:
    v = visit("phone")
    page = opened(v)
    before = page.evaluate(TOTAL)
    page.locator(".taste-convolution canvas").nth(1).tap(position={"x": 40, "y": 40})
    page.wait_for_function(f"(old) => ({TOTAL})() !== old", arg=before)
    true(page)
    assert not v.faults


def test_sliding_pauses_and_ends(visit: Any) -> None:
    v = visit()
    page = opened(v, motion="no-preference")  # it slides by itself
    page.wait_for_function(f"() => ({TOTAL})().startsWith('Row 0, column 3')", timeout=10_000)
    page.get_by_role("button", name="Stop").click()
    page.wait_for_timeout(400)
    paused = page.evaluate(TOTAL)
    true(page)
    page.wait_for_timeout(700)
    assert page.evaluate(TOTAL) == paused
    page.get_by_role("button", name="Slide the kernel").click()
    page.wait_for_function(f"() => ({TOTAL})().startsWith('Row 29')", timeout=20_000)
    assert not v.faults


def test_typing_into_the_kernel_and_an_illegal_stride(visit: Any) -> None:
    v = visit()
    page = opened(v)
    page.get_by_label("Kernel row 2, column 2").fill("1/2")
    page.keyboard.press("Enter")
    page.wait_for_function("() => [...document.querySelectorAll('.taste-sums .grid')][1].textContent.includes('.5')")
    page.get_by_label("Stride", exact=True).fill("0")
    page.wait_for_selector("text=Stride must be between 1 and")
    page.get_by_label("Stride", exact=True).fill("100")
    page.wait_for_selector("text=single output pixel")
    page.wait_for_selector("text=Stride must be", state="hidden")
    page.get_by_label("Dilation", exact=True).fill("40")
    page.wait_for_selector("text=Use a smaller kernel or dilation, or a padding of at least")
    page.get_by_role("button", name="Start over").click()
    page.wait_for_function(
        "() => [...document.querySelectorAll('.taste-album span')].some((s) => s.textContent === '254 × 168')"
    )
    assert not v.faults


@pytest.mark.parametrize("mode", ["RGB, all added into one", "R, G, B apart"])
def test_three_channels_show_three_rows(visit: Any, mode: str) -> None:
    v = visit()
    page = opened(v)
    page.get_by_role("radio", name=mode).check()
    page.wait_for_function("() => document.querySelectorAll('.taste-sums .line').length === 3")
    page.get_by_role("radio", name="Gaussian 5 × 5").check()
    page.wait_for_function("() => document.querySelectorAll('.taste-sums .grid')[0].children.length === 25")
    value, total = page.evaluate(
        "() => { const t = document.querySelector('.taste-sums .total').dataset; return [+t.value, +t.sum]; }"
    )
    assert "apart" in mode or value == pytest.approx(total)
    assert not v.faults
