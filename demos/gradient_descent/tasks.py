"""Three things to predict in this lesson, and what core computes for each."""

from __future__ import annotations

from typing import Any

from demos import kit
from demos.kit.tasks import band


def _answer(rate_of_limit: float) -> tuple[str, dict[str, Any]]:
    from core.data import people
    from core.events import drain
    from core.lessons.gradient_descent.race import DescentConfig, descend

    limit = drain(descend(DescentConfig(scaling="minmax", steps=1), *people.load())).limit
    rate = rate_of_limit * limit
    run = drain(descend(DescentConfig(scaling="minmax", learning_rate=rate, steps=60), *people.load()))
    return run.verdict, {"limit": limit, "rate": rate, "first": float(run.losses[0]), "last": run.loss}


def _answer_noise() -> tuple[str, dict[str, Any]]:
    from core.data import people
    from core.lessons.gradient_descent.race import noise_floor

    full, single = noise_floor(*people.load())
    return band(single / max(full, 1e-12), (2, 20), ("same", "few", "many")), {"full": full, "single": single}


def _walk(values: dict[str, Any]) -> dict[str, Any]:
    return {"scaling": "minmax", "rate": values["rate"], "steps": 60}


TASKS = (
    kit.Task("limit", ("converged", "oscillating", "diverged"), lambda: _answer(1.1), _walk),
    kit.Task("small", ("converged", "crawling", "diverged"), lambda: _answer(0.002), _walk),
    kit.Task("noise", ("same", "few", "many"), _answer_noise, lambda _: {"batch": "1"}),
)
