"""The shipped reviews are what their card says (counts, balance, no duplicates, clean text); the learner's own CSV."""

from __future__ import annotations

import unicodedata
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer

from core.data import reviews
from core.errors import InvalidInput

LANGUAGES = ("ko", "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_counts_and_balance(language: str) -> None:
    every = reviews.load(language)
    assert len(every) >= 400
    assert set(every.labels) == {"positive", "negative"}
    for part in (every, reviews.load(language, hard=True), reviews.load(language, hard=False)):
        assert 0.48 <= np.mean([label == "positive" for label in part.labels]) <= 0.52
    assert 0.15 <= len(reviews.load(language, hard=True)) / len(every) <= 0.20


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_hard_and_every_topic_is_there(language: str) -> None:
    every = reviews.load(language)
    kinds = Counter((kind, label) for kind, label in zip(every.hard, every.labels, strict=True) if kind)
    assert {kind for kind, _ in kinds} == set(reviews.HARD)
    assert all(count >= 5 for count in kinds.values()), kinds
    topics = Counter(every.topics)
    assert len(topics) >= 12 and min(topics.values()) >= 20
    for topic in topics:
        labels = [label for label, where in zip(every.labels, every.topics, strict=True) if where == topic]
        assert 0.4 <= np.mean([label == "positive" for label in labels]) <= 0.6, topic


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_duplicates_and_hardly_any_near_ones(language: str) -> None:
    texts = reviews.load(language).texts
    plain = ["".join(letter for letter in text.lower() if letter.isalnum()) for text in texts]
    assert len(set(plain)) == len(texts)
    grams = CountVectorizer(analyzer="char_wb", ngram_range=(3, 3), binary=True).fit_transform(texts)
    both = (grams @ grams.T).toarray().astype(float)
    sizes = both.diagonal()
    jaccard = both / (sizes[:, None] + sizes[None, :] - both)
    np.fill_diagonal(jaccard, 0)
    assert jaccard.max() < 0.5, np.array(texts)[np.array(np.unravel_index(jaccard.argmax(), jaccard.shape))]
    assert (jaccard.max(axis=1) > 0.35).mean() < 0.03


@pytest.mark.parametrize("language", LANGUAGES)
def test_clean_text(language: str) -> None:
    raw = (Path(reviews.__file__).parent / f"reviews.{language}.tsv").read_bytes()
    text = raw.decode("utf-8", errors="strict")
    assert not raw.startswith(b"\xef\xbb\xbf") and b"\r" not in raw and text.endswith("\n")
    assert text == unicodedata.normalize("NFC", text)
    lines = text.splitlines()
    assert lines[0] == "label\thard\ttopic\ttext"
    for line in lines[1:]:
        label, hard, topic, words = line.split("\t")
        assert label and topic and hard in ("", *reviews.HARD)
        assert words == words.strip() and 4 <= len(words) <= 250 and "  " not in words
        assert any("가" <= letter <= "힣" for letter in words) == (language == "ko")
        assert all(letter.isprintable() for letter in words)


def test_lengths_and_registers_vary() -> None:
    korean, english = reviews.load("ko").texts, reviews.load("en").texts
    assert np.std([len(text) for text in korean]) > 12 and np.std([len(text) for text in english]) > 30
    polite = sum(text.rstrip("!?. ㅎ").endswith("요") for text in korean)
    formal = sum(text.rstrip("!?. ").endswith(("니다", "니까")) for text in korean)
    plain = len(korean) - polite - formal
    assert min(polite, formal, plain) > 0.1 * len(korean), (polite, formal, plain)
    assert sum(text[0].islower() for text in english) >= 20


def test_both_is_korean_then_english() -> None:
    assert reviews.load("both").texts == reviews.load("ko").texts + reviews.load("en").texts


def test_wrong_names_are_explained() -> None:
    with pytest.raises(InvalidInput, match="language must be one of ko, en, both"):
        reviews.load("fr")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
@pytest.mark.parametrize("header", ["", "내용,감정\n"])
def test_own_csv_in_any_encoding_with_or_without_a_header(encoding: str, header: str) -> None:
    data = (header + '"맛있다, 정말",긍정\n별로였어요,부정\n또 갈래요,긍정\n').encode(encoding)
    own = reviews.from_csv(data)
    assert own.texts == ("맛있다, 정말", "별로였어요", "또 갈래요")
    assert own.labels == ("긍정", "부정", "긍정")


STRAY = """정말 재미있게 봤어요	1
"역시 믿고 보는 배우	1
시간이 아까웠다	0
연기가 "별로"	0
끝까지 지루" 그래도	0"""  # as NSMC and pandas#22661 have it: quotation marks that nobody closes


def test_a_stray_quotation_mark_swallows_no_review() -> None:
    own = reviews.from_csv(f"document\tlabel\n{STRAY}".encode())
    assert own.texts == tuple(line.split("\t")[0] for line in STRAY.splitlines())
    assert own.labels == ("1", "1", "0", "0", "0")


def test_a_column_that_numbers_the_rows_is_left_out() -> None:
    lines = [f"{9000 + i}\t{line}" for i, line in enumerate(STRAY.splitlines())]
    expected = reviews.from_csv(f"document\tlabel\n{STRAY}".encode())
    assert reviews.from_csv("\n".join(["id\tdocument\tlabel", *lines]).encode()) == expected
    assert reviews.from_csv("\n".join(lines).encode()) == expected  # without a header, by its growing numbers
    with pytest.raises(InvalidInput, match=r"4 \(id, text, label, date\)"):
        reviews.from_csv(b"id,text,label,date\n7,good,1,may\n3,bad,0,may\n")


def test_an_empty_label_is_told_with_its_row_in_the_file() -> None:
    with pytest.raises(InvalidInput, match="Row 5, column label is empty"):
        reviews.from_csv(b"text,label\ngood,1\n\n\nbad,\nfine,0\n")


def test_own_csv_with_the_label_first() -> None:
    own = reviews.from_csv(b"label;review\n1;so good, I cried\n0;terrible food\n")
    assert own.labels == ("1", "0") and own.texts[0] == "so good, I cried"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"a,b,c\nx,y,z\n", "review_columns"),
        (b"text,label\ngood,1\nfine,1\n", "one_class"),
        (b"text,label\ngood food,1\n,0\n", "cell_empty"),
        (b"text,label\ngood food,1\nbad food,\n", "cell_empty"),
        (b"\x00\xff\xfe\x01" * 50, "bad_file"),
    ],
)
def test_own_csv_with_a_fault(data: bytes, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        reviews.from_csv(data)
    assert caught.value.code == code
