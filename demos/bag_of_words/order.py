"""Part of lesson 9: two sentences with the same words in another order, seen by every tokeniser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from demos import kit, views
from demos.kit import text

MOST = 40  # tokens of a sentence on the screen


@kit.handler
def on_order(lang: str, texts: str, first: str, second: str) -> dict[str, Any]:
    """The tokens that only one of two sentences has, per tokeniser, and the cosine of their count vectors."""
    from core.lessons.bag_of_words.stages import word_order

    t, rows, lost = text.load("bag_of_words", lang), [], []
    for seen in word_order(first, second, texts):
        name = t(f"tokens_by.{seen.tokens}")
        said = t("order.same" if seen.same else "order.cosine", cosine=seen.cosine)
        for number, tokens, own in ((1, seen.first, seen.only_first), (2, seen.second, seen.only_second)):
            chips = [{"text": token, "p": (-0.8 if number == 1 else 0.8) * (token in own)} for token in tokens[:MOST]]
            rows.append({"name": f"{name} · {number}" + (f" · {said}" if number == 1 else ""), "tokens": chips})
        lost += [name] if seen.same else []
    caption = t("order.lost", names=", ".join(lost)) if lost else t("order.kept")
    return {"rows": rows, "caption": f"{caption} {t('order.colours')}"}


def build(t: text.Text, example: Callable[[str], str]) -> tuple[gr.Textbox, gr.Textbox, gr.HTML]:
    kit.markdown(f"### {t('order.title')}\n{t('order.hint')}")
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            first = gr.Textbox(example("first"), label=t("order.first"), max_length=200)
            second = gr.Textbox(example("second"), label=t("order.second"), max_length=200)
        with gr.Column(scale=3, min_width=300):
            ordered = views.tokens()
    return first, second, ordered
