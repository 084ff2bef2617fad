"""Lesson 9 without a browser: the numbers on the screen are core's and scikit-learn's; sums add up; garbage is told."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from core.data import reviews
from core.events import drain
from core.language.bag_of_words import BagConfig
from core.lessons.bag_of_words.cases import cell, cosine_cell, hard_cases, ledger, shuffled, split, teach, weights_csv
from core.lessons.bag_of_words.stages import stages
from demos import kit
from demos.bag_of_words import learn
from demos.bag_of_words import page as lesson

SENTENCES = "the dog bites the man\nthe man bites the dog\na cat eats the fish"
SETTINGS = ("en", "words", "tfidf", 0)


def test_counts_and_tfidf_are_scikit_learns() -> None:
    config = dict(token_pattern=r"[^\W_]+")
    counts = CountVectorizer(**config).fit_transform(SENTENCES.splitlines()).toarray()
    _, chips, matrix, said = lesson.on_sentences("en", SENTENCES, "en", "words", "counts")
    np.testing.assert_array_equal(np.array(matrix["cells"]).T, counts)
    assert [len(row["tokens"]) for row in chips["rows"]] == [5, 5, 5] and "**8**" in said
    tfidf = TfidfVectorizer(**config).fit_transform(SENTENCES.splitlines()).toarray()
    _, _, matrix, _ = lesson.on_sentences("en", SENTENCES, "en", "words", "tfidf")
    np.testing.assert_allclose(np.array(matrix["cells"]).T, tfidf, atol=6e-4)


def test_shuffling_changes_the_chips_and_no_number() -> None:
    before = lesson.on_sentences("en", SENTENCES, "en", "words", "tfidf")
    turn, chips, matrix, said = lesson.on_shuffle("en", 0, SENTENCES, "en", "words", "tfidf")
    assert turn == 1 and chips != before[1] and matrix == before[2] and "**0.0**" in said
    view = stages(SENTENCES.splitlines(), BagConfig("en"))
    assert shuffled(view, BagConfig("en"), 3)[1] == 0


@pytest.mark.parametrize("stage", lesson.STAGES)
def test_every_cell_tells_its_arithmetic(stage: str) -> None:
    view = stages(SENTENCES.splitlines(), BagConfig("en"))
    _, _, matrix, _ = lesson.on_sentences("en", SENTENCES, "en", "words", stage)
    for i, row in enumerate(matrix["cells"]):
        for j, value in enumerate(row):
            shown, said = lesson.on_pick("en", SENTENCES, "en", "words", stage, SimpleNamespace(row=i, col=j))
            assert shown["chosen"] == [i, j] and shown["cells"][i][j] == value
            told = f"{value:.3f}" if isinstance(value, float) and value else f"{value:.0f}"
            assert told in said
    found = cell(view, 0, view.vocabulary.index("the"))
    assert found.count * found.idf / found.length == pytest.approx(found.value)
    both = cosine_cell(view, 0, 2)
    assert sum(value for _, value in both.terms) == pytest.approx(both.value)


def test_a_run_streams_learns_and_explains() -> None:
    events = list(learn.on_learn("en", None, *SETTINGS, "The food was delicious but the waiter was rude."))
    assert sum(isinstance(event[1], dict) and "series" in event[1] for event in events) > 5
    bag, *_, badge, chips, bars, said = events[-1]
    assert "accuracy on 88 new ones" in badge and "scikit-learn" in badge
    *parts, intercept, logit = bars["items"]
    assert sum(item["value"] for item in [*parts, intercept]) == pytest.approx(logit["value"])
    told = bag.explanation("The food was delicious but the waiter was rude.")
    assert logit["value"] == told.logit and f"{told.probability:.1%}" in said
    assert {token["text"]: np.sign(token["p"]) for token in chips["tokens"]}["delicious"] == 1
    assert ledger(told, most=2).others == len(told.contributions) - 2


def test_stop_at_once_leaves_nothing_behind() -> None:
    stream = learn.on_learn("ko", None, "ko", "characters", "counts", 0, "좋아요")
    next(stream)
    stream.close()


def test_explaining_learns_first_when_needed() -> None:
    bag, chips, bars, said = learn.on_explain("en", None, None, *SETTINGS, "zzz qqq")
    assert bag is not None and all(token["dim"] for token in chips["tokens"]) and "Never seen" in said
    assert [item["name"] for item in bars["items"]] == ["intercept", "= logit"]
    assert learn.on_explain("en", bag, None, *SETTINGS, "")[1]["tokens"] == []


def test_held_out_reviews_are_not_learnt() -> None:
    learnt, judged = split(reviews.load("en", hard=False), seed=3)
    assert not set(learnt.texts) & set(judged.texts) and len(learnt) + len(judged) == 448
    assert judged.labels.count("positive") == judged.labels.count("negative") == 44
    taught = drain(teach(reviews.load("ko", hard=False), BagConfig("ko", "characters")))
    assert taught.accuracy > 0.85 and taught.held_out == 88


def test_hard_reviews_are_shown_as_they_are() -> None:
    *_, said = learn.on_hard("en", None, *SETTINGS)
    taught = drain(teach(reviews.load("en", hard=False), BagConfig("en")))
    for kind in hard_cases(taught.bag, reviews.load("en", hard=True)):
        assert f"| {kind.right} | {kind.total} |" in said
        right = sum(
            guess == label
            for text, label, hard in zip(
                *(getattr(reviews.load("en"), x) for x in ("texts", "labels", "hard")), strict=True
            )
            if hard == kind.kind
            for guess in taught.bag.predict([text])
        )
        assert right == kind.right


def test_the_race_streams_and_ends_in_a_table() -> None:
    *pictures, (last, table) = learn.on_compare("en", "en", "tfidf", 0)
    bars = [picture for picture, _ in pictures if isinstance(picture, dict) and "items" in picture]
    assert len(bars) == 10 and len(bars[-1]["items"]) == 4
    scores = {score.tokens: score for score in learn.scores("en")}
    assert f"{scores['words'].accuracy:.1%} ±" in table and bars[-1]["items"][0]["value"] == scores["words"].accuracy


def test_own_reviews(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    rows = [f"good {i} <b>,yes" for i in range(8)] + [f"bad {i},no|`$x$" for i in range(8)]
    path.write_text("text,label\n" + "\n".join(rows), encoding="utf-8")
    own, _, said = learn.on_file("en", str(path))
    assert len(own) == 16 and "<" not in said and "|" not in said and "$" not in said
    *_, last = learn.on_learn("en", own, *SETTINGS, "good")
    assert last[0].classes_ == ("no|`$x$", "yes") and "probability" in last[-1]
    path.write_text("only one column\n1\n", encoding="utf-8")
    with pytest.raises(gr.Error):
        learn.on_file("en", str(path))
    assert learn.on_file("en", None) == (None, None, "")


def test_the_table_of_weights_is_safe_to_open() -> None:
    bag = drain(teach(reviews.load("en", hard=False), BagConfig("en"))).bag
    lines = weights_csv(bag).splitlines()
    assert lines[0] == "token,positive" and len(lines) == 1 + len(bag.vocabulary_)
    with pytest.raises(gr.Error):
        learn.on_csv("en", None)


def test_another_language_brings_its_own_examples() -> None:
    tokens, sentences, *_ = lesson.on_texts("ko", "en", "morphemes")
    assert tokens == "words" and "dog" in sentences
    assert lesson.on_texts("en", "ko", "morphemes")[0] == "morphemes"


def test_a_text_travels() -> None:
    assert lesson.on_take("en", "a text", "one")[0] == "one\na text"
    assert "No other lesson" in lesson.on_take("en", None, "one")[1]
    assert "No other lesson" in lesson.on_take("en", {"x": 1}, "one")[1]


@pytest.mark.parametrize(
    "sentences", ["", "   \n ", "…", "a\n" * 30, "x" * 5000, None, 7, "\u200d\u200d", "<script>alert(1)</script>"]
)
def test_any_sentence_is_taken_or_told(sentences: Any) -> None:
    try:
        _, chips, _, _ = lesson.on_sentences("ko", sentences, "ko", "words", "counts")
    except gr.Error as error:
        assert "�" not in str(error) and "<script" not in str(error)
    else:
        assert chips["rows"]


@pytest.mark.parametrize(
    "call",
    [
        lambda: lesson.on_sentences("en", "a", "en", "morphemes", "counts"),
        lambda: lesson.on_sentences("en", "a", "xx", "words", "counts"),
        lambda: lesson.on_sentences("en", "a", "en", "words", "nothing"),
        lambda: lesson.on_pick("en", "a", "en", "words", "counts", SimpleNamespace(row=9, col=0)),
        lambda: lesson.on_pick("en", "a", "en", "words", "counts", SimpleNamespace(row="x", col=float("nan"))),
        lambda: lesson.on_texts("en", "xx", "words"),
        lambda: list(learn.on_learn("en", None, "en", "words", "tfidf", float("nan"), "a")),
        lambda: list(learn.on_learn("en", None, "en", "words", "tfidf", 1.5, "a")),
        lambda: list(learn.on_learn("en", None, "en", "words", "other", 0, "a")),
        lambda: learn.on_explain("en", None, None, *SETTINGS, 5),
        lambda: learn.on_explain("en", None, None, *SETTINGS, "a" * 20_000),
        lambda: list(learn.on_compare("en", "ko?", "tfidf", 0)),
    ],
)
def test_wrong_use_is_one_sentence(call: Any) -> None:
    with pytest.raises(gr.Error):
        call()


def test_the_script_prints_what_the_page_shows(capsys: pytest.CaptureFixture[str]) -> None:
    review = "delicious, but rude"
    code = lesson.on_code("en", SENTENCES, "en", "words", "tfidf", 0, review)
    exec(compile(code, "bag_of_words.py", "exec"), {})
    printed = capsys.readouterr().out
    *_, last = learn.on_learn("en", None, *SETTINGS, review)
    assert f"{last[5]['items'][-1]['value']:+.4f}  = logit" in printed


def test_quoted_words_stay_words() -> None:
    assert kit.quote("<b>|*a*`$") == "&#60;b&#62;&#124;&#42;a&#42;&#96;&#36;"
    assert kit.quote("한 글\n😀") == "한 글 😀" and len(kit.quote("x" * 999)) == 200
