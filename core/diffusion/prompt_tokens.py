"""A prompt as the text encoder reads it: words cut into pieces, pieces cut off at the longest prompt.

A word the tokenizer never saw falls into many small pieces: that is how a page can say honestly that it is new.
Left out: the second tokenizer of XL, which cuts the same.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.diffusion.attention_maps import Maps


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of a prompt."""

    id: int
    text: str  # the characters it stands for, as typed; several pieces of one Hangul syllable share it; "" for marks
    word: int | None  # which word of the prompt it belongs to, from 0; None for the marks of start and end
    read: bool  # False: beyond the longest prompt, never seen by the model
    part: int = (
        1  # of the pieces that share one letter, such as the bytes of a rare Hangul syllable, this is the first …
    )
    parts: int = 1  # … of so many


def tokens(tokenizer: Any, prompt: str) -> list[Token]:
    """Start mark, pieces, end mark, of the prompt in composed letters (NFC). Padding is left out."""
    prompt = unicodedata.normalize("NFC", prompt)  # a tokenizer that composes by itself loses its place in the text
    cut = tokenizer(prompt, return_offsets_mapping=True, verbose=False)
    longest, last = tokenizer.model_max_length, len(cut["input_ids"]) - 1
    starts = _word_starts(prompt)
    pieces = []
    for place, (id_, (start, stop)) in enumerate(zip(cut["input_ids"], cut["offset_mapping"], strict=True)):
        mark = place in (0, last)
        start += len(prompt[start:stop]) - len(prompt[start:stop].lstrip())  # SentencePiece counts the space before
        word = None if mark else int(np.searchsorted(starts, start, side="right")) - 1
        read = place < longest - 1 or place == last
        places = (
            [] if mark else [k for k, at in enumerate(cut["offset_mapping"]) if 0 < k < last and at == (start, stop)]
        )
        part, parts = (places.index(place) + 1, len(places)) if places else (1, 1)
        pieces.append(Token(id_, "" if mark else prompt[start:stop], word, read, part, parts))
    return pieces


def words(prompt: str) -> tuple[str, ...]:
    return tuple(unicodedata.normalize("NFC", prompt).split())


def _word_starts(prompt: str) -> list[int]:
    starts, place = [], 0
    for word in prompt.split():
        place = prompt.index(word, place)
        starts.append(place)
        place += len(word)
    return starts


def attention(pieces: list[Token], prompt: str, maps: Maps) -> tuple[tuple[str, ...], np.ndarray]:
    """The recorded maps by word: the words read, and (words, rows, columns) float32, the mean over layers and steps."""
    if maps.total is None:
        return (), np.zeros((0, *maps.shape), np.float32)
    mean = (maps.total / maps.layers).numpy()  # (T, rows, columns)
    names = words(prompt)
    found: dict[int, np.ndarray] = {}
    for place, token in enumerate(pieces):
        if token.word is not None and token.read and place < len(mean):
            found[token.word] = found.get(token.word, 0) + mean[place]
    return tuple(names[word] for word in found), np.stack(list(found.values())).astype(np.float32)
