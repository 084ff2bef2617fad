"""Lesson 8, side by side: the same rows learnt in two or three ways, epoch by epoch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from core.lessons.sequential import choices
from demos import kit, views
from demos.kit import text
from demos.sequential import controls as ctl

SCREEN = kit.Screen("curve", "badge")


@kit.handler
def on_race(lang: str, race: str, form: kit.Values) -> Iterator[kit.Update]:
    """Train the rivals in turn; one line each: mean error in the target's unit, or accuracy."""
    from core import runtime
    from core.events import Cadence, Done
    from core.lessons.sequential import race as races

    t, spec = text.load("sequential", lang), ctl.chosen(form)
    every = Cadence(seconds=kit.FRAME_SECONDS)
    for event in kit.paced(races.race(spec, race, every=every, deadline=kit.RUN_SECONDS), 0):
        match event:
            case races.RaceStep():
                yield SCREEN(curve=shown(t, event, race))
            case Done(seconds=seconds):
                cpu = runtime.describe("cpu")
                yield SCREEN(badge=kit.badge_text(t, source="trained_now", seconds=seconds, device=cpu))


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


def build(page: kit.Desk) -> kit.Desk:
    """The race learns from what is set on the page."""
    t, desk = page.t, kit.Desk(page.t, ctl.FORM, SCREEN, page.language)
    desk.put(**page.controls)
    kit.markdown(t("race.lead"))
    desk.put(race=kit.radio(t, "race.kind", choices.RACE, label=t("race.label")))
    with gr.Row(elem_classes="taste-buttons"):
        go = gr.Button(t("race.run"), min_width=140, scale=0)
        stop = gr.Button(t("stop"), variant="stop", min_width=100, scale=0)
    desk.put(curve=views.curve(height=250), badge=kit.badge())
    running = desk.on(go.click, on_race, kit.RUN, api="sequential_race")
    stop.click(None, cancels=[running], **kit.PRIVATE)
    return desk
