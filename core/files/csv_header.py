"""Which of a table's first rows name its columns: none, one, or two as in public statistics (merged cells above, parts below).

A row without a number names columns. So does one whose numbers are years, or count from 1, and whose words stand over
numbers (month, 2022, 2023). Any other mixture (1O or tall beside 174) is a row with a fault, which is told.
Left out: titles above the table (``after_titles`` takes them away), dates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

YEARS = range(1900, 2101)
MISSING = frozenset({"na", "n/a", "nan", "null", "none", "-", "없음", "모름", "결측", "미상", "?", "."})
Rows = Sequence[tuple[int, list[str]]]  # a row's number in the file, and its cells
IsNumber = Callable[[str], bool]


def after_titles(rows: Rows) -> Rows:
    """The rows from the first one with several cells on; all of them where every row has one."""
    wide = next((i for i, (_, row) in enumerate(rows) if sum(map(bool, row)) > 1), 0)
    return rows[wide:] if len(rows) - wide > 1 else rows


def names(rows: Rows, is_number: IsNumber) -> tuple[list[str], int]:
    """The columns' names and how many rows they take.

    >>> names([(1, ["month", "2022", "2023"]), (2, ["1", "11", "13"]), (3, ["2", "12", "14"])], str.isdigit)
    (['month', '2022', '2023'], 1)
    """
    cells = [row for _, row in rows]
    if len(cells) < 2 or not _names(cells, is_number):
        return [], 0
    if _second(cells, is_number):
        above, below = cells[:2]
        return [" ".join(filter(None, pair)) for pair in zip(above, below, strict=True)], 2
    return cells[0], 1


def _names(cells: list[list[str]], is_number: IsNumber) -> bool:
    first, below = cells[0], cells[1:]
    if not any(is_number(cell) for cell in first):
        return True
    words = [j for j, cell in enumerate(first) if _word(cell, is_number)]
    counts = [j for j, cell in enumerate(first) if cell.isdecimal()]
    if any(cell and j not in words and j not in counts for j, cell in enumerate(first)):
        return False
    columns = {j: [row[j] for row in below if j < len(row) and row[j]] for j in (*words, *counts)}
    over_numbers = any(columns[j] and all(is_number(cell) for cell in columns[j]) for j in words)
    if not over_numbers and any(first[j] in columns[j] for j in words):
        return False  # a class that comes again
    values = [int(first[j]) for j in counts]
    stepped = all(abs(b - a) == 1 for a, b in zip(values, values[1:], strict=False))
    years = all(value in YEARS for value in values) and not any(
        cell.isdecimal() and int(cell) in YEARS for j in counts for cell in columns[j]
    )
    if years:
        return over_numbers or (stepped and len(values) > 1)
    return over_numbers and stepped and len(values) > 1 and values[0] in (0, 1)


def _second(cells: list[list[str]], is_number: IsNumber) -> bool:
    """Whether the second row names, too: all words, over columns of numbers (but the last, which may hold classes)."""
    if len(cells) < 4 or len(cells[0]) != len(cells[1]):
        return False
    first, second, below = cells[0], cells[1], cells[2:]
    known = {cell.lower() for cell in (*first, *second)} & MISSING
    if known or len(second) < 2 or any(is_number(cell) for cell in (*first, *second)) or not all(second):
        return False
    numeric = [all(j < len(row) and is_number(row[j]) for row in below) for j in range(len(second))]
    return all(numeric[:-1])


def _word(cell: str, is_number: IsNumber) -> bool:
    letters = any(letter.isalpha() for letter in cell) and not any(letter.isdigit() for letter in cell)
    return letters and not is_number(cell) and cell.lower() not in MISSING
