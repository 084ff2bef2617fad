"""The digits that ship: the set, the way a drawing is prepared, and what the network makes of both."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from PIL import Image, ImageDraw

from core import ImageClassifier
from core.data import digits
from core.lessons.image_classifier import look, scrawl
from core.pretrained import shipped
from core.vision.preparing import see_digit


@pytest.fixture(scope="module")
def network() -> ImageClassifier:
    return ImageClassifier.pretrained("digits", device="cpu")


def test_a_tenth_is_held_out():
    data = digits.load()
    assert data.x_train.shape == (9003, 28, 28) and data.x_test.shape == (997, 28, 28)
    counts = np.bincount(np.concatenate([data.y_train, data.y_test]))
    assert counts.tolist() == [1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978]  # as the package states
    seen = {picture.tobytes() for picture in data.x_train}
    assert not any(picture.tobytes() in seen for picture in data.x_test)
    assert digits.SLICE.stat().st_size < 2e6


def test_it_reads_99_of_100_it_never_saw_and_what_a_child_draws(network):
    data, card = digits.load(), shipped.card("digits")
    right = float((network.predict(data.x_test) == data.y_test).mean())
    assert right >= 0.99 and right == pytest.approx(card["metrics"]["held_out_accuracy"], abs=5e-4)
    file = shipped.FOLDER / "digits" / card["file"]
    assert hashlib.sha256(file.read_bytes()).hexdigest() == card["sha256"]
    hand = np.random.default_rng(7)  # another hand than the card's
    said = [
        network.answer(look.drawn(scrawl.drawing(k % 10, hand))).probabilities.argmax() == k % 10 for k in range(60)
    ]
    assert np.mean(said) >= 0.9


@pytest.mark.parametrize("ground", [255, 0])
def test_a_digit_is_prepared_as_mnist_was(ground):
    """20 pixels long, its centre of mass in the middle, its lines as wide as those of the set, dirt gone."""
    sheet = Image.new("L", (224, 224), ground)
    pen = ImageDraw.Draw(sheet)
    pen.line([(30, 40), (30, 200)], fill=255 - ground, width=3)
    pen.line([(30, 200), (80, 200)], fill=255 - ground, width=3)
    sheet.putpixel((200, 20), 255 - ground)
    sight = see_digit(sheet)
    final = sight.final.astype(float)
    rows, columns = np.nonzero(final > 25)
    assert final.shape == (28, 28) and 19 <= np.ptp(rows) + 1 <= 21 and np.ptp(columns) < 12
    assert (
        abs((final.sum(1) @ np.arange(28)) / final.sum() - 14)
        < 1
        > abs((final.sum(0) @ np.arange(28)) / final.sum() - 14)
    )
    assert "thickened" in [stage.name for stage in sight.stages] and 1.5 < final[10].sum() / 255 < 3.5
    assert sight.notes == ("grey",)


def drawn(*lines):
    sheet = Image.new("L", (224, 224), 255)
    for line in lines:
        ImageDraw.Draw(sheet).line(line, fill=0, width=8)
    return see_digit(sheet).notes


def test_two_side_by_side_are_noted_and_a_four_of_two_strokes_is_not():
    assert "several" in drawn([(50, 30), (50, 190)], [(150, 30), (150, 190)])
    assert "several" in drawn([(60, 30), (60, 190)], [(150, 140), (150, 190)]), "a small one well away"
    assert "several" in drawn([(40, 30), (80, 190)], [(76, 30), (120, 190)]), "two tall ones that share a few columns"
    assert "several" not in drawn([(60, 30), (60, 110), (150, 110)], [(130, 130), (130, 200)])
    assert "several" not in drawn([(60, 30), (60, 110), (120, 110)], [(135, 60), (135, 200)]), (
        "a gap before its long line"
    )
    assert "several" not in drawn([(60, 60), (60, 110), (140, 150), (60, 200)], [(70, 40), (140, 40)]), (
        "the hat of a five"
    )
    assert "several" not in drawn([(100, 30), (100, 190)])


def test_two_digits_of_the_set_are_told_from_one():
    """Real handwriting: pairs of any size side by side, and single digits, which fall into two pieces now and then."""
    data, rng = digits.load(), np.random.default_rng(0)

    def several(cells):
        return "several" in see_digit(np.kron(np.concatenate(cells, axis=1), np.ones((4, 4), np.uint8))).notes

    single = sum(several([picture]) for picture in data.x_test[:200])
    pairs = [data.x_test[rng.integers(997, size=2)] for _ in range(60)]
    small = [np.pad(two[::3, ::3], ((12, 6), (3, 5))) for _, two in pairs]
    told = sum(several([*pair]) for pair in pairs), sum(several([a, b]) for (a, _), b in zip(pairs, small, strict=True))
    assert single <= 1 and told[0] == 60 and told[1] >= 54, (single, told)


def test_a_dot_is_no_digit():
    assert "dot" in drawn([(100, 100), (108, 100)]) and "dot" in drawn([(100, 100), (100, 100)])
    assert "dot" not in drawn([(100, 90), (100, 130)])
