"""Lesson 14 without a browser: what is sent is what F.conv2d gives; illegal settings are flagged, not thrown."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from core.data import photos
from core.files import images
from core.lessons.convolution import choices, kernels
from core.vision import convolution as core
from demos import kit
from demos.convolution import page as lesson
from demos.convolution import shown
from demos.convolution.shown import FORM, SEEN
from demos.convolution.tasks import TASKS
from demos.kit import text
from tests import picture_files, programs, served

SOBEL = kernels.preset("vertical_edges")


def plan(**changed: Any) -> kit.Values:
    return FORM.values(**({"side": "32"} | changed))


def unpacked(text: str, kind: Any, *shape: int) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), kind).reshape(shape)


def outputs(view: dict[str, Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Input, convolution and pooled map, as the browser reads them."""
    i, o, p = view["input"], view["out"], view["pool"]
    return (
        unpacked(i["data"], np.uint8, i["c"], i["h"], i["w"]),
        unpacked(o["data"], np.float64, o["o"], o["h"], o["w"]),
        unpacked(p["data"], np.float64, o["o"], p["h"], p["w"]),
    )


@pytest.mark.parametrize("mode", choices.MODE)
@pytest.mark.parametrize(
    "changed",
    [{}, {"stride": 2, "padding": 1}, {"dilation": 3, "bias": -7.5}, {"kernel": "1 2\n3 4"}, {"kernel": "1/9 2 3"}],
    ids=str,
)
def test_what_is_sent_is_what_torch_computes(mode: str, changed: dict[str, Any]) -> None:
    view = lesson.on_photo("en", plan(mode=mode, **changed))["view"]
    image, out, pool = outputs(view)
    pixels = images.read(photos.path("cat"), max_side=32).pixels
    assert np.array_equal(image, kernels.planes(pixels, mode))
    kernel = torch.tensor(np.array(view["kernel"]))
    kernel = kernel[:, None] if mode == "apart" else kernel[None]
    x = torch.tensor(image.astype(np.float64))[None]
    options = {"stride": view["stride"], "padding": view["padding"], "dilation": view["dilation"]}
    truth = F.conv2d(x, kernel, groups=3 if mode == "apart" else 1, **options) + view["bias"]
    np.testing.assert_allclose(out, truth[0].numpy(), atol=1e-9)
    np.testing.assert_allclose(pool, F.max_pool2d(F.relu(truth), 2)[0].numpy(), atol=1e-9)


def test_the_products_of_a_pixel_sum_to_its_value() -> None:
    view = lesson.on_photo("en", plan(photo="rocket", padding=1, stride=2, mode="sum"))["view"]
    image, out, _ = outputs(view)
    kernel = np.array(view["kernel"])
    for row, column in ((0, 0), (5, 9), (out.shape[1] - 1, out.shape[2] - 1)):
        part = core.window(image, kernel, row, column, stride=2, padding=1)
        assert part.products.sum() == pytest.approx(out[0, row, column], abs=1e-9)


@pytest.mark.parametrize("lang", text.LANGUAGES)
@pytest.mark.parametrize(
    "changed",
    [
        {"side": "16", "kernel": "1 " * 7, "dilation": 4},  # 25 pixels wide over 16
        {"stride": 0},
        {"stride": 1.5},
        {"stride": None},
        {"padding": -1},
        {"padding": 65},
        {"dilation": 0},
        {"bias": float("nan")},
        {"bias": "x"},
        {"kernel": ""},
        {"kernel": "<img src=x onerror=alert(1)>"},
        {"kernel": "1 2\n3"},
        {"mode": "hsv"},
        {"side": "9999"},
        {"pool": "9"},
    ],
    ids=str,
)
def test_illegal_settings_are_flagged_before_they_fail(lang: str, changed: dict[str, Any]) -> None:
    told = lesson.on_apply(lang, shown.shipped("cat"), plan(**changed))
    assert told.keys() <= {"flag", "cells"}, "the last picture stays"
    flag = told["flag"]
    assert flag.startswith("⚠ ") and "{" not in flag and "<img" not in flag
    assert any("가" <= ch <= "힣" for ch in flag) == (lang == "ko")


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_a_refused_kernel_hides_no_other_complaint_and_the_code_says_why(lang: str) -> None:
    """Fault 13: "abc" in a cell silenced every other flag, and the code panel stayed empty without a word."""
    here, wrong = shown.shipped("cat"), plan(kernel="abc 0 0\n0 1 0\n0 0 0", dilation=65)
    flag = lesson.on_apply(lang, here, wrong)["flag"]
    assert "abc" in flag and "65" in flag and "64" in flag
    with pytest.raises(gr.Error) as caught:
        lesson.on_code(lang, here, wrong)
    assert flag == f"⚠ {caught.value.message}" and any("가" <= ch <= "힣" for ch in flag) == (lang == "ko")
    mended = lesson.on_apply(lang, here, plan(kernel="abc 0 0\n0 1 0\n0 0 0", dilation=1))["flag"]
    assert "abc" in mended and "65" not in mended


def test_the_remedy_it_names_works() -> None:
    pixel = shown.Here(np.zeros((1, 1, 3), np.uint8), "own")
    assert "at least 1" in lesson.on_apply("en", pixel, plan())["flag"]
    mended = lesson.on_apply("en", pixel, plan(padding=1))
    out = mended["view"]["out"]
    assert mended["flag"] == "" and (out["h"], out["w"]) == (1, 1) and "= 1`" in mended["formula"]


@pytest.mark.parametrize("lang", text.LANGUAGES)
@pytest.mark.parametrize(
    ("changed", "note"),
    [
        ({"kernel": "0 0\n0 0"}, "zero_kernel"),
        ({"kernel": "1 1\n1 1"}, "even_kernel"),
        ({"kernel": "1 2 3 4\n" * 4}, "even_kernel"),
        ({"stride": 999}, "one_output"),
        ({"stride": 5}, "skips_pixels"),
        ({"stride": 2}, "leftover"),
    ],
    ids=str,
)
def test_legal_but_worth_a_word(lang: str, changed: dict[str, Any], note: str) -> None:
    told = lesson.on_apply(lang, shown.shipped("cat"), plan(**changed))
    assert told["flag"] == "" and told["view"]
    assert text.table("convolution", lang)[f"note.{note}"].split("{")[0] in told["formula"]


def test_presets_sizes_and_typed_cells_change_the_text() -> None:
    here = shown.shipped("cat")
    made = lesson.on_preset("en", here, "gaussian", plan())
    assert made["size"] == 5 and np.array(made["view"]["kernel"]).shape == (1, 5, 5) and "3/128" in made["kernel"]
    made = lesson.on_size("en", here, 4, plan())
    assert made["preset"] is None and kernels.parse(made["kernel"]).shape == (1, 4, 4)
    made = lesson.on_cell("en", here, plan(), SimpleNamespace(text="1 2\n3 0.5"))
    assert made["kernel"] == "1 2\n3 0.5" and made["view"]["kernel"] == [[[1, 2], [3, 0.5]]]
    assert made["cells"]["blocks"][0]["text"] == [["1", "2"], ["3", "0.5"]]
    assert lesson.on_cell("en", here, plan(), SimpleNamespace(text=7))["flag"].startswith("⚠")
    assert lesson.on_preset("en", here, None, plan()) == {}, "the radio was emptied by a typed kernel"


def test_the_page_begins_as_its_reset_and_its_first_kernel_is_its_first_preset() -> None:
    here = shown.shipped("cat")
    assert FORM.values()["kernel"] == SOBEL == kernels.preset(choices.PRESET.default)
    assert set(choices.PRESET) == set(core.KERNELS)
    opened = lesson.on_open("ko", None, FORM.values())["view"]
    assert lesson.on_reset("ko", here)["view"] | {"play": True} == opened, "only an opening slides by itself"


def test_reset_and_pictures_of_other_lessons() -> None:
    result = lesson.on_reset("ko", shown.shipped("coffee"))
    assert (result["preset"], result["size"]) == ("vertical_edges", 3)
    assert result["kernel"] == SOBEL and result["flag"] == "" and "photo" not in result
    picture = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    opened = lesson.on_open("ko", picture, plan(mode="apart"))
    assert np.array_equal(opened["here"].pixels, picture)
    assert np.array_equal(outputs(opened["view"])[0], np.moveaxis(picture, -1, 0))
    assert lesson.on_take("ko", Image.fromarray(picture), plan())["view"]["input"]["w"] == 30
    with pytest.raises(gr.Error):
        lesson.on_take("ko", None, plan())


def test_a_photo_of_the_webcam() -> None:
    shot = np.random.default_rng(3).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    sent = SimpleNamespace(photos=[base64.b64encode(images.to_png(shot)).decode()])
    taken = lesson.on_snap("en", plan(mode="apart"), sent)
    assert taken["photo"] is None and np.array_equal(taken["here"].pixels, shot)
    assert np.array_equal(outputs(taken["view"])[0], np.moveaxis(shot, -1, 0))
    with pytest.raises(gr.Error):
        lesson.on_snap("en", plan(), SimpleNamespace(photos=["%"]))


def test_the_table_and_the_code_hold_the_numbers() -> None:
    form = plan(photo="coffee", mode="sum", padding=1, bias=2)
    opened = lesson.on_photo("en", form)
    out = outputs(opened["view"])[1]
    rows = lesson.on_csv("en", opened["here"], form).splitlines()[1:]
    np.testing.assert_array_equal([[float(v) for v in row.split(",")[2:]] for row in rows], out[0])
    code = lesson.on_code("en", opened["here"], form)
    printed = programs.run(code)
    assert f"[{out[0, out.shape[1] // 2, out.shape[2] // 2]}]" in printed
    assert float(printed.split("largest difference: ")[1].split()[0]) < 1e-9


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_tasks_compute_the_answer(task: Any) -> None:
    assert task.answer()[0] == {"size": "14", "flat": "0", "shift": "right"}[task.name]


def test_korean_particles_fit_the_numbers_before_them() -> None:
    t = text.load("convolution", "ko")
    said = {task.name: kit.on_task("convolution", task, "ko", task.choices[0]) for task in TASKS}
    assert "+ 1 = 14예요" in said["size"] and "합이 0이라" in said["flat"]
    assert "합은 3이에요" in t("kernel.caption", sum=3.0) and "합은 2예요" in t("kernel.caption", sum=2.0)


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    from gradio_client import Client

    with served.address("convolution") as url:
        yield Client(url, verbose=False)


def test_every_kind_of_file_through_a_real_upload(client: Any, tmp_path: Path) -> None:
    from gradio_client import handle_file

    controls = {name: value for name, value in plan(padding=1, mode="apart").items() if name != "photo"}
    for name, (path, _, (height, width)) in picture_files.accepted(tmp_path).items():
        result = client.predict(file=handle_file(str(path)), **controls, api_name="/convolution_bring")
        view = dict(zip(("file", "photo", *SEEN), result, strict=True))["view"]
        assert (view["input"]["h"], view["input"]["w"]) == (height, width), name
    table = text.table("errors", "ko")
    for name, (path, code) in picture_files.refused(tmp_path).items():
        with pytest.raises(Exception) as caught:
            client.predict(file=handle_file(str(path)), **controls, api_name="/convolution_bring")
        assert table[code].split("{")[0].strip()[:8] in str(caught.value), name


def test_a_script_may_ask_without_opening_the_page(client: Any) -> None:
    result = client.predict(padding=1, api_name="/convolution_apply")
    shown = dict(zip(SEEN, result, strict=True))
    assert shown["view"]["padding"] == 1 and shown["flag"] == ""
