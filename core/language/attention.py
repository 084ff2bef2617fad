"""Scaled dot-product attention by hand, with every matrix in between kept for the page.

    attention(Q, K, V) = softmax(Q Kᵀ / √d + mask) V          (Vaswani et al. 2017, arXiv:1706.03762, equation 1)

T tokens, D numbers per vector. Written in numpy so that no step hides in a kernel; ``difference`` compares the
output with torch's ``scaled_dot_product_attention``. Left out: several heads at once and dropout. The maps of a real
model are in ``language_model``.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import InvalidInput, checking

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AttentionTrace:
    """One head, step by step. Rows ask (queries), columns answer (keys)."""

    q: Array  # (T, D)
    k: Array  # (T, D)
    v: Array  # (T, Dv)
    scores: Array  # (T, T)  q · kᵀ
    scaled: Array  # (T, T)  scores / √D
    masked: Array  # (T, T)  scaled, with −inf where a token may not look
    weights: Array  # (T, T)  softmax of each row: it sums to 1
    output: Array  # (T, Dv) weights · v
    causal: bool

    @property
    def difference(self) -> float:
        """Largest difference from torch's ``scaled_dot_product_attention`` on the same q, k, v in double precision."""
        import torch

        q, k, v = (torch.from_numpy(x)[None] for x in (self.q, self.k, self.v))
        theirs = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=self.causal)[0]
        return float(np.abs(theirs.numpy() - self.output).max())


@dataclass(frozen=True, slots=True)
class Cell:
    """How one number of the weight matrix came about: token ``row`` looks at token ``column``."""

    row: int
    column: int
    products: Array  # (D,) q[row] * k[column], which sum to score
    score: float
    scaled: float
    weight: float  # 0 where the mask forbids the look
    forbidden: bool


def attend(q: ArrayLike, k: ArrayLike, v: ArrayLike, *, causal: bool = False) -> AttentionTrace:
    """Attention of queries ``q`` (T, D) over keys ``k`` (T, D) and values ``v`` (T, Dv); ``causal`` hides the future.

    Raises InvalidInput when the shapes do not fit or a number is not finite.

    >>> attend([[0.0], [0.0]], [[1.0], [1.0]], [[2.0], [4.0]]).output.tolist()
    [[3.0], [3.0]]
    """
    q, k, v = (_matrix(name, x) for name, x in (("q", q), ("k", k), ("v", v)))
    if k.shape != q.shape:
        raise InvalidInput("wrong_shape", name="k", expected=q.shape, received=k.shape)
    if len(v) != len(k):
        raise InvalidInput("wrong_shape", name="v", expected=(len(k), "…"), received=v.shape)
    scores = q @ k.T  # (T, T)
    scaled = scores / math.sqrt(q.shape[1])  # (T, T)
    future = np.triu(np.ones_like(scaled, dtype=bool), 1) & causal
    masked = np.where(future, -np.inf, scaled)  # (T, T)
    weights = softmax(masked)  # (T, T)
    return AttentionTrace(q, k, v, scores, scaled, masked, weights, weights @ v, causal)


def softmax(x: Array) -> Array:
    """Each row to shares that sum to 1. The row's maximum is subtracted first, so no exponential overflows."""
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


def cell(trace: AttentionTrace, row: int, column: int) -> Cell:
    """The arithmetic behind ``trace.weights[row, column]``; row and column in 0 … T − 1."""
    with checking() as check:
        check.whole("row", row, 0, len(trace.q) - 1)
        check.whole("column", column, 0, len(trace.k) - 1)
    products = trace.q[row] * trace.k[column]
    score, scaled, weight = (float(m[row, column]) for m in (trace.scores, trace.scaled, trace.weights))
    return Cell(row, column, products, score, scaled, weight, bool(np.isneginf(trace.masked[row, column])))


@dataclass(frozen=True, slots=True)
class ToyConfig:
    """A head small enough to read. Its projections are random, nothing is learnt: the arithmetic is what counts."""

    width: int = 4  # numbers per token vector, 2 … 16
    positions: bool = True  # add a position signal; without it attention is blind to word order
    causal: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        with checking() as check:
            check.whole("width", self.width, 2, 16)
            check.whole("seed", self.seed, 0, 2**32 - 1)


@dataclass(frozen=True, slots=True)
class ToyHead:
    tokens: tuple[str, ...]
    x: Array  # (T, D) embedding, plus position if asked
    wq: Array  # (D, D)
    wk: Array  # (D, D)
    wv: Array  # (D, D)
    trace: AttentionTrace


def toy_head(tokens: Sequence[str], config: ToyConfig = ToyConfig()) -> ToyHead:
    """Tokens → embeddings → Q, K, V → attention. The same token and seed always give the same embedding."""
    if not tokens:
        raise InvalidInput("empty", name="tokens", least=1)
    x = np.stack([_embedding(token, config) for token in tokens])  # (T, D)
    if config.positions:
        x = x + positions(len(tokens), config.width)
    rng = np.random.default_rng(config.seed)
    wq, wk, wv = (rng.normal(size=(config.width, config.width)) / math.sqrt(config.width) for _ in range(3))
    return ToyHead(tuple(tokens), x, wq, wk, wv, attend(x @ wq, x @ wk, x @ wv, causal=config.causal))


def positions(length: int, width: int) -> Array:
    """Sinusoidal signal (length, width): sines in even columns, cosines in odd ones (same paper, section 3.5)."""
    column = np.arange(width)
    angle = np.arange(length)[:, None] / 10_000 ** (2 * (column // 2) / width)  # (length, width)
    return np.where(column % 2 == 0, np.sin(angle), np.cos(angle))


def _embedding(token: str, config: ToyConfig) -> Array:
    digest = hashlib.blake2b(token.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return np.random.default_rng([config.seed, int.from_bytes(digest, "big")]).normal(size=config.width)


def _matrix(name: str, values: ArrayLike) -> Array:
    try:
        array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidInput("wrong_shape", name=name, expected=("T", "D"), received=type(values).__name__) from None
    if array.ndim != 2 or 0 in array.shape:
        raise InvalidInput("wrong_shape", name=name, expected=("T", "D"), received=array.shape)
    if not np.isfinite(array).all():
        raise InvalidInput("not_finite", name=name, received=array[~np.isfinite(array)][0])
    return array
