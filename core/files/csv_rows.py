"""A table's text → rows of cells: its encoding, its separator, and which quotes are quotes.

Files that people bring quote by halves: a review that begins with a quotation mark would swallow the lines below it up
to the next one. A cell goes on in the next line (RFC 4180 allows that) only where its quotation marks close as they
should, and, between tabs, only where the lines are no whole rows by themselves; else the mark is a letter.
Left out: what the cells mean (tables.py, csv_header.py). Python's csv module reads each line.
"""

from __future__ import annotations

import csv
import re
from collections import Counter

from core.errors import InvalidInput

SEPARATORS = "\t;|,"  # the first that every line has; in a file with one of the others a comma may be decimal
MOST_JOINED = 100  # lines of one cell
LOOKED_AT = 200  # lines that tell the separator
_TOLD = re.compile(r"sep=([,;\t|])\s*", re.IGNORECASE)  # the line a spreadsheet may put on top


def decode(data: bytes) -> str:
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


def split(text: str, most: int) -> tuple[list[tuple[int, list[str]]], str]:
    """Rows that are not blank, each with its number in the file as a spreadsheet counts (from 1), and the separator.

    Raises:
        InvalidInput: ``too_many`` rows, ``bad_file``.

    >>> split('who said\\n"kim "hi", lee\\n', 9)
    ([(1, ['who said']), (2, ['"kim "hi"', 'lee'])], ',')
    >>> split('"height\\n(cm)";kg\\n170;65', 9)[0]
    [(1, ['height\\n(cm)', 'kg']), (2, ['170', '65'])]
    """
    lines = re.split(r"\r\n|\n|\r", text)
    told = _TOLD.fullmatch(lines[0])
    lines = lines[1:] if told else lines
    if (count := sum(1 for line in lines if line)) > 20 * most:  # no cell has so many line breaks
        raise InvalidInput("too_many", name="CSV", most=most, received=count)
    lines = _spaced(lines) or lines
    try:
        mark = told[1] if told else _separator(lines)
        rows = [(number, row) for number, row in enumerate(_read(lines, mark), 1) if any(row)]
    except csv.Error as error:
        raise InvalidInput("bad_file", kind="CSV", hint=f"{error}.") from error
    if len(rows) > most + 1:
        raise InvalidInput("too_many", name="CSV", most=most, received=len(rows))
    return rows, mark


def _separator(lines: list[str]) -> str:
    """The first of ``SEPARATORS`` that every line has outside its quotes; titles on top have none. Else the comma."""
    looked = lines[:LOOKED_AT]
    for mark in SEPARATORS:
        if not any(mark in line for line in looked):
            continue
        widths = [len(row) for row in _read(looked, mark) if len(row) > 1 or any(row)]
        title = next((i for i, width in enumerate(widths) if width > 1), len(widths))
        below = widths[title:]
        if below and min(below) > 1 and title < max(1, len(below) - 1):
            return mark
    return ","


def _spaced(lines: list[str]) -> list[str] | None:
    """Columns of numbers apart by spaces alone ("170 65"), with tabs in their place."""
    rows = [line.split(" ") if line.strip() else [] for line in map(str.strip, lines)]
    rows = [[cell for cell in row if cell] for row in rows]
    widths = {len(row) for row in rows if row}
    numbers = re.compile(r"[-+\d.eE\s]+")
    plain = len(widths) == 1 and min(widths) > 1 and all(numbers.fullmatch(line) for line in lines[1:])
    return ["\t".join(row) for row in rows] if plain and not any(mark in lines[0] for mark in '\t;|,"') else None


def _read(lines: list[str], mark: str) -> list[list[str]]:
    alone = [_whole(line, mark) for line in lines]
    widths = Counter(len(row) for row in alone if row)
    usual = widths.most_common(1)[0][0] if widths else 0
    rows, i = [], 0
    while i < len(lines):
        row, used = alone[i], 1
        if row is None:
            row, used = _joined(lines, i, mark, usual) or (_plain(lines[i], mark), 1)
        rows.append([cell.strip() for cell in row])
        i += used
    return rows


def _joined(lines: list[str], start: int, mark: str, usual: int) -> tuple[list[str], int] | None:
    """A row whose quoted cells have line breaks, and how many lines it took; None if the quotation mark is a stray one.

    Prose holds commas, hardly a tab: lines that are each a row by the tab are rows.
    """
    marks, whole_rows = 0, mark == "\t"
    for end in range(start, min(start + MOST_JOINED, len(lines))):
        marks += lines[end].count('"')
        whole_rows = whole_rows and 1 < len(_plain(lines[end], mark)) == usual
        if end > start and marks % 2 == 0 and (row := _whole("\n".join(lines[start : end + 1]), mark)) is not None:
            return None if whole_rows else (row, end - start + 1)
    return None


def _whole(text: str, mark: str) -> list[str] | None:
    """The cells, or None where a quotation mark opens a cell and does not close it."""
    if '"' not in text:
        return _plain(text, mark)
    try:
        return next(csv.reader([text], delimiter=mark, strict=True), [])
    except csv.Error:
        return None


def _plain(text: str, mark: str) -> list[str]:
    """The cells where a quotation mark is a letter like any other."""
    return next(csv.reader([text], delimiter=mark, quoting=csv.QUOTE_NONE), [])
