"""Lesson 15 without a browser: what is sent is what the network says; misuse ends in one sentence."""

from __future__ import annotations

import base64
import re
import time
from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pytest

from core.data import fashion, photos
from core.files.images import read, to_png
from core.lessons.image_classifier import choices, look
from core.lessons.image_classifier.course import Course, CourseConfig
from demos import kit
from demos.image_classifier import page as lesson
from demos.image_classifier import train
from demos.image_classifier.shown import FORM
from demos.kit import text
from tests import programs

SHIRT = "[[-40,60,-15,60,0,50,15,60,40,60,80,20,55,5,42,25,42,-80,-42,-80,-42,25,-55,5,-80,20,-40,60]]"
WAY = ("relu1", "fashion", None)  # layer, model, course
SMALL = train.FORM.values(epochs=1, pictures=300, blocks="1", batch=50)


def opened(lang: str, *, model: Any = "fashion", course: Any = None, **form: Any) -> kit.Update:
    return lesson.on_open(lang, FORM.values(**form), model, course)


@pytest.fixture(scope="module")
def course() -> Course:
    made = Course(CourseConfig(pictures=300, blocks=1, batch_size=50))
    for _ in made.steps(1):
        pass
    return made


def test_the_names_are_those_of_the_data() -> None:
    assert choices.GARMENTS == fashion.CLASSES and choices.SHOWN.default in choices.GARMENTS
    assert len(set(choices.SHOWN)) == len(choices.SHOWN)
    assert choices.PICTURES.high == len(fashion.TRAIN_ROWS)


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_what_is_sent_is_what_the_network_says(lang: str) -> None:
    shown = opened(lang, name="sneaker", turn=2)
    classifier, (_, picture) = look.shipped(), look.example("sneaker", 2)
    answer, bars, cam = classifier.answer(picture), shown["bars"], shown["cam"]
    np.testing.assert_allclose([item["value"] for item in bars["items"]], answer.probabilities, atol=1e-6)
    assert bars["chosen"] == answer.probabilities.argmax() == fashion.CLASSES.index("sneaker")
    sent = read(base64.b64decode(shown["stages"]["items"][-1]["png"])).pixels[..., 0]
    np.testing.assert_array_equal(sent, answer.sight.final)
    heat = np.frombuffer(base64.b64decode(cam["heat"]), np.uint8).reshape(cam["h"], cam["w"])
    np.testing.assert_allclose(heat / 255, classifier.grad_cam(answer.sight.final), atol=1 / 255)
    layer = shown["layer"]
    assert len(shown["maps"]["groups"][0]["tiles"]) == 32
    assert layer["value"] == "relu1" and "conv3" in layer["choices"]
    assert "241,994" in shown["badge"] and text.load("image_classifier", lang)("garment.sneaker") in bars["caption"]
    overview = shown["overview"]
    assert overview["chosen"] == [group["name"] for group in overview["groups"]].index("relu1")
    assert shown["here"].truth == "sneaker" and shown["about"]


def test_korean_particles_fit_the_names_and_numbers_before_them() -> None:
    assert "앵클부츠라는 점수" in opened("ko")["cam"]["caption"]
    assert "바지라는 점수" in opened("ko", name="trouser")["cam"]["caption"]
    assert "가방이라는 점수" in opened("ko", name="bag")["cam"]["caption"]
    t = text.load("image_classifier", "ko")
    assert "0.314예요" in t("curve.loss_caption", step=3, loss=0.314)
    assert "0.316이에요" in t("curve.loss_caption", step=3, loss=0.316)
    assert "±1.20이에요" in t("maps.one", total=9, reach=1.2) and "±1.24예요" in t("maps.one", total=9, reach=1.24)


def test_the_network_runs_once_for_a_look() -> None:
    here, module, runs = opened("en", name="bag")["here"], look.shipped().module, []
    hook = module.register_forward_hook(lambda *_: runs.append(1))
    try:
        for call in (
            lambda: opened("en", name="bag", turn=1),
            lambda: lesson.on_class("en", here, *WAY, SimpleNamespace(index=2)),
            lambda: lesson.on_layer("en", here, "conv2", *WAY[1:]),
            lambda: lesson.on_row("en", here, *WAY[1:], SimpleNamespace(index=5)),
            lambda: lesson.on_draw("en", FORM.values(), *WAY[1:], SimpleNamespace(strokes=SHIRT)),
        ):
            runs.clear()
            assert call()["bars"] and len(runs) == 1
    finally:
        hook.remove()


def test_a_stroke_is_answered_and_an_emptied_pad_goes_back() -> None:
    def draw(name: str, turn: int, strokes: str) -> kit.Update:
        form = FORM.values(name=name, turn=turn)
        return lesson.on_draw("en", form, "fashion", None, SimpleNamespace(strokes=strokes))

    drawn = draw("bag", 0, SHIRT)
    assert (drawn["drawing"], drawn["name"], drawn["here"].source) == (SHIRT, "drawn", "drawn")
    assert drawn["shelf"].shape == (224, 224)
    items = drawn["bars"]["items"]
    assert items[0]["value"] + items[6]["value"] > 0.5  # T-shirt or shirt
    assert draw("drawn", 0, "[]")["name"] == choices.SHOWN.default
    assert draw("bag", 3, "")["name"] == "bag"


def test_another_class_another_layer_another_garment() -> None:
    here = opened("en", name="coat")["here"]
    again = lesson.on_class("en", here, *WAY, SimpleNamespace(index=2))
    assert again["here"].target == again["bars"]["chosen"] == 2 and "pullover" in again["cam"]["caption"]
    row = lesson.on_row("en", here, "fashion", None, SimpleNamespace(index=5))
    assert row["layer"]["value"] == "conv2" and row["maps"]["groups"][0]["name"] == "conv2"
    assert lesson.on_layer("en", here, "logits", *WAY[1:])["maps"]["groups"][0]["name"] == "logits"


def test_next_shows_every_kind_and_then_others_of_it() -> None:
    form, kinds, seen = FORM.values(), [], set()
    for _ in range(20):
        shown = lesson.on_next("en", form, *WAY[1:])
        form = form.changed(name=shown["name"], turn=shown["turn"])
        kinds.append(shown["name"])
        seen.add(shown["shelf"].tobytes())
        assert shown["here"].truth == shown["name"]
    assert set(kinds[:10]) == set(kinds[10:]) == set(choices.GARMENTS) and len(seen) == 20
    for other in ("cat", "drawn", None):
        assert lesson.on_next("en", FORM.values(name=other), *WAY[1:])["name"] == choices.SHOWN.default


SEVEN = "[[-55,85,55,85,-10,-90]]"


def knows(lang: str, sort: str, here: Any = None, **form: Any) -> list[kit.Update]:
    return list(lesson.on_knows(lang, sort, here, FORM.values(**form), "relu1", None))


def test_a_network_of_a_thousand_things_answers_in_the_language_of_the_page() -> None:
    last = knows("ko", "photos")[-1]
    assert (last["name"], last["model"], last["knows"]) == ("cat", "photos", "photos")
    assert "고양이" in last["bars"]["caption"] and len(last["bars"]["items"]) == 10 and "1,000가지" in last["about"]
    assert len(knows("en", "photos")) == 1  # open already: no waiting
    here = last["here"]
    again = lesson.on_class("en", here, "relu1", "photos", None, SimpleNamespace(index=1))
    assert again["here"].target == here.order[1] and again["bars"]["chosen"] == 1
    assert "cat" in again["cam"]["caption"] and (again["cam"]["w"], again["cam"]["h"]) == (224, 224)
    assert 8 <= len(again["overview"]["groups"]) <= 16 and again["maps"]["groups"][0]["name"] == "stem.relu"
    assert lesson.on_next("en", FORM.values(name="cat"), "photos", None)["name"] == "coffee"
    guess = lesson.on_take(
        "ko", np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8), "relu1", "photos", None
    )
    assert "자신 있는 답은 아니에요" in guess["bars"]["caption"] and "가운데 정사각형만" not in guess["bars"]["caption"]
    wide = lesson.on_take("ko", np.tile(photos.load("cat"), (1, 3, 1)), "relu1", "photos", None)
    assert "가운데 정사각형만" in wide["bars"]["caption"]


def test_a_drawn_digit_is_read_on_any_ground_and_two_are_told() -> None:
    last = knows("ko", "digits", turn=3)[-1]
    assert (last["name"], last["here"].truth) == ("digit", str(look.digit(3)[0]))
    form = FORM.values(name="digit")
    drawn = lesson.on_draw("ko", form, "digits", None, SimpleNamespace(strokes=SEVEN))
    assert drawn["bars"]["chosen"] == 7 and drawn["name"] == "drawn"
    kept = knows("ko", "digits", drawn["here"], name="drawn", drawing=SEVEN)[-1]
    assert kept["here"].source == "drawn" and "name" not in kept  # what was drawn stays
    dark = lesson.on_take("ko", 255 - look.drawn(SEVEN), "relu1", "digits", None)
    assert dark["bars"]["chosen"] == 7
    two = lesson.on_draw("ko", form, "digits", None, SimpleNamespace(strokes="[[-60,80,-60,-80],[50,80,50,-80]]"))
    assert "둘 이상이 나란히" in two["bars"]["caption"] and "둘 이상" not in drawn["bars"]["caption"]
    dot = lesson.on_draw("en", form, "digits", None, SimpleNamespace(strokes="[[0,0,5,0]]"))
    assert "all there is to see is a dot" in dot["bars"]["caption"]
    following = lesson.on_next("ko", FORM.values(name="digit", turn=3), "digits", None)
    assert (following["name"], following["turn"]) == ("digit", 4)


@pytest.mark.parametrize(("lang", "words"), [("ko", "아는 열 가지에 없는"), ("en", "none of the ten")])
def test_ten_shares_that_lean_nowhere_are_told(lang: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A screenshot of text was "0, 55 %" to the digits and "shirt, 44 %" to the garments, without a word of doubt."""
    picture, form = look.drawn(SEVEN), FORM.values(name="digit")
    sure = lesson.on_take(lang, picture, "relu1", "digits", None)["bars"]
    assert sure["items"][7]["value"] > choices.UNSURE_OF_TEN and words not in sure["caption"]
    monkeypatch.setattr(choices, "UNSURE_OF_TEN", 1.01)
    assert words in lesson.on_take(lang, picture, "relu1", "digits", None)["bars"]["caption"]
    shipped = lesson.on_show(lang, form, "digits", None)["bars"]["caption"]  # whose truth stands beside the answer
    assert words not in shipped


def test_digits_are_learnt_in_the_tab() -> None:
    *_, last = train.on_train("en", SMALL.changed(data="digits", epochs=3, pictures=1000))
    course = last["course"]
    assert course.classifier.classes == tuple("0123456789") and course.judge().accuracy > 0.5
    assert np.array(last["confusion"]["cells"]).sum() == 997 and last["confusion"]["rows"][3] == "3"
    shown = lesson.on_next("en", FORM.values(name="bag"), "mine", course)
    assert shown["name"] == "digit" and "ten handwritten digits" in shown["about"]


def test_the_picture_of_another_lesson() -> None:
    cat = photos.load("cat")
    taken = lesson.on_take("en", cat, *WAY)
    assert taken["name"] is None and taken["here"].source == "own"
    assert sum(item["value"] for item in taken["bars"]["items"]) == pytest.approx(1, abs=1e-5)


def test_a_photo_of_the_webcam_is_named() -> None:
    picture = 255 - look.example("ankle boot")[1]
    sent = SimpleNamespace(photos=[base64.b64encode(to_png(picture)).decode()])
    taken = lesson.on_snap("en", *WAY, sent)
    assert taken["name"] is None and taken["here"].source == "own" and taken["shelf"].shape == (28, 28, 3)
    assert taken["bars"]["chosen"] == fashion.CLASSES.index("ankle boot")


def test_a_drawing_is_answered_within_150_ms() -> None:
    """What the server does from a stroke's end to the answer, Grad-CAM and all maps included."""
    stroke = SimpleNamespace(strokes=SHIRT)
    lesson.on_draw("en", FORM.values(name="bag"), *WAY[1:], stroke)
    seconds = []
    for _ in range(9):
        started = time.process_time()  # the machine may be shared
        lesson.on_draw("en", FORM.values(name="bag"), *WAY[1:], stroke)
        seconds.append(time.process_time() - started)
    assert sorted(seconds)[4] < 0.15, seconds


def test_one_s_own_network_answers(course: Course) -> None:
    here = opened("en", name="bag")["here"]
    shown = lesson.on_model("en", here, "relu3", "mine", course)
    seen = course.classifier.see(here.pixels).final
    np.testing.assert_allclose(
        [item["value"] for item in shown["bars"]["items"]], course.classifier.predict_proba(seen[None])[0], atol=1e-6
    )
    assert "just now" in shown["badge"] and "trained" in shown["about"]


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_training_is_shown_and_goes_on(lang: str) -> None:
    frames = list(train.on_train(lang, SMALL))
    first, last = frames[0], frames[-1]
    course = last["course"]
    assert first["kernels"]["groups"][0]["tiles"] and course.updates == 6
    assert "kernels" not in last and last["right"]["series"][1]["y"] == [course.judge().accuracy]
    assert np.array(last["confusion"]["cells"]).sum() == 2000 and len(last["wrong"]["items"]) == 12
    assert f"{course.judge().accuracy:.1%}" in last["badge"]
    *_, more = train.on_more(lang, course, 1)
    assert more["course"] is course and course.updates == 12 and len(more["right"]["series"][1]["y"]) == 2
    cell = train.on_cell(lang, course, SimpleNamespace(row=6, col=0))
    assert len(cell["wrong"]["items"]) == min(12, course.judge().confusion[6, 0])
    assert train.on_stop(lang, course)["confusion"]["cells"] == more["confusion"]["cells"]
    assert train.on_stop(lang, None) == {} == train.on_cell(lang, None, SimpleNamespace(row=6, col=0))


def test_the_badge_says_how_long_was_trained() -> None:
    said = []
    for stream in (train.on_train("en", SMALL), None):
        *_, last = stream or train.on_more("en", said[0]["course"], 1)
        said.append(last | {"seconds": float(re.search(r"([\d.]+) s\b", last["badge"])[1])})  # type: ignore[index]
        assert said[-1]["seconds"] == pytest.approx(last["course"].seconds, abs=0.006)
    assert 0.01 < said[0]["seconds"] < said[1]["seconds"]


def test_the_first_kernels_are_those_the_training_begins_with() -> None:
    noise = train.on_reset("en", SMALL)["kernels"]
    begun = next(train.on_train("en", SMALL))["kernels"]
    assert noise["groups"][0]["tiles"] == begun["frames"][0]


def test_the_code_prints_the_same_accuracy(tmp_path: Any) -> None:
    *_, last = train.on_train("en", SMALL)
    course = last["course"]
    out = programs.run(train.on_code("en", course, train.FORM.values()), tmp_path)
    assert f"held out: {course.judge().accuracy}" in out
    mine = programs.run(lesson.on_code("en", opened("en", name="bag")["here"], FORM.values(), "mine"), tmp_path)
    share = course.classifier.answer(look.example("bag")[1]).probabilities[fashion.CLASSES.index("bag")]
    assert f"{'bag':12} {share:.3f}" in mine


def test_the_code_prints_the_bars(tmp_path: Any) -> None:
    form = FORM.values(name="drawn", drawing=SHIRT, layer="conv1")
    shown = lesson.on_open("en", form, "fashion", None)
    out = programs.run(lesson.on_code("en", shown["here"], form, "fashion"), tmp_path)
    assert "filled (224, 224)" in out
    for name, item in zip(fashion.CLASSES, shown["bars"]["items"], strict=True):
        assert f"{name:12} {item['value']:.3f}" in out


@pytest.mark.parametrize("lang", text.LANGUAGES)
@pytest.mark.parametrize(
    "call",
    [
        lambda lang: opened(lang, name="hat"),
        lambda lang: opened(lang, name="drawn"),
        lambda lang: opened(lang, name="drawn", drawing="[[NaN]]"),
        lambda lang: opened(lang, name="bag", turn=-1),
        lambda lang: opened(lang, name="bag", turn=None),
        lambda lang: opened(lang, name="bag", model="mine"),
        lambda lang: opened(lang, name="bag", model="resnet9000"),
        lambda lang: opened(lang, name="bag", model=None),
        lambda lang: lesson.on_draw(lang, FORM.values(), "fashion", None, SimpleNamespace(strokes=[1])),
        lambda lang: lesson.on_class(lang, None, *WAY, SimpleNamespace(index=99)),
        lambda lang: lesson.on_class(lang, None, *WAY, SimpleNamespace(index="x")),
        lambda lang: lesson.on_row(lang, None, "fashion", None, SimpleNamespace()),
        lambda lang: lesson.on_bring(lang, {"path": "/etc/passwd"}, *WAY),
        lambda lang: lesson.on_bring(lang, None, *WAY),
        lambda lang: lesson.on_take(lang, None, *WAY),
        lambda lang: lesson.on_snap(lang, *WAY, SimpleNamespace(photos=[None])),
        lambda lang: lesson.on_snap(lang, *WAY, SimpleNamespace()),
        lambda lang: lesson.on_take(lang, np.full((9, 9, 3), 255, np.uint8), *WAY),
        lambda lang: list(train.on_train(lang, SMALL.changed(epochs=0))),
        lambda lang: list(train.on_train(lang, SMALL.changed(pictures=5))),
        lambda lang: list(train.on_train(lang, SMALL.changed(blocks="7"))),
        lambda lang: list(train.on_train(lang, SMALL.changed(rate=float("nan")))),
        lambda lang: list(train.on_more(lang, None, 1)),
        lambda lang: list(train.on_more(lang, Course(CourseConfig(pictures=300)), 1)),
    ],
)
def test_bad_values_end_in_one_sentence(lang: str, call: Any) -> None:
    with pytest.raises(gr.Error) as caught:
        call(lang)
    said = str(caught.value.message)
    assert any("가" <= sign <= "힣" for sign in said) == (lang == "ko") and "{" not in said
