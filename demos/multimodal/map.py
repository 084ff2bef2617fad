"""Lesson 17, the space looked at: search both ways, the map, the attacks, and where a small model is weak."""

from __future__ import annotations

from typing import Any

import gradio as gr

from demos import kit, views
from demos.kit import text
from demos.multimodal.space import Mine, start, tile

WAYS = ("word", "sticker")


@kit.handler
def on_search(lang: str, query: str) -> tuple[Any, str]:
    """The eight emoji whose pictures lie nearest to a text, Korean or English."""
    from core.data import emoji
    from core.lessons.multimodal import space

    t, data = text.load("multimodal", lang), emoji.load()
    found = space.search(query)
    items = [
        tile(data.names(lang)[row], data.pictures[row], f"{cosine:.2f}")
        for row, cosine in zip(found.rows, found.cosines, strict=True)
    ]
    both = dict(zip(("pictures", "names"), space.recall(lang), strict=True))
    return {"items": items, "caption": t("search.caption", count=len(data.signs))}, t("search.recall", **both)


@kit.handler
def on_names(lang: str, mine: Mine | None) -> Any:
    """The names nearest to the chosen picture: searching the other way."""
    from core.data import emoji
    from core.lessons.multimodal import space

    t, mine = text.load("multimodal", lang), mine or start(lang)
    found, names = space.names_of(mine.picture, lang), emoji.load().names(lang)
    rows = zip(found.rows, found.cosines, strict=True)
    items = [{"name": names[row], "value": cosine, "text": f"{cosine:.2f}"} for row, cosine in rows]
    return {"items": items, "low": 0, "high": 1, "caption": t("names.caption", name=mine.items[mine.chosen][0])}


@kit.handler
def on_map(lang: str, mine: Mine | None, captions: str) -> Any:
    """All vectors on the two directions in which they differ most; the learner's own are named."""
    from core.lessons.multimodal import space

    t, mine = text.load("multimodal", lang), mine or start(lang)
    lines = space.lines(captions)
    found = space.flat(lines, mine.pixels, lang)
    quiet = [[*xy, 1] for xy in found.pictures.tolist()] + [[*xy, -1] for xy in found.names.tolist()]
    own = zip(found.own_pictures.tolist(), mine.items, strict=True)
    named = [[*xy, 1, 1, name] for xy, (name, _) in own]
    named += [[*xy, -1, 1, f"“{line[:18]}”"] for xy, line in zip(found.own_captions.tolist(), lines, strict=True)]
    return {
        "points": quiet + named,
        "radius": 3.2,
        "names": {"high": t("map.pictures"), "low": t("map.words")},
        "xlabel": t("map.x"),
        "ylabel": t("map.y"),
        "caption": t("map.caption", share=found.share, gap=found.gap, apart=found.apart),
    }


@kit.handler
def on_attack(
    lang: str, mine: Mine | None, labels: str, way: str, word: str, sticker: str, share: float, model: str = "emoji"
) -> tuple[Any, Any, str]:
    """Write a word on the chosen picture, or stick an emoji on it, and classify again."""
    from core.errors import Check
    from core.lessons.multimodal import attack, space

    check = Check()
    check.one_of("way", way, WAYS)
    check.done()
    t, mine = text.load("multimodal", lang), mine or start(lang)
    words = space.lines(labels, "labels")
    tampered = {"sticker": _emoji(sticker, lang), "share": share} if way == "sticker" else {"word": word}
    found = attack.attack(mine.picture, words, name=(model or "emoji").strip() or "emoji", **tampered)
    before, after = found.before.tolist(), found.after.tolist()
    columns = [t("attack.before"), t("attack.after")]
    rows = [list(pair) for pair in zip(before, after, strict=True)]
    if found.control is not None:
        columns.append(t("attack.control"))
        rows = [[*row, blank] for row, blank in zip(rows, found.control.tolist(), strict=True)]
    tops = [words[column.index(max(column))] for column in zip(*rows, strict=True)]
    matrix = {
        "cells": rows,
        "text": [[f"{value:.0%}" for value in row] for row in rows],
        "rows": list(words),
        "cols": columns,
        "low": 0,
        "high": 1,
        "kind": "height",
        "caption": t(f"attack.said.{'fooled' if found.fooled else 'firm'}", before=tops[0], after=tops[1]),
    }
    shown = {"items": [tile(t("attack.shown"), found.picture)], "caption": t("attack.seen")}
    read = ""
    if found.control is not None:
        read = t(f"attack.read.{'same' if tops[1] == tops[2] else 'differs'}", after=tops[1], control=tops[2])
    return shown, matrix, read


def _emoji(sticker: Any, lang: str) -> str:
    """The sticker of this name, or the one the words describe best."""
    from core.data import emoji
    from core.lessons.multimodal import space

    return emoji.load().en[space.meant(sticker)]


@kit.handler
def on_weak(lang: str) -> tuple[Any, Any, str]:
    """Pairs of texts, the shipped photographs, other styles: measured weaknesses of a model that saw 1,410 drawings."""
    from core.data import emoji, photos
    from core.lessons.multimodal import space

    t, names = text.load("multimodal", lang), emoji.load().names(lang)
    probes = space.weak(lang)
    matrix = {
        "cells": [[probe.cosine] for probe in probes],
        "text": [[f"{probe.cosine:.2f}"] for probe in probes],
        "rows": [f"{t(f'weak.kind.{probe.kind}')}: “{probe.first}” · “{probe.second}”" for probe in probes],
        "cols": [t("weak.cosine")],
        "low": -1,
        "high": 1,
        "caption": t("weak.caption"),
    }
    items = [
        tile(
            t(f"picture.photo.{name}"), photos.load(name), t("weak.says", names=", ".join(names[r] for r in found.rows))
        )
        for name, found in space.photo_names(lang)
    ]
    found = space.styles()
    shares = {f"{style}_{end}": share for style, ends in found.items() for end, share in zip("ab", ends, strict=True)}
    said = t("weak.styles", **shares, chance=5 / len(names)) if {"fluent", "twemoji", "noto"} <= found.keys() else ""
    return matrix, {"items": items, "caption": t("weak.photos")}, said


def build(t: text.Text, language: gr.State, mine: gr.State, captions: Any, labels: Any) -> dict[str, Any]:
    """Four folded panels below the matrix; each computes when it is opened or its button is pressed."""
    quiet = kit.LIGHT | {"show_progress": "minimal"}
    with gr.Accordion(t("search.title"), open=False) as panel:
        with gr.Row():
            query = gr.Textbox(t("search.default"), label=t("search.label"), min_width=200, max_lines=1)
            go = gr.Button(t("search.go"), min_width=90)
        found, recall = views.pictures(), kit.markdown("")
        back = gr.Button(t("names.go"), size="md")
        names = views.bars()
    for event in (panel.expand, go.click, query.submit):
        named = kit.api("multimodal_search") if event == go.click else kit.PRIVATE
        event(on_search, [language, query], [found, recall], **quiet, **named)
    back.click(on_names, [language, mine], names, **quiet, **kit.PRIVATE)
    with gr.Accordion(t("map.title"), open=False) as panel:
        kit.markdown(t("map.lead"))
        again = gr.Button(t("map.go"), size="md")
        plane = views.plane(height=420)
    for event in (panel.expand, again.click):
        event(on_map, [language, mine, captions], plane, **quiet, **kit.PRIVATE)
    with gr.Accordion(t("attack.title"), open=False) as panel:
        kit.markdown(t("attack.lead"))
        with gr.Row(equal_height=False):
            with gr.Column(scale=2, min_width=260):
                way = gr.Radio(t.choices("attack.way", WAYS), value="word", label=t("attack.way_label"))
                word = gr.Textbox("dog", label=t("attack.word"), max_lines=1)
                sticker = gr.Textbox(t("attack.sticker_default"), label=t("attack.sticker"), max_lines=1)
                share = gr.Slider(0.1, 1, value=0.5, step=0.05, label=t("attack.share"))
                strike = gr.Button(t("attack.go"), min_width=120)
            with gr.Column(scale=2, min_width=220):
                shown = views.pictures()
            with gr.Column(scale=4, min_width=300):
                matrix, read = views.matrix(), kit.markdown("")
    inputs = [language, mine, labels, way, word, sticker, share]
    for event in (panel.expand, strike.click):
        named = kit.api("multimodal_attack") if event == strike.click else kit.PRIVATE
        event(on_attack, inputs, [shown, matrix, read], **quiet, **named)
    with gr.Accordion(t("weak.title"), open=False) as panel:
        kit.markdown(t("weak.lead"))
        pairs, seen, other = views.matrix(), views.pictures(), kit.markdown("")
    panel.expand(on_weak, [language], [pairs, seen, other], **quiet, **kit.PRIVATE)
    return {"query": query, "way": way, "word": word, "sticker": sticker, "share": share}
