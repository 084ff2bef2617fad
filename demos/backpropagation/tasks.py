"""Three things to predict in this lesson, and what core computes for each."""

from __future__ import annotations

from typing import Any

from demos import kit
from demos.kit.tasks import nearest


def _answer_paths() -> tuple[str, dict[str, Any]]:
    from core.lessons.backpropagation.chain_rule import chain
    from core.lessons.backpropagation.trace import TraceConfig, trace

    t = trace(TraceConfig(hidden=(2, 2, 2), activations=("sigmoid",) * 3))
    rule = chain(t, t.net.parameters[0])
    return str(rule.path_count), {"count": rule.path_count, "gradient": rule.gradient}


def _answer_depth() -> tuple[str, dict[str, Any]]:
    from core.lessons.backpropagation.vanishing import DeepConfig, probe

    report = probe(DeepConfig(depth=20, activation="sigmoid"))
    return nearest(report.ratio, ("1", "0.001", "0.000000001")), {
        "ratio": report.ratio,
        "first": float(report.weight_gradient[0]),
    }


def _answer_remedy() -> tuple[str, dict[str, Any]]:
    from core.lessons.backpropagation.vanishing import DeepConfig, probe

    ratio = {
        "init": probe(DeepConfig(depth=20, activation="sigmoid", init="he")).ratio,
        "relu": probe(DeepConfig(depth=20, activation="relu", init="he")).ratio,
    }
    even = {name: min(value, 1 / value) if value else 0.0 for name, value in ratio.items()}
    return next((name for name in ("init", "relu") if even[name] > 0.1), "neither"), ratio


TASKS = (
    kit.Task("paths", ("2", "4", "8"), _answer_paths, lambda _: {"shape": "2-2-2"}, press=0),
    kit.Task("depth", ("1", "0.001", "0.000000001"), _answer_depth, lambda _: {"depth": 20}, press=0),
    kit.Task("remedy", ("init", "relu", "neither"), _answer_remedy),
)
