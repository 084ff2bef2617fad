"""Several windows on one canvas: each denoised by its own text, the answers averaged where windows overlap (MultiDiffusion).

One text vector holds one thing: asked for two, a small model draws one of them. So the canvas grows wider, a window for each
text stands on it, as large as the pictures the denoiser learnt, and windows share some columns at their edges, which ties them
together. Left out: windows of other shapes, and what else ties regions (a shared background for the first steps).
Source: Bar-Tal et al. 2023, MultiDiffusion, arXiv:2302.08113. There the results of a step are averaged; here, before it, the
predictions, which is the same for a sampler whose step is linear in them, such as DDIM, and lets any sampler take the step.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

SHARED = 8  # a window shares one column in so many with the next


def starts(count: int, side: int) -> tuple[int, ...]:
    """The left column of each of ``count`` windows of ``side`` columns, all in latents.

    >>> starts(1, 8), starts(3, 8)
    ((0,), (0, 7, 14))
    """
    return tuple(number * (side - shared(side)) for number in range(count))


def shared(side: int) -> int:
    """How many columns two neighbours share."""
    return max(1, side // SHARED)


def width(count: int, side: int) -> int:
    """Columns of a canvas of so many windows.

    >>> width(1, 8), width(2, 8)
    (8, 15)
    """
    return starts(count, side)[-1] + side


def cut(canvas: Tensor, at: Sequence[int], side: int) -> Tensor:
    """A canvas (1, C, h, W) → its windows (windows, C, h, side)."""
    return torch.cat([canvas[..., start : start + side] for start in at])


def joined(answers: Tensor, at: Sequence[int]) -> Tensor:
    """Windows (windows, C, h, side) → a canvas (1, C, h, W), the mean where several lie."""
    if len(at) == 1:
        return answers
    side = answers.shape[-1]
    total = answers.new_zeros((1, *answers.shape[1:3], at[-1] + side))
    count = answers.new_zeros(at[-1] + side)
    for answer, start in zip(answers, at, strict=True):
        total[..., start : start + side] += answer
        count[start : start + side] += 1
    return total / count
