"""Lesson 12 without a browser: the numbers sent are exactly np.asarray(image), also through a real upload."""

from __future__ import annotations

import base64
import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from core.data import photos
from core.files.images import to_png
from core.lessons.pixels import looks
from core.vision import pixels
from demos import Chapter
from demos.kit import pictures, text
from demos.pixels import page as lesson
from demos.pixels import panels
from demos.pixels.tasks import TASKS
from demos.shell import gallery
from tests import picture_files

BT601 = (0.299, 0.587, 0.114)
WHERE = (90, 62, "8", "rgb", 3, *BT601)  # column, row, size, look, bits, weights
CAT = photos.load("cat")


def region(view: dict[str, Any]) -> tuple[np.ndarray, int, int]:
    part = view["region"]
    values = np.frombuffer(base64.b64decode(part["data"]), np.uint8).reshape(part["h"], part["w"], 3)
    return values, part["left"], part["top"]


def png(picture: np.ndarray) -> str:
    return base64.b64encode(to_png(picture)).decode()


def here(picture: np.ndarray = CAT) -> Any:
    return lesson.Here(picture, picture, "own")


@pytest.mark.parametrize("lang", text.LANGUAGES)
@pytest.mark.parametrize("name", photos.NAMES)
def test_the_numbers_on_the_page_are_those_of_the_file(lang: str, name: str) -> None:
    _, view, column, row, *rgb = lesson.on_open(lang, name, *WHERE)[:7]
    truth = np.asarray(Image.open(photos.path(name)))
    shown, left, top = region(view)
    assert (left, top) == (0, 0) and np.array_equal(shown, truth)
    assert truth[row, column].tolist() == rgb


def test_a_large_picture_keeps_its_exact_numbers_around_the_pixel() -> None:
    big = np.random.default_rng(1).integers(0, 256, (900, 1300, 3), dtype=np.uint8)
    for spot in ((0, 0), (1299, 899), (640, 300)):
        view = lesson.on_far("en", here(big), "8", "rgb", 3, *BT601, SimpleNamespace(x=spot[0], y=spot[1]))
        shown, left, top = region(view)
        assert np.array_equal(shown, big[top : top + shown.shape[0], left : left + shown.shape[1]])
        assert left <= spot[0] < left + shown.shape[1] and top <= spot[1] < top + shown.shape[0]
        assert shown.shape == (256, 256, 3) and view["preview"]


@pytest.mark.parametrize("look", looks.LOOKS)
def test_each_look_shows_what_core_makes(look: str) -> None:
    view = lesson.on_look("ko", here(), 90, 62, "8", look, 3, *BT601)[0]
    shown, _, _ = region(view)
    assert np.array_equal(shown, looks.look(CAT, look, 3, BT601))
    assert len(view["numbers"]) == (3 if look in ("rgb", "bits") else 1)
    assert shown[0, 0, view["numbers"][0]] or not shown[0, 0].any()


def test_editing_a_number_changes_one_pixel_and_goes_on_the_shelf() -> None:
    shelf, changed, view, *rest = lesson.on_edit("en", here(), 255, 0.0, 7, *WHERE)
    assert shelf is changed.pixels and changed.pixels[62, 90].tolist() == [255, 0, 7]
    assert (changed.pixels != CAT).any(axis=2).sum() == 1
    assert region(view)[0][62, 90].tolist() == [255, 0, 7]
    assert all(value == gr.skip() for value in rest[:5]), "the boxes being typed in are left alone"
    back = lesson.on_reset("en", changed, *WHERE)
    assert np.array_equal(back[0], CAT)


def test_a_photo_of_the_webcam_keeps_its_numbers() -> None:
    shot = np.random.default_rng(2).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    photo, shelf, now, view, column, row, *rgb = lesson.on_snap("en", *WHERE[2:], SimpleNamespace(photos=[png(shot)]))[
        :9
    ]
    assert photo is None and np.array_equal(shelf, shot) and np.array_equal(region(view)[0], shot)
    assert now.source == "own" and rgb == shot[row, column].tolist()


def test_a_half_typed_number_does_nothing() -> None:
    result = lesson.on_edit("en", here(), None, 0, 7, *WHERE)
    assert len(result) == 1 + lesson.VIEWS and all(value == gr.skip() for value in result)


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_the_words_about_a_pixel_hold_its_numbers(lang: str) -> None:
    spot = lesson.on_move(lang, here(), "8", "rgb", 3, *BT601, SimpleNamespace(x=90, y=62))
    column, row, r, g, b, said, strip = spot
    assert [r, g, b] == CAT[62, 90].tolist() and (column, row) == (90, 62)
    assert f"#{r:02X}{g:02X}{b:02X}" in said and f"**{pixels.greyscale(CAT)[62, 90]}**" in said
    flat, planar = CAT.reshape(-1), pixels.to_chw(CAT).reshape(-1)
    for line, memory in zip(strip["rows"], (flat, planar), strict=True):
        assert memory[line["index"]].tolist() == line["value"]


def test_moving_over_the_edge_stays_inside() -> None:
    assert lesson.on_move("ko", here(), "8", "rgb", 3, *BT601, SimpleNamespace(x=9e9, y=-4))[:2] == (255, 0)


def test_zooming_stops_at_both_ends() -> None:
    def zoom(size: str, by: int) -> str:
        return lesson.on_zoom("ko", here(), 9, 9, size, "rgb", 3, *BT601, SimpleNamespace(by=by))[0]

    assert [zoom("4", -1), zoom("8", 1), zoom("32", 1)] == ["4", "12", "32"]


def test_jumping_is_repeatable_and_finds_detail() -> None:
    flat = np.zeros((100, 100, 3), np.uint8)
    flat[20:80, 20:80] = np.random.default_rng(0).integers(0, 256, (60, 60, 3))
    seed, _, column, row, *_ = lesson.on_jump("en", here(flat), 3, *WHERE)
    assert seed == 4 and pixels.patch(flat, column, row).values.any()


@pytest.mark.parametrize(
    "call",
    [
        lambda: lesson.on_open("ko", "dog", *WHERE),
        lambda: lesson.on_look("ko", here(), 256, 0, *WHERE[2:]),
        lambda: lesson.on_look("ko", here(), None, 0, *WHERE[2:]),
        lambda: lesson.on_look("ko", here(), 0, float("nan"), *WHERE[2:]),
        lambda: lesson.on_look("ko", here(), 0, 0, "9", *WHERE[3:]),
        lambda: lesson.on_look("ko", here(), 0, 0, "8", "x", *WHERE[4:]),
        lambda: lesson.on_look("ko", here(), 0, 0, "8", "bits", 9, *BT601),
        lambda: lesson.on_look("ko", here(), 0, 0, "8", "grey", 3, 1, 1, 1),
        lambda: lesson.on_edit("ko", here(), 256, 0, 0, *WHERE),
        lambda: lesson.on_edit("ko", here(), 0.5, 0, 0, *WHERE),
        lambda: lesson.on_edit("ko", here(), "9", 0, 0, *WHERE),
        lambda: lesson.on_move("ko", here(), "8", "rgb", 3, *BT601, SimpleNamespace(x="a", y=0)),
        lambda: lesson.on_bring("ko", None, *WHERE),
        lambda: lesson.on_bring("ko", {"path": 3}, *WHERE),
        lambda: lesson.on_take("ko", None, *WHERE),
        lambda: lesson.on_snap("ko", *WHERE[2:], SimpleNamespace(photos=None)),
        lambda: lesson.on_snap("ko", *WHERE[2:], SimpleNamespace(photos=["aGVsbG8="])),
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
        assert lesson.on_take(lang, thing, *WHERE)[2].pixels.shape == CAT.shape


# Every file as it comes through the server: a real upload to a running page.


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    from gradio_client import Client

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    demo = gallery.build((Chapter("vision", ("pixels",)),))
    gallery.launch(demo, prevent_thread_lock=True, quiet=True, server_port=port, server_name="127.0.0.1")
    yield Client(f"http://127.0.0.1:{port}/", verbose=False)
    demo.close()


def upload(client: Any, path: Path) -> tuple[Any, ...]:
    from gradio_client import handle_file

    return client.predict(handle_file(str(path)), *WHERE, api_name="/pixels_bring")


def test_an_upload_arrives_number_for_number(client: Any, tmp_path: Path) -> None:
    truth = np.random.default_rng(5).integers(0, 256, (120, 200, 3), dtype=np.uint8)
    path = tmp_path / "noise.png"
    Image.fromarray(truth).save(path)
    result = upload(client, path)
    view = next(value for value in result if isinstance(value, dict) and "region" in value)
    assert np.array_equal(region(view)[0], np.asarray(Image.open(path)))


def test_strange_pictures_are_handled(client: Any, tmp_path: Path) -> None:
    t = text.load("common", "ko")
    for name, (path, notes, (height, width)) in picture_files.accepted(tmp_path).items():
        result = upload(client, path)
        view = next(value for value in result if isinstance(value, dict) and "region" in value)
        assert (view["h"], view["w"]) == (height, width), name
        assert pictures.notes(t, notes) in result[-1], name


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
        client.predict({"path": str(photos.path("cat").resolve())}, *WHERE, api_name="/pixels_bring")
    assert "region" not in str(caught.value)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_tasks_compute_the_answer(task: Any) -> None:
    assert task.answer()[0] == {"numbers": "130560", "blue": "29", "onebit": "8"}[task.name]


def test_the_code_prints_the_numbers_on_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    changed = lesson.on_edit("en", lesson._photo("cat"), 255, 0, 7, *WHERE)[1]
    exec(lesson.on_code("en", changed, "cat", *WHERE), {})
    printed = capsys.readouterr().out
    assert "[255   0   7]" in printed and "(170, 256, 3) uint8" in printed
    assert f"grey {pixels.greyscale(changed.pixels)[62, 90]}" in printed
