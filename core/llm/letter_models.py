"""Two small ancestors of an LLM that write letter by letter: counted letters, and the tiny GPT trained a moment ago.

Counting (Shannon 1948; smoothing of Witten & Bell 1991): after the last k letters, letter c came n(c) times of N, with
u different ones, so p_k(c) = (n(c) + u · p_{k−1}(c)) / (N + u), from k = 0 up to 5. Both answer the same questions as
``language_model``: ``next_token``, ``steps``, ``generate``. V = size of the alphabet.
"""

from __future__ import annotations

import functools
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import numpy as np
import torch

from core import runtime
from core.data import tiny_text
from core.errors import InvalidInput, checking
from core.events import Deadline, Done, Progress, drain
from core.language.alphabet import Alphabet, GPTConfig
from core.language.tiny_gpt import TinyGPT
from core.language.tiny_gpt_training import GPTRun, GPTStep
from core.llm.decoding import Generation, Sampling, Token, choose, most_probable, skip
from core.llm.detokenizer import Piece
from core.llm.inside import NextToken
from core.llm.prompts import readable

ORDER = 5  # letters looked back on when counting
UPDATES = 300  # of the tiny GPT
MOST_LETTERS = 4000  # of a prompt
MOST_NEW = 1000
_training = threading.Lock()


class LetterModel:
    """What both have in common. A subclass says ``name`` and ``logits(text)`` (V,) float32."""

    name = ""
    alphabet: Alphabet
    parameters = 0

    def logits(self, text: str) -> np.ndarray:
        raise NotImplementedError

    def next_token(self, prompt: str, top: int = 20, *, prefix: Sequence[int] = ()) -> NextToken:
        """The ``top`` most probable next letters; their logits are kept for re-weighting."""
        text, ids = self._read(prompt, prefix)
        return NextToken(self.logits(text), ids, top, self.label)

    def generate(self, prompt: str, max_new_tokens: int = 64, **settings: Any) -> str:
        """The whole continuation: ``steps`` drained."""
        written: Generation = drain(self.steps(prompt, max_new_tokens, **settings))
        return written.text

    def steps(
        self,
        prompt: str,
        max_new_tokens: int = 64,
        temperature: float = 0.0,
        top_k: int = 0,
        top_p: float = 1.0,
        min_p: float = 0.0,
        repetition_penalty: float = 1.0,
        seed: int = 0,
        *,
        prefix: Sequence[int] = (),
        alternatives: int = 5,
        deadline: float | None = None,
    ) -> Iterator[Token | Done[Generation]]:
        """Continue a text letter by letter, as ``LanguageModel.steps`` does token by token. InvalidInput at once."""
        sampling = Sampling(temperature, top_k, top_p, min_p, repetition_penalty, seed)
        with checking() as check:
            check.whole("max_new_tokens", max_new_tokens, 1, MOST_NEW)
            check.whole("alternatives", alternatives, 0, 50)
        text, ids = self._read(prompt, prefix)
        return self._write(text, ids, len(prefix), int(max_new_tokens), sampling, int(alternatives), deadline)

    def _write(
        self,
        text: str,
        ids: list[int],
        prefix: int,
        most: int,
        sampling: Sampling,
        alternatives: int,
        deadline: float | None,
    ) -> Iterator[Token | Done[Generation]]:
        clock, stream, new, first, stopped = Deadline(deadline), runtime.generator(sampling.seed), list[int](), 0.0, ""
        seen = list(ids)
        if sampling.temperature:
            skip(stream, len(self.alphabet.letters), prefix)
        while not stopped:
            logits = torch.from_numpy(self.logits(text))
            letter = choose(logits, sampling, seen, stream)
            new.append(letter)
            seen.append(letter)
            text += self.label(letter)
            first = first or clock.elapsed
            stopped = "deadline" if clock.expired else "length" if len(new) == most else ""
            share = float((logits[letter] - logits.logsumexp(0)).exp())
            yield Token(letter, self.label(letter), share, most_probable(logits, alternatives, self.label))
        speed = len(new) / max(clock.elapsed, 1e-9)
        written = Generation(self.alphabet.decode(new), tuple(new), len(ids), 0, first, speed, self.name)
        yield Done(written, clock.elapsed, stopped)

    def label(self, letter: int) -> str:
        return self.alphabet.letters[letter]

    def pieces(self, ids: Sequence[int]) -> tuple[Piece, ...]:
        """Letters as chips; one that was never learnt is ▯."""
        return tuple(Piece(i, self.label(i), self.label(i)) for i in ids)

    def _read(self, prompt: str, prefix: Sequence[int]) -> tuple[str, list[int]]:
        if not isinstance(prompt, str):
            raise InvalidInput("empty_prompt")
        if len(prompt) > MOST_LETTERS:
            raise InvalidInput("too_long", received=len(prompt), most=MOST_LETTERS)
        if not all(isinstance(i, int) and 0 <= i < len(self.alphabet.letters) for i in prefix):
            raise InvalidInput("out_of_range", name="prefix", low=0, high=len(self.alphabet.letters) - 1, received="?")
        ids = self.alphabet.encode(readable(prompt))
        return readable(prompt) + self.alphabet.decode(prefix), [*ids, *prefix]


class LetterCounts(LetterModel):
    """A table of what came after the last 0 … 5 letters of a text, and how often.

    >>> LetterCounts("tick tock " * 9).generate("tick to", 3)
    'ck '
    """

    name = "counts"

    def __init__(self, text: str) -> None:
        self.alphabet = Alphabet(text)
        ids = self.alphabet.encode(text)
        self._after: list[dict[tuple[int, ...], Counter[int]]] = []
        for order in range(ORDER + 1):
            table: dict[tuple[int, ...], Counter[int]] = {}
            for at in range(order, len(ids)):
                table.setdefault(tuple(ids[at - order : at]), Counter())[ids[at]] += 1
            self._after.append(table)
        self.parameters = sum(len(row) for table in self._after for row in table.values())

    def logits(self, text: str) -> np.ndarray:
        """ln p of each next letter; UNKNOWN is ruled out."""
        ids = self.alphabet.encode(text[-ORDER:])
        size = len(self.alphabet.letters)
        p = np.full(size, 1 / max(size - 1, 1))
        for order, table in enumerate(self._after[: len(ids) + 1]):
            row = table.get(tuple(ids[len(ids) - order :]))
            if row is None:
                break
            p *= len(row) / (row.total() + len(row))
            p[list(row)] += np.array(list(row.values())) / (row.total() + len(row))
        p[0] = 0
        with np.errstate(divide="ignore"):
            return np.log(p / p.sum()).astype(np.float32)


class LetterGPT(LetterModel):
    """A trained ``TinyGPT`` behind the same questions."""

    name = "tiny"

    def __init__(self, gpt: TinyGPT) -> None:
        self.gpt, self.alphabet, self.parameters = gpt, gpt.alphabet, gpt.parameters_count

    def logits(self, text: str) -> np.ndarray:
        with runtime.threads(1):
            return self.gpt.next(text).float().numpy()


def corpus(language: str = "ko") -> str:
    """What both learn: the shipped stories and the plain reviews of one language."""
    return tiny_text.load(language, "stories") + tiny_text.load(language, "reviews")


@functools.cache
def counted(language: str = "ko") -> LetterCounts:
    """The letters of the corpus, counted once per process (a fraction of a second)."""
    return LetterCounts(corpus(language))


_trained: dict[str, LetterGPT] = {}


def trained(language: str = "ko", updates: int = UPDATES) -> Iterator[Progress | Done[LetterGPT]]:
    """Train the tiny GPT on the corpus, once per process: Progress("train", update, updates, loss), then Done."""
    clock = Deadline()
    text = corpus(language)
    if language not in _trained:
        with _training:
            if language not in _trained:
                run = GPTRun(text, GPTConfig())
                with closing(run.steps(updates)) as events:  # type: ignore[type-var]
                    for event in events:
                        if isinstance(event, GPTStep):
                            yield Progress("train", event.update, updates, f"{event.loss:.2f}")
                _trained[language] = LetterGPT(run.model)
    yield Done(_trained[language], clock.elapsed)
