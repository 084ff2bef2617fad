"""Lesson 17, first part: the learner's captions and pictures as vectors of one space, compared and classified."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from demos import kit, views
from demos.kit import pictures, text

DEFAULT = ("red apple", "dog face", "rocket", "sun")  # emoji that are there when the lesson opens
ROW_SECONDS = 0.3  # a new row of the matrix stays at least so long
MOST = 8  # pictures of the learner's own side by side


@dataclass(frozen=True)
class Mine:
    """The learner's pictures: (name, (H, W, 3) uint8), and which of them is asked about."""

    items: tuple[tuple[str, Any], ...]
    chosen: int = 0

    @property
    def picture(self) -> Any:
        return self.items[self.chosen][1]

    @property
    def pixels(self) -> list[Any]:
        return [pixels for _, pixels in self.items]


def start(lang: str) -> Mine:
    from core.data import emoji

    data = emoji.load()
    rows = [data.find(name) for name in DEFAULT]
    return Mine(tuple((data.names(lang)[row], data.pictures[row]) for row in rows))


def added(mine: Mine, name: str, pixels: Any) -> Mine:
    """With this picture last, and asked about; the oldest makes room."""
    items = (*mine.items, (name, pixels))[-MOST:]
    return Mine(items, len(items) - 1)


def tile(name: str, pixels: Any, words: str = "") -> dict[str, Any]:
    from core.files import images

    return {"name": name, "text": words, "png": pictures.png(images.read(pixels, max_side=160).pixels)}


def badge(t: text.Text, name: str, parameters: int, seconds: float) -> str:
    from core import runtime

    source = "shipped" if name == "emoji" else "fetched"
    return kit.badge_text(t, source=source, parameters=parameters, seconds=seconds, device=runtime.describe())


def _model(name: Any) -> str:
    return name.strip() if isinstance(name, str) and name.strip() else "emoji"


@kit.handler
def on_compare(lang: str, mine: Mine | None, captions: str, labels: str, model: str = "emoji") -> tuple[Any, ...]:
    """Every caption (one a line) against every picture: cosines, and the share each label gets for the chosen picture."""
    from core.lessons.multimodal import space

    t, mine, name = text.load("multimodal", lang), mine or start(lang), _model(model)
    lines = space.lines(captions)
    found = space.compare(lines, mine.pixels, name)
    names = [name for name, _ in mine.items]
    best = [[row, column] for row, column in enumerate(found.of_caption)]
    matrix = {
        "cells": found.cosines.tolist(),
        "text": [[f"{value:.2f}" for value in row] for row in found.cosines.tolist()],
        "rows": [line if len(line) <= 24 else line[:23] + "…" for line in lines],
        "cols": [f"{number + 1}" for number in range(len(names))],
        "corner": t("matrix.corner"),
        "low": -1,
        "high": 1,
        "marks": best,
        "caption": t("matrix.caption", caption=lines[0], picture=names[found.of_caption[0]], cosine=best_of(found)),
    }
    return (
        mine,
        _album(t, mine),
        matrix,
        badge(t, name, found.parameters, found.seconds),
        *_asked(t, mine, labels, name),
    )


@kit.handler
def on_run(lang: str, mine: Mine | None, captions: str, labels: str, model: str = "emoji") -> Iterator[tuple[Any, ...]]:
    """Caption by caption (one a line) against every picture, so that each row is seen to come."""
    from core.lessons.multimodal import space

    lines = space.lines(captions)
    for count in range(1, len(lines) + 1):
        began = time.perf_counter()
        yield on_compare(lang, mine, "\n".join(lines[:count]), labels, model)
        if count < len(lines):
            time.sleep(max(0.0, min(ROW_SECONDS, 2 / len(lines)) - (time.perf_counter() - began)))


def best_of(found: Any) -> float:
    return float(found.cosines[0, found.of_caption[0]])


def _album(t: text.Text, mine: Mine) -> dict[str, Any]:
    chosen = t("album.chosen")
    items = [
        tile(f"{i + 1} · {name}", pixels, chosen if i == mine.chosen else "")
        for i, (name, pixels) in enumerate(mine.items)
    ]
    return {"items": items, "caption": t("album.caption", count=len(items), name=mine.items[mine.chosen][0])}


def _asked(t: text.Text, mine: Mine, labels: str, model: str) -> tuple[Any, ...]:
    from core.lessons.multimodal import space

    words = space.lines(labels, "labels")
    shares = space.zero_shot(mine.picture, words, model).tolist()
    top = shares.index(max(shares))
    items = [{"name": word, "value": s, "text": f"{s:.1%}"} for word, s in zip(words, shares, strict=True)]
    name = mine.items[mine.chosen][0]
    caption = t("zero.caption", name=name, label=words[top], share=shares[top])
    return ({"items": items, "low": 0, "high": 1, "chosen": top, "caption": caption},)


@kit.handler
def on_pick(lang: str, mine: Mine | None, labels: str, model: str, spot: gr.EventData) -> tuple[Any, ...]:
    """A cell was chosen: its picture is asked about."""
    t, mine = text.load("multimodal", lang), mine or start(lang)
    column = int(kit.number(spot.col, "column"))
    mine = Mine(mine.items, max(0, min(column, len(mine.items) - 1)))
    return mine, _album(t, mine), *_asked(t, mine, labels, _model(model))


@kit.handler
def on_classify(lang: str, mine: Mine | None, labels: str, model: str = "emoji") -> Any:
    """Zero-shot: the share each label (one a line, Korean or English) gets for the chosen picture."""
    return _asked(text.load("multimodal", lang), mine or start(lang), labels, _model(model))[0]


@kit.handler
def on_add(lang: str, mine: Mine | None, words: str, *rest: Any) -> tuple[Any, ...]:
    """Add the emoji of this name, or the one that fits these words best."""
    from core.data import emoji
    from core.lessons.multimodal import space

    data = emoji.load()
    row = space.meant(words)
    return on_compare(lang, added(mine or start(lang), data.names(lang)[row], data.pictures[row]), *rest)


@kit.handler
def on_bring(lang: str, file: Any, mine: Mine | None, *rest: Any) -> tuple[Any, ...]:
    """Add a picture from a file or the clipboard."""
    name = text.load("multimodal", lang)("album.own")
    return on_compare(lang, added(mine or start(lang), name, pictures.opened(file).pixels), *rest)


@kit.handler
def on_snap(
    lang: str, mine: Mine | None, captions: str, labels: str, model: str, shot: gr.EventData
) -> tuple[Any, ...]:
    """Add a photo from the webcam."""
    name = text.load("multimodal", lang)("album.photo")
    pixels = pictures.photographed(getattr(shot, "photos", None))[0].pixels
    return on_compare(lang, added(mine or start(lang), name, pixels), captions, labels, model)


@kit.handler
def on_take(lang: str, thing: Any, mine: Mine | None, *rest: Any) -> tuple[Any, ...]:
    """Add the picture another lesson left."""
    name = text.load("multimodal", lang)("album.taken")
    return on_compare(lang, added(mine or start(lang), name, pictures.shelved(thing).pixels), *rest)


@kit.handler
def on_reset(lang: str, *rest: Any) -> tuple[Any, ...]:
    """The pictures and captions of the beginning."""
    t = text.load("multimodal", lang)
    captions, labels = t("captions_default"), t("labels_default")
    return captions, labels, "emoji", *on_compare(lang, start(lang), captions, labels)


def build(t: text.Text, language: gr.State) -> tuple[dict[str, Any], list[Any], list[Any], gr.State, gr.Textbox]:
    """(controls, inputs of the opening, its outputs, the learner's pictures, the labels)."""
    mine, shelf = gr.State(None), kit.shelf("picture")
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            captions = gr.Textbox(
                t("captions_default"), lines=4, max_lines=10, label=t("captions"), info=t("one_a_line")
            )
            buttons = kit.buttons(t, "compare")
            words = gr.Textbox(label=t("add_label"), placeholder=t("add_hint"), max_lines=1)
            add = gr.Button(t("add"), size="md")
            with gr.Accordion(t("more_pictures"), open=False):
                file, camera = pictures.intake(t), pictures.camera(t)
                take = gr.Button(t("picture.take"), size="md")
            with gr.Accordion(t("other_model"), open=False):
                model = gr.Textbox("emoji", label=t("model"), info=t("model_info"), max_lines=1)
        with gr.Column(scale=5, min_width=300):
            album = views.pictures()
            matrix = views.matrix(can=("pick",))
            state = kit.badge()
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            labels = gr.Textbox(t("labels_default"), lines=4, max_lines=10, label=t("labels"), info=t("labels_info"))
            ask = gr.Button(t("classify"), min_width=120)
        with gr.Column(scale=5, min_width=300):
            bars = views.bars()
    rest, outputs = [captions, labels, model], [mine, album, matrix, state, bars]
    inputs = [language, mine, *rest]
    run = buttons.run.click(on_run, inputs, outputs, **kit.RUN, **kit.api("multimodal_compare"))
    runs = [run, captions.submit(on_run, inputs, outputs, **kit.RUN, **kit.PRIVATE)]
    buttons.stop.click(None, cancels=runs, **kit.PRIVATE)
    back = [captions, labels, model, *outputs]
    buttons.reset.click(on_reset, [language], back, cancels=runs, **kit.LIGHT, **kit.PRIVATE)
    ask.click(on_classify, [language, mine, labels, model], bars, **kit.LIGHT, **kit.api("multimodal_classify"))
    for event in (add.click, words.submit):
        event(on_add, [language, mine, words, *rest], outputs, **kit.LIGHT, **kit.PRIVATE)
    file.input(on_bring, [language, file, mine, *rest], outputs, **kit.LIGHT, **pictures.RAW, **kit.PRIVATE)
    camera.snap(on_snap, inputs, outputs, **kit.LIGHT, **kit.PRIVATE)
    take.click(on_take, [language, shelf, mine, *rest], outputs, **kit.LIGHT, **kit.PRIVATE)
    matrix.pick(on_pick, [language, mine, labels, model], [mine, album, bars], **kit.LIGHT, **kit.PRIVATE)
    controls = {"captions": captions, "labels": labels}
    return controls, inputs, outputs, mine, labels
