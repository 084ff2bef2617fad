"""Several drawings in one pass of the denoiser: rows of one batch, each at its own noise level, with its own words.

Drawings fit together if their latents and text vectors have one shape; their steps, samplers, seeds and guidance may
differ. Those that do not fit are answered apart. Left out: the loop (stable_diffusion.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from core.diffusion import attention_maps

MOST = 8  # drawings in one pass: more gain little, and the first picture would come later


@dataclass(slots=True, eq=False)
class Ask:
    """What a drawing wants to know of the denoiser now: the noise in ``x`` (R, C, h, w).

    R: a row for each window (one, unless told otherwise), with guidance two.
    """

    x: Tensor
    t: Tensor  # noise level, one number
    conditions: dict[str, Any]  # tensors of R rows, or a dict of such
    maps: attention_maps.Maps | None = None  # where the cross-attention of these rows is kept: they are answered apart


@torch.no_grad()
def answered(unet: Any, asks: list[Ask]) -> list[Tensor]:
    """The denoiser's answer to each, (R, C, h, w): one pass for all that fit together."""
    groups: dict[Any, list[int]] = defaultdict(list)
    for number, ask in enumerate(asks):
        groups[_shape({"x": ask.x, **ask.conditions}), ask.maps and number].append(number)
    answers: dict[int, Tensor] = {}
    for numbers in groups.values():
        answers |= zip(numbers, _pass(unet, [asks[number] for number in numbers]), strict=True)
    return [answers[number] for number in range(len(asks))]


def _pass(unet: Any, asks: list[Ask]) -> tuple[Tensor, ...]:
    if len(asks) == 1:
        (ask,) = asks
        with attention_maps.recorded(ask.maps):
            return (unet(ask.x, ask.t, **ask.conditions, return_dict=False)[0],)
    rows = [len(ask.x) for ask in asks]
    t = torch.cat([ask.t.float().reshape(1).expand(n) for ask, n in zip(asks, rows, strict=True)])
    joined = _joined([ask.conditions for ask in asks])
    answer: Tensor = unet(torch.cat([ask.x for ask in asks]), t, **joined, return_dict=False)[0]
    return answer.split(rows)


def by_shape(parts: list[Tensor], work: Callable[[Tensor], Tensor]) -> list[Tensor]:
    """What ``work`` makes of each part (N, …): one pass for all of one shape."""
    groups: dict[Any, list[int]] = defaultdict(list)
    for number, part in enumerate(parts):
        groups[part.shape[1:]].append(number)
    found: dict[int, Tensor] = {}
    for numbers in groups.values():
        made = work(torch.cat([parts[number] for number in numbers]))
        found |= zip(numbers, made.split([len(parts[number]) for number in numbers]), strict=True)
    return [found[number] for number in range(len(parts))]


def picked(value: Any, rows: slice) -> Any:
    """These rows of conditions."""
    return {name: picked(each, rows) for name, each in value.items()} if isinstance(value, dict) else value[rows]


def _shape(value: Any) -> Any:
    """All that must be equal for rows to fit into one tensor."""
    if isinstance(value, dict):
        return tuple((name, _shape(value[name])) for name in sorted(value))
    return (tuple(value.shape[1:]), value.dtype)


def _joined(values: list[Any]) -> Any:
    if isinstance(values[0], dict):
        return {name: _joined([value[name] for value in values]) for name in values[0]}
    return torch.cat(values)
