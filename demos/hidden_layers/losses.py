"""Lesson 5, second half: two equal nets that are surely wrong at first, one learning by cross-entropy, one by MSE."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from demos import kit, views
from demos.hidden_layers.controls import FORM, chosen
from demos.kit import text

SCREEN = kit.Screen("shapes", "tiles", "accuracies", "badge")


@kit.handler
def on_open(lang: str) -> dict[str, Any]:
    """Both losses and their slopes over z, for a point of class 1."""
    from core.lessons.hidden_layers.two_losses import loss_shapes

    t, shapes = text.load("hidden_layers", lang), loss_shapes()
    z = [round(value, 2) for value in shapes.z.tolist()]
    rows = (
        ("cross_entropy", shapes.cross_entropy, 1, False),
        ("mse", shapes.squared_error, 2, False),
        ("cross_entropy_slope", shapes.cross_entropy_slope, 1, True),
        ("mse_slope", shapes.squared_error_slope, 2, True),
    )
    return {
        "series": [
            {"name": t(f"versus.{name}"), "x": z, "y": [round(v, 4) for v in y.tolist()], "colour": c, "dash": dash}
            for name, y, c, dash in rows
        ],
        "ylim": [-1.2, 4],
        "xlabel": t("versus.z"),
        "caption": t(
            "versus.shapes",
            z=z[20],
            ce=float(shapes.cross_entropy_slope[20]),
            mse=float(shapes.squared_error_slope[20]),
        ),
    }


@kit.handler
def on_compare(lang: str, form: kit.Values) -> Iterator[kit.Update]:
    """Train the net of these settings twice, by cross-entropy and by squared error, from one surely wrong start."""
    from core import runtime
    from core.events import Cadence, Done
    from core.lessons.hidden_layers.two_losses import VersusStep, versus

    t, config = text.load("hidden_layers", lang), chosen(form).config
    marks: list[Any] = []
    points: list[Any] = []
    events = versus(config, every=Cadence(seconds=kit.FRAME_SECONDS), deadline=kit.RUN_SECONDS)
    for event in kit.paced(events, 0.02):
        match event:
            case VersusStep():
                marks += event.marks
                yield SCREEN(tiles=_tiles(t, event, points), accuracies=_accuracies(t, marks))
            case Done(result=(by_entropy, _), seconds=seconds, stopped=why):
                label = kit.badge_text(
                    t,
                    source="trained_now",
                    parameters=2 * by_entropy.model.count_params(),
                    seconds=seconds,
                    device=runtime.describe("cpu"),
                )
                yield SCREEN(badge=label + kit.why_stopped(t, why, config.learning_rate))


def _tiles(t: text.Text, step: Any, points: list[Any]) -> dict[str, Any]:
    frames = {"cross_entropy": step.cross_entropy, "mse": step.squared_error}
    return {
        "items": [
            {
                "name": t(f"versus.{name}"),
                "colour": colour,
                "text": t("versus.share", share=frame.test.accuracy),
                "field": views.packed(frame.boundary),
            }
            for (name, frame), colour in zip(frames.items(), (1, 2), strict=True)
        ],
        "points": points,
        "x": [-6, 6],
        "y": [-6, 6],
        "caption": t(
            "versus.caption",
            epoch=step.epoch,
            ce=step.cross_entropy.test.accuracy,
            mse=step.squared_error.test.accuracy,
        ),
    }


def _accuracies(t: text.Text, marks: list[Any]) -> dict[str, Any]:
    epochs = [mark.epoch for mark in marks]
    rows = (("cross_entropy", "cross_entropy", 1), ("mse", "squared_error", 2))
    return {
        "series": [
            {
                "name": t(f"versus.{name}"),
                "x": epochs,
                "y": [round(getattr(mark, net), 4) for mark in marks],
                "colour": colour,
            }
            for name, net, colour in rows
        ],
        "ylim": [0, 1.03],
        "xlabel": t("curve.x"),
        "ylabel": t("versus.accuracy"),
        "caption": t("versus.note"),
    }


def build(t: text.Text, language: gr.State, controls: dict[str, Any]) -> kit.Desk:
    desk = kit.Desk(t, FORM, SCREEN, language)
    desk.put(**controls)
    kit.markdown(t("versus.lead"))
    with gr.Row(elem_classes="taste-buttons"):
        go = gr.Button(t("versus.run"), min_width=130)
        halt = gr.Button(t("stop"), variant="stop", min_width=80)
    with gr.Row(equal_height=False):
        with gr.Column(min_width=280):
            desk.put(shapes=views.curve(height=260))
        with gr.Column(min_width=280):
            desk.put(tiles=views.tiles(), badge=kit.badge())
        with gr.Column(min_width=280):
            desk.put(accuracies=views.curve(height=260))
    run = desk.on(go.click, on_compare, kit.RUN, to=("tiles", "accuracies", "badge"), api="hidden_layers_losses")
    halt.click(None, cancels=[run], **kit.PRIVATE)
    return desk
