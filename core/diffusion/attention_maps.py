"""Which part of the picture looked at which word: the real cross-attention of the UNet, recorded while it draws.

Every cross-attention of the UNet gets ``Recording`` around its usual processor, which goes on giving the answer; only
inside ``recorded()`` are the weights computed once more and kept. Left out: self-attention.
After Tang et al. 2022 (DAAM, arXiv:2210.04885).
"""

from __future__ import annotations

import contextlib
import contextvars
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch.nn.functional as F
from torch import Tensor


@dataclass(slots=True)
class Maps:
    """Sums of attention over layers and steps."""

    shape: tuple[int, int]  # rows, columns of the latents
    total: Tensor | None = None  # (T, rows, columns)
    layers: int = 0

    def add(self, weights: Tensor) -> None:
        """``weights`` (B, heads, places, T) of one layer; the batch's last row has the words."""
        own = weights.float().mean(1)[-1]  # (places, T)
        shrink = round(math.sqrt(self.shape[0] * self.shape[1] / len(own)))
        rows, columns = math.ceil(self.shape[0] / shrink), math.ceil(self.shape[1] / shrink)
        if rows * columns != len(own):
            return
        map_ = own.T.reshape(1, -1, rows, columns)
        full = F.interpolate(map_, self.shape, mode="bilinear")[0].cpu()  # (T, rows, columns)
        self.total = full if self.total is None else self.total + full
        self.layers += 1


_now: contextvars.ContextVar[Maps | None] = contextvars.ContextVar("maps", default=None)


@contextlib.contextmanager
def recorded(maps: Maps | None) -> Iterator[None]:
    """Record into ``maps`` inside the block; the variable is this thread's own, so other runs are not touched."""
    token = _now.set(maps)
    try:
        yield
    finally:
        _now.reset(token)


class Recording:
    """A cross-attention processor that can also keep its weights, softmax(QKᵀ / √d)."""

    def __init__(self, usual: Any) -> None:
        self.usual = usual

    def __call__(
        self, attn: Any, hidden_states: Tensor, encoder_hidden_states: Tensor | None = None, **more: Any
    ) -> Any:
        maps = _now.get()
        if maps is not None and encoder_hidden_states is not None:
            maps.add(self.weights(attn, hidden_states, encoder_hidden_states))
        return self.usual(attn, hidden_states, encoder_hidden_states=encoder_hidden_states, **more)

    @staticmethod
    def weights(attn: Any, x: Tensor, words: Tensor) -> Tensor:
        query, key = attn.to_q(x), attn.to_k(words)  # (B, places, D), (B, T, D)
        query, key = (y.unflatten(-1, (attn.heads, -1)).transpose(1, 2) for y in (query, key))
        return (query @ key.transpose(-1, -2) * attn.scale).softmax(-1)  # (B, heads, places, T)


def install(unet: Any) -> None:
    """Wrap the processor of every cross-attention; what the UNet computes does not change."""
    processors = unet.attn_processors
    for name, usual in processors.items():
        if ".attn2." in name and not isinstance(usual, Recording):
            processors[name] = Recording(usual)
    unet.set_attn_processor(dict(processors))
