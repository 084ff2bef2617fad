"""The three questions of lesson 12, answered by writing with counted letters (no model need be fetched)."""

from __future__ import annotations

import re
from typing import Any

from core.lessons.language_model.story import Story, begin, following, opened, weigh
from core.llm.letter_models import corpus
from core.pretrained.catalog import DEFAULT

PROMPT = "The "


def _story() -> Story:
    return begin(opened("counts", "en"), "counts", "en", DEFAULT, PROMPT)


def zero() -> tuple[str, dict[str, Any]]:
    """Temperature 0 with three seeds, and temperature 1 with the same three."""
    story = _story()
    cold, warm = ({following(story, 40, seed, temperature=t) for seed in (1, 2, 3)} for t in (0.0, 1.0))
    return "same" if len(cold) == 1 else "different", {"cold": len(cold), "warm": len(warm)}


def nucleus() -> tuple[str, dict[str, Any]]:
    """How many letters top-p 0.5 and 0.95 leave."""
    story = _story()
    half, most = (weigh(story, top_p=p) for p in (0.5, 0.95))
    share = half.left / half.size
    found = "few" if share < 0.2 else "some" if share < 0.5 else "many"
    return found, {"half": half.left, "most": most.left, "size": half.size}


def heat() -> tuple[str, dict[str, Any]]:
    """The share of written words that stand in the corpus, at temperature 0.5 and at 2."""
    story, known = _story(), set(re.findall(r"\w+", corpus("en").lower()))
    shares = {}
    for name, temperature in (("cold", 0.5), ("hot", 2.0)):
        words = re.findall(r"\w+", following(story, 400, 0, temperature=temperature).lower())
        shares[name] = sum(word in known for word in words) / max(len(words), 1)
    best = "same" if shares["cold"] == shares["hot"] else max(shares, key=lambda name: shares[name])
    return best, shares
