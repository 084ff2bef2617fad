"""What a setting may be: a range of numbers or a list of names, with its default. (No torch, no numpy, no screen.)

A lesson's ``choices.py`` states each once; its config checks against it, its page makes the control from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from ``low`` to ``high``. ``step`` is the slider's; a whole ``step`` and whole ends mean whole numbers.

    >>> Range(1, 100, default=25, step=1).whole, Range(0, 1, default=0.1, step=0.01).whole
    (True, False)
    """

    low: float
    high: float
    default: float
    step: float | None = None

    def __post_init__(self) -> None:
        if not self.low <= self.default <= self.high:
            raise ValueError(f"the default {self.default} is not in {self.low}…{self.high}")

    @property
    def whole(self) -> bool:
        return isinstance(self.step, int) and all(isinstance(end, int) for end in (self.low, self.high, self.default))


@dataclass(frozen=True, slots=True)
class Options:
    """Names to choose from, in the order they are shown; ``default`` is the first unless told otherwise.

    >>> list(Options(("sgd", "adam"))), Options(("sgd", "adam"), "adam").default, "rmsprop" in Options(("sgd",))
    (['sgd', 'adam'], 'adam', False)
    """

    names: tuple[str, ...]
    default: str = ""

    def __post_init__(self) -> None:
        if not self.default:
            object.__setattr__(self, "default", self.names[0])
        if self.default not in self.names:
            raise ValueError(f"the default {self.default} is not one of {self.names}")

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __len__(self) -> int:
        return len(self.names)
