"""Three things to predict in this lesson, and what core computes for each."""

from __future__ import annotations

from typing import Any

from core.lessons.activations.choices import SCORES
from demos import kit


def _answer_ten() -> tuple[str, dict[str, Any]]:
    from core.mlp.activations import at

    best = at("sigmoid", 0.0)
    left = best.through(10)
    return min(("10", "1000", "1000000"), key=lambda guess: abs(float(guess) * left - 1)), {
        "slope": best.slope,
        "left": left,
    }


def _answer_deep() -> tuple[str, dict[str, Any]]:
    from core.events import drain
    from core.lessons.activations.side_by_side import NetsConfig, boundaries

    names = ("sigmoid", "tanh", "relu")
    run = drain(boundaries(NetsConfig("circle", names, layers=4, epochs=20, learning_rate=0.01)))
    losses = {name: run.losses[name][-1] for name in names}
    return max(losses, key=lambda name: losses[name]), losses


def _answer_shift() -> tuple[str, dict[str, Any]]:
    from core.mlp.activations import softmax

    before, after = softmax(SCORES).probabilities, softmax([score + 3 for score in SCORES]).probabilities
    moved = float(after.max() - before.max())
    return "same" if abs(moved) < 1e-9 else "up" if moved > 0 else "down", {
        "before": float(before.max()),
        "after": float(after.max()),
    }


TASKS = (
    kit.Task("ten", ("10", "1000", "1000000"), _answer_ten),
    kit.Task("deep", ("sigmoid", "tanh", "relu"), _answer_deep),
    kit.Task("shift", ("up", "same", "down"), _answer_shift),
)
