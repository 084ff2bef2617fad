"""Lesson 6: the learner walks one sample forward, back and through an update, then sees depth swallow the gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from demos import kit, views
from demos.backpropagation import depth
from demos.backpropagation.tasks import TASKS
from demos.kit import downloads, text
from demos.kit.lesson import Lesson, Opening, Room

SHAPES = {"2": (2,), "3": (3,), "2-2": (2, 2), "3-2": (3, 2), "2-2-2": (2, 2, 2)}
ACTIVATIONS = ("sigmoid", "tanh", "relu", "leaky_relu")
LOSSES = ("mse", "bce")
OWN = 8  # controls of the walk; those of the deep net follow


@dataclass(frozen=True)
class Walk:
    """Where the learner stands: the trace, the station, the chosen weight."""

    trace: Any
    station: int = 0
    chosen: int = 0  # index into trace.net.parameters


def _config(
    x1: float, x2: float, target: float, shape: str, activation: str, loss: str, rate: float, seed: float
) -> Any:
    from core.errors import Check
    from core.lessons.backpropagation.trace import TraceConfig

    check = Check()
    check.one_of("layers", shape, SHAPES)
    check.done()
    hidden = SHAPES[shape]
    return TraceConfig(
        (x1, x2), (target,), hidden, (activation,) * len(hidden), loss=loss, learning_rate=rate, seed=kit.whole(seed)
    )


@kit.handler
def on_trace(lang: str, *controls: Any) -> tuple[Any, ...]:
    """Forward pass, loss, backward pass and update of one sample, with all numbers."""
    from core.lessons.backpropagation.trace import trace

    walk = Walk(trace(_config(*controls)))
    return walk, *_shown(text.load("backpropagation", lang), walk)


@kit.handler
def on_move(lang: str, walk: Walk | None, by: int, *controls: Any) -> tuple[Any, ...]:
    """Previous or next station of the walk."""
    from core.lessons.backpropagation.chain_rule import stations

    if walk is None:
        return on_trace(lang, *controls)
    last = len(stations(walk.trace)) - 1
    walk = Walk(walk.trace, max(0, min(last, walk.station + by)), walk.chosen)
    return walk, *_shown(text.load("backpropagation", lang), walk)


@kit.handler
def on_update(lang: str, walk: Walk | None, *controls: Any) -> tuple[Any, ...]:
    """Go on from the updated weights: the next iteration on the same sample."""
    from core.lessons.backpropagation.trace import run

    if walk is None:
        return on_trace(lang, *controls)
    t = walk.trace
    walk = Walk(run(t.updated, t.x, t.target, t.kind, t.learning_rate), 0, walk.chosen)
    return walk, *_shown(text.load("backpropagation", lang), walk)


@kit.handler
def on_weight(lang: str, walk: Walk | None, link: gr.EventData) -> tuple[Any, ...]:
    """A link was pressed: the chain rule of that weight."""
    from core.mlp.plain_net import Parameter

    found = Parameter(int(kit.number(link.layer)) + 1, int(kit.number(link.to)), int(kit.number(getattr(link, "from"))))
    return on_choose(lang, walk, found.name)


@kit.handler
def on_choose(lang: str, walk: Walk | None, name: str) -> tuple[Any, ...]:
    """The chain rule of the weight or bias called ``name``."""
    if walk is None:  # the page slept so long that the server forgot it
        return (gr.skip(),) * 6
    names = [p.name for p in walk.trace.net.parameters]
    walk = Walk(walk.trace, walk.station, names.index(name) if name in names else 0)
    return walk, *_shown(text.load("backpropagation", lang), walk)


@kit.handler
def on_take(lang: str, model: Any, *controls: Any) -> tuple[Any, ...]:
    """Open the model trained in lesson 8 here: its weights, its first sample."""
    from core.lessons.sequential.lab import opened

    net, x, target = opened(model)
    from core.lessons.backpropagation.trace import run

    walk = Walk(run(net, x, target, "mse", controls[-2]))
    return walk, *_shown(text.load("backpropagation", lang), walk)


def _shown(t: text.Text, walk: Walk) -> tuple[Any, ...]:
    """Network, station, choice of weight, chain rule, check, badge."""
    from core import runtime
    from core.lessons.backpropagation.chain_rule import chain, stations
    from core.lessons.backpropagation.trace import check_gradients

    trace, steps = walk.trace, stations(walk.trace)
    step, names = steps[walk.station], [p.name for p in trace.net.parameters]
    parameter = trace.net.parameters[walk.chosen]
    title = t("station", number=walk.station + 1, count=len(steps), name=t(f"stations.{step.kind}", layer=step.layer))
    lines = [f"### {title}", t(f"explain.{step.kind}"), *(f"$${e.latex}$$" for e in step.equations)]
    if step.omitted:
        lines.append(t("omitted", count=step.omitted))
    rule, check = chain(trace, parameter), check_gradients(trace, [parameter])
    words = [
        t("chain.lead", name=f"${parameter.latex}$"),
        f"$${rule.latex}$$",
        *(f"$${f.latex}$$" for f in rule.factors),
    ]
    if rule.path_count > 1:
        words += [t("chain.paths", count=rule.path_count)]
        words += [f"$${_path(path)}$$" for path in rule.paths[:4]]
    table = [
        t("check.head"),
        "|---|---|---|",
        t("check.hand", value=float(check.by_hand[0])),
        t("check.autograd", value=float(check.autograd[0]), difference=check.autograd_difference),
        t("check.numeric", value=float(check.numeric[0]), difference=check.numeric_difference),
    ]
    if check.kinks:
        table += ["", t("check.kink")]
    choice = gr.update(choices=names, value=names[walk.chosen])
    cpu = runtime.describe("cpu")
    label = kit.badge_text(t, source="computed_now", parameters=len(names), device=cpu)
    return _network(t, walk, step), "\n\n".join(lines), choice, "\n\n".join(words), "\n".join(table), label


def _path(path: Any) -> str:
    symbols = r" \cdot ".join(f.left for f in path.factors)
    return f"{symbols} = {path.product:.4g}"


def _network(t: text.Text, walk: Walk, step: Any) -> dict[str, Any]:
    trace, net = walk.trace, walk.trace.net
    values = [trace.x, *trace.a]
    titles = [t("input"), *(t("hidden", layer=i) for i in range(1, len(net.weights))), t("output")]
    layers = [
        {
            "title": title,
            "units": [{"name": f"{v:.2f}", "text": f"{title} {i}: {v:.4f}"} for i, v in enumerate(column.tolist(), 1)],
        }
        for title, column in zip(titles, values, strict=True)
    ]
    chosen = net.parameters[walk.chosen]
    return {
        "layers": layers,
        "weights": [w.tolist() for w in net.weights],
        "biases": [b.tolist() for b in net.biases],
        "chosen": {"layer": chosen.layer, "unit": chosen.unit},
        "at": {"forward": step.layer, "backward": step.layer, "update": None}.get(step.kind, len(layers) - 1),
        "caption": t(
            "net_caption",
            output=float(trace.a[-1][0]),
            target=float(trace.target[0]),
            loss=trace.loss,
            new=trace.new_loss,
        ),
    }


@kit.handler
def on_csv(lang: str, walk: Walk | None, *controls: Any) -> str:
    """Every weight and bias with its gradient three ways, and its value after the update."""
    from core.files.csv_text import to_csv
    from core.lessons.backpropagation.trace import check_gradients, trace

    found = walk.trace if walk else trace(_config(*controls))
    check = check_gradients(found)
    columns = {"name": [p.name for p in check.parameters], "value": [found.net.get(p) for p in check.parameters]}
    columns |= {"by_hand": check.by_hand.tolist(), "autograd": check.autograd.tolist()}
    columns |= {"finite_difference": check.numeric.tolist()}
    return to_csv(columns | {"after_update": [found.updated.get(p) for p in check.parameters]})


@kit.handler
def on_code(lang: str, walk: Walk | None, *controls: Any) -> str:
    """The net on the screen (trained further, or taken from lesson 8) and the probe, as one script."""
    from core.lessons.backpropagation.script import probe_script, script
    from core.lessons.backpropagation.trace import trace

    found = walk.trace if walk else trace(_config(*controls[:OWN]))
    return script(found) + "\n\n" + probe_script(depth.deep_config(*controls[OWN:]))


def build(lang: str) -> Room:
    t = text.load("backpropagation", lang)
    language, walk = kit.header(t), gr.State(None)
    with gr.Row(equal_height=False, elem_classes="taste-playground"):
        with gr.Column(scale=2, min_width=280):
            with gr.Row():
                x1 = gr.Number(0.5, label="x₁", min_width=80)
                x2 = gr.Number(-1.0, label="x₂", min_width=80)
                target = gr.Number(1.0, label=t("target"), min_width=80)
            shape = gr.Radio(list(SHAPES), value="2-2", label=t("shape"))
            activation = gr.Radio(t.choices("activation", ACTIVATIONS), value="sigmoid", label=t("activation_label"))
            with gr.Accordion(t("more"), open=False):
                loss = gr.Radio(t.choices("loss", LOSSES), value="mse", label=t("loss_label"))
                rate = gr.Number(0.5, label=t("rate"))
                seed = gr.Number(0, precision=0, label=t("seed"), info=t("seed_info"))
            take = gr.Button(t("take"), size="md")
        with gr.Column(scale=5, min_width=300, elem_classes="taste-play-output"):
            network = views.network(height=260, can=("weight",))
            with gr.Row(elem_classes="taste-buttons"):
                back = gr.Button(t("previous"), min_width=90)
                forth = gr.Button(t("next"), variant="primary", min_width=90)
                again = gr.Button(t("update"), min_width=120)
                reset = gr.Button(t("reset"), min_width=80)
            station, badge = kit.markdown("", min_height=190), kit.badge()
    with gr.Row(equal_height=False):
        with gr.Column(scale=4, min_width=300):
            choice = gr.Dropdown([], label=t("choose"), info=t("choose_info"))
            rule = kit.markdown("")
        with gr.Column(scale=3, min_width=300) as beside:
            check = kit.markdown("", elem_classes="taste-table")
    with gr.Accordion(t("depth_title"), open=True):
        depth_controls, depth_outputs = depth.build(t, language)
    own = {
        "x1": x1,
        "x2": x2,
        "target": target,
        "shape": shape,
        "activation": activation,
        "loss": loss,
        "rate": rate,
        "seed": seed,
    }
    inputs, outputs = [language, *own.values()], [walk, network, station, choice, rule, check, badge]
    quiet = kit.LIGHT | kit.PRIVATE
    for control in own.values():
        named = kit.api("backpropagation_trace") if control is x1 else kit.PRIVATE
        control.change(on_trace, inputs, outputs, **kit.LIGHT, **named)
    reset.click(on_trace, inputs, outputs, **quiet)
    back.click(on_move, [language, walk, gr.State(-1), *own.values()], outputs, **quiet)
    forth.click(on_move, [language, walk, gr.State(1), *own.values()], outputs, **quiet)
    again.click(on_update, [language, walk, *own.values()], outputs, **quiet)
    network.weight(on_weight, [language, walk], outputs, **quiet)
    choice.input(on_choose, [language, walk, choice], outputs, **quiet)
    with beside:
        downloads.csv(t, "backpropagation.csv", on_csv, [language, walk, *own.values()])
    take.click(on_take, [language, kit.shelf("model"), *own.values()], outputs, **quiet)
    kit.tasks(t, TASKS)
    controls = own | depth_controls
    kit.code_panel(t, "backpropagation.py", on_code, [language, walk, *controls.values()])
    kit.share(t, controls)
    kit.story(t)
    opening = Opening(on_open, [language, *controls.values()], outputs + depth_outputs)
    return Room(controls, opening)


@kit.handler
def on_open(lang: str, *controls: Any) -> tuple[Any, ...]:
    return *on_trace(lang, *controls[:OWN]), *depth.on_open(lang, *controls[OWN:])


LESSON = Lesson("backpropagation", build)
