"""A result as a file, made in the browser: nothing is left on the server."""

from __future__ import annotations

import json
from collections.abc import Callable

import gradio as gr

from demos import kit
from demos.kit import text


def button(t: text.Text) -> gr.Button:
    """The button of ``save``, where it stands."""
    with gr.Row(elem_classes="taste-buttons"):
        return gr.Button(t("download_csv"), size="md", min_width=140, scale=0)


def save(desk: kit.Desk, pressed: gr.Button, file_name: str, fn: Callable[..., str]) -> None:
    """Let ``pressed`` save the table that ``fn`` writes from what stands on the desk."""
    held = gr.Textbox(visible=False)
    call, inputs, _ = desk.bound(fn, ())
    asked = pressed.click(call, inputs, held, **kit.LIGHT, **kit.PRIVATE)
    asked.success(None, held, None, js=f"(text) => taste.save({json.dumps(file_name)}, text)", **kit.PRIVATE)
