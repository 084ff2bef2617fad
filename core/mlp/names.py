"""Keras' names in the spellings people write: "Adam", "MSE", "MeanSquaredError", "leaky-relu"."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

OTHERS = {"swish": "silu", "bce": "binarycrossentropy"}  # other names of the same


def named(name: Any, known: Iterable[str]) -> Any:
    """The known name that ``name`` spells; anything else as it is, for a check to refuse.

    >>> named("MeanSquaredError", ["mean_squared_error"]), named("LeakyReLU", ["leaky_relu"]), named("hinge", [])
    ('mean_squared_error', 'leaky_relu', 'hinge')
    """
    if not isinstance(name, str) or name in (known := tuple(known)):
        return name
    word = _plain(name)
    return {_plain(each): each for each in known}.get(OTHERS.get(word, word), name)


def _plain(name: str) -> str:
    return "".join(sign for sign in name.lower() if sign.isalnum())
