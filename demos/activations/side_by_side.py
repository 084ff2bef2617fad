"""Lesson 4, second half: the same small net under each activation function, trained live side by side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from core.lessons.activations import choices
from demos import kit, views
from demos.kit import downloads, text

# One colour per function, in every picture of the lesson: the palette's numbers.
COLOURS = {
    "linear": 7,
    "sigmoid": 2,
    "tanh": 1,
    "relu": 3,
    "leaky_relu": 5,
    "elu": 6,
    "gelu": 4,
    "silu": 8,
}
PACES = {"slow": 0.4, "normal": 0.1, "fast": 0.0}  # seconds an epoch stays on the screen
FORM = kit.Form(
    data=choices.DATA,
    layers=choices.LAYERS,
    hidden=choices.UNITS,
    epochs=choices.EPOCHS,
    rate=choices.RATE,
    noise=choices.NOISE,
    seed=choices.SEED,
    pace=choices.PACE,
)
SCREEN = kit.Screen("run", "tiles", "losses", "badge")


def _config(form: kit.Values) -> Any:
    from core.lessons.activations.side_by_side import NetsConfig

    return form.read(NetsConfig, learning_rate=form.rate)


def shown(run: Any, form: kit.Values) -> tuple[Any, int]:
    """Config and epochs of what is on the screen; before any training, of what the button would do."""
    config = _config(form)
    return config, run.epoch if run and run.config == config and run.epoch else config.epochs


@kit.handler
def on_reset(lang: str, form: kit.Values) -> kit.Update:
    """Fresh nets of these settings, before learning."""
    from core.lessons.activations.side_by_side import SideBySide

    run = SideBySide(_config(form))
    return _pictures(text.load("activations", lang), run, run.view()) | SCREEN(badge="")


@kit.handler
def on_train(lang: str, run: Any, form: kit.Values, count: int | None = None) -> Iterator[kit.Update]:
    """Train the nets of all functions to the last epoch; after Stop it goes on, after the end it starts anew."""
    from core import runtime
    from core.events import Cadence, Done
    from core.lessons.activations.side_by_side import NetsStep, SideBySide

    t, config, pace = text.load("activations", lang), _config(form), PACES.get(form.pace, 0.0)
    if run is None or run.config != config or run.finished:
        run = SideBySide(config)
    every = 1 if pace else Cadence(seconds=kit.FRAME_SECONDS)
    for event in kit.paced(run.steps(count, every=every, deadline=kit.RUN_SECONDS), pace):
        match event:
            case NetsStep():
                yield _pictures(t, run, event)
            case Done(seconds=seconds, stopped=why) if why != "paused":
                label = kit.badge_text(
                    t, source="trained_now", parameters=run.parameters, seconds=seconds, device=runtime.describe("cpu")
                )
                yield SCREEN(badge=label + kit.why_stopped(t, why, config.learning_rate))


@kit.handler
def on_stop(lang: str, run: Any) -> kit.Update:
    """Stop: nothing more is learnt, though the run is closed only at its next picture; what it has learnt is drawn."""
    if run is None:
        return SCREEN()
    run.pause()
    shown = _pictures(text.load("activations", lang), run, run.view())
    return SCREEN(tiles=shown["tiles"], losses=shown["losses"])


def _pictures(t: text.Text, run: Any, step: Any) -> kit.Update:
    """The run, and the tiles and the losses of a moment."""
    points = zip(run.points.x_train.tolist(), run.points.colours()[0].tolist(), strict=True)
    best, worst = max(step.nets, key=lambda net: net.accuracy), max(step.nets, key=lambda net: net.loss)
    told = {
        "epoch": step.epoch,
        "epochs": step.epochs,
        "parameters": run.parameters,
        "best": t(f"name.{best.name}"),
        "accuracy": best.accuracy,
        "worst": t(f"name.{worst.name}"),
        "loss": worst.loss,
    }
    tiles = {
        "items": [
            {
                "name": t(f"name.{net.name}"),
                "colour": COLOURS[net.name],
                "text": t("net.accuracy", share=net.accuracy),
                "note": _note(t, net, step.units),
                "field": views.packed(net.boundary),
            }
            for net in step.nets
        ],
        "points": [[round(x, 2), round(y, 2), v] for (x, y), v in points],
        "x": [-6, 6],
        "y": [-6, 6],
        "names": {"low": t("net.low"), "high": t("net.high")},
        "caption": t("net.caption" if step.epoch else "net.start", **told),
    }
    losses = {
        "series": [
            {"name": t(f"name.{name}"), "y": [round(v, 5) for v in values], "colour": COLOURS[name]}
            for name, values in run.losses.items()
        ],
        "x0": 0,
        "logy": True,
        "xlabel": t("net.epoch_axis"),
        "ylabel": t("net.loss_axis"),
        "caption": t("net.loss_caption", **told),
    }
    return SCREEN(run=run, tiles=tiles, losses=losses)


def _note(t: text.Text, net: Any, units: int) -> str:
    if net.diverged:
        return t("net.diverged")
    return t("net.dead", dead=net.dead, units=units) if net.dead else t("net.saturated", share=net.saturated)


@kit.handler
def on_csv(lang: str, run: Any, form: kit.Values) -> str:
    """Every net's training loss after each epoch, as CSV."""
    from core.lessons.activations.side_by_side import SideBySide

    nets: SideBySide = run or SideBySide(_config(form))
    return nets.to_csv()


def build(t: text.Text, language: gr.State) -> kit.Desk:
    desk = kit.Desk(t, FORM, SCREEN, language)
    kit.markdown(t("nets_title"))
    desk.put(run=gr.State(None))
    with gr.Row(equal_height=False, elem_classes="taste-playground"):
        with gr.Column(scale=2, min_width=280):
            desk.put(data=kit.radio(t, "data", choices.DATA, label=t("data_label")))
            desk.put(layers=kit.slider(choices.LAYERS, label=t("layers"), info=t("layers_info")))
            desk.put(epochs=kit.slider(choices.EPOCHS, label=t("epochs")))
            desk.put(pace=kit.radio(t, "pace", choices.PACE, label=t("pace_label")))
            with gr.Accordion(t("more"), open=False):
                desk.put(hidden=kit.slider(choices.UNITS, label=t("hidden")))
                desk.put(rate=kit.slider(choices.RATE, label=t("rate")))
                desk.put(noise=kit.slider(choices.NOISE, label=t("noise")))
                desk.put(seed=kit.number_box(choices.SEED, precision=0, label=t("seed"), info=t("seed_info")))
        with gr.Column(scale=5, min_width=300, elem_classes="taste-play-output"):
            buttons = kit.buttons(t, "run", "step")
            desk.put(tiles=views.tiles(), badge=kit.badge(), losses=views.curve(height=260))
            save = downloads.button(t)
    training = desk.on(buttons.run.click, on_train, kit.RUN, api="activations_train")
    stepping = desk.on(buttons.step.click, on_train, kit.RUN, cancels=[training], count=1)
    runs = [training, stepping]
    buttons.stop.click(None, cancels=runs, **kit.PRIVATE)
    desk.on(buttons.stop.click, on_stop, to=("tiles", "losses"))
    changes = [control.change for name, control in desk.controls.items() if name != "pace"]
    desk.on((buttons.reset.click, *changes), on_reset, cancels=runs)
    downloads.save(desk, save, "activations.csv", on_csv)
    return desk
