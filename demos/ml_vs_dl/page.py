"""Lesson 1: a formula chosen by a person and layers that find their own features split the same points."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import gradio as gr

from core.lessons.ml_vs_dl import choices
from demos import kit, views
from demos.kit import downloads, text
from demos.kit.lesson import Lesson, Room
from demos.ml_vs_dl import settings, sweep
from demos.ml_vs_dl.tasks import TASKS

FORM = kit.Form(**settings.CONTROLS)
PRELUDE = 30  # epochs of the first seconds
SCREEN = kit.Screen("here", "left", "right", "table", "badge", "formula")


@kit.handler
def on_open(lang: str, form: kit.Values) -> kit.Update:
    """The first screen: the linear model is fitted, the net has learnt for a few epochs. No verdict yet."""
    return kit.settled(_match(lang, settings.read(form), choices.PREVIEW))


@kit.handler
def on_prelude(lang: str, form: kit.Values) -> Iterator[kit.Update]:
    """The first seconds: the net learns on from where the first screen shows it."""
    from core.data import toy
    from core.lessons.ml_vs_dl.match import Deep, versus

    t, config = text.load("ml_vs_dl", lang), settings.read(form)
    points = toy.make(config.data)
    marks = _points(points)
    for event in versus(replace(config, epochs=min(PRELUDE, config.epochs)), points):
        if isinstance(event, Deep) and event.epoch >= choices.PREVIEW and event.epoch % 3 == 0:
            yield SCREEN(right=_plane(t, event.score, marks, ""))


@kit.handler
def on_match(lang: str, form: kit.Values) -> Iterator[kit.Update]:
    """Fit logistic regression and an MLP to the same points; judge both on the same held-out points."""
    config = settings.read(form)
    yield from _match(lang, config, config.epochs)


@kit.handler
def on_features(lang: str, here: Any, form: kit.Values) -> kit.Update:
    """Other features for the linear model: it is fitted again. The net never sees them, so it stays as it is trained."""
    from core.lessons.ml_vs_dl.match import refit

    config = settings.read(form)
    if here is None or (here.config.data, here.config.net) != (config.data, config.net):
        return on_open(lang, form)
    t, run = text.load("ml_vs_dl", lang), refit(here, config.features)
    badge = _badge(t, run, run.machine.score.seconds)
    return _right(t, run) | SCREEN(left=_left(t, run.points, run.machine), badge=badge)


def _match(lang: str, config: Any, epochs: int) -> Iterator[kit.Update]:
    """The net learns for ``epochs`` of the config's epochs."""
    from core.data import toy
    from core.events import Cadence, Done
    from core.lessons.ml_vs_dl.match import Deep, Machine, VersusRun, versus

    t, points = text.load("ml_vs_dl", lang), toy.make(config.data)
    played = replace(config, epochs=min(epochs, config.epochs))
    for event in versus(played, every=Cadence(seconds=kit.FRAME_SECONDS), deadline=kit.RUN_SECONDS):
        match event:
            case Machine():
                machine = event
                yield SCREEN(left=_left(t, points, machine))
            case Deep():
                run = VersusRun(config, points, False, machine, event)
                yield _right(t, run) | SCREEN(badge=t("unfinished", epoch=event.epoch))
            case Done(result=run, seconds=seconds, stopped=why):
                ended = kit.why_stopped(t, why, config.net.learning_rate)
                run = replace(run, config=config)
                yield SCREEN(here=run, badge=_badge(t, run, seconds, ended))


def _badge(t: text.Text, run: Any, seconds: float, ended: str = "") -> str:
    """Who won, once the net has learnt to its end."""
    from core import runtime

    label = kit.badge_text(t, source="trained_now", seconds=seconds, device=runtime.describe("cpu"))
    if not run.finished:
        return f"{t('unfinished', epoch=run.deep.epoch)}\n\n{label}{ended}"
    verdict = t(f"winner.{run.winner}", machine=run.machine.score.test, deep=run.deep.score.test)
    return f"**{verdict}**\n\n{label}{ended}"


def _left(t: text.Text, points: Any, machine: Any) -> dict[str, Any]:
    return _plane(t, machine.score, _points(points), t("linear_caption", test=machine.score.test))


def _right(t: text.Text, run: Any) -> kit.Update:
    """The net's picture, and the numbers of both."""
    caption = t("deep_caption", epoch=run.deep.epoch, test=run.deep.score.test)
    right = _plane(t, run.deep.score, _points(run.points), caption)
    return SCREEN(here=run, right=right, table=_table(t, run.machine, run.deep), formula=_formula(t, run.machine))


def _points(points: Any) -> list[list[float]]:
    train, test = points.colours()
    seen = [[x, y, c] for (x, y), c in zip(points.x_train.round(3).tolist(), train.tolist(), strict=True)]
    held = [[x, y, c, 1] for (x, y), c in zip(points.x_test.round(3).tolist(), test.tolist(), strict=True)]
    return seen + held


def _plane(t: text.Text, score: Any, points: list[Any], caption: str) -> dict[str, Any]:
    return {
        "x": [-6, 6],
        "y": [-6, 6],
        "field": views.packed(score.boundary),
        "points": points,
        "radius": 3.5,
        "equal": True,
        "names": {"high": t("blue"), "low": t("orange")},
        "caption": caption,
    }


def _table(t: text.Text, machine: Any, deep: Any) -> str:
    rows = [t("table.head"), "|---|---|---|"]
    for key in ("test", "train"):
        rows.append(t(f"table.{key}", machine=getattr(machine.score, key), deep=getattr(deep.score, key)))
    rows.append(t("table.parameters", machine=machine.score.parameters, deep=deep.score.parameters))
    rows.append(t("table.seconds", machine=machine.score.seconds, deep=deep.score.seconds))
    return "\n".join(rows)


def _formula(t: text.Text, machine: Any) -> str:
    terms = " ".join(f"{'+' if weight >= 0 else '−'} {abs(weight):.2f}·{name}" for name, weight in machine.weights)
    sign = "−" if machine.bias < 0 else ""
    return t("formula", formula=f"{sign}{abs(machine.bias):.2f} {terms}")


@kit.handler
def on_csv(lang: str, here: Any, form: kit.Values) -> str:
    """The match on the screen: what is in the table, as CSV."""
    from core.files.csv_text import to_csv

    run = here or _played(form)
    scores = (run.machine.score, run.deep.score)
    columns: dict[str, Any] = {"model": ["machine_learning", "deep_learning"]}
    for name in ("test", "train", "parameters", "seconds"):
        columns[name] = [getattr(score, name) for score in scores]
    return to_csv(columns)


@kit.handler
def on_code(lang: str, here: Any, form: kit.Values) -> str:
    """The match on the screen as a script; before there is one, the match of the controls."""
    from core.lessons.ml_vs_dl.match import script

    return script(here or _played(form))


def _played(form: kit.Values) -> Any:
    from core.events import drain
    from core.lessons.ml_vs_dl.match import versus

    return drain(versus(settings.read(form), every=None, deadline=kit.RUN_SECONDS))


def build(lang: str) -> Room:
    t = text.load("ml_vs_dl", lang)
    desk = kit.Desk(t, FORM, SCREEN, kit.header(t))
    desk.put(here=gr.State(None))
    with gr.Row(elem_classes="taste-buttons taste-transport"):
        go = gr.Button(t("run"), variant="primary", min_width=170, scale=0)
        stop = gr.Button(t("stop"), variant="stop", min_width=80, scale=0)
        reset = gr.Button(t("reset"), min_width=80, scale=0)
        desk.put(badge=kit.badge())
    with gr.Row(equal_height=False):
        with gr.Column(min_width=280):
            gr.Markdown(f"### {t('machine_title')}")
            desk.put(left=views.plane(square=400), formula=kit.markdown("", min_height=50))
            save = downloads.button(t)
        with gr.Column(min_width=280):
            gr.Markdown(f"### {t('deep_title')}")
            desk.put(right=views.plane(square=400))
        with gr.Column(min_width=280):
            desk.put(data=kit.radio(t, "data", choices.DATA, label=t("data_label")))
            desk.put(
                features=gr.CheckboxGroup(
                    list(choices.FEATURES), value=list(choices.CHOSEN), label=t("features"), info=t("features_info")
                )
            )
            desk.put(table=kit.markdown("", min_height=250))
    with gr.Row(equal_height=False):
        desk.put(samples=kit.slider(choices.SAMPLES, label=t("samples")))
        desk.put(noise=kit.slider(choices.NOISE, label=t("noise")))
        desk.put(epochs=kit.slider(choices.EPOCHS, label=t("epochs")))
        desk.put(net=gr.Radio(list(choices.NET), value=choices.NET.default, label=t("net")))
        desk.put(seed=kit.number_box(choices.SEED, precision=0, label=t("seed"), min_width=80))
    with gr.Accordion(t("sweep.title"), open=True):
        sizes = sweep.build(t, desk)
    run = desk.on(go.click, on_match, kit.RUN, api="ml_vs_dl_match")
    stop.click(None, cancels=[run], **kit.PRIVATE)
    changed = [getattr(desk, name).change for name in FORM.names if name not in ("epochs", "features")]
    desk.on((reset.click, *changed), on_open, cancels=[run])
    desk.on(desk.features.change, on_features, cancels=[run])
    downloads.save(desk, save, "ml_vs_dl.csv", on_csv)
    controls = desk.controls | sizes.controls
    kit.tasks(t, TASKS)
    kit.code_panel(desk, "ml_vs_dl.py", on_code)
    kit.share(t, controls)
    kit.story(t)
    prelude = desk.prelude(on_prelude, "right", back=True)
    return Room(controls, desk.opening(on_open), (sizes.opening(sweep.on_open, "begun"),), prelude)


LESSON = Lesson("ml_vs_dl", build)
