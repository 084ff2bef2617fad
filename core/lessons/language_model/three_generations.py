"""One sentence through three generations: bag of words, a letter model, an LLM; each does what it can, measured alike.

Surprise is counted in bits per byte (see ``surprise``): of the sentence, and on the average of ten others, because one
sentence proves little.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from core.data import reviews
from core.errors import InvalidInput, checking
from core.events import Deadline, Done, drain
from core.language.bag_of_words import BagConfig, BagOfWords
from core.lessons.bag_of_words.cases import teach
from core.lessons.language_model import choices, story, surprise
from core.lessons.language_model.offers import foreign, here
from core.lessons.language_model.surprise import Known
from core.llm import letter_models
from core.llm.language_model import LanguageModel
from core.llm.prompts import readable

# The question in plain words, and the two next tokens compared; asked in Korean of a model that speaks it.
QUESTIONS = {
    "en": (
        "Review: {text}\nQuestion: Is this review positive or negative?\nAnswer: The review is",
        (" positive", " negative"),
    ),
    "ko": ("리뷰: {text}\n질문: 이 리뷰는 긍정인가요, 부정인가요?\n답: 이 리뷰는", (" 긍정", " 부정")),
}


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
    bits: float  # per byte of this sentence
    average: Known  # over ten other sentences of the page's language
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
    with checking() as check:
        check.one_of("language", language, ("ko", "en"))
        check.within("seed", seed, choices.SEED)
    if not isinstance(sentence, str):
        raise InvalidInput("empty_prompt")
    text = readable(sentence).strip()
    if len(text) > choices.MOST_SENTENCE:
        raise InvalidInput("too_long", received=len(text), most=choices.MOST_SENTENCE)
    clock, seen = Deadline(), dict[str, WriterSays]()
    yield bag_says(text, language)
    for who in ("counts", "tiny"):
        seen[who] = letter_says(story.opened(who, language), who, text, language, int(seed))
        yield seen[who]
    if here(name):
        seen["llm"] = llm_says(story.llm(name), text, language, int(seed))
        yield seen["llm"]
    else:
        yield NotHere(name)
    yield Done(why(seen, name, text), clock.elapsed)


def why(seen: dict[str, WriterSays], name: str, text: str) -> str | None:
    """Why the models' surprise (bits per byte) falls in this order; None without the LLM.

    "foreign": the text is in a language that it never learnt. "llm": it is surprised least, here and on average, by more
    than chance explains. "sentence": on average, but this sentence is like those that the small models learnt a moment
    ago. "close": the intervals overlap, ten sentences do not decide. "small": on average, too, a small model is ahead.
    """
    if "llm" not in seen:
        return None
    if foreign(name, text):
        return "foreign"
    llm, *others = (seen[who].average for who in ("llm", "counts", "tiny"))
    best = min(others, key=lambda known: known.mean)
    if abs(llm.mean - best.mean) < llm.half + best.half:
        return "close"
    if llm.mean > best.mean:
        return "small"
    return "llm" if seen["llm"].bits <= min(said.bits for said in seen.values()) else "sentence"


@functools.cache
def bag(language: str) -> BagOfWords:
    """Trained on the plain reviews, once per process."""
    return drain(teach(reviews.load(language, hard=False), BagConfig(language, "characters"))).bag


def bag_says(text: str, language: str) -> BagSays:
    clock, model = Deadline(), bag(language)
    said = model.explanation(text, "positive")
    return BagSays(said.probability, said.contributions[:5], len(model.vocabulary_) + 1, clock.elapsed)


@functools.cache
def average(who: str, language: str) -> Known:
    """Of a small model, once per process: it does not change any more."""
    return surprise.over(story.opened(who, language), surprise.sentences(language))


def letter_says(model: letter_models.LetterModel, who: str, text: str, language: str, seed: int) -> WriterSays:
    clock = Deadline()
    written = model.generate(text + " ", 40, temperature=0.7, seed=seed)
    mean = average(who, language)
    return WriterSays(who, written, surprise.bits(model, text), mean, None, model.parameters, clock.elapsed)


def llm_says(model: LanguageModel, text: str, language: str, seed: int) -> WriterSays:
    clock = Deadline()
    mean = surprise.over(model, surprise.sentences(language))
    positive = asked(model, text, "ko" if language == "ko" and not foreign(model.name, text) else "en")
    written = model.generate(text, 24, temperature=0.7, top_p=0.9, seed=seed)
    return WriterSays("llm", written, surprise.bits(model, text), mean, positive, model.parameters, clock.elapsed)


def asked(model: LanguageModel, text: str, language: str) -> float:
    """p(" positive") against p(" negative") as the next token of a question in plain words; nothing is trained."""
    question, answers = QUESTIONS[language]
    logits: Any = model.next_token(question.format(text=text), 1).logits
    yes, no = (logits[surprise.first(model, answer)] for answer in answers)
    return float(1 / (1 + math.exp(max(-700.0, min(700.0, float(no - yes))))))
