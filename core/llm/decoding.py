"""From logits to the next token: re-weighting, filters, the draw, stop strings; and the events of a decode loop.

The order of the filters is that of transformers' ``generate``: repetition penalty, temperature, top-k, top-p, min-p;
the same logits and seed choose the same token (a test compares). Left out: beams, n-gram bans. V = vocabulary size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.errors import InvalidInput, checking

MOST_STOPS = 8


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to choose. ``temperature=0`` is greedy; 0 for ``top_k`` and ``min_p``, 1 for ``top_p`` switch a filter off.

    ``top_p=0`` keeps the most probable token only.
    """

    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        with checking() as check:
            check.between("temperature", self.temperature, 0, 100)
            check.whole("top_k", self.top_k, 0, 10_000_000)
            check.between("top_p", self.top_p, 0, 1)
            check.between("min_p", self.min_p, 0, 1)
            check.between("repetition_penalty", self.repetition_penalty, 0.01, 100)
            check.whole("seed", self.seed, 0, 2**53)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A token that could come next, with the probability the model itself gives it (temperature 1, no filter)."""

    id: int
    text: str  # readable, also for a piece of a letter: "⟨ED 95⟩"
    probability: float


@dataclass(frozen=True, slots=True)
class Token:
    """A chosen token. ``text`` became readable with it: "" while a letter, or a possible stop string, is open."""

    id: int
    text: str
    probability: float  # the model's own, before temperature and filters
    alternatives: tuple[Candidate, ...]  # the most probable ones, in falling order


@dataclass(frozen=True, slots=True)
class Truncated:
    """The prompt was longer than the context: its oldest part was left out."""

    dropped: int  # tokens
    kept: int
    limit: int  # what the model can hold, prompt and answer together


@dataclass(frozen=True, slots=True)
class Generation:
    """The result of a stream. ``ids`` are the new tokens, an end token included."""

    text: str
    ids: tuple[int, ...]
    prompt_tokens: int
    dropped: int  # prompt tokens left out
    first_token_seconds: float
    tokens_per_second: float  # after the first token; 0 when there was one only
    engine: str


def reweigh(logits: Tensor, sampling: Sampling, seen: Sequence[int] = ()) -> Tensor:
    """Scores (V,) after penalty, temperature and filters, −inf where a filter closed the door. logits (V,) float32.

    Their softmax is what is sampled from. Temperature 0 leaves only the best token.
    """
    scores = logits.float()
    if sampling.repetition_penalty != 1 and len(seen):
        ids = torch.tensor(sorted(set(seen)), device=scores.device)
        ids = ids[ids < len(scores)]
        old = scores[ids]
        scores = scores.scatter(
            0, ids, torch.where(old < 0, old * sampling.repetition_penalty, old / sampling.repetition_penalty)
        )
    if sampling.temperature == 0:
        best = scores.argmax()
        return torch.full_like(scores, -torch.inf).scatter(0, best[None], scores[best][None])
    if sampling.temperature != 1:
        scores = scores / sampling.temperature
    if sampling.top_k:
        scores = scores.masked_fill(scores < scores.topk(min(int(sampling.top_k), len(scores))).values[-1], -torch.inf)
    if sampling.top_p < 1:
        rising, order = scores.sort()
        tail = rising.softmax(0).cumsum(0) <= 1 - sampling.top_p
        tail[-1] = False
        scores = scores.masked_fill(tail.scatter(0, order, tail), -torch.inf)
    if sampling.min_p:
        probabilities = scores.softmax(0)
        low = probabilities < sampling.min_p * probabilities.max()
        low[probabilities.argmax()] = False
        scores = scores.masked_fill(low, -torch.inf)
    return scores


def choose(logits: Tensor, sampling: Sampling, seen: Sequence[int], stream: torch.Generator) -> int:
    """One token id from logits (V,), drawn from the private random ``stream`` unless the temperature is 0."""
    scores = reweigh(logits, sampling, seen)
    if sampling.temperature == 0:
        return int(scores.argmax())
    return int(torch.multinomial(scores.softmax(0), 1, generator=stream))


def skip(stream: torch.Generator, size: int, draws: int) -> None:
    """Move ``stream`` past ``draws`` choices among ``size`` tokens: a branch goes on with the same chance."""
    even = torch.ones(size)
    for _ in range(draws):
        torch.multinomial(even, 1, generator=stream)


class StopStrings:
    """Lets text through until one of ``stops`` appears; text that may be the beginning of one is held back."""

    def __init__(self, stops: Sequence[str]) -> None:
        if isinstance(stops, str) or not all(isinstance(stop, str) and stop for stop in stops):
            raise InvalidInput("empty", name="stop string", least=1)
        if len(stops) > MOST_STOPS:
            raise InvalidInput("too_many", name="stop", most=MOST_STOPS, received=len(stops))
        self._stops, self._held = tuple(stops), ""
        self.hit = False

    def add(self, text: str) -> str:
        """The part of all text so far that is safe to show now."""
        self._held += text
        found = [at for stop in self._stops if (at := self._held.find(stop)) >= 0]
        if found:
            self.hit, safe, self._held = True, self._held[: min(found)], ""
            return safe
        keep = max((open_end(self._held, stop) for stop in self._stops), default=0)
        safe, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
        return safe

    def end(self) -> str:
        """What was held back in vain."""
        held, self._held = self._held, ""
        return held


def open_end(text: str, stop: str) -> int:
    """Length of the longest end of ``text`` that begins ``stop``.

    >>> open_end("one <en", "<end>")
    3
    """
    return next((n for n in range(min(len(stop) - 1, len(text)), 0, -1) if text.endswith(stop[:n])), 0)


def most_probable(logits: Tensor, count: int, label: Callable[[int], str]) -> tuple[Candidate, ...]:
    """The ``count`` most probable tokens of logits (V,) in falling order, with the model's own probabilities."""
    if not count:
        return ()
    scores = logits.float()
    top = scores.topk(min(count, len(scores)))
    shares = (top.values - scores.logsumexp(0)).exp()
    return tuple(
        Candidate(token, label(token), share)
        for token, share in zip(top.indices.tolist(), shares.tolist(), strict=True)
    )
