"""Part of lesson 11: the LLM opened up: what each layer would say next, and who looks at whom."""

from __future__ import annotations

from typing import Any

import gradio as gr

from demos import kit, views
from demos.kit import text
from demos.language_model import shown


@kit.handler
def on_hood(lang: str, story: Any, layer: float, head: float) -> tuple[Any, ...]:
    """Read the story once more with the hood open: logit lens, and the attention of one layer and head."""
    from core.errors import InvalidInput
    from core.lessons.language_model import story as speakers

    t = text.load("language_model", lang)
    if story is None:
        raise InvalidInput("no_hood")
    seen = speakers.open_hood(story, kit.whole(layer), kit.whole(head))
    ranks = [str(rank) for rank in range(1, len(seen.lens[0]) + 1)]
    lens = {
        "cells": [[c.probability for c in row] for row in seen.lens],
        "text": [[shown.visible(c.text) for c in row] for row in seen.lens],
        "rows": [t("hood.embedding"), *map(str, range(1, seen.layers + 1))],
        "cols": ranks,
        "corner": t("hood.layer_rank"),
        "low": 0,
        "high": 1,
        "caption": t(
            "hood.lens_caption", best=shown.visible(seen.lens[-1][0].text), share=seen.lens[-1][0].probability
        ),
    }
    names = [shown.visible(piece.name) for piece in seen.tokens]
    looks = {
        "cells": [[round(x, 3) for x in row] for row in seen.map.tolist()],
        "rows": names,
        "cols": names,
        "corner": t("hood.from_to"),
        "low": 0,
        "high": 1,
        "caption": t("hood.map_caption", layer=kit.whole(layer), head=kit.whole(head)),
    }
    said = t("hood.said", layers=seen.layers, heads=seen.heads, count=len(names), seconds=seen.seconds)
    return lens, looks, said, gr.update(maximum=seen.layers), gr.update(maximum=seen.heads)


def build(t: text.Text, language: gr.State, story: gr.State) -> None:
    kit.markdown(t("hood.hint"))
    with gr.Row(equal_height=False):
        layer = gr.Slider(1, 30, value=1, step=1, label=t("hood.layer"), min_width=160)
        head = gr.Slider(1, 9, value=1, step=1, label=t("hood.head"), min_width=160)
        look = gr.Button(t("hood.open"), min_width=140)
    said = kit.markdown("", min_height=28)
    with gr.Row(equal_height=False):
        with gr.Column(min_width=280):
            lens = views.matrix()
        with gr.Column(min_width=280):
            looks = views.matrix()
    inputs, outputs = [language, story, layer, head], [lens, looks, said, layer, head]
    look.click(on_hood, inputs, outputs, **kit.RUN, **kit.api("language_model_inside"))
    for slider in (layer, head):
        slider.release(on_hood, inputs, outputs, **(kit.RUN | {"trigger_mode": "always_last"}), **kit.PRIVATE)
