"""Around the bag of words of lesson 9: every stage as plain values, the lost word order, tokenisers compared.

Nothing here learns except through core/language/bag_of_words.py. Left out: other languages' tokenisers, repeated folds.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.model_selection import StratifiedKFold

from core.errors import InvalidInput, checking
from core.events import Cadence, Deadline, Done, Progress
from core.language.bag_of_words import BagConfig, BagOfWords
from core.language.tokens import TOKENS, Label, checked, checked_labels, prepare
from core.lessons.bag_of_words import choices

MOST_SENTENCES, MOST_LETTERS = 20, 1_000  # of ``stages``: a matrix that can be looked at


@dataclass(frozen=True, slots=True)
class Stages:
    """S sentences on their way to numbers; V tokens in the vocabulary."""

    sentences: tuple[str, ...]
    tokens: tuple[tuple[str, ...], ...]  # per sentence, in order
    vocabulary: tuple[str, ...]  # every different token once, sorted
    counts: np.ndarray  # (S, V) int64
    appears_in: np.ndarray  # (V,) int64: how many sentences have the token (document frequency)
    idf: np.ndarray  # (V,) ln((1 + S) / (1 + appears_in)) + 1
    tfidf: np.ndarray  # (S, V) counts · idf, each row divided by its length
    cosine_counts: np.ndarray  # (S, S) in 0…1
    cosine_tfidf: np.ndarray  # (S, S) in 0…1


@dataclass(frozen=True, slots=True)
class WordOrder:
    """Two sentences seen by one tokeniser."""

    tokens: str  # its name
    first: tuple[str, ...]
    second: tuple[str, ...]
    shared: tuple[str, ...]  # sorted, with repeats
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]
    cosine: float  # of the count vectors
    same: bool  # the very same vector: nothing built on it can tell the sentences apart


@dataclass(frozen=True)
class CompareConfig:
    """Which tokenisers meet, on which folds. ``tokens=None``: all that the language has."""

    language: str = "ko"
    tokens: tuple[str, ...] | None = None
    weighting: str = choices.WEIGHTING.default
    folds: int = int(choices.FOLDS.default)
    seed: int = int(choices.SEED.default)
    C: float = BagConfig.C

    def __post_init__(self) -> None:
        with checking() as check:
            check.one_of("language", self.language, TOKENS)
        object.__setattr__(self, "tokens", tuple(self.tokens or TOKENS[self.language]))
        with checking() as check:
            check.within("folds", self.folds, choices.FOLDS)
            check.within("seed", self.seed, choices.SEED)
        self.bags()

    def bags(self) -> list[BagConfig]:
        """One config per tokeniser."""
        return [BagConfig(self.language, name, self.weighting, C=self.C) for name in self.tokens or ()]


@dataclass(frozen=True, slots=True)
class FoldResult:
    """One tokeniser on one fold: learnt from the other folds, judged on this one."""

    tokens: str
    fold: int  # from 1
    folds: int
    accuracy: float  # on the fold left out
    extra_accuracy: float | None  # on the extra texts, which are in no fold (the hard ones)
    vocabulary: int
    train_seconds: float  # vectors and weights; tokens were cut before
    mean: float  # accuracy over the folds so far
    extra_mean: float | None


@dataclass(frozen=True, slots=True)
class Score:
    """One tokeniser over all its folds."""

    tokens: str
    accuracy: float  # mean over folds
    spread: float  # standard deviation over folds
    extra_accuracy: float | None  # mean over the folds' models
    vocabulary: int  # mean, rounded
    token_seconds: float  # cutting every text once (near 0 for Korean texts that were cut before and are kept)
    train_seconds: float  # mean of one training


def stages(sentences: Sequence[str], config: BagConfig | None = None) -> Stages:
    """Own sentences → tokens → vocabulary → counts → tf-idf → cosine; nothing is learnt from labels.

    Args:
        sentences: 1 to 20 of at most 1,000 characters; a sentence without a word becomes a row of zeros.
    Raises:
        InvalidInput: ``no_words``, ``too_many``, ``text_too_long``, …

    >>> seen = stages(["a dog bites a man", "a man bites a dog"], BagConfig("en"))
    >>> seen.vocabulary, seen.counts.tolist()
    (('a', 'bites', 'dog', 'man'), [[2, 1, 1, 1], [2, 1, 1, 1]])
    """
    config = config or BagConfig()
    kept = checked(sentences, most=MOST_SENTENCES, longest=MOST_LETTERS)
    return vectorise(kept, [config.tokenise(sentence) for sentence in kept])


def vectorise(sentences: Sequence[str], tokens: Sequence[Sequence[str]]) -> Stages:
    """``stages`` of sentences that are already cut into tokens."""
    if not any(tokens):
        raise InvalidInput("no_words")
    counter = CountVectorizer(analyzer=list)
    counts = counter.fit_transform(tokens)  # (S, V)
    weigher = TfidfTransformer()
    tfidf = weigher.fit_transform(counts)
    return Stages(
        tuple(sentences),
        tuple(map(tuple, tokens)),
        tuple(counter.get_feature_names_out().tolist()),
        counts.toarray(),
        (counts.toarray() > 0).sum(axis=0),
        weigher.idf_,
        tfidf.toarray(),
        cosine_similarity(counts),
        cosine_similarity(tfidf),
    )


def word_order(first: str, second: str, language: str = "ko") -> tuple[WordOrder, ...]:
    """Two sentences through every tokeniser of the language, in the order of ``TOKENS``.

    >>> [(seen.tokens, seen.same) for seen in word_order("The dog bites the man", "the man bites the dog", "en")]
    [('words', True), ('characters', True)]
    """
    with checking() as check:
        check.one_of("language", language, TOKENS)
    seen = []
    for name in TOKENS[language]:
        config = BagConfig(language, name)
        view = stages([first, second], config)
        one, two = map(Counter, view.tokens)
        shared, left, right = (tuple(sorted(part.elements())) for part in (one & two, one - two, two - one))
        cosine = float(view.cosine_counts[0, 1])
        seen.append(WordOrder(name, view.tokens[0], view.tokens[1], shared, left, right, cosine, one == two))
    return tuple(seen)


def compare(
    texts: Sequence[str],
    labels: Sequence[Label],
    config: CompareConfig | None = None,
    extra: tuple[Sequence[str], Sequence[Label]] | None = None,
    deadline: float | None = None,
) -> Iterator[Progress | FoldResult | Done[tuple[Score, ...]]]:
    """k-fold cross-validation of each tokeniser, on the same folds. The vocabulary, too, is learnt without the fold.

    Args:
        extra: (texts, labels) that are only judged, by every fold's model: here go the hard ones.
        deadline: seconds; the scores of the tokenisers finished by then come back.
    Raises:
        InvalidInput: as ``BagOfWords.fit``; ``too_few`` if a label has fewer texts than there are folds.
    """
    config = config or CompareConfig()
    kept, answers = checked(texts, blank=False, least=2), checked_labels(texts, labels)
    more = checked(extra[0], blank=False) if extra else []
    truth = list(extra[1]) if extra else []
    if len(more) != len(truth):
        raise InvalidInput("uneven", texts=len(more), labels=len(truth))
    for label, count in Counter(answers).items():
        if count < config.folds:
            raise InvalidInput("too_few", name=str(label), least=config.folds, received=count)
    clock, scores = Deadline(deadline), list[Score]()
    cut = list(StratifiedKFold(config.folds, shuffle=True, random_state=config.seed).split(kept, answers))
    for settings in config.bags():
        yield Progress("load", 0, 0, str(settings.tokens))
        prepare(settings.tokens)
        tokens, begun, beat = [], time.perf_counter(), Cadence(seconds=0.1)
        for done, text in enumerate(kept + more):
            if done == 0 or beat.due(done):
                yield Progress("tokenise", done, len(kept) + len(more), str(settings.tokens))
            tokens.append(settings.tokenise(text))
        token_seconds, results = time.perf_counter() - begun, list[FoldResult]()
        for fold, (learn, judge) in enumerate(cut, 1):
            if clock.expired:
                yield Done(tuple(scores), clock.elapsed, "deadline")
                return
            bag, begun = BagOfWords.of(settings), time.perf_counter()
            for _ in bag.learn([tokens[i] for i in learn], [answers[i] for i in learn], snapshots=False):
                pass
            seconds = time.perf_counter() - begun
            accuracy = _accuracy(bag, [tokens[i] for i in judge], [answers[i] for i in judge])
            hard = _accuracy(bag, tokens[len(kept) :], truth) if more else None
            name, size = str(settings.tokens), len(bag.vocabulary_)
            mean = float(np.mean([*(result.accuracy for result in results), accuracy]))
            extra_mean = None
            if hard is not None:
                extra_mean = float(np.mean([*(result.extra_accuracy or 0.0 for result in results), hard]))
            results.append(FoldResult(name, fold, config.folds, accuracy, hard, size, seconds, mean, extra_mean))
            yield results[-1]
        scores.append(_score(results, token_seconds))
    yield Done(tuple(scores), clock.elapsed)


def _accuracy(bag: BagOfWords, tokens: Sequence[Sequence[str]], labels: Sequence[Label]) -> float:
    guesses = bag.judge(tokens).argmax(axis=1)
    return float(np.mean([bag.classes_[guess] == label for guess, label in zip(guesses, labels, strict=True)]))


def _score(results: Sequence[FoldResult], token_seconds: float) -> Score:
    accuracy = [result.accuracy for result in results]
    extra = [result.extra_accuracy for result in results if result.extra_accuracy is not None]
    return Score(
        results[0].tokens,
        float(np.mean(accuracy)),
        float(np.std(accuracy)),
        float(np.mean(extra)) if extra else None,
        round(float(np.mean([result.vocabulary for result in results]))),
        token_seconds,
        float(np.mean([result.train_seconds for result in results])),
    )
