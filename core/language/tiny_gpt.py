"""A character GPT small enough to read in one sitting and to train while you watch.

Pre-norm blocks, causal self-attention, learned positions, tied embedding. After Radford et al. 2019 (GPT-2) and
karpathy/nanoGPT. Left out: subwords, dropout, a cache of keys and values. Training: tiny_gpt_training.py.
B windows, T letters, C = width, H heads, D = C / H numbers per head, V letters in the alphabet.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core import runtime
from core.errors import InvalidInput, checking
from core.language.alphabet import Alphabet, GPTConfig, Inside, Letter, clean


class Block(nn.Module):
    """x + attention(norm(x)), then x + mlp(norm(x))."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def look(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Queries, keys, values (B, H, T, D) and how much each letter looks at each earlier one (B, H, T, T)."""
        size, length, width = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(size, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-1, -2) / math.sqrt(width // self.heads)
        future = torch.ones(length, length, dtype=torch.bool).triu(1)
        return q, k, v, scores.masked_fill(future, -math.inf).softmax(-1)

    def forward(self, x: Tensor) -> Tensor:  # (B, T, C) → (B, T, C)
        _, _, v, weights = self.look(x)
        x = x + self.out((weights @ v).transpose(1, 2).reshape(x.shape))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class TinyGPT(nn.Module):
    """Which letter comes next, for every position at once."""

    @runtime.alone
    def __init__(self, alphabet: Alphabet, config: GPTConfig) -> None:
        super().__init__()
        self.alphabet, self.config = alphabet, config
        self.token = nn.Embedding(len(alphabet.letters), config.width)
        self.position = nn.Embedding(config.context, config.width)
        self.blocks = nn.ModuleList(Block(config.width, config.heads) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width)
        draw = torch.Generator().manual_seed(config.seed)
        for name, weight in self.named_parameters():
            if weight.ndim == 2:  # layers that write into the residual stream start smaller
                small = math.sqrt(2 * config.layers) if name.endswith(("out.weight", "down.weight")) else 1
                nn.init.normal_(weight, std=0.02 / small, generator=draw)
            elif name.endswith("bias"):
                nn.init.zeros_(weight)

    def forward(self, ids: Tensor) -> Tensor:  # (B, T) → logits (B, T, V)
        x = self.token(ids) + self.position.weight[: ids.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.norm(x) @ self.token.weight.T

    @torch.no_grad()
    def next(self, text: str) -> Tensor:
        """Logits (V,) of the letter after ``text``; UNKNOWN is ruled out. Empty text counts as a line end."""
        ids = self.alphabet.encode(text or "\n")[-self.config.context :] or [0]
        logits = self(torch.tensor([ids]))[0, -1]
        return logits.index_fill(0, torch.tensor([0]), -math.inf)

    def write(self, prompt: str = "", letters: int = 100, temperature: float = 0.8, seed: int = 0) -> Iterator[Letter]:
        """Letters one by one after ``prompt``; temperature 0 always takes the likeliest."""
        with checking() as check:
            check.whole("letters", letters, 0, 2_000)
            check.between("temperature", temperature, 0.0, 10.0)
            check.whole("seed", seed, 0, 2**31 - 1)
        text, draw = clean(prompt), torch.Generator().manual_seed(int(seed))
        for _ in range(int(letters)):
            logits = self.next(text)
            p = (logits / temperature).softmax(0) if temperature > 1e-3 else F.one_hot(logits.argmax(), len(logits))
            chosen = int(torch.multinomial(p.float(), 1, generator=draw))
            text += self.alphabet.letters[chosen]
            yield Letter(text[-1], float(logits.softmax(0)[chosen]), self._likeliest(logits, 5))

    @torch.no_grad()
    def look(self, text: str) -> Inside:
        """Queries, keys, values and attention maps of the last ``context`` letters of ``text``."""
        letters = clean(text)[-self.config.context :]
        if not letters:
            raise InvalidInput("empty", name="text", least=1)
        ids, seen = self.alphabet.encode(letters), []
        x = self.token(torch.tensor([ids])) + self.position.weight[: len(ids)]
        for block in cast("Iterator[Block]", self.blocks):
            seen.append([part[0].numpy() for part in block.look(x)])
            x = block(x)
        q, k, v, maps = (np.stack(parts) for parts in zip(*seen, strict=True))
        return Inside(tuple(letters), tuple(ids), q, k, v, maps, self._likeliest(self.next(letters), 10))

    def _likeliest(self, logits: Tensor, n: int) -> tuple[tuple[str, float], ...]:
        p, ids = logits.softmax(0).topk(min(n, len(logits) - 1))
        return tuple((self.alphabet.letters[i], share) for i, share in zip(ids.tolist(), p.tolist(), strict=True))

    @property
    def parameters_count(self) -> int:
        return sum(weight.numel() for weight in self.parameters())
