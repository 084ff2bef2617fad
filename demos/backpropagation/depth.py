"""Lesson 6, second half: what depth, activation and initialisation do to each layer's gradient; a race of two nets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from demos import kit, views
from demos.kit import downloads, text

ACTIVATIONS = ("sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu")
INITS = ("glorot", "he", "normal_0.01", "normal_1")


def deep_config(depth: float, activation: str, init: str, norm: bool, residual: bool, seed: float) -> Any:
    """The values of the controls as a checked DeepConfig."""
    from core.lessons.backpropagation.vanishing import DeepConfig

    switches = {"batch_norm": bool(norm), "residual": bool(residual)}
    return DeepConfig(kit.whole(depth), activation=activation, init=init, seed=kit.whole(seed), **switches)


@kit.handler
def on_probe(lang: str, *controls: Any) -> tuple[Any, ...]:
    """The gradient's norm in every layer of a deep net, measured by hooks on a real backward pass."""
    from core import runtime
    from core.lessons.backpropagation.vanishing import probe

    t, config = text.load("backpropagation", lang), deep_config(*controls)
    report = probe(config)
    layers = list(range(1, config.depth + 1))
    gradients = {
        "series": [{"name": t("depth.gradient"), "x": layers, "y": report.weight_gradient.tolist(), "dots": True}],
        "logy": True,
        "xlabel": t("depth.layer"),
        "ylabel": t("depth.norm"),
        "caption": t(
            f"depth.{report.verdict}", first=float(report.weight_gradient[0]), last=float(report.weight_gradient[-1])
        ),
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
    return gradients, signal, label


def on_open(lang: str, *controls: Any) -> tuple[Any, ...]:
    """The probe, and the race after its first update."""
    return *on_probe(lang, *controls), *on_start(lang, controls[0], controls[-1])


def on_start(lang: str, depth: float, seed: float) -> tuple[Any, ...]:
    """The race after its first update."""
    return kit.settled(on_race(lang, depth, seed, 1))


@kit.handler
def on_csv(lang: str, *controls: Any) -> str:
    """What the probe measured, layer by layer."""
    from core.files.csv_text import to_csv
    from core.lessons.backpropagation.vanishing import probe

    report = probe(deep_config(*controls))
    names = ("weight_gradient", "signal_gradient", "mean", "std", "saturated")
    columns = {name: getattr(report, name).tolist() for name in names}
    return to_csv({"layer": range(1, len(columns["mean"]) + 1)} | columns)


@kit.handler
def on_race(lang: str, depth: float, seed: float, updates: int | None = None) -> Iterator[tuple[Any, ...]]:
    """Train a sigmoid net and a ReLU net of the same depth side by side."""
    from core import runtime
    from core.events import Done
    from core.lessons.backpropagation.vanishing import DeepConfig, Race, RaceConfig, RaceStep

    t, layers = text.load("backpropagation", lang), kit.whole(depth)
    start = {"seed": kit.whole(seed)}
    lanes = (
        DeepConfig(layers, activation="sigmoid", **start),
        DeepConfig(layers, activation="relu", init="he", **start),
    )
    race = Race(RaceConfig(lanes))
    losses: list[list[float]] = [[], []]
    norms: list[list[float]] = [[], []]
    for event in race.steps(updates, every_seconds=kit.FRAME_SECONDS, deadline=kit.RUN_SECONDS):
        match event:
            case RaceStep():
                for lane in (0, 1):
                    losses[lane] += event.losses[lane].tolist()
                    norms[lane] += event.first_gradients[lane].tolist()
                curves = _curve(t, "race.loss", losses), _curve(t, "race.norm", norms, log=True)
                yield *curves, *_planes(t, event), gr.skip()
            case Done(seconds=seconds, stopped=why):
                label = kit.badge_text(t, source="trained_now", seconds=seconds, device=runtime.describe("cpu"))
                yield *[gr.skip()] * 4, label + kit.why_stopped(t, why, race.config.learning_rate)


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


def build(t: text.Text, language: gr.State) -> tuple[dict[str, Any], list[Any]]:
    """Controls and outputs of the depth half."""
    kit.markdown(t("depth.lead"))
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            depth = gr.Slider(1, 50, value=12, step=1, label=t("depth.depth"))
            activation = gr.Radio(t.choices("activation", ACTIVATIONS), value="sigmoid", label=t("activation_label"))
            init = gr.Radio(t.choices("init", INITS), value="glorot", label=t("init_label"))
            norm = gr.Checkbox(False, label=t("depth.norm_switch"))
            residual = gr.Checkbox(False, label=t("depth.residual"))
            seed = gr.Number(0, precision=0, label=t("seed"), info=t("seed_info"))
        with gr.Column(scale=5, min_width=300):
            with gr.Row():
                gradients, signal = views.curve(height=250), views.curve(height=250)
            badge = kit.badge()
            here = gr.Column()
    kit.markdown(t("race.lead"))
    buttons = kit.buttons(t, "race.go")
    with gr.Row():
        losses, norms = views.curve(height=220), views.curve(height=220)
        left, right = views.plane(square=200), views.plane(square=200)
    run_badge = kit.badge()
    controls = {"depth": depth, "deep_activation": activation, "init": init, "norm": norm, "residual": residual}
    controls["deep_seed"] = seed
    with here:
        downloads.csv(t, "gradients.csv", on_csv, [language, *controls.values()])
    outputs = [gradients, signal, badge]
    for control in controls.values():
        named = kit.api("backpropagation_depth") if control is depth else kit.PRIVATE
        control.change(on_probe, [language, *controls.values()], outputs, **kit.LIGHT, **named)
    race, raced = [language, depth, seed], [losses, norms, left, right, run_badge]
    run = buttons.run.click(on_race, race, raced, **kit.RUN, **kit.api("backpropagation_race"))
    buttons.stop.click(None, cancels=[run], **kit.PRIVATE)
    buttons.reset.click(on_start, race, raced, cancels=[run], **kit.LIGHT, **kit.PRIVATE)
    return controls, [*outputs, *raced]
