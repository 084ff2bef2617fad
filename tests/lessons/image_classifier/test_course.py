"""What lesson 15 shows and trains: maps are the layers' numbers, a course is the run it says, stop and continue."""

from __future__ import annotations

import json
import subprocess
import sys
import threading

import numpy as np
import pytest

from core import ImageClassifier
from core.data import fashion
from core.errors import CoreError
from core.events import Done
from core.lessons.image_classifier import look
from core.lessons.image_classifier.course import REACH, Course, CourseConfig, CourseStep, coded_kernels, fresh, mistakes
from tests.places import ROOT

SMALL = CourseConfig(pictures=300, blocks=1, batch_size=50)


def code_of(call) -> str:
    with pytest.raises(CoreError) as caught:
        call()
    return caught.value.code


@pytest.fixture(scope="module")
def course() -> Course:
    made = Course(SMALL)
    for _ in made.steps(2, every=2):
        pass
    return made


def test_maps_are_the_layers_numbers():
    classifier, (_, picture) = look.shipped(), look.example("bag")
    found = look.look(classifier, picture, layer="conv2")
    seen = found.answer.sight.final
    values = classifier.feature_maps(seen)["conv2"]
    assert found.chosen.shape == values.shape and found.chosen.reach == pytest.approx(np.abs(values).max())
    back = (found.chosen.tiles.astype(float) - 128) / 127 * found.chosen.reach
    np.testing.assert_allclose(back, values[list(found.chosen.channels)], atol=found.chosen.reach / 250)
    strength = np.abs(values).mean(axis=(1, 2))[list(found.chosen.channels)]
    assert all(strength[:-1] >= strength[1:])
    np.testing.assert_allclose(found.cam.heat, classifier.grad_cam(seen), atol=1e-6)
    assert list(found.rows) == [one.name for one in classifier.layers() if one.kind not in look.UNCHANGED]
    assert look.look(classifier, picture, layer="no such layer").chosen.name == "relu1"


def test_units_lie_on_a_board_and_wide_maps_are_averaged():
    units = np.arange(100.0)
    board = look.coded(units, "dense", "Linear", 0).tiles[0].reshape(-1)
    assert board[99] == 255 and board[0] == 128 and (board[100:] == 128).all()
    wide = np.zeros((3, 112, 112))
    wide[1, :2, :2] = [[1, 2], [3, 4]]
    maps = look.coded(wide, "conv", "Conv2d", 0, most=2)
    assert maps.tiles.shape == (2, 56, 56) and maps.channels[0] == 1 and maps.silent == 1
    assert maps.tiles[0, 0, 0] == 128 + round(127 * 2.5 / 4)


def test_an_example_is_of_its_kind_and_was_not_learnt():
    data = fashion.load()
    for kind in fashion.CLASSES:
        rows = {look.example(kind, turn)[0] for turn in range(5)}
        assert len(rows) == 5 and all(data.y_test[row] == fashion.CLASSES.index(kind) for row in rows)
    assert code_of(lambda: look.example("hat")) == "not_one_of"
    assert code_of(lambda: look.example("bag", -1)) == "out_of_range"


SHIRT = "[[-40,60,-15,60,0,50,15,60,40,60,80,20,55,5,42,25,42,-80,-42,-80,-42,25,-55,5,-80,20,-40,60]]"


def test_a_drawn_outline_is_named():
    sheet = look.drawn(SHIRT)
    assert sheet.shape == (224, 224) and sheet.min() == 0 and sheet.max() == 255
    found = look.look(look.shipped(), sheet)
    assert fashion.CLASSES[found.target] in ("t-shirt", "shirt") and "filled" in [
        s.name for s in found.answer.sight.stages
    ]
    assert found.seconds > 0
    for wrong, code in (("", "no_strokes"), ("[]", "no_strokes"), ("x", "bad_drawing"), (None, "bad_drawing")):
        assert code_of(lambda wrong=wrong: look.drawn(wrong)) == code


@pytest.mark.parametrize("size", [0.3, 0.5, 0.7, 1.0])
def test_a_garment_drawn_small_with_the_same_pen_is_filled_too(size):
    """Before, the pen covered more than a small outline encloses, and a T-shirt was named a bag."""
    strokes = json.dumps([[round(size * v) - 5 for v in json.loads(SHIRT)[0]]])
    answer = look.shipped().answer(look.drawn(strokes))
    assert "filled" in [stage.name for stage in answer.sight.stages]
    assert fashion.CLASSES[answer.probabilities.argmax()] in ("t-shirt", "shirt")


BODY = [-70, 20, 70, 20, 70, -70, -70, -70, -70, 20]
ARCH = [-35, 20, -30, 42, -18, 58, 0, 65, 18, 58, 30, 42, 35, 20]
TALL, HIGH = [-50, 20, 50, 20, 60, -80, -60, -80, -50, 20], [-28, 20, -22, 60, 0, 80, 22, 60, 28, 20]


@pytest.mark.parametrize("strokes", [[BODY, ARCH], [TALL, HIGH], [BODY + ARCH]], ids=["wide", "tall", "one stroke"])
def test_one_sees_through_the_handle_of_a_drawn_bag(strokes):
    found = look.look(look.shipped(), look.drawn(json.dumps(strokes)))
    filled = next(stage.pixels for stage in found.answer.sight.stages if stage.name == "filled")
    assert filled[112, 112] == 204 and filled[65, 112] == 0, "the body is filled, the loop is not"
    assert found.answer.probabilities[fashion.CLASSES.index("bag")] > 0.95


def test_a_bodice_on_a_skirt_and_sleeves_at_a_shirt_are_no_handles():
    skirt, bodice = [-22, 0, 22, 0, 50, -90, -50, -90, -22, 0], [-22, 0, -25, 60, -10, 60, 0, 45, 10, 60, 25, 60, 22, 0]
    shirt, left = [-40, 60, 40, 60, 40, -80, -40, -80, -40, 60], [-40, 60, -80, 20, -60, 0, -40, 25]
    right = [-x if i % 2 == 0 else x for i, x in enumerate(left)]
    for strokes, kind, spots in (
        ([skirt, bodice], "dress", [(112, 70)]),
        ([shirt, left, right], "t-shirt", [(50, 80), (174, 80)]),
    ):
        found = look.look(look.shipped(), look.drawn(json.dumps(strokes)))
        filled = next(stage.pixels for stage in found.answer.sight.stages if stage.name == "filled")
        assert all(filled[row, column] == 204 for column, row in spots)
        assert found.answer.probabilities[fashion.CLASSES.index(kind)] > 0.7


def test_bars_in_order():
    assert look.ranked(np.array([0.1, 0.7, 0.2])) == [0, 1, 2]
    many = np.random.default_rng(0).dirichlet(np.ones(50))
    order = look.ranked(many)
    assert len(order) == 10 and order == list(np.argsort(-many)[:10])
    found = look.look(look.shipped(), look.example("bag")[1])
    assert found.order == tuple(range(10)) and len(found.rows) == len(found.layers)


def test_two_visitors_ask_one_network_at_once():
    """Hooks of one thread do not see the pictures of another."""
    classifier = look.shipped()
    pictures = [look.example(kind)[1] for kind in ("bag", "sandal", "coat")]
    alone = [classifier.feature_maps(picture)["conv1"] for picture in pictures]
    wrong: list[int] = []

    def ask(k: int) -> None:
        for _ in range(20):
            if not np.allclose(classifier.feature_maps(pictures[k])["conv1"], alone[k], atol=1e-5):
                wrong.append(k)

    threads = [threading.Thread(target=ask, args=(k,)) for k in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_course_is_the_classifiers_own_run(course):
    data = fashion.load()
    plain = fresh(SMALL)
    plain.fit(data.x_train[:300], data.y_train[:300], 2, batch_size=50)
    np.testing.assert_array_equal(plain.kernels(), course.classifier.kernels())
    assert [step.step for step in course.record] == [0, 2, 4, 6, 8, 10, 12]
    assert course.record[0].change == 0 < course.record[-1].change
    assert course.record[-1].judged == 2000 and course.record[-1].right == course.judge().accuracy
    np.testing.assert_array_equal(course.record[-1].kernels, coded_kernels(plain.kernels()))
    assert course.judge() is course.judge()


def test_kernels_as_bytes():
    coded = coded_kernels(np.array([[[[0.0, REACH, -REACH, 9.0]]]]))
    assert coded.tolist() == [[[128, 255, 1, 255]]]


def test_stop_and_continue_equals_one_run():
    whole, parts = Course(SMALL), Course(SMALL)
    for _ in whole.steps(2):
        pass
    events = parts.steps(1, every=1)
    for event in events:
        if isinstance(event, CourseStep) and event.step == 3:
            break
    events.close()
    assert parts.updates == 3 and parts.seconds > 0
    *_, done = parts.steps(2)
    assert isinstance(done, Done)
    np.testing.assert_allclose(whole.classifier.kernels(), parts.classifier.kernels(), atol=1e-6)


def test_a_course_is_trained_by_one_run_at_a_time():
    course = Course(SMALL)
    first, later = course.steps(1, every=1), course.steps(1, every=1)
    assert next(first).step == 0 and next(first).step == 1
    assert next(later).step == 2
    (paused,) = first  # the later one goes on instead of it
    assert isinstance(paused, Done) and paused.stopped == "paused" and course.updates == 2
    course.pause()
    assert [type(event) for event in later] == [Done] and course.updates == 2


def test_mistakes_of_a_cell(course):
    report = course.judge()
    truth, said = np.unravel_index((report.confusion - np.diag(np.diag(report.confusion))).argmax(), (10, 10))
    found = mistakes(report, int(truth), int(said), most=5)
    assert found and all((w.truth, w.said) == (truth, said) for w in found)
    assert mistakes(report)[0] == report.wrong[0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"pictures": 5},
        {"blocks": 4},
        {"learning_rate": 0},
        {"learning_rate": float("nan")},
        {"batch_size": 0},
        {"seed": -1},
    ],
)
def test_settings_out_of_range(wrong):
    with pytest.raises(CoreError):
        CourseConfig(**wrong)


def test_a_huge_learning_rate_is_told():
    *_, done = Course(CourseConfig(pictures=300, blocks=1, learning_rate=10.0)).steps(5)
    assert done.stopped in (None, "diverged") and np.isfinite(done.result.classifier.kernels()).all()


def test_save_and_load_what_was_trained(course, tmp_path):
    course.classifier.save(tmp_path / "clothes.safetensors")
    again = ImageClassifier.load(tmp_path / "clothes.safetensors")
    picture = fashion.load().x_test[:5]
    np.testing.assert_allclose(again.predict_proba(picture), course.classifier.predict_proba(picture), atol=1e-6)


def test_the_first_screen_waits_for_no_torchvision():
    """Importing it takes longer than all the rest of the opening; only other people's networks and copies need it."""
    program = """
import sys
from core.lessons.image_classifier import look, own_examples
from core.lessons.image_classifier.course import Course
look.look(look.shipped(), look.example("bag")[1])
Course()
own_examples.example()
assert "torchvision" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT, timeout=120)
