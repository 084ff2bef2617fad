"""Lesson 1, second half: how many points each of the two needs, measured from 5 to 500 before the learner's eyes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from core.lessons.ml_vs_dl import choices
from demos import kit, views
from demos.kit import downloads, text
from demos.ml_vs_dl import settings

FORM = kit.Form(sweep=choices.SWEEP, draws=choices.DRAWS, **settings.CONTROLS)
SCREEN = kit.Screen("rows", "curve", "said", "begun")  # ``begun`` changes once, and sets the first measurement off
MEASURED = ("rows", "curve", "said")


@kit.handler
def on_open(lang: str) -> int:
    """The lesson is on the screen: the first measurement sets off."""
    return 1


@kit.handler
def on_sweep(lang: str, form: kit.Values) -> Iterator[kit.Update]:
    """Held-out accuracy of both on 5 to 500 training points: where deep learning loses, and where it catches up."""
    from core import runtime
    from core.events import Done
    from core.lessons.ml_vs_dl.sample_size import SweepStep, sweep

    t, config = text.load("ml_vs_dl", lang), read(form)
    for event in sweep(config, deadline=kit.RUN_SECONDS):
        match event:
            case SweepStep():
                yield SCREEN(rows=event.rows, curve=_curve(t, event))
            case Done(result=run, seconds=seconds, stopped=why):
                said = (
                    t("sweep.crossing", size=run.crossing) if run.crossing else t("sweep.never", size=run.rows[-1].size)
                )
                label = kit.badge_text(t, source="trained_now", seconds=seconds, device=runtime.describe("cpu"))
                ended = kit.why_stopped(t, why, config.net.learning_rate)
                yield SCREEN(rows=run.rows, said=f"{said}\n\n{label}{ended}")


def read(form: kit.Values) -> Any:
    """The ``SweepConfig`` of the controls: noisy moons, or the match that is chosen above."""
    from core.errors import checking
    from core.lessons.ml_vs_dl.sample_size import SweepConfig

    with checking() as check:
        check.within("data", form.sweep, choices.SWEEP)
    match, draws = settings.read(form), kit.whole(form.draws)
    if form.sweep == "moons":
        return SweepConfig(draws=draws, seed=match.data.seed)
    data = match.data
    return SweepConfig(data.name, data.noise, draws=draws, features=match.features, net=match.net, seed=data.seed)


def _curve(t: text.Text, event: Any) -> dict[str, Any]:
    sizes = [row.size for row in event.rows]
    means = [row.means for row in event.rows]
    return {
        "series": [
            {"name": t("machine"), "x": sizes, "y": [m for m, _ in means], "colour": 2, "dots": True},
            {"name": t("deep"), "x": sizes, "y": [d for _, d in means], "colour": 1, "dots": True},
        ],
        "logx": True,
        "xlim": [4, 600],
        "ylim": [0.4, 1.02],
        "xlabel": t("sweep.x"),
        "ylabel": t("sweep.y"),
        "caption": t(
            "sweep.caption", done=event.done, total=event.total, size=sizes[-1], machine=means[-1][0], deep=means[-1][1]
        ),
    }


@kit.handler
def on_csv(lang: str, rows: Any) -> str:
    """Every draw as a row: training points, draw, accuracy of both on 1,000 held-out points."""
    from core.files.csv_text import to_csv

    draws = [
        (row.size, k, m, d) for row in rows or () for k, (m, d) in enumerate(zip(row.machine, row.deep, strict=True), 1)
    ]
    names = ("points", "draw", "machine_learning", "deep_learning")
    return to_csv({name: [draw[i] for draw in draws] for i, name in enumerate(names)})


def build(t: text.Text, match: kit.Desk) -> kit.Desk:
    """Layout and events; ``match`` is the desk of the first half, whose settings may be measured."""
    desk = kit.Desk(t, FORM, SCREEN, match.language)
    desk.put(rows=gr.State(None), begun=gr.State(0), **match.controls)
    kit.markdown(t("sweep.lead"))
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            desk.put(sweep=kit.radio(t, "sweep.kind", choices.SWEEP, label=t("sweep.kind_label")))
            desk.put(draws=kit.slider(choices.DRAWS, label=t("sweep.draws"), info=t("sweep.draws_info")))
            with gr.Row(elem_classes="taste-buttons"):
                go = gr.Button(t("sweep.go"), min_width=120)
                halt = gr.Button(t("stop"), variant="stop", min_width=80)
            save = downloads.button(t)
        with gr.Column(scale=5, min_width=300):
            desk.put(curve=views.curve(height=260), said=kit.markdown("", min_height=76))
    first = desk.on(desk.begun.change, on_sweep, kit.RUN, to=MEASURED)
    again = desk.on(go.click, on_sweep, kit.RUN, to=MEASURED, api="ml_vs_dl_sweep", cancels=[first])
    halt.click(None, cancels=[first, again], **kit.PRIVATE)
    downloads.save(desk, save, "sample_size.csv", on_csv)
    return desk
