"""Errors that are safe to show a visitor.

Each carries a ``code`` and ``values``, so that the page can say the same thing in Korean or English
(``demos/kit/words/errors.<lang>.toml``); ``str(error)`` is plain English for scripts. A message states the rule,
the value received and the next action. Anything that is not a CoreError is a bug and stays a traceback.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from core.choices import Options, Range

# One English template per code; the pages' translations use the same placeholders (a test compares them).
MESSAGES: dict[str, str] = {
    "out_of_range": "{name} must be between {low} and {high}. Received: {received}.",
    "not_finite": "{name} must be an ordinary finite number. Received: {received}.",
    "not_a_number": "{name} must be a number. Received: {received}.",
    "must_be_text": "{name} must be text. Received: {received}.",
    "not_whole": "{name} must be a whole number. Received: {received}.",
    "not_one_of": "{name} must be one of {choices}. Received: {received}.{hint}",
    "empty": "{name} is empty. Add at least {least}.",
    "too_few": "{name}: at least {least} are needed. Received: {received}.",
    "too_many": "{name}: at most {most} are allowed. Received: {received}. Use fewer.",
    "wrong_shape": "{name} must have the shape {expected}. Received: {received}.",
    "not_built": "The model has no weights yet. Call build(input_shape) or give the first layer an input_shape.",
    "not_compiled": "The model has no loss and optimiser yet. Call compile() first.",
    "not_trained": "Nothing has been trained yet. Train first, then ask for the program.",
    "diverged": "The loss became {received} at step {step}: the learning rate {learning_rate} is too large. Try a tenth of it.",
    "one_class": "All rows have the same label. Add at least one row with a different label.",
    "bad_file": "This file could not be read as {kind}. {hint}",
    "several": "{sentences}",
}


def register(messages: dict[str, str]) -> None:
    """Add a module's own codes. A code may be defined once only."""
    twice = [code for code, text in messages.items() if MESSAGES.get(code, text) != text]
    if twice:
        raise ValueError(f"error codes defined twice: {twice}")
    MESSAGES.update(messages)


class CoreError(Exception):
    """Base of all errors a visitor may see. ``CoreError("out_of_range", name="epochs", low=1, high=9, received=0)``."""

    def __init__(self, code: str, **values: Any) -> None:
        self.code, self.values = code, values
        super().__init__(MESSAGES[code].format(**values))


class InvalidInput(CoreError, ValueError):
    """A value the visitor can correct. ``problems`` lists every fault found, not only the first."""

    def __init__(self, code: str, problems: Iterable[CoreError] = (), **values: Any) -> None:
        super().__init__(code, **values)
        self.problems: tuple[CoreError, ...] = tuple(problems) or (self,)


class Diverged(CoreError, ArithmeticError):
    """The numbers left the range of floats: explained, not crashed."""


class NotReady(CoreError, RuntimeError):
    """A verb was called before the one it needs."""


class Unavailable(CoreError, RuntimeError):
    """Something outside this process is missing: weights, a package, a network."""


class Check:
    """Collects every problem of a config, then raises them as one error.

    >>> with checking() as check:
    ...     check.between("epochs", 0, 1, 100)
    ...     check.one_of("loss", "mea", ("mse", "mae"))
    Traceback (most recent call last):
    core.errors.InvalidInput: epochs must be between 1 and 100. Received: 0. loss must be one of mse, mae. Received: mea...
    """

    def __init__(self) -> None:
        self.problems: list[CoreError] = []

    def add(self, code: str, **values: Any) -> None:
        self.problems.append(InvalidInput(code, **values))

    def between(self, name: str, value: Any, low: float, high: float) -> None:
        """A finite real number in [low, high]. bool is refused: it is no measurement."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self.add("not_a_number", name=name, received=shown(value))
        elif isinstance(value, float) and not math.isfinite(value):  # an int may be too large for a float
            self.add("not_finite", name=name, received=shown(value))
        elif not low <= value <= high:
            self.add("out_of_range", name=name, low=low, high=high, received=shown(value))

    def whole(self, name: str, value: Any, low: int, high: int) -> None:
        """An int (or a float without fraction, as a slider sends) in [low, high]."""
        before = len(self.problems)
        self.between(name, value, low, high)
        if len(self.problems) == before and value != int(value):
            self.add("not_whole", name=name, received=shown(value))

    def one_of(self, name: str, value: Any, choices: Iterable[Any]) -> None:
        choices = tuple(choices)
        if value not in choices:
            near = difflib.get_close_matches(str(value), [str(c) for c in choices], n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            self.add("not_one_of", name=name, received=shown(value), choices=", ".join(map(str, choices)), hint=hint)

    def within(self, name: str, value: Any, allowed: Range | Options) -> None:
        """A value that a control made from ``allowed`` could send."""
        if isinstance(allowed, Options):
            self.one_of(name, value, allowed)
        elif allowed.whole:
            self.whole(name, value, int(allowed.low), int(allowed.high))
        else:
            self.between(name, value, allowed.low, allowed.high)

    def done(self) -> None:
        if len(self.problems) == 1:
            raise self.problems[0]
        if self.problems:
            raise InvalidInput("several", self.problems, sentences=" ".join(map(str, self.problems)))


@contextmanager
def checking() -> Iterator[Check]:
    """A Check that raises what it found when the block ends, so that ``done()`` cannot be forgotten."""
    check = Check()
    yield check
    check.done()


def shown(value: Any, most: int = 60) -> str:
    """A received value, short enough for one sentence."""
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= most else text[: most - 1] + "…"
