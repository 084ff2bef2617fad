"""Lesson 3: the learner puts a ball on the loss surface and watches it roll; the line and the loss move with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from core.lessons.gradient_descent import choices
from demos import kit, views
from demos.gradient_descent import race
from demos.gradient_descent.tasks import TASKS
from demos.kit import downloads, text
from demos.kit.lesson import Lesson, Room

FORM = kit.Form(
    optimizer=choices.OPTIMIZER,
    rate=choices.RATE,
    scaling=choices.SCALING,
    batch=choices.BATCH,
    w=choices.W,
    b=choices.B,
    seed=choices.SEED,
    steps=choices.STEPS,
)
# What a ball in another place changes.
PLACE = ("run", "plane", "data", "curve", "said", "gradients", "badge", "replay")
SCREEN = kit.Screen(*PLACE, "rate", "percent", "w", "b", "nan")
PACE = 0.08  # seconds a step stays on the screen


def read(form: kit.Values) -> Any:
    """The ``DescentConfig`` of the controls; what no control allows is told in a sentence."""
    from core.errors import checking
    from core.lessons.gradient_descent.race import DescentConfig

    with checking() as check:
        check.within("batch_size", form.batch, choices.BATCH)
    return form.read(DescentConfig, learning_rate=form.rate, batch_size=choices.BATCHES[form.batch])


@kit.handler
def on_open(lang: str, form: kit.Values) -> kit.Update:
    """The surface, the start on it, its line and its gradient; nothing has moved yet."""
    from core.data import people
    from core.lessons.perceptron.line import Problem

    t, config = text.load("gradient_descent", lang), read(form)
    problem = Problem(*people.load(), config.scaling)
    loss = problem.loss(config.w, config.b)
    line = problem.to_raw(config.w, config.b)
    start = _pictures(t, config, [[config.w, config.b]], [loss], line)
    return start | SCREEN(run=None, said=t("ready", loss=loss), gradients=on_gradients(lang, None, form), badge="")


@kit.handler
def on_first(lang: str, form: kit.Values) -> kit.Update:
    """The same, and where the learning rate stands on the slider."""
    return on_open(lang, form) | SCREEN(percent=on_share(lang, form))


@kit.handler
def on_prelude(lang: str, form: kit.Values) -> Iterator[kit.Update]:
    """The first seconds: the ball rolls down, as far as one press lets it."""
    from core.data import people
    from core.lessons.gradient_descent.race import Move, descend

    yield on_open(lang, form)
    t, config = text.load("gradient_descent", lang), read(form)
    for event in descend(config, *people.load(), None):
        if isinstance(event, Move):
            path, line = event.run.path.round(5).tolist(), event.run.line
            yield _pictures(t, config, path, event.run.losses.tolist(), (line.w, line.b))


@kit.handler
def on_step(lang: str, run: Any, form: kit.Values) -> Iterator[kit.Update]:
    """One move, with all its numbers."""
    yield from _descend(lang, run, form.changed(steps=1))


@kit.handler
def on_run(lang: str, run: Any, form: kit.Values) -> Iterator[kit.Update]:
    """Gradient descent on the mean squared error of the ten people, ``steps`` moves from where the ball lies."""
    yield from _descend(lang, run, form)


def _descend(lang: str, run: Any, form: kit.Values) -> Iterator[kit.Update]:
    from core import runtime
    from core.data import people
    from core.events import Done
    from core.lessons.gradient_descent.race import Move, descend

    t, config = text.load("gradient_descent", lang), read(form)
    pace = PACE if config.steps <= 60 else 0.02
    for event in kit.paced(descend(config, *people.load(), run, deadline=kit.RUN_SECONDS), pace):
        match event:
            case Move(run=run):
                said = t("moved", step=event.step, before=event.loss_before, after=event.loss)
                path, losses = run.path.round(5).tolist(), run.losses.tolist()
                pictures = _pictures(t, config, path, losses, (run.line.w, run.line.b))
                yield pictures | SCREEN(run=run, said=f"{said}\n\n$${event.latex()}$$")
            case Done(result=run, seconds=seconds):
                cpu = runtime.describe("cpu")
                label = kit.badge_text(
                    t, source="trained_now", parameters=2, seconds=seconds, device=cpu, loss=run.loss
                )
                bound = "limit" if form.batch == "full" else "limit_of_all"
                limit = t(bound, limit=run.limit) if run.limit else t("no_limit")
                ended = t(f"verdict.{run.verdict}", rate=config.learning_rate, loss=run.loss)
                gradients = on_gradients(lang, run, form)
                yield SCREEN(run=run, gradients=gradients, badge=f"{label} · {ended} {limit}")


def _pictures(t: text.Text, config: Any, path: list[Any], losses: list[float], line: tuple[float, float]) -> kit.Update:
    from core.data import people
    from core.lessons.gradient_descent.race import surface

    weights, heights = people.load()
    bowl = surface(weights, heights, config.scaling, show=[(config.w, config.b)])
    plane = {
        "x": list(bowl.w),
        "y": list(bowl.b),
        "xlabel": "w",
        "ylabel": "b",
        "field": views.packed(bowl.shades, "height"),
        "contours": [ring.round(4).tolist() for ring in bowl.contours],
        "lines": [
            {"name": t(f"optimizer.{config.optimizer}"), "xy": path, "colour": 2, "dots": len(path) < 80, "end": True}
        ],
        "mark": {"x": config.w, "y": config.b},
        "caption": t("surface_caption", w=path[-1][0], b=path[-1][1], loss=losses[-1], lowest=bowl.lowest),
    }
    data = {
        "points": [[x, y] for x, y in zip(weights.tolist(), heights.tolist(), strict=True)],
        "xlabel": t("x_axis"),
        "ylabel": t("y_axis"),
        "line": {"w": line[0], "b": line[1]},
        "squares": True,
        "caption": t("line_caption", w=line[0], b=line[1]),
    }
    curve = {
        "series": [
            {"name": t("loss"), "y": losses, "colour": 2, "width": 2.5},
            {"name": t("lowest"), "y": [bowl.lowest] * max(len(losses), 2), "colour": 3, "dash": True},
        ],
        "x0": 0,
        "logy": True,
        "xlabel": t("step_axis"),
        "ylabel": t("loss"),
        "caption": t("loss_caption", step=len(losses) - 1, loss=losses[-1]),
    }
    replay = {"at": len(losses) - 1, "label": t("replay.at", step=len(losses) - 1)}
    return SCREEN(plane=plane, data=data, curve=curve, replay=replay)


@kit.handler
def on_gradients(lang: str, run: Any, form: kit.Values) -> str:
    """The gradient where the ball lies: by hand, by autograd and by finite difference, with the differences."""
    from core import runtime
    from core.data import people
    from core.errors import CoreError
    from core.lessons.gradient_descent.race import three_gradients

    t, config = text.load("gradient_descent", lang), read(form)
    at = run.at if run is not None else (config.w, config.b)
    try:
        g = three_gradients(*people.load(), *at, config.scaling)
    except CoreError:  # the descent diverged so far that numbers this large cannot be compared
        return t("gradients.far")
    return "\n".join(
        [
            t("gradients.head"),
            "|---|---|---|---|",
            t("gradients.hand", w=g.by_hand[0], b=g.by_hand[1]),
            t("gradients.autograd", w=g.autograd[0], b=g.autograd[1], difference=g.autograd_difference),
            t("gradients.finite", w=g.finite[0], b=g.finite[1], difference=g.finite_difference),
            "",
            kit.badge_text(t, source="computed_now", device=runtime.describe("cpu")),
        ]
    )


@kit.handler
def on_mark(lang: str, mark: gr.EventData) -> kit.Update:
    """The start was dragged (or moved by the arrow keys)."""
    return SCREEN(w=round(kit.number(mark.x), 4), b=round(kit.number(mark.y), 4))


@kit.handler
def on_preset(lang: str, form: kit.Values, preset: str) -> kit.Update:
    """A learning rate that converges, crawls or diverges, from the surface's own limit."""
    from core.data import people
    from core.lessons.gradient_descent.race import preset_rates

    rate = preset_rates(*people.load(), read(form.changed(rate=choices.RATE.default)))[preset]
    return SCREEN(rate=rate, percent=on_share(lang, form.changed(rate=rate)))


@kit.handler
def on_percent(lang: str, percent: float, form: kit.Values) -> float:
    """The slider was moved: the learning rate that is so many percent of the largest safe one."""
    from core.data import people
    from core.lessons.gradient_descent.race import rate_at

    return rate_at(*people.load(), read(form.changed(rate=choices.RATE.default)), percent)


@kit.handler
def on_share(lang: str, form: kit.Values) -> float:
    """Where the learning rate stands on the slider."""
    from core.data import people
    from core.lessons.gradient_descent.race import percent_of

    percent = round(percent_of(*people.load(), read(form)), 1)
    return min(max(percent, choices.PERCENT.low), choices.PERCENT.high)


@kit.handler
def on_nan(lang: str, form: kit.Values) -> str:
    """Where NaN comes from: the last rows of a descent in float32 with a learning rate that is too large."""
    from core.data import people
    from core.lessons.gradient_descent.race import overflow, preset_rates

    t, config = text.load("gradient_descent", lang), read(form)
    rate = preset_rates(*people.load(), config)["diverge"]
    rows = overflow(*people.load(), rate, config.scaling, config.w, config.b)
    lines = [t("nan.lead", rate=rate), "", t("nan.head"), "|---|---|---|---|"]
    return "\n".join(
        [*lines, *(f"| {step} | {w:.3e} | {b:.3e} | {loss:.3e} |" for step, w, b, loss in rows), "", t("nan.why")]
    )


def _drawn(run: Any, curve: Any) -> int:
    """Steps that the curve in the browser shows: Stop may come when the server is one step further."""
    shown = views.opened(curve)
    series = shown.get("series") if isinstance(shown, dict) else None
    losses = series[0].get("y") if isinstance(series, list) and series and isinstance(series[0], dict) else None
    return max(1, min(len(losses) - 1, run.step)) if isinstance(losses, list) else run.step


@kit.handler
def on_csv(lang: str, run: Any, curve: Any) -> str:
    """The path: w, b and the loss of all ten people after each step."""
    from core.files.csv_text import to_csv

    if run is None:
        return to_csv({"step": (), "w": (), "b": (), "loss": ()})
    drawn = _drawn(run, curve) + 1
    w, b = run.path[:drawn].T.tolist()
    return to_csv({"step": range(drawn), "w": w, "b": b, "loss": run.losses[:drawn].tolist()})


@kit.handler
def on_code(lang: str, run: Any, curve: Any, form: kit.Values) -> str:
    """The path on the screen as plain PyTorch; before any step, what the press of the button would do."""
    from core.data import people
    from core.events import drain
    from core.lessons.gradient_descent.race import descend, script

    if run is None:
        return script(drain(descend(read(form), *people.load())))
    return script(run, _drawn(run, curve))


def build(lang: str) -> Room:
    t = text.load("gradient_descent", lang)
    desk = kit.Desk(t, FORM, SCREEN, kit.header(t))
    desk.put(run=gr.State(None))
    with gr.Row(equal_height=False):
        with gr.Column(scale=4, min_width=300):
            desk.put(plane=views.plane(height=360, can=("mark",), reel=True))
            buttons = kit.buttons(t, "run", "step")
            desk.put(replay=kit.replay(t), said=kit.markdown("", min_height=110, elem_classes="taste-live"))
        with gr.Column(scale=3, min_width=300):
            with gr.Row():
                desk.put(rate=kit.number_box(choices.RATE, label=t("rate"), min_width=120))
                desk.put(percent=kit.slider(choices.PERCENT, label=t("percent"), buttons=[], min_width=200, scale=2))
            with gr.Row(elem_classes="taste-buttons"):
                presets = {name: gr.Button(t(f"preset.{name}"), min_width=80) for name in choices.PRESETS}
            kit.markdown(t("percent_info"), elem_classes="taste-badge")
            desk.put(data=views.plane(height=200, reel=True), curve=views.curve(height=180, reel=True))
    desk.put(badge=kit.badge())
    with gr.Row(equal_height=False):
        with gr.Column(min_width=280):
            desk.put(steps=kit.slider(choices.STEPS, label=t("steps")))
        with gr.Column(min_width=280):
            desk.put(optimizer=kit.radio(t, "optimizer", choices.OPTIMIZER, label=t("optimizer_label")))
            desk.put(batch=kit.radio(t, "batch", choices.BATCH, label=t("batch_label")))
        with gr.Column(min_width=280):
            scaling = kit.radio(t, "scaling", choices.SCALING, label=t("scaling_label"), info=t("scaling_info"))
            desk.put(scaling=scaling)
            with gr.Row():
                desk.put(w=kit.number_box(choices.W, label=t("w_start"), min_width=80))
                desk.put(b=kit.number_box(choices.B, label=t("b_start"), min_width=80))
                desk.put(seed=kit.number_box(choices.SEED, precision=0, label=t("seed"), min_width=80))
    with gr.Accordion(t("gradients.title"), open=True):
        desk.put(gradients=kit.markdown("", elem_classes=["taste-numbers", "taste-live"]))
    with gr.Accordion(t("race.title"), open=False) as race_panel:
        race.build(t, desk, race_panel)
    with gr.Accordion(t("nan.title"), open=False) as nan_panel:
        desk.put(nan=kit.markdown("", elem_classes="taste-numbers"))
    runs = [
        desk.on(buttons.run.click, on_run, kit.RUN, to=PLACE, api="gradient_descent_run"),
        desk.on(buttons.step.click, on_step, kit.RUN, to=PLACE),
    ]
    buttons.stop.click(None, cancels=runs, **kit.PRIVATE)
    desk.on(desk.plane.mark, on_mark, to=("w", "b"))
    moved = (buttons.reset.click, desk.scaling.change, desk.w.change, desk.b.change)
    desk.on(moved, on_open, to=PLACE, cancels=runs)
    for name, button in presets.items():
        chosen = desk.on(button.click, on_preset, to=("rate", "percent"), cancels=runs, preset=name)
        placed = desk.on(chosen.then, on_open, to=PLACE)
        runs.append(desk.on(placed.then, on_run, kit.RUN, to=PLACE))
    desk.on(nan_panel.expand, on_nan, to="nan")
    desk.on(desk.percent.input, on_percent, to="rate")
    desk.on((desk.rate.input, desk.optimizer.input, desk.scaling.input), on_share, to="percent")
    downloads.save(desk, downloads.button(t), "gradient_descent.csv", on_csv)
    kit.tasks(t, TASKS)
    kit.code_panel(desk, "gradient_descent.py", on_code)
    kit.share(t, desk.controls)
    kit.story(t)
    prelude = desk.prelude(on_prelude, "plane", "data", "curve", back=True)
    return Room(desk.controls, desk.opening(on_first, (*PLACE, "percent")), prelude=prelude)


LESSON = Lesson("gradient_descent", build)
