"""What every language model here can do, wherever it runs: on this machine (``LanguageModel``) or behind a server.

One stream, ``steps``; the other verbs drain it. Left out: what only a model on this machine shows (ids, scores, re-weighing).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from typing import Any

from core.events import Done, Progress, drain
from core.llm.decoding import Candidate, Generation, Token, Truncated
from core.llm.inside import Inspection
from core.llm.prompts import Messages

Event = Progress | Truncated | Token | Done[Generation]


class BaseLanguageModel(ABC):
    """``name`` as it is shown; ``parameters`` 0 where a server does not tell."""

    name: str
    parameters: int

    @abstractmethod
    def steps(
        self,
        prompt: str | Messages,
        max_new_tokens: int = 64,
        temperature: float = 0.0,
        top_k: int = 0,
        top_p: float = 1.0,
        min_p: float = 0.0,
        repetition_penalty: float = 1.0,
        seed: int = 0,
        stop: Sequence[str] | str = (),
        *,
        alternatives: int = 5,
        engine: str = "auto",
        deadline: float | None = None,
    ) -> Iterator[Event]:
        """The answer as a stream that ends with Done(Generation)."""

    def stream(self, prompt: str | Messages, max_new_tokens: int = 64, **settings: Any) -> Generator[Token]:
        """The answer's tokens, nothing else. Takes what ``steps`` takes; closing it stops the work."""
        return self._tokens(self.steps(prompt, max_new_tokens, **settings))

    def _tokens(self, events: Iterator[Event]) -> Generator[Token]:
        with closing(events):  # type: ignore[type-var]
            yield from (event for event in events if isinstance(event, Token))

    def generate(self, prompt: str | Messages, max_new_tokens: int = 64, **settings: Any) -> str:
        """The whole answer as text: ``steps`` drained."""
        answer: Generation = drain(self.steps(prompt, max_new_tokens, **settings))
        return answer.text

    @abstractmethod
    def next_token(self, prompt: str | Messages, top: int = 20) -> Sequence[Candidate]:
        """The ``top`` most probable next tokens, in falling order."""

    @abstractmethod
    def inspect(self, prompt: str | Messages) -> Inspection:
        """Attention (layers, heads, T, T) and the logit lens of a prompt; a server shows neither and raises."""
