"""Which noise levels a sampler visits under each spacing of its steps, asked of diffusers' samplers themselves.

The same word means other levels to another sampler: DPM++ leaves out the last one, and "leading" never sees the noisiest.
The schedule is Stable Diffusion 1.5's. Left out: Karras' and other spacings in σ. Source: diffusers `set_timesteps`; Lin et
al. 2024, "Common Diffusion Noise Schedules and Sample Steps are Flawed", table 2.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

from core.errors import checking
from core.lessons.stable_diffusion import choices

SPACINGS = ("leading", "linspace", "trailing")
SAMPLERS = {"ddim": "DDIMScheduler", "euler": "EulerDiscreteScheduler", "dpm++2m": "DPMSolverMultistepScheduler"}
SCHEDULE = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}


@dataclass(frozen=True, slots=True)
class Visited:
    """The levels in order, of 0 (clean) … 999, and √ᾱ of the first: how much of a picture is still in it, 0–1."""

    spacing: str
    sampler: str
    levels: tuple[float, ...]
    signal: float


def visited(steps: int) -> tuple[Visited, ...]:
    """Each spacing by each sampler, for ``steps`` steps. Raises InvalidInput.

    >>> [(each.sampler, each.levels[0], each.levels[-1]) for each in visited(20) if each.spacing == "linspace"]
    [('ddim', 999.0, 0.0), ('euler', 999.0, 0.0), ('dpm++2m', 999.0, 50.0)]
    """
    import diffusers

    with checking() as check:
        check.within("steps", steps, choices.STEPS)
    found = []
    for spacing in SPACINGS:
        for name, kind in SAMPLERS.items():
            sampler: Any = getattr(diffusers, kind)(timestep_spacing=spacing, **SCHEDULE)
            with warnings.catch_warnings():
                warnings.filterwarnings(
                    "ignore", "__array__ implementation", DeprecationWarning
                )  # diffusers on numpy 2
                sampler.set_timesteps(int(steps))
            levels = tuple(float(t) for t in sampler.timesteps)
            found.append(Visited(spacing, name, levels, float(sampler.alphas_cumprod[int(levels[0])] ** 0.5)))
    return tuple(found)
