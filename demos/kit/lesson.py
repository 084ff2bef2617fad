"""What a lesson is, and how one is shown: in its tab, or alone (``python -m demos perceptron``)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from demos.kit.prelude import Prelude


@dataclass(frozen=True)
class Opening:
    """Fills the first screen when the lesson is first opened; the page itself ships without pictures."""

    fn: Callable[..., Any]
    inputs: list[Any]
    outputs: list[Any]


@dataclass(frozen=True)
class Room:
    """What ``build(lang)`` hands to the gallery."""

    controls: dict[str, Any] = field(default_factory=dict)  # restored from a share link
    opening: Opening | None = None
    more: tuple[Opening, ...] = ()  # of parts of the lesson that fill themselves
    prelude: Prelude | None = None  # what then moves by itself

    @property
    def openings(self) -> tuple[Opening, ...]:
        return (self.opening, *self.more) if self.opening else self.more


@dataclass(frozen=True)
class Lesson:
    slug: str  # also the name of its core module and of its content and strings files
    build: Callable[[str], Room]
