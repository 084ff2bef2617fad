"""Three things to predict in this lesson, and what core computes for each."""

from __future__ import annotations

from typing import Any

from demos import kit
from demos.stable_diffusion import shown


def _answer_seed() -> tuple[str, dict[str, Any]]:
    from core.lessons.stable_diffusion import studio

    sd = studio.shared()
    first, again, other = (sd.generate("red apple", num_inference_steps=8, seed=seed) for seed in (1, 1, 2))
    same, far = studio.gap(first, again), studio.gap(first, other)
    return "same" if same == 0 else "apart", {"same": same, "far": far}


def _answer_half() -> tuple[str, dict[str, Any]]:
    from core.lessons.stable_diffusion import studio

    sd = studio.shared()
    long, _ = studio.pictures(sd, shown.settings("red apple", "", 20, 4.0, 0, ""))
    _, short = studio.pictures(sd, shown.settings("red apple", "", 10, 4.0, 0, ""))
    between = studio.gap(long[9].image, short.image)
    return "same" if between < 2 else "noisy", {"between": between, "t": long[9].t}


def _answer_early() -> tuple[str, dict[str, Any]]:
    from core.lessons.stable_diffusion import studio

    steps, _ = studio.pictures(studio.shared(), shown.settings("파란 하트", "", 15, 4.0, 0, ""))
    at = studio.settled_at([step.predicted for step in steps])
    return "first" if at <= 5 else "second" if at <= 10 else "last", {"step": at}


TASKS = (
    kit.Task("seed", ("same", "apart"), _answer_seed),
    kit.Task("half", ("same", "noisy"), _answer_half),
    kit.Task("early", ("first", "second", "last"), _answer_early),
)
