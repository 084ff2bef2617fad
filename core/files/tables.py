"""The learner's own table: an editable grid or a CSV file → validated float64 columns, faults named by row and column.

A CSV may be utf-8 (with or without BOM), utf-16 or cp949; separated by comma, semicolon or tab; with a header or not;
with decimal commas (always in a semicolon file, elsewhere where one cell leaves no doubt; otherwise 1,234 is 1234).
Bounds: 5,000 rows, 50 columns, |value| ≤ 1e9. Left out: dates, missing values (a half-empty row is a fault, a blank one
is skipped), spreadsheets' own formats. Python's csv module does the quoting.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import Check, InvalidInput, register, shown

register(
    {
        "cell_text": "Row {row}, column {column}: a number is needed. Received: {received}.",
        "cell_empty": "Row {row}, column {column} is empty. Type a number or clear the whole row.",
        "cell_not_finite": "Row {row}, column {column}: {received} is not an ordinary finite number.",
        "cell_too_large": "Row {row}, column {column}: at most {most} in size is allowed. Received: {received}.",
        "row_length": "Row {row} has {received} cells; the table has {expected} columns.",
        "more_problems": "And {count} more.",
        "many_classes": "There are {received} different labels; two are needed. For measurements choose regression.",
        "table_too_large": "The file has {received} MB; at most {most} MB are allowed. Keep fewer rows.",
    }
)

MOST_ROWS, MOST_COLUMNS, MOST_BYTES = 5_000, 50, 5_000_000
LARGEST = 1e9
MOST_TOLD = 5  # faults told one by one; the rest is counted

_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?")  # 1,234 or 1,234,567.8
_DECIMAL_COMMA = re.compile(r"[+-]?(\d+|\d{1,3}(\.\d{3})+)?,\d+(e[+-]?\d+)?", re.IGNORECASE)  # 3,5 or 1.234,5
Row = Sequence[Any]  # str, int, float or None per cell


@dataclass(frozen=True, slots=True)
class Cells:
    """A file's cells as text, ready for an editable grid; numbers are already written as 1234.5."""

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def pick(self, *names: str) -> Cells:
        """Only these columns, in this order."""
        check = Check()
        for name in names:
            check.one_of("column", name, self.names)
        check.done()
        where = [self.names.index(name) for name in names]
        return Cells(tuple(names), tuple(tuple(row[i] if i < len(row) else "" for i in where) for row in self.rows))


@dataclass(frozen=True, slots=True)
class Table:
    """Validated numbers with the names of their columns."""

    names: tuple[str, ...]
    values: np.ndarray  # (N, C) float64, finite, |value| ≤ 1e9

    def column(self, name: str) -> np.ndarray:
        """One column, (N,)."""
        check = Check()
        check.one_of("column", name, self.names)
        check.done()
        return self.values[:, self.names.index(name)].copy()


def from_grid(
    rows: Sequence[Row], names: Sequence[str] = (), *, columns: int | None = None, least: int = 2, name: str = "table"
) -> Table:
    """Rows of an editable grid → numbers. Blank rows are skipped; row numbers in errors are those of the grid, from 1.

    Args:
        names: of the columns; x1, x2, … where missing. columns: how many there must be. least: rows needed.
        name: what the table is called in an error.
    Raises:
        InvalidInput: with all faults in ``problems``.

    >>> from_grid([["87", 187], [81.0, "174"], [None, ""]], ["kg", "cm"]).values.tolist()
    [[87.0, 187.0], [81.0, 174.0]]
    """
    kept, names = checked_rows(rows, names, columns, least, name)
    check, comma = Check(), _uses_decimal_comma(cell for _, row in kept for cell in row)
    values = np.zeros((len(kept), len(names)))
    for i, (number, row) in enumerate(kept):
        if len(row) != len(names):
            check.add("row_length", row=number, received=len(row), expected=len(names))
            continue
        for j, cell in enumerate(row):
            values[i, j] = _checked(check, cell, comma, number, names[j])
    _raise_first(check)
    return Table(names, values)


def from_csv(data: bytes, *pick: str, columns: int | None = None, least: int = 2) -> Table:
    """A CSV file's bytes → numbers; with names, only those columns. Errors as in ``from_grid``."""
    cells = read_csv(data)
    cells = cells.pick(*pick) if pick else cells
    return from_grid(cells.rows, cells.names, columns=columns, least=least, name="CSV")


def read_csv(data: bytes) -> Cells:
    """A CSV file's bytes → its cells. The first row is a header if none of its cells is a number.

    Raises:
        InvalidInput: ``bad_file``, ``file_too_large``, ``too_many``, ``empty``.
    """
    if len(data) > MOST_BYTES:
        raise InvalidInput("table_too_large", received=round(len(data) / 1e6, 1), most=MOST_BYTES // 10**6)
    text = _decode(data)
    first, _, rest = text.partition("\n")
    told = re.fullmatch(r"sep=([,;\t])\s*", first, re.IGNORECASE)  # the line a spreadsheet may put on top
    text = rest if told else text
    separator = told[1] if told else _separator(text)
    try:
        rows = [
            [cell.strip() for cell in row] for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        ]
    except csv.Error as error:
        raise InvalidInput("bad_file", kind="CSV", hint=f"{error}.") from error
    rows = [row for row in rows if any(row)]
    if len(rows) > MOST_ROWS + 1:
        raise InvalidInput("too_many", name="CSV", most=MOST_ROWS, received=len(rows))
    if not rows:
        raise InvalidInput("empty", name="CSV", least=2)
    while len(rows[0]) > 1 and not any(row[len(rows[0]) - 1 :] != [""] for row in rows):
        rows = [row[:-1] for row in rows]  # every line ends with a separator
    header = len(rows) > 1 and not any(is_number(cell) for cell in rows[0])
    names = _names(rows[0] if header else (), len(rows[0]))
    body = rows[1:] if header else rows
    comma = separator == ";" or _uses_decimal_comma(cell for row in body for cell in row)
    return Cells(names, tuple(tuple(_plain(cell, comma) for cell in row) for row in body))


def checked_rows(
    rows: Sequence[Row], names: Sequence[str], columns: int | None, least: int, name: str
) -> tuple[list[tuple[int, Row]], tuple[str, ...]]:
    """Rows that are not blank, with their numbers from 1, and the columns' names; the bounds of the whole table."""
    if not isinstance(rows, (list, tuple)) or not all(isinstance(row, (list, tuple)) for row in rows):
        raise InvalidInput("wrong_shape", name=name, expected="rows of cells", received=shown(rows))
    if len(rows) > MOST_ROWS:
        raise InvalidInput("too_many", name=name, most=MOST_ROWS, received=len(rows))
    kept = [(i, row) for i, row in enumerate(rows, 1) if not all(is_blank(cell) for cell in row)]
    if not kept:
        raise InvalidInput("empty", name=name, least=least)
    if len(kept) < least:
        raise InvalidInput("too_few", name=name, least=least, received=len(kept))
    width = columns or len(names) or len(kept[0][1])
    if columns and all(len(row) != columns for _, row in kept):
        raise InvalidInput("wrong_shape", name=name, expected=f"N × {columns}", received=f"N × {len(kept[0][1])}")
    if width > MOST_COLUMNS:
        raise InvalidInput("too_many", name="columns", most=MOST_COLUMNS, received=width)
    return kept, _names(names, width)


def _names(given: Sequence[str], width: int) -> tuple[str, ...]:
    names: list[str] = []
    for i in range(width):
        name = str(given[i]).strip() if i < len(given) else ""
        name = name or f"x{i + 1}"
        names.append(f"{name} ({i + 1})" if name in names else name)
    return tuple(names)


def _checked(check: Check, cell: Any, comma: bool, row: int, column: str) -> float:
    where = {"row": row, "column": column}
    if is_blank(cell) and not isinstance(cell, float):
        check.add("cell_empty", **where)
        return 0.0
    value = number(cell, comma)
    if value is None:
        check.add("cell_text", **where, received=shown(cell))
        return 0.0
    if not math.isfinite(value):
        check.add("cell_not_finite", **where, received=shown(cell))
    elif abs(value) > LARGEST:
        check.add("cell_too_large", **where, received=shown(cell), most=f"{LARGEST:g}")
    return value


def _raise_first(check: Check) -> None:
    if len(check.problems) > MOST_TOLD:
        rest = len(check.problems) - MOST_TOLD
        del check.problems[MOST_TOLD:]
        check.add("more_problems", count=rest)
    check.done()


def is_blank(cell: Any) -> bool:
    """None, no text, or the NaN that a data frame puts into an empty cell."""
    return (
        cell is None or (isinstance(cell, str) and not cell.strip()) or (isinstance(cell, float) and math.isnan(cell))
    )


def number(cell: Any, comma: bool = False) -> float | None:
    """A cell as a float (maybe inf or nan), or None if it is no number."""
    if isinstance(cell, (bool, np.bool_)):
        return None
    if isinstance(cell, (int, float, np.integer, np.floating)):
        try:
            return float(cell)
        except OverflowError:
            return math.inf
    if not isinstance(cell, str) or "_" in cell:
        return None
    try:
        return float(_plain(cell, comma))
    except ValueError:
        return None


def _plain(text: str, comma: bool) -> str:
    """A number's text with a decimal point and no thousands separators; other text unchanged."""
    tidy = text.strip().replace("\u2212", "-")
    if comma and _DECIMAL_COMMA.fullmatch(tidy):
        return tidy.replace(".", "").replace(",", ".")
    return tidy.replace(",", "") if _THOUSANDS.fullmatch(tidy) else tidy


def is_number(text: str) -> bool:
    """Whether a cell is a number, also one with a decimal comma."""
    return number(text) is not None or bool(_DECIMAL_COMMA.fullmatch(text.strip()))


def _uses_decimal_comma(cells: Iterable[Any]) -> bool:
    texts = (cell.strip() for cell in cells if isinstance(cell, str) and "," in cell)
    return any(_DECIMAL_COMMA.fullmatch(text) and not _THOUSANDS.fullmatch(text) for text in texts)


def _decode(data: bytes) -> str:
    """Text of a file: by its byte-order mark; else utf-16 if every second byte is 0; else utf-8; else cp949."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        tries = ["utf-16"]
    elif data[1:100:2].count(0) > len(data[1:100:2]) // 2:
        tries = ["utf-16-le"]
    elif data[:100:2].count(0) > len(data[:100:2]) // 2:
        tries = ["utf-16-be"]
    else:
        tries = ["utf-8-sig", "cp949"]
    for encoding in tries:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise InvalidInput("bad_file", kind="CSV", hint='Save it as "CSV UTF-8" and try again.')


def _separator(text: str) -> str:
    """Tab or semicolon if every line has one (a comma may be decimal there), else comma."""
    lines = [line for line in text.splitlines() if line.strip()][:200]
    return next((mark for mark in "\t;" if lines and all(mark in line for line in lines)), ",")
