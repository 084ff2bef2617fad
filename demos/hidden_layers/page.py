"""Lesson 5: the learner builds a net, presses play, and watches boundary, units and weights learn."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import gradio as gr

from demos import kit, views
from demos.hidden_layers import controls as ctl
from demos.hidden_layers import inside, losses, own
from demos.hidden_layers import pictures as pic
from demos.hidden_layers.tasks import TASKS
from demos.kit import text
from demos.kit.lesson import Lesson, Opening, Room


@kit.handler
def on_open(lang: str, x1: float, x2: float, *controls: Any) -> tuple[Any, ...]:
    """The first screen: an untrained net on its points, and the two losses."""
    layers = len(ctl.chosen(controls).config.hidden)
    return *on_fresh(lang, None, x1, x2, *controls), *on_layers(layers), losses.on_open(lang)


@kit.handler
def on_fresh(lang: str, here: pic.Here | None, x1: float, x2: float, *controls: Any) -> tuple[Any, ...]:
    """The first weights of these settings."""
    here = replace(pic.place(here, ctl.chosen(controls), fresh=True), running=False)
    return _all(lang, here, controls, x1, x2)


@kit.handler
def on_change(lang: str, here: pic.Here | None, x1: float, x2: float, *controls: Any) -> tuple[Any, ...]:
    """A setting was changed: the net goes on with its weights where that makes sense."""
    return _all(lang, pic.place(here, ctl.chosen(controls)), controls, x1, x2, gr.skip())


@kit.handler
def on_play(lang: str, here: pic.Here | None, x1: float, x2: float, *controls: Any) -> Iterator[tuple[Any, ...]]:
    """Train on for the chosen number of epochs, a picture about ten times a second."""
    yield from _train(lang, here, controls, (x1, x2), running=True)


@kit.handler
def on_resume(lang: str, here: pic.Here | None, x1: float, x2: float, *controls: Any) -> Iterator[tuple[Any, ...]]:
    """After a change in the middle of a run: go on, if it was running."""
    if here and here.running:
        yield from _train(lang, here, controls, (x1, x2), running=True)
    else:
        yield (gr.skip(),) * 11  # a stream without an event would empty the pictures


@kit.handler
def on_epoch(lang: str, here: pic.Here | None, x1: float, x2: float, *controls: Any) -> Iterator[tuple[Any, ...]]:
    """One epoch."""
    yield from _train(lang, here, controls, (x1, x2), epochs=1)


@kit.handler
def on_batch(lang: str, here: pic.Here | None, x1: float, x2: float, *controls: Any) -> Iterator[tuple[Any, ...]]:
    """One batch: a single update."""
    yield from _train(lang, here, controls, (x1, x2), updates=1)


def _train(
    lang: str,
    here: pic.Here | None,
    controls: tuple[Any, ...],
    at: tuple[float, float],
    running: bool = False,
    **end: int,
) -> Iterator[tuple[Any, ...]]:
    from core import runtime
    from core.events import Done
    from core.lessons.hidden_layers.playground import Frame

    t, chosen = text.load("hidden_layers", lang), ctl.chosen(controls)
    here = pic.place(here, chosen)
    if here.play.stopped == "diverged":
        here = pic.place(here, chosen, fresh=True)
    here, points = replace(here, running=running), pic.marks(here.play, chosen.show_test)
    every, rest = ctl.PACES[chosen.pace] if running else (None, 0.0)
    frames = here.play.steps(
        every=0.3 if every else kit.FRAME_SECONDS,
        every_epochs=every,
        deadline=kit.RUN_SECONDS,
        warp_layer=pic.bent_layer(chosen),
        **end,
    )
    for event in kit.paced(frames, rest):
        match event:
            case Frame():
                yield *pic.shown(lang, here, chosen, event, points), *[gr.skip()] * 4
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
                yield here, *[gr.skip()] * 6, *inside.shown(lang, here, *at), label + told


def goes_on(fn: Callable[..., tuple[Any, ...]]) -> Callable[..., tuple[Any, ...]]:
    """The handler of a change, with a new number first if a run was under way: it sets off ``on_resume``."""

    @functools.wraps(fn)
    def call(*args: Any) -> tuple[Any, ...]:
        values = fn(*args)
        running = any(isinstance(value, pic.Here) and value.running for value in values)
        return (time.monotonic_ns() if running else gr.skip(), *values)

    return call


@kit.handler
def on_stop(lang: str, here: pic.Here | None, x1: float, x2: float, *controls: Any) -> tuple[Any, ...]:
    """Stop: the page closes the run; the pictures are drawn once more, large."""
    if here is None:
        return (gr.skip(),) * 11
    return _all(lang, replace(here, running=False), controls, x1, x2, gr.skip())


@kit.handler
def on_preset(lang: str, name: str, *looks: Any) -> tuple[Any, ...]:
    """All settings of a preset at once, untrained."""
    from core.errors import Check
    from core.lessons.hidden_layers.playground import PRESETS

    check = Check()
    check.one_of("preset", name, ctl.PRESETS)
    check.done()
    values = ctl.of_config(PRESETS[name])
    values["pace"] = looks[0]
    controls = (*(values[key] for key in ctl.SETTINGS), *looks[3:])
    here = pic.place(None, ctl.chosen(controls), fresh=True)
    return *controls[: len(ctl.SETTINGS)], *_all(lang, here, controls, *looks[1:3]), *on_layers(values["layers"])


def on_layers(layers: float) -> list[Any]:
    """One box for each hidden layer there is."""
    return [gr.update(visible=i <= layers) for i in ctl.LAYERS]


def _all(
    lang: str, here: pic.Here, controls: tuple[Any, ...], x1: float, x2: float, badge: Any = ""
) -> tuple[Any, ...]:
    """Everything that shows the net: pictures, the unit under the magnifier, badge."""
    chosen = ctl.chosen(controls)
    return *pic.shown(lang, here, chosen), *inside.shown(lang, here, x1, x2), badge


@kit.handler
def on_code(lang: str, here: pic.Here | None, *controls: Any) -> str:
    """The run on the screen as plain PyTorch; before any training, what the play button would do."""
    play = pic.place(here, ctl.chosen(controls)).play
    if not play.iteration:
        play.train()
    return str(play.script())


def _on(triggers: list[Any], *args: Any, **settings: Any) -> Any:
    """One event of several triggers; a view's own event (a partial) cannot be among several."""
    return triggers[0](*args, **settings) if len(triggers) == 1 else gr.on(triggers, *args, **settings)


def build(lang: str) -> Room:
    t = text.load("hidden_layers", lang)
    language, here = kit.header(t), gr.State(None)
    with gr.Row(elem_classes="taste-buttons taste-transport", equal_height=False):
        run = gr.Button(t("run"), variant="primary", min_width=130, scale=0)
        epoch = gr.Button(t("epoch"), min_width=104, scale=0)
        batch = gr.Button(t("batch_step"), min_width=104, scale=0)
        stop = gr.Button(t("stop"), variant="stop", min_width=100, scale=0)
        reset = gr.Button(t("reset"), min_width=124, scale=0)
        counters = kit.markdown("", elem_classes="taste-counters")
    with gr.Row(equal_height=False, elem_classes="taste-playground"):
        with gr.Column(scale=13, min_width=300, elem_classes="taste-play-settings"):
            settings = ctl.run_controls(t)
        with gr.Column(scale=3, min_width=250, elem_classes="taste-play-data"):
            preset = gr.Dropdown(
                t.choices("preset", ctl.PRESETS), value=None, label=t("preset_label"), info=t("preset_info")
            )
            data = ctl.data_controls(t)
        with gr.Column(scale=6, min_width=300):
            network = views.network(height=370, can=("unit", "edit"))
            layers, boxes = ctl.layer_controls(t)
        with gr.Column(scale=4, min_width=300, elem_classes="taste-play-output"):
            plane = views.plane(square=420, height=0, can=("place", "erase"))
            with gr.Row():
                show_test = gr.Checkbox(False, label=t("show_test"), min_width=120)
                discrete = gr.Checkbox(False, label=t("discrete"), min_width=120)
            click = gr.Radio(t.choices("click", ctl.CLICKS), value="high", label=t("click_label"))
            curve = views.curve(height=170)
            badge = kit.badge()
    with gr.Accordion(t("more"), open=False):
        more = ctl.more_controls(t)
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=300):
            look = inside.build(t)
        with gr.Column(scale=2, min_width=300):
            kit.markdown(t("warp.lead"))
            warp = views.plane(square=360, height=0)
            layer = gr.Radio(t.choices("layer", ("last", *map(str, ctl.LAYERS))), value="last", label=t("layer_label"))
    with gr.Accordion(t("own_title"), open=False):
        table = own.build(t)
    with gr.Accordion(t("versus.title"), open=False):
        everything = data | {"task": table.task, "points": table.points} | layers | settings | more
        everything |= {"show_test": show_test, "discrete": discrete, "layer": layer, "click": click}
        controls = {name: everything[name] for name in ctl.SETTINGS + ctl.LOOKS}
        shapes = losses.build(t, language, list(controls.values()))

    values, point = list(controls.values()), [look.x1, look.x2]
    pictures = [here, kit.shelf("model"), network, plane, curve, warp, counters]
    outputs = [*pictures, *look.outputs, badge]
    stateful, whole = [language, here, *values], [language, here, *point, *values]
    quiet = kit.LIGHT | kit.PRIVATE
    # The browser awaits the events of one press in turn, so that what ends a run stands before what begins another.
    again = gr.State(0)
    runs = [again.change(on_resume, whole, outputs, **kit.RUN, **kit.PRIVATE)]
    run.click(None, cancels=[*runs], **kit.PRIVATE)
    runs.append(run.click(on_play, whole, outputs, **kit.RUN, **kit.api("hidden_layers_train")))
    gr.on([epoch.click, batch.click], None, cancels=[*runs], **kit.PRIVATE)
    for button, handler in ((epoch, on_epoch), (batch, on_batch)):
        runs.append(button.click(handler, whole, outputs, **kit.RUN, **kit.PRIVATE))
    gr.on([stop.click, reset.click, preset.input], None, cancels=runs, **kit.PRIVATE)
    filed = [language, here, table.file, *point, *values]
    set_by_name = [language, here, look.choice, look.value, *point, *values]
    changes = (
        ([c.input for name, c in controls.items() if name != "data"], on_change, whole, outputs),
        ([data["data"].input, table.clear.click], own.on_clear, whole, [table.points, *outputs]),
        ([table.file.upload], own.on_file, filed, [table.points, *outputs]),
        ([plane.place], own.on_place, whole, [table.points, table.task, *outputs]),
        ([plane.erase], own.on_erase, whole, [table.points, table.task, *outputs]),
        ([network.edit], inside.on_edit, whole, outputs),
        ([look.value.submit], inside.on_number, set_by_name, outputs),
    )
    for triggers, fn, inputs, changed in changes:  # in the middle of a run, it goes on with what was changed
        _on(triggers, None, cancels=runs, **kit.PRIVATE)
        _on(triggers, goes_on(fn), inputs, [again, *changed], **quiet)
    look.connect(language, here, network)
    layers["layers"].input(on_layers, layers["layers"], boxes, **quiet)
    looks = [settings["pace"], *point, *(controls[name] for name in ctl.LOOKS)]
    filled = [*(controls[name] for name in ctl.SETTINGS), *outputs, *boxes]
    stop.click(on_stop, whole, outputs, **quiet)
    reset.click(on_fresh, whole, outputs, **quiet)
    preset.input(on_preset, [language, preset, *looks], filled, **quiet)
    own.downloads(t, language, here, values)
    kit.tasks(t, TASKS)
    kit.code_panel(t, "hidden_layers.py", on_code, stateful)
    kit.share(t, controls)
    kit.story(t)
    return Room(controls, Opening(on_open, [language, *point, *values], [*outputs, *boxes, shapes]))


LESSON = Lesson("hidden_layers", build)
