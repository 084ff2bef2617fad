"""Lesson 4: the learner slides a point along an activation function and watches its slope live, saturate or die."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import gradio as gr

from core.lessons.activations import choices
from demos import kit, views
from demos.activations import side_by_side as gallery
from demos.activations.tasks import TASKS
from demos.kit import text
from demos.kit.lesson import Lesson, Room

COLOURS = gallery.COLOURS
LOW, HIGH = choices.Z.low, choices.Z.high
SCORES = tuple(f"score{i}" for i in range(len(choices.SCORES)))
FORM = kit.Form(
    name=choices.ACTIVATION,
    others=lambda: list(choices.BESIDE),
    z=choices.Z,
    **dict(zip(SCORES, choices.SCORES, strict=True)),
    temperature=choices.TEMPERATURE,
)
ALL = FORM | gallery.FORM  # of the whole page
SCREEN = kit.Screen("z", "picture", "said", "bars", "moves")
CLAMPED = f"(lang, name, others, z) => [lang, name, others, Math.min({HIGH}, Math.max({LOW}, z))]"  # z may be typed
PRELUDE = 23  # stretches that the point comes along in the first seconds
POINT, SOFTMAX = ("picture", "said"), ("bars", "moves")


@kit.handler
def on_point(lang: str, name: str, others: list[str], z: float) -> kit.Update:
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
        state = t(f"short.{beside.state}")
        said.append(t("beside", name=t(f"name.{each}"), value=beside.value, slope=beside.slope, state=state))
    said.append(kit.badge_text(t, source="computed_now", device=runtime.describe("cpu")))
    return SCREEN(picture=picture, said="\n\n".join(said))


@kit.handler
def on_move(lang: str, name: str, others: list[str], move: gr.EventData) -> kit.Update:
    """The point was dragged, or moved by the arrow keys."""
    z = min(max(kit.number(move.z, "z"), LOW), HIGH)
    return SCREEN(z=z) | on_point(lang, name, others, z)


@kit.handler
def on_softmax(lang: str, score0: float, score1: float, score2: float, score3: float, temperature: float) -> kit.Update:
    """Softmax of four scores at a temperature: the probabilities, and how each moves."""
    from core.mlp.activations import softmax

    t, result = text.load("activations", lang), softmax([score0, score1, score2, score3], temperature)
    shares, top = result.probabilities.tolist(), int(result.probabilities.argmax())
    names, after = [t(f"animal.{i}") for i in range(len(shares))], (top + 1) % len(shares)
    bars = {
        "items": [
            {"name": n, "value": p, "text": f"{p:.1%}", "colour": 1 if i == top else 7}
            for i, (n, p) in enumerate(zip(names, shares, strict=True))
        ],
        "low": 0,
        "high": 1,
        "caption": t("softmax_caption", name=names[top], share=shares[top], total=sum(shares)),
    }
    own, other = float(result.jacobian[top, top]), float(result.jacobian[after, top])
    moves = {
        "cells": result.jacobian.tolist(),
        "text": [[f"{v:+.3f}" for v in row] for row in result.jacobian.tolist()],
        "rows": [t("share_of", name=n) for n in names],
        "cols": [t("score_of", name=n) for n in names],
        "caption": t("jacobian_caption", name=names[top], own=own, next=names[after], other=other),
    }
    return SCREEN(bars=bars, moves=moves)


@kit.handler
def on_open(lang: str, form: kit.Values) -> kit.Update:
    """The first screen: a point on its curve, four probabilities."""
    scores = [form[score] for score in SCORES]
    return on_point(lang, form.name, form.others, form.z) | on_softmax(lang, *scores, form.temperature)


@kit.handler
def on_prelude(lang: str, form: kit.Values) -> Iterator[kit.Update]:
    """The first seconds: the point comes along the curve to its place."""
    for k in range(PRELUDE + 1):
        yield on_point(lang, form.name, form.others, LOW + (form.z - LOW) * k / PRELUDE)


@kit.handler
def on_code(lang: str, run: Any, form: kit.Values) -> str:
    """The numbers of the three pictures, as a program in plain PyTorch."""
    from core.lessons.activations.script import script

    names, scores = list(dict.fromkeys([form.name, *form.others])), [form[score] for score in SCORES]
    return script(names, form.z, scores, form.temperature, *gallery.shown(run, form))


def build(lang: str) -> Room:
    t = text.load("activations", lang)
    language = kit.header(t)
    desk = kit.Desk(t, FORM, SCREEN, language)
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=300):
            desk.put(picture=views.tangent(height=300, can=("move",)))
            desk.put(z=kit.slider(choices.Z, label=t("z")))
        with gr.Column(scale=4, min_width=300):
            desk.put(name=kit.radio(t, "name", choices.ACTIVATION, label=t("which")))
            desk.put(said=kit.markdown("", min_height=230))
            names = t.choices("name", choices.ACTIVATION)
            desk.put(others=gr.CheckboxGroup(names, value=list(choices.BESIDE), label=t("others")))
    nets = gallery.build(t, language)
    kit.markdown(t("softmax_title"))
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            for i, score in enumerate(choices.SCORES):
                label = t("score_of", name=t(f"animal.{i}"))
                desk.put(**{SCORES[i]: kit.slider(replace(choices.SCORE, default=score), label=label)})
            desk.put(temperature=kit.slider(choices.TEMPERATURE, label=t("temperature"), info=t("temperature_info")))
        with gr.Column(scale=3, min_width=300):
            desk.put(bars=views.bars())
            with gr.Accordion(t("jacobian_title"), open=False):
                desk.put(moves=views.matrix())
    desk.on(desk.z.input, on_point, kit.LIGHT | {"js": CLAMPED}, to=POINT, api="activations_at")
    desk.on((desk.name.change, desk.others.change), on_point, to=POINT)
    desk.on(desk.picture.move, on_move, to=("z", *POINT))
    changes = [desk.temperature.change, *(getattr(desk, score).change for score in SCORES)]
    desk.on(changes, on_softmax, to=SOFTMAX, api="activations_softmax")
    kit.tasks(t, TASKS)
    whole = kit.Desk(t, ALL, language=language)
    whole.put(run=nets.run, **desk.controls, **nets.controls)
    kit.code_panel(whole, "activations.py", on_code)
    kit.share(t, whole.controls)
    kit.story(t)
    opening, more = desk.opening(on_open, (*POINT, *SOFTMAX)), (nets.opening(gallery.on_reset),)
    return Room(whole.controls, opening, more, desk.prelude(on_prelude, "picture"))


LESSON = Lesson("activations", build)
