"""What Sequential accepts as rows and targets: every fault is told before training starts.

Left out: tables in files (core/files/tables.py), standardising (the lessons show both ways).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from core.errors import InvalidInput, checking, register, shown

Array = NDArray[Any]
MOST_GATHERED = 100_000_000  # numbers of an iterable data set: it is kept in memory
LARGEST = 1e15  # beyond it squares and sums stop being useful numbers
register(
    {
        "label_not_a_class": "{name} must be whole numbers from 0 to {high}, one class for each output. "
        "Received: {received}. Subtract the smallest if yours begin elsewhere, or name the classes by words.",
        "one_hot_needed": "{loss} compares shares, a column for each class: {name} must have the shape {expected}. Received: "
        "{received}. For numbers of classes compile with sparse_categorical_crossentropy.",
        "class_numbers_needed": "{loss} needs the number of its class for each row: {name} must have the shape {expected}. "
        "Received: {received}. For one-hot rows compile with categorical_crossentropy.",
        "too_many_classes": "{name} has {received} classes, and the net tells {known} apart. End it with "
        'Dense({received}, activation="softmax") and compile with sparse_categorical_crossentropy.',
        "words_measured": "{name} holds words, and {loss} measures numbers. Compile with binary_crossentropy (two words, one "
        "sigmoid) or sparse_categorical_crossentropy (a softmax).",
        "column_not_numbers": "{name}, column {column}: numbers are needed. Received: {received}. Leave the column out, or turn "
        "it into numbers (pandas.get_dummies).",
        "rows_differ": "The rows of {name} have different lengths. Received: {received}.",
        "no_targets": "{name} alone cannot be learnt from. Pass x and y, or batches of both: a DataLoader, or any iterable "
        "of (x, y).",
        "records_gradients": "{name} is a tensor that records gradients, which would be lost here. Pass {name}.detach().",
        "shares": "Every row of {name} must hold shares that sum to 1, for example 0 0 1. Received: {received}.",
    }
)


def numbers(name: str, values: ArrayLike) -> Array:
    """A finite float64 array with at least one row and no number beyond ±1e15; one column if it has one dimension."""
    values = _plain(name, values)
    try:
        array = np.require(np.asarray(values, dtype=np.float64), requirements="W")  # torch warns of what is read-only
    except (TypeError, ValueError) as error:
        raise _no_numbers(name, values) from error
    with checking() as check:
        if array.ndim not in (1, 2):
            check.add("wrong_shape", name=name, expected="(N,) or (N, features)", received=array.shape)
        elif array.size == 0:
            check.add("empty", name=name, least=1)
        elif not np.isfinite(array).all():
            check.add("not_finite", name=name, received=shown(float(array[~np.isfinite(array)][0])))
        elif np.abs(array).max() > LARGEST:
            worst = float(array.flat[np.abs(array).argmax()])
            check.add("out_of_range", name=name, low=-LARGEST, high=LARGEST, received=shown(worst))
    return array[:, None] if array.ndim == 1 else array


def _plain(name: str, values: Any) -> Any:
    """Tensors, sparse and masked arrays as NumPy can read them; what is masked is NaN."""
    if isinstance(values, torch.Tensor):
        if values.requires_grad:
            raise InvalidInput("records_gradients", name=name)
        values = values.cpu() if values.is_complex() else values.cpu().double()
        values = values.numpy()
    elif hasattr(values, "toarray"):
        values = values.toarray()
    elif isinstance(values, np.ma.MaskedArray) and values.dtype.kind in "buif":
        values = np.where(np.ma.getmaskarray(values), np.nan, values.data)
    if isinstance(values, np.ndarray) and values.dtype.kind == "c":
        raise InvalidInput(
            "not_a_number", name=name, received=shown(values.ravel()[0] if values.size else values.dtype)
        )
    return values


def _no_numbers(name: str, values: Any) -> InvalidInput:
    """Which column or cell is no number."""
    if hasattr(values, "iloc") and hasattr(values, "columns"):
        for place, column in enumerate(values.columns):
            found = _no_numbers_in(np.asarray(values.iloc[:, place], dtype=object))
            if found is not None:
                return InvalidInput("column_not_numbers", name=name, column=shown(column), received=shown(found))
    try:
        cells = np.asarray(values, dtype=object)
    except ValueError:
        cells = np.empty(0, dtype=object)
    found = _no_numbers_in(cells.ravel())
    if isinstance(found, list | tuple | np.ndarray):
        return InvalidInput("rows_differ", name=name, received=shown(values))
    return InvalidInput("not_a_number", name=name, received=shown(values if found is None else found))


def _no_numbers_in(cells: Array) -> Any:
    for cell in cells:
        try:
            float(cell)
        except (TypeError, ValueError):
            return cell
    return None


def gathered(batches: Any, batch_size: int | None) -> tuple[Array, Any, int | None, Any]:
    """(x, y, batch size, weights or None) of a DataLoader or any iterable of (x, y) or (x, y, weights), all rows together.

    >>> x, y, size, _ = gathered([([[1.0], [2.0]], [0, 1]), ([[3.0]], [1])], None)
    >>> x.shape, y.tolist(), size
    ((3, 1), [0, 1, 1], 2)
    """
    parts: list[list[Array]] = []
    rows = 0
    for batch in batches if hasattr(batches, "__iter__") and not isinstance(batches, str | np.ndarray) else ():
        if not isinstance(batch, tuple | list) or len(batch) not in (2, 3) or not hasattr(batch[0], "__len__"):
            break
        arrays = [
            np.asarray(_plain(name, part)) for name, part in zip(("x", "y", "sample_weight"), batch, strict=False)
        ]
        if any(array.ndim == 0 or len(array) != len(arrays[0]) for array in arrays) or (
            parts and len(parts[0]) != len(arrays)
        ):
            break
        parts.append(arrays)
        rows += arrays[0].size
        if rows > MOST_GATHERED:
            raise InvalidInput("too_many", name="x", most=MOST_GATHERED, received=f"more than {MOST_GATHERED}")
    else:
        if parts:
            size = getattr(batches, "batch_size", None) or len(parts[0][0])
            x, y, *weights = (np.concatenate(column) for column in zip(*parts, strict=True))
            return x, y, int(size), weights[0] if weights else None
    raise InvalidInput("no_targets", name="x")


def rows_of(x: Any) -> Any:
    """The inputs of a DataLoader, a generator or whatever else can only be gone through; arrays as they are.

    >>> rows_of(batch for batch in [([[1.0], [2.0]], [0, 1]), ([[3.0]], [1])]).tolist()
    [[1.0], [2.0], [3.0]]
    """
    if not hasattr(x, "__iter__") or any(hasattr(x, name) for name in ("__getitem__", "__array__", "toarray")):
        return x
    parts: list[Array] = []
    for batch in x:
        with_targets = isinstance(batch, tuple | list) and len(batch) and hasattr(batch[0], "__len__")
        parts.append(numbers("x", batch[0] if with_targets else batch))
        if sum(part.size for part in parts) > MOST_GATHERED:
            raise InvalidInput("too_many", name="x", most=MOST_GATHERED, received=f"more than {MOST_GATHERED}")
    if len({part.shape[1] for part in parts}) > 1:
        raise InvalidInput("rows_differ", name="x", received=", ".join(str(part.shape) for part in parts[:3]))
    return np.concatenate(parts) if parts else np.empty((0, 1))


def inputs_of(x: ArrayLike, features: int, name: str = "x", one: bool = False) -> Array:
    """x as (N, features). ``one``: a single row (features,) will do."""
    array = numbers(name, x)
    if one and features > 1 and array.shape == (features, 1):
        array = array.T
    if array.shape[1] != features:
        raise InvalidInput("wrong_shape", name=name, expected=f"(N, {features})", received=np.shape(x))
    return array


def encoded(y: Any, known: tuple[str, ...], name: str = "y") -> tuple[Any, tuple[str, ...]]:
    """Words as the numbers of their classes: of the ``known`` ones, else in the order of the alphabet; and the classes.

    >>> encoded(["dog", "cat", "dog"], ())
    (array([1, 0, 1]), ('cat', 'dog'))
    >>> encoded([0.5], ())
    ([0.5], ())
    """
    if isinstance(y, torch.Tensor):
        return y, known
    try:
        words = np.asarray(y).ravel()
        np.asarray(words, dtype=np.float64)
        return y, known
    except (TypeError, ValueError):
        if not all(isinstance(word, str) for word in words):
            return y, known
    classes = known or tuple(sorted(set(words.tolist())))
    with checking() as check:
        for word in sorted(set(words.tolist()) - set(classes))[:1]:
            check.one_of(name, word, classes)
    return np.array([classes.index(word) for word in words.tolist()]), classes


def targets_of(y: ArrayLike, rows: int, outputs: int, loss: str, name: str = "y", words: int = 0) -> Array:
    """y as (rows, outputs); class indices become one-hot rows for the sparse cross-entropy. words: how many were numbered."""
    array = numbers(name, y)
    classes = loss == "sparse_categorical_crossentropy" or (loss == "categorical_crossentropy" and bool(words))
    known = 2 if loss == "binary_crossentropy" and outputs == 1 else outputs
    if words and not loss.endswith("crossentropy"):
        raise InvalidInput("words_measured", name=name, loss=loss)
    if words > known:
        raise InvalidInput("too_many_classes", name=name, received=words, known=known)
    expected = (rows, 1 if classes else outputs)
    if array.shape != expected:
        code = "wrong_shape"
        if loss == "categorical_crossentropy" and array.shape == (rows, 1):
            code = "one_hot_needed"
        elif classes and array.shape == (rows, outputs):
            code = "class_numbers_needed"
        raise InvalidInput(code, name=name, loss=loss, expected=expected, received=np.shape(y))
    if classes:
        wrong = array[(array != np.floor(array)) | (array < 0) | (array >= outputs)]
        if wrong.size:
            raise InvalidInput("label_not_a_class", name=name, high=outputs - 1, received=shown(float(wrong[0])))
        return np.eye(outputs)[array[:, 0].astype(np.int64)]
    if loss.endswith("crossentropy") and (array.min() < 0 or array.max() > 1):
        worst = array.min() if array.min() < 0 else array.max()
        raise InvalidInput("out_of_range", name=name, low=0, high=1, received=shown(float(worst)))
    if loss == "categorical_crossentropy":
        wrong = array[np.abs(array.sum(1) - 1) > 1e-6]
        if len(wrong):
            raise InvalidInput("shares", name=name, received=shown(wrong[0].tolist()))
    return array


class Rows(NamedTuple):
    """What is learnt from or measured."""

    x: Array  # (N, features)
    y: Array  # (N, outputs)
    weights: Array | None = None  # (N,): a row's loss counts so often

    def split(self, at: int) -> tuple[Rows, Rows]:
        first, rest = (None, None) if self.weights is None else (self.weights[:at], self.weights[at:])
        return Rows(self.x[:at], self.y[:at], first), Rows(self.x[at:], self.y[at:], rest)

    def of(self, dtype: str) -> Rows:
        weights = None if self.weights is None else self.weights.astype(dtype, copy=False)
        return Rows(self.x.astype(dtype, copy=False), self.y.astype(dtype, copy=False), weights)


def weights_of(values: ArrayLike, rows: int, name: str = "sample_weight") -> Array:
    """(rows,) of numbers from 0."""
    array = numbers(name, values)
    if array.shape != (rows, 1):
        raise InvalidInput("wrong_shape", name=name, expected=(rows,), received=np.shape(values))
    if array.min() < 0:
        raise InvalidInput("out_of_range", name=name, low=0, high=LARGEST, received=shown(float(array.min())))
    return array[:, 0]


def by_class(class_weight: Mapping[Any, float], y: Array, classes: tuple[str, ...]) -> Array:
    """The weight of each row's class, given by its number or its word; 1 where none is given. y: (N, outputs). → (N,)

    >>> by_class({1: 3.0}, np.array([[0.0], [1.0]]), ())
    array([1., 3.])
    """
    labels = y[:, 0] if y.shape[1] == 1 else y.argmax(1)
    with checking() as check:
        for key, weight in class_weight.items():
            check.between(f"class_weight[{key!r}]", weight, 0, 1e9)
            if isinstance(key, str):
                check.one_of("class_weight", key, classes)
    weights = np.ones(len(y))
    for key, weight in class_weight.items():
        weights[labels == (classes.index(key) if isinstance(key, str) else key)] = weight
    return weights
