"""Lesson 8's controls: layers, compile and fit as components, their values as a RunSpec, and changes that set many."""

from __future__ import annotations

from typing import Any

import gradio as gr

from core.errors import InvalidInput
from core.lessons.sequential import choices
from demos import kit

LAYERS = range(1, int(choices.LAYERS.high) + 1)


def _first(layer: int) -> tuple[int, str]:
    """Units and activation of a layer as the page opens; those not shown wait as the last one."""
    return choices.FIRST[min(layer, len(choices.FIRST)) - 1]


FORM = kit.Form(
    data=choices.DATA,
    standardise=True,
    samples=choices.SAMPLES,
    noise=choices.NOISE,
    table=list,
    columns="",
    classify=False,
    count=choices.LAYERS,
    **{
        f"{name}{i}": default
        for i in LAYERS
        for name, default in (("kind", choices.KIND), ("size", _first(i)[0]), ("activation", _first(i)[1]))
    },
    optimizer=choices.OPTIMIZER,
    rate=choices.RATE,
    loss=choices.LOSS,
    metrics=lambda: list(choices.FIRST_METRICS),
    epochs=choices.EPOCHS,
    batch=choices.BATCH,
    split=choices.SPLIT,
    shuffle=True,
    patience=choices.PATIENCE,
    seed=choices.SEED,
    log=False,
)
OWN = ("table", "columns", "classify", "log")  # what a preset leaves alone
ROWS = tuple(f"row{i}" for i in LAYERS)
ACTIVATIONS = tuple(f"activation{i}" for i in LAYERS)
PICTURES = ("plane", "curve", "measures", "confusion", "confused", "compared", "compare")
RESULT = ("lab", "shelf", "summary", *PICTURES, "badge", "scores")  # what training changes
CHANGED = (*RESULT, "suit", "verbs", "new", "preset")  # what a setting changes
SCREEN = kit.Screen(*CHANGED, *FORM.names, *ROWS)


def chosen(form: kit.Values) -> Any:
    """What the controls say, as a checked RunSpec."""
    from core.errors import checking
    from core.lessons.sequential.data import from_cells
    from core.lessons.sequential.spec import LayerSpec, RunSpec

    with checking() as check:
        check.within("layers", form.count, choices.LAYERS)
        check.within("data", form.data, choices.DATA)
        if not isinstance(form.metrics, list | None):
            check.add("wrong_shape", name="metrics", expected="[…]", received=str(form.metrics)[:40])
    columns = [name.strip() for name in str(form.columns or "")[:1000].split(",")]
    own, labels = from_cells(form.table or (), columns) if form.data == "table" else (None, ())
    layers = []
    for i in LAYERS[: int(form.count)]:
        kind, size = form[f"kind{i}"], form[f"size{i}"]
        if kind == "dropout":
            layers.append(LayerSpec("dropout", rate=size))
        else:
            layers.append(LayerSpec(kind, kit.whole(size), form[f"activation{i}"]))
    return form.read(
        RunSpec,
        layers=tuple(layers),
        table=tuple(map(tuple, own.values.tolist())) if own else (),
        names=own.names if own else (),
        classify=bool(own and (form.classify or labels)),
        labels=labels,
        standardise=bool(form.standardise),
        learning_rate=form.rate or None,
        metrics=tuple(form.metrics or ()),
        batch_size=kit.whole(form.batch),
        validation_split=form.split,
        shuffle=bool(form.shuffle),
        patience=kit.whole(form.patience) or None,
    )


def unfinished(form: kit.Values) -> bool:
    """Whether a number is being typed anew: its box is empty. (``fit`` then says what is missing.)"""
    used = [f"size{i}" for i in LAYERS if isinstance(form.count, int | float) and i <= form.count]
    return any(form[name] is None for name in (*used, "rate", "seed"))


def usable(table: Any) -> bool:
    """Whether the learner's table is whole enough to learn from."""
    from core.errors import CoreError
    from core.lessons.sequential.data import from_cells

    try:
        return len(from_cells(table or ())[0].names) > 1
    except CoreError:
        return False


def set_to(spec: Any, form: kit.Values) -> kit.Values:
    """The controls set to what a spec says; the learner's own things (OWN) stay."""
    values: dict[str, Any] = {
        "data": spec.data,
        "samples": spec.samples,
        "noise": spec.noise,
        "standardise": spec.standardise,
        "count": len(spec.layers),
        "optimizer": spec.optimizer,
        "rate": spec.learning_rate or 0,
        "loss": spec.loss,
        "metrics": list(spec.metrics),
        "epochs": spec.epochs,
        "batch": spec.batch_size,
        "split": spec.validation_split,
        "shuffle": spec.shuffle,
        "patience": spec.patience or 0,
        "seed": spec.seed,
    }
    for i in LAYERS:
        layer = spec.layers[i - 1] if i <= len(spec.layers) else None
        dense = layer is None or layer.kind == "dense"
        values |= {
            f"kind{i}": "dense" if dense else "dropout",
            f"size{i}": (layer.units if dense else layer.rate) if layer else 1,
            f"activation{i}": layer.activation if layer else "linear",
        }
    return form.changed(**values)


def of_preset(name: str, form: kit.Values) -> kit.Values:
    """The controls set to a preset; the learner's own table stays."""
    from core.errors import checking
    from core.lessons.sequential.spec import PRESETS

    with checking() as check:
        check.within("preset", name, choices.PRESET)
    return set_to(PRESETS[name], form)


def preset_of(spec: Any) -> str | None:
    """The preset that these settings are, if any."""
    from core.lessons.sequential.spec import PRESETS

    return next((name for name in choices.PRESET if PRESETS[name] == spec), None)


def suited(form: kit.Values) -> kit.Values:
    """These settings with a last layer, loss and metrics that fit the data."""
    from core.lessons.sequential.data import load
    from core.lessons.sequential.spec import suited as fitting

    spec = chosen(form)
    data = load(spec)
    return set_to(fitting(spec, data.task, len(data.classes), most=len(LAYERS)), form)


def with_layer(kind: str, form: kit.Values) -> kit.Values:
    """One more layer before the last one, or (kind "remove") the layer before the last one taken away.

    Raises InvalidInput "too_many" when there are as many as the page has room for.
    """
    parts = ("kind", "size", "activation")
    rows = [[form[f"{part}{i}"] for part in parts] for i in LAYERS[: kit.whole(form.count)]]
    if kind == "remove":
        rows = [*rows[:-2], rows[-1]]
    elif len(rows) == len(LAYERS):
        raise InvalidInput("too_many", name="layers", most=len(LAYERS), received=len(rows) + 1)
    else:
        rows.insert(-1, [kind, *choices.NEW[kind]])
    values = {f"{part}{i}": v for i, row in enumerate(rows, 1) for part, v in zip(parts, row, strict=True)}
    return form.changed(count=len(rows), **values)


def with_kind(layer: int, form: kit.Values) -> kit.Values:
    """A layer became another kind: units are no rate."""
    size, activation = choices.NEW.get(form[f"kind{layer}"], choices.NEW["dense"])
    return form.changed(**{f"size{layer}": size, f"activation{layer}": activation})


def updates(form: kit.Values) -> kit.Update:
    """The controls as they now stand, but for the learner's own things, and the rows of the layers."""
    shown = {name: gr.update(value=value) for name, value in form.items() if name not in OWN}
    return SCREEN(**(shown | activations(form))) | rows(form)


def activations(form: kit.Values) -> kit.Update:
    """A Dropout has no activation."""
    names = {f"activation{i}": form[f"kind{i}"] == "dense" for i in LAYERS}
    return SCREEN(**{name: gr.update(value=form[name], visible=dense) for name, dense in names.items()})


def rows(form: kit.Values) -> kit.Update:
    """One row of controls for each layer there is."""
    return SCREEN(**{f"row{i}": gr.update(visible=i <= form.count) for i in LAYERS})


def layers(desk: kit.Desk) -> None:
    """One row for each layer: kind, units or rate, activation."""
    desk.put(count=kit.slider(choices.LAYERS, visible=False))
    plain: dict[str, Any] = {"show_label": False, "container": False}
    for i in LAYERS:
        units, activation = _first(i)
        with gr.Row(visible=i <= choices.LAYERS.default, elem_classes="taste-layer-row") as row:
            kit.markdown(f"**{i}**", elem_classes="taste-layer-number")
            kind = gr.Dropdown(
                [(name.capitalize(), name) for name in choices.KIND],
                value=choices.KIND.default,
                label=desk.t("kind", layer=i),
                min_width=92,
                **plain,
            )
            size = gr.Number(units, label=desk.t("size", layer=i), min_width=66, **plain)
            kinds = gr.Dropdown(
                list(choices.ACTIVATION), value=activation, label=f"activation {i}", min_width=96, **plain
            )
        desk.put(**{f"row{i}": row, f"kind{i}": kind, f"size{i}": size, f"activation{i}": kinds})


def compiling(desk: kit.Desk) -> None:
    with gr.Row():
        desk.put(optimizer=_named(choices.OPTIMIZER, "optimizer"))
        desk.put(rate=kit.number_box(choices.RATE, label="learning_rate", info=desk.t("rate_info"), min_width=120))
    desk.put(loss=_named(choices.LOSS, "loss"))
    metrics, first = list(choices.METRICS), list(choices.FIRST_METRICS)
    desk.put(metrics=gr.CheckboxGroup(metrics, value=first, label="metrics", info=desk.t("metrics_info")))


def _named(allowed: Any, label: str) -> gr.Dropdown:
    """Names that Keras gives stay as they are in either language."""
    return gr.Dropdown(list(allowed), value=allowed.default, label=label, min_width=120)


def fitting(desk: kit.Desk) -> None:
    def slider(name: str, allowed: Any, info: str | None = None) -> None:
        told = desk.t(info) if info else None
        desk.put(**{name: kit.slider(allowed, label=desk.t(name), info=told, min_width=140, buttons=[])})

    with gr.Row():
        slider("epochs", choices.EPOCHS)
        slider("batch", choices.BATCH)
    with gr.Row():
        slider("split", choices.SPLIT, "split_info")
        slider("patience", choices.PATIENCE, "patience_info")
    with gr.Row():
        desk.put(shuffle=gr.Checkbox(True, label=desk.t("shuffle"), min_width=120))
        desk.put(seed=kit.number_box(choices.SEED, precision=0, label=desk.t("seed"), min_width=100))


def data(desk: kit.Desk) -> None:
    t = desk.t
    with gr.Row(equal_height=True):
        with gr.Column(min_width=260):
            desk.put(data=kit.dropdown(t, "data", choices.DATA, label=t("data_label")))
        with gr.Column(min_width=260):
            desk.put(standardise=gr.Checkbox(True, label=t("standardise"), info=t("standardise_info")))
        with gr.Column(scale=2, min_width=300), gr.Row():
            for name, allowed in (("samples", choices.SAMPLES), ("noise", choices.NOISE)):
                made = kit.slider(allowed, label=t(name), info=t(f"{name}_info"), min_width=140, buttons=[])
                desk.put(**{name: made})


def own(desk: kit.Desk) -> None:
    """The learner's own table; ``path`` is a CSV of theirs."""
    t = desk.t
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
            path = gr.File(label=t("file_label"), file_types=[".csv", ".txt", ".tsv"], height=110)
    desk.put(table=table, columns=columns, classify=classify, path=path)
