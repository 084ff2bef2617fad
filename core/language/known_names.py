"""What does a text mean, among the 1,410 emoji that the small models were taught? The nearest name, and how sure.

The text side of the small CLIP (``words`` of heads.safetensors) against the vectors of all pictures (``places``), kept
as a table, so that no picture is read. The small Stable Diffusion learnt names only: it draws the name found here.
Three words and more are read word by word, too, and both readings are averaged: read as one only, "my grandma riding a
T-rex" was an automobile (``python -m benchmarks.everyday_words --meaning``).
Left out: two things in one text; only the likelier is found.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.data import emoji
from core.errors import InvalidInput, Unavailable
from core.language.word_space import Head, WordSpace
from core.language.word_vectors import WordVectors
from core.pretrained import shipped, whole

HEADS = "heads.safetensors"
KEPT = 128  # texts whose answer is remembered
SENTENCE = 3  # words from which a text is read word by word, too
OTHERS = 2  # names that come next, told beside the likeliest
ALIKE = (
    0.4  # cosine of two pictures' vectors from which they mean nearly the same: phases of the moon, kinds of flowers
)
SMALL = frozenset(
    "a an the my your our his her its their this that i you he she it we they is are was were am be and or of to in on at "
    "with for by under over from there us very now again".split()
)  # words that name no thing
PARTICLE = re.compile("(?<=[가-힣])(에서|으로|까지|부터|에게|한테|은|는|이|가|을|를|에|와|과|랑|로|도|의|만)$")


@dataclass(frozen=True, slots=True)
class Meaning:
    """The emoji a text is read as."""

    row: int  # in core.data.emoji
    sign: str
    name: str  # in the language of the text
    share: float  # 0..1: its share of the softmax over all
    exact: bool  # the text is itself the name of an emoji, or its sign
    others: tuple[tuple[str, float], ...]  # the names that come next, with their shares
    alike: float  # 0..1: its share and those of all names that mean nearly the same


class KnownNames(WordSpace):
    """
    >>> KnownNames.load().meaning("red apple").exact
    True
    """

    def __init__(self, vectors: WordVectors, head: Head, places: Tensor, scale: float) -> None:
        super().__init__(vectors, head)
        self.places, self.scale = places, scale
        names = emoji.load()
        listed = (names.en, names.ko, [_plain(sign) for sign in names.signs])
        self._shares = functools.lru_cache(KEPT)(self._worked_out)  # a class asks for the same words again and again
        self.rows = {name.lower(): row for every in listed for row, name in enumerate(every)}

    @classmethod
    @functools.cache
    def load(cls) -> KnownNames:
        """The shipped ones, opened once. Raises Unavailable when the copy is not whole."""
        path, vectors = shipped.FOLDER / "emoji" / "clip" / HEADS, WordVectors.load()
        if not path.is_file():
            raise Unavailable("no_word_vectors", missing=HEADS)
        state = {key: value.float() for key, value in whole.tensors(path, HEADS).items()}
        places, scale = (whole.needed(state, key, HEADS) for key in ("places", "logit_scale"))
        return cls(vectors, Head.of(state, "words"), places, float(scale.exp()))

    def meaning(self, text: str) -> Meaning:
        """Raises InvalidInput for a text without a letter."""
        if not isinstance(text, str) or not text.strip():
            raise InvalidInput("empty", name="text", least=1)
        names, row = emoji.load(), self.rows.get(_plain(text))
        shares = self._shares(text)
        best = int(shares.argmax()) if row is None else row
        korean = any("ㄱ" <= letter <= "ㆎ" or "가" <= letter <= "힣" for letter in text)
        told = names.ko if korean else names.en
        next_ = [int(each) for each in np.argsort(-shares, kind="stable")[: OTHERS + 1] if each != best][:OTHERS]
        others = tuple((told[each], float(shares[each])) for each in next_)
        near = (self.places @ self.places[best]).numpy() >= ALIKE
        exact, alike = row is not None, float(shares[near].sum())
        return Meaning(best, names.signs[best], told[best], float(shares[best]), exact, others, min(alike, 1.0))

    @torch.no_grad()
    def _worked_out(self, text: str) -> np.ndarray:
        """(E,) shares of all names."""
        whole = self._softmax([text])[0]
        parts = self._things(text)
        if len(text.split()) < SENTENCE or not parts:
            return whole
        found: np.ndarray = (whole + self._softmax(parts).mean(0)) / 2
        return found

    def _things(self, text: str) -> list[str]:
        """The words of a text that may name a thing, Korean ones without their particle."""
        words = [word.strip(".,!?…\"'") for word in text.split()]
        bare = (word if word.lower() in self.rows else PARTICLE.sub("", word) for word in words)
        return list(dict.fromkeys(word for word in bare if word and word.lower() not in SMALL))

    def _softmax(self, texts: list[str]) -> np.ndarray:
        vectors = F.normalize(self.head(torch.from_numpy(self.vectors.encode(texts))), dim=-1)  # (N, D)
        shares: np.ndarray = (self.scale * vectors @ self.places.T).softmax(-1).numpy()  # (N, E)
        return shares


def _plain(text: str) -> str:
    """Lower case, one space between words, without marks that cannot be seen; joined emoji stay joined."""
    return " ".join("".join(letter for letter in text.lower() if letter not in "\ufe0f\u200b\ufeff").split())
