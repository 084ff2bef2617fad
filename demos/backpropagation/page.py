"""Lesson 6: the learner walks one sample forward, back and through an update, then sees depth swallow the gradient."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from core.lessons.backpropagation import choices
from demos import kit, views
from demos.backpropagation import depth
from demos.backpropagation.tasks import TASKS
from demos.kit import downloads, text
from demos.kit.lesson import Lesson, Room

FORM = kit.Form(
    x1=choices.X1,
    x2=choices.X2,
    target=choices.TARGET,
    shape=choices.SHAPE,
    activation=choices.ACTIVATION,
    loss=choices.LOSS,
    rate=choices.RATE,
    seed=choices.SEED,
)
ALL = FORM | depth.FORM  # of the whole page
SCREEN = kit.Screen("walk", "network", "station", "choice", "rule", "check", "badge", "small", "taken", "rate")
MOST_DRAWN = 8  # units of a column; a model brought from lesson 8 may have many more


@dataclass(frozen=True)
class Walk:
    """Where the learner stands: the trace, the station, the chosen weight."""

    trace: Any
    station: int = 0
    chosen: int = 0  # index into trace.net.parameters
    taken: bool = False  # a model trained in another lesson, not the net of these settings

    @property
    def drawn(self) -> list[list[int]]:
        """Units of each column that are drawn, those at both ends of the chosen weight among them."""
        net = self.trace.net
        p = net.parameters[self.chosen]
        ends = {p.layer: p.unit, p.layer - 1: p.source or 0}
        sizes = [len(net.weights[0]), *(len(bias) for bias in net.biases)]
        return [_some(size, ends.get(column, 0)) for column, size in enumerate(sizes)]


def _some(size: int, end: int) -> list[int]:
    if end >= MOST_DRAWN:
        return [*range(MOST_DRAWN - 1), end]
    return list(range(min(size, MOST_DRAWN)))


def _config(form: kit.Values) -> Any:
    from core.errors import checking
    from core.lessons.backpropagation.trace import TraceConfig

    with checking() as check:
        check.within("layers", form.shape, choices.SHAPE)
    hidden = choices.SHAPES[form.shape]
    return form.read(
        TraceConfig,
        x=(form.x1, form.x2),
        target=(form.target,),
        hidden=hidden,
        activations=(form.activation,) * len(hidden),
        learning_rate=form.rate,
    )


@kit.handler
def on_trace(lang: str, form: kit.Values) -> kit.Update:
    """Forward pass, loss, backward pass and update of one sample, with all numbers."""
    from core.lessons.backpropagation.trace import trace

    return _shown(lang, Walk(trace(_config(form)))) | SCREEN(small=gr.update(visible=True), taken="")


@kit.handler
def on_prelude(lang: str, form: kit.Values) -> Iterator[kit.Update]:
    """The first seconds: the walk forward and back, station by station."""
    from core.lessons.backpropagation.chain_rule import stations
    from core.lessons.backpropagation.trace import trace

    t, walk = text.load("backpropagation", lang), Walk(trace(_config(form)))
    for step in stations(walk.trace):
        yield SCREEN(network=_network(t, walk, step))


@kit.handler
def on_rate(lang: str, walk: Walk | None, form: kit.Values) -> kit.Update:
    """Another learning rate: for the model that was brought here, or for the net of these settings."""
    from core.lessons.backpropagation.trace import run

    if walk is None or not walk.taken:
        return on_trace(lang, form)
    t = walk.trace
    return _shown(lang, replace(walk, trace=run(t.net, t.x, t.target, t.kind, form.rate)))


@kit.handler
def on_move(lang: str, walk: Walk | None, form: kit.Values, by: int = 1) -> kit.Update:
    """Previous or next station of the walk."""
    from core.lessons.backpropagation.chain_rule import stations

    if walk is None:
        return on_trace(lang, form)
    last = len(stations(walk.trace)) - 1
    return _shown(lang, replace(walk, station=max(0, min(last, walk.station + by))))


@kit.handler
def on_update(lang: str, walk: Walk | None, form: kit.Values) -> kit.Update:
    """Go on from the updated weights: the next iteration on the same sample."""
    from core.lessons.backpropagation.trace import run

    if walk is None:
        return on_trace(lang, form)
    t = walk.trace
    return _shown(lang, replace(walk, trace=run(t.updated, t.x, t.target, t.kind, t.learning_rate), station=0))


@kit.handler
def on_weight(lang: str, walk: Walk | None, link: gr.EventData) -> kit.Update:
    """A link was pressed: the chain rule of that weight."""
    from core.mlp.plain_net import Parameter

    layer, to = int(kit.number(link.layer)), int(kit.number(link.to))
    source = int(kit.number(getattr(link, "from")))
    if walk is None:
        return SCREEN()
    columns = dict(enumerate(map(dict, map(enumerate, walk.drawn))))
    found = Parameter(layer + 1, columns.get(layer + 1, {}).get(to, -1), columns.get(layer, {}).get(source, -1))
    return on_choose(lang, walk, found.name)


@kit.handler
def on_choose(lang: str, walk: Walk | None, choice: str) -> kit.Update:
    """The chain rule of the weight or bias called ``choice``."""
    if walk is None:  # the page slept so long that the server forgot it
        return SCREEN()
    names = [p.name for p in walk.trace.net.parameters]
    return _shown(lang, replace(walk, chosen=names.index(choice) if choice in names else 0))


@kit.handler
def on_take(lang: str, model: Any) -> kit.Update:
    """Open the model trained in lesson 8 here: its weights, its first sample, its learning rate (at most that of the
    page); the settings, which are not its own, make room for its description."""
    from core.lessons.backpropagation.trace import run
    from core.lessons.sequential.lab import opened

    t, (net, x, target) = text.load("backpropagation", lang), opened(model)
    rate = min(model.learning_rate, choices.RATE.default)
    walk = Walk(run(net, x, target, "mse", rate), taken=True)
    sizes = [len(net.weights[0]), *(len(bias) for bias in net.biases)]
    told = t(
        "taken",
        shape="-".join(map(str, sizes)),
        activations=", ".join(t(f"activation.{name}") for name in dict.fromkeys(net.activations)),
        x=_numbers(x),
        target=_numbers(target),
    )
    return _shown(lang, walk) | SCREEN(small=gr.update(visible=False), taken=told, rate=rate)


def _numbers(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:.4g}" for value in values[:MOST_DRAWN]) + (" …" if len(values) > MOST_DRAWN else "")


def _shown(lang: str, walk: Walk) -> kit.Update:
    """The walk: network, station, choice of weight, chain rule, check, badge."""
    from core import runtime
    from core.lessons.backpropagation.chain_rule import chain, stations
    from core.lessons.backpropagation.trace import check_gradients

    t, trace, steps = text.load("backpropagation", lang), walk.trace, stations(walk.trace)
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
    units = [set(column) for column in walk.drawn]
    near = [
        p.name
        for p in trace.net.parameters
        if p.unit in units[p.layer] and (p.source is None or p.source in units[p.layer - 1])
    ]
    choice = gr.update(choices=near, value=names[walk.chosen])
    cpu = runtime.describe("cpu")
    label = kit.badge_text(t, source="computed_now", parameters=len(names), device=cpu)
    return SCREEN(
        walk=walk,
        network=_network(t, walk, step),
        station="\n\n".join(lines),
        choice=choice,
        rule="\n\n".join(words),
        check="\n".join(table),
        badge=label,
    )


def _path(path: Any) -> str:
    symbols = r" \cdot ".join(f.left for f in path.factors)
    return f"{symbols} = {path.product:.4g}"


def _network(t: text.Text, walk: Walk, step: Any) -> dict[str, Any]:
    trace, net = walk.trace, walk.trace.net
    values, drawn = [trace.x, *trace.a], walk.drawn
    titles = [t("input"), *(t("hidden", layer=i) for i in range(1, len(net.weights))), t("output")]
    layers = [
        {
            "title": title if len(units) == len(column) else t("some", title=title, drawn=len(units), all=len(column)),
            "units": [{"name": f"{column[k]:.2f}", "text": f"{title} {k + 1}: {column[k]:.4f}"} for k in units],
        }
        for title, column, units in zip(titles, values, drawn, strict=True)
    ]
    chosen = net.parameters[walk.chosen]
    return {
        "layers": layers,
        "weights": [
            w[before][:, after].tolist() for w, before, after in zip(net.weights, drawn, drawn[1:], strict=False)
        ],
        "biases": [b[units].tolist() for b, units in zip(net.biases, drawn[1:], strict=True)],
        "chosen": {"layer": chosen.layer, "unit": drawn[chosen.layer].index(chosen.unit)},
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
def on_csv(lang: str, walk: Walk | None, form: kit.Values) -> str:
    """Every weight and bias with its gradient three ways, and its value after the update."""
    from core.files.csv_text import to_csv
    from core.lessons.backpropagation.trace import check_gradients, trace

    found = walk.trace if walk else trace(_config(form))
    check = check_gradients(found)
    columns = {"name": [p.name for p in check.parameters], "value": [found.net.get(p) for p in check.parameters]}
    columns |= {"by_hand": check.by_hand.tolist(), "autograd": check.autograd.tolist()}
    columns |= {"finite_difference": check.numeric.tolist()}
    return to_csv(columns | {"after_update": [found.updated.get(p) for p in check.parameters]})


@kit.handler
def on_code(lang: str, walk: Walk | None, form: kit.Values) -> str:
    """The net on the screen (trained further, or taken from lesson 8) and the probe, as one script."""
    from core.lessons.backpropagation.script import probe_script, script
    from core.lessons.backpropagation.trace import trace

    found = walk.trace if walk else trace(_config(form))
    return script(found) + "\n\n" + probe_script(depth.deep_config(form))


def build(lang: str) -> Room:
    t = text.load("backpropagation", lang)
    desk = kit.Desk(t, FORM, SCREEN, kit.header(t))
    desk.put(walk=gr.State(None), model=kit.shelf("model"))
    with gr.Row(equal_height=False, elem_classes="taste-playground"):
        with gr.Column(scale=2, min_width=280):
            with gr.Column() as small:
                with gr.Row():
                    desk.put(x1=gr.Number(choices.X1, label="x₁", min_width=80))
                    desk.put(x2=gr.Number(choices.X2, label="x₂", min_width=80))
                    desk.put(target=gr.Number(choices.TARGET, label=t("target"), min_width=80))
                desk.put(shape=gr.Radio(list(choices.SHAPE), value=choices.SHAPE.default, label=t("shape")))
                desk.put(activation=kit.radio(t, "activation", choices.ACTIVATION, label=t("activation_label")))
                with gr.Accordion(t("more"), open=False):
                    desk.put(loss=kit.radio(t, "loss", choices.LOSS, label=t("loss_label")))
                    desk.put(seed=kit.number_box(choices.SEED, precision=0, label=t("seed"), info=t("seed_info")))
            desk.put(small=small, taken=kit.markdown(""))
            desk.put(rate=kit.number_box(choices.RATE, label=t("rate")))
            take = gr.Button(t("take"), size="md")
        with gr.Column(scale=5, min_width=300, elem_classes="taste-play-output"):
            desk.put(network=views.network(height=260, can=("weight",)))
            with gr.Row(elem_classes="taste-buttons"):
                back = gr.Button(t("previous"), min_width=90)
                forth = gr.Button(t("next"), variant="primary", min_width=90)
                again = gr.Button(t("update"), min_width=120)
                reset = gr.Button(t("reset"), min_width=80)
            desk.put(station=kit.markdown("", min_height=190), badge=kit.badge())
    with gr.Row(equal_height=False):
        with gr.Column(scale=4, min_width=300):
            desk.put(choice=gr.Dropdown([], label=t("choose"), info=t("choose_info")))
            desk.put(rule=kit.markdown(""))
        with gr.Column(scale=3, min_width=300):
            desk.put(check=kit.markdown("", elem_classes="taste-table"))
            save = downloads.button(t)
    with gr.Accordion(t("depth_title"), open=True):
        deep = depth.build(t, desk.language)
    changes = [control.input for name, control in desk.controls.items() if name != "rate"]
    desk.on((*changes, reset.click), on_trace, api="backpropagation_trace")
    desk.on(desk.rate.input, on_rate)
    desk.on(back.click, on_move, by=-1)
    desk.on(forth.click, on_move, by=1)
    desk.on(again.click, on_update)
    desk.on(desk.network.weight, on_weight)
    desk.on(desk.choice.input, on_choose)
    desk.on(take.click, on_take)
    downloads.save(desk, save, "backpropagation.csv", on_csv)
    kit.tasks(t, TASKS)
    whole = kit.Desk(t, ALL, language=desk.language)
    whole.put(walk=desk.walk, **desk.controls, **deep.controls)
    kit.code_panel(whole, "backpropagation.py", on_code)
    kit.share(t, whole.controls)
    kit.story(t)
    prelude = desk.prelude(on_prelude, "network", back=True)
    return Room(whole.controls, desk.opening(on_trace), (deep.opening(depth.on_open),), prelude)


LESSON = Lesson("backpropagation", build)
