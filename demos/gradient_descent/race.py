"""Lesson 3, the race: six optimisers from one start, in lock-step on one surface."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from core.lessons.gradient_descent import choices
from demos import kit, views
from demos.kit import text

FORM = kit.Form(scaling=choices.SCALING, batch=choices.BATCH, w=choices.W, b=choices.B, seed=choices.SEED)
SCREEN = kit.Screen("plane", "curve", "ranking")


@kit.handler
def on_race(lang: str, form: kit.Values) -> Iterator[kit.Update]:
    """Race SGD, momentum, Nesterov, Adagrad, RMSprop and Adam from (w, b), each with a good learning rate."""
    from core import runtime
    from core.data import people
    from core.errors import checking
    from core.events import Done
    from core.lessons.gradient_descent.race import RaceConfig, RaceStep, race, surface

    t, (x, y) = text.load("gradient_descent", lang), people.load()
    with checking() as check:
        check.within("batch_size", form.batch, choices.BATCH)
    config = form.read(RaceConfig, batch_size=choices.BATCHES[form.batch])
    bowl = surface(x, y, config.scaling, show=[(config.w, config.b)])
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
                yield SCREEN(plane=plane | {"lines": lines, "caption": caption}, curve=curve)
            case Done(result=run, seconds=seconds):
                rows = _ranking(t, config, run)
                label = kit.badge_text(t, source="trained_now", seconds=seconds, device=runtime.describe("cpu"))
                yield SCREEN(ranking="\n".join([*rows, "", label]))


def _ranking(t: text.Text, config: Any, run: Any) -> list[str]:
    """Who arrived after how many moves; on mini-batches, who was lowest on average at the end."""
    moves = dict(zip(config.optimizers, run.arrived, strict=True))
    heights = dict(zip(config.optimizers, run.heights, strict=True))
    lead = [t("race.noisy", count=choices.SETTLED), ""] if run.noisy else []
    rows = [*lead, t("race.noisy_head" if run.noisy else "race.head"), "|---|---|---|"]
    for place, name in enumerate(run.ranking, 1):
        arrived = t("race.moves", count=moves[name]) if moves[name] else t("race.not_yet")
        end = t("race.height", height=heights[name]) if run.noisy else arrived
        rows.append(f"| {place} | {t(f'optimizer.{name}')} | {end} |")
    return rows


def _name(t: text.Text, run: Any) -> str:
    return f"{t(f'optimizer.{run.config.optimizer}')} (α {run.config.learning_rate:g})"


def build(t: text.Text, descent: kit.Desk, panel: gr.Accordion) -> kit.Desk:
    """Layout and events; the race starts from where the controls of ``descent`` say, also when ``panel`` opens."""
    desk = kit.Desk(t, FORM, SCREEN, descent.language)
    desk.put(**{name: descent.controls[name] for name in FORM.names})
    kit.markdown(t("race.lead"))
    with gr.Row(elem_classes="taste-buttons"):
        go = gr.Button(t("race.go"), variant="primary", min_width=140)
        stop = gr.Button(t("stop"), variant="stop", min_width=80)
    with gr.Row():
        desk.put(plane=views.plane(height=340), curve=views.curve(height=340))
    desk.put(ranking=kit.markdown(""))
    runs = desk.on((go.click, panel.expand), on_race, kit.RUN, api="gradient_descent_race")
    stop.click(None, cancels=runs, **kit.PRIVATE)
    return desk
