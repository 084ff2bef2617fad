"""Numbers as a CSV file: named columns of equal length, every digit kept, so that any other tool can read a result.

Left out: reading (tables.py). Source: RFC 4180.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping


def to_csv(columns: Mapping[str, Iterable[object]]) -> str:
    """A header, then one row for each entry of the columns; None is an empty cell.

    >>> print(to_csv({"step": [0, 1], "loss": [0.5, 0.25]}), end="")
    step,loss
    0,0.5
    1,0.25

    Raises:
        ValueError: columns of different lengths.
    """
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(columns)
    rows.writerows(zip(*columns.values(), strict=True))
    return text.getvalue()
