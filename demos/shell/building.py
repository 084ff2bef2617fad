"""From a lesson to what stands in its tab: a bug in it takes down its own tab only; its first screen fills when it is seen,
and then moves for some seconds."""

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
from demos.kit.prelude import SECONDS, Prelude
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


def move(slug: str, lang: str, prelude: Prelude) -> gr.HTML:
    """Play the prelude over the first screen: the browser asks for it once the opening stands still and nobody has begun."""
    for view in prelude.views:
        view.elem_classes = [*(view.elem_classes or []), f"taste-v{view._id}"]
    player = gr.HTML(
        html_template="<span></span>",
        js_on_load="taste.prelude(element, props, trigger, watch, ['ask']);",  # gradio finds the event by its quoted name
        apply_default_css=False,
        elem_classes="taste-door",
        lesson=slug,
        views=[f"taste-v{view._id}" for view in prelude.views],
        words=text.load("common", lang)("prelude"),
    )

    async def frames(*values: Any) -> AsyncIterator[Any]:
        if (known := prelude.known(*values)) is not None:
            yield known
            return
        work = in_background(lambda: prelude.told(*values), 2 * SECONDS)
        async with aclosing(OPENING.shared(work)) as events:  # type: ignore[type-var]
            async for result in events:
                yield gr.skip() if isinstance(result, Waiting | Working) else result

    player.ask(frames, prelude.inputs, player, show_progress="hidden", concurrency_limit=None, api_visibility="private")
    return player
