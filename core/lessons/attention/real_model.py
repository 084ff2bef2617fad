"""Attention maps of a real language model, if it is on this disk already. Nothing is fetched here: lesson 12 does that.

The model is the one that lesson 12 talks to, opened once for both. Left out: models that are reached over the network
(they give no maps).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import InvalidInput, Unavailable, checking, register
from core.lessons.attention import choices
from core.llm.detokenizer import Piece
from core.pretrained import resolve
from core.pretrained.catalog import DEFAULT, KOREAN

register(
    {
        "no_words": "There is not a single word in these texts. Write some letters.",
        "not_on_disk": "{name} is not on this computer yet. Lesson 12 fetches it once; then its maps appear here.",
        "text_too_long": "Row {row} has {received} characters; at most {most} are allowed. Shorten it.",
    }
)


@dataclass(frozen=True, slots=True)
class RealMaps:
    """One layer of a real model, reading one text."""

    name: str
    tokens: tuple[Piece, ...]  # T; a letter in several tokens of bytes is told apart, never shown broken
    maps: np.ndarray  # (heads, T, T) float32, rows sum to 1
    layer: int  # from 0
    layers: int
    parameters: int
    seconds: float  # of the forward pass


def on_disk(name: str = DEFAULT) -> bool:
    """Whether the model can be opened without a network."""
    return resolve.nearby(name) is not None


def best(language: str) -> str:
    """The model that reads a sentence of this language: the Korean one where it has been fetched."""
    return KOREAN if language == "ko" and on_disk(KOREAN) else DEFAULT


def look(text: str, layer: int = 0, name: str = DEFAULT) -> RealMaps:
    """How much each token of ``text`` (at most 48) looks at each earlier one, in every head of one layer.

    Raises:
        Unavailable: ``not_on_disk``; InvalidInput: ``empty``, ``too_many``, ``text_too_long``, ``out_of_range``.
    """
    from core.llm.language_model import LanguageModel

    if not isinstance(text, str) or not text.strip():
        raise InvalidInput("no_words")
    if len(text) > choices.MOST_LETTERS:
        raise InvalidInput("text_too_long", row=1, most=choices.MOST_LETTERS, received=len(text))
    if not on_disk(name):
        raise Unavailable("not_on_disk", name=name)
    model = LanguageModel.local(name)
    with checking() as check:
        check.whole("layer", layer, 0, model.layers - 1)
    if (size := len(model.ids(text))) > choices.MOST_REAL:
        raise InvalidInput("too_many", name="tokens", most=choices.MOST_REAL, received=size)
    seen = model.inspect(text)
    maps = seen.attention[int(layer)]
    return RealMaps(name, seen.tokens, maps, int(layer), model.layers, model.parameters, seen.seconds)
