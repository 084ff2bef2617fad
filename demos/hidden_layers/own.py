"""Lesson 5, the learner's own things: points by click, a table or a CSV file in; weights and losses out."""

from __future__ import annotations

import base64
from dataclasses import replace

import gradio as gr

from core.lessons.hidden_layers import choices
from demos import kit
from demos.hidden_layers import controls as ctl
from demos.hidden_layers import inside
from demos.hidden_layers import pictures as pic
from demos.hidden_layers.controls import SCREEN
from demos.kit import downloads

TABLE = ("points", "task")


def _told(lang: str, here: pic.Here | None, chosen: ctl.Chosen, x1: float, x2: float) -> kit.Update:
    """The table with the points of this config, its task, and the pictures of the net on them."""
    rows = [[round(x1, 3), round(x2, 3), round(label, 3)] for x1, x2, label in chosen.config.points]
    chosen = replace(chosen, config=replace(chosen.config, points=tuple(map(tuple, rows))))  # as the table has them
    here = pic.place(here, chosen)
    shown = pic.shown(lang, here, chosen) | inside.shown(lang, here, x1, x2)
    return shown | SCREEN(points=rows, task=chosen.config.task)


@kit.handler
def on_place(
    lang: str, here: pic.Here | None, x1: float, x2: float, form: kit.Values, spot: gr.EventData
) -> kit.Update:
    """A click on the plane adds a point of the chosen label; all points are then in the table."""
    from core.lessons.hidden_layers.playground import with_point

    chosen = ctl.chosen(form)
    low = -1.0 if chosen.config.task == "regression" else 0.0
    label = low if chosen.click == "low" else 1.0
    config = with_point(chosen.config, kit.number(spot.x, "x1"), kit.number(spot.y, "x2"), label)
    return _told(lang, here, replace(chosen, config=config), x1, x2)


@kit.handler
def on_erase(
    lang: str, here: pic.Here | None, x1: float, x2: float, form: kit.Values, spot: gr.EventData
) -> kit.Update:
    """A click on a point takes it away."""
    from core.lessons.hidden_layers.playground import without_point

    chosen = ctl.chosen(form)
    config = without_point(chosen.config, kit.number(spot.index, "index"))
    return _told(lang, here, replace(chosen, config=config), x1, x2)


@kit.handler
def on_file(lang: str, path: str | None, x1: float, x2: float, form: kit.Values) -> kit.Update:
    """The learner's CSV: two columns of numbers and a label. The file is read, never kept; the net starts anew."""
    from core.files import tables
    from core.lessons.hidden_layers.playground import from_table

    if not path:
        return SCREEN()
    chosen = ctl.chosen(form.changed(points=[]))
    with open(path, "rb") as file:
        cells = tables.read_csv(file.read(tables.MOST_BYTES + 1))
    config = from_table(chosen.config, cells.rows, cells.names, form.task, cells.numbers)
    return _told(lang, None, replace(chosen, config=config), x1, x2)


@kit.handler
def on_clear(lang: str, here: pic.Here | None, x1: float, x2: float, form: kit.Values) -> kit.Update:
    """Back to the drawn data; the task of own points stays as it was chosen."""
    return _told(lang, here, ctl.chosen(form.changed(points=[])), x1, x2) | SCREEN(task=form.task)


@kit.handler
def on_csv(lang: str, here: pic.Here | None, form: kit.Values) -> str:
    """The loss curve as CSV: epoch, iteration, losses and accuracies."""
    return str(pic.place(here, ctl.chosen(form)).play.to_csv())


@kit.handler
def on_weights(lang: str, here: pic.Here | None, form: kit.Values) -> str:
    """The net as safetensors, in base64; ``core.Sequential.load`` reads it."""
    return base64.b64encode(pic.place(here, ctl.chosen(form)).play.to_safetensors()).decode()


def build(desk: kit.Desk) -> gr.Button:
    """The table; returns the button that empties it."""
    t = desk.t
    kit.markdown(t("own_lead"))
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            desk.put(
                points=gr.Dataframe(
                    [],
                    headers=["x₁", "x₂", t("own_label")],
                    column_count=3,
                    type="array",
                    datatype="str",
                    interactive=True,
                    max_height=300,
                    label=t("own_table"),
                )
            )
        with gr.Column(min_width=240):
            desk.put(task=kit.radio(t, "task", choices.TASK, label=t("task_label")))
            desk.put(path=gr.File(label=t("file_label"), file_types=[".csv", ".txt", ".tsv"], height=110))
            return gr.Button(t("own_clear"))


def save(desk: kit.Desk) -> None:
    """Weights and losses as files, made in the browser."""
    with gr.Row(elem_classes="taste-buttons"):
        weights, csv = gr.Button(desk.t("download_weights"), size="md"), gr.Button(desk.t("download_csv"), size="md")
    kit.markdown(desk.t("shelf_note"), elem_classes="taste-badge")
    downloads.save(desk, csv, "hidden_layers.csv", on_csv)
    desk.put(held=gr.Textbox(visible=False))
    asked = desk.on(weights.click, on_weights, to="held")
    script = "(data) => taste.saveBytes('hidden_layers.safetensors', data)"
    asked.success(None, desk.held, None, js=script, **kit.PRIVATE)
