"""Lesson 5's controls: what can be set, how it becomes a config, and the presets that set it all at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from demos import kit
from demos.kit import text

DATA = ("circle", "xor", "gauss", "spiral", "moons", "plane", "gauss_field")
NAMES = {"x1": "x₁", "x2": "x₂", "x1²": "x₁²", "x2²": "x₂²", "x1·x2": "x₁x₂", "sin x1": "sin x₁", "sin x2": "sin x₂"}
FEATURES = tuple(NAMES)
ACTIVATIONS = ("tanh", "relu", "sigmoid", "linear", "leaky_relu", "elu", "gelu", "silu")
RATES = (0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
PENALTIES = (0.0, 0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
OPTIMIZERS = ("sgd", "momentum", "nesterov", "rmsprop", "adagrad", "adam", "adamw")
CLICKS = ("high", "low", "erase")
LOSSES = ("cross_entropy", "mse")
LAYERS, UNITS = range(1, 7), (4, 2, 4, 4, 4, 4)  # hidden layers; units of each at first
PRESETS = ("xor_0", "xor_1", "xor_product", "circle_squares", "spiral", "overfit", "regularised", "hills")
PACES: dict[str, tuple[int | None, float]] = {  # epochs a picture, seconds it stays
    "slow": (1, 0.3),
    "normal": (3, 0.08),
    "fast": (None, 0.0),
}


@dataclass(frozen=True)
class Controls:
    """Components by name, in the order in which handlers receive their values."""

    settings: dict[str, Any]  # of the run
    looks: dict[str, Any]  # of the pictures: test points, two colours, the bent layer, the label of a click

    @property
    def all(self) -> dict[str, Any]:
        return self.settings | self.looks


@dataclass(frozen=True)
class Chosen:
    """The values of all controls."""

    config: Any
    pace: str
    show_test: bool
    discrete: bool
    layer: str  # "last" or "1" … "6"
    click: str  # "high", "low" or "erase"


SETTINGS = ("data", "noise", "samples", "train_ratio", "seed", "task", "points", "features", "layers")
SETTINGS += tuple(f"{name}{i}" for i in LAYERS for name in ("units", "activation"))
SETTINGS += ("rate", "optimizer", "batch", "epochs", "pace", "loss", "l1", "l2", "dropout")
LOOKS = ("show_test", "discrete", "layer", "click")


def chosen(values: tuple[Any, ...]) -> Chosen:
    """The values of ``Controls.all`` as a checked config; faults are told in one sentence."""
    from core.data import toy
    from core.errors import Check
    from core.lessons.hidden_layers.playground import PlaygroundConfig, as_points

    v = dict(zip(SETTINGS + LOOKS, values, strict=True))
    check = Check()
    check.one_of("data", v["data"], DATA)
    check.one_of("pace", v["pace"], PACES)
    check.one_of("layer", v["layer"], ("last", *map(str, LAYERS)))
    check.one_of("click", v["click"], CLICKS)
    check.whole("hidden layers", v["layers"], 0, 6)
    check.done()
    hidden = tuple((kit.whole(v[f"units{i}"]), v[f"activation{i}"]) for i in range(1, int(v["layers"]) + 1))
    config = PlaygroundConfig(
        data=v["data"],
        task=toy.task_of(v["data"]),
        samples=kit.whole(v["samples"]),
        noise=v["noise"],
        train_ratio=v["train_ratio"],
        features=_in_order(v["features"]),
        hidden=hidden,
        l1=v["l1"],
        l2=v["l2"],
        dropout=v["dropout"],
        batch_size=kit.whole(v["batch"]),
        learning_rate=v["rate"],
        optimizer=v["optimizer"],
        loss=v["loss"],
        epochs=kit.whole(v["epochs"]),
        seed=kit.whole(v["seed"]),
    )
    config = as_points(config, v["points"] or (), v["task"]) if v["points"] else config
    return Chosen(config, v["pace"], bool(v["show_test"]), bool(v["discrete"]), v["layer"], v["click"])


def _in_order(names: Any) -> tuple[Any, ...]:
    """Ticked features in the order of the page, whatever the order of the ticks; unknown ones are told by core."""
    given = list(names) if isinstance(names, (list, tuple)) else [names]
    known = [name for name in FEATURES if name in given]
    return (*known, *(name for name in given if name not in FEATURES))


def of_config(config: Any) -> dict[str, Any]:
    """The values of the settings that a config stands for: a preset on the page."""
    values = {"data": config.data, "noise": config.noise, "samples": config.samples, "train_ratio": config.train_ratio}
    values |= {"seed": config.seed, "task": config.task, "points": [], "features": list(config.features)}
    values |= {"layers": len(config.hidden)}
    for i in LAYERS:
        units, activation = config.hidden[i - 1] if i <= len(config.hidden) else (UNITS[i - 1], "tanh")
        values |= {f"units{i}": units, f"activation{i}": activation}
    values |= {"rate": config.learning_rate, "optimizer": config.optimizer, "batch": config.batch_size}
    values |= {"epochs": config.epochs, "loss": config.loss, "l1": config.l1, "l2": config.l2}
    return values | {"dropout": config.dropout}


def run_controls(t: text.Text) -> dict[str, Any]:
    """What a teacher would have in one row on top: rate, rule, batch, end and pace of a run."""
    with gr.Row(elem_classes="taste-settings"):
        rate = gr.Dropdown([(f"{r:g}", r) for r in RATES], value=0.03, label=t("rate"), min_width=100, scale=2)
        optimizer = gr.Dropdown(
            t.choices("optimizer", OPTIMIZERS), value="sgd", label=t("optimizer_label"), min_width=110, scale=2
        )
        batch = gr.Slider(1, 100, value=10, step=1, label=t("batch"), min_width=140, scale=3, buttons=[])
        epochs = gr.Slider(1, 2000, value=300, step=1, label=t("epochs"), min_width=140, scale=3, buttons=[])
        pace = gr.Radio(t.choices("pace", PACES), value="normal", label=t("pace_label"), min_width=290, scale=4)
    return {"rate": rate, "optimizer": optimizer, "batch": batch, "epochs": epochs, "pace": pace}


def data_controls(t: text.Text) -> dict[str, Any]:
    """Which points, how many, how noisy, how many are learnt from; which features of them the net gets."""
    data = gr.Radio(t.choices("data", DATA), value="circle", label=t("data_label"))
    features = gr.CheckboxGroup(
        [(label, name) for name, label in NAMES.items()], value=["x1", "x2"], label=t("features")
    )
    noise = gr.Slider(0, 50, value=0, step=5, label=t("noise"), buttons=[])
    train_ratio = gr.Slider(10, 90, value=50, step=10, label=t("train_ratio"), buttons=[])
    samples = gr.Slider(20, 1000, value=500, step=10, label=t("samples"), buttons=[])
    seed = gr.Number(0, precision=0, label=t("seed"), info=t("seed_info"))
    own = {"data": data, "features": features, "noise": noise, "train_ratio": train_ratio}
    return own | {"samples": samples, "seed": seed}


def layer_controls(t: text.Text) -> tuple[dict[str, Any], list[gr.Column]]:
    """How many hidden layers, and units and activation of each."""
    layers = gr.Slider(0, 6, value=2, step=1, label=t("layers"), buttons=[])
    columns, found = [], {"layers": layers}
    with gr.Row(elem_classes="taste-layers"):
        for i, units in zip(LAYERS, UNITS, strict=True):
            with gr.Column(min_width=104, visible=i <= 2) as column:
                found[f"units{i}"] = gr.Slider(1, 8, value=units, step=1, label=t("units", layer=i), buttons=[])
                found[f"activation{i}"] = gr.Dropdown(
                    t.choices("activation", ACTIVATIONS), value="tanh", label=t("activation_label", layer=i)
                )
            columns.append(column)
    return found, columns


def more_controls(t: text.Text) -> dict[str, Any]:
    """What is changed less often: loss, penalties, dropout."""
    sizes = [(f"{p:g}", p) for p in PENALTIES]
    with gr.Row():
        loss = gr.Radio(t.choices("loss", LOSSES), value="cross_entropy", label=t("loss_label"), info=t("loss_info"))
        l1 = gr.Dropdown(sizes, value=0.0, label="L1", info=t("l1_info"), min_width=110)
        l2 = gr.Dropdown(sizes, value=0.0, label="L2", info=t("l2_info"), min_width=110)
        dropout = gr.Slider(0, 0.9, value=0, step=0.05, label=t("dropout"), info=t("dropout_info"))
    return {"loss": loss, "l1": l1, "l2": l2, "dropout": dropout}
