"""Lesson 4: the learner slides a point along an activation function and watches its slope live, saturate or die."""

from __future__ import annotations

from typing import Any

import gradio as gr

from demos import kit, views
from demos.activations import side_by_side as gallery
from demos.activations.tasks import SCORES, TASKS
from demos.kit import text
from demos.kit.lesson import Lesson, Opening, Room

COLOURS = gallery.COLOURS
LOW, HIGH = -6, 6  # the z that is drawn


@kit.handler
def on_point(lang: str, name: str, others: list[str], z: float) -> tuple[Any, str]:
    """Value, slope and call-out of a function at z, −6 to 6, and of the others beside it."""
    from core import runtime
    from core.mlp.activations import ACTIVATIONS, at, curves, zones

    t, point = text.load("activations", lang), at(name, z)
    names = list(dict.fromkeys([name, *others]))
    drawn = curves(names, LOW, HIGH)
    called = {"name": t(f"name.{name}"), "z": point.z, "value": point.value, "slope": point.slope}
    picture = {
        "x": [LOW, HIGH],
        "xlabel": "z",
        "curves": [
            {
                "name": t(f"name.{each}"),
                "colour": COLOURS[each],
                "f": [round(v, 4) for v in drawn.f[each].tolist()],
                "slope": [round(v, 4) for v in drawn.slope[each].tolist()],
            }
            for each in names
        ],
        "at": {"z": point.z, "value": point.value, "slope": point.slope},
        "zones": [
            {"low": zone.low, "high": zone.high, "name": t(f"short.{zone.state}")}
            for zone in zones(name, LOW, HIGH)
            if zone.state not in ("healthy", "linear")
        ],
        "words": {word: t(f"words.{word}") for word in ("f", "slope", "tangent")},
        "caption": t("point_caption", **called),
    }
    row = ACTIVATIONS[name]
    said = [
        t("at", **called),
        f"**{t(f'short.{point.state}')}** — {t(f'state.{point.state}', **called)}",
        t("ten", left=point.through(10)),
        f"$${row.formula}$$",
        f"$${row.derivative_formula}$$",
    ]
    for each in names[1:]:
        beside = at(each, z)
        said.append(
            t(
                "beside",
                name=t(f"name.{each}"),
                value=beside.value,
                slope=beside.slope,
                state=t(f"short.{beside.state}"),
            )
        )
    said.append(kit.badge_text(t, source="computed_now", device=runtime.describe("cpu")))
    return picture, "\n\n".join(said)


@kit.handler
def on_move(lang: str, name: str, others: list[str], move: gr.EventData) -> tuple[float, Any, str]:
    """The point was dragged, or moved by the arrow keys."""
    z = min(max(kit.number(move.z, "z"), LOW), HIGH)
    return z, *on_point(lang, name, others, z)


@kit.handler
def on_softmax(lang: str, *scores: float) -> tuple[Any, Any]:
    """Softmax of four scores at a temperature (the last number): the probabilities, and how each moves."""
    from core.mlp.activations import softmax

    *logits, temperature = scores
    t, result = text.load("activations", lang), softmax(logits, temperature)
    names = [t(f"animal.{i}") for i in range(len(logits))]
    shares, top = result.probabilities.tolist(), int(result.probabilities.argmax())
    bars = {
        "items": [
            {"name": n, "value": p, "text": f"{p:.1%}", "colour": 1 if i == top else 7}
            for i, (n, p) in enumerate(zip(names, shares, strict=True))
        ],
        "low": 0,
        "high": 1,
        "caption": t("softmax_caption", name=names[top], share=shares[top], total=sum(shares)),
    }
    moves = {
        "cells": result.jacobian.tolist(),
        "text": [[f"{v:+.3f}" for v in row] for row in result.jacobian.tolist()],
        "rows": [t("share_of", name=n) for n in names],
        "cols": [t("score_of", name=n) for n in names],
        "caption": t(
            "jacobian_caption", name=names[top], own=result.jacobian[top, top], next=names[(top + 1) % len(names)],
            other=result.jacobian[(top + 1) % len(names), top],
        ),
    }  # fmt: skip
    return bars, moves


@kit.handler
def on_open(lang: str, name: str, others: list[str], z: float, *rest: Any) -> tuple[Any, ...]:
    """The first screen: a point on its curve, eight nets before learning, four probabilities."""
    cut = len(SCORES) + 1
    return *on_point(lang, name, others, z), *on_softmax(lang, *rest[:cut]), *gallery.on_reset(lang, *rest[cut:])


@kit.handler
def on_code(lang: str, run: Any, name: str, others: list[str], z: float, *rest: Any) -> str:
    """The numbers of the three pictures, as a script."""
    cut = len(SCORES) + 1
    *scores, temperature = rest[:cut]
    config, epochs = gallery.shown(run, *rest[cut:])
    names = list(dict.fromkeys([name, *others]))
    return CODE.format(names=names, z=z, scores=scores, temperature=temperature, config=config, epochs=epochs)


CODE = """from core.lessons.activations.side_by_side import NetsConfig, SideBySide
from core.mlp.activations import at, softmax
from core.events import drain

for name in {names}:
    point = at(name, {z})
    print(name, point.value, point.slope, point.state)

print(softmax({scores}, temperature={temperature}).probabilities)

run = drain(SideBySide({config}).steps(epochs={epochs}))
for net in run.view().nets:
    print(net.name, net.loss, net.accuracy, net.dead, net.saturated)
"""


def build(lang: str) -> Room:
    t = text.load("activations", lang)
    language, names = kit.header(t), t.choices("name", COLOURS)
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=300):
            picture = views.tangent(height=380, can=("move",))
            z = gr.Slider(LOW, HIGH, value=2, step=0.01, label=t("z"))
        with gr.Column(scale=4, min_width=300):
            name = gr.Radio(names, value="tanh", label=t("which"))
            said = kit.markdown("", min_height=260)
            others = gr.CheckboxGroup(names, value=["sigmoid"], label=t("others"))
    nets = gallery.build(t, language)
    kit.markdown(t("softmax_title"))
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            scores = [
                gr.Slider(-5, 5, value=score, step=0.1, label=t("score_of", name=t(f"animal.{i}")))
                for i, score in enumerate(SCORES)
            ]
            temperature = gr.Slider(0.1, 5, value=1, step=0.1, label=t("temperature"), info=t("temperature_info"))
        with gr.Column(scale=3, min_width=300):
            bars = views.bars()
            with gr.Accordion(t("jacobian_title"), open=False):
                moves = views.matrix()
    point, soft = [language, name, others, z], [language, *scores, temperature]
    quiet = kit.LIGHT | kit.PRIVATE
    z.input(on_point, point, [picture, said], **kit.LIGHT, **kit.api("activations_at"))
    for chosen in (name, others):
        chosen.change(on_point, point, [picture, said], **quiet)
    picture.move(on_move, point[:-1], [z, picture, said], **quiet)
    for score in scores:
        score.change(on_softmax, soft, [bars, moves], **quiet)
    temperature.change(on_softmax, soft, [bars, moves], **kit.LIGHT, **kit.api("activations_softmax"))
    inputs = [*point, *soft[1:], *nets.controls.values()]
    kit.tasks(t, TASKS)
    kit.code_panel(t, "activations.py", on_code, [language, nets.run, *inputs[1:]])
    controls = {"name": name, "others": others, "z": z, "temperature": temperature, **nets.controls}
    controls |= {f"score{i}": slider for i, slider in enumerate(scores)}
    kit.share(t, controls)
    kit.story(t)
    return Room(controls, Opening(on_open, inputs, [picture, said, bars, moves, *nets.outputs]))


LESSON = Lesson("activations", build)
