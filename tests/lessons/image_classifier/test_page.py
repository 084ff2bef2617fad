"""Lesson 14 without a browser: what is sent is what the network says; misuse ends in one sentence."""

from __future__ import annotations

import base64
import time
from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pytest

from core.data import fashion, photos
from core.files.images import read, to_png
from core.lessons.image_classifier import look
from core.lessons.image_classifier.course import Course, CourseConfig
from demos.image_classifier import page as lesson
from demos.image_classifier import shown, train
from demos.kit import text

SHIRT = "[[-40,60,-15,60,0,50,15,60,40,60,80,20,55,5,42,25,42,-80,-42,-80,-42,25,-55,5,-80,20,-40,60]]"
WAY = ("relu1", "fashion", None)  # layer, model, course
SETTINGS = (300, "1", 0.001, 50, 0.25, False, 0)  # pictures, blocks, rate, batch, dropout, augment, seed


@pytest.fixture(scope="module")
def course() -> Course:
    made = Course(CourseConfig(pictures=300, blocks=1, batch_size=50))
    for _ in made.steps(1):
        pass
    return made


def test_the_names_are_those_of_the_data() -> None:
    assert shown.GARMENTS == fashion.CLASSES
    assert lesson.START in lesson.SHOWN and len(set(lesson.SHOWN)) == len(lesson.SHOWN)


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_what_is_sent_is_what_the_network_says(lang: str) -> None:
    here, bars, badge, about, cam, stages, overview, layer, maps = lesson.on_open(lang, "sneaker", 2, "", *WAY)
    classifier, (_, picture) = look.shipped(), look.example("sneaker", 2)
    answer = classifier.answer(picture)
    np.testing.assert_allclose([item["value"] for item in bars["items"]], answer.probabilities, atol=1e-6)
    assert bars["chosen"] == answer.probabilities.argmax() == fashion.CLASSES.index("sneaker")
    sent = read(base64.b64decode(stages["items"][-1]["png"])).pixels[..., 0]
    np.testing.assert_array_equal(sent, answer.sight.final)
    heat = np.frombuffer(base64.b64decode(cam["heat"]), np.uint8).reshape(cam["h"], cam["w"])
    np.testing.assert_allclose(heat / 255, classifier.grad_cam(answer.sight.final), atol=1 / 255)
    assert len(maps["groups"][0]["tiles"]) == 32 and layer["value"] == "relu1" and "conv3" in layer["choices"]
    assert "241,994" in badge and text.load("image_classifier", lang)("garment.sneaker") in bars["caption"]
    assert overview["chosen"] == [g["name"] for g in overview["groups"]].index("relu1")
    assert here.truth == "sneaker" and about


def test_a_stroke_is_answered_and_an_emptied_pad_goes_back() -> None:
    drawing, name, pixels, here, bars, *_ = lesson.on_draw("en", "bag", 0, *WAY, SimpleNamespace(strokes=SHIRT))
    assert (drawing, name, here.source) == (SHIRT, "drawn", "drawn") and pixels.shape == (224, 224)
    assert bars["items"][0]["value"] + bars["items"][6]["value"] > 0.5  # T-shirt or shirt
    drawing, name, *_ = lesson.on_draw("en", "drawn", 0, *WAY, SimpleNamespace(strokes="[]"))
    assert name == lesson.START
    assert lesson.on_draw("en", "bag", 3, *WAY, SimpleNamespace(strokes=""))[1] == "bag"


def test_another_class_another_layer_another_garment() -> None:
    here = lesson.on_open("en", "coat", 0, "", *WAY)[0]
    again, bars, _, _, cam, *_ = lesson.on_class("en", here, *WAY, SimpleNamespace(index=2))
    assert again.target == bars["chosen"] == 2 and "pullover" in cam["caption"]
    *_, layer, maps = lesson.on_row("en", here, "fashion", None, SimpleNamespace(index=5))
    assert layer["value"] == "conv2" and maps["groups"][0]["name"] == "conv2"
    assert lesson.on_layer("en", here, "logits", *WAY[1:])[-1]["groups"][0]["name"] == "logits"
    name, turn, pixels, *_ = lesson.on_next("en", "coat", 0, "", *WAY)
    assert (name, turn) == ("coat", 1) and not np.array_equal(pixels, here.pixels)
    assert lesson.on_next("en", "cat", 0, "", *WAY)[0] == lesson.START


def test_the_picture_of_another_lesson() -> None:
    cat = photos.load("cat")
    name, here, bars, *_ = lesson.on_take("en", cat, *WAY)
    assert name is None and here.source == "own"
    assert sum(item["value"] for item in bars["items"]) == pytest.approx(1, abs=1e-5)


def test_a_photo_of_the_webcam_is_named() -> None:
    picture = 255 - look.example("ankle boot")[1]
    sent = SimpleNamespace(photos=[base64.b64encode(to_png(picture)).decode()])
    name, shelf, here, bars, *_ = lesson.on_snap("en", *WAY, sent)
    assert name is None and here.source == "own" and shelf.shape == (28, 28, 3)
    assert bars["chosen"] == fashion.CLASSES.index("ankle boot")


def test_a_drawing_is_answered_within_150_ms() -> None:
    """What the server does from a stroke's end to the answer, Grad-CAM and all maps included."""
    stroke = SimpleNamespace(strokes=SHIRT)
    lesson.on_draw("en", "bag", 0, *WAY, stroke)
    seconds = []
    for _ in range(9):
        started = time.process_time()  # the machine may be shared
        lesson.on_draw("en", "bag", 0, *WAY, stroke)
        seconds.append(time.process_time() - started)
    assert sorted(seconds)[4] < 0.15, seconds


def test_one_s_own_network_answers(course: Course) -> None:
    here = lesson.on_open("en", "bag", 0, "", *WAY)[0]
    _, bars, badge, about, *_ = lesson.on_model("en", here, "relu3", "mine", course)
    seen = course.classifier.see(here.pixels).final
    np.testing.assert_allclose(
        [i["value"] for i in bars["items"]], course.classifier.predict_proba(seen[None])[0], atol=1e-6
    )
    assert "just now" in badge and "trained" in about


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_training_is_shown_and_goes_on(lang: str) -> None:
    frames = list(train.on_train(lang, 1, *SETTINGS))
    first, last = frames[0], frames[-1]
    course, loss, right, kernels, confusion, wrong, badge = last
    assert first[3]["groups"][0]["tiles"] != kernels and course.updates == 6
    assert kernels == gr.skip() and right["series"][1]["y"] == [course.judge().accuracy]
    assert np.array(confusion["cells"]).sum() == 2000 and len(wrong["items"]) == 12
    assert f"{course.judge().accuracy:.1%}" in badge
    *_, more = train.on_more(lang, course, 1)
    assert more[0] is course and course.updates == 12 and len(more[2]["series"][1]["y"]) == 2
    _, cell = train.on_cell(lang, course, SimpleNamespace(row=6, col=0))
    assert len(cell["items"]) == min(12, course.judge().confusion[6, 0])
    assert train.on_stop(lang, course)[0]["cells"] == more[4]["cells"]


def test_the_first_kernels_are_those_the_training_begins_with() -> None:
    noise = train.on_reset("en", 1, *SETTINGS)[3]
    begun = next(train.on_train("en", 1, *SETTINGS))[3]
    assert noise["groups"][0]["tiles"] == begun["frames"][0]


def test_the_code_prints_the_same_accuracy(capsys: pytest.CaptureFixture[str], tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    *_, (course, *_) = train.on_train("en", 1, *SETTINGS)
    exec(train.on_code("en", course, 4, *SETTINGS), {})
    assert f"held out: {course.judge().accuracy}" in capsys.readouterr().out
    here = lesson.on_open("en", "drawn", 0, SHIRT, *WAY)[0]
    exec(lesson.on_code("en", here, "drawn", 0, SHIRT, "conv1", "fashion"), {})
    printed = capsys.readouterr().out
    assert "filled (224, 224)" in printed and "t-shirt" in printed


@pytest.mark.parametrize("lang", text.LANGUAGES)
@pytest.mark.parametrize(
    "call",
    [
        lambda lang: lesson.on_open(lang, "hat", 0, "", *WAY),
        lambda lang: lesson.on_open(lang, "drawn", 0, "", *WAY),
        lambda lang: lesson.on_open(lang, "drawn", 0, "[[NaN]]", *WAY),
        lambda lang: lesson.on_open(lang, "bag", -1, "", *WAY),
        lambda lang: lesson.on_open(lang, "bag", None, "", *WAY),
        lambda lang: lesson.on_open(lang, "bag", 0, "", "relu1", "mine", None),
        lambda lang: lesson.on_open(lang, "bag", 0, "", "relu1", "resnet9000", None),
        lambda lang: lesson.on_open(lang, "bag", 0, "", "relu1", None, None),
        lambda lang: lesson.on_draw(lang, "bag", 0, *WAY, SimpleNamespace(strokes=[1])),
        lambda lang: lesson.on_class(lang, None, *WAY, SimpleNamespace(index=99)),
        lambda lang: lesson.on_class(lang, None, *WAY, SimpleNamespace(index="x")),
        lambda lang: lesson.on_row(lang, None, "fashion", None, SimpleNamespace()),
        lambda lang: lesson.on_bring(lang, {"path": "/etc/passwd"}, *WAY),
        lambda lang: lesson.on_bring(lang, None, *WAY),
        lambda lang: lesson.on_take(lang, None, *WAY),
        lambda lang: lesson.on_snap(lang, *WAY, SimpleNamespace(photos=[None])),
        lambda lang: lesson.on_snap(lang, *WAY, SimpleNamespace()),
        lambda lang: lesson.on_take(lang, np.full((9, 9, 3), 255, np.uint8), *WAY),
        lambda lang: list(train.on_train(lang, 0, *SETTINGS)),
        lambda lang: list(train.on_train(lang, 1, 5, *SETTINGS[1:])),
        lambda lang: list(train.on_train(lang, 1, 300, "7", *SETTINGS[2:])),
        lambda lang: list(train.on_train(lang, 1, 300, "1", float("nan"), *SETTINGS[3:])),
        lambda lang: list(train.on_more(lang, None, 1)),
        lambda lang: list(train.on_more(lang, Course(CourseConfig(pictures=300)), 1)),
    ],
)
def test_bad_values_end_in_one_sentence(lang: str, call: Any) -> None:
    with pytest.raises(gr.Error) as caught:
        call(lang)
    said = str(caught.value.message)
    assert any("가" <= sign <= "힣" for sign in said) == (lang == "ko") and "{" not in said
