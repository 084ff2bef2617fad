"""Lessons 1–8 by hand: what is measured at opening, a dragged line, a link, files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser
WAIT = 60_000


def saved(page: Any, name: str) -> list[str]:
    """The lines of the file that the button gives."""
    with page.expect_download(timeout=WAIT) as file:
        page.get_by_role("button", name="Download CSV", exact=True).first.click()
    assert file.value.suggested_filename == name
    return Path(file.value.path()).read_text("utf-8").splitlines()


def test_lesson_1_measures_the_sample_sizes_at_once_and_stops(visit: Any) -> None:
    v = visit()
    page = v.open("en", "ml_vs_dl")
    page.wait_for_function("() => document.body.innerText.includes('Run 14 of 14')", timeout=WAIT)
    page.wait_for_function(
        "() => /From \\d+ points on|Even with \\d+ points/.test(document.body.innerText)", timeout=WAIT
    )
    page.get_by_role("radio", name="Data and features chosen above").check()
    page.get_by_role("button", name="Measure", exact=True).click()
    page.wait_for_function("() => /Run [1-9] of 14/.test(document.body.innerText)", timeout=WAIT)
    assert saved(page, "ml_vs_dl.csv")[0] == "model,test,train,parameters,seconds"
    assert not v.faults


def test_lesson_2_the_line_ends_where_it_was_dropped_and_travels_in_a_link(visit: Any) -> None:
    v = visit()
    page = v.open("en", "perceptron")
    canvas = page.locator(".taste-plane canvas:visible").first
    page.wait_for_function("() => document.body.innerText.includes('84.72')", timeout=WAIT)
    box = canvas.bounding_box()
    inside = {"x": box["x"] + 46, "w": box["width"] - 58, "y": box["y"]}
    page.mouse.move(inside["x"] + 0.82 * inside["w"], inside["y"] + 0.5 * box["height"])
    canvas.focus()
    for _ in range(6):  # faster than the server answers
        page.keyboard.press("ArrowUp")
        page.wait_for_timeout(30)
    page.wait_for_function("() => !document.body.innerText.includes('84.72')", timeout=WAIT)
    b = page.get_by_label("Bias b (cm)")
    page.wait_for_function("(b) => Math.abs(Number(b.value) - 135.22) < 0.01", arg=b.element_handle(), timeout=WAIT)
    page.get_by_role("button", name="1 step", exact=True).click()
    page.wait_for_function("() => document.body.innerText.includes('Best line')", timeout=WAIT)
    assert saved(page, "perceptron.csv")[0] == "step,w,b,mse"
    page.get_by_role("radio", name="XOR", exact=True).check()
    for key, gate in (("ArrowLeft", "NAND"), ("ArrowRight", "XOR")):  # one stop of the Tab key, and the arrows choose
        page.keyboard.press(key)
        assert page.get_by_role("radio", name=gate, exact=True).is_checked()
    radios = page.locator("fieldset:visible", has=page.get_by_role("radio", name="XOR", exact=True)).locator("input")
    assert len(set(radios.evaluate_all("(all) => all.map((each) => each.name)"))) == 1
    page.get_by_role("button", name="Share link").click()
    link = page.locator(":is(.taste-link textarea, .taste-link input):visible")
    page.wait_for_function("(box) => box.value", arg=link.element_handle(), timeout=WAIT)
    again = v.context.new_page()
    again.goto(link.input_value())
    again.wait_for_selector(".taste-plane canvas:visible", timeout=WAIT)
    again.wait_for_function(
        "([b, w]) => [...document.querySelectorAll('input[type=number]')].some((e) => e.value === b)",
        arg=[b.input_value(), ""],
        timeout=WAIT,
    )
    assert again.get_by_role("radio", name="XOR", exact=True).is_checked()
    assert not v.faults


def test_lesson_3_the_slider_sets_the_rate_and_the_path_is_a_file(visit: Any) -> None:
    v = visit()
    page = v.open("en", "gradient_descent")
    slider = page.locator('[aria-label="number input for Percent of the largest safe rate"]:visible')
    page.wait_for_function("(e) => Number(e.value) !== 50", arg=slider.element_handle(), timeout=WAIT)
    rate = page.get_by_label("Learning rate α")
    before = rate.input_value()
    slider.fill("110")
    slider.press("Enter")
    page.wait_for_function("([e, old]) => e.value !== old", arg=[rate.element_handle(), before], timeout=WAIT)
    page.get_by_role("button", name="Walk down").click()
    page.wait_for_function("() => document.body.innerText.includes('It diverged')", timeout=WAIT)
    assert saved(page, "gradient_descent.csv")[0] == "step,w,b,loss"
    assert not v.faults


def test_lesson_7_an_epoch_is_written_down_when_it_ends(visit: Any) -> None:
    v = visit("phone")
    page = v.open("en", "epochs")
    page.get_by_role("checkbox", name="Drop a short last batch").wait_for(timeout=WAIT)
    page.get_by_role("button", name="Start learning").click()
    page.wait_for_function("() => document.querySelectorAll('.taste-table tbody tr').length >= 1", timeout=WAIT)
    page.get_by_role("button", name="Stop", exact=True).first.click()
    assert saved(page, "epochs.csv")[0] == "iteration,epoch,batch,batch_loss,loss_of_all"
    assert not v.faults
