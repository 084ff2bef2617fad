"""Attention maps of a real language model, if it is on this disk already. Nothing is fetched here: lesson 11 does that.

The model runs with ``attn_implementation="eager"``, the one that hands its weights out. Left out: models that are reached
over the network (they give no maps).
"""

from __future__ import annotations

import functools
import threading
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from core import pretrained
from core.errors import Check, InvalidInput, Unavailable, register
from core.words import Piece, pieces

register(
    {
        "not_on_disk": "{name} is not on this computer yet. Lesson 11 fetches it once; then its maps appear here.",
        "text_too_long": "Row {row} has {received} characters; at most {most} are allowed. Shorten it.",
    }
)

MODEL = "smollm2-135m-instruct"
MOST_TOKENS, MOST_LETTERS = 48, 400
_lock = threading.Lock()


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


def on_disk(name: str = MODEL) -> bool:
    """Whether the model can be opened without a network."""
    return pretrained.nearby(name) is not None


def look(text: str, layer: int = 0, name: str = MODEL) -> RealMaps:
    """How much each token of ``text`` (at most 48) looks at each earlier one, in every head of one layer.

    Raises:
        Unavailable: ``not_on_disk``; InvalidInput: ``empty``, ``too_many``, ``text_too_long``, ``out_of_range``.
    """
    import torch

    if not isinstance(text, str) or not text.strip():
        raise InvalidInput("empty", name="text", least=1)
    if len(text) > MOST_LETTERS:
        raise InvalidInput("text_too_long", row=1, most=MOST_LETTERS, received=len(text))
    found = pretrained.nearby(name)
    if found is None:
        raise Unavailable("not_on_disk", name=name)
    with _lock:
        tokenizer, model = _open(str(found.path))
    layers = int(model.config.num_hidden_layers)
    check = Check()
    check.whole("layer", layer, 0, layers - 1)
    check.done()
    ids = tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
    if len(ids) > MOST_TOKENS:
        raise InvalidInput("too_many", name="tokens", most=MOST_TOKENS, received=len(ids))
    begun = time.perf_counter()
    with torch.no_grad():
        seen = model(torch.tensor([ids]), output_attentions=True, use_cache=False).attentions[int(layer)][0]
    maps, size = seen.float().numpy(), sum(weight.numel() for weight in model.parameters())
    return RealMaps(name, pieces(tokenizer, ids), maps, int(layer), layers, size, time.perf_counter() - begun)


@functools.lru_cache(maxsize=1)
def _open(folder: str) -> tuple[Any, Any]:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = AutoModelForCausalLM.from_pretrained(
        folder, local_files_only=True, use_safetensors=True, attn_implementation="eager", dtype="bfloat16"
    )
    return tokenizer, model.eval()
