"""Word vectors: neighbours, map, sums and reviews against plain numpy and scikit-learn, and what the page says of them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pytest
from sklearn.decomposition import PCA

from core.data import words
from core.errors import CoreError
from core.events import Done
from core.lessons.word_vectors import choices, reviews, space
from demos import kit
from demos.word_vectors import learn, likeness, map, page, sums
from tests import programs


def test_neighbours_are_the_largest_products_and_leave_the_word_out() -> None:
    found = space.neighbours("고양이")
    texts, table = space.listed("ko")
    cosines = table @ space.vectors(["고양이"])[0]
    order = [texts[i] for i in np.argsort(-cosines) if texts[i] != "고양이"]
    assert [each.text for each in found.ko] == order[: choices.NEIGHBOURS]
    assert found.en[0].text == "cat" and not found.far
    np.testing.assert_allclose(np.linalg.norm(table, axis=1), 1, atol=1e-5)


def test_words_find_their_twin_and_their_kind_though_the_layer_never_saw_them() -> None:
    """Of all pairs the twin in the other language is among the first five for most, and neighbours are of one kind."""
    (ko, korean), (en, english) = space.listed("ko"), space.listed("en")
    hits = [en.index(pair.en) in np.argsort(-(english @ korean[ko.index(pair.ko)]))[:5] for pair in words.load()]
    assert np.mean(hits) > 0.8
    for texts, table, named in ((ko, korean, "ko"), (en, english, "en")):
        kind = {getattr(pair, named): pair.kind for pair in words.load()}
        cosines = table @ table.T - 2 * np.eye(len(texts))
        near = np.argsort(-cosines, axis=1)[:, :5]
        assert np.mean([[kind[texts[j]] == kind[texts[i]] for j in row] for i, row in enumerate(near)]) > 0.48
    cat = [each.text for each in space.nearest(space.vector("cat"), "en", 3, ("cat",))]
    assert {pair.kind for pair in words.load() if pair.en in cat} == {"animal"}
    assert not space.neighbours("cat").far and space.neighbours("김철수").far


def test_the_map_is_the_first_two_principal_components() -> None:
    found = space.placed(("animal", "colour"), ("ko", "en"), ["로봇"])
    stacked = space.vectors(found.names)
    pca = PCA(2).fit(stacked.astype(float))
    expected = pca.transform(stacked)
    for k in (0, 1):
        assert abs(np.corrcoef(found.at[:, k], expected[:, k])[0, 1]) > 0.9999
    assert found.kept == pytest.approx(pca.explained_variance_ratio_.sum(), rel=1e-4)
    assert found.kinds[-1] == "" and np.abs(found.at).max() == 1


def test_a_sum_is_a_sum_and_leaves_its_words_out_only_where_it_says_so() -> None:
    found = space.arithmetic("man", "king", "woman", "en")
    one, two, three = space.vectors(["man", "king", "woman"])
    total = two - one + three
    np.testing.assert_allclose(found.vector, total / np.linalg.norm(total), atol=1e-6)
    assert not {"man", "king", "woman"} & {each.text for each in found.nearest}
    assert found.honest[0].cosine >= found.nearest[0].cosine
    asked = space.riddles("en")
    assert len(asked) == len(space.RIDDLES["en"]) and all(each.right == (each.found == each.wanted) for each in asked)


def test_order_is_lost_to_the_bag_and_almost_to_the_vectors() -> None:
    same = space.alike("개가 사람을 문다", "사람이 개를 문다", "ko")
    assert same.bag == pytest.approx(1) and same.vectors > 0.7
    other = space.alike("영화가 정말 재미있었다", "무척 즐겁게 본 작품이다", "ko")
    assert other.bag == 0 and other.vectors > 0.25 and other.shared == ()


def test_the_contest_judges_both_on_the_same_reviews(monkeypatch: pytest.MonkeyPatch) -> None:
    events = list(reviews.contest(reviews.ContestConfig("en", folds=2)))
    assert isinstance(events[-1], Done) and sum(isinstance(each, reviews.FoldJudged) for each in events) == 2
    found = events[-1].result
    assert min(found.easy) > 0.8 and {kind for kind, *_ in found.kinds} == {"negation", "irony", "mixed"}
    assert sum(count for _, count, *_ in found.kinds) == 88


@pytest.mark.parametrize("odd", ["1234", "ㅋㅋㅋ", "Привет", "x" * 300, "고양이 cat 123", "김철수", "<b>"])
def test_odd_words_get_the_nearest_meaning(odd: str) -> None:
    for lang in ("ko", "en"):
        answer = page.on_word(lang, odd)
        assert len(answer["ko"]["items"]) == choices.NEIGHBOURS and answer["said"] and "<b>" not in answer["said"]


BOXES = (
    page.on_word,
    lambda lang, words: sums.on_sum(lang, "man", words, "woman"),
    lambda lang, words: likeness.on_compare(lang, "a", words),
)


@pytest.mark.parametrize("empty", ["", "   ", None, 5])
def test_an_empty_box_is_told_where_it_stands(empty: Any) -> None:
    for call in BOXES:
        for lang, told in (("ko", "써 보세요"), ("en", "Write a word")):
            shown = list(call(lang, empty).values())
            assert [told in each for each in shown if isinstance(each, str) and each] == [True]
            assert not any(part for each in shown if isinstance(each, dict) for part in each.values()), "another word's"


def test_what_is_no_text_is_refused() -> None:
    for call in BOXES:
        with pytest.raises(gr.Error):
            call("ko", "x" * 301)
    with pytest.raises(CoreError):
        space.placed(("animal",), ("ko",), [f"w{i}" for i in range(21)])
    with pytest.raises(CoreError):
        space.placed((), ("ko",))


def test_the_ring_names_what_lies_there() -> None:
    colours = {point[2] for point in map.on_map("en", "", ["animal", "travel", "feeling"], ["en"])["plane"]["points"]}
    assert colours == {1, 2, 3}, "each kind has a colour of its own, and none is the paper's"
    answer = map.on_map("en", "kitty, robot", ["animal"], ["en"])
    at = answer["plane"]["mark"]
    assert "kitty" in answer["place"]
    assert map.on_mark("en", answer["map"], SimpleNamespace(x=at["x"], y=at["y"])) == answer["place"]
    assert map.on_mark("en", None, SimpleNamespace(x=0, y=0)) == ""


def test_the_page_says_who_wins_on_hard_reviews() -> None:
    last = kit.settled(learn.on_contest("en", learn.FORM.values(reviews="en", folds=2)))
    assert "%" in last["judged"] and len(last["scores"]["items"]) == 4 and len(last["kinds"]["rows"]) == 3
    assert "the bag leads" in last["judged"] and "worse than a coin" in last["judged"], "missed, and told so"


def test_the_script_prints_the_numbers_on_the_screen() -> None:
    shown = page.on_word("en", "cat")
    both = likeness.on_compare("en", "the film was fun", "a picture I enjoyed a lot")["both"]["items"]
    script = page.on_code("en", "cat", "man", "king", "woman", "the film was fun", "a picture I enjoyed a lot", "en")
    printed = programs.run(script)
    for side in ("ko", "en"):
        for item in shown[side]["items"][1:]:
            assert f"{item['value']:.4f}  {item['name']}" in printed
    assert f"vectors: {both[1]['value']:.4f}, bags: {both[0]['value']:.4f}" in printed
