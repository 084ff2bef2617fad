"""Lesson 8, the learner's own things: a CSV in; model, history, rows and programs out."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import gradio as gr

from demos import kit
from demos.kit import text
from demos.sequential import controls as ctl

LIBRARIES = ("core", "keras", "torch")


@kit.handler
def on_file(lang: str, path: str | None, *controls: Any) -> tuple[Any, ...]:
    """The learner's CSV, the target in the last column; words there are classes. The file is read, never kept."""
    from core.files import tables
    from core.lessons.sequential.data import from_cells

    if not path:
        return (gr.skip(),) * 3
    with open(path, "rb") as file:
        cells = tables.read_csv(file.read(tables.MOST_BYTES + 1))
    from_cells(cells.rows, cells.names)  # what cannot be used is told now
    names = ", ".join(name.replace(",", " ") for name in cells.names)
    data = {"headers": list(cells.names), "data": [list(row) for row in cells.rows]}
    return gr.update(value=data), names, "table"


@kit.handler
def on_code(lang: str, lab: Any, library: str, *controls: Any) -> str:
    """The run as a program: this library's, Keras', or plain PyTorch that prints the same loss."""
    from core.errors import Check
    from core.lessons.sequential.lab import Lab
    from core.lessons.sequential.script import code
    from core.mlp.script import to_script

    check = Check()
    check.one_of("library", library, LIBRARIES)
    check.done()
    spec = ctl.chosen(controls)
    lab = lab if lab is not None and lab.goes_on(spec) else Lab(spec)
    if library != "torch":
        return code(replace(spec, epochs=lab.trainer.epoch or spec.epochs), library)
    if not lab.trainer.updates:
        for _ in lab.steps(every=60, deadline=kit.RUN_SECONDS):
            pass
    return to_script(lab.run)


@kit.handler
def on_weights(lang: str, lab: Any, *controls: Any) -> str:
    """The model as safetensors, in base64; ``core.Sequential.load`` reads it."""
    from core.lessons.sequential.lab import Lab

    return base64.b64encode((lab or Lab(ctl.chosen(controls))).to_safetensors()).decode()


@kit.handler
def on_history(lang: str, lab: Any, *controls: Any) -> str:
    """``history`` as CSV: a row for each epoch."""
    from core.lessons.sequential.lab import Lab

    return str((lab or Lab(ctl.chosen(controls))).history_csv())


@kit.handler
def on_data(lang: str, *controls: Any) -> str:
    """The rows as CSV, which the programs read as data.csv."""
    from core.lessons.sequential.data import load

    return str(load(ctl.chosen(controls)).table)


def downloads(t: text.Text, language: gr.State, lab: gr.State, values: list[Any]) -> None:
    """Model, history and rows as files, made in the browser."""
    everything, quiet = [language, lab, *values], kit.LIGHT | kit.PRIVATE
    with gr.Row(elem_classes="taste-buttons"):
        buttons = [gr.Button(t(f"download.{name}"), size="md") for name in ("model", "history", "data")]
        held = [gr.Textbox(visible=False) for _ in buttons]
    kit.markdown(t("shelf_note"), elem_classes="taste-badge")
    saves = (
        (on_weights, everything, "(data) => taste.saveBytes('model.safetensors', data)"),
        (on_history, everything, "(text) => taste.save('history.csv', text)"),
        (on_data, [language, *values], "(text) => taste.save('data.csv', text)"),
    )
    for button, box, (fn, inputs, script) in zip(buttons, held, saves, strict=True):
        button.click(fn, inputs, box, **quiet).then(None, box, None, js=script, **kit.PRIVATE)
