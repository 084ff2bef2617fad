"""Lesson 15: the learner draws a shape, sees it sink into noise, and watches a network learn to bring it back."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import gradio as gr

from demos import kit, views
from demos.diffusion import bridge
from demos.diffusion.tasks import TASKS
from demos.kit import text
from demos.kit.lesson import Lesson, Opening, Room

SHAPES = ("heart", "circle", "moons", "spiral", "hangul", "drawn")
METHODS = ("ddim", "ddpm")
REPORTS = 40  # pictures of one training run


def _points(shape: str, drawing: str, seed: float) -> Any:
    from core.lessons.diffusion.shapes import named

    return named(shape, drawing, seed=kit.whole(seed))


def _config(updates: float, seed: float) -> Any:
    from core.diffusion.point_diffusion import DiffusionConfig

    return DiffusionConfig(steps=kit.whole(updates), seed=kit.whole(seed))


def _b64(array: Any) -> str:
    return base64.b64encode(array.tobytes()).decode()


@kit.handler
def on_open(
    lang: str, shape: str, drawing: str, method: str, steps: float, updates: float, seed: float
) -> tuple[Any, ...]:
    """A shape and its way into noise; the network has learnt nothing yet, and shows it."""
    from core.diffusion.point_diffusion import PointDiffusion
    from core.lessons.diffusion.films import REACH, coded, forward_film

    t, points = text.load("diffusion", lang), _points(shape, drawing, seed)
    model = PointDiffusion(_config(updates, seed))
    pad = {
        "strokes": drawing if shape == "drawn" else "",
        "points": _b64(coded(points[::2])),
        "reach": REACH,
        "words": {name: t(f"pad.{name}") for name in ("undo", "clear", "keys")},
        "caption": t("pad.caption", count=len(points)),
    }
    film = forward_film(points[::3], seed=kit.whole(seed))
    forward = _film(t, film) | {
        "captions": [
            t("forward.caption", kept=kept, noise=1 - kept) if level >= 0 else t("forward.none")
            for level, kept in zip(film.levels, film.kept, strict=True)
        ],
        "alt": t("forward.alt"),
        "key": f"{shape} {drawing} {seed}",
        "play": f"{shape} {drawing} {seed}",
    }
    return model, pad, forward, *_learning(t, points, [], []), *on_backward(lang, model, method, steps, seed)


def _film(t: text.Text, film: Any) -> dict[str, Any]:
    from core.lessons.diffusion.films import CELLS, FIELD_REACH, REACH

    return {
        "reach": REACH,
        "frames": [_b64(frame) for frame in film.frames],
        "labels": [t("level", t=level) if level >= 0 else t("clean") for level in film.levels],
        "fields": [_b64(frame) for frame in film.field] if film.field is not None else None,
        "cells": CELLS,
        "fieldReach": FIELD_REACH,
        "words": _words(t),
    }


def _words(t: text.Text) -> dict[str, str]:
    return {name: t(f"film.{name}") for name in ("play", "pause", "time", "field", "trails")}


@kit.handler
def on_draw(
    lang: str, shape: str, method: str, steps: float, updates: float, seed: float, spot: gr.EventData
) -> tuple[Any, ...]:
    """Strokes came from the pad: they are the shape now. An emptied pad goes back to the shape chosen before."""
    drawing = spot.strokes if isinstance(spot.strokes, str) else "?"
    chosen = "drawn" if drawing not in ("", "[]") else shape if shape != "drawn" else SHAPES[0]
    return drawing, chosen, *on_open(lang, chosen, drawing, method, steps, updates, seed)


@kit.handler
def on_train(
    lang: str, shape: str, drawing: str, method: str, steps: float, updates: float, seed: float
) -> Iterator[tuple[Any, ...]]:
    """Learn the shape: noise some points, let the network name the noise, correct it, again and again."""
    from core import runtime
    from core.diffusion.point_diffusion import DiffusionStep, PointDiffusion
    from core.events import Deadline, Done
    from core.lessons.diffusion.films import likeness
    from core.lessons.diffusion.shapes import distance

    t, points, config = text.load("diffusion", lang), _points(shape, drawing, seed), _config(updates, seed)
    model, reports, gaps = PointDiffusion(config), [], []
    run = model.steps(points, every=max(1, config.steps // REPORTS), deadline=Deadline(kit.RUN_SECONDS))
    for event in kit.paced(run, 0):
        match event:
            case DiffusionStep():
                reports.append(event)
                gaps.append(distance(event.samples, points))
                yield model, *_learning(t, points, reports, gaps), gr.skip(), gr.skip()
            case Done(seconds=seconds, stopped=why):
                label = kit.badge_text(
                    t,
                    source="trained_now",
                    parameters=model.parameters,
                    seconds=seconds,
                    device=runtime.describe("cpu"),
                    loss=model.losses_[-1],
                )
                label += " · " + t("distance_badge", distance=likeness(model, points, seed=config.seed))
                label += kit.why_stopped(t, why, config.learning_rate)
                yield model, gr.skip(), gr.skip(), on_backward(lang, model, method, steps, seed)[0], label


def _learning(t: text.Text, points: Any, reports: list[Any], gaps: list[float]) -> tuple[Any, Any]:
    """What the model draws at each report, and the curves of loss and distance."""
    from core.lessons.diffusion.films import NEAR, coded

    film = {
        "reach": NEAR,
        "target": _b64(coded(points[::2], NEAR)),
        "frames": [_b64(coded(report.samples, NEAR)) for report in reports],
        "labels": [t("learning.label", step=report.step) for report in reports],
        "captions": [
            t("learning.caption", step=report.step, total=report.total, distance=gap)
            for report, gap in zip(reports, gaps, strict=True)
        ],
        "start": "last",
        "words": _words(t),
        "caption": t("learning.empty"),
    }
    steps = [report.step for report in reports]
    curve = {
        "series": [
            {"name": t("curve.loss"), "x": steps, "y": [report.average for report in reports], "colour": 2},
            {"name": t("curve.distance"), "x": steps, "y": gaps, "colour": 1, "dash": True},
        ],
        "logy": True,
        "xlabel": t("curve.x"),
        "caption": t("curve.caption", loss=reports[-1].average, distance=gaps[-1]) if reports else t("curve.empty"),
    }
    return film, curve


@kit.handler
def on_backward(lang: str, model: Any, method: str, steps: float, seed: float) -> tuple[Any, str]:
    """Draw 300 points from pure noise in ``steps`` steps with the model as it is; the learnt field at each of them."""
    from core import runtime
    from core.diffusion.point_diffusion import PointDiffusion
    from core.lessons.diffusion.films import backward_film

    t, model = text.load("diffusion", lang), model or PointDiffusion()
    film = _film(t, backward_film(model, 300, kit.whole(steps), method, kit.whole(seed)))
    key = "trained" if model.losses_ else "untrained"
    film |= {"caption": t(f"backward.{key}", steps=kit.whole(steps), done=len(model.losses_))}
    film |= {"start": len(film["frames"]) - 1, "key": f"{method} {steps} {seed} {len(model.losses_)}"}
    if model.losses_:
        film["play"] = film["key"]
    label = kit.badge_text(t, source="computed_now", parameters=model.parameters, device=runtime.describe("cpu"))
    return film, label


@kit.handler
def on_csv(lang: str, model: Any, method: str, steps: float, seed: float) -> str:
    """The points drawn, as CSV."""
    from core.diffusion.point_diffusion import PointDiffusion
    from core.lessons.diffusion.films import points_csv

    return points_csv(model or PointDiffusion(), 1000, kit.whole(steps), method, kit.whole(seed))


@kit.handler
def on_code(lang: str, shape: str, drawing: str, method: str, steps: float, updates: float, seed: float) -> str:
    from core.lessons.diffusion.films import script

    return script(_config(updates, seed), shape, drawing, kit.whole(steps), method, kit.whole(seed))


def build(lang: str) -> Room:
    t = text.load("diffusion", lang)
    language, model, drawing = kit.header(t), gr.State(None), gr.Textbox("", visible=False)
    with gr.Row(equal_height=False):
        with gr.Column(min_width=280):
            gr.Markdown(f"### {t('draw_title')}")
            pad = views.pad(square=340, height=0, can=("draw",))
            shape = gr.Radio(t.choices("shape", SHAPES), value="heart", label=t("shape_label"))
        with gr.Column(min_width=280):
            gr.Markdown(f"### {t('forward_title')}")
            forward = views.cloud(square=340, height=0)
        with gr.Column(min_width=280):
            gr.Markdown(f"### {t('learn_title')}")
            learning = views.cloud(square=340, height=0)
            buttons = kit.buttons(t, "run")
            badge = kit.badge()
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=300):
            gr.Markdown(f"### {t('backward_title')}")
            backward = views.cloud(square=480, height=0)
        with gr.Column(scale=2, min_width=280):
            method = gr.Radio(t.choices("method", METHODS), value="ddim", label=t("method_label"))
            steps = gr.Slider(1, 100, value=50, step=1, label=t("steps"), info=t("steps_info"))
            curve = views.curve(height=220)
            with gr.Accordion(t("more"), open=False):
                updates = gr.Slider(100, 5000, value=2500, step=100, label=t("updates"))
                seed = gr.Number(0, precision=0, minimum=0, maximum=2**31, label=t("seed"), info=t("seed_info"))
            save, csv = gr.Button(t("download_csv"), size="md"), gr.Textbox(visible=False)
    controls: dict[str, Any] = {"shape": shape, "drawing": drawing, "method": method, "steps": steps}
    controls |= {"updates": updates, "seed": seed}
    inputs, quiet = [language, *controls.values()], kit.LIGHT | kit.PRIVATE
    outputs = [model, pad, forward, learning, curve, backward, badge]
    drawn = [language, model, method, steps, seed]
    trained = [model, learning, curve, backward, badge]
    training = buttons.run.click(on_train, inputs, trained, **kit.RUN, **kit.api("diffusion_train"))
    buttons.stop.click(on_backward, drawn, [backward, badge], cancels=[training], **quiet)
    for listen in (buttons.reset.click, shape.input, updates.change, seed.change):
        listen(on_open, inputs, outputs, cancels=[training], **quiet)
    pad.draw(on_draw, [language, shape, *inputs[3:]], [drawing, shape, *outputs], cancels=[training], **quiet)
    method.change(on_backward, drawn, [backward, badge], **quiet)
    steps.release(on_backward, drawn, [backward, badge], **kit.LIGHT, **kit.api("diffusion_draw"))
    save.click(on_csv, drawn, csv, **quiet).then(
        None, csv, None, js="(text) => taste.save('diffusion.csv', text)", **kit.PRIVATE
    )
    more, inside, filled = bridge.build(t, language, drawn)
    controls |= more
    kit.tasks(t, TASKS)
    kit.code_panel(t, "diffusion.py", on_code, inputs)
    kit.share(t, controls)
    kit.story(t)
    return Room(controls, Opening(_on_first, [*inputs, *inside], [*outputs, *filled]))


def _on_first(lang: str, *values: Any) -> tuple[Any, ...]:
    return *on_open(lang, *values[:6]), *bridge.on_open(lang, *values[6:])


LESSON = Lesson("diffusion", build)
