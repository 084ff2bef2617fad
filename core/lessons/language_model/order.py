"""Temperature first or last: how many tokens top-p and min-p leave when transformers draws, and when llama.cpp does.

transformers warms and then cuts; llama.cpp, as it comes, cuts first, so that there the temperature changes nothing about
which tokens may come. Both orders are made of transformers' own filters. Left out: the order of this project's engines,
which is that of transformers everywhere. Source: findings/llama_cpp_filters_before_it_warms.sh.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.lessons.language_model import choices


@dataclass(frozen=True, slots=True)
class Kept:
    """Tokens that may be drawn at each of ``choices.ORDER_AT``."""

    warm_first: tuple[int, ...]
    cut_first: tuple[int, ...]


def kept(logits: np.ndarray, cut: str, share: float) -> Kept:
    """logits (V,); ``cut`` is "top_p" or "min_p" with its ``share``.

    >>> kept(np.log([0.5, 0.3, 0.15, 0.05]), "top_p", 0.7)
    Kept(warm_first=(2, 2, 3), cut_first=(2, 2, 2))
    """
    import torch
    from transformers import MinPLogitsWarper, TemperatureLogitsWarper, TopPLogitsWarper

    scores = torch.from_numpy(np.asarray(logits, dtype=np.float32))[None]
    ids = torch.zeros((1, 0), dtype=torch.long)
    cutter = {"top_p": TopPLogitsWarper, "min_p": MinPLogitsWarper}[cut](float(share))
    counts: dict[bool, list[int]] = {True: [], False: []}
    for temperature in choices.ORDER_AT:
        warm = TemperatureLogitsWarper(float(temperature))
        for first in counts:
            order = (warm, cutter) if first else (cutter, warm)
            left = scores
            for each in order:
                left = each(ids, left)
            counts[first].append(int((left > -torch.inf).sum()))
    return Kept(tuple(counts[True]), tuple(counts[False]))
