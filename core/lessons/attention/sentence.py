"""Lesson 11 around the head: a text through real tokenizers, temperature re-weighting, and what the tasks measure.

Every tokenizer here works without a network: the 256 bytes of UTF-8, the byte-pair one that ships with the emoji model,
and that of the LLM if it is on this disk. T tokens, D numbers per query.
"""

from __future__ import annotations

import csv
import functools
import io
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.data import tiny_text
from core.errors import InvalidInput, NotReady, Unavailable, checking, register
from core.events import drain
from core.language.alphabet import GPTConfig, clean
from core.language.attention import ToyConfig, attend
from core.language.tiny_gpt import TinyGPT
from core.language.tiny_gpt_training import GPTRun
from core.lessons.attention import choices
from core.lessons.attention.head import Head, toy
from core.llm.detokenizer import Piece, pieces
from core.pretrained import resolve
from core.pretrained.catalog import DEFAULT

register(
    {
        "no_tiny_gpt": "The tiny GPT has not learnt anything yet. Train it first.",
        "not_on_disk": "{name} is not on this computer yet. Lesson 12 fetches it once; then its maps appear here.",
    }
)

MOST_PIECES = 400
WORD_END = " 3C 2F 77 3E⟩"  # "</w>" in bytes: CLIP marks the end of a word so


@dataclass(frozen=True, slots=True)
class Cut:
    """A text as one tokenizer cuts it."""

    pieces: tuple[Piece, ...]
    vocabulary: int
    letters: int  # of the text


def tokenize(text: str, how: str) -> Cut:
    """``text`` (1 to 400 letters) as the tokens of a real tokenizer; pieces of a letter are told as bytes, never "�".

    Raises Unavailable ``not_on_disk`` for "llm" without its files; InvalidInput ``empty``, ``text_too_long``.

    >>> [piece.id for piece in tokenize("한", "bytes").pieces]
    [237, 149, 156]
    """
    with checking() as check:
        check.within("tokenizer", how, choices.TOKENIZER)
    if not isinstance(text, str):
        raise InvalidInput("not_text", row=1, received=str(text)[:40])
    if not clean(text).strip():
        raise InvalidInput("no_words")
    if len(text) > choices.MOST_LETTERS:
        raise InvalidInput("text_too_long", row=1, most=choices.MOST_LETTERS, received=len(text))
    text = clean(text)
    if how == "bytes":
        return Cut(tuple(piece for letter in text for piece in _bytes(letter)), 256, len(text))
    tokenizer = _tokenizer(DEFAULT if how == "llm" else "emoji")
    ids = tokenizer(text, add_special_tokens=False, split_special_tokens=True, verbose=False)["input_ids"]
    return Cut(tuple(map(_tidy, pieces(tokenizer, ids[:MOST_PIECES]))), len(tokenizer), len(text))


def _bytes(letter: str) -> list[Piece]:
    raw = letter.encode()
    if len(raw) == 1:
        return [Piece(raw[0], letter, letter)]
    return [Piece(byte, f"⟨{byte:02X}⟩", letter, part, len(raw)) for part, byte in enumerate(raw, 1)]


def _tidy(piece: Piece) -> Piece:
    if not piece.text.endswith(WORD_END):
        return piece
    return Piece(piece.id, piece.text.removesuffix(WORD_END) + "⟩", piece.letters, piece.part, piece.parts)


@functools.lru_cache(maxsize=2)
def _tokenizer(name: str) -> Any:
    from transformers import AutoTokenizer

    found = resolve.nearby(name)
    if found is None:
        raise Unavailable("not_on_disk", name=name)
    folder = found.path / "tokenizer" if name == "emoji" else found.path
    return AutoTokenizer.from_pretrained(str(folder), local_files_only=True)


def learnt_model(run: GPTRun | None) -> TinyGPT:
    """The model of a run. Raises NotReady ``no_tiny_gpt`` without one."""
    if run is None:
        raise NotReady("no_tiny_gpt")
    return run.model


def following(model: TinyGPT, text: str, temperature: float, top: int = 8) -> tuple[tuple[str, float, float], ...]:
    """The likeliest next letters: (letter, probability, probability at ``temperature``). 0 takes the first for sure."""
    with checking() as check:
        check.between("temperature", temperature, 0.0, 10.0)
    logits = model.next(text)
    plain = logits.softmax(0)
    warm = (logits / max(temperature, 1e-3)).softmax(0)
    ids = plain.topk(min(top, len(plain) - 1)).indices.tolist()
    return tuple((model.alphabet.letters[i], float(plain[i]), float(warm[i])) for i in ids)


def weights_csv(head: Head) -> str:
    """Who looks at whom as a CSV file: a row per asking token, a column per token looked at."""
    safe = [f"'{token}" if token[:1] in "=+-@" else token for token in head.tokens]  # a spreadsheet must not run it
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["", *safe])
    for token, row in zip(safe, head.trace.weights, strict=True):
        writer.writerow([token, *(f"{share:.9g}" for share in row)])
    return out.getvalue()


def order_change(tokens: tuple[str, ...], positions: bool) -> float:
    """Largest change of any token's output when the sentence is turned round (no mask)."""
    config = ToyConfig(4, positions, causal=False)
    one, two = (toy(words, config).trace.output for words in (tokens, tokens[::-1]))
    return float(np.abs(one - two[::-1]).max())


def sharpest(width: int = 64, tokens: int = 8, seed: int = 0) -> tuple[float, float]:
    """Mean largest share of a row, with ÷ √width and without, for random q and k of unit variance (T, width)."""
    rng = np.random.default_rng(seed)
    q, k, v = rng.normal(size=(3, tokens, width))
    scaled, raw = attend(q, k, v), attend(q * math.sqrt(width), k, v)  # the second undoes the division
    return float(scaled.weights.max(axis=1).mean()), float(raw.weights.max(axis=1).mean())


def first_loss(language: str) -> tuple[float, float, int]:
    """Loss of a tiny GPT on its first batch, before it has learnt anything; ln V; V, the letters to choose from."""
    run: GPTRun = drain(GPTRun(tiny_text.load(language), GPTConfig(batch=4)).steps(1))
    size = len(run.model.alphabet.letters)
    return run.losses[0][1], math.log(size), size
