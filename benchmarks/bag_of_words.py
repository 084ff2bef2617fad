"""Bag of words beside scikit-learn's own pipeline: same reviews, same folds, same run, one after the other.

Prints accuracy over five folds on the plain reviews, the folds' models on the hard ones, and seconds of one training,
per language and tokeniser. The peer gets the very same token lists, so the ratio is the cost of our wrapping. Cutting
Korean into morphemes is timed apart: loading the dictionary, the first pass, and a second pass from the cache.
Usage: python -m benchmarks.bag_of_words [--rounds 5] [--seed 0]
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline

from core.data import reviews
from core.events import drain
from core.language.bag_of_words import BagConfig, BagOfWords
from core.language.tokens import prepare
from core.lessons.bag_of_words.stages import CompareConfig, compare


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def peer() -> Any:
    return make_pipeline(TfidfVectorizer(analyzer=list), LogisticRegression(C=10.0, max_iter=1000))


def ours(config: BagConfig, tokens: Sequence[Sequence[str]], labels: Sequence[str], snapshots: bool) -> None:
    for _ in BagOfWords.of(config).learn(tokens, labels, snapshots=snapshots):
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="trainings timed; the median is shown")
    parser.add_argument("--seed", type=int, default=0, help="of the folds")
    args = parser.parse_args()

    korean = reviews.load("ko").texts
    load = seconds(lambda: prepare("morphemes"))
    bag = BagConfig("ko")
    first, again = (seconds(lambda: [bag.tokenise(text) for text in korean]) for _ in range(2))
    print(f"Korean dictionary: {load:.2f} s to load, once per process ({os.cpu_count()} cores)")
    print(f"Morphemes of {len(korean)} reviews: {first:.3f} s; again, from the cache: {again:.4f} s\n")

    head = f"{'reviews':8} {'tokens':11} {'5 folds':>14} {'peer':>6} {'hard':>6}"
    print(head + f" {'vocabulary':>10} {'train':>9} {'live':>9} {'peer':>9} {'ratio':>6}")
    for language in ("ko", "en", "both"):
        plain, hard = reviews.load(language, hard=False), reviews.load(language, hard=True)
        texts, labels = list(plain.texts), list(plain.labels)
        config = CompareConfig("en" if language == "en" else "ko", seed=args.seed)
        scores = drain(compare(texts, labels, config, extra=(hard.texts, hard.labels)))
        for score, settings in zip(scores, config.bags(), strict=True):
            tokens = [settings.tokenise(text) for text in texts]
            folds = StratifiedKFold(5, shuffle=True, random_state=args.seed)
            theirs = cross_val_score(peer(), tokens, labels, cv=folds)
            runs = {
                "train": partial(ours, settings, tokens, labels, False),
                "live": partial(ours, settings, tokens, labels, True),
                "peer": partial(peer().fit, tokens, labels),
            }
            times = [{name: seconds(run) for name, run in runs.items()} for _ in range(args.rounds)]
            train, live, other = (statistics.median(each[name] for each in times) for name in runs)
            print(
                f"{language:8} {score.tokens:11} {score.accuracy:6.3f} ± {score.spread:.3f} {np.mean(theirs):7.3f} "
                f"{score.extra_accuracy:6.3f} {score.vocabulary:10d} {train:7.3f} s {live:7.3f} s {other:7.3f} s "
                f"{train / other:6.2f}"
            )
    print("\nhard: negation, irony and mixed opinions, never trained on; a coin would reach 0.5")
    print("train: vocabulary, vectors and weights; live: the same with every snapshot the page shows")


if __name__ == "__main__":
    main()
