"""Lesson 16: the learner draws a shape, sees it sink into noise, and watches a network learn to bring it back."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import gradio as gr

from core.lessons.diffusion import choices
from demos import kit, views
from demos.diffusion import bridge
from demos.diffusion.tasks import TASKS
from demos.kit import downloads, text
from demos.kit.lesson import Lesson, Room

FORM = kit.Form(
    shape=choices.SHAPE,
    drawing="",
    method=choices.METHOD,
    steps=choices.STEPS,
    updates=choices.UPDATES,
    seed=choices.SEED,
)
FIRST = ("model", "pad", "forward", "learning", "curve", "backward", "badge")
SCREEN = kit.Screen(*FIRST, "shape", "drawing")
REPORTS = 40  # pictures of one training run


def _b64(array: Any) -> str:
    return base64.b64encode(array.tobytes()).decode()


@kit.handler
def on_open(lang: str, form: kit.Values) -> kit.Update:
    """A shape dissolves and, where a network that has learnt it ships, comes back; the learner's own knows nothing yet."""
    from core.diffusion.point_diffusion import PointDiffusion
    from core.lessons.diffusion.films import REACH, PointRun, coded, forward_film, there_and_back
    from core.lessons.diffusion.shipped import trained

    t, run = text.load("diffusion", lang), form.read(PointRun)
    points, model, key = run.points, PointDiffusion(run.config), f"{run.shape} {run.drawing} {run.seed}"
    pad = {
        "strokes": run.drawing if run.shape == "drawn" else "",
        "points": _b64(coded(points[::2])),
        "reach": REACH,
        "words": {name: t(f"pad.{name}") for name in ("undo", "clear", "keys")},
        "caption": t("pad.caption", count=len(points)),
    }
    known = trained(run.shape)
    film = there_and_back(known, points[::3], seed=run.seed) if known else forward_film(points[::3], seed=run.seed)
    turn = film.levels.index(max(film.levels))
    forward = _film(t, film) | {
        "captions": [
            t("forward.back", t=max(level, 0))
            if at > turn
            else t("forward.caption", kept=kept, noise=1 - kept)
            if level >= 0
            else t("forward.none")
            for at, (level, kept) in enumerate(zip(film.levels, film.kept, strict=True))
        ],
        "alt": t("forward.alt_back" if known else "forward.alt"),
        "key": key,
        "play": key,
    }
    return SCREEN(model=model, pad=pad, forward=forward) | _learning(t, points, [], []) | on_backward(lang, model, form)


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
def on_draw(lang: str, form: kit.Values, spot: gr.EventData) -> kit.Update:
    """Strokes came from the pad: they are the shape now. An emptied pad goes back to the shape chosen before."""
    drawing = spot.strokes if isinstance(spot.strokes, str) else "?"
    before = form.shape if form.shape != "drawn" else choices.SHAPE.default
    chosen = "drawn" if drawing not in ("", "[]") else before
    return on_open(lang, form.changed(shape=chosen, drawing=drawing)) | SCREEN(shape=chosen, drawing=drawing)


@kit.handler
def on_train(lang: str, form: kit.Values) -> Iterator[kit.Update]:
    """Learn the shape: noise some points, let the network name the noise, correct it, again and again."""
    from core import runtime
    from core.diffusion.point_diffusion import DiffusionStep, PointDiffusion
    from core.events import Done
    from core.lessons.diffusion.films import PointRun, likeness
    from core.lessons.diffusion.shapes import distance

    t, run = text.load("diffusion", lang), form.read(PointRun)
    points, model, reports, gaps = run.points, PointDiffusion(run.config), list[Any](), list[float]()
    events = model.steps(points, every=max(1, run.updates // REPORTS), deadline=kit.RUN_SECONDS)
    for event in kit.paced(events, 0):
        match event:
            case DiffusionStep():
                reports.append(event)
                gaps.append(distance(event.samples, points))
                yield SCREEN(model=model) | _learning(t, points, reports, gaps)
            case Done(stopped="paused"):
                yield SCREEN()  # Stop draws with what there is
            case Done(seconds=seconds, stopped=why):
                label = kit.badge_text(
                    t,
                    source="trained_now",
                    parameters=model.parameters,
                    seconds=seconds,
                    device=runtime.describe("cpu"),
                    loss=model.losses_[-1],
                )
                label += " · " + t("distance_badge", distance=likeness(model, points, seed=run.seed))
                label += kit.why_stopped(t, why, model.config.learning_rate)
                yield on_backward(lang, model, form) | SCREEN(model=model, badge=label)


def _learning(t: text.Text, points: Any, reports: list[Any], gaps: list[float]) -> kit.Update:
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
    return SCREEN(learning=film, curve=curve)


@kit.handler
def on_backward(lang: str, model: Any, form: kit.Values) -> kit.Update:
    """Draw points from pure noise with the model as it is; the learnt field at each step."""
    from core import runtime
    from core.diffusion.point_diffusion import PointDiffusion
    from core.lessons.diffusion.films import PointRun, backward_film

    t, run, model = text.load("diffusion", lang), form.read(PointRun), model or PointDiffusion()
    film = _film(t, backward_film(model, steps=run.steps, method=run.method, seed=run.seed))
    key = "trained" if model.losses_ else "untrained"
    film |= {"caption": t(f"backward.{key}", steps=run.steps, done=len(model.losses_))}
    film |= {"start": len(film["frames"]) - 1, "key": f"{run.method} {run.steps} {run.seed} {len(model.losses_)}"}
    if model.losses_:
        film["play"] = film["key"]
    label = kit.badge_text(t, source="computed_now", parameters=model.parameters, device=runtime.describe("cpu"))
    return SCREEN(backward=film, badge=label)


@kit.handler
def on_stop(lang: str, model: Any, form: kit.Values) -> kit.Update:
    """Stop: nothing more is learnt, though the page closes the run only now; points drawn with what was learnt."""
    if model:
        model.pause()
    return on_backward(lang, model, form)


@kit.handler
def on_csv(lang: str, model: Any, form: kit.Values) -> str:
    """The points drawn, as CSV."""
    from core.diffusion.point_diffusion import PointDiffusion
    from core.lessons.diffusion.films import PointRun, points_csv

    run = form.read(PointRun)
    return points_csv(model or PointDiffusion(), 1000, run.steps, run.method, run.seed)


@kit.handler
def on_code(lang: str, form: kit.Values) -> str:
    from core.lessons.diffusion.films import PointRun, script

    return script(form.read(PointRun))


def build(lang: str) -> Room:
    t = text.load("diffusion", lang)
    desk = kit.Desk(t, FORM, SCREEN, kit.header(t))
    desk.put(model=gr.State(None), drawing=gr.Textbox("", visible=False))
    with gr.Row(equal_height=False):
        with gr.Column(min_width=280):
            gr.Markdown(f"### {t('draw_title')}")
            desk.put(pad=views.pad(square=340, height=0, can=("draw",)))
            desk.put(shape=kit.radio(t, "shape", choices.SHAPE, label=t("shape_label")))
        with gr.Column(min_width=280):
            gr.Markdown(f"### {t('forward_title')}")
            desk.put(forward=views.cloud(square=340, height=0))
        with gr.Column(min_width=280):
            gr.Markdown(f"### {t('learn_title')}")
            desk.put(learning=views.cloud(square=340, height=0))
            buttons = kit.buttons(t, "run")
            desk.put(badge=kit.badge())
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=300):
            gr.Markdown(f"### {t('backward_title')}")
            desk.put(backward=views.cloud(square=480, height=0))
        with gr.Column(scale=2, min_width=280):
            desk.put(method=kit.radio(t, "method", choices.METHOD, label=t("method_label")))
            desk.put(steps=kit.slider(choices.STEPS, label=t("steps"), info=t("steps_info")))
            desk.put(curve=views.curve(height=220))
            with gr.Accordion(t("more"), open=False):
                desk.put(updates=kit.slider(choices.UPDATES, label=t("updates")))
                desk.put(seed=kit.number_box(choices.SEED, precision=0, label=t("seed"), info=t("seed_info")))
            save = downloads.button(t)
    training = desk.on(
        buttons.run.click,
        on_train,
        kit.RUN,
        to=("model", "learning", "curve", "backward", "badge"),
        api="diffusion_train",
    )
    drawn = ("backward", "badge")
    desk.on(buttons.stop.click, on_stop, to=drawn, cancels=[training])
    again = (buttons.reset.click, desk.shape.input, desk.updates.change, desk.seed.change)
    desk.on(again, on_open, to=FIRST, cancels=[training])
    desk.on(desk.pad.draw, on_draw, cancels=[training])
    desk.on(desk.method.change, on_backward, to=drawn)
    desk.on(desk.steps.release, on_backward, to=drawn, api="diffusion_draw")
    downloads.save(desk, save, "diffusion.csv", on_csv)
    half = bridge.build(desk)
    controls = desk.controls | half.controls
    kit.tasks(t, TASKS)
    kit.code_panel(desk, "diffusion.py", on_code)
    kit.share(t, controls)
    kit.story(t)
    return Room(controls, desk.opening(on_open, FIRST), (half.opening(bridge.on_open, "film"),))


LESSON = Lesson("diffusion", build)
