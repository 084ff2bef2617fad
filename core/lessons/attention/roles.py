"""What each head of a model does with a sentence, computed from its map: which simple habit explains most of its looks.

A map A (T, T) has a row for each token that looks; a habit is a set of cells, its strength the mean over the rows (where
there is such a cell) of the attention on them. After Clark et al. 2019, "What does BERT look at?" (arXiv:1906.04341).
The first row can only look at itself and counts for nothing. Left out: habits of grammar, which one sentence cannot show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

HABITS = ("first", "previous", "self", "word", "same")
SOUGHT = ("word", "same")  # which not every token has
LEAST = 0.4  # of its attention; below, a head is "mixed"


@dataclass(frozen=True, slots=True)
class Role:
    """The habit of one head, with the strength of every habit."""

    name: str  # of HABITS, or "mixed"
    strength: float
    all: dict[str, float]


def cells(tokens: Sequence[str], words: Sequence[int]) -> dict[str, np.ndarray]:
    """For every habit, its cells (T, T) as booleans.

    first: the first token (where attention rests that has nothing to do) · previous: the token just before · self · word:
    earlier pieces of the same word, but for the one just before · same: the same token seen earlier.
    """
    size = len(tokens)
    row, column = np.arange(size)[:, None], np.arange(size)[None]
    names, places = np.array(tokens, dtype=object), np.array(words)
    alike = names[:, None] == names[None]
    together = (places[:, None] == places[None]) & (places[:, None] >= 0)
    return {
        "first": (column == 0) & (row > 0),
        "previous": (column == row - 1) & (column > 0),
        "self": column == row,
        "word": together & (column < row - 1),
        "same": alike & (column < row) & (column > 0),
    }


def role(map_: np.ndarray, where: dict[str, np.ndarray]) -> Role:
    """The habit of one map (T, T). An earlier cell that is both "previous" and "same" counts for both.

    A head that seeks the same token (or word) rests on the first one where there is none to be found: its name is that of
    what it seeks, if it looks there more than at the first token wherever it can.
    """
    strengths, sought = dict[str, float](), list[str]()
    for name, here in where.items():
        rows = np.asarray(here.any(axis=1))
        rows[0] = False
        strengths[name] = float((map_ * here).sum(1)[rows].mean()) if rows.any() else 0.0
        if name in SOUGHT and strengths[name] >= LEAST and strengths[name] > float(map_[rows, 0].mean()):
            sought.append(name)
    best = max(sought or HABITS, key=lambda name: strengths[name])
    return Role(best if strengths[best] >= LEAST else "mixed", strengths[best], strengths)


def wall(maps: np.ndarray, tokens: Sequence[str], words: Sequence[int]) -> list[list[Role]]:
    """The roles of all heads: a list of layers of heads. maps (L, H, T, T)."""
    where = cells(tokens, words)
    return [[role(head, where) for head in layer] for layer in maps]
