"""Word vectors: a word minus a word plus a word, what lies there, and how often the famous trick works."""

from __future__ import annotations

from typing import Any

import gradio as gr

from core.lessons.word_vectors import choices
from demos import kit, views
from demos.kit import text

FORM = kit.Form(a="", b="", c="")
SCREEN = kit.Screen("nearest", "honest", "sum_said", "riddles", "riddles_said")
SUM = ("nearest", "honest", "sum_said")


@kit.handler
def on_sum(lang: str, a: str, b: str, c: str) -> kit.Update:
    """b − a + c: the nearest words with and without the three of the question."""
    from core.errors import CoreError
    from core.lessons.word_vectors import space

    t = text.load("word_vectors", lang)
    try:
        found = space.arithmetic(a, b, c, lang)
    except CoreError as error:
        return SCREEN(sum_said=kit.empty_box(lang, error, t("write")), nearest={"items": []}, honest={"items": []})
    asked = {word.strip() for word in (a, b, c)}
    key = "sum.trick" if found.honest[0].text in asked else "sum.said"
    said = t(
        key, a=kit.quote(a), b=kit.quote(b), c=kit.quote(c), honest=found.honest[0].text, word=found.nearest[0].text
    )
    return SCREEN(nearest=_bars(t, "left", found.nearest), honest=_bars(t, "all", found.honest), sum_said=said)


def _bars(t: text.Text, which: str, found: Any) -> dict[str, Any]:
    items = [{"name": each.text, "value": round(each.cosine, 4), "text": f"{each.cosine:.2f}"} for each in found[:5]]
    return {"items": items, "low": 0, "high": 1, "caption": t(f"sum.{which}")}


@kit.handler
def on_riddles(lang: str) -> kit.Update:
    """All built-in questions: what is found, and how many are right."""
    from core.lessons.word_vectors import space

    t, asked = text.load("word_vectors", lang), space.riddles(lang)
    table = {
        "cells": [[each.rank] for each in asked],
        "text": [[f"{each.found} ({each.rank})" if not each.right else each.found] for each in asked],
        "rows": [f"{each.b} − {each.a} + {each.c} = {each.wanted}" for each in asked],
        "cols": [t("sum.found")],
        "corner": t("sum.question"),
        "kind": "plain",
        "marks": [[row, 0] for row, each in enumerate(asked) if each.right],
        "caption": t("sum.table"),
    }
    said = t("sum.score", right=sum(each.right for each in asked), total=len(asked))
    return SCREEN(riddles=table, riddles_said=said)


def build(t: text.Text, language: gr.State) -> kit.Desk:
    desk = kit.Desk(t, FORM, SCREEN, language)
    kit.markdown(f"### {t('sum.title')}\n{t('sum.lead')}")
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            with gr.Row():
                for name in ("b", "a", "c"):
                    box = gr.Textbox(
                        t(f"example.{name}"), label=t(f"sum.{name}"), max_length=choices.MOST_LETTERS, min_width=90
                    )
                    desk.put(**{name: box})
            desk.put(sum_said=kit.markdown("", min_height=52))
            ask = gr.Button(t("sum.ask"), size="md")
            desk.put(riddles_said=kit.markdown(""), riddles=views.matrix())
        with gr.Column(scale=3, min_width=300), gr.Row(equal_height=False):
            desk.put(nearest=views.bars(), honest=views.bars())
    desk.on((desk.a.change, desk.b.change, desk.c.change), on_sum, to=SUM, api="word_vectors_sum")
    desk.on(ask.click, on_riddles, to=("riddles", "riddles_said"))
    return desk
