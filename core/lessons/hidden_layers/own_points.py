"""The learner's own points for the playground: a table of two columns and a class, fitted into the square that is drawn.

Left out: reading the file (core/files/tables.py).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.data.toy import EDGE, RADIUS, Task
from core.errors import InvalidInput
from core.files.tables import Row, checked_rows, from_grid, is_blank, number


@dataclass(frozen=True, slots=True)
class Labelled:
    """Points with a label, moved into the plane −6…6 where they do not fit it: raw = value · scale + centre."""

    task: Task
    names: tuple[str, ...]  # of x1, x2 and the label
    x: np.ndarray  # (N, 2) float64, in −6…6
    y: np.ndarray  # (N,) float64: classes 0.0 and 1.0, or targets in −1…1
    classes: tuple[str, ...]  # the two labels as given, class 0 first; empty for regression
    centre: np.ndarray  # (3,) of x1, x2 and the target; 0 where nothing was moved
    scale: np.ndarray  # (3,); 1 where nothing was scaled


def labelled(
    rows: Sequence[Row],
    names: Sequence[str] = (),
    task: Task = "classification",
    least: int = 2,
    numbers: Sequence[int] = (),
) -> Labelled:
    """Rows of (x1, x2, label) → points of the plane. Two different labels, numbers or words, are the classes 0 and 1.

    Args:
        numbers: of the rows in errors, where they come from a file; else 1, 2, …

    Raises:
        InvalidInput: faults of cells as in ``from_grid``; ``one_class``; ``many_classes``.
    """
    kept, names = checked_rows(rows, names or ("x1", "x2", "label"), 3, least, "table", numbers)
    if task == "regression":
        table = from_grid(rows, names, columns=3, least=least, numbers=numbers)
        centre, scale = _fit(table.values, np.array([EDGE, EDGE, 1.0]), np.array([RADIUS, RADIUS, 1.0]))
        moved = (table.values - centre) / scale
        return Labelled(task, names, moved[:, :2], moved[:, 2], (), centre, scale)
    classes = _two_classes([_label(row) for _, row in kept])
    numbered = [[*row[:2], classes.index(label)] if (label := _label(row)) else row for row in rows]
    values = from_grid(numbered, names, columns=3, least=least, numbers=numbers).values
    centre, scale = _fit(values[:, :2], np.array([EDGE, EDGE]), np.array([RADIUS, RADIUS]))
    x = (values[:, :2] - centre) / scale
    return Labelled(task, names, x, values[:, 2], classes, np.append(centre, 0.0), np.append(scale, 1.0))


def _label(row: Row) -> str:
    """The label of a row in one spelling (1, 1.0 and "1" are the same class); "" where it has none."""
    if len(row) != 3 or is_blank(row[2]):
        return ""
    value = number(row[2])
    if value is None:
        return str(row[2]).strip()
    return f"{value:g}" if math.isfinite(value) else ""


def _two_classes(texts: Sequence[str]) -> tuple[str, ...]:
    found = set(texts) - {""}
    if len(found) == 1:
        raise InvalidInput("one_class")
    if len(found) > 2:
        raise InvalidInput("many_classes", received=len(found))
    return tuple(sorted(found, key=lambda text: (number(text) is None, number(text) or 0.0, text)))


def _fit(values: np.ndarray, edge: np.ndarray, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centre and scale that put each column into ±``inside``; 0 and 1 if all columns lie within ±``edge`` already."""
    centre, scale = np.zeros(len(edge)), np.ones(len(edge))
    groups = (slice(0, 2), slice(2, 3))  # both coordinates together, the target by itself
    for group in groups:
        part = values[:, group]
        if part.size and np.any(np.abs(part) > edge[group]):
            low, high = part.min(axis=0), part.max(axis=0)
            centre[group] = (low + high) / 2
            scale[group] = np.where(high > low, (high - low) / 2 / inside[group], 1.0)
    return centre, scale
