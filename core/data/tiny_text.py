"""Little stories in Korean and English for the tiny GPT of lesson 11; made by recipes/tiny_text.py (tiny_text.md)."""

from __future__ import annotations

import functools
from pathlib import Path

from core.data import reviews
from core.errors import checking

LANGUAGES = ("ko", "en")
SOURCES = ("stories", "reviews")


@functools.cache
def load(language: str = "ko", source: str = "stories") -> str:
    """One text, a story or a review per line: 21,000 letters of Korean or 44,000 of English stories; the plain reviews.

    >>> len(load("ko")) > 20_000, "�" in load("en")
    (True, False)
    """
    with checking() as check:
        check.one_of("language", language, LANGUAGES)
        check.one_of("source", source, SOURCES)
    if source == "reviews":
        return "\n".join(reviews.load(language, hard=False).texts) + "\n"
    return (Path(__file__).parent / f"tiny_text.{language}.txt").read_text(encoding="utf-8")
