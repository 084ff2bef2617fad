"""Photographs and words without pairs: the mixture by hand, and words in both languages for known photos."""

from __future__ import annotations

import numpy as np
import pytest

from core.data import photos
from core.errors import CoreError
from core.multimodal.conse import MIXED, PhotoWords
from core.vision import efficientnet_lite

PHOTOS = [photos.load(name) for name in ("cat", "coffee", "rocket")]


@pytest.fixture(scope="module")
def it() -> PhotoWords:
    return PhotoWords.load()


def test_a_photo_is_the_mixture_of_its_likeliest_classes(it):
    shares = it.network.predict_proba(it.network.see(PHOTOS[0]).final[None])[0].astype(float)
    order = np.argsort(-shares)[:MIXED]
    by_hand = (shares[order, None] * it.classes[order]).sum(axis=0)
    by_hand /= np.linalg.norm(by_hand)
    np.testing.assert_allclose(it.embed_images(PHOTOS[:1])[0], by_hand, atol=1e-5)
    mix = it.mix(PHOTOS[0])
    assert mix.classes == tuple(order.tolist()) and sum(mix.shares) == pytest.approx(1)


def test_words_of_both_languages_find_the_photo(it):
    for words in (("고양이", "커피 한 잔", "로켓"), ("a cat", "a cup of coffee", "a rocket")):
        cosines = it.similarity(words, PHOTOS)
        assert cosines.shape == (3, 3) and cosines.argmax(axis=0).tolist() == [0, 1, 2], (words, cosines)
    shares = it.classify(PHOTOS[0], ["animal", "vehicle", "음식"])
    assert shares.sum() == pytest.approx(1) and shares.argmax() == 0


def test_what_is_no_photo_is_told(it):
    for call in (lambda: it.embed_images([]), lambda: it.embed_images([b"no picture"]), lambda: it.embed_texts([" "])):
        with pytest.raises(CoreError):
            call()


def test_kinds_belong_to_their_names():
    kinds = dict(zip(efficientnet_lite.names("en"), efficientnet_lite.kinds("en"), strict=True))
    assert (kinds["German shepherd"], kinds["goldfish"], kinds["banana"], kinds["teapot"]) == (
        "dog",
        "fish",
        "fruit",
        "dishes",
    )
    assert len(efficientnet_lite.kinds("ko")) == 1000
    assert all(
        bool(a) == bool(b) for a, b in zip(efficientnet_lite.kinds("ko"), efficientnet_lite.kinds("en"), strict=True)
    )
