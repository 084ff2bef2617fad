"""The rows a Sequential run learns from: raw numbers named, split, and standardised as one should.

The validation rows are the last ones, as in Keras; the scaler is fitted on the training rows only.
Left out: words among the inputs, and missing values (core/files/tables.py refuses them).
Source: scikit-learn's StandardScaler (a constant column is only shifted); Keras' ``validation_split``.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.data import toy
from core.data.people import sample_people
from core.errors import InvalidInput, checking
from core.files import tables
from core.lessons.sequential.spec import RunSpec

Array = NDArray[np.float64]
MOST_CLASSES = 20
UNITS = frozenset(
    "kg g mg t cm mm m km ℃ °C % ℓ l L ml mL 원 만원 천원 억원 ₩ $ € £ ¥ 명 살 세 kcal Hz W kW V lb lbs".split()
)
_MEASURED = re.compile(r"([₩$€£¥])?\s*[-+]?\d[\d,.]*\s*(\D.*)?")
GROUPS = ("short", "medium", "tall")  # thirds of the people by height


@dataclass(frozen=True, slots=True)
class Data:
    """Raw rows. ``classes`` names the targets 0, 1, … of a classification and is empty for measurements."""

    names: tuple[str, ...]  # of the inputs, then of the target
    x: Array  # (N, F)
    y: Array  # (N,) measurements, or class numbers
    task: str  # "regression", "binary" or "multiclass"
    classes: tuple[str, ...]
    training: int  # the first rows, to learn from; the rest is for validation

    @property
    def table(self) -> str:
        """The rows as CSV, the target last."""
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([self.names, *np.column_stack([self.x, self.y]).tolist()])
        return text.getvalue()


@dataclass(frozen=True, slots=True)
class Scaler:
    """value → (value − mean) / spread, and back. Switched off, mean is 0 and spread 1."""

    x_mean: Array  # (F,)
    x_spread: Array  # (F,)
    y_mean: float
    y_spread: float

    @classmethod
    def of(cls, data: Data, standardise: bool) -> Scaler:
        """Means and standard deviations of the training rows; class numbers are never scaled."""
        features = data.x.shape[1]
        if not standardise:
            return cls(np.zeros(features), np.ones(features), 0.0, 1.0)
        x, y = data.x[: data.training], data.y[: data.training]
        measured = data.task == "regression"
        spread = x.std(axis=0)
        return cls(
            x.mean(axis=0),
            np.where(spread > 0, spread, 1.0),
            float(y.mean()) if measured else 0.0,
            float(y.std()) or 1.0 if measured else 1.0,
        )

    def inputs(self, x: Array) -> Array:
        return (x - self.x_mean) / self.x_spread

    def targets(self, y: Array) -> Array:
        return (y - self.y_mean) / self.y_spread

    def outputs(self, predicted: Array) -> Array:
        """Predictions of a regression in the units of the table."""
        with np.errstate(over="ignore"):  # of a net that diverges
            return predicted * self.y_spread + self.y_mean


def load(spec: RunSpec) -> Data:
    """The rows a spec asks for, split."""
    names, x, y, task, classes = _rows(spec)
    training = math.floor(len(x) * (1 - spec.validation_split))
    if training < 1:
        raise InvalidInput("too_few", name="training rows", least=1, received=training)
    return Data(names, x, y, task, classes, training)


def one_hot(y: Array, classes: int) -> Array:
    """(N,) class numbers → (N, classes)."""
    return np.eye(classes)[y.astype(np.int64)]


def from_cells(
    rows: Sequence[Sequence[Any]], names: Sequence[str] = (), numbers: Sequence[int] = ()
) -> tuple[tables.Table, tuple[str, ...]]:
    """An editable grid or a CSV's cells → numbers, and the names of the classes if the last column holds words.

    Names that are too many or too few are cut or made up (x1, x2, …). Measurements with their unit (50kg) are no words.
    ``numbers`` are those of the rows in their file, for errors.

    Raises:
        InvalidInput: from ``core.files.tables.from_grid``: every cell but those of such a last column must be a number.

    >>> from_cells([["1", "cat"], ["2", "dog"], ["3", "cat"]])[1]
    ('cat', 'dog')
    """
    if not isinstance(rows, list | tuple) or not all(isinstance(row, list | tuple) and row for row in rows):
        return tables.from_grid(rows, names, numbers=numbers), ()
    wide = max(map(len, rows), default=0)
    names = [*names, *[""] * wide][:wide]
    last = ["" if row[-1] is None else str(row[-1]).strip() for row in rows]
    labels = tuple(sorted({word for word in last if word}))
    if not labels or any(tables.is_number(word) for word in labels) or _measured(labels, len(last)):
        return tables.from_grid(rows, names, numbers=numbers), ()
    if len(labels) > MOST_CLASSES:
        raise InvalidInput("too_many", name="classes", most=MOST_CLASSES, received=len(labels))
    classes = {word: str(i) for i, word in enumerate(labels)}
    numbered = [[*row[:-1], classes.get(w, w)] for row, w in zip(rows, last, strict=True)]
    return tables.from_grid(numbered, names, numbers=numbers), labels


def _measured(labels: Sequence[str], rows: int) -> bool:
    """Whether words are numbers with a unit: one we know, or too many of them to be classes (dates, but not 2nd grade)."""
    found = [_MEASURED.fullmatch(word) for word in labels]
    units = {match[1] or match[2] for match in found if match}
    return all(found) and (units <= UNITS or len(labels) > max(4, rows // 2))


_Rows = tuple[tuple[str, ...], Array, Array, str, tuple[str, ...]]


def _rows(spec: RunSpec) -> _Rows:
    if spec.data == "table":
        return _table(spec)
    if spec.data in toy.NAMES:
        points = toy.make(toy.ToyConfig(spec.data, int(spec.samples), spec.noise, seed=spec.seed))
        x = np.concatenate([points.x_train, points.x_test])
        y = np.concatenate([points.y_train, points.y_test])
        measured = points.task == "regression"
        task, classes = ("regression", ()) if measured else ("binary", ("0", "1"))
        return ("x1", "x2", "y"), x, y, task, classes
    kg, cm = sample_people(10 if spec.data == "people" else max(11, int(spec.samples)), spec.seed)
    if spec.data == "groups":
        group = np.searchsorted(np.quantile(cm, [1 / 3, 2 / 3]), cm).astype(np.float64)
        return ("kg", "group"), kg[:, None], group, "multiclass", GROUPS
    return ("kg", "cm"), kg[:, None], cm, "regression", ()


def _table(spec: RunSpec) -> _Rows:
    values = np.array(spec.table, dtype=np.float64)
    with checking() as check:
        if values.shape[1] < 2 or len(values) < 2:
            check.add("wrong_shape", name="table", expected="≥ 2 × ≥ 2", received=f"{len(values)} × {values.shape[1]}")
        elif len(values) > toy.MOST_POINTS:
            check.add("too_many", name="table", most=toy.MOST_POINTS, received=len(values))
        else:
            check.between("table", float(np.abs(values).max()), 0, tables.LARGEST)
    x, y = values[:, :-1], values[:, -1]
    names = spec.names if len(spec.names) == values.shape[1] else tuple(f"x{i + 1}" for i in range(values.shape[1]))
    if not spec.classify:
        return names, x, y, "regression", ()
    found, numbers = np.unique(y, return_inverse=True)
    if len(found) < 2:
        raise InvalidInput("one_class")
    if len(found) > MOST_CLASSES:
        raise InvalidInput("too_many", name="classes", most=MOST_CLASSES, received=len(found))
    task = "binary" if len(found) == 2 else "multiclass"
    known = dict(enumerate(spec.labels))
    return names, x, numbers.astype(np.float64), task, tuple(known.get(value, f"{value:g}") for value in found)
