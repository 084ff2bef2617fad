"""Three things to predict in this lesson, and what core computes for each."""

from __future__ import annotations

from typing import Any

from demos import kit
from demos.kit.tasks import band
from demos.sequential import shown


def _answer_count() -> tuple[str, dict[str, Any]]:
    from core.lessons.sequential.spec import PRESETS, inspect

    rows = inspect(PRESETS["deep"], 1, "regression").rows  # one input: the weight
    total = rows[-1].running_total
    return str(total), {"sums": " + ".join(f"{row.parameters:,}" for row in rows), "total": f"{total:,}"}


def _answer_raw() -> tuple[str, dict[str, Any]]:
    errors = shown.mean_errors("deep")
    return band(errors["raw"] / errors["standardised"], (0.9, 1.1), ("better", "same", "worse")), errors


def _answer_overfit() -> tuple[str, dict[str, Any]]:
    losses = shown.end_losses("overfit")
    return band(losses["last"] / losses["best"], (1.05, 1.5), ("down", "little", "up")), losses


TASKS = (
    kit.Task("count", ("4288", "4353", "4096"), _answer_count),
    kit.Task("raw", ("better", "same", "worse"), _answer_raw, lambda _: {"standardise": False}),
    kit.Task("overfit", ("down", "little", "up"), _answer_overfit),
)
