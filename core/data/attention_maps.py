"""Every attention map of a real language model reading one sentence, computed beforehand (attention_maps.md).

Korean: Gemma 3 270M; English: SmolLM2 135M. Made by recipes/attention_maps.py, so that lesson 11 can open on real maps
where no model has been fetched yet.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import checking

LANGUAGES = ("ko", "en")
FILE = Path(__file__).with_name("attention_maps.npz")


@dataclass(frozen=True, slots=True)
class AttentionMaps:
    """Who looks at whom: L layers, H heads, T tokens."""

    model: str
    sentence: str
    tokens: tuple[str, ...]  # T, as shown; the first one may be the model's mark for the beginning
    words: tuple[int, ...]  # T: which word of the sentence a token belongs to; −1 for the mark
    maps: np.ndarray  # (L, H, T, T) float32, rows sum to 1 (to 0.001: kept in half precision)


@functools.cache
def load(language: str = "ko") -> AttentionMaps:
    """The maps of one language.

    >>> seen = load("ko")
    >>> seen.maps.shape[2:] == (len(seen.tokens),) * 2
    True
    """
    with checking() as check:
        check.one_of("language", language, LANGUAGES)
    with np.load(FILE) as file:
        part = {name: file[f"{language}_{name}"] for name in ("model", "sentence", "tokens", "words", "maps")}
    maps = part["maps"].astype(np.float32)
    maps.flags.writeable = False
    tokens, words = tuple(map(str, part["tokens"])), tuple(map(int, part["words"]))
    return AttentionMaps(str(part["model"]), str(part["sentence"]), tokens, words, maps)
