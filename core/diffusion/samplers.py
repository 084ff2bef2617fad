"""The samplers of a Stable Diffusion by name, and the clean picture each of them predicts on its way.

All are diffusers' own classes, made fresh for each run, so two visitors never share one. ``snapshot`` and ``restore``
carry what a sampler remembers between steps, so that a run can go on from its middle. Left out: second order (Heun).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.errors import Check

CLASSES: dict[str, tuple[str, dict[str, Any]]] = {
    "ddim": ("DDIMScheduler", {}),
    "euler": ("EulerDiscreteScheduler", {}),
    "euler-a": ("EulerAncestralDiscreteScheduler", {}),
    "dpm++2m": ("DPMSolverMultistepScheduler", {"algorithm_type": "dpmsolver++", "solver_order": 2}),
    "lcm": ("LCMScheduler", {}),
}


@dataclass(frozen=True, slots=True)
class Memory:
    """What a sampler and its random stream remember after a step."""

    outputs: tuple[np.ndarray | None, ...]  # earlier predictions of a multistep sampler; empty for the others
    order: int  # how many of them count
    random: np.ndarray  # uint8, the state of the random stream


def choices(pipeline: Any) -> tuple[str, ...]:
    """The samplers these weights can be drawn with, their own first; LCM needs weights made for it."""
    kind = type(pipeline.scheduler).__name__
    own = next((name for name, (known, _) in CLASSES.items() if known == kind), "ddim")
    distilled = own == "lcm" or pipeline.unet.config.time_cond_proj_dim is not None
    return (own, *(name for name in CLASSES if name != own and (name != "lcm" or distilled)))


def make(pipeline: Any, name: str) -> Any:
    """A fresh sampler for one run, with the noise schedule the weights were trained on; "" is the weights' own."""
    import diffusers

    known = choices(pipeline)
    check = Check()
    check.one_of("scheduler", name or known[0], known)
    check.done()
    kind, extra = CLASSES[name or known[0]]
    return getattr(diffusers, kind).from_config(pipeline.scheduler.config, **extra)


def clean(scheduler: Any, output: Any) -> Tensor:
    """x̂₀, the clean latents predicted in the step that gave ``output``."""
    for name in ("denoised", "pred_original_sample"):
        if getattr(output, name, None) is not None:
            return getattr(output, name)
    return scheduler.model_outputs[-1]  # DPM-Solver++ keeps its predictions as clean latents


def snapshot(scheduler: Any, generator: torch.Generator) -> Memory:
    outputs = (None if x is None else x.cpu().numpy().copy() for x in getattr(scheduler, "model_outputs", ()))
    return Memory(tuple(outputs), getattr(scheduler, "lower_order_nums", 0), generator.get_state().numpy().copy())


def restore(scheduler: Any, generator: torch.Generator, memory: Memory, like: Tensor) -> None:
    """Put a fresh sampler into the state of ``memory``; latents are on the device and of the type of ``like``."""
    if hasattr(scheduler, "model_outputs"):
        scheduler.model_outputs = [None if x is None else torch.from_numpy(x).to(like) for x in memory.outputs]
        scheduler.lower_order_nums = memory.order
    generator.set_state(torch.from_numpy(memory.random.copy()))
