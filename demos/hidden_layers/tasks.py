"""Three things to predict in this lesson, and what core computes for each."""

from __future__ import annotations

from typing import Any

from demos import kit


def _answer_xor() -> tuple[str, dict[str, Any]]:
    from core.lessons.hidden_layers.playground import PRESETS, Playground

    shares = {}
    for name in ("xor_0", "xor_1"):
        play = Playground(PRESETS[name])
        play.train()
        shares[name] = play.scores()[1].accuracy or 0.0
    return "no" if shares["xor_0"] < 0.8 else "yes", {"none": shares["xor_0"], "one": shares["xor_1"]}


def _answer_product() -> tuple[str, dict[str, Any]]:
    from core.lessons.hidden_layers.playground import PRESETS, Playground

    play = Playground(PRESETS["xor_product"])
    play.train()
    share = play.scores()[1].accuracy or 0.0
    return "yes" if share > 0.9 else "no", {"share": share, "count": play.model.count_params()}


def _answer_overfit() -> tuple[str, dict[str, Any]]:
    from core.lessons.hidden_layers.playground import PRESETS, Playground

    losses = {}
    for name in ("overfit", "regularised"):
        play = Playground(PRESETS[name])
        play.train()
        losses[name] = play.scores()
    free, held = losses["overfit"], losses["regularised"]
    return "apart" if free[1].loss > 2 * free[0].loss else "together", {
        "train": free[0].loss,
        "test": free[1].loss,
        "held_train": held[0].loss,
        "held_test": held[1].loss,
    }


TASKS = (
    kit.Task("xor", ("yes", "no"), _answer_xor),
    kit.Task("product", ("yes", "no"), _answer_product),
    kit.Task("overfit", ("together", "apart"), _answer_overfit),
)
