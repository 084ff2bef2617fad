"""Words for programs: a review explained, the next tokens, text from the LLM, likeness and vectors of texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from core.choices import Options, Range
from core.errors import InvalidInput, register
from core.lessons.bag_of_words import choices as bags
from core.lessons.language_model import choices as llm
from core.lessons.word_vectors import choices as vectors
from core.pretrained.catalog import DEFAULT
from demos import kit
from demos.api import files
from demos.api.surface import MOST_SECONDS, TRAINING, Items, Lang, Letters, Picture, Value, kept_going, public

register({"not_both": "{one} and {other} do not go together. Leave one of them out."})

MOST_TEXTS = 20
COUNT = Range(1, 50, default=10, step=1)
Text = Letters(vectors.MOST_LETTERS)
Model = Annotated[str, Letters(100), "an LLM of the catalogue that is on the server's disk, or counts: counted letters"]


@public(
    "The `label` (positive or negative) with its `probability`; `pieces`: every token in order with its `contribution` to the "
    "logit of positive; pieces + intercept = logit.",
    TRAINING,
)
def explain_review(
    review: Annotated[str, Letters(bags.MOST_REVIEW), "a review in the language of texts"],
    texts: Annotated[str, bags.TEXTS, "language of the 536 reviews that are learnt from"] = "en",
    tokens: Annotated[
        str, Options(("auto", *bags.TOKENS)), "how texts are cut; auto: morphemes in Korean, words in English"
    ] = "auto",
    lang: Lang = "en",
) -> Iterator[Value]:
    """Judge a review by a bag of words, and tell what each word did for the verdict."""
    from core.lessons.bag_of_words.cases import taught_on_all

    if not review.strip():
        raise InvalidInput("empty", name="text", least=1)
    yield {"done": False, "learning": True}
    bag = taught_on_all(texts, None if tokens == "auto" else tokens)
    found = bag.explanation(review, "positive")
    positive = found.probability >= 0.5
    yield {
        "done": True,
        "label": "positive" if positive else "negative",
        "probability": _short(found.probability if positive else 1 - found.probability),
        "logit": _short(found.logit),
        "intercept": _short(found.intercept),
        "pieces": [
            {"token": piece.token, "contribution": _short(piece.contribution), "known": piece.known}
            for piece in found.pieces
        ],
    }


@public(
    "`tokens`: the most probable next tokens, each with the model's own `probability` and its `share` after temperature, "
    "penalty and filters; `left`: how many tokens can still be drawn.",
    kit.LLM,
)
def next_tokens(
    text: Annotated[str, Letters(llm.MOST_PROMPT), "the text so far, as it stands"],
    count: Annotated[int, COUNT, "candidates to tell"] = int(COUNT.default),
    temperature: Annotated[float, Range(0, 2, default=1.0), "0 takes the most probable"] = 1.0,
    top_k: Annotated[int, llm.SAMPLING["top_k"], "0: off"] = 0,
    top_p: Annotated[float, llm.SAMPLING["top_p"], "1: off"] = 1.0,
    min_p: Annotated[float, llm.SAMPLING["min_p"], "0: off"] = 0.0,
    repetition_penalty: Annotated[float, llm.SAMPLING["repetition_penalty"], "1: off"] = 1.0,
    model: Model = DEFAULT,
    lang: Lang = "en",
) -> Iterator[Value]:
    """What comes next? The likeliest tokens of a language model after a text, before and after sampling settings."""
    found = _opened(model, lang).next_token(text, count)
    how = {"top_k": top_k, "top_p": top_p, "min_p": min_p, "repetition_penalty": repetition_penalty}
    shares = found.shares(temperature, **how)
    yield {
        "done": True,
        "model": model,
        "prompt_tokens": len(found.seen),
        "left": int((shares > 0).sum()),
        "tokens": [
            {
                "text": each.text,
                "id": each.id,
                "probability": _short(each.probability),
                "share": _short(shares[each.id]),
            }
            for each in found
        ],
    }


@public(
    "`text` as far as it goes, `tokens` written; in the end `stopped` (length, context, deadline, or null when the model ended "
    "by itself), `prompt_tokens` and `tokens_per_second`.",
    kit.LLM,
)
def generate_text(
    prompt: Annotated[str, Letters(llm.MOST_PROMPT), "a question or a request; with chat false, a text to continue"],
    system: Annotated[str, Letters(llm.MOST_PROMPT), "how the model is to behave; chat only"] = "",
    chat: Annotated[bool, None, "answer as in a chat (true), or just continue the text (false)"] = True,
    max_tokens: Annotated[int, Range(1, 400, default=120, step=1), "of the answer"] = 120,
    temperature: Annotated[float, llm.SAMPLING["temperature"], "0 takes the most probable each time"] = 0.0,
    top_p: Annotated[float, llm.SAMPLING["top_p"], "1: off"] = 1.0,
    repetition_penalty: Annotated[float, llm.SAMPLING["repetition_penalty"], "1: off"] = 1.0,
    seed: Annotated[int, llm.SEED, "same seed, same text"] = 0,
    model: Model = DEFAULT,
    lang: Lang = "en",
) -> Iterator[Value]:
    """Let the language model of this server write, token by token. The small one that ships speaks English only."""
    from core.events import Done
    from core.llm.decoding import Token

    if system.strip() and not chat:
        raise InvalidInput("not_both", one="system", other="chat=false")
    turns = [{"role": "system", "content": system}] if system.strip() else []
    asked: Any = [*turns, {"role": "user", "content": prompt}] if chat and model != "counts" else prompt
    how = {"alternatives": 0, "engine": "fastest"} if model != "counts" else {"alternatives": 0}
    events = _opened(model, lang).steps(
        asked, max_tokens, temperature=temperature, top_p=top_p, repetition_penalty=repetition_penalty, seed=seed,
        deadline=MOST_SECONDS, **how,
    )  # fmt: skip
    said: list[str] = []

    def report(event: Any) -> Value | None:
        if isinstance(event, Token):
            said.append(event.text)
            return {"text": "".join(said), "tokens": len(said)}
        if not isinstance(event, Done):
            return None
        made = event.result
        numbers = {"prompt_tokens": made.prompt_tokens, "tokens_per_second": _short(made.tokens_per_second)}
        return {"done": True, "text": made.text, "tokens": len(made.ids), "stopped": event.stopped, **numbers}

    yield from kept_going(events, report)


@public("`cosines`: a row for each text, a column for each other text or picture; -1…1, the larger the more alike.")
def similarity(
    texts: Annotated[list[Any], Items(Text, MOST_TEXTS, 1), "words or sentences, Korean or English"],
    others: Annotated[list[Any], Items(Text, MOST_TEXTS), "texts to compare with; empty: the texts themselves"] = (),
    pictures: Annotated[list[Any], Items(Picture(), 10), "pictures to compare with instead (see Pictures)"] = (),
    lang: Lang = "en",
) -> Value:
    """How alike are texts, or texts and pictures? Cosines of their vectors: what means the same is near."""
    from core.lessons.multimodal import space as pairs
    from core.lessons.word_vectors import space

    if pictures and others:
        raise InvalidInput("not_both", one="others", other="pictures")
    if pictures:
        cosines = pairs.compare(tuple(texts), [files.source(each) for each in pictures]).cosines
    else:
        cosines = space.vectors(texts) @ space.vectors(others or texts).T
    return {"cosines": [[_short(value) for value in row] for row in cosines.tolist()]}


@public(
    "`pieces`: what the encoder reads, with numbers and places; `vector`: 256 numbers of length 1; `nearest`: the nearest words "
    "of the shipped list in both languages, with cosines."
)
def text_vectors(
    text: Annotated[str, Text, "a word or a sentence, Korean or English"],
    nearest: Annotated[int, Range(0, 20, default=8, step=1), "words to tell of each language"] = 8,
    vector: Annotated[bool, None, "tell the 256 numbers, too"] = True,
    lang: Lang = "en",
) -> Value:
    """A text as the small encoder sees it: its tokens, its vector, and the words nearest to it."""
    from core.lessons.word_vectors import space

    found = space.neighbours(text, nearest or 1)
    near = {
        language: [{"text": each.text, "cosine": _short(each.cosine)} for each in words][:nearest]
        for language, words in (("ko", found.ko), ("en", found.en))
    }
    pieces = [{"id": piece.id, "text": piece.text, "start": piece.start, "stop": piece.stop} for piece in found.pieces]
    numbers = [float(f"{value:.4f}") for value in found.vector.tolist()] if vector else None
    return {"pieces": pieces, "vector": numbers, "nearest": near}


def _opened(model: str, lang: str) -> Any:
    """A model of the catalogue that is on the disk; no path, no address, nothing fetched."""
    from core.lessons.language_model import story

    return story.served(model, lang)


def _short(value: Any) -> float:
    return float(f"{float(value):.6g}")
