"""Part of lesson 12: the LLM opened up: what each layer would say next, and who looks at whom."""

from __future__ import annotations

from typing import Any

import gradio as gr

from core.lessons.language_model import choices
from demos import kit, views
from demos.kit import text
from demos.language_model import shown

FORM = kit.Form(layer=choices.LAYER, head=choices.HEAD)
SCREEN = kit.Screen("seen", "lens", "looks", "said", "layer", "head")


@kit.handler
def on_hood(lang: str, here: Any, seen: Any, layer: float, head: float) -> kit.Update:
    """Read the story once more with the hood open: logit lens, and the attention of one layer and head."""
    from core.errors import InvalidInput
    from core.lessons.language_model.story import hood, inspect

    t = text.load("language_model", lang)
    if here is None:
        raise InvalidInput("no_hood")
    if seen is None or seen[0] != (here.about, here.ids):  # another layer of the same story is there already
        seen = (here.about, here.ids), inspect(here)
    found = hood(here, seen[1], kit.whole(layer), kit.whole(head))
    best = found.lens[-1][0]
    lens = {
        "cells": [[c.probability for c in row] for row in found.lens],
        "text": [[shown.visible(c.text) for c in row] for row in found.lens],
        "rows": [t("hood.embedding"), *map(str, range(1, found.layers + 1))],
        "cols": [str(rank) for rank in range(1, len(found.lens[0]) + 1)],
        "corner": t("hood.layer_rank"),
        "low": 0,
        "high": 1,
        "caption": t("hood.lens_caption", best=shown.visible(best.text), share=best.probability),
    }
    names = [shown.visible(piece.name) for piece in found.tokens]
    looks = {
        "cells": [[round(x, 3) for x in row] for row in found.map.tolist()],
        "rows": names,
        "cols": names,
        "corner": t("hood.from_to"),
        "low": 0,
        "high": 1,
        "caption": t("hood.map_caption", layer=kit.whole(layer), head=kit.whole(head)),
    }
    said = t("hood.said", layers=found.layers, heads=found.heads, count=len(names), seconds=found.seconds)
    if len(here.ids) > len(names):
        said += " " + t("hood.part", count=len(names), all=len(here.ids))
    sliders = {"layer": gr.update(maximum=found.layers), "head": gr.update(maximum=found.heads)}
    return SCREEN(seen=seen, lens=lens, looks=looks, said=said, **sliders)


def build(page: kit.Desk) -> None:
    t, desk = page.t, kit.Desk(page.t, FORM, SCREEN, page.language)
    desk.put(here=page.here, seen=gr.State(None))
    kit.markdown(t("hood.hint"))
    with gr.Row(equal_height=False):
        desk.put(layer=kit.slider(choices.LAYER, label=t("hood.layer"), min_width=160))
        desk.put(head=kit.slider(choices.HEAD, label=t("hood.head"), min_width=160))
        look = gr.Button(t("hood.open"), min_width=140)
    desk.put(said=kit.markdown("", min_height=28))
    with gr.Row(equal_height=False):
        with gr.Column(min_width=280):
            desk.put(lens=views.matrix())
        with gr.Column(min_width=280):
            desk.put(looks=views.matrix())
    desk.on(look.click, on_hood, kit.RUN, api="language_model_inside")
    slid = kit.RUN | {"trigger_mode": "always_last"}
    desk.on((desk.layer.release, desk.head.release), on_hood, slid)
