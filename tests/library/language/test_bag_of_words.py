"""BagOfWords against scikit-learn and hand counts; every number the page shows; and wrong use, one sentence each."""

from __future__ import annotations

import json
import threading
import unicodedata
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics.pairwise import cosine_similarity

from core.data import reviews
from core.errors import InvalidInput, NotReady
from core.events import Done, Progress, drain
from core.language.bag_of_words import BagConfig, BagOfWords, LearnStep, Vectorised
from core.language.tokens import tokenise
from core.lessons.bag_of_words.stages import CompareConfig, FoldResult, compare, stages, word_order

TEXTS = ["good food and good wine", "a good film", "bad food", "a bad bad film", "good book", "bad book and film"]
LABELS = [1, 1, 0, 0, 1, 0]
DOG, MAN = "개가 사람을 문다", "사람이 개를 문다"


@pytest.fixture(scope="module")
def english() -> reviews.Reviews:
    return reviews.load("en", hard=False)


@pytest.fixture(scope="module")
def bag(english: reviews.Reviews) -> BagOfWords:
    return BagOfWords(language="en").fit(english.texts, english.labels)


# tokens


@pytest.mark.parametrize("ngrams", [(1, 1), (1, 2), (2, 3)])
def test_word_ngrams_are_those_of_sklearn(ngrams: tuple[int, int], english: reviews.Reviews) -> None:
    theirs = CountVectorizer(ngram_range=ngrams, token_pattern=r"[^\W_]+(?:'[^\W_]+)*").build_analyzer()
    for text in english.texts[:100]:
        assert tokenise(text, ngrams=ngrams) == theirs(text)


@pytest.mark.parametrize("ngrams", [(1, 1), (2, 3), (3, 5)])
def test_character_ngrams_are_those_of_sklearn(ngrams: tuple[int, int]) -> None:
    theirs = CountVectorizer(analyzer="char_wb", ngram_range=ngrams).build_analyzer()
    text = "국물이 정말 맛있었어요 but the soup was cold"  # sklearn keeps punctuation; there is none here
    words = [word for word in text.split() if len(word) + 2 >= ngrams[1]]  # it also keeps words shorter than n
    assert sorted(tokenise(" ".join(words), "characters", ngrams)) == sorted(theirs(" ".join(words)))


def test_morphemes_keep_the_tag_and_drop_punctuation() -> None:
    assert tokenise("개가 사람을 문다!", "morphemes") == ["개/NNG", "가/JKS", "사람/NNG", "을/JKO", "물/VV", "ㄴ다/EF"]
    assert tokenise("개가 사람을 문다!", "content") == ["개/NNG", "사람/NNG", "물/VV"]
    assert tokenise("아름다워요", "morphemes")[0] == "아름답/VA"


@pytest.mark.parametrize("tokens", ["words", "morphemes", "characters"])
def test_hangul_in_pieces_is_the_same_text(tokens: str) -> None:
    whole = "국물이 정말 좋았다"
    assert tokenise(unicodedata.normalize("NFD", whole), tokens) == tokenise(whole, tokens)


def test_emoji_stay_whole() -> None:
    assert tokenise("최고👍🏽 👨‍👩‍👧 ㅠㅠ") == ["최고", "👍🏽", "👨‍👩‍👧", "ㅠㅠ"]
    assert "👍🏽/W_EMOJI" in tokenise("최고 👍🏽", "morphemes")


@pytest.mark.parametrize("sign", ["⭐", "★", "♥", "☹", "☕", "⏰", "🇰🇷", "❤️"])
@pytest.mark.parametrize("tokens", ["words", "morphemes", "content"])
def test_signs_of_an_opinion_are_tokens(sign: str, tokens: str) -> None:
    token = sign if tokens == "words" else f"{sign}/W_EMOJI"
    assert tokenise(f"별로 {sign}{sign}", tokens)[-2:] == [token, token]
    bag = BagOfWords(tokens=tokens).fit([f"좋다 {sign}{sign}", f"음 {sign}", "나빠", "별로"], [1, 1, 0, 0])
    assert bag.predict([sign]) == [1]


def test_tears_carry_content() -> None:
    assert tokenise("별로 ㅠㅠ", "content")[-1] == "ㅠㅠ/SW"


def test_threads_share_one_dictionary() -> None:
    texts = reviews.load("ko").texts[:80]
    expected = [tokenise(text, "morphemes", (1, 2)) for text in texts]
    results: list[list[list[str]]] = []

    def work() -> None:
        results.append([tokenise(text + " " * 300, "morphemes", (1, 2)) for text in texts])  # too long for the cache

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 4


# stages


def test_stages_by_hand() -> None:
    seen = stages(["good good food", "bad food", "?!"], BagConfig("en"))
    assert seen.vocabulary == ("bad", "food", "good")
    assert seen.tokens == (("good", "good", "food"), ("bad", "food"), ())
    assert seen.counts.tolist() == [[0, 1, 2], [1, 1, 0], [0, 0, 0]]
    assert seen.appears_in.tolist() == [1, 2, 1]
    np.testing.assert_allclose(seen.idf, np.log(4 / (1 + np.array([1, 2, 1]))) + 1)
    raw = seen.counts * seen.idf
    np.testing.assert_allclose(seen.tfidf[:2], raw[:2] / np.linalg.norm(raw[:2], axis=1, keepdims=True))
    assert seen.cosine_counts[0, 1] == pytest.approx(1 / np.sqrt(5 * 2))
    assert not seen.cosine_tfidf[2].any()


def test_stages_equal_sklearn(english: reviews.Reviews) -> None:
    seen = stages(english.texts[:20], BagConfig("en"))
    theirs = TfidfVectorizer(token_pattern=r"[^\W_]+(?:'[^\W_]+)*").fit(english.texts[:20])
    assert seen.vocabulary == tuple(theirs.get_feature_names_out())
    expected = theirs.transform(english.texts[:20]).toarray()
    np.testing.assert_allclose(seen.tfidf, expected, atol=1e-12)
    np.testing.assert_allclose(seen.cosine_tfidf, cosine_similarity(expected), atol=1e-12)


def test_word_order_is_lost_when_only_content_is_kept() -> None:
    views = {view.tokens: view for view in word_order(DOG, MAN)}
    assert views["content"].same and views["content"].cosine == pytest.approx(1.0)
    assert views["morphemes"].shared == ("ㄴ다/EF", "개/NNG", "물/VV", "사람/NNG")
    assert views["morphemes"].only_first == ("가/JKS", "을/JKO") and views["morphemes"].only_second == (
        "를/JKO",
        "이/JKS",
    )
    assert views["morphemes"].cosine == pytest.approx(4 / 6)
    assert views["words"].shared == ("문다",) and views["words"].cosine == pytest.approx(1 / 3)
    assert not views["characters"].same


def test_one_text_one_vector(bag: BagOfWords) -> None:
    first, second = bag.vectors(["not bad, really good", "really bad, not good"])
    np.testing.assert_array_equal(first, second)


# learning


@pytest.mark.parametrize("weighting", ["counts", "tfidf"])
@pytest.mark.parametrize("classes", [2, 3])
def test_equal_to_sklearn(weighting: str, classes: int, english: reviews.Reviews) -> None:
    labels = [str(i % 3) for i in range(len(english))] if classes == 3 else english.labels
    bag = BagOfWords("en", weighting=weighting).fit(english.texts, labels)
    kind = TfidfVectorizer if weighting == "tfidf" else CountVectorizer
    vectoriser = kind(token_pattern=r"[^\W_]+(?:'[^\W_]+)*")
    theirs = LogisticRegression(C=10.0, max_iter=1000).fit(vectoriser.fit_transform(english.texts), labels)
    held_out = reviews.load("en", hard=True).texts
    np.testing.assert_allclose(
        bag.predict_proba(held_out), theirs.predict_proba(vectoriser.transform(held_out)), atol=1e-6
    )
    assert bag.predict(held_out) == theirs.predict(vectoriser.transform(held_out)).tolist()
    np.testing.assert_allclose(
        bag.logits(held_out), theirs.decision_function(vectoriser.transform(held_out)), atol=1e-6
    )


@pytest.mark.parametrize("tokens", ["words", "morphemes", "content", "characters"])
@pytest.mark.parametrize("target", ["positive", "negative"])
def test_contributions_sum_to_the_logit(tokens: str, target: str) -> None:
    korean = reviews.load("ko", hard=False)
    bag = BagOfWords("ko", tokens).fit(korean.texts[:120], korean.labels[:120])
    text = "국물이 정말 정말 맛있었는데 직원이 불친절해서 별로였어요 zzz"
    told = bag.explanation(text, target)
    assert bag.explain(text, target) == list(told.contributions)
    total = sum(share for _, share in told.contributions) + told.intercept
    assert total == pytest.approx(told.logit, abs=1e-12)
    assert sum(piece.contribution for piece in told.pieces) + told.intercept == pytest.approx(told.logit, abs=1e-12)
    assert told.logit == pytest.approx(bag.logits([text])[0] * (1 if target == "positive" else -1), abs=1e-12)
    assert told.probability == pytest.approx(1 / (1 + np.exp(-told.logit)))
    assert [piece.token for piece in told.pieces] == bag.config.tokenise(text)
    sizes = [abs(share) for _, share in told.contributions]
    assert sizes == sorted(sizes, reverse=True)
    assert any("zz" in token for token in told.unknown)


def test_contributions_of_three_labels() -> None:
    bag = BagOfWords("en").fit(["good food", "bad food", "some food", "good", "bad", "some"], ["+", "-", "0"] * 2)
    told = bag.explanation("good good food")
    assert told.target == "+"
    column = bag.classes_.index("+")
    assert told.logit == pytest.approx(bag.logits(["good good food"])[0, column])
    assert told.probability == pytest.approx(bag.predict_proba(["good good food"])[0, column])


def test_words_that_judge_get_the_largest_weights(bag: BagOfWords) -> None:
    weights = dict(bag.top_words(n=40))
    assert weights["great"] > 0 > weights["terrible"]
    assert bag.top_words("negative", 5) == [(token, -weight) for token, weight in bag.top_words("positive", 5)]


def test_the_stream_is_one_descent(english: reviews.Reviews) -> None:
    bag = BagOfWords("en")
    events = list(bag.steps(english.texts, english.labels))
    assert isinstance(events[0], Progress) and isinstance(events[-1], Done) and events[-1].result is bag
    (seen,) = [event for event in events if isinstance(event, Vectorised)]
    assert (seen.texts, seen.vocabulary) == (len(english), len(bag.vocabulary_)) and 0 < seen.filled < 0.1
    steps = [event for event in events if isinstance(event, LearnStep)]
    assert [step.iteration for step in steps[:3]] == [1, 2, 3]
    assert all(late.loss < early.loss for early, late in zip(steps, steps[1:], strict=False))
    assert steps[-1].accuracy == np.mean(np.array(bag.predict(english.texts)) == np.array(english.labels))
    right = bag.predict_proba(english.texts)[range(len(english)), [bag.classes_.index(x) for x in english.labels]]
    penalty = (bag.weights_**2).sum() / (2 * bag.config.C * len(english))
    assert steps[-1].loss == pytest.approx(-np.log(right).mean() + penalty)
    assert list(steps[-1].words) == bag.top_words(n=10)


def test_closing_the_stream_leaves_a_usable_model(english: reviews.Reviews) -> None:
    bag = BagOfWords("en")
    stream = bag.steps(english.texts, english.labels)
    while not isinstance(next(stream), Vectorised):
        pass
    stream.close()
    assert bag.predict_proba(["good"]).tolist() == [[0.5, 0.5]]


def test_deadline_stops_early(english: reviews.Reviews) -> None:
    last = list(BagOfWords("en").steps(english.texts, english.labels, deadline=0.0))[-1]
    assert isinstance(last, Done) and last.stopped == "deadline"


def test_min_count_drops_rare_tokens() -> None:
    bag = BagOfWords("en", min_count=3).fit(TEXTS, LABELS)
    assert set(bag.vocabulary_) == {"good", "bad", "film"}
    with pytest.raises(InvalidInput, match="min_count must be between 1 and 3. Received: 9"):
        BagOfWords("en", min_count=9).fit(TEXTS, LABELS)


# the corpus


@pytest.mark.parametrize("language", ["ko", "en", "both"])
def test_five_folds_reach_four_in_five(language: str) -> None:
    plain, hard = reviews.load(language, hard=False), reviews.load(language, hard=True)
    config = CompareConfig("en" if language == "en" else "ko")
    events = list(compare(plain.texts, plain.labels, config, extra=(hard.texts, hard.labels)))
    folds = [event for event in events if isinstance(event, FoldResult)]
    scores = events[-1].result
    assert [score.tokens for score in scores] == list(config.tokens or ())
    for score in scores:
        mine = [fold for fold in folds if fold.tokens == score.tokens]
        assert [fold.fold for fold in mine] == [1, 2, 3, 4, 5]
        assert score.accuracy == pytest.approx(np.mean([fold.accuracy for fold in mine]))
        assert score.accuracy >= 0.80, score
        assert score.train_seconds > 0
        assert score.extra_accuracy is not None and score.extra_accuracy < 0.6, "the hard ones must be hard"


def test_folds_equal_sklearns_cross_validation(english: reviews.Reviews) -> None:
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(
        TfidfVectorizer(token_pattern=r"[^\W_]+(?:'[^\W_]+)*"), LogisticRegression(C=10.0, max_iter=1000)
    )
    expected = cross_val_score(
        model, list(english.texts), list(english.labels), cv=StratifiedKFold(5, shuffle=True, random_state=3)
    )
    events = list(compare(english.texts, english.labels, CompareConfig("en", ("words",), seed=3)))
    assert [event.accuracy for event in events if isinstance(event, FoldResult)] == pytest.approx(expected.tolist())
    assert events[-1].result[0].extra_accuracy is None


def test_compare_stops_at_its_deadline() -> None:
    events = list(compare(TEXTS, LABELS, CompareConfig("en", folds=2), deadline=0.0))
    assert events[-1].stopped == "deadline" and events[-1].result == ()


# saving


@pytest.mark.parametrize("labels", [LABELS, ["+", "-", "0"] * 2])
def test_save_and_load(tmp_path: Path, labels: list[object]) -> None:
    bag = BagOfWords("en", "characters", ngrams=(1, 3)).fit(TEXTS, labels)
    bag.weights_ = np.asfortranarray(bag.weights_)  # as scikit-learn 1.7 gives those of several classes
    bag.save(tmp_path / "bag.safetensors")
    again = BagOfWords.load(tmp_path / "bag.safetensors")
    np.testing.assert_array_equal(again.weights_, bag.weights_)
    assert again.config == bag.config and again.classes_ == bag.classes_ and again.vocabulary_ == bag.vocabulary_
    np.testing.assert_array_equal(again.predict_proba(["good new text"]), bag.predict_proba(["good new text"]))
    assert again.explain("good food") == bag.explain("good food")
    assert [path.name for path in tmp_path.iterdir()] == ["bag.safetensors"]


@pytest.mark.parametrize("fault", ["missing", "noise", "cut", "other", "vocabulary", "config"])
def test_bad_files_are_explained(tmp_path: Path, fault: str) -> None:
    path = tmp_path / "bag.safetensors"
    BagOfWords("en").fit(TEXTS, LABELS).save(path)
    with safetensors.safe_open(path, framework="numpy") as file:
        told, arrays = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    if fault == "missing":
        path.unlink()
    elif fault == "noise":
        path.write_bytes(b"\x80\x04 no pickle here" * 9)
    elif fault == "cut":
        path.write_bytes(path.read_bytes()[:-20])
    elif fault == "other":
        safetensors.numpy.save_file({"w": np.ones(3)}, path)
    elif fault == "vocabulary":
        safetensors.numpy.save_file(arrays, path, told | {"vocabulary": json.dumps(["one"])})
    else:
        safetensors.numpy.save_file(arrays, path, told | {"config": json.dumps({"language": "xx"})})
    with pytest.raises(InvalidInput) as caught:
        BagOfWords.load(path)
    assert caught.value.code == ("no_such_path" if fault == "missing" else "bad_file")


# wrong use


@pytest.mark.parametrize(
    ("texts", "labels", "code"),
    [
        ([], [], "empty"),
        (["one"], [1], "too_few"),
        (["good", "   "], [1, 0], "text_blank"),
        (["?!", "…"], [1, 0], "no_words"),
        (["good", "fine"], [1, 1], "one_class"),
        (["good", "bad"], [1], "uneven"),
        (["good", None], [1, 0], "not_text"),
        (["good", "bad"], [1, None], "bad_label"),
        (["good", "bad"], [1.0, float("nan")], "bad_label"),
        (["good", "a" * 100_000], [1, 0], "text_too_long"),
        (["good", "bad"] * 2501, [1, 0] * 2501, "too_many"),
        ([f"text {i}" for i in range(30)], list(range(30)), "too_many"),
        ("good", [1], "wrong_shape"),
    ],
)
def test_wrong_data_is_explained(texts: list[str], labels: list[object], code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        BagOfWords("en").fit(texts, labels)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"language": "fr"}, "language must be one of ko, en"),
        ({"language": "en", "tokens": "morphemes"}, "tokens must be one of words, characters"),
        ({"tokens": "morpheme"}, "Did you mean morphemes"),
        ({"weighting": "tf-idf"}, "Did you mean tfidf"),
        ({"ngrams": (0, 2)}, "between 1 and 5"),
        ({"ngrams": 2}, "shortest, longest"),
        ({"ngrams": (3, 2)}, "between 3 and 5"),
        ({"C": 0.0}, "C must be between"),
        ({"min_count": 1.5}, "whole number"),
    ],
)
def test_wrong_settings_are_explained(settings: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        BagOfWords(**settings)


def test_before_fit() -> None:
    bag = BagOfWords("en")
    for verb in (bag.predict, bag.counts, bag.vectors, bag.logits):
        with pytest.raises(NotReady, match="learnt nothing"):
            verb(["good"])
    for verb in (bag.explain, bag.save):
        with pytest.raises(NotReady, match="learnt nothing"):
            verb("good")
    with pytest.raises(NotReady, match="learnt nothing"):
        bag.top_words()


def test_texts_without_a_known_word_get_the_intercept(bag: BagOfWords) -> None:
    told = bag.explanation("zzz qqq qqq")
    assert told.contributions == () and told.unknown == ("zzz", "qqq") and told.logit == told.intercept
    np.testing.assert_array_equal(*bag.predict_proba(["", "zzz"]))


@pytest.mark.parametrize("tokens", ["words", "morphemes", "content", "characters"])
@pytest.mark.parametrize(
    "text",
    [
        "👍🏽👨‍👩‍👧🎉" * 50,
        "정말 good 최고 très bien とても",
        "مرحبا بالعالم שלום עולם",
        "\x00\x01\x1b[31m\u200b\u200d\ufeff",
        "<|im_end|><script>alert(1)</script>",
        "ㅋ" * 9_000,
        "가" * 9_000,
        "a/b/c 1/2 형태/소",
    ],
)
def test_odd_texts_are_judged_calmly(tokens: str, text: str) -> None:
    bag = BagOfWords("ko", tokens).fit(
        ["정말 좋아요 good", "너무 싫어요 bad", text + " 좋아", "별로 싫어"], [1, 0, 1, 0]
    )
    proba = bag.predict_proba([text])
    assert np.isfinite(proba).all() and proba.sum() == pytest.approx(1.0)
    told = bag.explanation(text)
    assert sum(share for _, share in told.contributions) + told.intercept == pytest.approx(told.logit)


def test_numpy_labels_and_mixed_labels() -> None:
    bag = BagOfWords("en").fit(np.array(TEXTS).tolist(), np.array(LABELS))
    assert bag.classes_ == (0, 1) and json.dumps(bag.predict(["good"])) == "[1]"
    assert BagOfWords("en").fit(TEXTS, [1, "1", 0, "0", 1, 0]).classes_ == ("0", "1")


def test_folds_need_enough_of_each_label() -> None:
    with pytest.raises(InvalidInput, match="at least 5 are needed. Received: 3"):
        drain(compare(TEXTS, LABELS, CompareConfig("en")))
    with pytest.raises(InvalidInput, match="one label per text"):
        drain(compare(TEXTS, LABELS, CompareConfig("en", folds=2), extra=(["good"], [])))


def test_dense_matrices_have_a_bound(bag: BagOfWords, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.language.bag_of_words.MOST_CELLS", 100)
    with pytest.raises(InvalidInput, match="cells: at most 100 are allowed"):
        bag.counts(["good"])
