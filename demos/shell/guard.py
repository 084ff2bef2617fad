"""What no control allows (a raw call, a number typed past a slider's end) is told in one translated sentence.

Gradio checks the values of a call before the handler sees them, and then answers in English, with a traceback in the log.
Left out: values a control lets through; core's configs refuse those.
"""

from __future__ import annotations

import html
import re
from typing import Any

import gradio as gr
from gradio.data_classes import GradioModel, GradioRootModel
from gradio.exceptions import InvalidComponentError

from core.errors import shown
from demos.kit import text

HALF = re.compile("[\ud800-\udfff]")


def protect(app: gr.Blocks) -> None:
    """Let this app tell refused values in the language of the page they were meant for."""
    prepare = app.preprocess_data

    async def preprocess_data(event: Any, inputs: list[Any], *args: Any, **options: Any) -> list[Any]:
        if not encodable(inputs):
            t = text.load("common", language(event))
            raise gr.Error(t("refused.text"), title=t("check_this"), print_exception=False, duration=8)
        try:
            ready = await prepare(event, inputs, *args, **options)
            if any(_no_example(block, value) for block, value in zip(event.inputs, ready, strict=False)):
                raise ValueError("no example")
            return ready
        except InvalidComponentError:  # our own fault
            raise
        except Exception as error:
            t = text.load("common", language(event))
            raise gr.Error(_why(t, event, inputs), title=t("check_this"), print_exception=False, duration=8) from error

    app.preprocess_data = preprocess_data


def encodable(value: Any) -> bool:
    """Whether every text in what was sent can be sent back: JSON may hold halves of letters, which no answer can."""
    try:
        return _encodable(value)
    except RecursionError:  # nested without end
        return False


def _encodable(value: Any) -> bool:
    if isinstance(value, str):
        return value.isascii() or not HALF.search(value)
    if isinstance(value, dict):
        return all(_encodable(part) for pair in value.items() for part in pair)
    return not isinstance(value, list | tuple) or all(map(_encodable, value))


def language(event: Any) -> str:
    """The language a handler is given, or that of its page."""
    given = (block.value for block in event.inputs if isinstance(block, gr.State))
    spoken = next((value for value in given if isinstance(value, str) and value in text.LANGUAGES), None)
    return spoken or ("en" if event.page in ("en", "endpoints") else "ko")


def _why(t: text.Text, event: Any, inputs: Any) -> str:
    if len(inputs) < len(event.inputs):
        needed = sum(not isinstance(block, gr.State) for block in event.inputs)
        return t("refused.few", needed=needed)
    for block, value in zip(event.inputs, inputs, strict=False):
        if not isinstance(block, gr.State) and not _takes(block, value):
            name = html.escape(str(getattr(block, "label", None) or block.get_block_name()))
            low, high = getattr(block, "minimum", None), getattr(block, "maximum", None)
            if low is not None and high is not None:
                if value is None or value == "":
                    return t("refused.empty", name=name, low=low, high=high)
                return t("refused.range", name=name, low=low, high=high, received=html.escape(shown(value)))
            return t("refused.value", name=name, received=html.escape(shown(value)))
    return t("refused.call")


def _no_example(block: Any, value: Any) -> bool:
    """Gradio takes an example that is none and fails later."""
    return isinstance(block, gr.Dataset) and value is None


def _takes(block: Any, value: Any) -> bool:
    """Whether a component accepts a value, as gradio's own preparation of inputs asks."""
    if _no_example(block, value):
        return False
    if isinstance(block, gr.Image):  # gradio would decode the whole file to find out
        return value is None or isinstance(value, dict)
    model = getattr(block, "data_model", None)
    try:
        if model and value is not None and issubclass(model, GradioModel | GradioRootModel):
            value = model.model_validate(value, context={"validate_meta": True})
        block.preprocess(value)
    except Exception:
        return False
    return True
