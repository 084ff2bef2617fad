"""Part of lesson 11: the sentence through real tokenizers, and the maps of a real LLM if it is on this disk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from core.lessons.attention import choices
from demos import kit, views
from demos.attention import shown
from demos.kit import text

TOKENS = kit.Form(sentence="", tokenizer=choices.TOKENIZER)
CUT = kit.Screen("chips", "said")
HEADS = kit.Form(sentence="", layer=choices.REAL_LAYER, head=choices.REAL_HEAD)
SCREEN = kit.Screen("maps", "table", "badge")


@kit.handler
def on_tokens(lang: str, sentence: str, tokenizer: str) -> kit.Update:
    """A text (at most 400 letters) as the tokens and ids of a real tokenizer; pieces of a letter are shown as bytes."""
    from core.errors import CoreError
    from core.lessons.attention.sentence import tokenize

    t = text.load("attention", lang)
    try:
        found = tokenize(sentence, tokenizer)
    except CoreError as error:
        return CUT(said=kit.empty_box(lang, error))
    chips = [
        {
            "text": piece.text,
            "id": piece.id,
            "p": 0.35 * (piece.parts > 1),
            "dim": piece.special,
            "title": t("tok.part", part=piece.part, parts=piece.parts, letters=piece.letters)
            if piece.parts > 1
            else "",
        }
        for piece in found.pieces
    ]
    said = t("tok.said", letters=found.letters, tokens=len(chips), vocabulary=found.vocabulary)
    about = t(f"tok.about.{tokenizer}")
    return CUT(chips={"tokens": chips, "caption": t("tok.caption")}, said=f"{said} {about}")


def build_tokens(t: text.Text, language: gr.State, sentence: gr.Textbox) -> None:
    desk = kit.Desk(t, TOKENS, CUT, language)
    desk.put(sentence=sentence)
    with gr.Accordion(t("tok.title"), open=False) as panel:
        kit.markdown(t("tok.hint"))
        desk.put(tokenizer=kit.radio(t, "tok.by", choices.TOKENIZER, label=t("tok.label")))
        desk.put(chips=views.tokens(), said=kit.markdown(""))
    asked = (desk.tokenizer.input, panel.expand, sentence.submit, sentence.blur)
    desk.on(asked, on_tokens, api="attention_tokens")


@kit.handler
def on_real(lang: str, sentence: str, layer: float, head: float) -> Iterator[kit.Update]:
    """The attention of a real LLM (only if it is on this disk already): every head of one layer."""
    from core.lessons.attention import real_model
    from demos.kit.waiting_line import Waiting

    t, which = text.load("attention", lang), kit.whole(kit.number(layer, "layer")) - 1
    for event in kit.LLM.call(lambda: real_model.look(sentence, which, real_model.best(lang))):
        match event:
            case Waiting(ahead=ahead):
                yield SCREEN(badge=t("waiting", ahead=ahead))
            case seen:
                yield _maps(t, seen, kit.whole(head))


def _maps(t: text.Text, seen: Any, head: Any) -> kit.Update:
    from core.errors import checking
    from core.lessons.attention.head import thumbnails

    with checking() as check:
        check.whole("head", head, 1, len(seen.maps))
    maps = shown.maps(t, [thumbnails(seen.maps)], [t("maps.layer", layer=seen.layer + 1)])
    names = [shown.visible(piece.name) for piece in seen.tokens]
    table = shown.shares(t, seen.maps[head - 1].tolist(), names, seen.layer + 1, head)
    badge = kit.badge_text(t, source="fetched", parameters=seen.parameters, seconds=seen.seconds, device=seen.name)
    return SCREEN(maps=maps, table=table, badge=badge)


def build_maps(t: text.Text, language: gr.State, sentence: gr.Textbox) -> None:
    desk = kit.Desk(t, HEADS, SCREEN, language)
    desk.put(sentence=sentence)
    with gr.Accordion(t("real.title"), open=False):
        kit.markdown(t("real.hint"))
        with gr.Row():
            desk.put(layer=kit.slider(choices.REAL_LAYER, label=t("maps.layer_label")))
            desk.put(head=kit.slider(choices.REAL_HEAD, label=t("maps.head_label")))
        with gr.Row(elem_classes="taste-buttons"):
            look = gr.Button(t("real.look"), size="md", min_width=160)
            stop = gr.Button(t("stop"), size="md", min_width=80)
        desk.put(badge=kit.badge(), maps=views.maps(), table=views.matrix())
    looking = desk.on(look.click, on_real, kit.TALK, api="attention_real")
    stop.click(None, None, desk.badge, cancels=[looking], js="() => ''", **kit.PRIVATE)
