"""Everyday words in pairs, Korean and English, by kind: what the lesson on word vectors searches. Card: words.md."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("words.tsv")


@dataclass(frozen=True, slots=True)
class Pair:
    """One thing in both languages."""

    kind: str  # "animal", "food", …
    ko: str
    en: str


@functools.cache
def load() -> tuple[Pair, ...]:
    """All pairs, in the order of the file.

    >>> load()[0]
    Pair(kind='animal', ko='고양이', en='cat')
    """
    return tuple(Pair(*line.split("\t")) for line in FILE.read_text("utf-8").splitlines()[1:])


def kinds() -> tuple[str, ...]:
    """The kinds, in order.

    >>> kinds()[:2]
    ('animal', 'food')
    """
    return tuple(dict.fromkeys(pair.kind for pair in load()))
