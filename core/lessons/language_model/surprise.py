"""How well a model knows a language, in bits per byte: on one sentence, and on the average of several with its uncertainty.

Surprise is −log₂ of the probability of what really stood there. Counted per byte of the text (UTF-8), models with different
tokens, and languages with different letters, are measured alike. Every model first reads a line end, so that the first
letter is guessed from something, too. The interval is the usual one of a mean, ±1.96 s/√n, over sentences that are not in
the texts the small models learn from. ln p of a letter that was never learnt: as one drawn from the whole of Unicode.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from core.lessons.language_model import choices
from core.llm import letter_models
from core.llm.language_model import LanguageModel

LINE = "\n"
UNSEEN = math.log2(0x110000)


@dataclass(frozen=True, slots=True)
class Known:
    """Bits per byte over several sentences: mean, half of the 95 % interval, and each sentence's own."""

    mean: float
    half: float
    bits: tuple[float, ...]


def bits(model: Any, text: str) -> float:
    """Bits per byte of ``text`` under an LLM or a letter model."""
    total = _llm(model, text) if isinstance(model, LanguageModel) else _letters(model, text)
    return total / len(text.encode())


def over(model: Any, sentences: Sequence[str]) -> Known:
    """The same over several sentences."""
    return known([bits(model, text) for text in sentences])


def known(each: Sequence[float]) -> Known:
    """Mean and half of the 95 % interval.

    >>> known([1.0, 2.0, 3.0])
    Known(mean=2.0, half=1.1316065276116665, bits=(1.0, 2.0, 3.0))
    """
    mean = sum(each) / len(each)
    spread = math.sqrt(sum((x - mean) ** 2 for x in each) / max(len(each) - 1, 1))
    return Known(mean, 1.96 * spread / math.sqrt(len(each)), tuple(each))


def sentences(language: str) -> tuple[str, ...]:
    """The sentences of one language that are measured on: everyday ones, in none of the shipped texts (a test looks)."""
    return choices.SENTENCES["ko" if language == "ko" else "en"]


def line(model: LanguageModel) -> tuple[int, ...]:
    """The tokens of a line end alone, which is no prompt: behind the one for the beginning, if the model has one."""
    return tuple(model.tokenizer(LINE, verbose=False)["input_ids"])


def first(model: LanguageModel, answer: str) -> int:
    """The first token of an answer that goes on a text (not the token for the beginning, if the model has one)."""
    before, ids = line(model), model.ids(LINE + answer)
    return ids[len(before)] if ids[: len(before)] == before else ids[-1]


def _llm(model: LanguageModel, text: str) -> float:
    before, ids = line(model), model.ids(LINE + text)
    skip = len(before) if ids[: len(before)] == before else 1  # a token may join the line end and what follows
    return -sum(math.log2(max(share, 1e-30)) for share in model.score(LINE + text)[skip - 1 :])


def _letters(model: letter_models.LetterModel, text: str) -> float:
    total, whole = 0.0, LINE + text
    ids = model.alphabet.encode(whole)
    for at in range(1, len(ids)):
        logits = torch.from_numpy(model.logits(whole[:at]))
        known = ids[at] != 0
        total += float(logits.logsumexp(0) - logits[ids[at]]) / math.log(2) if known else UNSEEN
    return total
