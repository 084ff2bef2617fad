"""Lesson 6, second half: what depth, activation and initialisation do to each layer's gradient; a race of two nets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from core.lessons.backpropagation import choices
from demos import kit, views
from demos.kit import downloads, text

FORM = kit.Form(
    depth=choices.DEPTH,
    deep_activation=choices.DEEP_ACTIVATION,
    init=choices.INIT,
    norm=False,
    residual=False,
    deep_seed=choices.SEED,
)
SCREEN = kit.Screen("gradients", "signal", "badge", "losses", "norms", "left", "right", "race_badge")
PROBE, RACE = SCREEN.names[:3], SCREEN.names[3:]


def deep_config(form: kit.Values) -> Any:
    """What the controls say, as a checked DeepConfig."""
    from core.lessons.backpropagation.vanishing import DeepConfig

    switches = {"batch_norm": bool(form.norm), "residual": bool(form.residual)}
    return form.read(DeepConfig, activation=form.deep_activation, seed=kit.whole(form.deep_seed), **switches)


@kit.handler
def on_probe(lang: str, form: kit.Values) -> kit.Update:
    """The gradient's norm in every layer of a deep net, measured by hooks on a real backward pass."""
    from core import runtime
    from core.lessons.backpropagation.vanishing import probe

    t, config = text.load("backpropagation", lang), deep_config(form)
    report = probe(config)
    layers = list(range(1, config.depth + 1))
    first, last = float(report.weight_gradient[0]), float(report.weight_gradient[-1])
    gradients = {
        "series": [{"name": t("depth.gradient"), "x": layers, "y": report.weight_gradient.tolist(), "dots": True}],
        "logy": True,
        "xlabel": t("depth.layer"),
        "ylabel": t("depth.norm"),
        "caption": t(f"depth.{report.verdict}", first=first, last=last),
    }
    signal = {
        "series": [
            {"name": t("depth.std"), "x": layers, "y": report.std.tolist(), "colour": 3},
            {"name": t("depth.saturated"), "x": layers, "y": report.saturated.tolist(), "colour": 2, "dash": True},
        ],
        "xlabel": t("depth.layer"),
        "ylabel": t("depth.signal"),
        "caption": t("depth.signal_caption", std=float(report.std[-1]), share=float(report.saturated.mean())),
    }
    label = kit.badge_text(t, source="computed_now", parameters=report.parameters, device=runtime.describe("cpu"))
    return SCREEN(gradients=gradients, signal=signal, badge=label)


@kit.handler
def on_open(lang: str, form: kit.Values) -> kit.Update:
    """The probe, and the race after its first update."""
    return on_probe(lang, form) | on_start(lang, form.depth, form.deep_seed)


def on_start(lang: str, depth: float, deep_seed: float) -> kit.Update:
    """The race after its first update."""
    return kit.Update(kit.settled(on_race(lang, depth, deep_seed, 1)))


@kit.handler
def on_csv(lang: str, form: kit.Values) -> str:
    """What the probe measured, layer by layer."""
    from core.files.csv_text import to_csv
    from core.lessons.backpropagation.vanishing import probe

    report = probe(deep_config(form))
    names = ("weight_gradient", "signal_gradient", "mean", "std", "saturated")
    columns = {name: getattr(report, name).tolist() for name in names}
    return to_csv({"layer": range(1, len(columns["mean"]) + 1)} | columns)


@kit.handler
def on_race(lang: str, depth: float, deep_seed: float, updates: int | None = None) -> Iterator[kit.Update]:
    """Train a sigmoid net and a ReLU net of the same depth side by side."""
    from core import runtime
    from core.events import Cadence, Done
    from core.lessons.backpropagation.vanishing import Race, RaceConfig, RaceStep, lanes

    t, race = text.load("backpropagation", lang), Race(RaceConfig(lanes(kit.whole(depth), kit.whole(deep_seed))))
    losses: list[list[float]] = [[], []]
    norms: list[list[float]] = [[], []]
    for event in race.steps(updates, every=Cadence(seconds=kit.FRAME_SECONDS), deadline=kit.RUN_SECONDS):
        match event:
            case RaceStep():
                for lane in (0, 1):
                    losses[lane] += event.losses[lane].tolist()
                    norms[lane] += event.first_gradients[lane].tolist()
                left, right = _planes(t, event)
                curve = _curve(t, "race.norm", norms, log=True)
                yield SCREEN(losses=_curve(t, "race.loss", losses), norms=curve, left=left, right=right)
            case Done(seconds=seconds, stopped=why):
                label = kit.badge_text(t, source="trained_now", seconds=seconds, device=runtime.describe("cpu"))
                yield SCREEN(race_badge=label + kit.why_stopped(t, why, race.config.learning_rate))


def _curve(t: text.Text, name: str, lanes: list[list[float]], log: bool = False) -> dict[str, Any]:
    series = [
        {"name": t(f"race.{lane}"), "y": ys, "colour": colour}
        for lane, ys, colour in zip(("sigmoid", "relu"), lanes, (2, 1), strict=True)
    ]
    caption = t(f"{name}_caption", sigmoid=lanes[0][-1], relu=lanes[1][-1])
    return {"series": series, "logy": log, "xlabel": t("race.x"), "ylabel": t(name), "caption": caption}


def _planes(t: text.Text, event: Any) -> list[dict[str, Any]]:
    return [
        {
            "x": [-6, 6],
            "y": [-6, 6],
            "field": views.packed(event.boundaries[lane]),
            "equal": True,
            "bare": True,
            "caption": t("race.accuracy", name=t(f"race.{name}"), accuracy=float(event.accuracies[lane])),
        }
        for lane, name in enumerate(("sigmoid", "relu"))
    ]


def build(t: text.Text, language: gr.State) -> kit.Desk:
    desk = kit.Desk(t, FORM, SCREEN, language)
    kit.markdown(t("depth.lead"))
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            desk.put(depth=kit.slider(choices.DEPTH, label=t("depth.depth")))
            named = kit.radio(t, "activation", choices.DEEP_ACTIVATION, label=t("activation_label"))
            desk.put(deep_activation=named, init=kit.radio(t, "init", choices.INIT, label=t("init_label")))
            desk.put(norm=gr.Checkbox(False, label=t("depth.norm_switch")))
            desk.put(residual=gr.Checkbox(False, label=t("depth.residual")))
            desk.put(deep_seed=kit.number_box(choices.SEED, precision=0, label=t("seed"), info=t("seed_info")))
        with gr.Column(scale=5, min_width=300):
            with gr.Row():
                desk.put(gradients=views.curve(height=250), signal=views.curve(height=250))
            desk.put(badge=kit.badge())
            save = downloads.button(t)
    kit.markdown(t("race.lead"))
    buttons = kit.buttons(t, "race.go")
    with gr.Row():
        desk.put(losses=views.curve(height=220), norms=views.curve(height=220))
        desk.put(left=views.plane(square=200), right=views.plane(square=200))
    desk.put(race_badge=kit.badge())
    downloads.save(desk, save, "gradients.csv", on_csv)
    changes = [control.change for control in desk.controls.values()]
    desk.on(changes, on_probe, to=PROBE, api="backpropagation_depth")
    run = desk.on(buttons.run.click, on_race, kit.RUN, to=RACE, api="backpropagation_race")
    buttons.stop.click(None, cancels=[run], **kit.PRIVATE)
    desk.on(buttons.reset.click, on_start, to=RACE, cancels=[run])
    return desk
