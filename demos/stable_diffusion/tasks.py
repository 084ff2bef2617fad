"""Three things to predict in this lesson, and what core computes for each."""

from __future__ import annotations

from typing import Any

from demos import kit


def _answer_seed() -> tuple[str, dict[str, Any]]:
    from core.lessons.stable_diffusion import studio

    sd = studio.shared()
    first, again, other = (sd.generate("red apple", num_inference_steps=8, seed=seed) for seed in (1, 1, 2))
    same, far = studio.gap(first, again), studio.gap(first, other)
    return "same" if same == 0 else "apart", {"same": same, "far": far}


def _answer_half() -> tuple[str, dict[str, Any]]:
    from core.diffusion.settings import Settings
    from core.lessons.stable_diffusion import studio

    sd = studio.shared()
    long, _ = studio.pictures(sd, Settings("red apple", num_inference_steps=20))
    _, short = studio.pictures(sd, Settings("red apple", num_inference_steps=10))
    between = studio.gap(long[9].image, short.image)
    return "same" if between < 2 else "noisy", {"between": between, "t": long[9].t}


def _answer_early() -> tuple[str, dict[str, Any]]:
    from core.diffusion.settings import Settings
    from core.lessons.stable_diffusion import studio

    steps, _ = studio.pictures(studio.shared(), Settings("파란 하트", num_inference_steps=15))
    at = studio.settled_at([step.predicted for step in steps])
    return "first" if at <= 5 else "second" if at <= 10 else "last", {"step": at}


TASKS = (
    kit.Task("seed", ("same", "apart"), _answer_seed),
    kit.Task("half", ("same", "noisy"), _answer_half),
    kit.Task("early", ("first", "second", "last"), _answer_early),
)
