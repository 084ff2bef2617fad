"""Three things to predict in this lesson, and what core computes for each."""

from __future__ import annotations

from typing import Any

from demos import kit


def _answer(which: str) -> tuple[str, dict[str, Any]]:
    from core.lessons.language_model import tasks

    return getattr(tasks, which)()


TASKS = (
    kit.Task("zero", ("same", "different"), lambda: _answer("zero")),
    kit.Task("nucleus", ("few", "some", "many"), lambda: _answer("nucleus")),
    kit.Task("heat", ("cold", "hot", "same"), lambda: _answer("heat")),
)
