"""Weights kept in bfloat16 and computed with in float32, for CPUs without bfloat16 units.

A checkpoint in bfloat16 opened as float32 takes twice the memory and says nothing more. Here a matrix is widened when it
is used, a block of rows at a time, so that what is wide stays in the processor's cache; every number comes out as from
the model opened in float32. Costs time only where few tokens are read at once. Left out: the few bits of ``fast_decode``.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

BLOCK = 1 << 20  # numbers widened at a time: 4 MB


class WidenedLinear(nn.Linear):
    """y = x Wᵀ + b, x in float32, W in bfloat16."""

    def forward(self, x: Tensor) -> Tensor:
        rows = max(1, BLOCK // self.in_features)
        if rows >= self.out_features:
            return F.linear(x, self.weight.to(x.dtype), self.bias)
        out = x.new_empty(*x.shape[:-1], self.out_features)
        for start in range(0, self.out_features, rows):
            part = slice(start, start + rows)
            out[..., part] = F.linear(x, self.weight[part].to(x.dtype))
        return out if self.bias is None else out.add_(self.bias)


class WidenedEmbedding(nn.Embedding):
    """Rows of a bfloat16 table, in float32."""

    def forward(self, ids: Tensor) -> Tensor:
        return super().forward(ids).float()


class WidenedScaledEmbedding(nn.Embedding):
    """The same for Gemma, whose rows are multiplied by √D."""

    embed_scale: Tensor

    def forward(self, ids: Tensor) -> Tensor:
        return super().forward(ids).float() * self.embed_scale.float()


def widen(model: Any) -> Any:
    """Change a bfloat16 model in place: its matrices stay, everything else becomes float32. No gradients afterwards."""
    for module in model.modules():
        if type(module) is nn.Linear:
            module.__class__ = WidenedLinear
            kept = {"weight"}
        elif type(module) is nn.Embedding:
            module.__class__ = WidenedEmbedding
            kept = {"weight"}
        elif isinstance(module, nn.Embedding) and hasattr(module, "embed_scale"):
            module.__class__ = WidenedScaledEmbedding
            kept = {"weight"}
        else:
            kept = set[str]()
        for name, values in [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]:
            if name not in kept and values.dtype == torch.bfloat16:
                values.data = values.data.float()
    return model
