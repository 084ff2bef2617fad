"""The learner's own table: an editable grid or a CSV file → validated float64 columns, faults named by row and column.

A CSV may be utf-8 (with or without BOM), utf-16 or cp949; separated by comma, semicolon, bar or tab; with a header of one
or two rows, or none (csv_header.py); with decimal commas: always in a semicolon file, elsewhere in a column where one
cell leaves no doubt; otherwise 1,234 is 1234. A column that uses the comma both ways is refused.
Bounds: 5,000 rows, 50 columns, |value| ≤ 1e9. Left out: dates, missing values (a half-empty row is a fault, a blank one
is skipped), units (50kg is told as no number), spreadsheets' own formats.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import Check, InvalidInput, checking, register, shown
from core.files import csv_header, csv_rows

register(
    {
        "cell_text": "Row {row}, column {column}: a number is needed. Received: {received}.",
        "cell_empty": "Row {row}, column {column} is empty. Type a number or clear the whole row.",
        "cell_not_finite": "Row {row}, column {column}: {received} is not an ordinary finite number.",
        "cell_too_large": "Row {row}, column {column}: at most {most} in size is allowed. Received: {received}.",
        "row_length": "Row {row} has {received} cells; the table has {expected} columns.",
        "comma_both": "Column {column}: {decimal} and {thousands} use the comma in two ways. Write 1.5 and 1500.",
        "more_problems": "And {count} more.",
        "many_classes": "There are {received} different labels; two are needed. For measurements choose regression.",
        "table_too_large": "The file has {received} MB; at most {most} MB are allowed. Keep fewer rows.",
    }
)

MOST_ROWS, MOST_COLUMNS, MOST_BYTES = 5_000, 50, 5_000_000
LARGEST = 1e9
MOST_TOLD = 5  # faults told one by one; the rest is counted

_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?")  # 1,234 or 1,234,567.8
_SURELY_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}((,\d{3}){2,}(\.\d+)?|,\d{3}\.\d+)")  # not to be taken for a decimal
_DECIMAL_COMMA = re.compile(r"[+-]?(\d+|\d{1,3}(\.\d{3})+)?,\d+(e[+-]?\d+)?", re.IGNORECASE)  # 3,5 or 1.234,5
Row = Sequence[Any]  # str, int, float or None per cell


@dataclass(frozen=True, slots=True)
class Cells:
    """A file's cells as text, ready for an editable grid; numbers are already written as 1234.5."""

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[int, ...] = ()  # of the rows in the file, as a spreadsheet counts; empty: 1, 2, …

    def pick(self, *names: str) -> Cells:
        """Only these columns, in this order."""
        with checking() as check:
            for name in names:
                check.one_of("column", name, self.names)
        where = [self.names.index(name) for name in names]
        rows = tuple(tuple(row[i] if i < len(row) else "" for i in where) for row in self.rows)
        return Cells(tuple(names), rows, self.numbers)


@dataclass(frozen=True, slots=True)
class Table:
    """Validated numbers with the names of their columns."""

    names: tuple[str, ...]
    values: np.ndarray  # (N, C) float64, finite, |value| ≤ 1e9

    def column(self, name: str) -> np.ndarray:
        """One column, (N,)."""
        with checking() as check:
            check.one_of("column", name, self.names)
        return self.values[:, self.names.index(name)].copy()


def from_grid(
    rows: Sequence[Row],
    names: Sequence[str] = (),
    *,
    columns: int | None = None,
    least: int = 2,
    name: str = "table",
    numbers: Sequence[int] = (),
) -> Table:
    """Rows of an editable grid → numbers. Blank rows are skipped; row numbers in errors are those of the grid, from 1.

    Args:
        names: of the columns; x1, x2, … where missing. columns: how many there must be. least: rows needed.
        name: what the table is called in an error. numbers: of the rows in errors, where they come from a file.
    Raises:
        InvalidInput: with all faults in ``problems``.

    >>> from_grid([["87", 187], [81.0, "174"], [None, ""]], ["kg", "cm"]).values.tolist()
    [[87.0, 187.0], [81.0, 174.0]]
    """
    kept, names = checked_rows(rows, names, columns, least, name, numbers)
    comma = [_uses_decimal_comma(name, [row[j] for _, row in kept if j < len(row)]) for j, name in enumerate(names)]
    values = np.zeros((len(kept), len(names)))
    with checking() as check:
        for i, (number, row) in enumerate(kept):
            if len(row) != len(names):
                check.add("row_length", row=number, received=len(row), expected=len(names))
                continue
            for j, cell in enumerate(row):
                values[i, j] = _checked(check, cell, comma[j], number, names[j])
        _keep_first(check)
    return Table(names, values)


def from_csv(data: bytes, *pick: str, columns: int | None = None, least: int = 2) -> Table:
    """A CSV file's bytes → numbers; with names, only those columns. Errors as in ``from_grid``."""
    cells = read_csv(data)
    cells = cells.pick(*pick) if pick else cells
    return from_grid(cells.rows, cells.names, columns=columns, least=least, name="CSV", numbers=cells.numbers)


def read_csv(data: bytes) -> Cells:
    """A CSV file's bytes → its cells: titles above the table and empty columns are left out, names found.

    Raises:
        InvalidInput: ``bad_file``, ``table_too_large``, ``too_many``, ``empty``, ``comma_both``.
    """
    if len(data) > MOST_BYTES:
        raise InvalidInput("table_too_large", received=round(len(data) / 1e6, 1), most=MOST_BYTES // 10**6)
    rows, separator = csv_rows.split(csv_rows.decode(data), MOST_ROWS)
    if not rows:
        raise InvalidInput("empty", name="CSV", least=2)
    used = sorted({j for _, row in rows for j, cell in enumerate(row) if cell})  # lines may end with a separator
    rows = [(number, [row[j] for j in used if j < len(row)]) for number, row in csv_header.after_titles(rows)]
    header, taken = csv_header.names(rows, is_number)
    width = max(len(header), len(rows[0][1]))
    body = [row for _, row in rows[taken:]]
    names = _names(header, width)
    columns = [[row[j] for row in body if j < len(row)] for j in range(max(map(len, body), default=0))]
    comma = [
        separator == ";" or _uses_decimal_comma(names[j] if j < width else f"x{j + 1}", cells)
        for j, cells in enumerate(columns)
    ]
    plain = tuple(tuple(_plain(cell, comma[j]) for j, cell in enumerate(row)) for row in body)
    return Cells(names, plain, tuple(number for number, _ in rows[taken:]))


def checked_rows(
    rows: Sequence[Row],
    names: Sequence[str],
    columns: int | None,
    least: int,
    name: str,
    numbers: Sequence[int] = (),
) -> tuple[list[tuple[int, Row]], tuple[str, ...]]:
    """Rows that are not blank, numbered from 1 or as given, and the columns' names; the bounds of the whole table."""
    if not isinstance(rows, (list, tuple)) or not all(isinstance(row, (list, tuple)) for row in rows):
        raise InvalidInput("wrong_shape", name=name, expected="rows of cells", received=shown(rows))
    if len(rows) > MOST_ROWS:
        raise InvalidInput("too_many", name=name, most=MOST_ROWS, received=len(rows))
    told = numbers if len(numbers) == len(rows) else range(1, len(rows) + 1)
    kept = [(i, row) for i, row in zip(told, rows, strict=True) if not all(is_blank(cell) for cell in row)]
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


def _keep_first(check: Check) -> None:
    if len(check.problems) > MOST_TOLD:
        rest = len(check.problems) - MOST_TOLD
        del check.problems[MOST_TOLD:]
        check.add("more_problems", count=rest)


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


def _uses_decimal_comma(name: str, cells: Iterable[Any]) -> bool:
    """Whether a column's commas are decimal: one of them can be nothing else.

    Raises:
        InvalidInput: ``comma_both``, if another can only part thousands.
    """
    texts = [cell.strip() for cell in cells if isinstance(cell, str) and "," in cell]
    decimal = next((t for t in texts if _DECIMAL_COMMA.fullmatch(t) and not _THOUSANDS.fullmatch(t)), None)
    thousands = next((t for t in texts if _SURELY_THOUSANDS.fullmatch(t)), None)
    if decimal and thousands:
        raise InvalidInput("comma_both", column=name, decimal=decimal, thousands=thousands)
    return decimal is not None
