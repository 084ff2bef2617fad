"""Lesson 13 by hand: drag, tap and arrow keys; a number is changed; files, webcam; every number as in the file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.data import photos
from tests import picture_files

pytestmark = pytest.mark.browser
CAT = photos.load("cat")
READ = "() => document.querySelectorAll('.taste-pixels figcaption')[1]?.textContent || ''"


def opened(v: Any, lang: str = "en") -> Any:
    page = v.open(lang, "pixels")
    page.wait_for_function(f"() => /R \\d+/.test(({READ})())", timeout=60_000)
    return page


def reading(page: Any) -> tuple[int, int, list[int]]:
    """(x, y, [R, G, B]) as the page says it."""
    x, y, *rgb = map(int, re.findall(r"\d+", page.evaluate(READ)))
    return x, y, rgb


def test_drag_tap_and_keys_read_the_files_numbers(visit: Any) -> None:
    v = visit()
    page = opened(v)
    whole, part = page.locator(".taste-pixels canvas").all()
    box = whole.bounding_box()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.down()
    for k in range(10):
        page.mouse.move(box["x"] + (0.3 + 0.04 * k) * box["width"], box["y"] + 0.6 * box["height"])
    page.mouse.up()
    seen = [reading(page)]
    part.click(position={"x": part.bounding_box()["width"] / 2 - 90, "y": 60})
    seen.append(reading(page))
    whole.focus()
    for key in ("ArrowRight", "ArrowDown", "Shift+ArrowLeft", "ArrowUp"):
        page.keyboard.press(key)
        page.wait_for_timeout(60)
        seen.append(reading(page))
    assert len({spot[:2] for spot in seen}) >= 5
    for x, y, rgb in seen:
        assert CAT[y, x].tolist() == rgb
    x, y, rgb = seen[-1]
    page.wait_for_function(
        f"() => [...document.querySelectorAll('h4')].some((h) => h.textContent.includes('x {x}, y {y}:'))"
    )
    assert page.get_by_label("R red", exact=True).input_value() == str(rgb[0])
    assert not v.faults


def test_changing_a_number_changes_the_pixel(visit: Any) -> None:
    v = visit()
    page = opened(v)
    x, y, rgb = reading(page)
    page.get_by_label("R red", exact=True).fill("255")
    page.wait_for_function(f"() => ({READ})().includes('R 255,')")
    assert reading(page) == (x, y, [255, *rgb[1:]])
    page.get_by_label("R red", exact=True).fill("300")
    page.wait_for_selector("text=must be between 0 and 255")
    assert reading(page)[2][0] == 255
    page.get_by_role("button", name="Start over").click()
    page.wait_for_function(f"() => ({READ})().includes('R {rgb[0]},')")
    assert not v.faults


@pytest.mark.parametrize("side", [40, 900])
def test_a_file_arrives_number_for_number(visit: Any, tmp_path: Path, side: int) -> None:
    truth = np.random.default_rng(side).integers(0, 256, (side, side + 10, 3), dtype=np.uint8)
    path = tmp_path / "noise.png"
    Image.fromarray(truth).save(path)
    v = visit()
    page = opened(v)
    page.locator("input[type=file]").first.set_input_files(str(path))
    page.wait_for_selector(f"text={side + 10} wide")
    whole = page.locator(".taste-pixels canvas").first
    box = whole.bounding_box()
    for across in (0.3, 0.5, 0.7):
        page.mouse.click(box["x"] + across * box["width"], box["y"] + across * box["height"])
        page.wait_for_function(f"() => /R \\d+/.test(({READ})())")
        x, y, rgb = reading(page)
        assert truth[y, x].tolist() == rgb
    assert not v.faults


def test_a_file_that_is_no_picture_gets_one_sentence(visit: Any, tmp_path: Path) -> None:
    v = visit()
    page = opened(v, "ko")
    before = page.evaluate(READ)
    for name, words in (("text", "그림으로 읽을 수 없었어요"), ("20000", "픽셀이 50,000,000개를 넘어요")):
        page.locator("input[type=file]").first.set_input_files(str(picture_files.refused(tmp_path)[name][0]))
        page.wait_for_selector(f"text={words}", timeout=30_000)
        page.wait_for_timeout(500)
        assert page.evaluate(READ) == before, name
    (notes := tmp_path / "notes.txt").write_text("hello")
    page.locator("input[type=file]").first.set_input_files(str(notes))  # Gradio refuses it, in English
    page.wait_for_selector(
        "text=notes.txt: 이 칸에 넣을 수 있는 종류가 아니에요. 넣을 수 있는 것: 그림 파일", timeout=30_000
    )
    # What the server does not read but the browser draws is drawn there.
    (heart := tmp_path / "heart.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20" fill="#f00"/></svg>'
    )
    page.locator("input[type=file]").first.set_input_files(str(heart))
    page.wait_for_selector("text=가로 512 × 세로 256", timeout=30_000)
    page.wait_for_function(f"() => ({READ})().includes('R 255')", timeout=30_000)
    # The way on is open: a good file after a bad one.
    path, _, (height, width) = picture_files.accepted(tmp_path)["exif"]
    page.locator("input[type=file]").first.set_input_files(str(path))
    page.wait_for_selector(f"text=가로 {width} × 세로 {height}")


def test_the_webcam_gives_a_picture(visit: Any) -> None:
    v = visit()
    page = opened(v)
    page.get_by_role("button", name="Take a photo with the webcam").click()
    page.get_by_role("button", name="Switch the camera on").click(timeout=60_000)
    page.get_by_role("button", name="Take a photo", exact=True).click(timeout=60_000)  # waits until it can be pressed
    page.wait_for_function(
        "() => document.body.textContent.includes('wide ×') && !document.body.textContent.includes('256 wide')",
        timeout=60_000,
    )
    assert not page.locator("input[type=radio][value=cat]").first.is_checked()
    page.get_by_role("button", name="Switch it off").click()
    page.wait_for_function("() => [...document.querySelectorAll('video')].every((video) => !video.srcObject)")
    page.get_by_role("radio", name="Cat", exact=True).first.check()
    page.wait_for_selector("text=256 wide", timeout=60_000)
    assert not v.faults


def test_without_a_camera_the_page_says_so(visit: Any) -> None:
    v = visit()
    v.page.add_init_script(
        "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotFoundError'); }"
    )
    page = opened(v, "ko")
    page.get_by_role("button", name="웹캠으로 찍기").click()
    page.get_by_role("button", name="카메라 켜기").click(timeout=60_000)
    page.wait_for_selector("text=쓸 수 있는 카메라가 없어요", timeout=60_000)
    assert page.get_by_role("button", name="카메라 켜기").is_enabled()
    assert not v.faults


def test_a_phone_taps(visit: Any) -> None:
    v = visit("phone")
    page = opened(v)
    page.locator(".taste-pixels canvas").first.tap(position={"x": 60, "y": 120})
    page.wait_for_timeout(300)
    x, y, rgb = reading(page)
    assert CAT[y, x].tolist() == rgb and x < 90
    assert not v.faults


def test_the_picture_travels_to_the_next_lesson(visit: Any) -> None:
    v = visit()
    page = opened(v)
    page.get_by_label("R red", exact=True).fill("255")
    page.wait_for_function(f"() => ({READ})().includes('R 255,')")
    page.get_by_role("radio", name="Rocket", exact=True).first.check()
    page.wait_for_function(f"() => !({READ})().includes('R 255,')")
    page.wait_for_timeout(800)
    v.go("convolution")
    page.wait_for_selector(".taste-convolution canvas:visible", timeout=60_000)
    page.wait_for_function("() => document.querySelectorAll('.taste-album img').length >= 4", timeout=60_000)
    page.wait_for_function(
        "() => [...document.querySelectorAll('.taste-album span')].some((s) => s.textContent.startsWith('256 × 171'))"
    )
    assert not v.faults
