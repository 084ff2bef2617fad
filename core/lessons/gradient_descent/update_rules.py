"""Six optimisers as update rules of a few lines: given the gradient g and what it remembers, how far to step.

The place x becomes x − Δ. Constants and results are those of torch.optim. Left out: schedules, weight decay, AMSGrad.
Sources: Ruder, An overview of gradient descent optimization algorithms (2016); PyTorch's torch.optim pages.
The bounds of ``stable`` follow from the eigenvalues of one update on a quadratic.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

MOMENTUM, RHO, BETA1, BETA2 = 0.9, 0.99, 0.9, 0.999
Memory = tuple[np.ndarray, ...]  # what an optimiser remembers, (2,) each
Update = Callable[[np.ndarray, Memory, int, float], tuple[np.ndarray, Memory]]


def sgd(g: np.ndarray, memory: Memory, t: int, rate: float) -> tuple[np.ndarray, Memory]:
    """α·g"""
    return rate * g, ()


def momentum(g: np.ndarray, memory: Memory, t: int, rate: float) -> tuple[np.ndarray, Memory]:
    """v ← 0.9·v + g; α·v"""
    v = MOMENTUM * memory[0] + g
    return rate * v, (v,)


def nesterov(g: np.ndarray, memory: Memory, t: int, rate: float) -> tuple[np.ndarray, Memory]:
    """v ← 0.9·v + g; α·(g + 0.9·v)"""
    v = MOMENTUM * memory[0] + g
    return rate * (g + MOMENTUM * v), (v,)


def adagrad(g: np.ndarray, memory: Memory, t: int, rate: float) -> tuple[np.ndarray, Memory]:
    """s ← s + g²; α·g / √s"""
    s = memory[0] + g * g
    return rate * g / (np.sqrt(s) + 1e-10), (s,)


def rmsprop(g: np.ndarray, memory: Memory, t: int, rate: float) -> tuple[np.ndarray, Memory]:
    """s ← 0.99·s + 0.01·g²; α·g / √s"""
    s = RHO * memory[0] + (1 - RHO) * g * g
    return rate * g / (np.sqrt(s) + 1e-8), (s,)


def adam(g: np.ndarray, memory: Memory, t: int, rate: float) -> tuple[np.ndarray, Memory]:
    """m ← 0.9·m + 0.1·g; s ← 0.999·s + 0.001·g²; α·m̂ / √ŝ, where ^ divides by 1 − 0.9ᵗ and 1 − 0.999ᵗ"""
    m = BETA1 * memory[0] + (1 - BETA1) * g
    s = BETA2 * memory[1] + (1 - BETA2) * g * g
    return rate * (m / (1 - BETA1**t)) / (np.sqrt(s / (1 - BETA2**t)) + 1e-8), (m, s)


@dataclass(frozen=True, slots=True)
class Rule:
    """An optimiser: its update, what it remembers, and how torch spells it."""

    update: Update
    remembers: tuple[str, ...]  # names of its memory
    learning_rate: float  # a good one on the ten standardised people
    stable: float | None  # plain surfaces: it converges while α·λmax is below this; None: no such bound
    formula: str  # LaTeX of Δ in (w, b) ← (w, b) − Δ
    torch_code: str  # with {lr}


OPTIMIZERS = {
    "sgd": Rule(sgd, (), 0.1, 2.0, r"\Delta = \alpha g", "torch.optim.SGD([w, b], lr={lr})"),
    "momentum": Rule(
        momentum, ("v",), 0.05, 2 * (1 + MOMENTUM), r"v \leftarrow 0.9v + g,\quad \Delta = \alpha v",
        "torch.optim.SGD([w, b], lr={lr}, momentum=0.9)",
    ),
    "nesterov": Rule(
        nesterov, ("v",), 0.05, 2 * (1 + MOMENTUM) / (1 + 2 * MOMENTUM),
        r"v \leftarrow 0.9v + g,\quad \Delta = \alpha\,(g + 0.9v)",
        "torch.optim.SGD([w, b], lr={lr}, momentum=0.9, nesterov=True)",
    ),
    "adagrad": Rule(
        adagrad, ("s",), 0.5, None, r"s \leftarrow s + g^2,\quad \Delta = \alpha\, g / \sqrt{s}",
        "torch.optim.Adagrad([w, b], lr={lr})",
    ),
    "rmsprop": Rule(
        rmsprop, ("s",), 0.05, None, r"s \leftarrow 0.99s + 0.01g^2,\quad \Delta = \alpha\, g / \sqrt{s}",
        "torch.optim.RMSprop([w, b], lr={lr})",
    ),
    "adam": Rule(
        adam, ("m", "s"), 0.1, None,
        r"m \leftarrow 0.9m + 0.1g,\ s \leftarrow 0.999s + 0.001g^2,\quad \Delta = \alpha\,\hat m / \sqrt{\hat s}",
        "torch.optim.Adam([w, b], lr={lr})",
    ),
}  # fmt: skip
