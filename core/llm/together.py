"""One token for each of several sequences in one pass of ``fast_decode``: every weight is read once for all of them.

Each sequence keeps its own keys, values and place; its logits are those it would get alone. Left out: other engines, whose
sequences take turns.
Shapes: B sequences, D width, H query heads, G key/value heads, E head size, S tokens of a sequence so far.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from core.llm.fast_decode import FastSession, rms
from core.together import Together

MOST = 16  # sequences in one pass

Ask = tuple[FastSession, int]  # take in this token


class SharedSession:
    """A FastSession whose steps are made together with those of other threads."""

    def __init__(self, session: FastSession, together: Together[Ask, Tensor]) -> None:
        self._session, self._together, self._attends = session, together, False

    def step(self, token: int) -> Tensor:
        """Take in one token; logits (V,) float32 for the next."""
        if not self._attends:
            self._attends = True
            self._together.enter()
            weakref.finalize(self, self._together.leave)
        return self._together((self._session, token))


def shared_steps() -> Together[Ask, Tensor]:
    """What makes the steps of one decoder's sequences."""
    return Together(stepped, MOST)


@torch.inference_mode()
def stepped(asks: Sequence[Ask]) -> list[Tensor]:
    """Take in one token for each of several sequences of one decoder; logits (V,) float32 of each."""
    if len(asks) == 1:
        ((session, token),) = asks
        return [session.step(token)]
    sessions, tokens = [session for session, _ in asks], [token for _, token in asks]
    d, count = sessions[0].decoder, len(asks)
    both = d.heads + d.groups
    cos, sin = (torch.stack([table[s.length] for s, table in zip(sessions, tables, strict=True)])[:, None]
                for tables in ([s._cos for s in sessions], [s._sin for s in sessions]))  # (B, 1, E)  # fmt: skip
    pasts = [s._cache[:, :, None, :, : s.length + 1] for s in sessions]  # each (2, layers, 1, G, S, E)
    x = d.words[torch.tensor(tokens)].float()  # (B, D)
    for number, block in enumerate(d.blocks):
        heads = block.qkv(rms(x, *block.norms[0])).view(count, both + d.groups, d.size)  # (B, H + 2G, E)
        turning = heads[:, :both]
        if block.head_norms:
            split = zip(turning.split([d.heads, d.groups], 1), block.head_norms, strict=True)
            turning = torch.cat([F.rms_norm(part, (d.size,), *scale) for part, scale in split], 1)
        turned = torch.addcmul(turning * cos, turning.roll(d.size // 2, 2), sin)  # rotary position
        queries = turned[:, None, : d.heads, None].to(torch.bfloat16)  # (B, 1, H, 1, E)
        new = torch.stack([turned[:, d.heads :], heads[:, both:]], 1)  # (B, 2, G, E)
        seen = torch.empty(count, d.heads * d.size, dtype=torch.bfloat16)
        for row, past in enumerate(pasts):
            past[:, number, 0, :, -1] = new[row]
            answer = F.scaled_dot_product_attention(queries[row], past[0, number], past[1, number], enable_gqa=True)
            seen[row] = answer.view(-1)
        x = x + block.out(seen)
        gate, up = block.up(rms(x, *block.norms[1])).chunk(2, 1)
        x = x + block.down((F.silu(gate) * up).to(torch.bfloat16))
    for session in sessions:
        session.length += 1
    return list(d.head(rms(x, *d.norm)))
