"""The shipped emoji: whole, in step with its names, and what pack() writes is what load() reads."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from core.data import emoji
from core.errors import InvalidInput


def test_pictures_and_names_belong_together() -> None:
    data = emoji.load()
    assert data.pictures.shape == (1410, 64, 64, 3) and data.pictures.dtype == np.uint8
    assert len(data.signs) == len(data.ko) == len(data.en) == 1410
    assert len(set(data.ko)) == len(set(data.en)) == len(set(data.signs)) == 1410
    assert not data.pictures.flags.writeable
    apple = data.pictures[data.find("red apple")].reshape(-1, 3).astype(int)
    coloured = apple[apple.min(1) < 200]
    assert (coloured[:, 0] > coloured[:, 2]).mean() > 0.8, "a red apple is red"
    assert sum(any("HANGUL" in unicodedata.name(ch, "") for ch in name) for name in data.ko) > 1400  # not "VHS"
    assert all(name == name.lower() for name in data.en)


def test_find_takes_either_language_or_the_sign() -> None:
    data = emoji.load()
    assert data.find("빨간 사과") == data.find("red apple") == data.find("🍎")
    with pytest.raises(InvalidInput, match="red apple"):
        data.find("red aple")
    with pytest.raises(InvalidInput):
        data.names("fr")


def test_pack_and_load_are_inverse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = np.random.default_rng(0).integers(0, 255, (40, 64, 64, 3), np.uint8)
    rows = [{"emoji": str(i), "ko": {"label": f"가{i}"}, "en": {"label": f"a{i}"}} for i in range(40)]
    emoji.pack(pictures, rows, tmp_path / "small.npz")
    monkeypatch.setattr(emoji, "FILE", tmp_path / "small.npz")
    again = emoji.load.__wrapped__()
    assert np.array_equal(again.pictures, pictures) and again.en[39] == "a39" and again.ko[0] == "가0"


def test_nothing_but_numbers_and_text_is_in_the_file() -> None:
    with np.load(emoji.FILE, allow_pickle=False) as packed:
        assert set(packed.files) == {"sheet", "words"}
        assert len(json.loads(packed["words"].tobytes())) == 1410
    assert emoji.FILE.stat().st_size < 6_000_000
