"""Three things to predict, then run: each answer is computed at the press of the button, by core.

After a wrong guess a link shows the answer on the lesson's own controls: the settings of the task, and its run.
"""

from __future__ import annotations

import base64
import functools
import json
import math
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
    show: Callable[[dict[str, Any]], dict[str, Any]] | None = None  # the answer's values → settings of the controls
    press: int = 1  # which of the lesson's main buttons then runs it; 0: the settings say enough

    def link(self, lesson: str, lang: str, values: dict[str, Any]) -> str:
        """Where the answer can be seen happening; nothing if the controls cannot show it."""
        if self.show is None:
            return ""
        packed = base64.urlsafe_b64encode(json.dumps(self.show(values)).encode()).decode().rstrip("=")
        run = f"&run={self.press}" if self.press else ""
        return f"./{'en' if lang == 'en' else ''}?lesson={lesson}&s={packed}{run}"


def nearest(value: float, guesses: tuple[str, ...]) -> str:
    """The guess that is nearest to a positive number, by their ratio."""
    return min(guesses, key=lambda guess: abs(math.log(float(guess) / max(value, 1e-300))))


def band(value: float, limits: tuple[float, ...], names: tuple[str, ...]) -> str:
    """The name of the range a number falls into: ``names`` has one more than ``limits``.

    >>> band(0.8, (0.65, 0.9), ("half", "most", "all"))
    'most'
    """
    return names[sum(value > limit for limit in limits)]


def tasks(t: text.Text, items: tuple[Task, ...]) -> None:
    """Predict, then run: each answer is computed at the press of the button, by core."""
    markdown(f"### {t('tasks_title')}\n{t('tasks_hint')}")
    with gr.Row(equal_height=False):
        for number, item in enumerate(items, 1):
            with gr.Column(min_width=280, elem_classes="taste-task"):
                with gr.Group():
                    guess = gr.Radio(
                        t.choices(f"tasks.{item.name}.choices", item.choices), label=t(f"tasks.{item.name}.question")
                    )
                    check = gr.Button(f"{t('tasks_run')} {number}", size="md")  # a name of its own
                said = markdown("", min_height=24, elem_classes="taste-answer")
                ask = functools.partial(on_task, t.lesson, item)
                answered = check.click(
                    ask, [gr.State(t.lang), guess], said, **(RUN | {"show_progress": "minimal"}), **PRIVATE
                )
                noted = f"() => {{ window.gallery?.answered('{t.lesson}', '{item.name}'); return []; }}"
                answered.success(None, None, None, js=noted, show_progress="hidden", **PRIVATE)


def on_task(lesson: str, item: Task, lang: str, guess: str | None) -> str:
    """Compute the answer of a task and say whether the guess was right."""
    t = text.load(lesson, lang)
    try:
        truth, values = item.answer()
    except CoreError as error:
        return t.error(error)
    verdict = t("tasks_no_guess") if guess is None else t("tasks_right") if guess == truth else t("tasks_wrong")
    told = f"{verdict} **{t(f'tasks.{item.name}.choices.{truth}')}** — {t(f'tasks.{item.name}.answer', **values)}"
    link = item.link(lesson, lang, values) if guess is not None and guess != truth else ""
    return f"{told} [{t('tasks_show')}]({link})" if link else told
