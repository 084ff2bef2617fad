"""What every lesson is made of. ``from demos import kit``, then ``kit.handler``, ``kit.buttons``, ``kit.RUN`` and so on.

``form`` inputs and outputs by name · ``events`` how events run · ``handling`` what a visitor sent · ``parts`` what stands
on a page · ``tasks`` things to predict · ``page`` what travels between lessons. By module name: ``lesson``, ``text``,
``pictures``, ``sounds``, ``downloads``.
"""

from demos.kit.events import CPU, DRAW, FETCH, FRAME_SECONDS, LIGHT, LLM, PRIVATE, RUN, RUN_SECONDS, TALK, free, hold
from demos.kit.form import Desk, Form, Screen, Update, Values, dropdown, number_box, radio, slider
from demos.kit.gpu import gpu
from demos.kit.handling import Sent, empty_box, handler, number, paced, quote, settled, whole
from demos.kit.page import SHELF, Page, api, building, new_shelf, shelf
from demos.kit.parts import (
    MATH,
    Buttons,
    badge,
    badge_text,
    buttons,
    code_panel,
    header,
    keep,
    markdown,
    replay,
    share,
    story,
    why_stopped,
)
from demos.kit.tasks import Task, on_task, tasks

__all__ = [
    "CPU",
    "DRAW",
    "FETCH",
    "FRAME_SECONDS",
    "LIGHT",
    "LLM",
    "MATH",
    "PRIVATE",
    "RUN",
    "RUN_SECONDS",
    "SHELF",
    "TALK",
    "Buttons",
    "Desk",
    "Form",
    "Page",
    "Screen",
    "Sent",
    "Task",
    "Update",
    "Values",
    "api",
    "badge",
    "badge_text",
    "building",
    "buttons",
    "code_panel",
    "dropdown",
    "empty_box",
    "free",
    "gpu",
    "handler",
    "header",
    "hold",
    "keep",
    "markdown",
    "new_shelf",
    "number",
    "number_box",
    "on_task",
    "paced",
    "quote",
    "radio",
    "replay",
    "settled",
    "share",
    "shelf",
    "slider",
    "story",
    "tasks",
    "whole",
    "why_stopped",
]
