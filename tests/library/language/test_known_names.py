"""The nearest known name: names and signs are themselves, everyday words land where they should, nothing is an error."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from core import ImageText
from core.data import emoji
from core.errors import InvalidInput
from core.language.known_names import KnownNames


@pytest.fixture(scope="module")
def known() -> KnownNames:
    return KnownNames.load()


def test_names_and_signs_are_themselves(known: KnownNames) -> None:
    for text, name in {
        "빨간 사과": "빨간 사과",
        " Red  Apple ": "red apple",
        "🍎": "red apple",
        "\u200b❤": "red heart",
    }.items():
        found = known.meaning(text)
        assert found.exact and found.name == name


def test_what_was_asked_before_is_remembered(known: KnownNames, monkeypatch: pytest.MonkeyPatch) -> None:
    first = known.meaning("노란 꽃 한 송이")
    monkeypatch.setattr(known.vectors, "encode", lambda texts: pytest.fail("read again"))
    assert known.meaning("노란 꽃 한 송이") == first


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("노란 하트", "💛"),
        ("까만 하트", "🖤"),
        ("축구", "⚽"),
        ("비 오는 날", "🌧"),
        ("soccer", "⚽"),
        ("보라 하트", "💜"),
    ],
)
def test_everyday_words_find_theirs(known: KnownNames, text: str, sign: str) -> None:
    found = known.meaning(text)
    assert found.sign.startswith(sign) and not found.exact and 0 < found.share <= 1
    names = emoji.load()
    assert found.name == (names.ko if any("가" <= letter <= "힣" for letter in text) else names.en)[found.row]


@pytest.mark.parametrize(
    "text",
    [
        "zzyzx",
        "12345",
        "x" * 300,
        "漢字",
        "뷁",
        "이순신",
        "!?",
        "가 b 3",
        "Łódź кот 猫",
        "John Smith",
        "씨발",
        "fuck you",
    ],
)
def test_every_text_means_something(known: KnownNames, text: str) -> None:
    found = known.meaning(text)
    assert found.name in (*emoji.load().ko, *emoji.load().en) and np.isfinite(found.share)


def test_a_sentence_is_read_word_by_word_too(known: KnownNames) -> None:
    for text, sign in {"my grandma riding a T-rex": "🦖", "곰이 꿀을 먹어요": "🍯"}.items():
        assert known.meaning(text).sign.startswith(sign)
    text = "my grandma riding a T-rex"
    whole, *parts = (known._shares(each) for each in (text, "grandma", "riding", "T-rex"))
    with torch.no_grad():
        vector = F.normalize(known.head(torch.from_numpy(known.vectors.encode([text]))), dim=-1)
        alone = (known.scale * vector @ known.places.T).softmax(-1)[0].numpy()
    np.testing.assert_allclose(whole, (alone + np.mean(parts, 0)) / 2, atol=1e-5)


def test_the_next_names_come_in_order_without_the_chosen_one(known: KnownNames) -> None:
    for text in ("zzyzx", "red apple"):
        found = known.meaning(text)
        (second, two), (third, three) = found.others
        assert two >= three and len({found.name, second, third}) == 3
        assert found.exact or found.share >= two


@pytest.mark.parametrize("text", ["", "  ", None])
def test_nothing_is_one_clear_error(known: KnownNames, text: str) -> None:
    with pytest.raises(InvalidInput):
        known.meaning(text)


def test_the_kept_places_are_the_pictures_vectors(known: KnownNames) -> None:
    """Fails when the picture head was trained on and the table of places was forgotten."""
    rows = range(0, len(known.places), 100)
    vectors = ImageText.load("emoji").embed_images([emoji.load().pictures[row] for row in rows])
    assert (vectors * known.places[list(rows)].numpy()).sum(1).min() > 0.99
