"""The samplers of a Stable Diffusion by name, and the clean picture predicted on their way.

All are diffusers' own classes, made fresh for each run, so two visitors never share one. "" is the sampler the weights
came with, whatever its settings; one that cannot be drawn as its pipeline draws is refused, never replaced.
``snapshot`` and ``restore`` carry what a sampler remembers between steps, so that a run can go on from its middle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.errors import InvalidInput, checking, register

register(
    {
        "own_sampler": "These weights come with the sampler {received}, which is not drawn here. "
        "Choose one of {choices}.",
    }
)

CLASSES: dict[str, tuple[str, dict[str, Any]]] = {
    "ddim": ("DDIMScheduler", {}),
    "euler": ("EulerDiscreteScheduler", {}),
    "euler-a": ("EulerAncestralDiscreteScheduler", {}),
    "dpm++2m": ("DPMSolverMultistepScheduler", {"algorithm_type": "dpmsolver++", "solver_order": 2}),
    "lcm": ("LCMScheduler", {}),
}
# Those of diffusers that give the pipeline's picture here, to the last bit (the tests try every class it has).
OWN = (
    "DDIMParallelScheduler",
    "DDIMScheduler",
    "DDPMParallelScheduler",
    "DDPMScheduler",
    "DEISMultistepScheduler",
    "DPMSolverMultistepScheduler",
    "DPMSolverSinglestepScheduler",
    "EulerAncestralDiscreteScheduler",
    "EulerDiscreteScheduler",
    "HeunDiscreteScheduler",
    "KDPM2AncestralDiscreteScheduler",
    "KDPM2DiscreteScheduler",
    "LCMScheduler",
    "LMSDiscreteScheduler",
    "PNDMScheduler",
    "SASolverScheduler",
    "TCDScheduler",
    "UniPCMultistepScheduler",
)
# What they remember from step to step, each some of it; the rest follows from the number of steps.
REMEMBERED = (
    "cur_model_output", "cur_sample", "counter", "derivatives", "dt", "ets", "last_noise", "last_sample",
    "lower_order_nums", "model_outputs", "prev_derivative", "sample", "this_corrector_order", "this_order",
    "this_predictor_order", "timestep_list",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Memory:
    """What a sampler and its random stream remember after a step."""

    state: tuple[tuple[str, Any], ...]  # of REMEMBERED: numbers, arrays, and tuples of both
    random: np.ndarray  # uint8, the state of the random stream


def own(pipeline: Any) -> str:
    """The name in ``CLASSES`` of the sampler the weights came with, settings and all; "" if it has none."""
    kind, config = type(pipeline.scheduler).__name__, pipeline.scheduler.config
    return next(
        (
            name
            for name, (known, settings) in CLASSES.items()
            if known == kind and all(config.get(key) == value for key, value in settings.items())
        ),
        "",
    )


def choices(pipeline: Any) -> tuple[str, ...]:
    """The samplers these weights can be drawn with, their own first if it has a name; LCM needs weights made for it."""
    first = own(pipeline)
    distilled = first == "lcm" or pipeline.unet.config.time_cond_proj_dim is not None
    rest = (name for name in CLASSES if name != first and (name != "lcm" or distilled))
    return (first, *rest) if first else tuple(rest)


def checked(pipeline: Any, name: str) -> str:
    """``name``, if these weights can be drawn with it; "" is their own sampler. Raises InvalidInput."""
    known, kind = choices(pipeline), type(pipeline.scheduler).__name__
    with checking() as check:
        check.one_of("scheduler", name, ("", *known))
    if not name and kind not in OWN:
        raise InvalidInput("own_sampler", received=kind, choices=", ".join(known))
    return name


def make(pipeline: Any, name: str) -> Any:
    """A fresh sampler for one run, with the noise schedule the weights were trained on; "" is the weights' own."""
    import diffusers

    if not checked(pipeline, name):
        return type(pipeline.scheduler).from_config(pipeline.scheduler.config)
    kind, settings = CLASSES[name]
    return getattr(diffusers, kind).from_config(pipeline.scheduler.config, **settings)


def set_steps(scheduler: Any, steps: int, device: Any) -> None:
    """``set_timesteps``; a sampler of distilled weights (LCM, TCD) has no more steps than it was distilled from.

    Raises InvalidInput.
    """
    with checking() as check:
        check.whole("num_inference_steps", steps, 1, scheduler.config.get("original_inference_steps") or steps)
    scheduler.set_timesteps(steps, device=device)


def clean(scheduler: Any, output: Any, seen: Tensor, answer: Tensor, t: Tensor) -> Tensor:
    """x̂₀, the clean latents predicted in the step that gave ``output``: the sampler's word, else ``implied``."""
    for name in ("denoised", "pred_original_sample"):
        if getattr(output, name, None) is not None:
            return getattr(output, name)
    return implied(scheduler, seen, answer, t)


def implied(scheduler: Any, seen: Tensor, answer: Tensor, t: Tensor) -> Tensor:
    """x̂₀ that the UNet's ``answer`` means for what it has ``seen`` at level ``t``, by any sampler.

    (x − √(1−ᾱ) ε̂) / √ᾱ, or √ᾱ x − √(1−ᾱ) v̂. What the UNet sees has spread 1, also where a sampler's latents do not.
    """
    kept = _kept(scheduler, float(t)).to(seen)
    match scheduler.config.prediction_type:
        case "sample":
            return answer
        case "v_prediction":
            return kept.sqrt() * seen - (1 - kept).sqrt() * answer
        case _:
            return (seen - (1 - kept).sqrt() * answer) / kept.sqrt()


def _kept(scheduler: Any, t: float) -> Tensor:
    """ᾱ at a level; between two, straight in log σ, as samplers with levels of their own place them."""
    kept, low = scheduler.alphas_cumprod.cpu(), int(t)
    if low == t:
        return kept[low]
    first, second = ((1 - kept[low : low + 2]) / kept[low : low + 2]).log()
    return 1 / (1 + torch.lerp(first, second, t - low).exp())


def snapshot(scheduler: Any, generator: torch.Generator) -> Memory:
    found = tuple((name, _kept_as(vars(scheduler)[name])) for name in REMEMBERED if name in vars(scheduler))
    return Memory(found, generator.get_state().numpy().copy())


def restore(scheduler: Any, generator: torch.Generator, memory: Memory, like: Tensor) -> None:
    """Put a fresh sampler into the state of ``memory``; latents are on the device and of the type of ``like``."""
    for name, value in memory.state:
        setattr(scheduler, name, _live(value, like))
    generator.set_state(torch.from_numpy(memory.random.copy()))


def _kept_as(value: Any) -> Any:
    """Tensors as arrays, lists as tuples."""
    if isinstance(value, Tensor):
        return value.cpu().float().numpy().copy() if value.is_floating_point() else value.cpu().numpy().copy()
    return tuple(map(_kept_as, value)) if isinstance(value, list | tuple) else value


def _live(value: Any, like: Tensor) -> Any:
    """The inverse of ``_kept_as``."""
    if isinstance(value, np.ndarray):
        tensor = torch.from_numpy(value.copy())
        return tensor.to(like) if tensor.is_floating_point() else tensor.to(like.device)
    return [_live(each, like) for each in value] if isinstance(value, tuple) else value
