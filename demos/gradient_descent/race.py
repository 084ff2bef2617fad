"""Lesson 3, the race: six optimisers from one start, in lock-step on one surface."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from demos import kit, views
from demos.kit import text

BATCHES = {"full": None, "5": 5, "2": 2, "1": 1}


@kit.handler
def on_race(lang: str, scaling: str, batch: str, w: float, b: float, seed: float) -> Iterator[tuple[Any, ...]]:
    """Race SGD, momentum, Nesterov, Adagrad, RMSprop and Adam from (w, b), each with a good learning rate."""
    from core import runtime
    from core.data import people
    from core.events import Done
    from core.lessons.gradient_descent.race import RaceConfig, RaceStep, race, surface

    t = text.load("gradient_descent", lang)
    x, y = people.WEIGHTS_KG, people.HEIGHTS_CM
    config = RaceConfig(scaling=scaling, w=w, b=b, batch_size=BATCHES.get(batch), seed=kit.whole(seed), steps=120)
    bowl = surface(x, y, scaling, show=[(w, b)])
    field, rings = views.packed(bowl.shades, "height"), [ring.round(4).tolist() for ring in bowl.contours]
    for event in kit.paced(race(config, x, y, deadline=kit.RUN_SECONDS), 0.06):
        match event:
            case RaceStep():
                lines = [
                    {
                        "name": _name(t, run),
                        "xy": run.path.round(4).tolist(),
                        "colour": i + 1,
                        "end": True,
                        "width": 2.5,
                    }
                    for i, run in enumerate(event.runs)
                ]
                caption = t("race.leader", step=event.step, name=t(f"optimizer.{event.leader}"))
                plane = {
                    "x": list(bowl.w),
                    "y": list(bowl.b),
                    "xlabel": "w",
                    "ylabel": "b",
                    "field": field,
                    "contours": rings,
                }
                losses = [
                    {"name": _name(t, run), "y": run.losses.tolist(), "colour": i + 1}
                    for i, run in enumerate(event.runs)
                ]
                curve = {
                    "series": losses,
                    "x0": 0,
                    "logy": True,
                    "xlabel": t("step_axis"),
                    "ylabel": t("loss"),
                    "caption": caption,
                }
                yield plane | {"lines": lines, "caption": caption}, curve, gr.skip()
            case Done(result=run, seconds=seconds):
                places = dict(zip(config.optimizers, run.arrived, strict=True))
                rows = [t("race.head"), "|---|---|---|"]
                for place, name in enumerate(run.ranking, 1):
                    moves = t("race.moves", count=places[name]) if places[name] else t("race.not_yet")
                    rows.append(f"| {place} | {t(f'optimizer.{name}')} | {moves} |")
                label = kit.badge_text(t, source="trained_now", seconds=seconds, device=runtime.describe("cpu"))
                yield gr.skip(), gr.skip(), "\n".join([*rows, "", label])


def _name(t: text.Text, run: Any) -> str:
    return f"{t(f'optimizer.{run.config.optimizer}')} (α {run.config.learning_rate:g})"


def build(t: text.Text, language: gr.State, inputs: list[Any], panel: gr.Accordion) -> list[Any]:
    kit.markdown(t("race.lead"))
    with gr.Row(elem_classes="taste-buttons"):
        go = gr.Button(t("race.go"), variant="primary", min_width=140)
        stop = gr.Button(t("stop"), variant="stop", min_width=80)
    with gr.Row():
        plane, curve = views.plane(height=340), views.curve(height=340)
    ranking = kit.markdown("")
    outputs = [plane, curve, ranking]
    runs = [
        go.click(on_race, [language, *inputs], outputs, **kit.RUN, **kit.api("gradient_descent_race")),
        panel.expand(on_race, [language, *inputs], outputs, **kit.RUN, **kit.PRIVATE),
    ]
    stop.click(None, cancels=runs, **kit.PRIVATE)
    return outputs
