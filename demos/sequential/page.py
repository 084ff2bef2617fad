"""Lesson 8: the learner stacks layers, compiles, fits, and watches the curve bend to the data."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import gradio as gr

from core.lessons.sequential import choices
from demos import kit, views
from demos.kit import text
from demos.kit.lesson import Lesson, Room
from demos.sequential import controls as ctl
from demos.sequential import own, race, same, shown
from demos.sequential.controls import FORM, SCREEN
from demos.sequential.tasks import TASKS

on_code = own.on_code
HELD, FREE = (f"() => ({{interactive: {ready}, __type__: 'update'}})" for ready in ("false", "true"))
NAMED = "(table, names) => names || (table?.headers?.some((h) => isNaN(h)) ? table.headers.join(', ') : '')"

PRELUDE = (40, 20)  # epochs of the first seconds, frames


@kit.handler
def on_open(lang: str, new: str, form: kit.Values) -> kit.Update:
    """The first screen: the untrained model of these settings on its data, and as many rows of layers as there are."""
    return on_change(lang, None, new, form) | ctl.rows(form) | ctl.activations(form)


@kit.handler
def on_prelude(lang: str, form: kit.Values) -> Iterator[kit.Update]:
    """The first seconds: what this model learns in its first epochs."""
    from core.lessons.sequential.lab import FitStep, Lab

    lab = Lab(ctl.chosen(form))
    yield shown.pictures(lang, lab, lab.report(), form.log)
    epochs, frames = PRELUDE
    batches = -(-lab.data.training // lab.spec.batch_size)
    for event in lab.steps(epochs, every=batches * (epochs // frames)):
        if isinstance(event, FitStep):
            yield shown.pictures(lang, lab, event, form.log)


@kit.handler
def on_reset(lang: str, new: str, form: kit.Values) -> kit.Update:
    """Reset: the untrained model of these settings; its first weights are those of the seed."""
    return on_change(lang, None, new, form)


@kit.handler
def on_change(lang: str, lab: Any, new: str, form: kit.Values) -> kit.Update:
    """A setting was changed: the summary, what would go wrong, and an untrained model, ready to fit."""
    from core.lessons.sequential.data import load
    from core.lessons.sequential.lab import Lab
    from core.lessons.sequential.pictures import marks

    if ctl.unfinished(form):
        return SCREEN()
    t, spec = text.load("sequential", lang), ctl.chosen(form)
    data = load(spec)
    table, refused, unfit = shown.summary(lang, spec, data)
    said = shown.example(data, new) | SCREEN(
        summary=table,
        suit=gr.update(visible=unfit),
        verbs=shown.verbs(lang, spec),
        preset=ctl.preset_of(spec),
    )
    if lab is not None and lab.same(spec):  # only another number of epochs, or another look: what was learnt stays
        return said | shown.pictures(lang, lab, lab.report(), form.log) | SCREEN(lab=lab)
    said |= SCREEN(badge="", scores=t("evaluate_wait"))
    if refused:
        return said | SCREEN(lab=None, plane=shown.plane(t, data, marks(data)))
    lab = Lab(spec)
    return said | shown.pictures(lang, lab, lab.report(), form.log) | SCREEN(lab=lab)


@kit.handler
def on_fit(lang: str, lab: Any, form: kit.Values) -> Iterator[kit.Update]:
    """fit: train for the chosen epochs, or on from where it stopped; the model then lies on the shelf."""
    from core import runtime
    from core.events import Cadence, Done
    from core.lessons.sequential.lab import FitStep, Lab

    t, spec = text.load("sequential", lang), ctl.chosen(form)
    lab = lab if lab is not None and lab.goes_on(spec) else Lab(spec)
    table = SCREEN(summary=shown.summary(lang, spec, lab.data)[0])
    every = Cadence(seconds=kit.FRAME_SECONDS)
    for event in kit.paced(lab.steps(spec.epochs, every=every, deadline=kit.RUN_SECONDS), 0):
        match event:
            case FitStep():
                yield SCREEN(lab=lab) | table | shown.pictures(lang, lab, event, form.log)
                table = SCREEN()
            case Done(stopped="paused"):
                yield SCREEN()  # Stop, or another run, shows what there is
            case Done(seconds=seconds, stopped=why):
                label = kit.badge_text(
                    t,
                    source="trained_now",
                    parameters=lab.inspection.total,
                    seconds=seconds,
                    device=runtime.describe("cpu"),
                    loss=lab.run.final_loss if lab.trainer.epoch else None,
                )
                said = label + kit.why_stopped(t, why, lab.learning_rate)
                yield table | _settled(lang, lab, form) | SCREEN(badge=said)


@kit.handler
def on_stop(lang: str, lab: Any, form: kit.Values) -> kit.Update:
    """Stop: nothing more is learnt, though the page closes the run only now; the model is scored and laid on the shelf."""
    if lab is None:
        return SCREEN()
    lab.pause()
    if not lab.trainer.updates:
        return SCREEN()
    return _settled(lang, lab, form) | SCREEN(badge=text.load("sequential", lang)("stopped"))


def _settled(lang: str, lab: Any, form: kit.Values) -> kit.Update:
    pictures = shown.pictures(lang, lab, lab.report(), form.log)
    return pictures | SCREEN(lab=lab, shelf=lab, scores=shown.scores(lang, lab))


@kit.handler
def on_preset(lang: str, preset: str, new: str, form: kit.Values) -> kit.Update:
    """All settings of a preset at once, untrained."""
    return _set(lang, new, ctl.of_preset(preset, form))


@kit.handler
def on_suit(lang: str, new: str, form: kit.Values) -> kit.Update:
    """Last layer, loss and metrics as the data needs them."""
    return _set(lang, new, ctl.suited(form))


@kit.handler
def on_layer(lang: str, new: str, form: kit.Values, kind: str) -> kit.Update:
    """add: one more layer below the last one; or one less."""
    return _set(lang, new, ctl.with_layer(kind, form))


@kit.handler
def on_kind(lang: str, new: str, form: kit.Values, layer: int) -> kit.Update:
    """A layer became a Dense or a Dropout."""
    return _set(lang, new, ctl.with_kind(layer, form))


@kit.handler
def on_table(lang: str, lab: Any, new: str, form: kit.Values) -> kit.Update:
    """The learner's table was edited: it is learnt from as soon as it can be."""
    if form.data != "table" and not ctl.usable(form.table):
        return SCREEN()
    return SCREEN(data="table") | on_change(lang, lab, new, form.changed(data="table"))


def _set(lang: str, new: str, form: kit.Values) -> kit.Update:
    return ctl.updates(form) | on_change(lang, None, new, form)


@kit.handler
def on_predict(lang: str, lab: Any, new: str, form: kit.Values) -> str:
    """predict: new rows, one a line, numbers apart by commas or spaces; the answers in the table's own units."""
    from core.files import tables
    from core.lessons.sequential.lab import Lab

    lab = lab or Lab(ctl.chosen(form))
    names = lab.data.names[:-1]
    kept = [line.replace(",", " ").split() for line in str(new)[:20_000].splitlines()]
    table = tables.from_grid(kept, names, columns=len(names), least=1, name="rows")
    return shown.answers(lang, lab, lab.predict(table.values.tolist()))


def build(lang: str) -> Room:
    t = text.load("sequential", lang)
    desk = kit.Desk(t, FORM, SCREEN, kit.header(t))
    desk.put(lab=gr.State(None), shelf=kit.shelf("model"))
    with gr.Row(equal_height=False, elem_classes="taste-playground"):
        with gr.Column(scale=9, min_width=300, elem_classes="taste-play-settings"):
            desk.put(preset=kit.radio(t, "preset", choices.PRESET, label=t("preset_label")))
            ctl.data(desk)
        with gr.Column(scale=4, min_width=300):
            kit.markdown(t("add"))
            ctl.layers(desk)
            with gr.Row(elem_classes="taste-buttons"):
                kinds = (*choices.NEW, "remove")
                adds = {kind: gr.Button(t(f"layer.{kind}"), size="md", min_width=90) for kind in kinds}
            kit.markdown(t("compile"))
            ctl.compiling(desk)
            kit.markdown(t("fit_title"))
            ctl.fitting(desk)
            desk.put(verbs=kit.markdown(""))
        with gr.Column(scale=5, min_width=300, elem_classes="taste-play-output"):
            run = kit.buttons(t, "fit")
            desk.put(plane=views.plane(height=270))
            with gr.Row():
                desk.put(curve=views.curve(height=190), measures=views.curve(height=190))
            desk.put(log=gr.Checkbox(False, label=t("log")), badge=kit.badge())
            desk.put(summary=kit.markdown("", elem_classes="taste-table"))
            desk.put(suit=gr.Button(t("suit"), visible=False))
    with gr.Row(equal_height=False):
        with gr.Column(min_width=300):
            kit.markdown(t("evaluate_title"))
            desk.put(scores=kit.markdown(t("evaluate_wait"), elem_classes="taste-table"))
            with gr.Column(visible=False) as confused:
                desk.put(confused=confused, confusion=views.matrix())
            with gr.Column() as compare:
                desk.put(compare=compare, compared=views.plane(height=230))
        with gr.Column(min_width=300):
            kit.markdown(t("predict_title"))
            desk.put(new=gr.Textbox(choices.QUESTIONS, lines=3, max_length=20_000, label=t("predict_label")))
            ask = gr.Button(t("predict_button"))
            desk.put(answer=kit.markdown("", elem_classes="taste-table"))
    with gr.Accordion(t("own_title"), open=False):
        ctl.own(desk)
    with gr.Accordion(t("race.title"), open=False):
        race.build(desk)
    same.build(desk)
    _wire(desk, run, adds)
    desk.on(ask.click, on_predict, to="answer", api="sequential_predict")
    own.files(desk)
    kit.tasks(t, TASKS)
    desk.put(library=kit.radio(t, "library", choices.LIBRARY, label=t("library_label"), info=t("library_info")))
    kit.code_panel(desk, "sequential.py", on_code, also=(desk.library.input,))
    kit.share(t, desk.controls)
    kit.story(t)
    opening = desk.opening(on_open, (*ctl.CHANGED, *ctl.ROWS, *ctl.ACTIVATIONS))
    return Room(desk.controls, opening, prelude=desk.prelude(on_prelude, "plane", "curve", "measures", back=True))


def _wire(desk: kit.Desk, run: kit.Buttons, adds: dict[str, gr.Button]) -> None:
    running = desk.on(run.run.click, on_fit, kit.RUN, to=ctl.RESULT, api="sequential_fit")
    moved = [getattr(desk, name).input for name in FORM.names if not name.startswith(("log", "table", "kind"))]
    sets: list[tuple[Any, Any, dict[str, Any]]] = [(desk.preset.input, on_preset, {}), (desk.suit.click, on_suit, {})]
    sets += [(button.click, on_layer, {"kind": kind}) for kind, button in adds.items()]
    sets += [(getattr(desk, f"kind{i}").input, on_kind, {"layer": i}) for i in ctl.LAYERS]
    begins = [listen for listen, _, _ in sets]
    starts = [run.run.click, run.reset.click, *moved, *begins]
    gr.on(starts, None, None, desk.answer, js="() => ''", **kit.PRIVATE)
    stops = [run.stop.click, run.reset.click, desk.table.input, *moved, *begins]
    gr.on(stops, None, cancels=[running], **kit.PRIVATE)
    desk.on(run.stop.click, on_stop, to=ctl.RESULT)
    desk.on(run.reset.click, on_reset, to=ctl.CHANGED)
    desk.on(partial(gr.on, [*moved, desk.log.input]), on_change, to=ctl.CHANGED)
    named = desk.table.input(None, [desk.table, desk.columns], desk.columns, js=NAMED, **kit.PRIVATE)
    desk.on(named.then, on_table, to=("data", *ctl.CHANGED))
    gr.on(begins, None, None, run.run, js=HELD, **kit.PRIVATE)  # fit waits until all controls hold their new values
    for listen, fn, fixed in sets:
        told = desk.on(listen, fn, **fixed)
        told.then(None, None, run.run, js=FREE, **kit.PRIVATE)
    taken = desk.on(desk.path.upload, own.on_file, to=("table", "columns", "data"))
    desk.on(taken.success, on_change, to=ctl.CHANGED)


LESSON = Lesson("sequential", build)
