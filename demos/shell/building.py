"""From a lesson to what stands in its tab: a bug in it takes down its own tab only; its first screen fills when it is seen."""

from __future__ import annotations

import importlib
import os
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import gradio as gr

from demos.kit import text
from demos.kit.events import OPENING, RUN_SECONDS
from demos.kit.lesson import Lesson, Opening, Room
from demos.kit.waiting_line import Waiting, Working, in_background
from demos.shell.first_screen import opens


def strict() -> bool:
    return os.environ.get("STRICT") == "1"


def safe_build(slug: str, lang: str) -> Room:
    """Build one lesson; a bug in it takes down its own tab only (and everything under STRICT=1: tests, CI)."""
    try:
        lesson: Lesson = importlib.import_module(f"demos.{slug}.page").LESSON
        return lesson.build(lang)
    except Exception as error:
        if strict():
            raise
        gr.Markdown(f"`{type(error).__name__}` — {text.load('common', lang)('lesson_broken')}")
        return Room()


def fill(opening: Opening, active: bool = True) -> gr.Timer:
    """Run the opening as soon as the lesson is on the screen (or the timer is set going), once, when it is its turn."""
    timer = gr.Timer(0.01, active=active)

    @opens
    async def first(*values: Any) -> AsyncIterator[list[Any]]:
        work = in_background(lambda: opening.fn(*values), RUN_SECONDS)
        async with aclosing(OPENING.shared(work)) as events:  # type: ignore[type-var]
            async for result in events:
                if isinstance(result, Waiting | Working):
                    yield [gr.update(active=False), *([gr.skip()] * len(opening.outputs))]
                else:
                    yield [gr.update(active=False), *(result if isinstance(result, (tuple, list)) else [result])]

    outputs = [timer, *opening.outputs]
    timer.tick(first, opening.inputs, outputs, show_progress="hidden", concurrency_limit=None, api_visibility="private")
    return timer
