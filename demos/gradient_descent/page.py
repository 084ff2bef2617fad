"""Lesson 3: the learner puts a ball on the loss surface and watches it roll; the line and the loss move with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from demos import kit, views
from demos.gradient_descent import race
from demos.gradient_descent.tasks import TASKS, _people
from demos.kit import downloads, text
from demos.kit.lesson import Lesson, Opening, Room

OPTIMIZERS = ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam")
SCALINGS = ("standard", "minmax", "raw")
BATCHES = {"full": None, "5": 5, "2": 2, "1": 1}
PACE = 0.08  # seconds a step stays on the screen
LEAST, MOST = 0.2, 120  # percent of the largest safe learning rate


def _config(
    optimizer: str, rate: float, scaling: str, batch: str, w: float, b: float, seed: float, steps: float
) -> Any:
    from core.errors import Check
    from core.lessons.gradient_descent.race import DescentConfig

    check = Check()
    check.one_of("batch_size", batch, BATCHES)
    check.done()
    return DescentConfig(optimizer, rate, kit.whole(steps), scaling, w, b, BATCHES[batch], kit.whole(seed))


@kit.handler
def on_open(lang: str, *controls: Any) -> tuple[Any, ...]:
    """The surface, the start on it, its line and its gradient; nothing has moved yet."""
    from core.lessons.perceptron.line import Problem

    t, config = text.load("gradient_descent", lang), _config(*controls)
    problem = Problem(*_people(), config.scaling)
    loss = problem.loss(config.w, config.b)
    line = problem.to_raw(config.w, config.b)
    start = _pictures(t, config, [[config.w, config.b]], [loss], line, t("ready", loss=loss))
    return None, *start, on_gradients(lang, None, *controls), ""


@kit.handler
def on_first(lang: str, *controls: Any) -> tuple[Any, ...]:
    """The same, and where the learning rate stands on the slider."""
    return *on_open(lang, *controls), on_share(lang, *controls)


@kit.handler
def on_step(lang: str, run: Any, *controls: Any) -> Iterator[tuple[Any, ...]]:
    """One move, with all its numbers."""
    yield from _descend(lang, run, (*controls[:-1], 1))


@kit.handler
def on_run(lang: str, run: Any, *controls: Any) -> Iterator[tuple[Any, ...]]:
    """Gradient descent on the mean squared error of the ten people, ``steps`` moves from where the ball lies."""
    yield from _descend(lang, run, controls)


def _descend(lang: str, run: Any, controls: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    from core import runtime
    from core.events import Done
    from core.lessons.gradient_descent.race import Move, descend

    t, config = text.load("gradient_descent", lang), _config(*controls)
    pace = PACE if config.steps <= 60 else 0.02
    for event in kit.paced(descend(config, *_people(), run, deadline=kit.RUN_SECONDS), pace):
        match event:
            case Move(run=run):
                said = (
                    t("moved", step=event.step, before=event.loss_before, after=event.loss) + f"\n\n$${event.latex()}$$"
                )
                path, losses = run.path.round(5).tolist(), run.losses.tolist()
                pictures = _pictures(t, config, path, losses, (run.line.w, run.line.b), said)
                yield run, *pictures, gr.skip(), gr.skip()
            case Done(result=run, seconds=seconds):
                cpu = runtime.describe("cpu")
                label = kit.badge_text(
                    t, source="trained_now", parameters=2, seconds=seconds, device=cpu, loss=run.loss
                )
                limit = t("limit", limit=run.limit) if run.limit else t("no_limit")
                ended = t(f"verdict.{run.verdict}", rate=config.learning_rate, loss=run.loss)
                yield run, *[gr.skip()] * 4, on_gradients(lang, run, *controls), f"{label} · {ended} {limit}"


def _pictures(
    t: text.Text, config: Any, path: list[Any], losses: list[float], line: tuple[float, float], said: str
) -> tuple[Any, ...]:
    from core.lessons.gradient_descent.race import surface

    weights, heights = _people()
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
    return plane, data, curve, said


@kit.handler
def on_gradients(lang: str, run: Any, *controls: Any) -> str:
    """The gradient where the ball lies: by hand, by autograd and by finite difference, with the differences."""
    from core import runtime
    from core.errors import CoreError
    from core.lessons.gradient_descent.race import three_gradients

    t, config = text.load("gradient_descent", lang), _config(*controls)
    at = run.at if run is not None else (config.w, config.b)
    try:
        g = three_gradients(*_people(), *at, config.scaling)
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
def on_mark(lang: str, mark: gr.EventData) -> tuple[float, float]:
    """The start was dragged (or moved by the arrow keys)."""
    return round(kit.number(mark.x), 4), round(kit.number(mark.y), 4)


@kit.handler
def on_preset(lang: str, name: str, *controls: Any) -> tuple[float, float]:
    """A learning rate that converges, crawls or diverges, from the surface's own limit."""
    from core.lessons.gradient_descent.race import preset_rates

    rate = preset_rates(*_people(), _config(*controls))[name]
    return rate, on_share(lang, controls[0], rate, *controls[2:])


@kit.handler
def on_percent(lang: str, percent: float, *controls: Any) -> float:
    """The slider was moved: the learning rate that is so many percent of the largest safe one."""
    from core.lessons.gradient_descent.race import rate_at

    return rate_at(*_people(), _config(*controls), percent)


@kit.handler
def on_share(lang: str, *controls: Any) -> float:
    """Where the learning rate stands on the slider, 0.2 to 120 %."""
    from core.lessons.gradient_descent.race import percent_of

    return min(max(round(percent_of(*_people(), _config(*controls)), 1), LEAST), MOST)


@kit.handler
def on_nan(lang: str, *controls: Any) -> str:
    """Where NaN comes from: the last rows of a descent in float32 with a learning rate that is too large."""
    from core.lessons.gradient_descent.race import overflow, preset_rates

    t, config = text.load("gradient_descent", lang), _config(*controls)
    rate = preset_rates(*_people(), config)["diverge"]
    rows = overflow(*_people(), rate, config.scaling, config.w, config.b)
    lines = [t("nan.lead", rate=rate), "", t("nan.head"), "|---|---|---|---|"]
    return "\n".join(
        [*lines, *(f"| {step} | {w:.3e} | {b:.3e} | {loss:.3e} |" for step, w, b, loss in rows), "", t("nan.why")]
    )


@kit.handler
def on_csv(lang: str, run: Any) -> str:
    """The path: w, b and the loss of all ten people after each step."""
    from core.files.csv_text import to_csv

    if run is None:
        return to_csv({"step": (), "w": (), "b": (), "loss": ()})
    w, b = run.path.T.tolist()
    return to_csv({"step": range(len(w)), "w": w, "b": b, "loss": run.losses.tolist()})


@kit.handler
def on_code(lang: str, run: Any, *controls: Any) -> str:
    from core.events import drain
    from core.lessons.gradient_descent.race import descend, script

    return script(run if run is not None else drain(descend(_config(*controls), *_people())))


def build(lang: str) -> Room:
    t = text.load("gradient_descent", lang)
    language, run = kit.header(t), gr.State(None)
    with gr.Row(equal_height=False):
        with gr.Column(scale=4, min_width=300):
            plane = views.plane(height=380, can=("mark",))
            buttons = kit.buttons(t, "run", "step")
            said = kit.markdown("", min_height=110)
        with gr.Column(scale=3, min_width=300):
            data, curve = views.plane(height=220), views.curve(height=190)
    badge = kit.badge()
    with gr.Row(equal_height=False):
        with gr.Column(min_width=280):
            rate = gr.Number(0.1, label=t("rate"), info=t("rate_info"))
            percent = gr.Slider(LEAST, MOST, value=50, step=0.1, label=t("percent"), info=t("percent_info"), buttons=[])
            with gr.Row(elem_classes="taste-buttons"):
                presets = {
                    name: gr.Button(t(f"preset.{name}"), min_width=80) for name in ("converge", "crawl", "diverge")
                }
            steps = gr.Slider(1, 300, value=40, step=1, label=t("steps"))
        with gr.Column(min_width=280):
            optimizer = gr.Radio(t.choices("optimizer", OPTIMIZERS), value="sgd", label=t("optimizer_label"))
            batch = gr.Radio(t.choices("batch", BATCHES), value="full", label=t("batch_label"))
        with gr.Column(min_width=280):
            scaling = gr.Radio(
                t.choices("scaling", SCALINGS), value="minmax", label=t("scaling_label"), info=t("scaling_info")
            )
            with gr.Row():
                w, b = (
                    gr.Number(1.4, label=t("w_start"), min_width=80),
                    gr.Number(-0.6, label=t("b_start"), min_width=80),
                )
                seed = gr.Number(0, precision=0, label=t("seed"), min_width=80)
    with gr.Accordion(t("gradients.title"), open=True):
        gradients = kit.markdown("", elem_classes="taste-numbers")
    with gr.Accordion(t("race.title"), open=False) as race_panel:
        race.build(t, language, [scaling, batch, w, b, seed], race_panel)
    with gr.Accordion(t("nan.title"), open=False) as nan_panel:
        nan = kit.markdown("", elem_classes="taste-numbers")
    controls = {
        "optimizer": optimizer,
        "rate": rate,
        "scaling": scaling,
        "batch": batch,
        "w": w,
        "b": b,
        "seed": seed,
        "steps": steps,
    }
    inputs, outputs = [language, *controls.values()], [run, plane, data, curve, said, gradients, badge]
    stateful, quiet = [language, run, *controls.values()], kit.LIGHT | kit.PRIVATE
    runs = [
        buttons.run.click(on_run, stateful, outputs, **kit.RUN, **kit.api("gradient_descent_run")),
        buttons.step.click(on_step, stateful, outputs, **kit.RUN, **kit.PRIVATE),
    ]
    buttons.stop.click(None, cancels=runs, **kit.PRIVATE)
    buttons.reset.click(on_open, inputs, outputs, cancels=runs, **quiet)
    plane.mark(on_mark, language, [w, b], **quiet)
    for control in (scaling, w, b):
        control.change(on_open, inputs, outputs, cancels=runs, **quiet)
    for name, button in presets.items():
        chosen = button.click(
            on_preset, [language, gr.State(name), *controls.values()], [rate, percent], cancels=runs, **quiet
        )
        runs.append(
            chosen.then(on_open, inputs, outputs, **quiet).then(on_run, stateful, outputs, **kit.RUN, **kit.PRIVATE)
        )
    nan_panel.expand(on_nan, inputs, nan, **quiet)
    percent.input(on_percent, [language, percent, *controls.values()], rate, **quiet)
    gr.on([rate.input, optimizer.input, scaling.input], on_share, inputs, percent, **quiet)
    downloads.csv(t, "gradient_descent.csv", on_csv, [language, run])
    kit.tasks(t, TASKS)
    kit.code_panel(t, "gradient_descent.py", on_code, stateful)
    kit.share(t, controls)
    kit.story(t)
    return Room(controls, Opening(on_first, inputs, [*outputs, percent]))


LESSON = Lesson("gradient_descent", build)
