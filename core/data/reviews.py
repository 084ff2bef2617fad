"""Short reviews in Korean and English, written for this project, and the reader of the learner's own.

536 per language on 16 topics, half positive, half negative; 88 of them are hard for a bag of words (negation, irony,
mixed opinions) and marked so. Licence and making: core/data/reviews.md. Left out: stars, neutral reviews.
"""

from __future__ import annotations

import functools
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from core.errors import InvalidInput, checking, register
from core.files import tables

register(
    {
        "review_columns": "Two columns are needed, texts and labels. This file has {received} ({names}). Delete the others.",
    }
)

LANGUAGES = ("ko", "en")
ROW_NAMES = frozenset(
    {"id", "no", "no.", "index", "idx", "number", "번호", "순번", "연번", "글번호", "아이디"}
)  # of a column
HARD = ("negation", "irony", "mixed")
_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Reviews:
    """Texts with their labels; all tuples have one entry per review."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]  # "positive" or "negative"; in the learner's own file, whatever stands there
    hard: tuple[str, ...] = ()  # "", "negation", "irony" or "mixed"
    topics: tuple[str, ...] = ()  # "food", "film", …

    def __len__(self) -> int:
        return len(self.texts)


def load(language: str = "ko", hard: bool | None = None) -> Reviews:
    """The shipped reviews.

    Args:
        language: "ko", "en" or "both".
        hard: True for the hard ones only, False for the others, None for all.

    >>> len(load("ko")), len(load("en", hard=True))
    (536, 88)
    """
    with checking() as check:
        check.one_of("language", language, (*LANGUAGES, "both"))
        check.one_of("hard", hard, (True, False, None))
    rows = [row for name in LANGUAGES if language in (name, "both") for row in _rows(name)]
    kept = [row for row in rows if hard is None or bool(row[1]) == hard]
    labels, kinds, topics, texts = zip(*kept, strict=True)
    return Reviews(texts, labels, kinds, topics)


def from_csv(data: bytes) -> Reviews:
    """The learner's own reviews, from a CSV file's bytes: one column of texts and one of labels, in any order.

    The column with the longer cells holds the texts; a first row whose label occurs again below is a review, no header.
    A column that numbers the rows (id, 번호) is left out.

    Raises:
        InvalidInput: ``bad_file``, ``review_columns`` (not two), ``cell_empty``, ``empty``, ``one_class``, …
    """
    read = cells = tables.read_csv(data)
    if len(read.names) > 2:
        cells = read.pick(*(name for i, name in enumerate(read.names) if not _counts_rows(read, i)))
    if len(cells.names) != 2:
        raise InvalidInput("review_columns", received=len(read.names), names=", ".join(read.names)[:200])
    rows = list(zip(cells.numbers, ((*row, "", "")[:2] for row in cells.rows), strict=True))
    lengths = [sum(len(row[i]) for _, row in rows) for i in (0, 1)]
    text, label = (0, 1) if lengths[0] >= lengths[1] else (1, 0)
    seen = Counter(row[label] for _, row in rows)
    if seen[cells.names[label]]:
        rows.insert(0, (cells.numbers[0] - 1, cells.names))
    for number, row in rows:
        if not row[text] or not row[label]:
            raise InvalidInput("cell_empty", row=number, column=cells.names[label if row[text] else text])
    if len({row[label] for _, row in rows}) < 2:
        raise InvalidInput("one_class")
    return Reviews(tuple(row[text] for _, row in rows), tuple(row[label] for _, row in rows))


def _counts_rows(cells: tables.Cells, column: int) -> bool:
    """Whether a column only numbers the rows: by its name, or because each cell is a number greater than the last."""
    if cells.names[column].lower() in ROW_NAMES:
        return True
    found = [tables.number(row[column]) if column < len(row) else None for row in cells.rows]
    numbers = [value for value in found if value is not None]
    return len(numbers) == len(found) > 2 and all(b > a for a, b in zip(numbers, numbers[1:], strict=False))


@functools.cache
def _rows(language: str) -> tuple[tuple[str, ...], ...]:
    lines = (_FOLDER / f"reviews.{language}.tsv").read_text(encoding="utf-8").splitlines()
    return tuple(tuple(line.split("\t")) for line in lines[1:])
