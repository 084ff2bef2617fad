"""core/files/csv_text.py against Python's own reader."""

from __future__ import annotations

import csv
import doctest
import io

import numpy as np
import pytest

from core.files import csv_text
from core.files.csv_text import to_csv


def test_every_digit_comes_back() -> None:
    values = np.array([0.1, 1e-300, -3.0, 1 / 3])
    text = to_csv({"step": range(4), "name, with comma": ["a", None, 'q"', "줄"], "value": values})
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [float(row["value"]) for row in rows] == values.tolist()
    assert [row["name, with comma"] for row in rows] == ["a", "", 'q"', "줄"]
    assert to_csv({"a": ()}) == "a\n"


def test_columns_are_equally_long() -> None:
    with pytest.raises(ValueError):
        to_csv({"a": [1], "b": []})


def test_examples() -> None:
    assert doctest.testmod(csv_text).failed == 0
