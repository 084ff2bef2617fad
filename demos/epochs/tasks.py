"""Three things to predict in this lesson, and what core computes for each."""

from __future__ import annotations

from typing import Any

from demos import kit
from demos.kit.tasks import band


def _answer_count() -> tuple[str, dict[str, Any]]:
    from core.lessons.epochs.run import EpochsConfig, count

    counts = count(EpochsConfig(samples=1000, batch_size=300, epochs=3))
    return str(counts.updates), {"each": counts.updates_per_epoch, "last": counts.last_batch, "total": counts.updates}


def _answer_batch() -> tuple[str, dict[str, Any]]:
    from core.events import drain
    from core.lessons.epochs.run import EpochRun, EpochsConfig

    small, large = (drain(EpochRun(EpochsConfig(1000, size, 2)).steps()) for size in (20, 500))
    return band(small.loss() / large.loss(), (0.9, 1.1), ("small", "tie", "large")), {
        "small": small.loss(),
        "large": large.loss(),
        "few": large.update,
        "many": small.update,
    }


def _answer_noise() -> tuple[str, dict[str, Any]]:
    from core.events import drain
    from core.lessons.epochs.run import EpochsConfig, gradient_noise

    by_size = {p.batch_size: p.measured for p in drain(gradient_noise(EpochsConfig(samples=1000)))}
    ratio = by_size[1] / by_size[100]
    return min(("2", "10", "100"), key=lambda guess: abs(float(guess) - ratio)), {
        "one": by_size[1],
        "hundred": by_size[100],
        "ratio": ratio,
    }


TASKS = (
    kit.Task("count", ("9", "10", "12"), _answer_count, lambda _: {"samples": "1000", "batch": 300, "epochs": 3}),
    kit.Task("batch", ("small", "tie", "large"), _answer_batch, lambda _: {"batch": 20, "epochs": 2}),
    kit.Task("noise", ("2", "10", "100"), _answer_noise),
)
