"""What lesson 9 looks at closely: one cell's arithmetic, tokens shuffled, reviews held out, and the hard ones.

Built on core/language/bag_of_words.py and stages.py; nothing here learns.
"""

from __future__ import annotations

import csv
import functools
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.data.reviews import HARD, Reviews
from core.data.reviews import load as load_reviews
from core.errors import InvalidInput, checking
from core.events import Done, Progress
from core.language.bag_of_words import BagConfig, BagOfWords, Explanation, LearnStep, Vectorised
from core.language.tokens import Label
from core.lessons.bag_of_words import choices
from core.lessons.bag_of_words.stages import Stages, vectorise

HELD_OUT = 0.2


@dataclass(frozen=True, slots=True)
class TfidfCell:
    """How one number of the tf-idf matrix came about: count × idf / length."""

    sentence: int  # row, from 0
    token: str
    count: int
    appears_in: int  # sentences with the token
    sentences: int
    idf: float
    length: float  # of the row before it was divided: √Σ (count · idf)²
    value: float


@dataclass(frozen=True, slots=True)
class CosineCell:
    """How one similarity came about: Σ first · second over the tokens that both have. The vectors have length 1."""

    first: int  # sentences, from 0
    second: int
    terms: tuple[tuple[str, float], ...]  # (token, product), largest first; they sum to value
    value: float


@dataclass(frozen=True, slots=True)
class Ledger:
    """An explanation as a sum that can be read: largest contributions, the rest together, the intercept, the logit."""

    largest: tuple[tuple[str, float], ...]
    rest: float  # Σ of the other contributions
    others: int  # how many these are
    intercept: float
    logit: float


@dataclass(frozen=True, slots=True)
class HardKind:
    """One kind of hard review, judged by a model that never learnt from it."""

    kind: str  # negation, irony, mixed
    right: int
    total: int
    missed: tuple[tuple[str, Label, float], ...]  # (text, its label, probability given to that label), worst first


def ledger(explanation: Explanation, most: int = 12) -> Ledger:
    """Σ largest + rest + intercept = logit."""
    largest, others = explanation.contributions[:most], explanation.contributions[most:]
    rest = float(sum(value for _, value in others))
    return Ledger(largest, rest, len(others), explanation.intercept, explanation.logit)


def weights_csv(bag: BagOfWords) -> str:
    """Every token of the vocabulary with its weight in each label's logit, largest first, as a CSV file."""
    targets = bag.classes_[1:] if len(bag.classes_) == 2 else bag.classes_
    columns = [bag.weights_for(target)[0] for target in targets]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["token", *targets])
    for j in np.argsort(-np.abs(columns).max(axis=0), kind="stable"):
        token = bag.vocabulary_[j]
        token = f"'{token}" if token[:1] in "=+-@" else token  # a spreadsheet must not run it
        writer.writerow([token, *(f"{column[j]:.6g}" for column in columns)])
    return out.getvalue()


def cell(view: Stages, row: int, column: int) -> TfidfCell:
    """The arithmetic behind ``view.tfidf[row, column]`` and ``view.counts[row, column]``."""
    with checking() as check:
        check.whole("row", row, 0, len(view.sentences) - 1)
        check.whole("column", column, 0, len(view.vocabulary) - 1)
    length = float(np.sqrt(((view.counts[row] * view.idf) ** 2).sum()))
    return TfidfCell(
        row,
        view.vocabulary[column],
        int(view.counts[row, column]),
        int(view.appears_in[column]),
        len(view.sentences),
        float(view.idf[column]),
        length,
        float(view.tfidf[row, column]),
    )


def cosine_cell(view: Stages, row: int, column: int) -> CosineCell:
    """The arithmetic behind ``view.cosine_tfidf[row, column]``."""
    with checking() as check:
        for name, value in (("row", row), ("column", column)):
            check.whole(name, value, 0, len(view.sentences) - 1)
    products = view.tfidf[row] * view.tfidf[column]
    order = [j for j in np.argsort(-products, kind="stable") if products[j]]
    terms = tuple((view.vocabulary[j], float(products[j])) for j in order)
    return CosineCell(row, column, terms, float(view.cosine_tfidf[row, column]))


def shuffled(view: Stages, config: BagConfig, seed: int = 0) -> tuple[Stages, float]:
    """The same sentences with the tokens of each in a random order, counted anew, and the largest change of any number.

    >>> from core.lessons.bag_of_words.stages import stages
    >>> config = BagConfig("en")
    >>> again, change = shuffled(stages(["a dog bites a man"], config), config)
    >>> again.tokens[0] == ("a", "dog", "bites", "a", "man"), change
    (False, 0.0)
    """
    rng = np.random.default_rng(seed)
    tokens = [[row[i] for i in rng.permutation(len(row))] for row in view.tokens]
    again = vectorise(view.sentences, tokens)
    change = max(float(np.abs(a - b).max()) for a, b in ((view.counts, again.counts), (view.tfidf, again.tfidf)))
    return again, change


@dataclass(frozen=True, slots=True)
class Taught:
    """A bag that has learnt reviews, judged on plain reviews it never saw."""

    bag: BagOfWords
    learnt: int
    held_out: int
    accuracy: float  # on those held out


def split(reviews: Reviews, seed: int = 0, share: float = HELD_OUT) -> tuple[Reviews, Reviews]:
    """(to learn from, to judge by): every label gives the same share, at least one of each stays to learn from."""
    with checking() as check:
        check.within("seed", seed, choices.SEED)
    rng, judged = np.random.default_rng(seed), set[int]()
    for label in sorted(set(reviews.labels)):
        rows = [i for i, other in enumerate(reviews.labels) if other == label]
        judged |= {rows[i] for i in rng.permutation(len(rows))[: int(len(rows) * share)]}
    kept = [i for i in range(len(reviews)) if i not in judged]
    return _rows(reviews, kept), _rows(reviews, sorted(judged))


def teach(
    reviews: Reviews, config: BagConfig, seed: int = 0, deadline: float | None = None
) -> Iterator[Progress | Vectorised | LearnStep | Done[Taught]]:
    """Learn four fifths of the reviews, then judge the rest. Fewer than ten reviews are all learnt from."""
    learnt, judged = split(reviews, seed, HELD_OUT if len(reviews) >= 10 else 0.0)
    bag, end = BagOfWords.of(config), None
    for event in bag.steps(learnt.texts, learnt.labels, deadline):
        if isinstance(event, Done):
            end = event
        else:
            yield event
    assert end is not None  # the contract of every stream
    if not bag.classes_:
        raise InvalidInput("empty", name="texts", least=1)
    accuracy = score(bag, judged.texts, judged.labels) if len(judged) else float("nan")
    yield Done(Taught(bag, len(learnt), len(judged), accuracy), end.seconds, end.stopped)


@functools.lru_cache(maxsize=8)
def taught_on_all(language: str, tokens: str | None = None) -> BagOfWords:
    """A bag that has learnt every shipped review of a language, kept: to be asked, never to be taught more."""
    corpus = load_reviews(language)
    return BagOfWords(language, tokens).fit(corpus.texts, corpus.labels)


def score(bag: BagOfWords, texts: Sequence[str], labels: Sequence[Label]) -> float:
    """Share of texts whose likeliest label is the right one."""
    return float(np.mean([guess == label for guess, label in zip(bag.predict(texts), labels, strict=True)]))


def hard_cases(bag: BagOfWords, reviews: Reviews) -> tuple[HardKind, ...]:
    """How a bag does on each kind of hard review of a corpus with the same labels."""
    found = []
    for kind in HARD:
        rows = [i for i, name in enumerate(reviews.hard) if name == kind]
        if not rows:
            continue
        some = _rows(reviews, rows)
        proba = bag.predict_proba(some.texts)
        given = [float(p[bag.classes_.index(label)]) for p, label in zip(proba, some.labels, strict=True)]
        right = score(bag, some.texts, some.labels) * len(rows)
        worst = sorted(zip(some.texts, some.labels, given, strict=True), key=lambda case: case[2])
        found.append(HardKind(kind, round(right), len(rows), tuple(case for case in worst if case[2] < 0.5)))
    return tuple(found)


def _rows(reviews: Reviews, rows: Sequence[int]) -> Reviews:
    def take(column: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(column[i] for i in rows) if column else ()

    return replace(
        reviews,
        texts=take(reviews.texts),
        labels=take(reviews.labels),
        hard=take(reviews.hard),
        topics=take(reviews.topics),
    )
