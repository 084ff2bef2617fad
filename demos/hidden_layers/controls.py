"""Lesson 5's controls: what can be set, how it becomes a config, and the presets that set it all at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from core.lessons.hidden_layers import choices
from demos import kit
from demos.kit import text

LAYERS = range(1, int(choices.LAYERS.high) + 1)
NAMES = {"x1": "x₁", "x2": "x₂", "x1²": "x₁²", "x2²": "x₂²", "x1·x2": "x₁x₂", "sin x1": "sin x₁", "sin x2": "sin x₂"}
PACES: dict[str, tuple[int | None, float]] = {  # epochs a picture, seconds it stays
    "slow": (1, 0.3),
    "normal": (3, 0.08),
    "fast": (None, 0.0),
}
SETTINGS = kit.Form(  # of the run
    data=choices.DATA,
    noise=choices.NOISE,
    samples=choices.SAMPLES,
    train_ratio=choices.TRAIN_RATIO,
    seed=choices.SEED,
    task=choices.TASK,
    points=list,
    features=lambda: list(choices.CHOSEN),
    layers=choices.LAYERS,
    **{
        f"{name}{i}": default
        for i in LAYERS
        for name, default in (("units", choices.FIRST[i - 1]), ("activation", choices.ACTIVATION))
    },
    rate=choices.RATE,
    optimizer=choices.OPTIMIZER,
    batch=choices.BATCH,
    epochs=choices.EPOCHS,
    pace=choices.PACE,
    loss=choices.LOSS,
    l1=choices.PENALTY,
    l2=choices.PENALTY,
    dropout=choices.DROPOUT,
)
LOOKS = kit.Form(show_test=False, discrete=False, layer=choices.LAYER, click=choices.CLICK)  # of the pictures
FORM = SETTINGS | LOOKS
PICTURES = ("here", "model", "network", "plane", "curve", "warp", "counters", "replay")
UNIT = ("report", "choice", "value")  # under the magnifier
SHOWN = (*PICTURES, *UNIT, "badge")  # what a run changes
BOXES = tuple(f"box{i}" for i in LAYERS)  # of the hidden layers
SHAPE = ("layers", *(f"{name}{i}" for i in LAYERS for name in ("units", "activation")))  # of the net
SCREEN = kit.Screen(*SHOWN, *SETTINGS.names, *BOXES, "again")


@dataclass(frozen=True)
class Chosen:
    """The values of all controls."""

    config: Any
    pace: str
    show_test: bool
    discrete: bool
    layer: str  # "last" or "1" … "6"
    click: str  # "high", "low" or "erase"


def chosen(form: kit.Values) -> Chosen:
    """What the controls say, as a checked config; faults are told in one sentence."""
    from core.data import toy
    from core.errors import checking
    from core.lessons.hidden_layers.playground import PlaygroundConfig, as_points

    with checking() as check:
        check.within("data", form.data, choices.DATA)
        check.within("pace", form.pace, choices.PACE)
        check.within("layer", form.layer, choices.LAYER)
        check.within("click", form.click, choices.CLICK)
        check.within("hidden layers", form.layers, choices.LAYERS)
    config = form.read(
        PlaygroundConfig,
        points=(),
        task=toy.task_of(form.data),
        features=_in_order(form.features),
        hidden=tuple((kit.whole(form[f"units{i}"]), form[f"activation{i}"]) for i in LAYERS[: int(form.layers)]),
        batch_size=kit.whole(form.batch),
        learning_rate=form.rate,
    )
    config = as_points(config, form.points, form.task) if form.points else config
    return Chosen(config, form.pace, bool(form.show_test), bool(form.discrete), form.layer, form.click)


def _in_order(names: Any) -> tuple[Any, ...]:
    """Ticked features in the order of the page, whatever the order of the ticks; unknown ones are told by core."""
    given = list(names) if isinstance(names, (list, tuple)) else [names]
    known = [name for name in choices.FEATURES if name in given]
    return (*known, *(name for name in given if name not in choices.FEATURES))


def of_config(config: Any) -> dict[str, Any]:
    """The values of the settings that a config stands for: a preset on the page."""
    values = {"data": config.data, "noise": config.noise, "samples": config.samples, "train_ratio": config.train_ratio}
    values |= {"seed": config.seed, "task": config.task, "points": [], "features": list(config.features)}
    values |= {"layers": len(config.hidden)}
    for i in LAYERS:
        units, activation = (
            config.hidden[i - 1] if i <= len(config.hidden) else (choices.FIRST[i - 1], choices.ACTIVATION.default)
        )
        values |= {f"units{i}": units, f"activation{i}": activation}
    values |= {"rate": config.learning_rate, "optimizer": config.optimizer, "batch": config.batch_size}
    values |= {"epochs": config.epochs, "loss": config.loss, "l1": config.l1, "l2": config.l2}
    return values | {"dropout": config.dropout}


def shape(t: text.Text) -> dict[str, Any]:
    """What can be changed on the picture of the net (views.network's ``shape``)."""
    ends = {name: [int(of.low), int(of.high)] for name, of in (("layers", choices.LAYERS), ("units", choices.UNITS))}
    words = ("group", "layers", "deeper", "shallower", "more", "fewer", "activation")
    names = [[name, label] for label, name in t.choices("activation", choices.ACTIVATION)]
    return ends | {"f": names, "words": {name: t(f"shape.{name}") for name in words}}


def run_controls(desk: kit.Desk) -> None:
    """What a teacher would have in one row on top: rate, rule, batch, end and pace of a run."""
    t = desk.t
    with gr.Row(elem_classes="taste-settings"):
        rates = [(f"{rate:g}", rate) for rate in choices.RATES]
        desk.put(rate=gr.Dropdown(rates, value=choices.RATE.default, label=t("rate"), min_width=100, scale=2))
        named = kit.dropdown(t, "optimizer", choices.OPTIMIZER, label=t("optimizer_label"), min_width=110, scale=2)
        desk.put(optimizer=named)
        wide: dict[str, Any] = {"min_width": 140, "scale": 3, "buttons": []}
        desk.put(batch=kit.slider(choices.BATCH, label=t("batch"), **wide))
        desk.put(epochs=kit.slider(choices.EPOCHS, label=t("epochs"), **wide))
        desk.put(pace=kit.radio(t, "pace", choices.PACE, label=t("pace_label"), min_width=290, scale=4))


def data_controls(desk: kit.Desk) -> None:
    """Which points, how many, how noisy, how many are learnt from; which features of them the net gets."""
    t = desk.t
    desk.put(data=kit.radio(t, "data", choices.DATA, label=t("data_label")))
    labels = [(NAMES[name], name) for name in choices.FEATURES]
    desk.put(features=gr.CheckboxGroup(labels, value=list(choices.CHOSEN), label=t("features")))
    desk.put(noise=kit.slider(choices.NOISE, label=t("noise"), buttons=[]))
    desk.put(train_ratio=kit.slider(choices.TRAIN_RATIO, label=t("train_ratio"), buttons=[]))
    desk.put(samples=kit.slider(choices.SAMPLES, label=t("samples"), buttons=[]))
    desk.put(seed=kit.number_box(choices.SEED, precision=0, label=t("seed"), info=t("seed_info")))


def layer_controls(desk: kit.Desk) -> None:
    """How many hidden layers, and units and activation of each."""
    t = desk.t
    desk.put(layers=kit.slider(choices.LAYERS, label=t("layers"), buttons=[]))
    with gr.Row(elem_classes="taste-layers"):
        for i, units in zip(LAYERS, choices.FIRST, strict=True):
            with gr.Column(min_width=104, visible=i <= choices.LAYERS.default) as column:
                allowed = replace(choices.UNITS, default=units)
                size = kit.slider(allowed, label=t("units", layer=i), buttons=[])
                name = kit.dropdown(t, "activation", choices.ACTIVATION, label=t("activation_label", layer=i))
                desk.put(**{f"units{i}": size, f"activation{i}": name, f"box{i}": column})


def more_controls(desk: kit.Desk) -> None:
    """What is changed less often: loss, penalties, dropout."""
    t, sizes = desk.t, [(f"{size:g}", size) for size in choices.PENALTIES]
    with gr.Row():
        desk.put(loss=kit.radio(t, "loss", choices.LOSS, label=t("loss_label"), info=t("loss_info")))
        for name in ("l1", "l2"):
            said: dict[str, Any] = {"label": name.upper(), "info": t(f"{name}_info")}
            desk.put(**{name: gr.Dropdown(sizes, value=choices.PENALTY.default, min_width=110, **said)})
        desk.put(dropout=kit.slider(choices.DROPOUT, label=t("dropout"), info=t("dropout_info")))
