"""Word vectors: against transformers' own DistilBertModel, on strange texts, and whether meanings lie together."""

from __future__ import annotations

import threading
import unicodedata

import numpy as np
import pytest
import torch

from core.diffusion.prompt_tokens import tokens
from core.errors import InvalidInput
from core.language.word_vectors import WordVectors, pooled

TEXTS = ["고양이", "cat", "빨간 사과", "a cat on a sofa", "비 오는 날", "자동차"]


@pytest.fixture(scope="module")
def wv() -> WordVectors:
    return WordVectors.load()


def test_a_vector_is_the_mean_of_the_models_last_states(wv: WordVectors) -> None:
    ids = wv.tokenizer("빨간 사과", return_tensors="pt").input_ids
    with torch.no_grad():
        states = wv.model(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state[0, 1:-1]
    mean = states.mean(0).numpy()
    np.testing.assert_allclose(wv.encode(["빨간 사과"])[0], mean / np.linalg.norm(mean), atol=1e-5)


def test_batches_and_order_do_not_matter(wv: WordVectors) -> None:
    alone = np.concatenate([wv.encode([text]) for text in TEXTS])
    many = wv.encode(TEXTS * 120)
    assert many.shape == (720, wv.dimensions) and many.dtype == np.float32
    np.testing.assert_allclose(many, np.tile(alone, (120, 1)), atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(many, axis=1), 1, atol=1e-5)
    assert wv.encode([]).shape == (0, wv.dimensions)


@pytest.mark.parametrize("ids", [[0, 5, 900, 2], [0, 7, 2], [0, 2], [0, *range(10, 72), 2]])
def test_one_text_is_read_as_it_is_in_a_batch(wv: WordVectors, ids: list[int]) -> None:
    """One text goes a shorter way; two go through the table of all pieces."""
    alone, twice = pooled(wv.model, [ids]), pooled(wv.model, [ids, ids])
    np.testing.assert_allclose(alone[0], twice[0], atol=1e-5)


def test_meanings_lie_together_across_languages(wv: WordVectors) -> None:
    pairs = [
        ("고양이", "cat"),
        ("강아지", "puppy"),
        ("자동차", "car"),
        ("사과", "apple"),
        ("비", "rain"),
        ("학교", "school"),
    ]
    ko, en = wv.encode([a for a, _ in pairs]), wv.encode([b for _, b in pairs])
    assert ((ko @ en.T).argmax(1) == np.arange(len(pairs))).mean() >= 5 / 6


@pytest.mark.parametrize(
    "text", ["뷁", "zzyzx", "12345", "ㅋㅋㅋ", "漢字 кот", "🐱", "가a1!", "x" * 300, "비 " * 400, "\u200b뷁", "?!", "ِ"]
)
def test_every_text_has_a_vector(wv: WordVectors, text: str) -> None:
    for whole in (False, True):
        vector = wv.encode([text], whole=whole)[0]
        assert np.isfinite(vector).all() and abs(np.linalg.norm(vector) - 1) < 1e-4


@pytest.mark.parametrize("text", ["", "   ", "\n\t", None])
def test_nothing_is_one_clear_error(wv: WordVectors, text: str) -> None:
    with pytest.raises(InvalidInput):
        wv.encode([text])


def test_no_syllable_is_unknown(wv: WordVectors) -> None:
    every = [chr(code) for code in range(0xAC00, 0xD7A4)]
    unknown = wv.tokenizer.unk_token_id
    assert not any(unknown in row for row in wv.ids(every))
    common = [letter for letter in every if _in_ks_x_1001(letter)]
    assert len(common) == 2350
    assert all(len(wv.ids([letter])[0]) <= 4 for letter in common), "a common syllable is never cut into bytes"


def _in_ks_x_1001(letter: str) -> bool:
    try:
        return len(letter.encode("euc_kr")) == 2
    except UnicodeEncodeError:
        return False


def test_pieces_say_where_they_stand(wv: WordVectors) -> None:
    text = "빨간  사과 and Cats"
    pieces = wv.tokens(text)
    assert "".join(piece.text for piece in pieces).replace(" ", "") == text.replace(" ", "")
    assert all(text[piece.start : piece.stop] == piece.text for piece in pieces)
    assert len(wv.pieces) == len(wv.table)


def test_long_texts_are_cut_or_read_in_windows(wv: WordVectors) -> None:
    long = "the food was good and the staff was kind " * 8 + "but the room was dirty"
    cut, whole = wv.encode([long])[0], wv.encode([long], whole=True)[0]
    assert cut @ whole < 0.9999
    np.testing.assert_allclose(cut, wv.encode([long + " and cold"])[0], atol=1e-6)


def test_visitors_do_not_meet(wv: WordVectors) -> None:
    texts = [["고양이"], ["a cat on a sofa " * 3], ["비 오는 날"]]
    alone, together = [wv.encode(text) for text in texts], dict[int, np.ndarray]()
    threads = [threading.Thread(target=lambda k=k: together.update({k: wv.encode(texts[k])})) for k in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for k in range(3):
        np.testing.assert_allclose(together[k], alone[k], atol=1e-6)


def test_pooling_is_the_same_in_a_batch(wv: WordVectors) -> None:
    ids = wv.ids(TEXTS)
    together = pooled(wv.model, ids)
    for place, row in enumerate(ids):
        torch.testing.assert_close(together[place], pooled(wv.model, [row])[0], atol=1e-4, rtol=0)


@pytest.mark.parametrize("text", ["한글 사과", "값이 비싼 사과", "café 우유"])
def test_letters_written_in_pieces_have_the_same_tokens_and_places(wv: WordVectors, text: str) -> None:
    """A Mac writes Hangul decomposed: the tokenizer composes it, and its offsets then point into other letters."""
    decomposed = unicodedata.normalize("NFD", text)
    assert len(decomposed) > len(text) and wv.tokens(decomposed) == wv.tokens(text)
    assert all(piece.text == text[piece.start : piece.stop] for piece in wv.tokens(decomposed))
    assert tokens(wv.tokenizer, decomposed) == tokens(wv.tokenizer, text)
