"""Lesson 1, second half: how many points each of the two needs, measured from 5 to 500 before the learner's eyes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from demos import kit, views
from demos.kit import downloads, text

KINDS = ("moons", "mine")  # very noisy moons, where the two cross; or what is chosen above


@dataclass(frozen=True)
class Sweep:
    """Its components: ``begun`` changes once when the lesson opens, and sets the first measurement off."""

    kind: gr.Radio
    draws: gr.Slider
    begun: gr.State


def _config(kind: str, draws: float, versus: Any) -> Any:
    from core.errors import Check
    from core.lessons.ml_vs_dl.sample_size import SweepConfig

    check = Check()
    check.one_of("data", kind, KINDS)
    check.done()
    draws, data, net = kit.whole(draws), versus.data, versus.net
    if kind == "moons":
        return SweepConfig(draws=draws, seed=data.seed)
    return SweepConfig(data.name, data.noise, draws=draws, features=versus.features, net=net, seed=data.seed)


def shown(lang: str, kind: str, draws: float, versus: Any) -> Iterator[tuple[Any, ...]]:
    """Held-out accuracy of both on 5 to 500 training points: where deep learning loses, and where it catches up."""
    from core import runtime
    from core.events import Done
    from core.lessons.ml_vs_dl.sample_size import SweepStep, sweep

    t, config = text.load("ml_vs_dl", lang), _config(kind, draws, versus)
    for event in sweep(config, deadline=kit.RUN_SECONDS):
        match event:
            case SweepStep():
                yield event.rows, _curve(t, event), gr.skip()
            case Done(result=run, seconds=seconds, stopped=why):
                said = (
                    t("sweep.crossing", size=run.crossing) if run.crossing else t("sweep.never", size=run.rows[-1].size)
                )
                label = kit.badge_text(t, source="trained_now", seconds=seconds, device=runtime.describe("cpu"))
                ended = kit.why_stopped(t, why, config.net.learning_rate)
                yield run.rows, gr.skip(), f"{said}\n\n{label}{ended}"


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


def on_csv(rows: Any) -> str:
    """Every draw as a row: training points, draw, accuracy of both on 1,000 held-out points."""
    from core.files.csv_text import to_csv

    draws = [
        (row.size, k, m, d) for row in rows or () for k, (m, d) in enumerate(zip(row.machine, row.deep, strict=True), 1)
    ]
    names = ("points", "draw", "machine_learning", "deep_learning")
    return to_csv({name: [draw[i] for draw in draws] for i, name in enumerate(names)})


def build(t: text.Text, language: gr.State, on_sweep: Any, controls: list[Any]) -> Sweep:
    """Layout and events; ``on_sweep(lang, kind, draws, *controls)`` streams the rows, the curve and the words."""
    rows, begun = gr.State(None), gr.State(0)
    kit.markdown(t("sweep.lead"))
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            kind = gr.Radio(t.choices("sweep.kind", KINDS), value="moons", label=t("sweep.kind_label"))
            draws = gr.Slider(1, 10, value=2, step=1, label=t("sweep.draws"), info=t("sweep.draws_info"))
            with gr.Row(elem_classes="taste-buttons"):
                go = gr.Button(t("sweep.go"), min_width=120)
                halt = gr.Button(t("stop"), variant="stop", min_width=80)
            downloads.csv(t, "sample_size.csv", on_csv, [rows])
        with gr.Column(scale=5, min_width=300):
            curve, said = views.curve(height=260), kit.markdown("", min_height=76)
    inputs, outputs = [language, kind, draws, *controls], [rows, curve, said]
    first = begun.change(on_sweep, inputs, outputs, **kit.RUN, **kit.PRIVATE)
    again = go.click(on_sweep, inputs, outputs, cancels=[first], **kit.RUN, **kit.api("ml_vs_dl_sweep"))
    halt.click(None, cancels=[first, again], **kit.PRIVATE)
    return Sweep(kind, draws, begun)
