"""Three things to predict in this lesson, and what core computes for each."""

from __future__ import annotations

from typing import Any

from demos import kit


def _answer_paths() -> tuple[str, dict[str, Any]]:
    from core.lessons.backpropagation.chain_rule import chain
    from core.lessons.backpropagation.trace import TraceConfig, trace

    t = trace(TraceConfig(hidden=(2, 2, 2), activations=("sigmoid",) * 3))
    rule = chain(t, t.net.parameters[0])
    return str(rule.path_count), {"count": rule.path_count, "gradient": rule.gradient}


def _answer_depth() -> tuple[str, dict[str, Any]]:
    from core.lessons.backpropagation.vanishing import DeepConfig, probe

    report = probe(DeepConfig(depth=20, activation="sigmoid"))
    return "vanishing" if report.ratio < 1e-3 else "same", {
        "ratio": report.ratio,
        "first": float(report.weight_gradient[0]),
    }


def _answer_remedy() -> tuple[str, dict[str, Any]]:
    from core.lessons.backpropagation.vanishing import DeepConfig, probe

    ratio = {
        "init": probe(DeepConfig(depth=20, activation="sigmoid", init="he")).ratio,
        "relu": probe(DeepConfig(depth=20, activation="relu", init="he")).ratio,
    }
    best = max(ratio, key=lambda name: min(ratio[name], 1 / ratio[name]) if ratio[name] else 0)
    return best, ratio


TASKS = (
    kit.Task("paths", ("2", "4", "8"), _answer_paths),
    kit.Task("depth", ("same", "vanishing"), _answer_depth),
    kit.Task("remedy", ("init", "relu"), _answer_remedy),
)
