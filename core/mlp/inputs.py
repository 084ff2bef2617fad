"""What Sequential accepts as rows and targets: every fault is told before training starts.

Left out: tables in files (core/files/tables.py), standardising (the lessons show both ways).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import Check, InvalidInput, register, shown

Array = NDArray[Any]
LARGEST = 1e15  # beyond it squares and sums stop being useful numbers
register(
    {
        "label_not_a_class": "{name} must be whole numbers from 0 to {high}, one class for each output. "
        "Received: {received}.",
        "shares": "Every row of {name} must hold shares that sum to 1, for example 0 0 1. Received: {received}.",
    }
)


def numbers(name: str, values: ArrayLike) -> Array:
    """A finite float64 array with at least one row and no number beyond ±1e15; one column if it has one dimension."""
    try:
        array = np.require(np.asarray(values, dtype=np.float64), requirements="W")  # torch warns of what is read-only
    except (TypeError, ValueError) as error:
        raise InvalidInput("not_a_number", name=name, received=shown(values)) from error
    check = Check()
    if array.ndim not in (1, 2):
        check.add("wrong_shape", name=name, expected="(N,) or (N, features)", received=array.shape)
    elif array.size == 0:
        check.add("empty", name=name, least=1)
    elif not np.isfinite(array).all():
        check.add("not_finite", name=name, received=shown(float(array[~np.isfinite(array)][0])))
    elif np.abs(array).max() > LARGEST:
        worst = float(array.flat[np.abs(array).argmax()])
        check.add("out_of_range", name=name, low=-LARGEST, high=LARGEST, received=shown(worst))
    check.done()
    return array[:, None] if array.ndim == 1 else array


def inputs_of(x: ArrayLike, features: int, name: str = "x") -> Array:
    """x as (N, features)."""
    array = numbers(name, x)
    if array.shape[1] != features:
        raise InvalidInput("wrong_shape", name=name, expected=f"(N, {features})", received=array.shape)
    return array


def targets_of(y: ArrayLike, rows: int, outputs: int, loss: str, name: str = "y") -> Array:
    """y as (rows, outputs); class indices become one-hot rows for the sparse cross-entropy."""
    array = numbers(name, y)
    classes = loss == "sparse_categorical_crossentropy"
    expected = (rows, 1 if classes else outputs)
    if array.shape != expected:
        raise InvalidInput("wrong_shape", name=name, expected=expected, received=array.shape)
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
