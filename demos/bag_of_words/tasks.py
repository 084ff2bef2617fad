"""Three things to predict in this lesson, and what core computes for each."""

from __future__ import annotations

from typing import Any

from demos import kit
from demos.bag_of_words import learn


def _answer_order() -> tuple[str, dict[str, Any]]:
    from core.lessons.bag_of_words.stages import word_order

    seen = {view.tokens: view for view in word_order("개가 사람을 문다", "사람이 개를 문다")}
    values = {name: seen[name].cosine for name in ("words", "morphemes", "content")}
    return "same" if seen["content"].same else "different", values


def _answer_tokens() -> tuple[str, dict[str, Any]]:
    scores = {score.tokens: score.accuracy for score in learn.scores("ko")}
    best = max(("words", "morphemes", "characters"), key=lambda name: scores[name])
    return best, scores


def _answer_hard() -> tuple[str, dict[str, Any]]:
    from core.data import reviews
    from core.events import drain
    from core.language.bag_of_words import BagConfig
    from core.lessons.bag_of_words.cases import hard_cases, teach

    taught = drain(teach(reviews.load("en", hard=False), BagConfig("en")))
    kind = hard_cases(taught.bag, reviews.load("en", hard=True))[0]
    guess = "below" if kind.right * 2 < kind.total else "above"
    return guess, {"plain": taught.accuracy, "right": kind.right, "total": kind.total}


TASKS = (
    kit.Task("order", ("same", "different"), _answer_order),
    kit.Task("tokens", ("words", "morphemes", "characters"), _answer_tokens),
    kit.Task("hard", ("above", "below"), _answer_hard),
)
