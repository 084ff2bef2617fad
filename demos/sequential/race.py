"""Lesson 8, side by side: the same rows learnt in two or three ways, epoch by epoch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from demos import kit, views
from demos.kit import text
from demos.sequential import controls as ctl

RACES = ("standardise", "source", "dropout")


@kit.handler
def on_race(lang: str, kind: str, *controls: Any) -> Iterator[tuple[Any, Any]]:
    """Train the rivals in turn; one line each: mean error in the target's unit, or accuracy."""
    from core import runtime
    from core.events import Done
    from core.lessons.sequential.race import RaceStep, race

    t, spec = text.load("sequential", lang), ctl.chosen(controls)
    for event in kit.paced(race(spec, kind, every=kit.FRAME_SECONDS, deadline=kit.RUN_SECONDS), 0):
        match event:
            case RaceStep():
                yield shown(t, event, kind), gr.skip()
            case Done(seconds=seconds):
                yield (
                    gr.skip(),
                    kit.badge_text(t, source="trained_now", seconds=seconds, device=runtime.describe("cpu")),
                )


def shown(t: text.Text, step: Any, kind: str) -> dict[str, Any]:
    """The race as lines over epochs, and who stands where."""
    accurate = step.measured == "accuracy"
    names = {name: t(f"race.{kind}.{name}", count=count) for name, count, _ in step.runners}
    ends = [
        t("race.accuracy" if accurate else "race.error", name=names[name], value=values[-1])
        for name, _, values in step.runners
        if len(values)
    ]
    return {
        "series": [
            {"name": names[name], "y": [float(f"{v:.6g}") for v in values.tolist()], "colour": i}
            for i, (name, _, values) in enumerate(step.runners, 1)
        ],
        "xlabel": t("curve.x"),
        "ylabel": t(f"race.{step.measured}_label"),
        "logy": not accurate,
        "caption": t("race.caption", epoch=step.epoch, part=t(f"part.{step.part}"), ends=", ".join(ends)),
    }


def build(t: text.Text, language: gr.State, values: list[Any]) -> None:
    kit.markdown(t("race.lead"))
    kind = gr.Radio(t.choices("race.kind", RACES), value="standardise", label=t("race.label"))
    with gr.Row(elem_classes="taste-buttons"):
        go = gr.Button(t("race.run"), min_width=140, scale=0)
        stop = gr.Button(t("stop"), variant="stop", min_width=100, scale=0)
    curve = views.curve(height=250)
    badge = kit.badge()
    running = go.click(on_race, [language, kind, *values], [curve, badge], **kit.RUN, **kit.api("sequential_race"))
    stop.click(None, cancels=[running], **kit.PRIVATE)
