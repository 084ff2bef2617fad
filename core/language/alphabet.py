"""What the tiny GPT is told and what it tells: its size, its alphabet, a written letter, its inside. No torch here.

Letters ↔ ids is the plainest tokenizer there is. A Hangul syllable is one letter, so it can never break into halves.
Left out: subwords (lesson 12 has those).
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import InvalidInput, checking

UNKNOWN = "▯"  # id 0: a letter that was not in the training text; never written by the model
MOST_LETTERS = 2_000  # different ones in an alphabet; rarer ones become UNKNOWN


@dataclass(frozen=True)
class GPTConfig:
    """Size of the network and how it learns."""

    layers: int = 2
    heads: int = 4
    width: int = 64  # numbers per letter; a multiple of heads
    context: int = 48  # letters it can look back on
    batch: int = 12  # windows per update
    learning_rate: float = 8e-3
    seed: int = 0

    def __post_init__(self) -> None:
        with checking() as check:
            for name, low, high in (("layers", 1, 6), ("heads", 1, 8), ("width", 8, 256), ("context", 4, 256)):
                check.whole(name, getattr(self, name), low, high)
            check.whole("batch", self.batch, 1, 128)
            check.between("learning_rate", self.learning_rate, 1e-6, 1.0)
            check.whole("seed", self.seed, 0, 2**31 - 1)
        if self.width % self.heads:
            near = [str(n) for n in range(1, 9) if self.width % n == 0]
            raise InvalidInput("not_one_of", name="heads", choices=", ".join(near), received=self.heads, hint="")


class Alphabet:
    """The letters of a training text, sorted; id 0 stands for every other.

    >>> abc = Alphabet("abba")
    >>> abc.encode("bad"), abc.decode([1, 2])
    ([2, 1, 0], 'ab')
    """

    def __init__(self, text: str) -> None:
        common = (letter for letter, _ in Counter(clean(text)).most_common(MOST_LETTERS))
        self.letters = (UNKNOWN, *sorted(set(common) - {UNKNOWN}))  # V
        self._ids = {letter: i for i, letter in enumerate(self.letters)}

    def encode(self, text: str) -> list[int]:
        return [self._ids.get(letter, 0) for letter in clean(text)]

    def decode(self, ids: Sequence[int]) -> str:
        return "".join(self.letters[i] for i in ids)


def clean(text: str) -> str:
    """NFC (a Mac writes Hangul in pieces), line ends as one newline, no control signs or halves of letters."""
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\t", " ")
    return "".join(sign for sign in lines if sign == "\n" or unicodedata.category(sign) not in ("Cc", "Cs"))


@dataclass(frozen=True, slots=True)
class Letter:
    """One written letter, with the likeliest other choices, before temperature."""

    text: str
    probability: float  # as the model sees it, at temperature 1
    alternatives: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Inside:
    """What happens inside for one text: L layers, H heads, T letters."""

    letters: tuple[str, ...]  # T
    ids: tuple[int, ...]  # T; 0 where the letter was not in the training text
    q: np.ndarray  # (L, H, T, D)
    k: np.ndarray  # (L, H, T, D)
    v: np.ndarray  # (L, H, T, D)
    maps: np.ndarray  # (L, H, T, T) rows sum to 1, nothing above the diagonal
    following: tuple[tuple[str, float], ...]  # the likeliest next letters with their probability
