"""How a picture is looked at, against numpy."""

from __future__ import annotations

import numpy as np
import pytest

from core.data import photos
from core.errors import CoreError
from core.lessons.pixels import looks as views
from core.vision import pixels

CAT = photos.load("cat")
BT601 = pixels.GREY_WEIGHTS["bt601"]


def test_looks() -> None:
    assert np.array_equal(views.look(CAT), CAT)
    green = views.look(CAT, "green")
    assert np.array_equal(green[..., 1], CAT[..., 1]) and not green[..., ::2].any()
    assert np.array_equal(views.look(CAT, "bits", 2), pixels.bit_depth(CAT, 2))
    grey = views.look(CAT, "grey", weights="average")
    assert (grey == grey[..., :1]).all() and np.abs(grey[..., 0] - CAT.mean(axis=2)).max() <= 0.5 + 1e-9
    with pytest.raises(CoreError):
        views.look(CAT, "purple")


def test_the_grey_sum_is_the_grey_pixel() -> None:
    for y, x in ((0, 0), (100, 200), (169, 255)):
        found = views.grey_sum(CAT[y, x], BT601)
        assert found.value == pixels.greyscale(CAT)[y, x] == round(found.exact)
        assert sum(found.products) == pytest.approx(found.exact)


@pytest.mark.parametrize("bits", range(1, 9))
def test_fewer_bits_are_counted(bits: int) -> None:
    found, few = views.fewer_bits(CAT, bits), pixels.bit_depth(CAT, bits)
    assert found.found == len(np.unique(few.reshape(-1, 3), axis=0)) <= found.possible == 8**bits
    assert found.bytes == CAT.size * bits / 8
    assert (found.error == 0) == (bits == 8)


@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("spot", [(0, 0), (255, 169), (3, 100)])
def test_memory_is_what_stands_there(planar: bool, spot: tuple[int, int]) -> None:
    flat = (pixels.to_chw(CAT) if planar else CAT).reshape(-1)
    found = views.memory(CAT, *spot, planar)
    assert flat[list(found.index)].tolist() == list(found.value)
    assert found.value[0] == CAT[spot[1], spot[0], 0] and found.channel[0] == 0
    if not planar:
        assert found.value[:3] == tuple(CAT[spot[1], spot[0]]) and found.channel[:3] == (0, 1, 2)


def test_the_wrong_reshape_scrambles_and_the_right_one_does_not() -> None:
    wrong = views.misread(CAT)
    assert wrong.shape == CAT.shape and not np.array_equal(wrong, CAT)
    assert np.array_equal(np.sort(wrong, axis=None), np.sort(CAT, axis=None)), "no number is lost"


def test_a_lively_spot_is_inside_even_a_single_pixel() -> None:
    assert views.lively(CAT[:1, :1]) == (0, 0)
    assert views.lively(CAT, seed=3) == views.lively(CAT, seed=3)
    with pytest.raises(CoreError):
        views.lively(CAT, seed=-1)


def test_fingerprints_tell_pictures_apart() -> None:
    other = pixels.edit(CAT, 0, 0, (1, 2, 3))
    assert views.fingerprint(CAT) == views.fingerprint(CAT.copy()) != views.fingerprint(other)
    assert views.fingerprint(CAT) != views.fingerprint(CAT.transpose(1, 0, 2))
