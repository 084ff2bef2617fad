"""The arithmetic of a net as LaTeX: weighted sums and activations with their numbers put in.

Left out: the chain rule (core/lessons/backpropagation/chain_rule.py).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from core.mlp.activations import activation
from core.mlp.plain_net import Array

MOST_PATHS, MOST_EQUATIONS, MOST_TERMS = 4096, 64, 8


FUNCTIONS = {
    "sigmoid": r"\sigma",
    "tanh": r"\tanh",
    "relu": r"\mathrm{ReLU}",
    "leaky_relu": r"\mathrm{LeakyReLU}",
    "elu": r"\mathrm{ELU}",
    "gelu": r"\mathrm{GELU}",
    "silu": r"\mathrm{SiLU}",
}


@dataclass(frozen=True, slots=True)
class Equation:
    """One line: ``left = symbols = numbers = value``, the first three in LaTeX."""

    left: str
    symbols: str
    numbers: str
    value: float

    @property
    def latex(self) -> str:
        parts = [self.left, self.symbols, self.numbers, tex(self.value)]
        return " = ".join(part for part, _ in itertools.groupby(parts))


def weighted_sum(
    left: str,
    weights: Array,
    inputs: Array,
    bias: float,
    names: Sequence[tuple[str, str]],
    end: str,
) -> Equation:
    """z = Σ w · x + b of one unit. ``names``: LaTeX of each (weight, input); ``end``: LaTeX of the bias."""
    terms = [rf"{tex(w, factor=True)} \cdot {tex(x, factor=True)}" for w, x in zip(weights, inputs, strict=True)]
    value = math.fsum(w * x for w, x in zip(weights, inputs, strict=True)) + bias
    symbols = _sum([*(rf"{w}\,{x}" for w, x in names), end])
    return Equation(left, symbols, _sum([*terms, tex(bias, factor=True)]), value)


def activated(left: str, name: str, of: str, z: float) -> Equation:
    """a = f(z) of one unit; ``of``: LaTeX of z."""
    value = activation(name).forward(torch.tensor(z, dtype=torch.float64)).item()
    if name == "linear":
        return Equation(left, of, tex(z), value)
    return Equation(left, f"{FUNCTIONS[name]}({of})", f"{FUNCTIONS[name]}({tex(z)})", value)


def tex(value: float, factor: bool = False) -> str:
    """Four significant digits for LaTeX; as a ``factor``, a negative number stands in parentheses."""
    text = f"{value + 0.0:.4g}"  # no minus before zero
    if "e" in text:
        digits, power = text.split("e")
        text = rf"{digits} \times 10^{{{int(power)}}}"
    return f"({text})" if factor and value < 0 else text


def _sum(terms: Sequence[str]) -> str:
    """Terms joined by +; the middle of a long sum is left out."""
    if len(terms) > MOST_TERMS + 1:
        terms = [*terms[:3], r"\cdots", *terms[-2:]]
    return " + ".join(terms)
