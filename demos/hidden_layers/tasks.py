"""Three things to predict in this lesson, and what core computes for each."""

from __future__ import annotations

from typing import Any

from demos import kit
from demos.kit.tasks import band


def _answer_xor() -> tuple[str, dict[str, Any]]:
    from core.lessons.hidden_layers.playground import PRESETS, Playground

    shares = {}
    for name in ("xor_0", "xor_1"):
        play = Playground(PRESETS[name])
        play.train()
        shares[name] = play.scores()[1].accuracy or 0.0
    return band(shares["xor_0"], SHARES, ("half", "most", "all")), {"none": shares["xor_0"], "one": shares["xor_1"]}


def _answer_product() -> tuple[str, dict[str, Any]]:
    from core.lessons.hidden_layers.playground import PRESETS, Playground

    play = Playground(PRESETS["xor_product"])
    play.train()
    share = play.scores()[1].accuracy or 0.0
    return band(share, SHARES, ("half", "most", "all")), {"share": share, "count": play.model.count_params()}


def _answer_overfit() -> tuple[str, dict[str, Any]]:
    from core.lessons.hidden_layers.playground import PRESETS, Playground

    losses = {}
    for name in ("overfit", "regularised"):
        play = Playground(PRESETS[name])
        play.train()
        losses[name] = play.scores()
    free, held = losses["overfit"], losses["regularised"]
    return band(free[1].loss / max(free[0].loss, 1e-12), (2, 10), ("together", "few", "apart")), {
        "train": free[0].loss,
        "test": free[1].loss,
        "held_train": held[0].loss,
        "held_test": held[1].loss,
    }


SHARES = (0.65, 0.9)  # of right answers: about half, most, nearly all


def _preset(name: str) -> dict[str, Any]:
    from core.lessons.hidden_layers.playground import PRESETS
    from demos.hidden_layers import controls

    return controls.of_config(PRESETS[name])


TASKS = (
    kit.Task("xor", ("half", "most", "all"), _answer_xor, lambda _: _preset("xor_0")),
    kit.Task("product", ("half", "most", "all"), _answer_product, lambda _: _preset("xor_product")),
    kit.Task("overfit", ("together", "few", "apart"), _answer_overfit, lambda _: _preset("overfit")),
)
