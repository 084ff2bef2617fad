"""Lesson 8's controls: layers, compile and fit as components, their values as a RunSpec, and changes that set many."""

from __future__ import annotations

from typing import Any

import gradio as gr

from demos import kit
from demos.kit import text

DATA = ("people", "many_people", "groups", "moons", "circle", "xor", "spiral", "gauss", "plane", "table")
ACTIVATIONS = ("linear", "relu", "sigmoid", "tanh", "softmax", "leaky_relu", "elu", "gelu", "silu")
OPTIMIZERS = ("sgd", "momentum", "nesterov", "rmsprop", "adagrad", "adam", "adamw")
LOSSES = (
    "mean_squared_error",
    "mean_absolute_error",
    "binary_crossentropy",
    "categorical_crossentropy",
    "sparse_categorical_crossentropy",
)
METRICS = ("mse", "mae", "acc", "f1_score")
PRESETS = ("line", "deep", "raw", "moons", "groups", "overfit")
LAYERS = range(1, 7)
DATA_NAMES = ("data", "standardise", "samples", "noise", "table", "columns", "classify")
LAYER_NAMES = ("count", *(f"{name}{i}" for i in LAYERS for name in ("kind", "size", "activation")))
COMPILE_NAMES = ("optimizer", "rate", "loss", "metrics")
FIT_NAMES = ("epochs", "batch", "split", "shuffle", "patience", "seed")
NAMES = (*DATA_NAMES, *LAYER_NAMES, *COMPILE_NAMES, *FIT_NAMES, "log")
OWN = ("table", "columns", "classify", "log")  # what a preset leaves alone
NEW = {"dense": (16, "relu"), "dropout": (0.2, "linear")}  # size and activation of a layer just added


def chosen(values: tuple[Any, ...]) -> Any:
    """The values of all controls, in the order of NAMES, as a checked RunSpec."""
    from core.errors import Check
    from core.lessons.sequential.data import from_cells
    from core.lessons.sequential.spec import LayerSpec, RunSpec

    v = dict(zip(NAMES, values, strict=True))
    check = Check()
    check.whole("layers", v["count"], 1, len(LAYERS))
    check.one_of("data", v["data"], DATA)
    if not isinstance(v["metrics"], list | None):
        check.add("wrong_shape", name="metrics", expected="[…]", received=str(v["metrics"])[:40])
    check.done()
    columns = [name.strip() for name in str(v["columns"] or "")[:1000].split(",")]
    own, labels = from_cells(v["table"] or (), columns) if v["data"] == "table" else (None, ())
    layers = []
    for i in range(1, int(v["count"]) + 1):
        if v[f"kind{i}"] == "dropout":
            layers.append(LayerSpec("dropout", rate=v[f"size{i}"]))
        else:
            layers.append(LayerSpec(v[f"kind{i}"], kit.whole(v[f"size{i}"]), v[f"activation{i}"]))
    return RunSpec(
        layers=tuple(layers),
        data=v["data"],
        table=tuple(map(tuple, own.values.tolist())) if own else (),
        names=own.names if own else (),
        classify=bool(own and (v["classify"] or labels)),
        labels=labels,
        samples=kit.whole(v["samples"]),
        noise=v["noise"],
        standardise=bool(v["standardise"]),
        optimizer=v["optimizer"],
        learning_rate=v["rate"] or None,
        loss=v["loss"],
        metrics=tuple(v["metrics"] or ()),
        epochs=kit.whole(v["epochs"]),
        batch_size=kit.whole(v["batch"]),
        validation_split=v["split"],
        shuffle=bool(v["shuffle"]),
        patience=kit.whole(v["patience"]) or None,
        seed=kit.whole(v["seed"]),
    )


def unfinished(values: tuple[Any, ...]) -> bool:
    """Whether a number is being typed anew: its box is empty. (``fit`` then says what is missing.)"""
    v = dict(zip(NAMES, values, strict=True))
    used = [f"size{i}" for i in LAYERS if isinstance(v["count"], int | float) and i <= v["count"]]
    return any(v[name] is None for name in (*used, "rate", "seed"))


def usable(table: Any) -> bool:
    """Whether the learner's table is whole enough to learn from."""
    from core.errors import CoreError
    from core.lessons.sequential.data import from_cells

    try:
        return len(from_cells(table or ())[0].names) > 1
    except CoreError:
        return False


def values_of(spec: Any, own: dict[str, Any]) -> dict[str, Any]:
    """The values of the controls that a spec stands for; ``own``: of those in OWN."""
    values: dict[str, Any] = {"data": spec.data, "samples": spec.samples, "noise": spec.noise}
    values |= {"standardise": spec.standardise, "count": len(spec.layers)}
    for i in LAYERS:
        layer = spec.layers[i - 1] if i <= len(spec.layers) else None
        dense = layer is None or layer.kind == "dense"
        values |= {
            f"kind{i}": "dense" if dense else "dropout",
            f"activation{i}": layer.activation if layer else "linear",
        }
        values |= {f"size{i}": (layer.units if dense else layer.rate) if layer else 1}
    values |= {"optimizer": spec.optimizer, "rate": spec.learning_rate or 0, "loss": spec.loss}
    values |= {"metrics": list(spec.metrics), "epochs": spec.epochs, "batch": spec.batch_size}
    values |= {"split": spec.validation_split, "shuffle": spec.shuffle, "patience": spec.patience or 0}
    values |= {"seed": spec.seed} | {name: own[name] for name in OWN}
    return {name: values[name] for name in NAMES}


def of_preset(name: str, values: tuple[Any, ...]) -> dict[str, Any]:
    """The values of the controls that a preset stands for; the learner's own table stays."""
    from core.errors import Check
    from core.lessons.sequential.spec import PRESETS as SPECS

    check = Check()
    check.one_of("preset", name, PRESETS)
    check.done()
    return values_of(SPECS[name], dict(zip(NAMES, values, strict=True)))


def preset_of(spec: Any) -> str | None:
    """The preset that these settings are, if any."""
    from core.lessons.sequential.spec import PRESETS as SPECS

    return next((name for name in PRESETS if SPECS[name] == spec), None)


def suited(values: tuple[Any, ...]) -> dict[str, Any]:
    """These settings with a last layer, loss and metrics that fit the data."""
    from core.lessons.sequential.data import load
    from core.lessons.sequential.spec import suited as fitting

    spec = chosen(values)
    data = load(spec)
    spec = fitting(spec, data.task, len(data.classes), most=len(LAYERS))
    return values_of(spec, dict(zip(NAMES, values, strict=True)))


def with_layer(kind: str, values: tuple[Any, ...]) -> dict[str, Any]:
    """One more layer before the last one, or (kind "remove") the layer before the last one taken away."""
    v, count = dict(zip(NAMES, values, strict=True)), kit.whole(values[NAMES.index("count")])
    rows = [[v[f"{part}{i}"] for part in ("kind", "size", "activation")] for i in LAYERS[:count]]
    if kind == "remove":
        rows = [*rows[:-2], rows[-1]]
    elif len(rows) < len(LAYERS):
        rows.insert(-1, [kind, *NEW[kind]])
    for i, row in enumerate(rows, 1):
        v |= dict(zip((f"kind{i}", f"size{i}", f"activation{i}"), row, strict=True))
    return v | {"count": len(rows)}


def with_kind(layer: int, values: tuple[Any, ...]) -> dict[str, Any]:
    """A layer became another kind: units are no rate."""
    v = dict(zip(NAMES, values, strict=True))
    size, activation = NEW.get(v[f"kind{layer}"], NEW["dense"])
    return v | {f"size{layer}": size, f"activation{layer}": activation}


def updates(values: dict[str, Any]) -> list[Any]:
    """Values → what the page shows: all controls but the learner's own things, then the rows of the layers."""
    shown = [gr.skip() if name in OWN else gr.update(value=value) for name, value in values.items()]
    for i in LAYERS:
        at = NAMES.index(f"activation{i}")
        shown[at] = gr.update(value=values[f"activation{i}"], visible=values[f"kind{i}"] == "dense")
    return [*shown, *rows(values["count"])]


def rows(count: float) -> list[Any]:
    """One row of controls for each layer there is."""
    return [gr.update(visible=i <= count) for i in LAYERS]


def layer_controls(t: text.Text) -> tuple[dict[str, Any], list[gr.Row]]:
    """One row for each layer: kind, units or rate, activation; at first the 64-64-1 model."""
    found: dict[str, Any] = {"count": gr.Slider(1, 6, value=3, step=1, visible=False)}
    boxes = []
    for i in LAYERS:
        last = i >= 3
        with gr.Row(visible=i <= 3, elem_classes="taste-layer-row") as row:
            kit.markdown(f"**{i}**", elem_classes="taste-layer-number")
            plain: dict[str, Any] = {"show_label": False, "container": False}
            found[f"kind{i}"] = gr.Dropdown(
                [("Dense", "dense"), ("Dropout", "dropout")],
                value="dense",
                label=t("kind", layer=i),
                min_width=92,
                **plain,
            )
            found[f"size{i}"] = gr.Number(1 if last else 64, label=t("size", layer=i), min_width=66, **plain)
            found[f"activation{i}"] = gr.Dropdown(
                list(ACTIVATIONS), value="linear" if last else "relu", label=f"activation {i}", min_width=96, **plain
            )
        boxes.append(row)
    return found, boxes


def compile_controls(t: text.Text) -> dict[str, Any]:
    with gr.Row():
        optimizer = gr.Dropdown(list(OPTIMIZERS), value="adam", label="optimizer", min_width=120)
        rate = gr.Number(0, label="learning_rate", info=t("rate_info"), min_width=120)
    loss = gr.Dropdown(list(LOSSES), value="mean_squared_error", label="loss")
    metrics = gr.CheckboxGroup(list(METRICS), value=["mse"], label="metrics")
    return {"optimizer": optimizer, "rate": rate, "loss": loss, "metrics": metrics}


def fit_controls(t: text.Text) -> dict[str, Any]:
    with gr.Row():
        epochs = gr.Slider(1, 1000, value=100, step=1, label=t("epochs"), min_width=140, buttons=[])
        batch = gr.Slider(1, 256, value=10, step=1, label=t("batch"), min_width=140, buttons=[])
    with gr.Row():
        split = gr.Slider(0, 0.9, value=0, step=0.05, label=t("split"), info=t("split_info"), min_width=140, buttons=[])
        patience = gr.Slider(
            0, 100, value=0, step=1, label=t("patience"), info=t("patience_info"), min_width=140, buttons=[]
        )
    with gr.Row():
        shuffle = gr.Checkbox(True, label=t("shuffle"), min_width=120)
        seed = gr.Number(0, precision=0, label=t("seed"), min_width=100)
    return {"epochs": epochs, "batch": batch, "split": split, "shuffle": shuffle, "patience": patience, "seed": seed}


def data_controls(t: text.Text) -> dict[str, Any]:
    with gr.Row(equal_height=True):
        with gr.Column(min_width=260):
            data = gr.Dropdown(t.choices("data", DATA), value="people", label=t("data_label"))
        with gr.Column(min_width=260):
            standardise = gr.Checkbox(True, label=t("standardise"), info=t("standardise_info"))
        with gr.Column(scale=2, min_width=300), gr.Row():
            samples = gr.Slider(
                10, 1000, value=200, step=10, label=t("samples"), info=t("samples_info"), min_width=140, buttons=[]
            )
            noise = gr.Slider(
                0, 50, value=10, step=5, label=t("noise"), info=t("noise_info"), min_width=140, buttons=[]
            )
    return {"data": data, "standardise": standardise, "samples": samples, "noise": noise}


def own_controls(t: text.Text) -> tuple[dict[str, Any], gr.File]:
    kit.markdown(t("own_lead"))
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            table = gr.Dataframe(
                [],
                headers=["1", "2"],
                column_count=2,
                type="array",
                datatype="str",
                interactive=True,
                max_height=300,
                label=t("own_table"),
            )
        with gr.Column(min_width=240):
            columns = gr.Textbox("", label=t("columns"), info=t("columns_info"), max_length=1000)
            classify = gr.Checkbox(False, label=t("classify"), info=t("classify_info"))
            file = gr.File(label=t("file_label"), file_types=[".csv", ".txt", ".tsv"], height=110)
    return {"table": table, "columns": columns, "classify": classify}, file
