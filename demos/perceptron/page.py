"""Lesson 2: the learner drags a line through ten people, watches the squares shrink, then lets it learn by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from core.lessons.perceptron import choices
from demos import kit, views
from demos.kit import downloads, text
from demos.kit.lesson import Lesson, Room
from demos.perceptron import gates
from demos.perceptron.tasks import TASKS

FORM = kit.Form(
    w=choices.W,
    b=choices.B,
    rate=choices.RATE,
    standardise=True,
    weight=choices.WEIGHT,
    rows=lambda: on_people(),
)
LINE = ("here", "plane", "neuron", "curve", "w", "b", "replay")  # what a line on the people changes
SCREEN = kit.Screen(*LINE, "badge", "bowl", "answer", "rows", "outlier_said")
PACE = {1: 0.0, 25: 0.06, 100: 0.02}  # steps of a button: seconds each step stays on the screen


@dataclass(frozen=True)
class Here:
    """Where the learner stands: the line, the steps taken, line and MSE after each, and the record of the last press."""

    w: float = choices.W.default
    b: float = choices.B.default
    done: int = 0
    losses: tuple[float, ...] = ()
    lines: tuple[tuple[float, float], ...] = ()
    run: Any = None
    revealed: bool = False  # whether the best line is drawn: not before the learner had a try


def _columns(rows: Any) -> tuple[Any, Any]:
    from core.files import tables

    table = tables.from_grid(rows, ("kg", "cm"), columns=2)
    return table.values[:, 0], table.values[:, 1]


@kit.handler
def on_open(lang: str, form: kit.Values) -> kit.Update:
    """The first screen: ten people, a crooked line (or that of a link), its squares."""
    here = Here(kit.number(form.w, "w"), kit.number(form.b, "b"))
    return _shown(lang, here, form.rows) | SCREEN(bowl=on_bowl(lang, form.rows, form.rate))


@kit.handler
def on_prelude(lang: str, form: kit.Values) -> Iterator[kit.Update]:
    """The first seconds: the line falls into place, 25 steps. Where the best one lies is not told."""
    from core.lessons.perceptron.fit import LineConfig, LineStep, steps

    here = Here(kit.number(form.w, "w"), kit.number(form.b, "b"))
    yield _shown(lang, here, form.rows)
    config = LineConfig(25, form.rate, form.standardise, here.w, here.b, 0)
    for event in steps(config, *_columns(form.rows)):
        if isinstance(event, LineStep):
            here = replace(here, w=event.line.w, b=event.line.b, done=event.step, losses=(*here.losses, event.line.mse))
            yield _shown(lang, here, form.rows)


@kit.handler
def on_line(lang: str, here: Here | None, rows: Any, drag: gr.EventData) -> kit.Update:
    """The line was dragged (or moved by the arrow keys): a new start, nothing learnt yet."""
    return _moved(lang, here, rows, drag.w, drag.b)


@kit.handler
def on_numbers(lang: str, here: Here | None, rows: Any, w: float, b: float) -> kit.Update:
    """The squared errors of any line: w in cm per kg, b in cm."""
    return _moved(lang, here, rows, w, b)


def _moved(lang: str, here: Here | None, rows: Any, w: Any, b: Any) -> kit.Update:
    moved = Here(kit.number(w, "w"), kit.number(b, "b"), revealed=bool(here and here.revealed))
    return _shown(lang, moved, rows)


@kit.handler
def on_steps(
    lang: str, here: Here | None, rows: Any, rate: float, standardise: bool, count: int = 25
) -> Iterator[kit.Update]:
    """Gradient descent on the mean squared error from the present line, ``count`` steps."""
    from core import runtime
    from core.events import Done
    from core.lessons.perceptron.fit import LineConfig, LineStep, steps

    here, step = here or Here(), None
    t, (x, y) = text.load("perceptron", lang), _columns(rows)
    config = LineConfig(kit.whole(count), rate, standardise, here.w, here.b, here.done)
    for event in kit.paced(steps(config, x, y, deadline=kit.RUN_SECONDS), PACE.get(config.steps, 0.0)):
        match event:
            case LineStep():
                losses = (*here.losses, event.line.mse)[-2000:]
                lines = (*here.lines, (event.line.w, event.line.b))[-2000:]
                here = Here(event.line.w, event.line.b, event.step, losses, lines, event.run, True)
                step = event
                yield _shown(lang, here, rows, event)
            case Done(result=run, seconds=seconds, stopped=why):
                here = replace(here, run=run)
                cpu = runtime.describe("cpu")
                label = kit.badge_text(
                    t, source="trained_now", parameters=2, seconds=seconds, device=cpu, loss=run.loss
                )
                label += f" ({t('standard_units')})" if standardise else ""
                said = t(f"verdict.{run.verdict}") if not why else ""
                badge = f"{label} · {said}" if said else label + kit.why_stopped(t, why, rate)
                if why == "diverged":  # back to the last line that was no worse than the start
                    here = replace(here, w=run.good.w, b=run.good.b, revealed=True)
                    yield _shown(lang, here, rows, step)
                yield SCREEN(here=here, badge=badge)


@kit.handler
def on_best(lang: str, rows: Any) -> kit.Update:
    """The exact best line, by the closed form of least squares."""
    from core.lessons.perceptron.line import closed_form

    best = closed_form(*_columns(rows))
    return _shown(lang, Here(best.w, best.b, revealed=True), rows)


def _shown(lang: str, here: Here, rows: Any, event: Any = None) -> kit.Update:
    """A line on the people: plane, neuron, curve, w and b."""
    from core.lessons.perceptron.line import closed_form, residuals

    t, (x, y) = text.load("perceptron", lang), _columns(rows)
    fit, best = residuals(x, y, here.w, here.b), closed_form(x, y)
    plane = {
        "points": [[float(a), float(b)] for a, b in zip(x, y, strict=True)],
        "xlabel": t("x_axis"),
        "ylabel": t("y_axis"),
        "line": {"w": here.w, "b": here.b},
        "squares": True,
        "caption": t("line_caption", mse=fit.mse, best=best.mse),
    }
    if here.revealed:
        named = t("best_line", w=best.w, b=best.b)
        plane["lines"] = [{"name": named, "w": best.w, "b": best.b, "colour": 3, "dash": True, "width": 2.5}]
    words = {name: t(f"neuron.{name}") for name in NEURON}
    neuron = {"x": float(x[0]), "w": here.w, "b": here.b, "y": float(fit.predicted[0]), "words": words}
    neuron["caption"] = t("neuron.caption", x=float(x[0]), y=float(fit.predicted[0]), real=float(y[0]))
    curve = {
        "series": [
            {"name": t("mse"), "y": list(here.losses) or [fit.mse], "colour": 2, "width": 2.5},
            {"name": t("best"), "y": [best.mse] * max(len(here.losses), 2), "colour": 3, "dash": True},
        ],
        "x0": here.done - len(here.losses) + 1,
        "logy": True,
        "xlabel": t("step_axis"),
        "ylabel": t("mse"),
        "caption": _step_words(t, event) if event else t("curve_caption"),
    }
    replay = {"at": here.done, "label": t("replay.at", step=here.done)}
    boxes = {"w": round(here.w, 4), "b": round(here.b, 3)}
    return SCREEN(here=here, plane=plane, neuron=neuron, curve=curve, replay=replay, **boxes)


NEURON = ("dendrite", "synapse", "body", "axon", "input", "weight", "bias", "output")


def _step_words(t: text.Text, event: Any) -> str:
    (w, b), (dw, db), (new_w, new_b) = event.before, event.gradient, event.after
    words = t("step_caption", step=event.step, w=w, b=b, dw=dw, db=db, new_w=new_w, new_b=new_b)
    if not event.run.config.standardise:
        return words
    return words + " " + t("step_standard", w=event.line.w, b=event.line.b)


@kit.handler
def on_bowl(lang: str, rows: Any, rate: float) -> str:
    """Why raw numbers crawl or diverge: the bowl's shape and the largest safe learning rate, raw and standardised."""
    from core.lessons.perceptron.fit import both_ways

    t, (x, y) = text.load("perceptron", lang), _columns(rows)
    both = both_ways(x, y, rate)
    lines = [
        t("bowl.head"),
        "|---|---|---|",
        t("bowl.limit", raw=both.raw_curvature.limit, even=both.standardised_curvature.limit),
    ]
    lines.append(t("bowl.condition", raw=both.raw_curvature.condition, even=both.standardised_curvature.condition))
    ends = (t(f"short.{both.raw.verdict}"), t(f"short.{both.standardised.verdict}"))
    lines.append(t("bowl.after", rate=rate, raw=ends[0], even=ends[1]))
    careful = both.raw_at_limit
    return "\n".join(lines) + "\n\n" + t("bowl.careful", rate=careful.config.learning_rate, mse=careful.line.mse)


@kit.handler
def on_predict(lang: str, here: Here | None, rows: Any, weight: float) -> str:
    """Predict a height in cm from a weight in kg with the present line."""
    from core.lessons.perceptron.fit import predict

    t, (x, _) = text.load("perceptron", lang), _columns(rows)
    here = here or Here()
    found = predict(here.w, here.b, weight, x)
    words = t("predicted", x=float(weight), w=here.w, b=here.b, y=found.value)
    return words + (" " + t("outside", low=found.low, high=found.high) if found.outside else "")


@kit.handler
def on_outlier(lang: str, rows: Any) -> kit.Update:
    """Add one strange person and say what it does to the best line."""
    from core.lessons.perceptron.fit import outlier

    t, (x, y) = text.load("perceptron", lang), _columns(rows)
    found = outlier(x, y)
    new = [[float(a), float(b)] for a, b in zip(found.x, found.y, strict=True)]
    said = t("outlier_said", before=found.before.w, after=found.after.w, share=found.share)
    return SCREEN(rows=new, outlier_said=said)


@kit.handler
def on_file(lang: str, path: str | None) -> Any:
    """Read the learner's CSV (two columns) into the table; the file is read, never kept."""
    from core.files import tables

    if not path:
        return gr.skip()
    with open(path, "rb") as file:
        return tables.from_csv(file.read(tables.MOST_BYTES + 1), columns=2).values.tolist()


@kit.handler
def on_place(lang: str, rows: Any, spot: gr.EventData) -> list[list[float]]:
    """A click on the plane adds a person."""
    x, y = _columns(rows)
    return [[float(a), float(b)] for a, b in zip(x, y, strict=True)] + [
        [round(kit.number(spot.x), 1), round(kit.number(spot.y), 1)]
    ]


@kit.handler
def on_erase(lang: str, rows: Any, spot: gr.EventData) -> list[list[float]]:
    """A click on a person takes it away; the last two stay."""
    x, y = _columns(rows)
    kept = [[float(a), float(b)] for i, (a, b) in enumerate(zip(x, y, strict=True)) if i != spot.index]
    return kept if len(kept) >= 2 else gr.skip()


@kit.handler
def on_rows(lang: str, here: Here | None, rows: Any) -> kit.Update:
    """The table changed: the same line on new people."""
    return _shown(lang, here or Here(), rows)


@kit.handler
def on_reset(lang: str, rows: Any) -> kit.Update:
    """The crooked line again; the people stay."""
    return _shown(lang, Here(), rows) | SCREEN(badge="")


def on_people() -> list[list[float]]:
    """The ten people of the running example."""
    from core.data import people

    return [[kg, cm] for kg, cm in zip(people.WEIGHTS_KG.tolist(), people.HEIGHTS_CM.tolist(), strict=True)]


@kit.handler
def on_csv(lang: str, here: Here | None) -> str:
    """Line and mean squared error after each step since the line was last moved by hand."""
    from core.files.csv_text import to_csv

    here = here or Here()
    w, b = zip(*here.lines, strict=True) if here.lines else ((), ())
    first = here.done - len(here.lines) + 1
    return to_csv({"step": range(first, here.done + 1), "w": w, "b": b, "mse": here.losses})


@kit.handler
def on_code(lang: str, here: Here | None, rows: Any, rate: float, standardise: bool) -> str:
    """The last press as a script; before any press, what 25 steps would do."""
    from core.events import drain
    from core.lessons.perceptron.fit import LineConfig, script, steps

    x, y = _columns(rows)
    here = here or Here()
    return script(here.run or drain(steps(LineConfig(25, rate, standardise, here.w, here.b), x, y)))


def build(lang: str) -> Room:
    t = text.load("perceptron", lang)
    language = kit.header(t)
    desk = kit.Desk(t, FORM, SCREEN, language)
    desk.put(here=gr.State(None))
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=300):
            desk.put(plane=views.plane(height=380, can=("line", "place", "erase"), reel=True))
            with gr.Row(elem_classes="taste-buttons"):
                presses = {
                    n: gr.Button(t(f"press.{n}"), variant="primary" if n == 25 else "secondary", min_width=80)
                    for n in choices.PRESSES
                }
                best = gr.Button(t("best_button"), min_width=90)
                stop = gr.Button(t("stop"), variant="stop", min_width=70)
                reset = gr.Button(t("reset"), min_width=80)
            desk.put(replay=kit.replay(t), badge=kit.badge())
            save = downloads.button(t)
        with gr.Column(scale=4, min_width=300):
            desk.put(neuron=views.neuron(reel=True))
            with gr.Row():
                desk.put(w=kit.number_box(choices.W, label=t("w_label"), min_width=110, elem_classes="taste-live"))
                desk.put(b=kit.number_box(choices.B, label=t("b_label"), min_width=110, elem_classes="taste-live"))
            desk.put(curve=views.curve(height=200, reel=True))
    with gr.Row(equal_height=False):
        with gr.Column(min_width=300):
            desk.put(standardise=gr.Checkbox(True, label=t("standardise"), info=t("standardise_info")))
            desk.put(rate=kit.number_box(choices.RATE, label=t("rate"), info=t("rate_info")))
        with gr.Column(scale=2, min_width=300):
            desk.put(bowl=kit.markdown(""))
    with gr.Row(equal_height=False):
        with gr.Column(min_width=300):
            with gr.Row():
                desk.put(weight=kit.number_box(choices.WEIGHT, label=t("predict_label"), min_width=120))
                ask = gr.Button(t("predict_button"), min_width=100)
            desk.put(answer=kit.markdown(""))
        with gr.Column(scale=2, min_width=300), gr.Accordion(t("data_title"), open=False):
            desk.put(
                rows=gr.Dataframe(
                    on_people(),
                    headers=[t("x_axis"), t("y_axis")],
                    type="array",
                    interactive=True,
                    max_height=300,
                    label=t("data_label"),
                )
            )
            with gr.Row():
                desk.put(path=gr.File(label=t("file_label"), file_types=[".csv", ".txt", ".tsv"], height=110))
                with gr.Column(min_width=120):
                    strange, people = gr.Button(t("outlier_button")), gr.Button(t("people_button"))
            desk.put(outlier_said=kit.markdown(""))
    with gr.Accordion(t("gates_title"), open=True):
        half = gates.build(t, language)
    runs = [
        desk.on(
            button.click, on_steps, kit.RUN, to=(*LINE, "badge"), api="perceptron_steps" if n == 25 else None, count=n
        )
        for n, button in presses.items()
    ]
    stop.click(None, cancels=runs, **kit.PRIVATE)
    desk.on(reset.click, on_reset, to=(*LINE, "badge"), cancels=runs)
    desk.on(best.click, on_best, to=LINE, api="perceptron_best")
    desk.on(desk.plane.line, on_line, to=LINE)
    desk.on(desk.plane.place, on_place, to="rows")
    desk.on(desk.plane.erase, on_erase, to="rows")
    desk.on((desk.w.input, desk.b.input), on_numbers, to=LINE)
    desk.on((desk.rows.change, desk.rate.change), on_bowl, to="bowl")
    desk.on(desk.rows.change, on_rows, to=LINE)
    desk.on((ask.click, desk.weight.submit), on_predict, to="answer", api="perceptron_predict")
    desk.on(strange.click, on_outlier, to=("rows", "outlier_said"))
    people.click(on_people, None, desk.rows, **kit.LIGHT, **kit.PRIVATE)
    desk.on(desk.path.upload, on_file, to="rows")
    downloads.save(desk, save, "perceptron.csv", on_csv)
    controls = desk.controls | half.controls
    kit.tasks(t, TASKS)
    kit.code_panel(desk, "perceptron.py", on_code)
    kit.share(t, controls)
    kit.story(t)
    prelude = desk.prelude(on_prelude, "plane", "neuron", "curve", back=True)
    return Room(controls, desk.opening(on_open, (*LINE, "bowl")), (half.opening(gates.on_open),), prelude)


LESSON = Lesson("perceptron", build)
