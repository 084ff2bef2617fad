"""Three things to predict, then run: each answer is computed at the press of the button, by core."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from core.errors import CoreError
from demos.kit import text
from demos.kit.events import PRIVATE, RUN
from demos.kit.parts import markdown


@dataclass(frozen=True)
class Task:
    """A question to predict, then run: ``answer()`` computes (the right choice, values of the sentence saying why).

    Words, in the lesson's strings: ``tasks.<name>.question``, ``.choices.<choice>`` and ``.answer``.
    """

    name: str
    choices: tuple[str, ...]
    answer: Callable[[], tuple[str, dict[str, Any]]]


def tasks(t: text.Text, items: tuple[Task, ...]) -> None:
    """Predict, then run: each answer is computed at the press of the button, by core."""
    markdown(f"### {t('tasks_title')}\n{t('tasks_hint')}")
    with gr.Row(equal_height=False):
        for item in items:
            with gr.Column(min_width=280):
                with gr.Group():
                    guess = gr.Radio(
                        t.choices(f"tasks.{item.name}.choices", item.choices), label=t(f"tasks.{item.name}.question")
                    )
                    check = gr.Button(t("tasks_run"), size="md")
                said = markdown("", min_height=24, elem_classes="taste-answer")
                ask = functools.partial(on_task, t.lesson, item)
                check.click(ask, [gr.State(t.lang), guess], said, **(RUN | {"show_progress": "minimal"}), **PRIVATE)


def on_task(lesson: str, item: Task, lang: str, guess: str | None) -> str:
    """Compute the answer of a task and say whether the guess was right."""
    t = text.load(lesson, lang)
    try:
        truth, values = item.answer()
    except CoreError as error:
        return t.error(error)
    verdict = t("tasks_no_guess") if guess is None else t("tasks_right") if guess == truth else t("tasks_wrong")
    return f"{verdict} **{t(f'tasks.{item.name}.choices.{truth}')}** — {t(f'tasks.{item.name}.answer', **values)}"
