"""Three things to predict in this lesson, and what core computes for each."""

from __future__ import annotations

from typing import Any

from demos import kit


def _answer_kept() -> tuple[str, dict[str, Any]]:
    from core.diffusion.point_diffusion import kept_signal

    kept = float(kept_signal()[500])
    return "half" if kept > 0.4 else "quarter" if kept > 0.15 else "tenth", {"kept": kept}


def _answer_once() -> tuple[str, dict[str, Any]]:
    from core.lessons.diffusion.films import one_step

    found = one_step()
    return found.where, {"radius": found.radius, "many": found.radius_many}


def _answer_fresh() -> tuple[str, dict[str, Any]]:
    from core.lessons.diffusion.films import two_methods

    found = two_methods()
    return "apart" if found.between > 0.3 else "same", {"between": found.between, "again": found.again}


TASKS = (
    kit.Task("kept", ("half", "quarter", "tenth"), _answer_kept),
    kit.Task("once", ("shape", "middle", "far"), _answer_once),
    kit.Task("fresh", ("same", "apart"), _answer_fresh),
)
