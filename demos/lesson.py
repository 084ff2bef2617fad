"""What a lesson is, and how one is shown: in its tab, or alone (``python -m demos.perceptron``)."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from demos import text


@dataclass(frozen=True)
class Opening:
    """Fills the first screen when the lesson is first opened; the page itself ships without pictures."""

    fn: Callable[..., Any]
    inputs: list[Any]
    outputs: list[Any]


@dataclass(frozen=True)
class Room:
    """What ``build(lang)`` hands to the gallery."""

    controls: dict[str, Any] = field(default_factory=dict)  # restored from a share link
    opening: Opening | None = None


@dataclass(frozen=True)
class Lesson:
    slug: str  # also the name of its core module and of its content and strings files
    build: Callable[[str], Room]


def strict() -> bool:
    return os.environ.get("STRICT") == "1"


def safe_build(slug: str, lang: str) -> Room:
    """Build one lesson; a bug in it takes down its own tab only (and everything under STRICT=1: tests, CI)."""
    try:
        lesson: Lesson = importlib.import_module(f"demos.{slug}").LESSON
        return lesson.build(lang)
    except Exception as error:
        if strict():
            raise
        gr.Markdown(f"`{type(error).__name__}` — {text.load('common', lang)('lesson_broken')}")
        return Room()


def fill(opening: Opening, active: bool = True) -> gr.Timer:
    """Run the opening as soon as the lesson is on the screen (or the timer is set going), once."""
    timer = gr.Timer(0.01, active=active)

    def first(*values: Any) -> list[Any]:
        result = opening.fn(*values)
        return [gr.update(active=False), *(result if isinstance(result, (tuple, list)) else [result])]

    outputs = [timer, *opening.outputs]
    timer.tick(first, opening.inputs, outputs, show_progress="hidden", concurrency_limit=None, api_visibility="private")
    return timer


def launch_one(lesson: Lesson) -> None:
    """One lesson alone, both languages, for ``python -m demos.<lesson>``."""
    from demos import Chapter, gallery

    gallery.launch(gallery.build((Chapter("alone", (lesson.slug,)),)))
