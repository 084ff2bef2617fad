"""Three things to predict in this lesson, and what core computes for each."""

from __future__ import annotations

from typing import Any

from demos import kit


def _answer_languages() -> tuple[str, dict[str, Any]]:
    """Is a Korean word nearer to its English twin, or to another Korean word?"""
    from core.lessons.word_vectors import space

    cat, twin, other = space.vectors(("고양이", "cat", "강아지"))
    values = {"twin": float(cat @ twin), "other": float(cat @ other)}
    return "twin" if values["twin"] > values["other"] else "other", values


def _answer_order() -> tuple[str, dict[str, Any]]:
    """Two sentences that mean opposite things: do the vectors tell them apart?"""
    from core.lessons.word_vectors import space

    cosine = space.alike("개가 사람을 문다", "사람이 개를 문다", "ko").vectors
    return "alike" if cosine > 0.9 else "between" if cosine > 0.5 else "apart", {"cosine": cosine}


def _answer_sums() -> tuple[str, dict[str, Any]]:
    """How many of the built-in sums come out right?"""
    from core.lessons.word_vectors import space

    asked = space.riddles("en")
    right = sum(each.right for each in asked)
    share = right / len(asked)
    return "most" if share > 2 / 3 else "half" if share > 1 / 3 else "few", {"right": right, "total": len(asked)}


TASKS = (
    kit.Task("languages", ("twin", "other"), _answer_languages),
    kit.Task("order", ("alike", "between", "apart"), _answer_order),
    kit.Task("sums", ("most", "half", "few"), _answer_sums),
)
