"""Lesson 4, second half: the same small net under each activation function, trained live side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from demos import kit, views
from demos.kit import text

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
DATA = ("circle", "xor", "gauss", "spiral", "moons")


@dataclass(frozen=True)
class Nets:
    """What the lesson needs of this half: controls of the link, the run, and everything ``on_reset`` fills."""

    controls: dict[str, Any]
    run: gr.State
    outputs: list[Any]


def _config(
    data: str, layers: float, hidden: float, epochs: float, rate: float, noise: float, seed: float, pace: str = ""
) -> Any:
    from core.lessons.activations.side_by_side import NetsConfig

    sizes = {"hidden": kit.whole(hidden), "layers": kit.whole(layers), "epochs": kit.whole(epochs)}
    return NetsConfig(data, **sizes, learning_rate=rate, noise=noise, seed=kit.whole(seed))


def shown(run: Any, *controls: Any) -> tuple[Any, int]:
    """Config and epochs of what is on the screen; before any training, of what the button would do."""
    config = _config(*controls)
    return config, run.epoch if run and run.config == config and run.epoch else config.epochs


@kit.handler
def on_reset(lang: str, *controls: Any) -> tuple[Any, ...]:
    """Fresh nets of these settings, before learning."""
    from core.lessons.activations.side_by_side import SideBySide

    run = SideBySide(_config(*controls))
    return run, *_pictures(text.load("activations", lang), run, run.view()), ""


@kit.handler
def on_step(lang: str, run: Any, *controls: Any) -> Iterator[tuple[Any, ...]]:
    """One epoch of every net."""
    yield from _train(lang, run, controls, epochs=1)


@kit.handler
def on_train(lang: str, run: Any, *controls: Any) -> Iterator[tuple[Any, ...]]:
    """Train the nets of all functions to the last epoch; after Stop it goes on, after the end it starts anew."""
    yield from _train(lang, run, controls)


def _train(lang: str, run: Any, controls: tuple[Any, ...], epochs: int | None = None) -> Iterator[tuple[Any, ...]]:
    from core import runtime
    from core.events import Done
    from core.lessons.activations.side_by_side import NetsStep, SideBySide

    t, config, pace = text.load("activations", lang), _config(*controls), PACES.get(controls[-1], 0.0)
    if run is None or run.config != config or run.finished:
        run = SideBySide(config)
    every = None if pace else kit.FRAME_SECONDS
    for event in kit.paced(run.steps(epochs, every_seconds=every, deadline=kit.RUN_SECONDS), pace):
        match event:
            case NetsStep():
                yield run, *_pictures(t, run, event), gr.skip()
            case Done(seconds=seconds, stopped=why):
                label = kit.badge_text(
                    t, source="trained_now", parameters=run.parameters, seconds=seconds, device=runtime.describe("cpu")
                )
                yield run, gr.skip(), gr.skip(), label + kit.why_stopped(t, why, config.learning_rate)


def _pictures(t: text.Text, run: Any, step: Any) -> tuple[Any, Any]:
    """The tiles and the losses of a moment."""
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
    return tiles, losses


def _note(t: text.Text, net: Any, units: int) -> str:
    if net.diverged:
        return t("net.diverged")
    return t("net.dead", dead=net.dead, units=units) if net.dead else t("net.saturated", share=net.saturated)


@kit.handler
def on_csv(lang: str, run: Any, *controls: Any) -> str:
    """Every net's training loss after each epoch, as CSV."""
    from core.lessons.activations.side_by_side import SideBySide

    nets: SideBySide = run or SideBySide(_config(*controls))
    return nets.to_csv()


def build(t: text.Text, language: gr.State) -> Nets:
    kit.markdown(t("nets_title"))
    run = gr.State(None)
    with gr.Row(equal_height=False, elem_classes="taste-playground"):
        with gr.Column(scale=2, min_width=280):
            data = gr.Radio(t.choices("data", DATA), value="circle", label=t("data_label"))
            layers = gr.Slider(1, 4, value=1, step=1, label=t("layers"), info=t("layers_info"))
            epochs = gr.Slider(1, 200, value=60, step=1, label=t("epochs"))
            pace = gr.Radio(t.choices("pace", PACES), value="normal", label=t("pace_label"))
            with gr.Accordion(t("more"), open=False):
                hidden = gr.Slider(1, 32, value=8, step=1, label=t("hidden"))
                rate = gr.Slider(0.001, 0.3, value=0.03, step=0.001, label=t("rate"))
                noise = gr.Slider(0, 50, value=10, step=5, label=t("noise"))
                seed = gr.Number(0, precision=0, label=t("seed"), info=t("seed_info"))
        with gr.Column(scale=5, min_width=300, elem_classes="taste-play-output"):
            buttons = kit.buttons(t, "run", "step")
            tiles = views.tiles()
            badge = kit.badge()
            losses = views.curve(height=260)
            save, csv = gr.Button(t("download_csv"), size="md"), gr.Textbox(visible=False)
    settings: dict[str, Any] = {"data": data, "layers": layers, "hidden": hidden, "epochs": epochs}
    settings |= {"rate": rate, "noise": noise, "seed": seed}
    inputs, outputs = [language, *settings.values(), pace], [run, tiles, losses, badge]
    stateful = [language, run, *inputs[1:]]
    training = buttons.run.click(on_train, stateful, outputs, **kit.RUN, **kit.api("activations_train"))
    stepping = buttons.step.click(on_step, stateful, outputs, cancels=[training], **kit.RUN, **kit.PRIVATE)
    buttons.stop.click(None, cancels=[training, stepping], **kit.PRIVATE)
    quiet = kit.LIGHT | kit.PRIVATE
    for listen in (buttons.reset.click, *(control.change for control in settings.values())):
        listen(on_reset, inputs, outputs, cancels=[training, stepping], **quiet)
    save.click(on_csv, stateful, csv, **quiet).then(
        None, csv, None, js="(text) => taste.save('activations.csv', text)", **kit.PRIVATE
    )
    return Nets(settings | {"pace": pace}, run, outputs)
