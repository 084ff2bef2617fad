"""What every lesson is made of. ``from demos import kit``, then ``kit.handler``, ``kit.buttons``, ``kit.RUN`` and so on.

``page`` the page being built · ``handling`` what a visitor sent · ``events`` how events run · ``parts`` what stands on a page ·
``tasks`` things to predict. By name: ``lesson``, ``text``, ``pictures``, ``sounds``, ``downloads``.
"""

from demos.kit.events import FRAME_SECONDS, LIGHT, LLM, PRIVATE, RUN, RUN_SECONDS, TALK, free, hold
from demos.kit.handling import Sent, handler, number, paced, quote, settled, whole
from demos.kit.page import SHELF, Page, api, building, new_shelf, shelf
from demos.kit.parts import (
    MATH,
    Buttons,
    badge,
    badge_text,
    buttons,
    code_panel,
    header,
    markdown,
    share,
    story,
    why_stopped,
)
from demos.kit.tasks import Task, on_task, tasks

__all__ = [
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
    "Page",
    "Sent",
    "Task",
    "api",
    "badge",
    "badge_text",
    "building",
    "buttons",
    "code_panel",
    "free",
    "handler",
    "header",
    "hold",
    "markdown",
    "new_shelf",
    "number",
    "on_task",
    "paced",
    "quote",
    "settled",
    "share",
    "shelf",
    "story",
    "tasks",
    "whole",
    "why_stopped",
]
