"""Lesson 12, temperature before or after the filters: how many tokens may come, in transformers' order and llama.cpp's."""

from __future__ import annotations

from typing import Any

import gradio as gr

from core.lessons.language_model import choices
from demos import kit
from demos.kit import text


@kit.handler
def on_order(lang: str, here: Any, form: kit.Values) -> str:
    """Counts for the words on the screen; top-p and min-p as the sliders say, or as often used where they are off."""
    from core.lessons.language_model.order import kept

    t = text.load("language_model", lang)
    if here is None:
        return t("order.wait")
    top_p, min_p = kit.number(form.top_p, "top_p"), kit.number(form.min_p, "min_p")
    cuts = {"top_p": top_p if top_p < 1 else 0.9, "min_p": min_p or 0.1}
    at = " | ".join(f"{t('order.temperature')} {temperature:g}" for temperature in choices.ORDER_AT)
    lines = [f"| | {at} |", "|---" * (len(choices.ORDER_AT) + 1) + "|"]
    for cut, share in cuts.items():
        found = kept(here.choices.logits, cut, share)
        for order in ("warm_first", "cut_first"):
            name = t(f"order.{order}", cut=f"{t(f'weights.{cut}')} {share:g}")
            lines.append(f"| {name} | {' | '.join(f'{count:,}' for count in getattr(found, order))} |")
    return "\n".join(lines)


def build(desk: kit.Desk) -> None:
    with gr.Accordion(desk.t("order.title"), open=False) as panel:
        kit.markdown(desk.t("order.lead"))
        table = kit.markdown(desk.t("order.wait"), elem_classes=["taste-table", "taste-asked"])
    call, inputs, _ = desk.bound(on_order, ())
    panel.expand(call, inputs, table, **kit.LIGHT, **kit.PRIVATE)
