"""Lesson 18, the space looked at: search both ways, the map, the attacks, and where a small model is weak."""

from __future__ import annotations

from typing import Any

import gradio as gr

from core.lessons.multimodal import choices
from demos import kit, views
from demos.kit import text
from demos.multimodal.space import Mine, start, tile, words

FORM = kit.Form(
    query=words("search.default"),
    way=choices.WAY,
    word=choices.WORD,
    sticker=words("attack.sticker_default"),
    share=choices.SHARE,
)
SCREEN = kit.Screen("found", "recall", "names", "plane", "shown", "matrix", "read", "pairs", "photos", "styles")


@kit.handler
def on_search(lang: str, query: str) -> kit.Update:
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
    shown = {"items": items, "caption": t("search.caption", count=len(data.signs))}
    return SCREEN(found=shown, recall=t("search.recall", **both))


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
def on_attack(lang: str, mine: Mine | None, labels: str, form: kit.Values) -> kit.Update:
    """Write a word on the chosen picture, or stick an emoji on it, and classify again."""
    from core.errors import checking
    from core.lessons.multimodal import attack, space

    with checking() as check:
        check.within("way", form.way, choices.WAY)
    t, mine = text.load("multimodal", lang), mine or start(lang)
    lines = space.lines(labels, "labels")
    sticking = form.way == "sticker"
    tampered = {"sticker": _emoji(form.sticker, lang), "share": form.share} if sticking else {"word": form.word}
    found = attack.attack(mine.picture, lines, **tampered)
    before, after = found.before.tolist(), found.after.tolist()
    columns = [t("attack.before"), t("attack.after")]
    rows = [list(pair) for pair in zip(before, after, strict=True)]
    if found.control is not None:
        columns.append(t("attack.control"))
        rows = [[*row, blank] for row, blank in zip(rows, found.control.tolist(), strict=True)]
    tops = [lines[column.index(max(column))] for column in zip(*rows, strict=True)]
    outcome = "fooled" if found.fooled else "moved" if found.moved else "firm"
    matrix = {
        "cells": rows,
        "text": [[f"{value:.0%}" for value in row] for row in rows],
        "rows": list(lines),
        "cols": columns,
        "low": 0,
        "high": 1,
        "kind": "height",
        "caption": t(f"attack.said.{outcome}", before=tops[0], after=tops[1]),
    }
    shown = {"items": [tile(t("attack.shown"), found.picture)], "caption": t("attack.seen")}
    read = ""
    if found.control is not None:
        read = t(f"attack.read.{'same' if tops[1] == tops[2] else 'differs'}", after=tops[1], control=tops[2])
    return SCREEN(shown=shown, matrix=matrix, read=read)


def _emoji(sticker: Any, lang: str) -> str:
    """The sticker of this name, or the one the words describe best."""
    from core.data import emoji
    from core.lessons.multimodal import space

    return emoji.load().en[space.meant(sticker)]


@kit.handler
def on_weak(lang: str) -> kit.Update:
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
    return SCREEN(pairs=matrix, photos={"items": items, "caption": t("weak.photos")}, styles=said)


def build(main: kit.Desk) -> kit.Desk:
    """Four folded panels below the matrix of ``main``; each computes when it is opened or its button is pressed."""
    t, desk = main.t, kit.Desk(main.t, FORM, SCREEN, main.language)
    quiet = kit.LIGHT | {"show_progress": "minimal"}
    desk.put(mine=main.mine, captions=main.captions, labels=main.labels)
    with gr.Accordion(t("search.title"), open=False) as searching:
        with gr.Row():
            desk.put(query=gr.Textbox(t("search.default"), label=t("search.label"), min_width=200, max_lines=1))
            go = gr.Button(t("search.go"), min_width=90)
        desk.put(found=views.pictures(), recall=kit.markdown(""))
        back = gr.Button(t("names.go"), size="md")
        desk.put(names=views.bars())
    with gr.Accordion(t("map.title"), open=False) as mapping:
        kit.markdown(t("map.lead"))
        again = gr.Button(t("map.go"), size="md")
        desk.put(plane=views.plane(height=420))
    with gr.Accordion(t("attack.title"), open=False) as attacking:
        kit.markdown(t("attack.lead"))
        with gr.Row(equal_height=False):
            with gr.Column(scale=2, min_width=260):
                desk.put(way=kit.radio(t, "attack.way", choices.WAY, label=t("attack.way_label")))
                desk.put(word=gr.Textbox(choices.WORD, label=t("attack.word"), max_lines=1))
                desk.put(sticker=gr.Textbox(t("attack.sticker_default"), label=t("attack.sticker"), max_lines=1))
                desk.put(share=kit.slider(choices.SHARE, label=t("attack.share")))
                strike = gr.Button(t("attack.go"), min_width=120)
            with gr.Column(scale=2, min_width=220):
                desk.put(shown=views.pictures())
            with gr.Column(scale=4, min_width=300):
                desk.put(matrix=views.matrix(), read=kit.markdown(""))
    with gr.Accordion(t("weak.title"), open=False) as weakness:
        kit.markdown(t("weak.lead"))
        desk.put(pairs=views.matrix(), photos=views.pictures(), styles=kit.markdown(""))
    found = ("found", "recall")
    desk.on((go.click, searching.expand, desk.query.submit), on_search, quiet, to=found, api="multimodal_search")
    desk.on(back.click, on_names, quiet, to="names")
    desk.on((mapping.expand, again.click), on_map, quiet, to="plane")
    fooled = ("shown", "matrix", "read")
    desk.on((strike.click, attacking.expand), on_attack, quiet, to=fooled, api="multimodal_attack")
    desk.on(weakness.expand, on_weak, quiet, to=("pairs", "photos", "styles"))
    return desk
