"""Part of lesson 9: two sentences with the same words in another order, seen by every tokeniser."""

from __future__ import annotations

from typing import Any

import gradio as gr

from core.lessons.bag_of_words import choices
from demos import kit, views
from demos.kit import text
from demos.kit.first import first as first_screen

FORM = kit.Form(first="", second="")
SCREEN = kit.Screen("ordered")
MOST = 40  # tokens of a sentence on the screen


@kit.handler
def on_order(lang: str, texts: str, first: str, second: str) -> kit.Update:
    """The tokens that only one of two sentences has, per tokeniser, and the cosine of their count vectors."""
    from core.errors import CoreError
    from core.lessons.bag_of_words.stages import word_order

    t, rows, lost = text.load("bag_of_words", lang), list[dict[str, Any]](), list[str]()
    try:
        ways = word_order(first, second, texts)
    except CoreError as error:
        return SCREEN(ordered={"rows": [], "caption": kit.empty_box(lang, error)})
    for seen in ways:
        name = t(f"tokens_by.{seen.tokens}")
        said = t("order.same" if seen.same else "order.cosine", cosine=seen.cosine)
        for number, tokens, own in ((1, seen.first, seen.only_first), (2, seen.second, seen.only_second)):
            chips = [{"text": token, "p": (-0.8 if number == 1 else 0.8) * (token in own)} for token in tokens[:MOST]]
            rows.append({"name": f"{name} · {number}" + (f" · {said}" if number == 1 else ""), "tokens": chips})
        lost += [name] if seen.same else []
    caption = t("order.lost", names=", ".join(lost)) if lost else t("order.kept")
    return SCREEN(ordered={"rows": rows, "caption": f"{caption} {t('order.colours')}"})


def build(t: text.Text, language: gr.State, texts: gr.Radio) -> kit.Desk:
    desk = kit.Desk(t, FORM, SCREEN, language)
    desk.put(texts=texts)
    kit.markdown(f"### {t('order.title')}\n{t('order.hint')}")
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            for name in FORM.names:
                box = gr.Textbox(t(f"example.{name}"), label=t(f"order.{name}"), max_length=choices.MOST_SENTENCE)
                desk.put(**{name: box})
        with gr.Column(scale=3, min_width=300):
            desk.put(ordered=views.tokens(first_screen("bag_of_words", t.lang)["ordered"]))
    desk.on((desk.second.change, desk.first.change), on_order, api="bag_of_words_order")
    return desk
