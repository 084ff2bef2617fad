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
        "no_targets": "{name} alone cannot be learnt from. Pass x and y, or batches of both: a DataLoader, or any iterable "
        "of (x, y).",
        "records_gradients": "{name} is a tensor that records gradients, which would be lost here. Pass {name}.detach().",
        "shares": "Every row of {name} must hold shares that sum to 1, for example 0 0 1. Received: {received}.",
    }
)


def numbers(name: str, values: ArrayLike) -> Array:
    """A finite float64 array with at least one row and no number beyond ±1e15; one column if it has one dimension."""
    values = _from_torch(name, values)
    try:
        array = np.require(np.asarray(values, dtype=np.float64), requirements="W")  # torch warns of what is read-only
    except (TypeError, ValueError) as error:
        raise InvalidInput("not_a_number", name=name, received=shown(values)) from error
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


def _from_torch(name: str, values: Any) -> Any:
    if not isinstance(values, torch.Tensor):
        return values
    if values.requires_grad:
        raise InvalidInput("records_gradients", name=name)
    return values.cpu().double()


def gathered(batches: Any, batch_size: int | None) -> tuple[Array, Any, int | None]:
    """(x, y, batch size) of a DataLoader or any iterable of (x, y) batches, all rows together.

    >>> x, y, size = gathered([([[1.0], [2.0]], [0, 1]), ([[3.0]], [1])], None)
    >>> x.shape, y.tolist(), size
    ((3, 1), [0, 1, 1], 2)
    """
    parts: list[tuple[Any, Any]] = []
    rows = 0
    for batch in batches if hasattr(batches, "__iter__") and not isinstance(batches, str | np.ndarray) else ():
        if not isinstance(batch, tuple | list) or len(batch) != 2 or not hasattr(batch[0], "__len__"):
            break
        x, y = (np.asarray(_from_torch(name, part)) for name, part in zip("xy", batch, strict=True))
        if x.ndim == 0 or y.ndim == 0 or len(x) != len(y):
            break
        parts.append((x, y))
        rows += x.size
        if rows > MOST_GATHERED:
            raise InvalidInput("too_many", name="x", most=MOST_GATHERED, received=f"more than {MOST_GATHERED}")
    else:
        if parts:
            size = getattr(batches, "batch_size", None) or len(parts[0][0])
            return np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts]), int(size)
    raise InvalidInput("no_targets", name="x")


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


def targets_of(y: ArrayLike, rows: int, outputs: int, loss: str, name: str = "y") -> Array:
    """y as (rows, outputs); class indices become one-hot rows for the sparse cross-entropy."""
    array = numbers(name, y)
    classes = loss == "sparse_categorical_crossentropy"
    expected = (rows, 1 if classes else outputs)
    if array.shape != expected:
        raise InvalidInput("wrong_shape", name=name, expected=expected, received=np.shape(y))
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
