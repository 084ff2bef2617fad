"""Share links: what one may hold, and which values a control takes from it."""

from __future__ import annotations

import base64
import binascii
import json
import math
from typing import Any

import gradio as gr

LINK_BYTES = 20_000  # longest share state that is read


def read_link(query: dict[str, str]) -> tuple[str, dict[str, Any]]:
    """(lesson, control values) of ``?lesson=…&s=…``; garbage gives an empty state, never an error."""
    packed = query.get("s", "")
    try:
        raw = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)) if len(packed) <= LINK_BYTES else b"{}"
        state = json.loads(raw or b"{}")
    except (binascii.Error, ValueError, RecursionError):
        state = {}
    return query.get("lesson", ""), state if isinstance(state, dict) else {}


def admissible(control: Any, value: Any) -> bool:
    """Whether a value from a link could have been set by hand on this control."""
    if isinstance(control, gr.Slider | gr.Number):
        low, high = control.minimum, control.maximum
        real = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        return real and (low is None or value >= low) and (high is None or value <= high)
    if isinstance(control, gr.CheckboxGroup):
        return isinstance(value, list) and all(v in [c[1] for c in control.choices] for v in value)
    if isinstance(control, gr.Dropdown | gr.Radio):
        return value in [choice[1] for choice in control.choices]
    if isinstance(control, gr.Checkbox):
        return isinstance(value, bool)
    if isinstance(control, gr.Textbox):
        return isinstance(value, str) and len(value) <= 5_000
    if isinstance(control, gr.Dataframe):  # the learner's own table: bounded rows of numbers and short words
        return isinstance(value, list) and len(value) <= 500 and all(_row(row) for row in value)
    return False


def _row(row: Any) -> bool:
    plain = isinstance(row, list) and len(row) <= 12
    return plain and all(v is None or isinstance(v, int | float) or (isinstance(v, str) and len(v) <= 80) for v in row)
