"""Part of lesson 10: the sentence through real tokenizers, and the maps of a real LLM if it is on this disk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from demos import kit, views
from demos.attention import shown
from demos.kit import text

TOKENIZERS = ("bytes", "emoji", "llm")


@kit.handler
def on_tokens(lang: str, sentence: str, tokenizer: str) -> tuple[Any, str]:
    """A text (at most 400 letters) as the tokens and ids of a real tokenizer; pieces of a letter are shown as bytes."""
    from core.lessons.attention.sentence import tokenize

    t, found = text.load("attention", lang), tokenize(sentence, tokenizer)
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
    return {"tokens": chips, "caption": t("tok.caption")}, f"{said} {t(f'tok.about.{tokenizer}')}"


def build_tokens(t: text.Text, language: gr.State, sentence: gr.Textbox) -> None:
    with gr.Accordion(t("tok.title"), open=False) as panel:
        kit.markdown(t("tok.hint"))
        which = gr.Radio(t.choices("tok.by", TOKENIZERS), value="bytes", label=t("tok.label"))
        chips, said = views.tokens(), kit.markdown("")
    inputs, outputs = [language, sentence, which], [chips, said]
    which.input(on_tokens, inputs, outputs, **kit.LIGHT, **kit.api("attention_tokens"))
    for listen in (panel.expand, sentence.submit, sentence.blur):
        listen(on_tokens, inputs, outputs, **kit.LIGHT, **kit.PRIVATE)


@kit.handler
def on_real(lang: str, sentence: str, layer: float, head: float) -> Iterator[tuple[Any, Any, str]]:
    """The attention of a real LLM (SmolLM2 135M, only if it is on this disk already): every head of one layer."""
    from core.lessons.attention import real_model
    from demos.kit.waiting_line import Waiting

    t, which = text.load("attention", lang), kit.whole(kit.number(layer, "layer")) - 1
    for event in kit.LLM.call(lambda: real_model.look(sentence, which)):
        match event:
            case Waiting(ahead=ahead):
                yield gr.skip(), gr.skip(), t("waiting", ahead=ahead)
            case seen:
                yield _maps(t, seen, kit.whole(head))


def _maps(t: text.Text, seen: Any, head: Any) -> tuple[Any, Any, str]:
    from core.errors import Check
    from core.lessons.attention.head import thumbnails

    check = Check()
    check.whole("head", head, 1, len(seen.maps))
    check.done()
    maps = shown.maps(t, [thumbnails(seen.maps)], [t("maps.layer", layer=seen.layer + 1)])
    names = [shown.visible(piece.name) for piece in seen.tokens]
    table = shown.shares(t, seen.maps[head - 1].tolist(), names, seen.layer + 1, head)
    badge = kit.badge_text(t, source="fetched", parameters=seen.parameters, seconds=seen.seconds, device=seen.name)
    return maps, table, badge


def build_maps(t: text.Text, language: gr.State, sentence: gr.Textbox) -> None:
    with gr.Accordion(t("real.title"), open=False):
        kit.markdown(t("real.hint"))
        with gr.Row():
            layer = gr.Slider(1, 30, 1, step=1, label=t("maps.layer_label"))
            head = gr.Slider(1, 9, 1, step=1, label=t("maps.head_label"))
        with gr.Row(elem_classes="taste-buttons"):
            look = gr.Button(t("real.look"), size="md", min_width=160)
            stop = gr.Button(t("stop"), size="md", min_width=80)
        badge = kit.badge()
        maps, table = views.maps(), views.matrix()
    inputs, outputs = [language, sentence, layer, head], [maps, table, badge]
    looking = look.click(on_real, inputs, outputs, **kit.TALK, **kit.api("attention_real"))
    stop.click(None, None, badge, cancels=[looking], js="() => ''", **kit.PRIVATE)
