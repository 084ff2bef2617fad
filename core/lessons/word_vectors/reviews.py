"""The same reviews, the same folds, twice: logistic regression on bags of words and on vectors of whole reviews.

Easy reviews are learnt and judged by cross-validation; the hard ones (negation, irony, mixed) are judged by nets that saw
none of them. Left out: tuning either side; the bag has its own default of C, vectors of length 1 a larger one, as their
numbers are small.
Source: scikit-learn's LogisticRegression; the reviews of core/data/reviews.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.data import reviews
from core.errors import checking
from core.events import Deadline, Done, Progress
from core.lessons.word_vectors import choices

READERS = ("bag", "vectors")


@dataclass(frozen=True)
class ContestConfig:
    """``folds`` parts of the easy reviews, each held out once."""

    texts: str = choices.TEXTS.default
    folds: int = int(choices.FOLDS.default)
    seed: int = int(choices.SEED.default)

    def __post_init__(self) -> None:
        with checking() as check:
            check.within("language", self.texts, choices.TEXTS)
            check.within("folds", self.folds, choices.FOLDS)
            check.within("seed", self.seed, choices.SEED)


@dataclass(frozen=True, slots=True)
class FoldJudged:
    """After one fold: accuracy of each reader on the part that was held out, and on the hard reviews."""

    fold: int  # from 1
    folds: int
    easy: tuple[float, float]  # bag, vectors
    hard: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Contest:
    """Means over the folds; ``kinds`` are the hard reviews by kind: (kind, count, bag, vectors)."""

    config: ContestConfig
    easy: tuple[float, float]
    hard: tuple[float, float]
    kinds: tuple[tuple[str, int, float, float], ...]
    learnt: int  # easy reviews in all
    features: tuple[int, int]  # numbers a review has: words of the vocabulary, dimensions


def contest(config: ContestConfig, *, deadline: float | None = None) -> Iterator[Progress | FoldJudged | Done[Contest]]:
    """Read all reviews once, then learn and judge fold by fold."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold

    from core.language.bag_of_words import BagConfig, BagOfWords
    from core.lessons.word_vectors.space import encoder

    clock = Deadline(deadline)
    easy, hard = reviews.load(config.texts, hard=False), reviews.load(config.texts, hard=True)
    total = len(easy) + len(hard)
    wv, rows = encoder(), list[np.ndarray]()
    texts = [*easy.texts, *hard.texts]
    for start in range(0, total, 64):
        yield Progress("read", start, total)
        rows.append(wv.encode(texts[start : start + 64], whole=True))
    x = np.concatenate(rows)  # (N, D)
    y = np.array([label == "positive" for label in (*easy.labels, *hard.labels)])
    n = len(easy)
    bag_config = BagConfig(config.texts, "morphemes" if config.texts == "ko" else "words")
    scores, right_hard, size, stopped = [], [], 0, None
    parts = StratifiedKFold(config.folds, shuffle=True, random_state=config.seed).split(x[:n], y[:n])
    for fold, (learn, held) in enumerate(parts, 1):
        bag = BagOfWords.of(bag_config).fit([texts[i] for i in learn], [int(y[i]) for i in learn])
        head = LogisticRegression(C=30.0, max_iter=2000).fit(x[learn], y[learn])
        size = len(bag.vocabulary_)
        judged = [np.array(bag.predict([texts[i] for i in held])) == y[held], head.predict(x[held]) == y[held]]
        scores.append([part.mean() for part in judged])
        right_hard.append([np.array(bag.predict(texts[n:])) == y[n:], head.predict(x[n:]) == y[n:]])
        now = np.array(right_hard[-1], dtype=float).mean(1)
        yield FoldJudged(
            fold, config.folds, (float(scores[-1][0]), float(scores[-1][1])), (float(now[0]), float(now[1]))
        )
        if clock.expired and fold < config.folds:
            stopped = "deadline"
            break
    means, hards = np.mean(scores, 0), np.array(right_hard, dtype=float).mean(0)  # (2,), (2, hard)
    kinds = tuple(
        (kind, int(mask.sum()), float(hards[0, mask].mean()), float(hards[1, mask].mean()))
        for kind in reviews.HARD
        if (mask := np.array([each == kind for each in hard.hard])).any()
    )
    result = Contest(
        config,
        (float(means[0]), float(means[1])),
        (float(hards[0].mean()), float(hards[1].mean())),
        kinds,
        n,
        (size, wv.dimensions),
    )
    yield Done(result, clock.elapsed, stopped)
