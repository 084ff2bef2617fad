"""One sentence through three generations: bag of words, a letter model, an LLM; each does what it can, measured alike.

Surprise is −log₂ of the probability of what really stood there, in bits per letter of the sentence, so that models with
different tokens can be compared (an upper bound for the LLM: the first token has nothing before it and is not counted).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from core.data import reviews
from core.errors import Check, InvalidInput
from core.events import Deadline, Done, drain
from core.language.bag_of_words import BagConfig, BagOfWords
from core.lessons.bag_of_words.cases import teach
from core.lessons.language_model import choices, story
from core.lessons.language_model.offers import foreign, here
from core.llm import letter_models
from core.llm.detokenizer import BROKEN
from core.llm.language_model import LanguageModel
from core.llm.prompts import readable

ANSWERS = (" positive", " negative")
QUESTION = "Review: {text}\nQuestion: Is this review positive or negative?\nAnswer: The review is"


@dataclass(frozen=True, slots=True)
class BagSays:
    """The bag of words: a judgement and the words behind it. It cannot write."""

    positive: float
    words: tuple[tuple[str, float], ...]  # the five that weigh most
    parameters: int
    seconds: float


@dataclass(frozen=True, slots=True)
class WriterSays:
    """A model that predicts what comes next. ``positive`` is None for one that cannot be asked."""

    who: str
    written: str
    bits: float  # surprise per letter
    positive: float | None
    parameters: int
    seconds: float


@dataclass(frozen=True, slots=True)
class NotHere:
    """The LLM is not on this disk."""

    name: str


def steps(
    sentence: str, language: str, name: str, seed: int = 0
) -> Iterator[BagSays | WriterSays | NotHere | Done[str | None]]:
    """One event per generation; the result is ``why`` their surprise falls in this order.

    Raises InvalidInput for an empty or too long sentence.
    """
    check = Check()
    check.one_of("language", language, ("ko", "en"))
    check.within("seed", seed, choices.SEED)
    check.done()
    if not isinstance(sentence, str):
        raise InvalidInput("empty_prompt")
    text = readable(sentence).strip()
    if len(text) > choices.MOST_SENTENCE:
        raise InvalidInput("too_long", received=len(text), most=choices.MOST_SENTENCE)
    clock, surprise = Deadline(), dict[str, float]()
    yield bag_says(text, language)
    for who in ("counts", "tiny"):
        said = letter_says(story.opened(who, language), who, text, int(seed))
        surprise[who] = said.bits
        yield said
    if here(name):
        said = llm_says(story.llm(name), text, int(seed))
        surprise["llm"] = said.bits
        yield said
    else:
        yield NotHere(name)
    yield Done(why(surprise, name, text), clock.elapsed)


def why(surprise: dict[str, float], name: str, text: str) -> str | None:
    """Why the models' surprise (bits per letter) falls in this order; None without the LLM.

    "llm": it knows most. "foreign": the text is in a language that it never learnt. "small": the text is like those that
    the small models learnt a moment ago.
    """
    if "llm" not in surprise:
        return None
    if min(surprise, key=lambda who: surprise[who]) == "llm":
        return "llm"
    return "foreign" if foreign(name, text) else "small"


@functools.cache
def bag(language: str) -> BagOfWords:
    """Trained on the plain reviews, once per process."""
    return drain(teach(reviews.load(language, hard=False), BagConfig(language, "characters"))).bag


def bag_says(text: str, language: str) -> BagSays:
    clock, model = Deadline(), bag(language)
    said = model.explanation(text, "positive")
    return BagSays(said.probability, said.contributions[:5], len(model.vocabulary_) + 1, clock.elapsed)


def letter_says(model: letter_models.LetterModel, who: str, text: str, seed: int) -> WriterSays:
    clock = Deadline()
    ids = model.alphabet.encode(text)
    nats = 0.0
    for at in range(1, len(ids)):
        logits = torch.from_numpy(model.logits(text[:at]))
        known = ids[at] != 0  # a letter never learnt is as surprising as one drawn from the whole of Unicode
        nats += float(logits.logsumexp(0) - logits[ids[at]]) if known else math.log(0x110000)
    written = model.generate(text + " ", 40, temperature=0.7, seed=seed)
    bits = nats / math.log(2) / max(len(ids) - 1, 1)
    return WriterSays(who, written, bits, None, model.parameters, clock.elapsed)


def llm_says(model: LanguageModel, text: str, seed: int) -> WriterSays:
    clock = Deadline()
    shares = model.score(text)
    letters = sum(len(piece.text) if BROKEN not in piece.text else 1 for piece in model.pieces(model.ids(text))[1:])
    bits = -sum(math.log2(max(share, 1e-30)) for share in shares) / max(min(letters, len(text)), 1)
    positive = asked(model, text)
    written = model.generate(text, 24, temperature=0.7, top_p=0.9, seed=seed)
    return WriterSays("llm", written, bits, positive, model.parameters, clock.elapsed)


def asked(model: LanguageModel, text: str) -> float:
    """p(" positive") against p(" negative") as the next token of a question in plain words; nothing is trained."""
    logits: Any = model.next_token(QUESTION.format(text=text), 1).logits
    yes, no = (logits[model.ids(answer)[0]] for answer in ANSWERS)
    return float(1 / (1 + math.exp(max(-700.0, min(700.0, float(no - yes))))))
