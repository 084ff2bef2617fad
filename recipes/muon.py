"""Muon (Jordan et al. 2024): momentum made orthogonal, so that rare directions learn as fast as common ones.

u = momentum (Nesterov) → u (uuᵀ)^−½, by five Newton–Schulz steps on the small square uuᵀ → W ← W − rate · 0.2 √max(m, n) · u.
For matrices and convolutions, (out, in · kernel); first and last layers, biases and norms stay with AdamW.
A step costs more than one of AdamW: it pays when a batch takes long. torch.optim.Muon takes matrices only, and gives
the same (a test compares).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

QUINTIC = (3.4445, -4.775, 2.0315)


def orthogonal(u: Tensor, steps: int = 5) -> Tensor:
    """(m, n) → about the nearest matrix with all singular values 1 (in fact 0.7 … 1.2)."""
    a, b, c = QUINTIC
    x = u.T if u.size(0) > u.size(1) else u
    x = x / x.norm().clamp_min(1e-7)
    square, product = x @ x.T, torch.eye(len(x))
    for _ in range(steps):
        factor = torch.addmm(square, square, square, beta=b, alpha=c)
        factor.diagonal().add_(a)
        product = factor @ product
        square = factor @ square @ factor
    x = product @ x
    return x.T if u.size(0) > u.size(1) else x


class Muon(torch.optim.Optimizer):
    """``lr`` is of AdamW's size: an update is as long as one of AdamW's would be (Liu et al. 2025)."""

    def __init__(
        self, parameters: Iterable[Tensor], lr: float, momentum: float = 0.95, weight_decay: float = 0.01
    ) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                state = self.state[parameter]
                if not state:
                    state["momentum"] = torch.zeros_like(parameter)
                state["momentum"].lerp_(parameter.grad, 1 - group["momentum"])
                u = parameter.grad.lerp(state["momentum"], group["momentum"]).flatten(1)
                size = 0.2 * math.sqrt(max(u.shape))
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.add_(orthogonal(u).reshape(parameter.shape), alpha=-group["lr"] * size)
