"""Lesson 15 by hand: a drawing is named; own classes are collected, taught, tested, saved; camera and phone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from PIL import Image

from core.lessons.image_classifier import own_examples
from core.vision.own_classes import OwnClasses

pytestmark = pytest.mark.browser
SLOW = 60_000  # ms
BARS = """() => [...document.querySelectorAll('ol.taste-bars')].filter((e) => e.offsetParent)
  .flatMap((e) => [...e.querySelectorAll('li')].map((row) => row.textContent))"""
ALBUM = "() => [...document.querySelectorAll('.taste-pictures')].find((e) => e.offsetParent)?.textContent || ''"

COUNT = """() => [...document.querySelectorAll('.taste-camera')].some((e) => e.offsetParent
  && +e.querySelector('b').textContent >= 4)"""


def opened(v: Any, lang: str = "en") -> Any:
    page = v.open(lang, "image_classifier")
    page.wait_for_function(f"() => ({BARS})().length === 10", timeout=SLOW)
    return page


def own_tab(v: Any, lang: str = "en") -> Any:
    page = opened(v, lang)
    page.get_by_role("tab", name="Your own classes" if lang == "en" else "나만의 분류 만들기").click()
    page.wait_for_function(f"() => ({ALBUM})().includes('8')", timeout=SLOW)
    return page


def stroke(page: Any, *points: tuple[float, float]) -> None:
    box = page.locator(".taste-pad canvas").first.bounding_box()
    spots = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*spots[0])
    page.mouse.down()
    for spot in spots[1:]:
        page.mouse.move(*spot, steps=4)
    page.mouse.up()


def test_a_drawing_is_named_and_the_emptied_pad_goes_back(visit: Any) -> None:
    v = visit()
    page = opened(v)
    before = page.evaluate(BARS)
    outline = [(0.3, 0.15), (0.7, 0.15), (0.75, 0.9), (0.55, 0.9), (0.5, 0.4), (0.45, 0.9), (0.25, 0.9), (0.3, 0.15)]
    stroke(page, *outline)  # trousers
    page.wait_for_function(f"(old) => JSON.stringify(({BARS})()) !== JSON.stringify(old)", arg=before, timeout=SLOW)
    page.wait_for_selector("text=Most likely: trousers", timeout=SLOW)
    page.locator(".taste-pad button", has_text="Clear").click()
    page.wait_for_selector("text=That is right: ankle boot", timeout=SLOW)
    assert not v.faults


@pytest.mark.parametrize("width", ["desktop", "phone"])
def test_the_example_is_taught_tested_and_saved(visit: Any, width: str, tmp_path: Path) -> None:
    v = visit(width)
    page = own_tab(v)
    page.get_by_role("button", name="Remove the class (no name: all)").click()
    page.wait_for_function(f"() => ({ALBUM})().includes('No pictures yet')", timeout=SLOW)
    page.get_by_role("button", name="Teach these classes").click()
    page.wait_for_selector(".toast-body", timeout=SLOW)  # a sentence: there is nothing to learn from
    page.get_by_role("button", name="Fill with an example").click()
    page.wait_for_function(f"() => ({ALBUM})().includes('sneaker')", timeout=SLOW)
    page.get_by_role("button", name="Teach these classes").click()
    page.wait_for_selector("text=of 120 pictures it did not learn from", timeout=3 * SLOW)
    page.wait_for_function(f"() => ({BARS})().length === 3", timeout=SLOW)
    before = page.evaluate(BARS)
    page.get_by_role("button", name="An unseen example").click()
    page.wait_for_function(f"(old) => JSON.stringify(({BARS})()) !== JSON.stringify(old)", arg=before, timeout=SLOW)
    page.wait_for_selector("text=what the network saw", timeout=SLOW)
    said = page.evaluate(BARS)
    over = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert over <= 1, f"{over} px of sideways scrolling"
    page.get_by_role("button", name="Save as files").click()
    links = page.locator("a[download]:visible")
    saved = "() => document.querySelectorAll('a[download]').length >= 3"
    page.wait_for_function(saved, timeout=3 * SLOW)  # the network of photographs as ONNX, on a core shared with others
    v.shot(f"own.{width}")
    for index in range(3):
        with page.expect_download(timeout=SLOW) as coming:
            links.nth(index).click()
        coming.value.save_as(tmp_path / coming.value.suggested_filename)
    own, session = OwnClasses.load(tmp_path), onnxruntime.InferenceSession(tmp_path / "model.onnx")
    picture = own_examples.unseen(1)[1]
    x = own.see(picture).final.transpose(2, 0, 1)[None].astype(np.float32) / 255
    names = json.loads(session.get_modelmeta().custom_metadata_map["labels"])
    for shares in (session.run(None, {"pictures": x})[0][0], own.answer(picture).probabilities):
        assert [f"{name}{share:.1%}" for name, share in zip(names, shares, strict=True)] == said
    assert not v.faults


def test_the_camera_teaches_and_tests(visit: Any) -> None:
    v = visit()
    page = own_tab(v)
    page.get_by_label("Class name").fill("<b>moving</b>")
    page.get_by_role("button", name="Switch the camera on").first.click()
    take = page.get_by_role("button", name="Take a photo", exact=True)
    take.click(timeout=SLOW)  # waits until it can be pressed: until there is a picture
    page.wait_for_function(f"() => ({ALBUM})().includes('<b>moving</b>photos: 1')", timeout=SLOW)
    take.hover()
    page.mouse.down()  # held down: several
    page.wait_for_function(COUNT, timeout=SLOW)
    page.mouse.up()
    page.wait_for_function(rf"() => +({ALBUM})().match(/moving<\/b>photos: (\d+)/)?.[1] >= 5", timeout=SLOW)
    take.focus()
    page.keyboard.press("Enter")
    page.wait_for_function(rf"() => +({ALBUM})().match(/moving<\/b>photos: (\d+)/)?.[1] >= 6", timeout=SLOW)
    page.get_by_role("button", name="Teach these classes").click()
    page.wait_for_selector("text=Now test it with a picture", timeout=SLOW)
    page.get_by_role("button", name="Test with the webcam").click()
    page.get_by_role("button", name="Switch the camera on").click(timeout=SLOW)
    page.wait_for_selector("text=Most likely: <b>moving</b>", timeout=SLOW)
    page.get_by_role("tab", name="Train from scratch").click()  # out of sight, the cameras go off
    page.wait_for_function("() => [...document.querySelectorAll('video')].every((e) => !e.srcObject)", timeout=SLOW)
    assert not v.faults


def test_files_become_classes_and_are_tested_live(visit: Any, tmp_path: Path) -> None:
    v = visit()
    page = own_tab(v, "ko")
    page.get_by_role("button", name="분류 지우기").click()
    page.wait_for_function(f"() => ({ALBUM})().includes('아직 사진이 없어요')", timeout=SLOW)
    paths = []
    for name, level in (("밤", 20), ("낮", 220)):
        for k in range(3):
            paths.append(tmp_path / f"{name}_{k}.png")
            Image.new("RGB", (60, 40), (level + k, level, level)).save(paths[-1])
    (tmp_path / "text.png").write_text("I am no picture")
    files = page.locator("input[type=file][multiple]").first
    files.set_input_files([str(path) for path in [*paths, tmp_path / "text.png"]])
    page.wait_for_function(f"() => /밤사진 3장.*낮사진 3장.*1개는 뺐/.test(({ALBUM})())", timeout=SLOW)
    page.get_by_role("button", name="이 분류 가르치기").click()
    page.wait_for_selector("text=이제 배우지 않은 사진으로 시험해 보세요", timeout=SLOW)
    Image.new("RGB", (90, 90), (225, 221, 220)).save(tmp_path / "new.png")
    page.locator("input[type=file]:not([multiple])").last.set_input_files(str(tmp_path / "new.png"))
    page.wait_for_selector("text=낮이", timeout=SLOW)
    assert not v.faults


def test_training_from_noise_stops_goes_on_and_starts_over(visit: Any) -> None:
    v = visit()
    page = opened(v)
    page.get_by_role("tab", name="Train from scratch").click()
    page.get_by_label("Pictures to learn from").first.fill("500")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="▶ Train").click()
    updates = "() => +(document.body.textContent.match(/(\\d+) updates, loss/)?.[1] || 0)"
    page.wait_for_function(f"() => ({updates})() > 0", timeout=SLOW)
    page.get_by_role("button", name="Stop").locator("visible=true").click()
    before = page.evaluate(updates)
    page.get_by_role("button", name="Go on").click()  # playwright waits until the run has ended and it can be pressed
    page.wait_for_function(f"(old) => ({updates})() > old + 1", arg=before, timeout=SLOW)
    page.get_by_role("button", name="Stop").locator("visible=true").click()
    page.wait_for_selector("button:text('Go on'):not([disabled])", timeout=SLOW)
    page.get_by_role("button", name="Start over").locator("visible=true").click()
    page.wait_for_selector("text=Nothing learnt yet: the kernels are noise", timeout=SLOW)
    assert not v.faults
