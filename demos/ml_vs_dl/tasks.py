"""Three things to predict in this lesson, and what core computes for each."""

from __future__ import annotations

from typing import Any

from demos import kit
from demos.kit.tasks import band


def _duel(data: str, features: tuple[str, ...], samples: int = 300) -> Any:
    from core.data.toy import ToyConfig
    from core.events import drain
    from core.lessons.ml_vs_dl.match import VersusConfig, versus

    return drain(versus(VersusConfig(ToyConfig(data, samples, 10), features, epochs=40), every=None))


def _answer_circle() -> tuple[str, dict[str, Any]]:
    run = _duel("circle", ("x1", "x2"))
    return run.winner, {"machine": run.machine.score.test, "deep": run.deep.score.test}


def _answer_features() -> tuple[str, dict[str, Any]]:
    plain, made = _duel("circle", ("x1", "x2")), _duel("circle", ("x1²", "x2²"))
    value = made.machine.score.test
    return band(value, (0.7, 0.9), ("70", "90", "100")), {
        "before": plain.machine.score.test,
        "after": value,
        "count": made.machine.score.parameters,
    }


def _answer_few() -> tuple[str, dict[str, Any]]:
    from core.events import drain
    from core.lessons.ml_vs_dl.sample_size import SweepConfig
    from core.lessons.ml_vs_dl.sample_size import sweep as measure

    row = drain(measure(SweepConfig(sizes=(5,), draws=5))).rows[0]
    machine, deep = row.means
    return "tie" if abs(machine - deep) < 0.01 else "machine" if machine > deep else "deep", {
        "machine": machine,
        "deep": deep,
    }


TASKS = (
    kit.Task("circle", ("machine", "deep", "tie"), _answer_circle, lambda _: {"data": "circle"}),
    kit.Task(
        "features",
        ("70", "90", "100"),
        _answer_features,
        lambda _: {"data": "circle", "features": ["x1²", "x2²"]},
    ),
    kit.Task("few", ("machine", "tie", "deep"), _answer_few),
)
