"""Three things to predict in this lesson, and what core computes for each."""

from __future__ import annotations

from typing import Any

from demos import kit


def _answer_order() -> tuple[str, dict[str, Any]]:
    from core.lessons.attention.sentence import order_change

    words = ("개가", "사람을", "문다")
    without, with_ = order_change(words, False), order_change(words, True)
    return "same" if without < 1e-9 else "different", {"without": without, "with_": with_}


def _answer_scale() -> tuple[str, dict[str, Any]]:
    from core.lessons.attention.sentence import sharpest

    scaled, raw = sharpest()
    return "sharper" if raw > scaled else "flatter", {"scaled": scaled, "raw": raw}


def _answer_loss() -> tuple[str, dict[str, Any]]:
    from core.lessons.attention.sentence import first_loss

    loss, guess, letters = first_loss("ko")
    near = min(("zero", 0.0), ("one", 1.0), ("guess", guess), key=lambda pair: abs(pair[1] - loss))
    return near[0], {"loss": loss, "guess": guess, "letters": letters}


TASKS = (
    kit.Task("order", ("same", "different"), _answer_order),
    kit.Task("scale", ("sharper", "flatter"), _answer_scale),
    kit.Task("loss", ("zero", "one", "guess"), _answer_loss),
)
