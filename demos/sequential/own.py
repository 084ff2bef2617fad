"""Lesson 8, the learner's own things: a CSV in; model, history, rows and programs out."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import gradio as gr

from core.lessons.sequential import choices
from demos import kit
from demos.kit import downloads
from demos.sequential import controls as ctl
from demos.sequential.controls import SCREEN


@kit.handler
def on_file(lang: str, path: str | None) -> kit.Update:
    """The learner's CSV, the target in the last column; words there are classes. The file is read, never kept."""
    from core.files import tables
    from core.lessons.sequential.data import from_cells

    if not path:
        return SCREEN()
    with open(path, "rb") as file:
        cells = tables.read_csv(file.read(tables.MOST_BYTES + 1))
    from_cells(cells.rows, cells.names, cells.numbers)  # what cannot be used is told now
    names = ", ".join(name.replace(",", " ") for name in cells.names)
    table = {"headers": list(cells.names), "data": [list(row) for row in cells.rows]}
    return SCREEN(table=gr.update(value=table), columns=names, data="table")


@kit.handler
def on_code(lang: str, lab: Any, library: str, form: kit.Values) -> str:
    """The run as a program: this library's, Keras', or plain PyTorch that prints the same loss."""
    from core.errors import checking
    from core.lessons.sequential.lab import Lab
    from core.lessons.sequential.script import code
    from core.mlp.script import to_script

    with checking() as check:
        check.within("library", library, choices.LIBRARY)
    spec = ctl.chosen(form)
    lab = lab if lab is not None and lab.goes_on(spec) else Lab(spec)
    if library != "torch":
        return code(replace(spec, epochs=lab.trainer.epoch or spec.epochs), library)
    return to_script((lab if lab.trainer.updates else lab.train(deadline=kit.RUN_SECONDS)).run)


@kit.handler
def on_weights(lang: str, lab: Any, form: kit.Values) -> str:
    """The model as safetensors, in base64; ``core.Sequential.load`` reads it."""
    from core.lessons.sequential.lab import Lab

    return base64.b64encode((lab or Lab(ctl.chosen(form))).to_safetensors()).decode()


@kit.handler
def on_history(lang: str, lab: Any, form: kit.Values) -> str:
    """``history`` as CSV: a row for each epoch."""
    from core.lessons.sequential.lab import Lab

    return str((lab or Lab(ctl.chosen(form))).history_csv())


@kit.handler
def on_data(lang: str, form: kit.Values) -> str:
    """The rows as CSV, which the programs read as data.csv."""
    from core.lessons.sequential.data import load

    return str(load(ctl.chosen(form)).table)


def files(desk: kit.Desk) -> None:
    """Model, history and rows as files, made in the browser."""
    with gr.Row(elem_classes="taste-buttons"):
        model, history, data = (gr.Button(desk.t(f"download.{n}"), size="md") for n in ("model", "history", "data"))
        held = gr.Textbox(visible=False)
    kit.markdown(desk.t("shelf_note"), elem_classes="taste-badge")
    call, inputs, _ = desk.bound(on_weights, ())
    made = model.click(call, inputs, held, **kit.LIGHT, **kit.PRIVATE)
    made.success(None, held, None, js="(data) => taste.saveBytes('model.safetensors', data)", **kit.PRIVATE)
    downloads.save(desk, history, "history.csv", on_history)
    downloads.save(desk, data, "data.csv", on_data)
