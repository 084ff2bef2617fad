"""Lesson 5, the learner's own things: points by click, a table or a CSV file in; weights and losses out."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import gradio as gr

from demos import kit
from demos.hidden_layers import controls as ctl
from demos.hidden_layers import inside
from demos.hidden_layers import pictures as pic
from demos.kit import text


def _rows(config: Any) -> list[list[float]]:
    return [[round(x1, 3), round(x2, 3), round(label, 3)] for x1, x2, label in config.points]


def _told(
    lang: str, here: pic.Here | None, config: Any, controls: tuple[Any, ...], x1: float, x2: float, *more: Any
) -> tuple[Any, ...]:
    """The table with these points, and the pictures of the net on them."""
    rows = _rows(config)
    values = dict(zip(ctl.SETTINGS + ctl.LOOKS, controls, strict=True)) | {"points": rows, "task": config.task}
    chosen = ctl.chosen(tuple(values.values()))
    here = pic.place(here, chosen)
    return rows, *more, *pic.shown(lang, here, chosen), *inside.shown(lang, here, x1, x2), gr.skip()


@kit.handler
def on_place(
    lang: str, here: pic.Here | None, x1: float, x2: float, spot: gr.EventData, *controls: Any
) -> tuple[Any, ...]:
    """A click on the plane adds a point of the chosen label; all points are then in the table."""
    from core.lessons.hidden_layers.playground import with_point

    chosen = ctl.chosen(controls)
    low = -1.0 if chosen.config.task == "regression" else 0.0
    label = low if chosen.click == "low" else 1.0
    config = with_point(chosen.config, kit.number(spot.x, "x1"), kit.number(spot.y, "x2"), label)
    return _told(lang, here, config, controls, x1, x2, config.task)


@kit.handler
def on_erase(
    lang: str, here: pic.Here | None, x1: float, x2: float, spot: gr.EventData, *controls: Any
) -> tuple[Any, ...]:
    """A click on a point takes it away."""
    from core.lessons.hidden_layers.playground import without_point

    config = without_point(ctl.chosen(controls).config, kit.number(spot.index, "index"))
    return _told(lang, here, config, controls, x1, x2, config.task)


@kit.handler
def on_file(
    lang: str, here: pic.Here | None, path: str | None, x1: float, x2: float, *controls: Any
) -> tuple[Any, ...]:
    """The learner's CSV: two columns of numbers and a label. The file is read, never kept; the net starts anew."""
    from core.files import tables
    from core.lessons.hidden_layers.playground import from_table

    if not path:
        return (gr.skip(),) * (12)
    values = dict(zip(ctl.SETTINGS + ctl.LOOKS, controls, strict=True))
    task, values["points"] = values["task"], []
    chosen = ctl.chosen(tuple(values.values()))
    with open(path, "rb") as file:
        cells = tables.read_csv(file.read(tables.MOST_BYTES + 1))
    return _told(lang, None, from_table(chosen.config, cells.rows, cells.names, task), controls, x1, x2)


@kit.handler
def on_clear(lang: str, here: pic.Here | None, x1: float, x2: float, *controls: Any) -> tuple[Any, ...]:
    """Back to the drawn data."""
    values = dict(zip(ctl.SETTINGS + ctl.LOOKS, controls, strict=True)) | {"points": []}
    return _told(lang, here, ctl.chosen(tuple(values.values())).config, controls, x1, x2)


@kit.handler
def on_csv(lang: str, here: pic.Here | None, *controls: Any) -> str:
    """The loss curve as CSV: epoch, iteration, losses and accuracies."""
    return str(pic.place(here, ctl.chosen(controls)).play.to_csv())


@kit.handler
def on_weights(lang: str, here: pic.Here | None, *controls: Any) -> str:
    """The net as safetensors, in base64; ``core.Sequential.load`` reads it."""
    return base64.b64encode(pic.place(here, ctl.chosen(controls)).play.to_safetensors()).decode()


@dataclass(frozen=True)
class Table:
    """Its components."""

    points: gr.Dataframe
    task: gr.Radio
    file: gr.File
    clear: gr.Button


def build(t: text.Text) -> Table:
    kit.markdown(t("own_lead"))
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            points = gr.Dataframe(
                [],
                headers=["x₁", "x₂", t("own_label")],
                column_count=3,
                type="array",
                datatype="str",
                interactive=True,
                max_height=300,
                label=t("own_table"),
            )
        with gr.Column(min_width=240):
            task = gr.Radio(
                t.choices("task", ("classification", "regression")), value="classification", label=t("task_label")
            )
            file = gr.File(label=t("file_label"), file_types=[".csv", ".txt", ".tsv"], height=110)
            clear = gr.Button(t("own_clear"))
    return Table(points, task, file, clear)


def downloads(t: text.Text, language: gr.State, here: gr.State, values: list[Any]) -> None:
    """Weights and losses as files, made in the browser."""
    quiet = kit.LIGHT | kit.PRIVATE
    with gr.Row(elem_classes="taste-buttons"):
        weights, csv = gr.Button(t("download_weights"), size="md"), gr.Button(t("download_csv"), size="md")
        held = [gr.Textbox(visible=False), gr.Textbox(visible=False)]
    kit.markdown(t("shelf_note"), elem_classes="taste-badge")
    saves = (
        (weights, on_weights, held[0], "(data) => taste.saveBytes('hidden_layers.safetensors', data)"),
        (csv, on_csv, held[1], "(text) => taste.save('hidden_layers.csv', text)"),
    )
    for button, handler, box, script in saves:
        button.click(handler, [language, here, *values], box, **quiet).then(None, box, None, js=script, **kit.PRIVATE)
