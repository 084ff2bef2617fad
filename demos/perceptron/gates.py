"""Lesson 2, second half: Rosenblatt's learning rule on AND, OR and XOR, and why XOR never ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from core.lessons.perceptron import choices
from demos import kit, views
from demos.kit import text

FORM = kit.Form(gate=choices.GATE)
SCREEN = kit.Screen("plane", "table", "said")


@kit.handler
def on_open(lang: str, gate: str) -> kit.Update:
    """The four rows of the truth table, before learning."""
    from core.lessons.perceptron.logic_gates import GATES as TABLE
    from core.lessons.perceptron.logic_gates import INPUTS, GateConfig

    t, targets = text.load("perceptron", lang), TABLE[GateConfig(gate).gate]
    points = [[*row, 1 if target else -1] for row, target in zip(INPUTS.tolist(), targets, strict=True)]
    plane = _plane(t, points, [], t("gate.ready"))
    return SCREEN(plane=plane, table=_table(t, INPUTS.tolist(), targets, None), said="")


@kit.handler
def on_learn(lang: str, gate: str) -> Iterator[kit.Update]:
    """Rosenblatt's rule, row by row, until every row is right or the weights come back."""
    from core import runtime
    from core.events import Done
    from core.lessons.perceptron.logic_gates import GATES as TABLE
    from core.lessons.perceptron.logic_gates import INPUTS, GateConfig, GateStep, learn_gate

    t, config = text.load("perceptron", lang), GateConfig(gate)
    targets = TABLE[gate]
    points = [[*row, 1 if target else -1] for row, target in zip(INPUTS.tolist(), targets, strict=True)]
    for event in kit.paced(learn_gate(config), 0.18):
        match event:
            case GateStep():
                border = [{"xy": event.border.tolist(), "colour": 2, "width": 3}] if len(event.border) else []
                ringed = [[*p, 1] if i == event.row else p for i, p in enumerate(points)]
                w1, w2, b = event.after
                words = t(
                    "gate.step",
                    epoch=event.epoch,
                    x1=event.inputs[0],
                    x2=event.inputs[1],
                    w1=w1,
                    w2=w2,
                    b=b,
                    right=event.right,
                )
                plane = _plane(t, ringed, border, words)
                yield SCREEN(plane=plane, table=_table(t, INPUTS.tolist(), targets, event))
            case Done(result=run, seconds=seconds):
                first, again = run.cycle or (0, 0)
                told = t(f"gate.{run.outcome}", epochs=len(run.mistakes), first=first, again=again)
                cpu = runtime.describe("cpu")
                label = kit.badge_text(t, source="trained_now", parameters=3, seconds=seconds, device=cpu)
                yield SCREEN(said=f"{told}\n\n{label}")


def _plane(t: text.Text, points: list[Any], lines: list[Any], caption: str) -> dict[str, Any]:
    return {
        "x": [-0.5, 1.5],
        "y": [-0.5, 1.5],
        "xlabel": "x₁",
        "ylabel": "x₂",
        "points": points,
        "radius": 9,
        "lines": lines,
        "equal": True,
        "names": {"high": t("gate.one"), "low": t("gate.zero")},
        "caption": caption,
    }


def _table(t: text.Text, inputs: list[list[int]], targets: tuple[int, ...], event: Any) -> dict[str, Any]:
    outputs = event.outputs if event else [None] * 4
    return {
        "cells": [[*row, target, output] for row, target, output in zip(inputs, targets, outputs, strict=True)],
        "cols": ["x₁", "x₂", t("gate.target"), t("gate.output")],
        "rows": ["1", "2", "3", "4"],
        "text": [
            [*map(str, row), str(target), "–" if output is None else str(output)]
            for row, target, output in zip(inputs, targets, outputs, strict=True)
        ],
        "kind": "plain",
        "marks": [[i, 3] for i, (a, b) in enumerate(zip(targets, outputs, strict=True)) if a == b],
        "alt": t("gate.table"),
    }


def build(t: text.Text, language: gr.State) -> kit.Desk:
    desk = kit.Desk(t, FORM, SCREEN, language)
    kit.markdown(t("gate.lead"))
    with gr.Row(equal_height=False):
        with gr.Column(min_width=280):
            desk.put(gate=kit.radio(t, "gate", choices.GATE, label=t("gate.label")))
            buttons = kit.buttons(t, "gate.learn")
            desk.put(table=views.matrix(), said=kit.markdown(""))
        with gr.Column(min_width=280):
            desk.put(plane=views.plane(square=320))
    run = desk.on(buttons.run.click, on_learn, kit.RUN, api="perceptron_gate")
    buttons.stop.click(None, cancels=[run], **kit.PRIVATE)
    desk.on((desk.gate.change, buttons.reset.click), on_open, cancels=[run])
    return desk
