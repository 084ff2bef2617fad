"""Lesson 1: a formula chosen by a person and layers that find their own features split the same points."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from demos import kit, views
from demos.kit import downloads, text
from demos.kit.lesson import Lesson, Opening, Room
from demos.ml_vs_dl import sweep
from demos.ml_vs_dl.tasks import TASKS

DATA = ("circle", "xor", "gauss", "spiral", "moons")
FEATURES = ("x1", "x2", "x1²", "x2²", "x1·x2", "sin x1", "sin x2")
NETS = {"4": (4,), "8": (8,), "8-8": (8, 8), "16-16": (16, 16)}


def _config(data: str, samples: float, noise: float, features: list[str], net: str, epochs: float, seed: float) -> Any:
    from core.data.toy import ToyConfig
    from core.errors import Check
    from core.lessons.ml_vs_dl.match import Net, VersusConfig

    check = Check()
    check.one_of("layers", net, NETS)
    check.done()
    seed = kit.whole(seed)
    toy = ToyConfig(data, kit.whole(samples), noise, seed=seed)
    return VersusConfig(toy, tuple(features), Net(NETS[net], seed=seed), kit.whole(epochs))


@kit.handler
def on_open(lang: str, *controls: Any) -> tuple[Any, ...]:
    """The first screen: the linear model is fitted, the net has learnt for a few epochs."""
    *rest, _, seed = controls
    return kit.settled(on_match(lang, *rest, 3, seed))


@kit.handler
def on_first(lang: str, *controls: Any) -> tuple[Any, ...]:
    """The same, once, and the measurement below sets off."""
    return *on_open(lang, *controls), 1


@kit.handler
def on_match(lang: str, *controls: Any) -> Iterator[tuple[Any, ...]]:
    """Fit logistic regression and an MLP to the same points; judge both on the same held-out points."""
    from core import runtime
    from core.data import toy
    from core.events import Done
    from core.lessons.ml_vs_dl.match import Deep, Machine, versus

    t, config = text.load("ml_vs_dl", lang), _config(*controls)
    points = toy.make(config.data)
    shown = _points(points)
    scores: list[float] = []
    for event in versus(config, every_seconds=kit.FRAME_SECONDS, deadline=kit.RUN_SECONDS):
        match event:
            case Machine():
                machine = event
                yield (
                    _plane(t, event.score, shown, t("linear_caption", test=event.score.test)),
                    gr.skip(),
                    gr.skip(),
                    gr.skip(),
                    gr.skip(),
                )
            case Deep():
                scores.append(event.score.test)
                caption = t("deep_caption", epoch=event.epoch, test=event.score.test)
                yield (
                    gr.skip(),
                    _plane(t, event.score, shown, caption),
                    _table(t, machine, event),
                    gr.skip(),
                    _formula(t, machine),
                )
            case Done(result=run, seconds=seconds, stopped=why):
                label = kit.badge_text(t, source="trained_now", seconds=seconds, device=runtime.describe("cpu"))
                verdict = t(f"winner.{run.winner}", machine=run.machine.score.test, deep=run.deep.score.test)
                yield (
                    *[gr.skip()] * 3,
                    f"**{verdict}**\n\n{label}" + kit.why_stopped(t, why, config.net.learning_rate),
                    gr.skip(),
                )


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
def on_sweep(lang: str, kind: str, draws: float, *controls: Any) -> Iterator[tuple[Any, ...]]:
    """Held-out accuracy of both on 5 to 500 training points, ``draws`` fresh draws of each size."""
    yield from sweep.shown(lang, kind, draws, _config(*controls))


@kit.handler
def on_csv(lang: str, *controls: Any) -> str:
    """The match of these settings, trained to the end: what is in the table, as CSV."""
    from core.events import drain
    from core.files.csv_text import to_csv
    from core.lessons.ml_vs_dl.match import versus

    run = drain(versus(_config(*controls), deadline=kit.RUN_SECONDS))
    scores = (run.machine.score, run.deep.score)
    columns: dict[str, Any] = {"model": ["machine_learning", "deep_learning"]}
    for name in ("test", "train", "parameters", "seconds"):
        columns[name] = [getattr(score, name) for score in scores]
    return to_csv(columns)


@kit.handler
def on_code(lang: str, *controls: Any) -> str:
    from core.events import drain
    from core.lessons.ml_vs_dl.match import script, versus

    return script(drain(versus(_config(*controls), deadline=kit.RUN_SECONDS)))


def build(lang: str) -> Room:
    t = text.load("ml_vs_dl", lang)
    language = kit.header(t)
    with gr.Row(equal_height=False):
        with gr.Column(min_width=280) as below:
            gr.Markdown(f"### {t('machine_title')}")
            left = views.plane(square=400)
            formula = kit.markdown("")
        with gr.Column(min_width=280):
            gr.Markdown(f"### {t('deep_title')}")
            right = views.plane(square=400)
        with gr.Column(min_width=280):
            with gr.Row(elem_classes="taste-buttons"):
                go = gr.Button(t("run"), variant="primary", min_width=170)
                stop = gr.Button(t("stop"), variant="stop", min_width=80)
                reset = gr.Button(t("reset"), min_width=80)
            table, badge = kit.markdown("", min_height=190), kit.badge()
            data = gr.Radio(t.choices("data", DATA), value="circle", label=t("data_label"))
            features = gr.CheckboxGroup(
                list(FEATURES), value=["x1", "x2"], label=t("features"), info=t("features_info")
            )
    with gr.Row(equal_height=False):
        samples = gr.Slider(10, 1000, value=300, step=10, label=t("samples"))
        noise = gr.Slider(0, 50, value=10, step=5, label=t("noise"))
        epochs = gr.Slider(1, 300, value=60, step=1, label=t("epochs"))
        net = gr.Radio(list(NETS), value="8-8", label=t("net"))
        seed = gr.Number(0, precision=0, label=t("seed"), min_width=80)
    controls = {
        "data": data,
        "samples": samples,
        "noise": noise,
        "features": features,
        "net": net,
        "epochs": epochs,
        "seed": seed,
    }
    inputs, outputs = [language, *controls.values()], [left, right, table, badge, formula]
    quiet = kit.LIGHT | kit.PRIVATE
    run = go.click(on_match, inputs, outputs, **kit.RUN, **kit.api("ml_vs_dl_match"))
    stop.click(None, cancels=[run], **kit.PRIVATE)
    reset.click(on_open, inputs, outputs, cancels=[run], **quiet)
    for control in (data, features, samples, noise, net, seed):
        control.change(on_open, inputs, outputs, cancels=[run], **quiet)
    with gr.Accordion(t("sweep.title"), open=True):
        sizes = sweep.build(t, language, on_sweep, [*controls.values()])
    kit.tasks(t, TASKS)
    kit.code_panel(t, "ml_vs_dl.py", on_code, inputs)
    with below:
        downloads.csv(t, "ml_vs_dl.csv", on_csv, inputs)
    controls |= {"sweep": sizes.kind, "draws": sizes.draws}
    kit.share(t, controls)
    kit.story(t)
    return Room(controls, Opening(on_first, inputs, [*outputs, sizes.begun]))


LESSON = Lesson("ml_vs_dl", build)
