"""Lesson 5: the learner builds a net, presses play, and watches boundary, units and weights learn."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import gradio as gr

from core.lessons.hidden_layers import choices
from demos import kit, views
from demos.hidden_layers import controls as ctl
from demos.hidden_layers import inside, losses, own, playground_link
from demos.hidden_layers import pictures as pic
from demos.hidden_layers.controls import FORM, SCREEN, SHOWN
from demos.hidden_layers.tasks import TASKS
from demos.kit import text
from demos.kit.lesson import Lesson, Room

PRELUDE = (150, 15)  # epochs of the first seconds, frames


@kit.handler
def on_open(lang: str, x1: float, x2: float, form: kit.Values) -> kit.Update:
    """The first screen: an untrained net on its points."""
    return on_fresh(lang, None, x1, x2, form) | on_layers(lang, form.layers)


@kit.handler
def on_prelude(lang: str, form: kit.Values) -> Iterator[kit.Update]:
    """The first seconds: what these settings learn in their first epochs."""
    from core.lessons.hidden_layers.playground import LIVE_SIZE, Frame

    chosen = ctl.chosen(form)
    here = pic.place(None, chosen, fresh=True)
    points = pic.marks(here.play, chosen.show_test)
    yield pic.shown(lang, here, chosen, here.play.frame(LIVE_SIZE), points)
    epochs, frames = PRELUDE
    for event in here.play.steps(epochs, every=here.play.beat(epochs // frames, kit.RUN_SECONDS)):
        if isinstance(event, Frame):
            yield pic.shown(lang, here, chosen, event, points)


@kit.handler
def on_fresh(lang: str, here: pic.Here | None, x1: float, x2: float, form: kit.Values) -> kit.Update:
    """The first weights of these settings."""
    chosen = ctl.chosen(form)
    here = replace(pic.place(here, chosen, fresh=True), running=False)
    return _all(lang, here, chosen, x1, x2) | SCREEN(badge="")


@kit.handler
def on_change(lang: str, here: pic.Here | None, x1: float, x2: float, form: kit.Values) -> kit.Update:
    """A setting was changed: the net goes on with its weights where that makes sense."""
    chosen = ctl.chosen(form)
    return _all(lang, pic.place(here, chosen), chosen, x1, x2)


@kit.handler
def on_play(lang: str, here: pic.Here | None, x1: float, x2: float, form: kit.Values) -> Iterator[kit.Update]:
    """Train on for the chosen number of epochs, a picture about ten times a second."""
    yield from _train(lang, here, form, (x1, x2), running=True)


@kit.handler
def on_resume(lang: str, here: pic.Here | None, x1: float, x2: float, form: kit.Values) -> Iterator[kit.Update]:
    """After a change in the middle of a run: go on, if it was running."""
    if here and here.running:
        yield from _train(lang, here, form, (x1, x2), running=True)
    else:
        yield SCREEN()  # a stream without an event would empty the pictures


@kit.handler
def on_epoch(lang: str, here: pic.Here | None, x1: float, x2: float, form: kit.Values) -> Iterator[kit.Update]:
    """One epoch."""
    yield from _train(lang, here, form, (x1, x2), epochs=1)


@kit.handler
def on_batch(lang: str, here: pic.Here | None, x1: float, x2: float, form: kit.Values) -> Iterator[kit.Update]:
    """One batch: a single update."""
    yield from _train(lang, here, form, (x1, x2), updates=1)


def _train(
    lang: str, here: pic.Here | None, form: kit.Values, at: tuple[float, float], running: bool = False, **end: int
) -> Iterator[kit.Update]:
    from core import runtime
    from core.events import Done
    from core.lessons.hidden_layers.playground import Frame

    t, chosen = text.load("hidden_layers", lang), ctl.chosen(form)
    here = pic.place(here, chosen)
    if here.play.stopped == "diverged":
        here = pic.place(here, chosen, fresh=True)
    here, points = replace(here, running=running), pic.marks(here.play, chosen.show_test)
    epochs, rest = ctl.PACES[chosen.pace] if running else (None, 0.0)
    beat = here.play.beat(epochs, 0.3 if epochs else kit.FRAME_SECONDS)
    frames = here.play.steps(every=beat, deadline=kit.RUN_SECONDS, warp_layer=pic.bent_layer(chosen), **end)
    for event in kit.paced(frames, rest):
        match event:
            case Frame():
                yield pic.shown(lang, here, chosen, event, points)
            case Done(stopped="paused"):
                yield SCREEN()  # Stop, or another run, draws what there is
            case Done(result=play, seconds=seconds, stopped=why):
                label = kit.badge_text(
                    t,
                    source="trained_now",
                    parameters=play.model.count_params(),
                    seconds=seconds,
                    device=runtime.describe("cpu"),
                    loss=play.history[-1].train.loss,
                )
                told = "" if why == "updates" else kit.why_stopped(t, why, chosen.config.learning_rate)
                here = replace(here, running=False)
                yield SCREEN(here=here, badge=label + told) | inside.shown(lang, here, *at)


def goes_on(fn: Callable[..., kit.Update]) -> Callable[..., kit.Update]:
    """The handler of a change; if a run was under way, with a new number that sets off ``on_resume``."""

    @functools.wraps(fn)
    def call(*args: Any, **named: Any) -> kit.Update:
        answer = fn(*args, **named)
        running = "here" in answer and answer["here"].running
        return answer | SCREEN(again=time.monotonic_ns()) if running else answer

    return call


@kit.handler
def on_stop(lang: str, here: pic.Here | None, x1: float, x2: float, form: kit.Values) -> kit.Update:
    """Stop: nothing more is learnt, though the page closes the run only now; the pictures are drawn once more, large."""
    if here is None:
        return SCREEN()
    here.play.pause()
    return _all(lang, replace(here, running=False), ctl.chosen(form), x1, x2)


@kit.handler
def on_preset(lang: str, preset: str, x1: float, x2: float, form: kit.Values) -> kit.Update:
    """All settings of a preset at once, untrained."""
    from core.errors import checking
    from core.lessons.hidden_layers.playground import PRESETS

    with checking() as check:
        check.within("preset", preset, choices.PRESET)
    settings = ctl.of_config(PRESETS[preset])
    chosen = ctl.chosen(form.changed(**settings))
    shown = _all(lang, pic.place(None, chosen, fresh=True), chosen, x1, x2)
    return SCREEN(**settings, badge="") | shown | on_layers(lang, settings["layers"])


@kit.handler
def on_shape(
    lang: str, here: pic.Here | None, x1: float, x2: float, form: kit.Values, spot: gr.EventData
) -> kit.Update:
    """Layers, units or an activation were changed on the picture of the net: the controls below it move along."""
    from core.errors import checking

    with checking() as check:
        check.one_of("shape", spot.what, ("layers", "units", "activation"))
        check.within("layer", spot.layer, choices.LAYERS)
    name = "layers" if spot.what == "layers" else f"{spot.what}{max(1, int(spot.layer))}"
    moved = {name: spot.name if spot.what == "activation" else int(form[name] + kit.number(spot.by))}
    chosen = ctl.chosen(form.changed(**moved))  # tells what a net cannot be
    return (
        SCREEN(**moved)
        | _all(lang, pic.place(here, chosen), chosen, x1, x2)
        | on_layers(lang, len(chosen.config.hidden))
    )


def on_layers(lang: str, layers: float) -> kit.Update:
    """One box for each hidden layer there is."""
    return SCREEN(**{f"box{i}": gr.update(visible=i <= layers) for i in ctl.LAYERS})


def _all(lang: str, here: pic.Here, chosen: ctl.Chosen, x1: float, x2: float) -> kit.Update:
    """Everything that shows the net: pictures, the unit under the magnifier."""
    return pic.shown(lang, here, chosen) | inside.shown(lang, here, x1, x2)


@kit.handler
def on_code(lang: str, here: pic.Here | None, form: kit.Values) -> str:
    """The run on the screen as plain PyTorch; before any training, what the play button would do."""
    chosen = ctl.chosen(form)
    play = pic.place(here, chosen).play
    if not play.iteration:  # a net of its own does it: the learner's stays untrained
        start, play = play.model.get_weights(), pic.place(None, chosen).play
        if any((mine != first).any() for mine, first in zip(start, play.model.get_weights(), strict=True)):
            play.model.set_weights(start)  # set by hand
        play.train()
    return str(play.script())


def _any(*triggers: Any) -> Any:
    """One event of several triggers; a view's own event (a partial) cannot be among several."""
    return triggers[0] if len(triggers) == 1 else functools.partial(gr.on, list(triggers))


def build(lang: str) -> Room:
    t = text.load("hidden_layers", lang)
    desk = kit.Desk(t, FORM, SCREEN, kit.header(t))
    desk.put(here=gr.State(None), model=kit.shelf("model"), again=gr.State(0))
    with gr.Row(elem_classes="taste-buttons taste-transport", equal_height=False):
        run = gr.Button(t("run"), variant="primary", min_width=130, scale=0)
        epoch = gr.Button(t("epoch"), min_width=104, scale=0)
        batch = gr.Button(t("batch_step"), min_width=104, scale=0)
        stop = gr.Button(t("stop"), variant="stop", min_width=100, scale=0)
        reset = gr.Button(t("reset"), min_width=124, scale=0)
        desk.put(counters=kit.markdown("", elem_classes=["taste-counters", "taste-live"]))
    desk.put(replay=kit.replay(t))
    with gr.Row(equal_height=False, elem_classes="taste-playground"):
        with gr.Column(scale=13, min_width=300, elem_classes="taste-play-settings"):
            ctl.run_controls(desk)
        with gr.Column(scale=3, min_width=250, elem_classes="taste-play-data"):
            presets = t.choices("preset", choices.PRESET)
            desk.put(preset=gr.Dropdown(presets, value=None, label=t("preset_label"), info=t("preset_info")))
            ctl.data_controls(desk)
        with gr.Column(scale=6, min_width=300):
            desk.put(network=views.network(height=370, can=("unit", "edit", "shape"), reel=True, shape=ctl.shape(t)))
            ctl.layer_controls(desk)
        with gr.Column(scale=4, min_width=300, elem_classes="taste-play-output"):
            desk.put(plane=views.plane(square=420, height=0, can=("place", "erase"), reel=True))
            with gr.Row():
                desk.put(show_test=gr.Checkbox(False, label=t("show_test"), min_width=120))
                desk.put(discrete=gr.Checkbox(False, label=t("discrete"), min_width=120))
            desk.put(click=kit.radio(t, "click", choices.CLICK, label=t("click_label")))
            desk.put(curve=views.curve(height=170, reel=True), badge=kit.badge())
    with gr.Accordion(t("more"), open=False):
        ctl.more_controls(desk)
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=300):
            inside.build(desk)
        with gr.Column(scale=2, min_width=300):
            kit.markdown(t("warp.lead"))
            desk.put(warp=views.plane(square=360, height=0, reel=True))
            desk.put(layer=kit.radio(t, "layer", choices.LAYER, label=t("layer_label")))
    with gr.Accordion(t("own_title"), open=False):
        clear = own.build(desk)
    with gr.Accordion(t("versus.title"), open=False):
        race = losses.build(t, desk.language, desk.controls)

    # The browser awaits the events of one press in turn, so that what ends a run stands before what begins another.
    runs = [desk.on(desk.again.change, on_resume, kit.RUN, to=SHOWN)]
    run.click(None, cancels=[*runs], **kit.PRIVATE)
    runs.append(desk.on(run.click, on_play, kit.RUN, to=SHOWN, api="hidden_layers_train"))
    gr.on([epoch.click, batch.click], None, cancels=[*runs], **kit.PRIVATE)
    runs += [desk.on(button.click, fn, kit.RUN, to=SHOWN) for button, fn in ((epoch, on_epoch), (batch, on_batch))]
    gr.on([stop.click, reset.click, desk.preset.input], None, cancels=runs, **kit.PRIVATE)
    settings = [control.input for name, control in desk.controls.items() if name != "data"]
    for listen, fn, also in (
        (_any(*settings), on_change, ()),
        (_any(desk.data.input, clear.click), own.on_clear, own.TABLE),
        (desk.path.upload, own.on_file, own.TABLE),
        (desk.plane.place, own.on_place, own.TABLE),
        (desk.plane.erase, own.on_erase, own.TABLE),
        (desk.network.edit, inside.on_edit, ()),
        (desk.network.shape, on_shape, (*ctl.SHAPE, *ctl.BOXES)),
        (desk.value.submit, inside.on_number, ()),
    ):  # in the middle of a run, it goes on with what was changed
        listen(None, cancels=runs, **kit.PRIVATE)
        desk.on(listen, goes_on(fn), to=("again", *SHOWN, *also))
    inside.connect(desk)
    playground_link.build(desk, runs)
    desk.on(desk.layers.input, on_layers, to=ctl.BOXES)
    desk.on(stop.click, on_stop, to=SHOWN)
    desk.on(reset.click, on_fresh, to=SHOWN)
    desk.on(desk.preset.input, on_preset, to=(*ctl.SETTINGS.names, *SHOWN, *ctl.BOXES))
    own.save(desk)
    kit.tasks(t, TASKS)
    kit.code_panel(desk, "hidden_layers.py", on_code)
    kit.share(t, desk.controls)
    kit.story(t)
    opening = desk.opening(on_open, (*SHOWN, *ctl.BOXES))
    prelude = desk.prelude(on_prelude, "network", "plane", "curve", back=True)
    return Room(desk.controls, opening, (race.opening(losses.on_open, "shapes"),), prelude)


LESSON = Lesson("hidden_layers", build)
