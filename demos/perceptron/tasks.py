"""Three things to predict in this lesson, and what core computes for each."""

from __future__ import annotations

from typing import Any

from demos import kit
from demos.kit.tasks import band


def _answer_raw() -> tuple[str, dict[str, Any]]:
    from core.data import people
    from core.lessons.perceptron.fit import both_ways

    both = both_ways(people.WEIGHTS_KG, people.HEIGHTS_CM, 0.1)
    return both.raw.verdict, {"limit": both.raw_curvature.limit, "steps": both.raw.steps}


def _answer_outlier() -> tuple[str, dict[str, Any]]:
    from core.data import people
    from core.lessons.perceptron.fit import outlier

    found = outlier(people.WEIGHTS_KG, people.HEIGHTS_CM)
    return band(found.after.w / found.before.w, (0.9, 1.0), ("down", "little", "up")), {
        "before": found.before.w,
        "after": found.after.w,
        "share": found.share,
    }


def _answer_xor() -> tuple[str, dict[str, Any]]:
    from core.events import drain
    from core.lessons.perceptron.logic_gates import GateConfig, learn_gate

    run = drain(learn_gate(GateConfig("xor")))
    first, again = run.cycle or (0, len(run.mistakes))
    return run.outcome, {"first": first, "again": again}


TASKS = (
    kit.Task("raw", ("converged", "crawling", "diverged"), _answer_raw, lambda _: {"standardise": False, "rate": 0.1}),
    kit.Task("outlier", ("up", "little", "down"), _answer_outlier),
    kit.Task("xor", ("converged", "settles", "cycle"), _answer_xor, lambda _: {"gate": "xor"}, press=2),
)
