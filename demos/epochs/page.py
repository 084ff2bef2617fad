"""Lesson 7: the learner sees the samples light up batch by batch, and counts updates while the line learns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import gradio as gr

from demos import kit, views
from demos.epochs.tasks import TASKS
from demos.kit import downloads, text
from demos.kit.lesson import Lesson, Opening, Room

SAMPLES = ("10", "100", "1000")
MOST_ROWS = 6  # epochs in the table
PACES = {"slow": 0.5, "normal": 0.12, "fast": 0.0}  # seconds a batch stays lit


def _config(samples: str, batch: float, epochs: float, shuffle: bool, drop_last: bool, *rest: Any) -> Any:
    from core.errors import Check
    from core.lessons.epochs.run import EpochsConfig

    hidden, rate, seed, pace = rest
    check = Check()
    check.one_of("samples", samples, SAMPLES)
    check.one_of("pace", pace, PACES)
    check.done()
    more = {"hidden": kit.whole(hidden), "learning_rate": rate, "seed": kit.whole(seed)}
    return EpochsConfig(
        int(samples), kit.whole(batch), kit.whole(epochs), bool(shuffle), drop_last=bool(drop_last), **more
    )


@kit.handler
def on_count(lang: str, samples: str, batch: float, epochs: float, *rest: Any) -> str:
    """How many updates a run makes: ceil(samples / batch size) × epochs."""
    from core.lessons.epochs.run import count

    t, config = text.load("epochs", lang), _config(samples, batch, epochs, *rest)
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
def on_open(lang: str, *controls: Any) -> tuple[Any, ...]:
    """The first screen: one update is already done, so something is lit."""
    return on_count(lang, *controls), *kit.settled(on_step(lang, None, *controls))


@kit.handler
def on_step(lang: str, run: Any, *controls: Any) -> Iterator[tuple[Any, ...]]:
    """One iteration: the next batch, one update."""
    yield from _train(lang, run, controls, updates=1)


@kit.handler
def on_run(lang: str, run: Any, *controls: Any) -> Iterator[tuple[Any, ...]]:
    """Train to the end of the last epoch; pressed again after Stop it goes on, after the end it starts anew."""
    yield from _train(lang, run, controls)


def _train(lang: str, run: Any, controls: tuple[Any, ...], updates: int | None = None) -> Iterator[tuple[Any, ...]]:
    from core import runtime
    from core.events import Done
    from core.lessons.epochs.run import BatchStep, EpochRun

    t, config, pace = text.load("epochs", lang), _config(*controls), PACES[controls[-1]]
    if run is None or run.config != config or run.finished:
        run = EpochRun(config)
    every = {"every_seconds": kit.FRAME_SECONDS} if pace == 0 else {"every_steps": 1}
    for event in kit.paced(run.steps(updates, deadline=kit.RUN_SECONDS, **every), pace):
        match event:
            case BatchStep():
                yield run, *_pictures(t, run, event), gr.skip()
            case Done(seconds=seconds, stopped=why):
                label = kit.badge_text(
                    t, source="trained_now", parameters=run.parameters, seconds=seconds, device=runtime.describe("cpu")
                )
                yield run, *[gr.skip()] * 5, label + kit.why_stopped(t, why, config.learning_rate)


def _pictures(t: text.Text, run: Any, event: Any) -> tuple[Any, ...]:
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
    return counters, cells, losses, line, _rows(t, run)


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
def on_noise(lang: str, *controls: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Measure, for every batch size, how far a batch's gradient strays and what an epoch costs."""
    from core import runtime
    from core.events import Done
    from core.lessons.epochs.run import NoisePoint, TimePoint, epoch_cost, gradient_noise

    t, config = text.load("epochs", lang), _config(*controls)
    noise: list[NoisePoint] = []
    cost: list[TimePoint] = []
    seconds = 0.0
    for events in (gradient_noise(config), epoch_cost(config, deadline=20)):
        with closing(events):  # type: ignore[type-var]
            for event in events:
                match event:
                    case NoisePoint():
                        noise.append(event)
                        yield _noise(t, noise), gr.skip(), gr.skip()
                    case TimePoint():
                        cost.insert(0, event)
                        yield gr.skip(), _cost(t, cost), gr.skip()
                    case Done():
                        seconds += event.seconds
    label = kit.badge_text(t, source="computed_now", seconds=seconds, device=runtime.describe("cpu"))
    yield gr.skip(), gr.skip(), label


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
def on_reset(lang: str, *controls: Any) -> tuple[Any, ...]:
    """Forget the weights; the settings stay."""
    return on_open(lang, *controls)


@kit.handler
def on_csv(lang: str, run: Any, *controls: Any) -> str:
    """Every iteration of the run on the screen: epoch, batch, losses."""
    from core.lessons.epochs.run import EpochRun

    return str((run or EpochRun(_config(*controls))).to_csv())


@kit.handler
def on_code(lang: str, *controls: Any) -> str:
    return CODE.format(config=_config(*controls))


CODE = """from core.lessons.epochs.run import BatchStep, EpochRun, EpochsConfig

run = EpochRun({config})
for event in run.steps(every_steps=run.counts.updates_per_epoch):
    if isinstance(event, BatchStep):
        print(event.epoch, event.update, run.rows[-1].end_loss)
"""


def build(lang: str) -> Room:
    t = text.load("epochs", lang)
    language, run = kit.header(t), gr.State(None)
    counters = kit.markdown("", elem_classes="taste-big")
    with gr.Row(equal_height=False, elem_classes="taste-playground"):
        with gr.Column(scale=2, min_width=280):
            samples = gr.Radio(list(SAMPLES), value="1000", label=t("samples"))
            batch = gr.Slider(1, 1000, value=100, step=1, label=t("batch"))
            epochs = gr.Slider(1, 50, value=5, step=1, label=t("epochs"))
            shuffle = gr.Checkbox(True, label=t("shuffle"))
            drop_last = gr.Checkbox(False, label=t("drop_last"))
            pace = gr.Radio(t.choices("pace", PACES), value="normal", label=t("pace_label"))
            with gr.Accordion(t("more"), open=False):
                hidden = gr.Slider(0, 16, value=0, step=1, label=t("hidden"), info=t("hidden_info"))
                rate = gr.Slider(0.001, 3, value=0.1, label=t("rate"), info=t("rate_info"))
                seed = gr.Number(0, precision=0, label=t("seed"), info=t("seed_info"))
        with gr.Column(scale=5, min_width=300, elem_classes="taste-play-output"):
            buttons = kit.buttons(t, "run", "step")
            counted = kit.markdown("")
            cells = views.cells(height=220)
            with gr.Row():
                losses, line = views.curve(height=250), views.plane(height=250)
            badge = kit.badge()
            rows = kit.markdown("", min_height=70, elem_classes="taste-table")
            below = gr.Column()
    with gr.Accordion(t("noise_title"), open=False) as panel:
        with gr.Row(elem_classes="taste-buttons"):
            measure = gr.Button(t("measure"), min_width=120)
            halt = gr.Button(t("stop"), variant="stop", min_width=80)
        with gr.Row():
            noise, cost = views.curve(height=240), views.curve(height=240)
        measured = kit.badge()
    controls = {
        "samples": samples,
        "batch": batch,
        "epochs": epochs,
        "shuffle": shuffle,
        "drop_last": drop_last,
        "hidden": hidden,
        "rate": rate,
        "seed": seed,
        "pace": pace,
    }
    inputs, outputs = [language, *controls.values()], [run, counters, cells, losses, line, rows, badge]
    stateful = [language, run, *controls.values()]
    kit.hold(buttons.run)
    training = buttons.run.click(on_run, stateful, outputs, **kit.RUN, **kit.api("epochs_train"))
    kit.free(buttons.run, training)
    buttons.step.click(on_step, stateful, outputs, cancels=[training], **kit.RUN, **kit.PRIVATE)
    buttons.stop.click(None, cancels=[training], **kit.PRIVATE)
    buttons.reset.click(on_reset, inputs, [counted, *outputs], cancels=[training], **kit.LIGHT, **kit.PRIVATE)
    for control in (samples, batch, epochs, drop_last):
        control.change(
            on_count,
            inputs,
            counted,
            **kit.LIGHT,
            **(kit.api("epochs_count") if control is batch else kit.PRIVATE),
        )
    readings = [noise, cost, measured]
    measuring = [
        listen(on_noise, inputs, readings, **kit.RUN, **kit.PRIVATE) for listen in (measure.click, panel.expand)
    ]
    halt.click(None, cancels=measuring, **kit.PRIVATE)
    with below:
        downloads.csv(t, "epochs.csv", on_csv, stateful)
    kit.tasks(t, TASKS)
    kit.code_panel(t, "epochs.py", on_code, inputs)
    kit.share(t, controls)
    kit.story(t)
    return Room(controls, Opening(on_open, inputs, [counted, *outputs]))


LESSON = Lesson("epochs", build)
