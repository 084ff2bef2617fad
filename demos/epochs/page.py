"""Lesson 7: the learner sees the samples light up batch by batch, and counts updates while the line learns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import gradio as gr

from core.lessons.epochs import choices
from demos import kit, views
from demos.epochs.tasks import TASKS
from demos.kit import downloads, text
from demos.kit.lesson import Lesson, Room

FORM = kit.Form(
    samples=choices.SAMPLES,
    batch=choices.BATCH,
    epochs=choices.EPOCHS,
    shuffle=choices.SHUFFLE,
    drop_last=choices.DROP_LAST,
    hidden=choices.HIDDEN,
    rate=choices.RATE,
    seed=choices.SEED,
    pace=choices.PACE,
)
RUN = ("run", "counters", "cells", "losses", "line", "rows", "badge", "replay")  # what an update changes
PRELUDE = 15  # updates of the first seconds
READINGS = ("noise", "cost", "measured")
SCREEN = kit.Screen("counted", "batch", *RUN, *READINGS)
MOST_ROWS = 6  # epochs in the table
PACES = {"slow": 0.5, "normal": 0.12, "fast": 0.0}  # seconds a batch stays lit


def read(form: kit.Values) -> Any:
    """The ``EpochsConfig`` of the controls; what no control allows is told in a sentence."""
    from core.errors import checking
    from core.lessons.epochs.run import EpochsConfig

    with checking() as check:
        check.within("samples", form.samples, choices.SAMPLES)
        check.within("pace", form.pace, choices.PACE)
    flags = {"shuffle": bool(form.shuffle), "drop_last": bool(form.drop_last)}
    return form.read(
        EpochsConfig, samples=int(form.samples), batch_size=kit.whole(form.batch), learning_rate=form.rate, **flags
    )


@kit.handler
def on_count(lang: str, form: kit.Values) -> str:
    """How many updates a run makes: ceil(samples / batch size) × epochs."""
    from core.lessons.epochs.run import count

    t, config = text.load("epochs", lang), read(form)
    counts = count(config)
    words = t(
        "counted",
        n=config.samples,
        batch=counts.batch_size,
        each=counts.updates_per_epoch,
        epochs=config.epochs,
        total=counts.updates,
    )
    if not counts.last_batch:
        return words
    return words + " " + t("dropped_batch" if config.drop_last else "short_batch", last=counts.last_batch)


@kit.handler
def on_open(lang: str, form: kit.Values) -> kit.Update:
    """The first screen: one update is already done, so something is lit."""
    return on_new(lang, form) | SCREEN(counted=on_count(lang, form))


@kit.handler
def on_new(lang: str, form: kit.Values) -> kit.Update:
    """Other settings: the run of the old ones goes, so that no count on the screen speaks of them."""
    return kit.settled(on_step(lang, None, form))


@kit.handler
def on_prelude(lang: str, form: kit.Values) -> Iterator[kit.Update]:
    """The first seconds: batch after batch."""
    from core.lessons.epochs.run import BatchStep, EpochRun

    t, run = text.load("epochs", lang), EpochRun(read(form))
    for event in run.steps(PRELUDE, every=1):
        if isinstance(event, BatchStep):
            yield _pictures(t, run, event)


@kit.handler
def on_samples(lang: str, samples: str, batch: float) -> Any:
    """A batch is at most all samples: the slider ends there."""
    from core.errors import checking

    with checking() as check:
        check.within("samples", samples, choices.SAMPLES)
        check.within("batch_size", batch, choices.BATCH)
    return gr.update(maximum=int(samples), value=min(batch, int(samples)))


@kit.handler
def on_step(lang: str, run: Any, form: kit.Values) -> Iterator[kit.Update]:
    """One iteration: the next batch, one update."""
    yield from _train(lang, run, form, updates=1)


@kit.handler
def on_run(lang: str, run: Any, form: kit.Values) -> Iterator[kit.Update]:
    """Train to the end of the last epoch; pressed again after Stop it goes on, after the end it starts anew."""
    yield from _train(lang, run, form)


def _train(lang: str, run: Any, form: kit.Values, updates: int | None = None) -> Iterator[kit.Update]:
    from core import runtime
    from core.events import Cadence, Done
    from core.lessons.epochs.run import BatchStep, EpochRun

    t, config = text.load("epochs", lang), read(form)
    if run is None or run.config != config or run.finished:
        run = EpochRun(config)
    pace = PACES[form.pace]
    every = 1 if pace else Cadence(seconds=kit.FRAME_SECONDS)
    for event in kit.paced(run.steps(updates, every=every, deadline=kit.RUN_SECONDS), pace):
        match event:
            case BatchStep():
                yield _pictures(t, run, event)
            case Done(stopped="paused"):
                yield SCREEN()  # Stop, or another run, shows what there is
            case Done(seconds=seconds, stopped=why):
                label = kit.badge_text(
                    t, source="trained_now", parameters=run.parameters, seconds=seconds, device=runtime.describe("cpu")
                )
                yield SCREEN(run=run, badge=label + kit.why_stopped(t, why, config.learning_rate))


@kit.handler
def on_stop(lang: str, run: Any) -> kit.Update:
    """Stop: nothing more is learnt, though the page closes the run only now; what was learnt to here."""
    last = run and run.pause()
    return _pictures(text.load("epochs", lang), run, last) if last else SCREEN()


def _pictures(t: text.Text, run: Any, event: Any) -> kit.Update:
    counters = t(
        "counters",
        epoch=event.epoch,
        epochs=run.config.epochs,
        batch=event.batch,
        batches=event.batches,
        update=event.update,
        updates=run.counts.updates,
    )
    cells = {
        "n": run.config.samples,
        "batch": event.indices.tolist(),
        "seen": [i for i, used in enumerate(event.used.tolist()) if used],
        "names": {name: t(f"cells.{name}") for name in ("now", "seen", "todo")},
        "caption": t("cells.caption", size=len(event.indices), batch=event.batch, batches=event.batches),
    }
    losses = {
        "series": [
            {"name": t("loss.iteration"), "y": [round(v, 5) for v in run.losses], "colour": 6, "width": 1.5},
            {
                "name": t("loss.epoch"),
                "x": [r.updates for r in run.rows],
                "y": [round(r.end_loss, 5) for r in run.rows],
                "colour": 2,
                "dots": True,
            },
        ],
        "xlabel": t("loss.x"),
        "ylabel": t("loss.y"),
        "caption": t("loss.caption", update=event.update, loss=event.loss),
    }
    line = {
        "x": [50, 102],
        "y": [150, 202],
        "xlabel": t("line.x"),
        "ylabel": t("line.y"),
        "points": [[x, y] for x, y in zip(run.kg.tolist(), run.cm.tolist(), strict=True)][:300],
        "radius": 5 if run.config.samples <= 10 else 2.5,
        "lines": [{"xy": event.curve.tolist(), "colour": 2, "width": 3}],
        "caption": t("line.caption"),
    }
    replay = {"at": event.update, "label": t("replay.at", epoch=event.epoch, batch=event.batch)}
    pictures = {"cells": cells, "losses": losses, "line": line, "replay": replay}
    return SCREEN(run=run, counters=counters, rows=_rows(t, run), **pictures)


def _rows(t: text.Text, run: Any) -> str:
    """The last epochs that ended, newest first: updates so far, the loss while and after, the time."""
    if not run.rows:
        return t("rows.none")
    lines = [t("rows.head"), "|--:|--:|--:|--:|--:|"]
    lines += [
        f"| {row.epoch} | {row.updates} | {row.loss:.4f} | {row.end_loss:.4f} | {row.seconds * 1000:.1f} |"
        for row in reversed(run.rows[-MOST_ROWS:])
    ]
    return "\n".join(lines)


@kit.handler
def on_noise(lang: str, form: kit.Values) -> Iterator[kit.Update]:
    """Measure, for every batch size, how far a batch's gradient strays and what an epoch costs."""
    from core import runtime
    from core.events import Done
    from core.lessons.epochs.run import NoisePoint, TimePoint, epoch_cost, gradient_noise

    t, config = text.load("epochs", lang), read(form)
    noise: list[NoisePoint] = []
    cost: list[TimePoint] = []
    seconds = 0.0
    for events in (gradient_noise(config), epoch_cost(config, deadline=20)):
        with closing(events):  # type: ignore[type-var]
            for event in events:
                match event:
                    case NoisePoint():
                        noise.append(event)
                        yield SCREEN(noise=_noise(t, noise))
                    case TimePoint():
                        cost.insert(0, event)
                        yield SCREEN(cost=_cost(t, cost))
                    case Done():
                        seconds += event.seconds
    label = kit.badge_text(t, source="computed_now", seconds=seconds, device=runtime.describe("cpu"))
    yield SCREEN(measured=label)


@kit.handler
def on_stale(lang: str) -> kit.Update:
    """Other samples or another net: what was measured speaks of the old ones, so it goes."""
    empty = {"series": [], "caption": text.load("epochs", lang)("noise.stale")}
    return SCREEN(noise=empty, cost=empty, measured="")


def _noise(t: text.Text, points: list[Any]) -> dict[str, Any]:
    sizes = [p.batch_size for p in points]
    shown = [p for p in points if p.measured > 1e-9]  # the full batch has no noise, and no place on a log axis
    return {
        "series": [
            {
                "name": t("noise.measured"),
                "x": [p.batch_size for p in shown],
                "y": [p.measured for p in shown],
                "only": True,
            },
            {"name": "σ/√B", "x": sizes, "y": [p.one_over_root for p in points], "colour": 7, "dash": True},
        ],
        "logx": True,
        "logy": True,
        "xlabel": t("noise.x"),
        "ylabel": t("noise.y"),
        "caption": t("noise.caption", small=points[0].measured, size=points[-1].batch_size, large=points[-1].measured),
    }


def _cost(t: text.Text, points: list[Any]) -> dict[str, Any]:
    return {
        "series": [
            {
                "name": t("cost.name"),
                "x": [p.batch_size for p in points],
                "y": [p.seconds_per_epoch * 1000 for p in points],
                "dots": True,
            }
        ],
        "logx": True,
        "logy": True,
        "xlabel": t("noise.x"),
        "ylabel": t("cost.y"),
        "caption": t(
            "cost.caption",
            size=points[0].batch_size,
            ms=points[0].seconds_per_epoch * 1000,
            updates=points[0].updates_per_epoch,
        ),
    }


@kit.handler
def on_csv(lang: str, run: Any, form: kit.Values) -> str:
    """Every iteration of the run on the screen: epoch, batch, losses."""
    from core.lessons.epochs.run import EpochRun

    return str((run or EpochRun(read(form))).to_csv())


@kit.handler
def on_code(lang: str, form: kit.Values) -> str:
    """The run of these settings as plain PyTorch."""
    from core.lessons.epochs.script import script

    return script(read(form))


def build(lang: str) -> Room:
    t = text.load("epochs", lang)
    desk = kit.Desk(t, FORM, SCREEN, kit.header(t))
    desk.put(run=gr.State(None), counters=kit.markdown("", min_height=40, elem_classes=["taste-big", "taste-live"]))
    with gr.Row(equal_height=False, elem_classes="taste-playground"):
        with gr.Column(scale=2, min_width=280):
            desk.put(samples=gr.Radio(list(choices.SAMPLES), value=choices.SAMPLES.default, label=t("samples")))
            desk.put(batch=kit.slider(choices.BATCH, label=t("batch")))
            desk.put(epochs=kit.slider(choices.EPOCHS, label=t("epochs")))
            desk.put(shuffle=gr.Checkbox(choices.SHUFFLE, label=t("shuffle")))
            desk.put(drop_last=gr.Checkbox(choices.DROP_LAST, label=t("drop_last")))
            desk.put(pace=kit.radio(t, "pace", choices.PACE, label=t("pace_label")))
            with gr.Accordion(t("more"), open=False):
                desk.put(hidden=kit.slider(choices.HIDDEN, label=t("hidden"), info=t("hidden_info")))
                desk.put(rate=kit.slider(choices.RATE, label=t("rate"), info=t("rate_info")))
                desk.put(seed=kit.number_box(choices.SEED, precision=0, label=t("seed"), info=t("seed_info")))
        with gr.Column(scale=5, min_width=300, elem_classes="taste-play-output"):
            buttons = kit.buttons(t, "run", "step")
            desk.put(replay=kit.replay(t))
            desk.put(counted=kit.markdown("", min_height=50), cells=views.cells(height=220, reel=True))
            with gr.Row():
                desk.put(losses=views.curve(height=250, reel=True), line=views.plane(height=250, reel=True))
            desk.put(
                badge=kit.badge(), rows=kit.markdown("", min_height=70, elem_classes=["taste-table", "taste-live"])
            )
            save = downloads.button(t)
    with gr.Accordion(t("noise_title"), open=False) as panel:
        with gr.Row(elem_classes="taste-buttons"):
            measure = gr.Button(t("measure"), min_width=120)
            halt = gr.Button(t("stop"), variant="stop", min_width=80)
        with gr.Row():
            desk.put(noise=views.curve(height=240), cost=views.curve(height=240))
        desk.put(measured=kit.badge())
    kit.hold(buttons.run)
    training = desk.on(buttons.run.click, on_run, kit.RUN, to=RUN, api="epochs_train")
    kit.free(buttons.run, training)
    desk.on(buttons.step.click, on_step, kit.RUN, to=RUN, cancels=[training])
    desk.on(buttons.stop.click, on_stop, to=RUN, cancels=[training])
    desk.on(buttons.reset.click, on_open, to=("counted", *RUN), cancels=[training])
    counting = (desk.batch.change, desk.samples.change, desk.epochs.change, desk.drop_last.change)
    desk.on(counting, on_count, to="counted", api="epochs_count")
    desk.on(desk.samples.change, on_samples, to="batch")
    trained = [getattr(desk, name).change for name in FORM.names if name != "pace"]
    desk.on(trained, on_new, to=RUN, cancels=[training])
    measuring = desk.on((measure.click, panel.expand), on_noise, kit.RUN, to=READINGS)
    halt.click(None, cancels=measuring, **kit.PRIVATE)
    measured = [getattr(desk, name).change for name in FORM.names if name not in ("batch", "epochs", "pace")]
    desk.on(measured, on_stale, to=READINGS, cancels=measuring)
    downloads.save(desk, save, "epochs.csv", on_csv)
    kit.tasks(t, TASKS)
    kit.code_panel(desk, "epochs.py", on_code)
    kit.share(t, desk.controls)
    kit.story(t)
    prelude = desk.prelude(on_prelude, "cells", "losses", "line", back=True)
    return Room(desk.controls, desk.opening(on_open, ("counted", *RUN)), prelude=prelude)


LESSON = Lesson("epochs", build)
