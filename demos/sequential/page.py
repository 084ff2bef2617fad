"""Lesson 8: the learner stacks layers, compiles, fits, and watches the curve bend to the data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from demos import kit, views
from demos.kit import text
from demos.kit.lesson import Lesson, Opening, Room
from demos.sequential import controls as ctl
from demos.sequential import own, race, shown
from demos.sequential.tasks import TASKS

on_code = own.on_code
HELD, FREE = (f"() => ({{interactive: {ready}, __type__: 'update'}})" for ready in ("false", "true"))
NAMED = "(table, names) => names || (table?.headers?.some((h) => isNaN(h)) ? table.headers.join(', ') : '')"


@kit.handler
def on_first(lang: str, lab: Any, rows: str, *controls: Any) -> tuple[Any, ...]:
    """The first screen: the untrained model of these settings on its data, and as many rows of layers as there are."""
    v = dict(zip(ctl.NAMES, controls, strict=True))
    known = [gr.update(visible=v[f"kind{i}"] == "dense") for i in ctl.LAYERS]
    return *on_change(lang, None, rows, *controls), *ctl.rows(v["count"]), *known


@kit.handler
def on_reset(lang: str, lab: Any, rows: str, *controls: Any) -> tuple[Any, ...]:
    """Reset: the untrained model of these settings; its first weights are those of the seed."""
    return on_change(lang, None, rows, *controls)


@kit.handler
def on_change(lang: str, lab: Any, rows: str, *controls: Any) -> tuple[Any, ...]:
    """A setting was changed: the summary, what would go wrong, and an untrained model, ready to fit."""
    from core.lessons.sequential.data import load
    from core.lessons.sequential.lab import Lab
    from core.lessons.sequential.pictures import marks

    if ctl.unfinished(controls):
        return (gr.skip(),) * 16
    t, spec = text.load("sequential", lang), ctl.chosen(controls)
    data = load(spec)
    table, refused, unfit = shown.summary(lang, spec, data)
    extra = gr.update(visible=unfit), shown.verbs(lang, spec), shown.example(data, rows), ctl.preset_of(spec)
    if lab is not None and lab.same(spec):  # only another number of epochs, or another look: what was learnt stays
        return lab, gr.skip(), table, *shown.pictures(lang, lab, lab.report(), controls[-1]), *[gr.skip()] * 2, *extra
    if refused:
        return (
            None,
            gr.skip(),
            table,
            shown.plane(t, data, marks(data)),
            *[gr.skip()] * 6,
            "",
            t("evaluate_wait"),
            *extra,
        )
    lab = Lab(spec)
    pictures = shown.pictures(lang, lab, lab.report(), controls[-1])
    return lab, gr.skip(), table, *pictures, "", t("evaluate_wait"), *extra


@kit.handler
def on_fit(lang: str, lab: Any, *controls: Any) -> Iterator[tuple[Any, ...]]:
    """fit: train for the chosen epochs, or on from where it stopped; the model then lies on the shelf."""
    from core import runtime
    from core.events import Done
    from core.lessons.sequential.lab import FitStep, Lab

    t, spec = text.load("sequential", lang), ctl.chosen(controls)
    lab = lab if lab is not None and lab.goes_on(spec) else Lab(spec)
    table: Any = shown.summary(lang, spec, lab.data)[0]
    for event in kit.paced(lab.steps(spec.epochs, every=kit.FRAME_SECONDS, deadline=kit.RUN_SECONDS), 0):
        match event:
            case FitStep():
                yield lab, gr.skip(), table, *shown.pictures(lang, lab, event, controls[-1]), gr.skip(), gr.skip()
                table = gr.skip()
            case Done(seconds=seconds, stopped=why):
                label = kit.badge_text(
                    t,
                    source="trained_now",
                    parameters=lab.inspection.total,
                    seconds=seconds,
                    device=runtime.describe("cpu"),
                    loss=lab.run.final_loss if lab.trainer.epoch else None,
                )
                pictures = shown.pictures(lang, lab, lab.report(), controls[-1])
                said = label + kit.why_stopped(t, why, lab.learning_rate)
                yield lab, lab, table, *pictures, said, shown.scores(lang, lab)


@kit.handler
def on_stop(lang: str, lab: Any, *controls: Any) -> tuple[Any, ...]:
    """Stop: the page closes the run; the model as it stands is scored and laid on the shelf."""
    if lab is None or not lab.trainer.updates:
        return (gr.skip(),) * 12
    pictures = shown.pictures(lang, lab, lab.report(), controls[-1])
    return lab, lab, gr.skip(), *pictures, text.load("sequential", lang)("stopped"), shown.scores(lang, lab)


@kit.handler
def on_preset(lang: str, name: str, rows: str, *controls: Any) -> tuple[Any, ...]:
    """All settings of a preset at once, untrained."""
    return _set(lang, rows, ctl.of_preset(name, controls))


@kit.handler
def on_suit(lang: str, rows: str, *controls: Any) -> tuple[Any, ...]:
    """Last layer, loss and metrics as the data needs them."""
    return _set(lang, rows, ctl.suited(controls))


@kit.handler
def on_layer(lang: str, kind: str, rows: str, *controls: Any) -> tuple[Any, ...]:
    """add: one more layer below the last one; or one less."""
    return _set(lang, rows, ctl.with_layer(kind, controls))


@kit.handler
def on_kind(lang: str, layer: int, rows: str, *controls: Any) -> tuple[Any, ...]:
    """A layer became a Dense or a Dropout."""
    return _set(lang, rows, ctl.with_kind(layer, controls))


@kit.handler
def on_table(lang: str, lab: Any, rows: str, *controls: Any) -> tuple[Any, ...]:
    """The learner's table was edited: it is learnt from as soon as it can be."""
    known = dict(zip(ctl.NAMES, controls, strict=True))
    if known["data"] != "table" and not ctl.usable(known["table"]):
        return (gr.skip(),) * 17
    return "table", *on_change(lang, lab, rows, *(known | {"data": "table"}).values())


def _set(lang: str, rows: str, values: dict[str, Any]) -> tuple[Any, ...]:
    return *ctl.updates(values), *on_change(lang, None, rows, *values.values())


@kit.handler
def on_predict(lang: str, lab: Any, rows: str, *controls: Any) -> str:
    """predict: new rows, one a line, numbers apart by commas or spaces; the answers in the table's own units."""
    from core.files import tables
    from core.lessons.sequential.lab import Lab

    lab = lab or Lab(ctl.chosen(controls))
    names = lab.data.names[:-1]
    kept = [line.replace(",", " ").split() for line in str(rows)[:20_000].splitlines()]
    table = tables.from_grid(kept, names, columns=len(names), least=1, name="rows")
    return shown.answers(lang, lab, lab.predict(table.values.tolist()))


def build(lang: str) -> Room:
    t = text.load("sequential", lang)
    language, lab = kit.header(t), gr.State(None)
    preset = gr.Radio(t.choices("preset", ctl.PRESETS), value="deep", label=t("preset_label"))
    data = ctl.data_controls(t)
    with gr.Row(equal_height=False, elem_classes="taste-playground"):
        with gr.Column(scale=4, min_width=300):
            kit.markdown(t("add"))
            layers, boxes = ctl.layer_controls(t)
            with gr.Row(elem_classes="taste-buttons"):
                adds = {kind: gr.Button(t(f"layer.{kind}"), size="md", min_width=90) for kind in (*ctl.NEW, "remove")}
            kit.markdown(t("compile"))
            compiled = ctl.compile_controls(t)
            kit.markdown(t("fit_title"))
            fitted = ctl.fit_controls(t)
            verbs = kit.markdown("")
        with gr.Column(scale=5, min_width=300, elem_classes="taste-play-output"):
            run = kit.buttons(t, "fit")
            plane = views.plane(height=320)
            with gr.Row():
                curve, metrics = views.curve(height=190), views.curve(height=190)
            log = gr.Checkbox(False, label=t("log"))
            badge = kit.badge()
            table = kit.markdown("", elem_classes="taste-table")
            suit = gr.Button(t("suit"), visible=False)
    with gr.Row(equal_height=False):
        with gr.Column(min_width=300):
            kit.markdown(t("evaluate_title"))
            scores = kit.markdown(t("evaluate_wait"), elem_classes="taste-table")
            with gr.Column(visible=False) as confused:
                confusion = views.matrix()
            with gr.Column() as compare:
                compared = views.plane(height=230)
        with gr.Column(min_width=300):
            kit.markdown(t("predict_title"))
            new = gr.Textbox("60\n75\n90", lines=3, max_length=20_000, label=t("predict_label"))
            ask = gr.Button(t("predict_button"))
            answer = kit.markdown("", elem_classes="taste-table")
    with gr.Accordion(t("own_title"), open=False):
        own_data, file = ctl.own_controls(t)
    everything = data | own_data | layers | compiled | fitted | {"log": log}
    controls = {name: everything[name] for name in ctl.NAMES}
    values = list(controls.values())
    with gr.Accordion(t("race.title"), open=False):
        race.build(t, language, values)
    pictures = [plane, curve, metrics, confusion, confused, compared, compare]
    outputs = [lab, kit.shelf("model"), table, *pictures, badge, scores]
    changed = [*outputs, suit, verbs, new, preset]
    quiet, stateful = kit.LIGHT | kit.PRIVATE, [language, lab, new, *values]
    running = run.run.click(on_fit, [language, lab, *values], outputs, **kit.RUN, **kit.api("sequential_fit"))
    moved = [control.input for name, control in controls.items() if not name.startswith(("log", "table", "kind"))]
    sets: list[tuple[Any, Any, list[Any]]] = [(preset.input, on_preset, [preset]), (suit.click, on_suit, [])]
    sets += [(button.click, on_layer, [gr.State(kind)]) for kind, button in adds.items()]
    sets += [(controls[f"kind{i}"].input, on_kind, [gr.State(i)]) for i in ctl.LAYERS]
    begins = [on for on, _, _ in sets]
    gr.on([run.run.click, run.reset.click, *moved, *begins], None, None, answer, js="() => ''", **kit.PRIVATE)
    gr.on(
        [run.stop.click, run.reset.click, controls["table"].input, *moved, *begins],
        None,
        cancels=[running],
        **kit.PRIVATE,
    )
    run.stop.click(on_stop, [language, lab, *values], outputs, **quiet)
    run.reset.click(on_reset, stateful, changed, **quiet)
    gr.on([*moved, log.input], on_change, stateful, changed, **quiet)
    data_and_changed = [controls["data"], *changed]
    named = controls["table"].input(
        None, [controls["table"], controls["columns"]], controls["columns"], js=NAMED, **kit.PRIVATE
    )
    named.then(on_table, stateful, data_and_changed, **quiet)
    gr.on(begins, None, None, run.run, js=HELD, **kit.PRIVATE)  # fit waits until all controls hold their new values
    for listen, fn, first in sets:
        told = listen(fn, [language, *first, new, *values], [*values, *boxes, *changed], **quiet)
        told.then(None, None, run.run, js=FREE, **kit.PRIVATE)
    taken = file.upload(own.on_file, [language, file, *values], [*own_data.values()][:2] + [data["data"]], **quiet)
    taken.success(on_change, stateful, changed, **quiet)
    ask.click(on_predict, [language, lab, new, *values], answer, **kit.LIGHT, **kit.api("sequential_predict"))
    own.downloads(t, language, lab, values)
    kit.tasks(t, TASKS)
    library = gr.Radio(
        t.choices("library", own.LIBRARIES), value="core", label=t("library_label"), info=t("library_info")
    )
    kit.code_panel(t, "sequential.py", on_code, [language, lab, library, *values], also=(library.input,))
    kit.share(t, controls)
    kit.story(t)
    inputs, known = [language, lab, new, *values], [controls[f"activation{i}"] for i in ctl.LAYERS]
    return Room(controls, Opening(on_first, inputs, [*changed, *boxes, *known]))


LESSON = Lesson("sequential", build)
