"""Word vectors: two texts compared as bags of words and as vectors, and what neither of them sees."""

from __future__ import annotations

import gradio as gr

from core.lessons.word_vectors import choices
from demos import kit, views
from demos.kit import text

FORM = kit.Form(first="", second="")
SCREEN = kit.Screen("both", "both_said")
ALIKE = 0.75  # cosine from which the page calls two texts alike


@kit.handler
def on_compare(lang: str, first: str, second: str) -> kit.Update:
    """The cosine of two texts, counted and read."""
    from core.errors import CoreError
    from core.lessons.word_vectors import space

    t = text.load("word_vectors", lang)
    try:
        found = space.alike(first, second, lang)
    except CoreError as error:
        return SCREEN(both_said=kit.empty_box(lang, error, t("write")), both={"items": []})
    items = [
        {"name": t("likeness.bag"), "value": round(found.bag, 4), "text": f"{found.bag:.2f}", "colour": 3},
        {"name": t("likeness.vectors"), "value": round(found.vectors, 4), "text": f"{found.vectors:.2f}", "colour": 1},
    ]
    shared = ", ".join(kit.quote(token) for token in found.shared[:12]) or "–"
    same = found.bag > 0.999
    key = "order" if same else "meaning" if found.vectors - found.bag > 0.25 else "agree"
    said = t(f"likeness.{key}", bag=found.bag, vectors=found.vectors, shared=shared)
    return SCREEN(both={"items": items, "low": 0, "high": 1, "caption": t("likeness.caption")}, both_said=said)


def build(t: text.Text, language: gr.State) -> kit.Desk:
    desk = kit.Desk(t, FORM, SCREEN, language)
    kit.markdown(f"### {t('likeness.title')}\n{t('likeness.lead')}")
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            for name in FORM.names:
                box = gr.Textbox(t(f"example.{name}"), label=t(f"likeness.{name}"), max_length=choices.MOST_LETTERS)
                desk.put(**{name: box})
            pairs = [pair.split("|") for pair in t("likeness.pairs").splitlines()]
            gr.Examples(pairs, [desk.first, desk.second], label=t("examples_label"))
        with gr.Column(scale=3, min_width=300):
            desk.put(both=views.bars(), both_said=kit.markdown("", min_height=52))
    desk.on((desk.first.change, desk.second.change), on_compare, api="word_vectors_alike")
    return desk
