"""Part of lesson 11: the wall of all heads of a real LLM on one shipped sentence; a head opens into its numbers."""

from __future__ import annotations

from typing import Any

import gradio as gr

from core.lessons.attention import choices
from demos import kit, views
from demos.attention import shown
from demos.kit import text

SCREEN = kit.Screen("spot", "wall", "flow", "chips", "numbers", "said")
FRAMES = 8  # of the film, for each token: ask, compare, share out, mix
SIGNS = {"first": "⇤", "previous": "←", "self": "○", "word": "⋯", "same": "＝", "mixed": "·"}


def opening(language: str) -> list[int]:
    """The head the page opens on, [layer, head, token] from 0: the best one at finding the same word, at its last token."""
    from core.data import attention_maps
    from core.lessons.attention.roles import wall

    seen = attention_maps.load(language)
    roles = wall(seen.maps, seen.tokens, seen.words)
    places = [(layer, head) for layer, row in enumerate(roles) for head in range(len(row))]
    layer, head = max(places, key=lambda at: roles[at[0]][at[1]].all["same"])
    return [layer, head, next(at for at in reversed(range(len(seen.tokens))) if seen.tokens[at] in seen.tokens[1:at])]


def screen(lang: str, spot: list[int]) -> kit.Update:
    """Everything shown of one head. Refuses a layer, head or token that is not there."""
    from core.data import attention_maps
    from core.errors import checking
    from core.lessons.attention.roles import HABITS, wall

    t, seen = text.load("attention", lang), attention_maps.load(lang)
    layers, heads, size = seen.maps.shape[:3]
    with checking() as check:
        for name, at, most in zip(("layer", "head", "token"), spot, (layers, heads, size), strict=True):
            check.whole(name, at, 0, most - 1)
    layer, head, row = map(int, spot)
    roles = wall(seen.maps, seen.tokens, seen.words)
    here, look = roles[layer][head], seen.maps[layer, head, row].tolist()
    names = [shown.visible(token.strip() or token) for token in seen.tokens]
    count = {name: sum(each.name == name for line in roles for each in line) for name in (*HABITS, "mixed")}
    legend = " · ".join(f"{SIGNS[name]} {t(f'wall.role.{name}')} {count[name]}" for name in count)
    picture = {
        "cells": [[round(each.strength, 3) for each in line] for line in roles],
        "text": [[f"{SIGNS[each.name]} {100 * each.strength:.0f}" for each in line] for line in roles],
        "rows": [str(n) for n in range(1, layers + 1)],
        "cols": [str(n) for n in range(1, heads + 1)],
        "corner": t("wall.corner"),
        "low": 0,
        "high": 1,
        "chosen": [layer, head],
        "caption": legend,
        "alt": t("wall.alt", layers=layers, heads=heads) + " " + legend,
    }
    chips = [
        {"text": name, "p": share, "title": t("chip_title", share=share)}
        for name, share in zip(names, look, strict=True)
    ]
    numbers = shown.shares(t, seen.maps[layer, head].tolist(), names, layer + 1, head + 1) | {"chosen": [row, row]}
    best = max(range(row + 1), key=lambda at: look[at])
    said = t("wall.said", layer=layer + 1, head=head + 1, role=t(f"wall.role.{here.name}"), strength=here.strength)
    said += " " + t("wall.looks", token=kit.quote(names[row]), best=kit.quote(names[best]), share=look[best])
    caption = t("wall.chips", token=names[row])
    tokens = {"tokens": chips, "chosen": [0, row], "caption": caption}
    film = _film(t, seen.maps[layer, head].tolist(), names, f"{layer} {head}", row)
    return SCREEN(spot=[layer, head, row], wall=picture, flow=film, chips=tokens, numbers=numbers, said=said)


def _film(t: text.Text, shares: list[list[float]], names: list[str], key: str, row: int) -> dict[str, Any]:
    """Each token in turn asks, is compared with the earlier ones, and mixes what they hold: the ``flow`` view."""
    captions = list[str]()
    for asks, look in enumerate(shares):
        best = sorted(range(asks + 1), key=lambda at: -look[at])[:3]
        parts = ", ".join(f"‘{names[at]}’ {look[at]:.1%}" for at in best)
        captions.append(t("wall.flow", token=names[asks], count=asks + 1, parts=parts))
    words = {name: t(f"wall.film.{name}") for name in ("seen", "asks", "mix", "play", "pause", "time")}
    return {
        "tokens": names,
        "map": [[round(share, 4) for share in line] for line in shares],
        "words": words,
        "captions": captions,
        "labels": [name for name in names for _ in range(FRAMES)],
        "frames": FRAMES,
        "start": FRAMES * row + FRAMES - 1,
        "key": f"{key} {row}",
        "play": key,
        "alt": t("wall.film.alt"),
    }


def _spot(spot: Any, lang: str) -> list[Any]:
    return list(spot) if isinstance(spot, list) and len(spot) == 3 else opening(lang)


@kit.handler
def on_wall(lang: str, spot: Any, cell: gr.EventData) -> kit.Update:
    """Another head of the wall."""
    here = [kit.whole(kit.number(cell.row, "row")), kit.whole(kit.number(cell.col, "column")), _spot(spot, lang)[2]]
    return screen(lang, here)


@kit.handler
def on_row(lang: str, spot: Any, chip: gr.EventData) -> kit.Update:
    """Another token that looks."""
    return screen(lang, [*_spot(spot, lang)[:2], kit.whole(kit.number(chip.index, "index"))])


@kit.handler
def on_number(lang: str, spot: Any, cell: gr.EventData) -> kit.Update:
    """A number of the map: its row is the token that looks."""
    return screen(lang, [*_spot(spot, lang)[:2], kit.whole(kit.number(cell.row, "row"))])


def build(t: text.Text, language: gr.State) -> None:
    """First on the page, with its pictures in place from the first moment: they ship."""
    from core.data import attention_maps

    first, desk = screen(t.lang, opening(t.lang)), kit.Desk(t, screen=SCREEN, language=language)
    seen = attention_maps.load(t.lang)
    title = choices.MODELS[seen.model]
    kit.markdown(t("wall.title", model=title, sentence=kit.quote(seen.sentence, 80)))
    desk.put(spot=gr.State(first["spot"]))
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            desk.put(wall=views.matrix(first["wall"], can=("pick",)))
        with gr.Column(scale=3, min_width=300, elem_classes="taste-early"):
            desk.put(flow=views.flow(first["flow"], height=0))
            desk.put(chips=views.tokens(first["chips"], can=("pick",)))
            desk.put(said=kit.markdown(first["said"], min_height=52, elem_classes="taste-answer"))
            desk.put(numbers=views.matrix(first["numbers"], can=("pick",)))
            kit.markdown(t("wall.made", model=title))
    desk.on(desk.wall.pick, on_wall)
    desk.on(desk.chips.pick, on_row)
    desk.on(desk.numbers.pick, on_number)
    kit.markdown(t("wall.next"))
