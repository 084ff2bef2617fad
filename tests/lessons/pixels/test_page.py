"""Lesson 13 without a browser: the numbers sent are exactly np.asarray(image), also through a real upload."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from core.data import photos
from core.files.images import read, to_png
from core.lessons.pixels import choices, looks
from core.vision import pixels
from demos import kit
from demos.kit import pictures, text
from demos.pixels import page as lesson
from demos.pixels import panels
from demos.pixels.state import ALL, FORM, Here
from demos.pixels.tasks import TASKS
from tests import picture_files, programs, served

CAT = photos.load("cat")
FIRST = FORM.values()


def region(view: dict[str, Any]) -> tuple[np.ndarray, int, int]:
    part = view["region"]
    values = np.frombuffer(base64.b64decode(part["data"]), np.uint8).reshape(part["h"], part["w"], 3)
    return values, part["left"], part["top"]


def png(picture: np.ndarray) -> str:
    return base64.b64encode(to_png(picture)).decode()


def here(picture: np.ndarray = CAT) -> Here:
    return Here(picture, picture, "own")


def rgb(shown: Any) -> list[int]:
    return [shown["red"], shown["green"], shown["blue"]]


@pytest.mark.parametrize("lang", text.LANGUAGES)
@pytest.mark.parametrize("name", photos.NAMES)
def test_the_numbers_on_the_page_are_those_of_the_file(lang: str, name: str) -> None:
    opened = lesson.on_open(lang, FORM.values(photo=name))
    truth = np.asarray(Image.open(photos.path(name)))
    shown, left, top = region(opened["view"])
    assert (left, top) == (0, 0) and np.array_equal(shown, truth)
    assert truth[opened["row"], opened["column"]].tolist() == rgb(opened)


def test_a_large_picture_keeps_its_exact_numbers_around_the_pixel() -> None:
    big = np.random.default_rng(1).integers(0, 256, (900, 1300, 3), dtype=np.uint8)
    for spot in ((0, 0), (1299, 899), (640, 300)):
        view = lesson.on_far("en", here(big), FIRST, SimpleNamespace(x=spot[0], y=spot[1]))
        shown, left, top = region(view)
        assert np.array_equal(shown, big[top : top + shown.shape[0], left : left + shown.shape[1]])
        assert left <= spot[0] < left + shown.shape[1] and top <= spot[1] < top + shown.shape[0]
        assert shown.shape == (256, 256, 3) and view["preview"]


@pytest.mark.parametrize("look", choices.LOOK)
def test_each_look_shows_what_core_makes(look: str) -> None:
    view = lesson.on_look("ko", here(), FORM.values(look=look))["view"]
    shown, _, _ = region(view)
    assert np.array_equal(shown, looks.look(CAT, look, 3, pixels.GREY_WEIGHTS["bt601"]))
    assert len(view["numbers"]) == (3 if look in ("rgb", "bits") else 1)
    assert shown[0, 0, view["numbers"][0]] or not shown[0, 0].any()


def test_editing_a_number_changes_one_pixel_and_goes_on_the_shelf() -> None:
    edited = lesson.on_edit("en", here(), 255, 0.0, 7, FIRST)
    changed = edited["here"]
    assert edited["shelf"] is changed.pixels and changed.pixels[62, 90].tolist() == [255, 0, 7]
    assert (changed.pixels != CAT).any(axis=2).sum() == 1
    assert region(edited["view"])[0][62, 90].tolist() == [255, 0, 7]
    assert not edited.keys() & {"column", "row", "red", "green", "blue"}, "the boxes being typed in are left alone"
    assert {"said", "strip", "small", "histogram", "badge"} <= edited.keys()
    assert np.array_equal(lesson.on_reset("en", changed, FIRST)["shelf"], CAT)


def test_a_refused_number_does_not_stay_in_its_box() -> None:
    back = lesson.on_back("en", here(), FIRST)
    assert rgb(back) == CAT[62, 90].tolist(), "R = 999 was refused: the pixel is what it was"
    back = lesson.on_back("en", here(), FORM.values(column=999, row=-1))
    assert (back["column"], back["row"]) == (255, 0) and rgb(back) == CAT[0, 255].tolist()
    assert lesson.on_back("en", here(), FORM.values(column=None)) == {}


def test_every_box_of_numbers_says_again_what_is_when_one_is_refused() -> None:
    with gr.Blocks() as demo:
        lesson.build("en")
    typed = {number for number, event in demo.fns.items() if event.name in ("on_edit", "on_look")}
    mended = {event.trigger_after for event in demo.fns.values() if event.name == "on_back"}
    assert len(mended) == 5 and mended <= typed
    assert all(event.trigger_only_on_failure for event in demo.fns.values() if event.name == "on_back")


def test_a_photo_of_the_webcam_keeps_its_numbers() -> None:
    shot = np.random.default_rng(2).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    taken = lesson.on_snap("en", FIRST, SimpleNamespace(photos=[png(shot)]))
    assert taken["photo"] is None and np.array_equal(taken["shelf"], shot)
    assert np.array_equal(region(taken["view"])[0], shot)
    assert taken["here"].source == "own" and rgb(taken) == shot[taken["row"], taken["column"]].tolist()


def test_a_half_typed_number_does_nothing() -> None:
    assert lesson.on_edit("en", here(), None, 0, 7, FIRST) == {}


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_the_words_about_a_pixel_hold_its_numbers(lang: str) -> None:
    spot = lesson.on_move(lang, here(), FIRST, SimpleNamespace(x=90, y=62))
    r, g, b = rgb(spot)
    assert [r, g, b] == CAT[62, 90].tolist() and (spot["column"], spot["row"]) == (90, 62)
    assert f"#{r:02X}{g:02X}{b:02X}" in spot["said"] and f"**{pixels.greyscale(CAT)[62, 90]}**" in spot["said"]
    flat, planar = CAT.reshape(-1), pixels.to_chw(CAT).reshape(-1)
    for line, memory in zip(spot["strip"]["rows"], (flat, planar), strict=True):
        assert memory[line["index"]].tolist() == line["value"]


def test_moving_over_the_edge_stays_inside() -> None:
    moved = lesson.on_move("ko", here(), FIRST, SimpleNamespace(x=9e9, y=-4))
    assert (moved["column"], moved["row"]) == (255, 0)


def test_zooming_stops_at_both_ends() -> None:
    def zoom(size: str, by: int) -> str:
        return lesson.on_zoom("ko", here(), FORM.values(size=size), SimpleNamespace(by=by))["size"]

    assert [zoom("4", -1), zoom("8", 1), zoom("32", 1)] == ["4", "12", "32"]


def test_jumping_is_repeatable_and_finds_detail() -> None:
    flat = np.zeros((100, 100, 3), np.uint8)
    flat[20:80, 20:80] = np.random.default_rng(0).integers(0, 256, (60, 60, 3))
    jumped = lesson.on_jump("en", here(flat), 3, FIRST)
    assert jumped["seed"] == 4 and pixels.patch(flat, jumped["column"], jumped["row"]).values.any()
    assert jumped == lesson.on_jump("en", here(flat), 3, FIRST)


def test_the_weights_of_the_first_screen_are_those_of_its_rule() -> None:
    named = panels.on_rule("ko", choices.RULE.default)
    assert named == {name: FIRST[name] for name in named} and len(named) == 3
    assert tuple(choices.RULE) == tuple(pixels.GREY_WEIGHTS) and tuple(choices.PHOTO) == photos.NAMES


def test_other_weights_and_fewer_bits_redraw_the_small_pictures() -> None:
    tuned = panels.on_tune("en", None, FORM.values(bits=1, weight_red=1, weight_green=0, weight_blue=0))
    grey, few = tuned["small"]["items"][3:]
    red = np.repeat(CAT[..., :1], 3, axis=2)
    assert np.array_equal(read(base64.b64decode(grey["png"])).pixels, red) and grey["text"].startswith("1·R")
    assert np.array_equal(read(base64.b64decode(few["png"])).pixels, pixels.bit_depth(CAT, 1))
    assert tuned["view"] and tuned["said"]


@pytest.mark.parametrize(
    "call",
    [
        lambda: lesson.on_open("ko", FORM.values(photo="dog")),
        lambda: lesson.on_look("ko", here(), FORM.values(column=256, row=0)),
        lambda: lesson.on_look("ko", here(), FORM.values(column=None)),
        lambda: lesson.on_look("ko", here(), FORM.values(row=float("nan"))),
        lambda: lesson.on_look("ko", here(), FORM.values(size="9")),
        lambda: lesson.on_look("ko", here(), FORM.values(look="x")),
        lambda: lesson.on_look("ko", here(), FORM.values(look="bits", bits=9)),
        lambda: lesson.on_look("ko", here(), FORM.values(look="grey", weight_red=1, weight_green=1, weight_blue=1)),
        lambda: lesson.on_edit("ko", here(), 256, 0, 0, FIRST),
        lambda: lesson.on_edit("ko", here(), 0.5, 0, 0, FIRST),
        lambda: lesson.on_edit("ko", here(), "9", 0, 0, FIRST),
        lambda: lesson.on_move("ko", here(), FIRST, SimpleNamespace(x="a", y=0)),
        lambda: lesson.on_bring("ko", None, FIRST),
        lambda: lesson.on_bring("ko", {"path": 3}, FIRST),
        lambda: lesson.on_take("ko", None, FIRST),
        lambda: lesson.on_snap("ko", FIRST, SimpleNamespace(photos=None)),
        lambda: lesson.on_snap("ko", FIRST, SimpleNamespace(photos=["aGVsbG8="])),
        lambda: panels.on_rule("ko", "bt602"),
    ],
)
def test_bad_values_end_in_one_korean_sentence(call: Any) -> None:
    with pytest.raises(gr.Error) as caught:
        call()
    assert any("가" <= ch <= "힣" for ch in str(caught.value.message))


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_a_picture_from_another_lesson_is_taken(lang: str) -> None:
    for thing in (CAT, Image.fromarray(CAT), CAT[..., 0]):
        assert lesson.on_take(lang, thing, FIRST)["here"].pixels.shape == CAT.shape


# Every file as it comes through the server: a real upload to a running page.


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    from gradio_client import Client

    with served.address("pixels") as url:
        yield Client(url, verbose=False)


def upload(client: Any, path: Path) -> dict[str, Any]:
    from gradio_client import handle_file

    result = client.predict(file=handle_file(str(path)), api_name="/pixels_bring")
    shown = [name for name in (*ALL, "file", "photo") if name != "here"]  # a state stays on the server
    return dict(zip(shown, result, strict=True))


def test_an_upload_arrives_number_for_number(client: Any, tmp_path: Path) -> None:
    truth = np.random.default_rng(5).integers(0, 256, (120, 200, 3), dtype=np.uint8)
    path = tmp_path / "noise.png"
    Image.fromarray(truth).save(path)
    view = upload(client, path)["view"]
    assert np.array_equal(region(view)[0], np.asarray(Image.open(path)))


def test_strange_pictures_are_handled(client: Any, tmp_path: Path) -> None:
    t = text.load("common", "ko")
    for name, (path, notes, (height, width)) in picture_files.accepted(tmp_path).items():
        shown = upload(client, path)
        assert (shown["view"]["h"], shown["view"]["w"]) == (height, width), name
        assert pictures.notes(t, notes) in shown["badge"], name


def test_bad_files_end_in_one_sentence(client: Any, tmp_path: Path) -> None:
    table = text.table("errors", "ko")
    for name, (path, code) in picture_files.refused(tmp_path).items():
        with pytest.raises(Exception) as caught:
            upload(client, path)
        said = str(caught.value)
        assert table[code].split("{")[0].strip()[:8] in said, (name, said)
        assert "Traceback" not in said and str(tmp_path) not in said


def test_no_file_outside_the_uploads_is_read(client: Any) -> None:
    with pytest.raises(Exception) as caught:
        client.predict(file={"path": str(photos.path("cat").resolve())}, api_name="/pixels_bring")
    assert "region" not in str(caught.value)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_tasks_compute_the_answer(task: Any) -> None:
    assert task.answer()[0] == {"numbers": "130560", "blue": "29", "onebit": "8"}[task.name]


def test_the_answer_about_blue_takes_the_right_particle() -> None:
    said = kit.on_task("pixels", next(task for task in TASKS if task.name == "blue"), "ko", "29")
    assert "파랑은 29가 돼요" in said


def test_the_code_prints_the_numbers_on_the_screen() -> None:
    edited = lesson.on_edit("en", None, 255, 0, 7, FIRST)
    code = lesson.on_code("en", edited["here"], FIRST)
    printed = programs.run(code)
    assert "[255   0   7]" in printed and "(170, 256, 3) uint8" in printed
    grey = pixels.greyscale(edited["here"].pixels)[62, 90]
    assert f"grey {grey}" in printed and f"**{grey}**" in edited["said"]
