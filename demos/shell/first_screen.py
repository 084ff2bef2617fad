"""What is computed for a lesson's first screen does not come late over what the learner made there meanwhile.

On a slow machine a first picture can take longer than a learner takes to press a button. While an opening is at work, the
outputs that other events of the session change are noted, and its result leaves those as they are. A stream is given all
its outputs as soon as it changes one: the others are coming.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import gradio as gr
from gradio.components import _Keywords

SKIP = gr.skip()
_taken: WeakKeyDictionary[Any, dict[int, set[int]]] = (
    WeakKeyDictionary()
)  # session → event of an opening → outputs taken


def opens(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Mark ``fn``, whose result is a first screen. While it is at work it changes its first output (the timer) alone."""
    fn.opens = True
    return fn


def stays(value: Any) -> bool:
    """Whether an output stays as it is: ``gr.skip()``."""
    return isinstance(value, dict) and value == SKIP


def in_time(session: Any, event: Any, values: Sequence[Any]) -> Sequence[Any]:
    """``values`` of an event's outputs; of an opening, those that it comes too late for are skipped."""
    changing = [n for n, value in enumerate(values) if not stays(value) and value is not _Keywords.FINISHED_ITERATING]
    if session is None or not changing:
        return values
    openings = _taken.setdefault(session, {})
    if not getattr(event.fn, "opens", False):
        touched = event.outputs if event.types_generator else [event.outputs[n] for n in changing]
        for taken in openings.values():
            taken |= {each._id for each in touched}
        return values
    if changing == [0]:
        openings.setdefault(event._id, set())
        return values
    taken = openings.pop(event._id, set())
    return [SKIP if each._id in taken else value for each, value in zip(event.outputs, values, strict=True)]
