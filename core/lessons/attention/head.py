"""Lesson 11, one head under the magnifying glass: each stage as a matrix, and the arithmetic behind each of its numbers.

Two heads can be opened: a toy one with random projections (core/language/attention.py), and a head of the tiny GPT that has just
learnt (core/language/tiny_gpt.py). The arithmetic is the same. T tokens, D numbers per query and key.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import InvalidInput, checking
from core.language.alphabet import Inside, clean
from core.language.attention import Array, AttentionTrace, ToyConfig, attend, positions, toy_head
from core.language.tiny_gpt import TinyGPT
from core.language.tokens import kiwi
from core.lessons.attention import choices


@dataclass(frozen=True, slots=True)
class Head:
    """A head and what it read."""

    tokens: tuple[str, ...]  # T
    ids: tuple[int, ...]  # T
    trace: AttentionTrace
    x: Array | None  # (T, C) what went in; None for the tiny GPT, whose input is the sum of everything before
    projections: tuple[Array, Array, Array] | None  # Wq, Wk, Wv of the toy head, each (C, D)
    embedding: Array | None  # (T, C) x without its position signal


@dataclass(frozen=True, slots=True)
class Derivation:
    """How one number came about."""

    stage: str
    row: int
    column: int
    kind: str  # added, sum, scale, kept, forbidden, softmax, learnt
    terms: tuple[
        tuple[float, float, float], ...
    ]  # sum: (left, right, product); softmax: (scaled, e^(scaled − max), share)
    value: float


def cut(text: str, how: str = choices.CUT.default) -> tuple[str, ...]:
    """A sentence as 1 to 24 tokens: between spaces, Korean morphemes (punctuation kept), or letter by letter.

    >>> cut("a b", "letters")
    ('a', ' ', 'b')
    """
    with checking() as check:
        check.within("tokens", how, choices.CUT)
    if not isinstance(text, str):
        raise InvalidInput("not_text", row=1, received=str(text)[:40])
    if len(text) > choices.MOST_LETTERS:
        raise InvalidInput("text_too_long", row=1, most=choices.MOST_LETTERS, received=len(text))
    text = clean(text)
    if how == "letters":
        tokens = tuple(text)
    elif how == "words":
        tokens = tuple(text.split())
    else:
        tokens = tuple(token.form for token in kiwi().tokenize(text, compatible_jamo=True))
    if not "".join(tokens).strip():
        raise InvalidInput("no_words")
    if len(tokens) > choices.MOST_TOKENS:
        raise InvalidInput("too_many", name="tokens", most=choices.MOST_TOKENS, received=len(tokens))
    return tokens


def toy(tokens: Sequence[str], config: ToyConfig | None = None) -> Head:
    """The hand-made head. A token's id is its place among the different tokens of this sentence."""
    config = config or ToyConfig()
    made = toy_head(tokens, config)
    order = {token: i for i, token in enumerate(dict.fromkeys(tokens))}
    signal = positions(len(tokens), config.width) if config.positions else 0.0
    ids = tuple(order[token] for token in tokens)
    return Head(made.tokens, ids, made.trace, made.x, (made.wq, made.wk, made.wv), made.x - signal)


def learnt(inside: Inside, layer: int, head: int) -> Head:
    """One head of the tiny GPT: the very queries, keys and values that it used."""
    with checking() as check:
        check.whole("layer", layer, 0, inside.maps.shape[0] - 1)
        check.whole("head", head, 0, inside.maps.shape[1] - 1)
    q, k, v = (part[layer, head] for part in (inside.q, inside.k, inside.v))
    return Head(inside.letters, inside.ids, attend(q, k, v, causal=True), None, None, None)


def look(model: TinyGPT, text: str) -> Inside:
    """Inside of the tiny GPT for a text of at most 24 letters (and no more than its context)."""
    letters = cut(text, "letters")
    return model.look("".join(letters))


def matrix(head: Head, stage: str) -> Array:
    """The numbers of one stage: x (T, C); q, k, v, output (T, D); scores, scaled, masked, weights (T, T)."""
    _known(head, stage)
    return head.x if stage == "x" and head.x is not None else np.asarray(getattr(head.trace, stage))


def derive(head: Head, stage: str, row: int, column: int) -> Derivation:
    """The arithmetic behind ``matrix(head, stage)[row, column]``.

    >>> found = derive(toy(["a", "b"]), "scores", 1, 0)
    >>> round(sum(product for _, _, product in found.terms) - found.value, 12)
    0.0
    """
    numbers, t = matrix(head, stage), head.trace
    with checking() as check:
        check.whole("row", row, 0, numbers.shape[0] - 1)
        check.whole("column", column, 0, numbers.shape[1] - 1)
    row, column, value = int(row), int(column), float(numbers[int(row), int(column)])
    kind, left, right = "sum", np.zeros(0), np.zeros(0)
    match stage:
        case "x":
            embedding = head.embedding[row, column] if head.embedding is not None else value
            return Derivation(
                stage, row, column, "added", ((float(embedding), value - float(embedding), value),), value
            )
        case "q" | "k" | "v":
            if head.x is None or head.projections is None:
                return Derivation(stage, row, column, "learnt", (), value)
            left, right = head.x[row], head.projections["qkv".index(stage)][:, column]
        case "scores":
            left, right = t.q[row], t.k[column]
        case "output":
            left, right = t.weights[row], t.v[:, column]
        case "scaled":
            scale = math.sqrt(t.q.shape[1])
            return Derivation(stage, row, column, "scale", ((float(t.scores[row, column]), scale, value),), value)
        case "masked":
            kind = "forbidden" if np.isneginf(value) else "kept"
            return Derivation(stage, row, column, kind, ((float(t.scaled[row, column]), 0.0, value),), value)
        case _:
            kept = t.masked[row]
            powers = np.exp(kept - kept.max())
            terms = zip(kept.tolist(), powers.tolist(), (powers / powers.sum()).tolist(), strict=True)
            return Derivation(stage, row, column, "softmax", tuple(terms), value)
    products = zip(left.tolist(), right.tolist(), (left * right).tolist(), strict=True)
    return Derivation(stage, row, column, kind, tuple(products), value)


def thumbnails(maps: np.ndarray) -> np.ndarray:
    """Shares 0…1 as uint8 128…255, the bright half of a two-sided colour scale."""
    return np.round(127.5 + 127.5 * np.clip(maps, 0, 1)).astype(np.uint8)


def script(head: Head) -> str:
    """This head in plain PyTorch: its q, k, v in full, and the weights and output they give."""
    rows = {name: getattr(head.trace, name).tolist() for name in ("q", "k", "v")}
    return _SCRIPT.format(tokens=list(head.tokens), causal=head.trace.causal, **rows)


_SCRIPT = """\
import torch

tokens = {tokens!r}
q = torch.tensor({q!r}, dtype=torch.float64)
k = torch.tensor({k!r}, dtype=torch.float64)
v = torch.tensor({v!r}, dtype=torch.float64)

scaled = q @ k.T / q.shape[1] ** 0.5
if {causal!r}:  # nobody looks at later tokens
    scaled = scaled.masked_fill(torch.ones_like(scaled, dtype=torch.bool).triu(1), -torch.inf)
weights = scaled.softmax(dim=-1)
output = weights @ v

for token, row in zip(tokens, weights):
    print(repr(token), " ".join(f"{{share:.6f}}" for share in row))
theirs = torch.nn.functional.scaled_dot_product_attention(q[None], k[None], v[None], is_causal={causal!r})[0]
print(f"largest difference from torch's own: {{(theirs - output).abs().max():.1e}}")
"""


def _known(head: Head, stage: str) -> None:
    with checking() as check:
        check.within("stage", stage, choices.STAGE if head.x is not None else choices.LEARNT_STAGE)
