"""Lesson 9 without a browser: the numbers on the screen are core's and scikit-learn's; sums add up; garbage is told."""

from __future__ import annotations

import json
import re
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
from core.language.tokens import TOKENS
from core.lessons.bag_of_words import choices
from core.lessons.bag_of_words.cases import cell, cosine_cell, hard_cases, ledger, shuffled, split, teach, weights_csv
from core.lessons.bag_of_words.stages import stages
from demos import kit
from demos.bag_of_words import learn, order
from demos.bag_of_words import page as lesson
from demos.kit import text
from demos.kit.first import first as first_screen
from recipes import first_screens
from tests import programs

SENTENCES = "the dog bites the man\nthe man bites the dog\na cat eats the fish"
REVIEW = "The food was delicious but the waiter was rude."


def form(review: Any = REVIEW, **changed: Any) -> kit.Values:
    """English, words, tf-idf, and a review."""
    return learn.FORM.values(**({"texts": "en", "review": review} | changed))


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_the_kept_first_screen_is_what_is_computed(lang: str) -> None:
    """Else: python -m recipes.first_screens."""
    assert first_screen("bag_of_words", lang) == json.loads(json.dumps(first_screens.bag_of_words(lang)))


def test_counts_and_tfidf_are_scikit_learns() -> None:
    config = dict(token_pattern=r"[^\W_]+")
    counts = CountVectorizer(**config).fit_transform(SENTENCES.splitlines()).toarray()
    shown = lesson.on_sentences("en", SENTENCES, "en", "words", "counts")
    np.testing.assert_array_equal(np.array(shown["matrix"]["cells"]).T, counts)
    assert [len(row["tokens"]) for row in shown["chips"]["rows"]] == [5, 5, 5] and "**8**" in shown["said"]
    tfidf = TfidfVectorizer(**config).fit_transform(SENTENCES.splitlines()).toarray()
    matrix = lesson.on_sentences("en", SENTENCES, "en", "words", "tfidf")["matrix"]
    np.testing.assert_allclose(np.array(matrix["cells"]).T, tfidf, atol=6e-4)


def test_shuffling_changes_the_chips_and_no_number() -> None:
    before = lesson.on_sentences("en", SENTENCES, "en", "words", "tfidf")
    after = lesson.on_shuffle("en", 0, SENTENCES, "en", "words", "tfidf")
    assert after["turn"] == 1 and after["chips"] != before["chips"]
    assert after["matrix"] == before["matrix"] and "**0.0**" in after["said"]
    view = stages(SENTENCES.splitlines(), BagConfig("en"))
    assert shuffled(view, BagConfig("en"), 3)[1] == 0


@pytest.mark.parametrize("stage", choices.STAGE)
def test_every_cell_tells_its_arithmetic(stage: str) -> None:
    view = stages(SENTENCES.splitlines(), BagConfig("en"))
    matrix = lesson.on_sentences("en", SENTENCES, "en", "words", stage)["matrix"]
    for i, row in enumerate(matrix["cells"]):
        for j, value in enumerate(row):
            shown = lesson.on_pick("en", SENTENCES, "en", "words", stage, SimpleNamespace(row=i, col=j))
            assert shown["matrix"]["chosen"] == [i, j] and shown["matrix"]["cells"][i][j] == value
            told = f"{value:.3f}" if isinstance(value, float) and value else f"{value:.0f}"
            assert told in shown["said"]
    found = cell(view, 0, view.vocabulary.index("the"))
    assert found.count * found.idf / found.length == pytest.approx(found.value)
    both = cosine_cell(view, 0, 2)
    assert sum(value for _, value in both.terms) == pytest.approx(both.value)


def test_a_run_streams_learns_and_explains() -> None:
    events = list(learn.on_learn("en", None, form()))
    assert sum("series" in event.get("curve", {}) for event in events) > 5
    last = events[-1]
    assert "accuracy on 88 new ones" in last["badge"] and "scikit-learn" in last["badge"]
    *parts, intercept, logit = last["bars"]["items"]
    assert sum(item["value"] for item in [*parts, intercept]) == pytest.approx(logit["value"])
    told = last["bag"].explanation(REVIEW)
    assert logit["value"] == told.logit and f"{told.probability:.1%}" in last["said"]
    assert {token["text"]: np.sign(token["p"]) for token in last["chips"]["tokens"]}["delicious"] == 1
    assert ledger(told, most=2).others == len(told.contributions) - 2


@pytest.mark.parametrize("after", [1, 6])
def test_stop_closes_the_run_and_no_half_learnt_model_is_handed_over(after: int, monkeypatch: Any) -> None:
    from core.lessons.bag_of_words import cases

    closed, run = [0], cases.teach

    def watched(*args: Any) -> Any:
        try:
            yield from run(*args)
        finally:
            closed[0] += 1

    monkeypatch.setattr(cases, "teach", watched)
    stream = learn.on_learn("ko", None, form("좋아요", texts="ko", tokens="characters", weighting="counts"))
    seen = [next(stream) for _ in range(after)]
    assert closed == [0]
    stream.close()
    assert closed == [1] and not any("bag" in event for event in seen)
    shown = learn.on_explain("ko", None, None, form("좋아요", texts="ko", tokens="characters", weighting="counts"))
    assert shown["bag"].classes_ and closed == [2], "what Stop left is learnt from the start"


def test_explaining_learns_first_when_needed() -> None:
    shown = learn.on_explain("en", None, None, form("zzz qqq"))
    assert shown["bag"] is not None and "Never seen" in shown["said"]
    assert all(token["dim"] for token in shown["chips"]["tokens"])
    assert [item["name"] for item in shown["bars"]["items"]] == ["intercept", "= logit"]
    assert learn.on_explain("en", shown["bag"], None, form(""))["chips"]["tokens"] == []


def test_held_out_reviews_are_not_learnt() -> None:
    learnt, judged = split(reviews.load("en", hard=False), seed=3)
    assert not set(learnt.texts) & set(judged.texts) and len(learnt) + len(judged) == 448
    assert judged.labels.count("positive") == judged.labels.count("negative") == 44
    taught = drain(teach(reviews.load("ko", hard=False), BagConfig("ko", "characters")))
    assert taught.accuracy > 0.85 and taught.held_out == 88


def test_hard_reviews_are_shown_as_they_are() -> None:
    *_, said = learn.on_hard("en", form())
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
    *events, last = learn.on_compare("en", "en", "tfidf", 0)
    bars = [event["compared"] for event in events if "compared" in event]
    assert len(bars) == 10 and len(bars[-1]["items"]) == 4
    scores = {score.tokens: score for score in learn.scores("en")}
    assert f"{scores['words'].accuracy:.1%} ±" in last["scores"]
    assert bars[-1]["items"][0]["value"] == scores["words"].accuracy


def test_own_reviews(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    rows = [f"good {i} <b>,yes" for i in range(8)] + [f"bad {i},no|`$x$" for i in range(8)]
    path.write_text("text,label\n" + "\n".join(rows), encoding="utf-8")
    read = learn.on_file("en", str(path))
    said = read["file_said"]
    assert len(read["own"]) == 16 and "<" not in said and "|" not in said and "$" not in said
    *_, last = learn.on_learn("en", read["own"], form("good"))
    assert last["bag"].classes_ == ("no|`$x$", "yes") and "probability" in last["said"]
    path.write_text("only one column\n1\n", encoding="utf-8")
    with pytest.raises(gr.Error):
        learn.on_file("en", str(path))
    assert learn.on_file("en", None) == {"own": None, "bag": None, "file_said": ""}


def test_the_table_of_weights_is_safe_to_open() -> None:
    bag = drain(teach(reviews.load("en", hard=False), BagConfig("en"))).bag
    lines = weights_csv(bag).splitlines()
    assert lines[0] == "token,positive" and len(lines) == 1 + len(bag.vocabulary_)
    with pytest.raises(gr.Error):
        learn.on_csv("en", None)


def test_another_language_brings_its_own_examples() -> None:
    shown = lesson.on_texts("ko", "en", "morphemes")
    assert shown["tokens"] == "words" and "dog" in shown["sentences"]
    assert lesson.on_texts("en", "ko", "morphemes")["tokens"] == "morphemes"


def test_a_text_travels() -> None:
    assert lesson.on_take("en", "a text", "one") == {"sentences": "one\na text"}
    assert "No other lesson" in lesson.on_take("en", None, "one")["said"]
    assert "No other lesson" in lesson.on_take("en", {"x": 1}, "one")["said"]


@pytest.mark.parametrize(
    "sentences", ["", "   \n ", "…", "a\n" * 30, "x" * 5000, None, 7, "\u200d\u200d", "<script>alert(1)</script>"]
)
def test_any_sentence_is_taken_or_told(sentences: Any) -> None:
    try:
        shown = lesson.on_sentences("ko", sentences, "ko", "words", "counts")
    except gr.Error as error:
        assert "�" not in str(error) and "<script" not in str(error)
    else:
        assert shown["chips"]["rows"] if "chips" in shown else "낱말이 하나도 없어요" in shown["said"]


@pytest.mark.parametrize(("lang", "told"), [("ko", "낱말이 하나도 없어요"), ("en", "not a single word")])
def test_an_emptied_box_is_told_in_its_place_and_not_by_a_toast(lang: str, told: str) -> None:
    for nothing in ("", "  \n", "…"):
        assert told in lesson.on_sentences(lang, nothing, "ko", "words", "counts")["said"]
    ordered = order.on_order(lang, "ko", "", "…")["ordered"]
    assert told in ordered["caption"] and not ordered["rows"]


@pytest.mark.parametrize(
    "call",
    [
        lambda: lesson.on_sentences("en", "a", "en", "morphemes", "counts"),
        lambda: lesson.on_sentences("en", "a", "xx", "words", "counts"),
        lambda: lesson.on_sentences("en", "a", "en", "words", "nothing"),
        lambda: lesson.on_pick("en", "a", "en", "words", "counts", SimpleNamespace(row=9, col=0)),
        lambda: lesson.on_pick("en", "a", "en", "words", "counts", SimpleNamespace(row="x", col=float("nan"))),
        lambda: lesson.on_texts("en", "xx", "words"),
        lambda: list(learn.on_learn("en", None, form("a", seed=float("nan")))),
        lambda: list(learn.on_learn("en", None, form("a", seed=1.5))),
        lambda: list(learn.on_learn("en", None, form("a", weighting="other"))),
        lambda: learn.on_explain("en", None, None, form(5)),
        lambda: learn.on_explain("en", None, None, form("a" * 20_000)),
        lambda: list(learn.on_compare("en", "ko?", "tfidf", 0)),
    ],
)
def test_wrong_use_is_one_sentence(call: Any) -> None:
    with pytest.raises(gr.Error):
        call()


def test_the_script_prints_in_a_fresh_process_what_the_page_shows() -> None:
    review = "delicious, but rude"
    code = lesson.on_code("en", SENTENCES, "en", "words", "tfidf", 0, review)
    printed = programs.run(code)
    *_, last = learn.on_learn("en", None, form(review))
    assert f"{last['bars']['items'][-1]['value']:+.4f}  = logit" in printed
    accuracy = re.search(r"held out: ([\d.]+)", printed)
    assert accuracy and f"**{float(accuracy[1]):.1%}**" in last["badge"]


def test_the_tokenisers_on_the_page_are_those_of_the_library() -> None:
    assert tuple(choices.TOKENS) == TOKENS["ko"] and tuple(choices.TEXTS) == tuple(TOKENS)
    shown = order.on_order("ko", "ko", "개가 사람을 문다", "사람이 개를 문다")["ordered"]
    assert len(shown["rows"]) == 2 * len(choices.TOKENS)


def test_quoted_words_stay_words() -> None:
    assert kit.quote("<b>|*a*`$") == "&#60;b&#62;&#124;&#42;a&#42;&#96;&#36;"
    assert kit.quote("한 글\n😀") == "한 글 😀" and len(kit.quote("x" * 999)) == 200


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_tags_behind_morphemes_are_explained(lang: str) -> None:
    """On hover and in a legend of those on the screen; every tag that occurs in the shipped reviews has a name."""
    seen = lesson.on_sentences(lang, "개가 사람을 물었어요", "ko", "morphemes", "counts")["chips"]
    names, chips = text.table("bag_of_words", lang), seen["rows"][0]["tokens"]
    assert all(chip["title"] == names[f"tag.{chip['text'].rpartition('/')[2]}"] for chip in chips)
    assert f"JKO {names['tag.JKO']}" in seen["caption"] and "VV" in seen["caption"] and "XSN" not in seen["caption"]
    said = list(reviews.load("ko").texts)
    for start in range(0, len(said), 20):
        view = stages(said[start : start + 20], BagConfig("ko", "morphemes"))
        assert {f"tag.{token.rpartition('/')[2]}" for token in view.vocabulary} <= names.keys()
    plain = lesson.on_sentences(lang, "the dog", "en", "words", "counts")["chips"]
    assert (
        "Sejong" not in plain["caption"]
        and "세종" not in plain["caption"]
        and "title" not in plain["rows"][0]["tokens"][0]
    )
