"""Lesson 18, first part: the learner's captions and pictures as vectors of one space, compared and classified."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from core.lessons.multimodal import choices
from demos import kit, views
from demos.kit import pictures, text
from demos.kit.first import first as first_screen


def words(key: str) -> Callable[[], str]:
    """The words a text box begins with: on the page in its language, without a page in Korean."""
    return lambda: text.load("multimodal", "ko")(key)


FORM = kit.Form(captions=words("captions_default"), labels=words("labels_default"))
SHOWN = ("mine", "album", "matrix", "badge", "bars")
SCREEN = kit.Screen(*SHOWN, *FORM.names, "model", "both")
ROW_SECONDS = 0.3  # a new row of the matrix stays at least so long


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
    rows = [data.find(name) for name in choices.PICTURES]
    return Mine(tuple((data.names(lang)[row], data.pictures[row]) for row in rows))


def added(mine: Mine, name: str, pixels: Any) -> Mine:
    """With this picture last, and asked about; the oldest makes room."""
    items = (*mine.items, (name, pixels))[-choices.MOST_PICTURES :]
    return Mine(items, len(items) - 1)


def tile(name: str, pixels: Any, words: str = "") -> dict[str, Any]:
    from core.files import images

    return {"name": name, "text": words, "png": pictures.png(images.read(pixels, max_side=160).pixels)}


def _badge(t: text.Text, name: str, parameters: int, seconds: float) -> str:
    from core import runtime

    source = {choices.MODEL: "shipped", choices.PHOTOS: "carried"}.get(name, "fetched")
    return kit.badge_text(t, source=source, parameters=parameters, seconds=seconds, device=runtime.describe())


def _model(name: Any) -> str:
    return name.strip() if isinstance(name, str) and name.strip() else choices.MODEL


@kit.handler
def on_compare(lang: str, mine: Mine | None, captions: str, labels: str, model: str = choices.MODEL) -> kit.Update:
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
        "rows": [_short(line) for line in lines],
        "cols": [f"{number + 1}" for number in range(len(names))],
        "corner": t("matrix.corner"),
        "low": -1,
        "high": 1,
        "marks": best,
        "caption": t("matrix.caption", caption=lines[0], picture=names[found.of_caption[0]], cosine=best_of(found)),
    }
    badge, bars = _badge(t, name, found.parameters, found.seconds), _asked(t, mine, labels, name)
    return SCREEN(mine=mine, album=_album(t, mine), matrix=matrix, badge=badge, bars=bars)


@kit.handler
def on_prelude(lang: str, form: kit.Values) -> Iterator[kit.Update]:
    """The first seconds: caption by caption is compared with the pictures."""
    whole = on_compare(lang, None, form.captions, form.labels)["matrix"]
    for count in range(len(whole["rows"]) + 1):
        left = len(whole["rows"]) - count
        cells = [*whole["cells"][:count], *[[None] * len(whole["cols"])] * left]
        words = [*whole["text"][:count], *[[""] * len(whole["cols"])] * left]
        yield SCREEN(matrix=whole | {"cells": cells, "text": words, "marks": whole["marks"][:count]})


def _short(line: str) -> str:
    return line if len(line) <= 24 else line[:23] + "…"


def _to_come(matrix: dict[str, Any], lines: Sequence[str]) -> dict[str, Any]:
    """With empty rows for the captions that are not compared yet: nothing below the table moves while they come."""
    empty: list[list[Any]] = [[None] * len(matrix["cols"])] * len(lines)
    words = [[""] * len(matrix["cols"])] * len(lines)
    rows = [*matrix["rows"], *map(_short, lines)]
    return matrix | {"rows": rows, "cells": [*matrix["cells"], *empty], "text": [*matrix["text"], *words]}


@kit.handler
def on_run(
    lang: str, mine: Mine | None, captions: str, labels: str, model: str = choices.MODEL
) -> Iterator[kit.Update]:
    """Caption by caption (one a line) against every picture, so that each row is seen to come."""
    from core.lessons.multimodal import space

    lines = space.lines(captions)
    for count in range(1, len(lines) + 1):
        began = time.perf_counter()
        shown = on_compare(lang, mine, "\n".join(lines[:count]), labels, model)
        yield shown | SCREEN(matrix=_to_come(shown["matrix"], lines[count:]))
        if count < len(lines):
            time.sleep(max(0.0, min(ROW_SECONDS, 2 / len(lines)) - (time.perf_counter() - began)))


@kit.handler
def on_model(lang: str, mine: Mine | None, form: kit.Values, model: str = choices.MODEL) -> Iterator[kit.Update]:
    """Another model compares the same captions and pictures."""
    from core.lessons.multimodal import space

    if not space.ready(_model(model)):
        yield SCREEN(badge=text.load("multimodal", lang)("opening"))
    yield on_compare(lang, mine, **form, model=model)


@kit.handler
def on_photos(lang: str, mine: Mine | None, form: kit.Values) -> Iterator[kit.Update]:
    """The shipped photographs join, and the model that knows photographs compares."""
    from core.data import photos

    t = text.load("multimodal", lang)
    made = mine or start(lang)
    for name in photos.NAMES:
        label = t("album.shipped", name=t(f"picture.photo.{name}"))
        if label not in [each for each, _ in made.items]:
            made = added(made, label, photos.load(name))
    more = [line for line in t("captions_photos").splitlines() if line not in form.captions.splitlines()]
    captions = "\n".join([form.captions.rstrip(), *more]).strip()
    update = SCREEN(model=choices.PHOTOS, captions=captions)
    for found in on_model(lang, made, form.changed(captions=captions), choices.PHOTOS):
        yield update | found


@kit.handler
def on_both(lang: str, mine: Mine | None, labels: str) -> Iterator[kit.Update]:
    """The same picture and the same labels, asked of both models that ship."""
    from core.lessons.multimodal import space

    t, mine, words = text.load("multimodal", lang), mine or start(lang), space.lines(labels, "labels")
    if not space.ready(choices.PHOTOS):
        yield SCREEN(both={"items": [], "caption": t("opening")})
    items, firsts = [], {}
    for number, (name, found) in enumerate(space.both(mine.picture, words).items()):
        shares = found.tolist()
        firsts[name] = words[shares.index(max(shares))]
        items += [
            {"name": f"{word} · {t(f'model_short.{name}')}", "value": s, "text": f"{s:.1%}", "colour": 1 + number}
            for word, s in zip(words, shares, strict=True)
        ]
    caption = t(
        "both.caption", name=mine.items[mine.chosen][0], clip=firsts[choices.MODEL], photos=firsts[choices.PHOTOS]
    )
    yield SCREEN(both={"items": items, "low": 0, "high": 1, "caption": caption})


def best_of(found: Any) -> float:
    return float(found.cosines[0, found.of_caption[0]])


def _album(t: text.Text, mine: Mine) -> dict[str, Any]:
    chosen = t("album.chosen")
    items = [
        tile(f"{i + 1} · {name}", pixels, chosen if i == mine.chosen else "")
        for i, (name, pixels) in enumerate(mine.items)
    ]
    return {"items": items, "caption": t("album.caption", count=len(items), name=mine.items[mine.chosen][0])}


def _asked(t: text.Text, mine: Mine, labels: str, model: str) -> dict[str, Any]:
    from core.lessons.multimodal import space

    words = space.lines(labels, "labels")
    shares = space.zero_shot(mine.picture, words, model).tolist()
    top = shares.index(max(shares))
    items = [{"name": word, "value": s, "text": f"{s:.1%}"} for word, s in zip(words, shares, strict=True)]
    name = mine.items[mine.chosen][0]
    caption = t("zero.caption", name=name, label=words[top], share=shares[top])
    return {"items": items, "low": 0, "high": 1, "chosen": top, "caption": caption}


@kit.handler
def on_pick(lang: str, mine: Mine | None, labels: str, model: str, spot: gr.EventData) -> kit.Update:
    """A cell was chosen: its picture is asked about."""
    t, mine = text.load("multimodal", lang), mine or start(lang)
    column = int(kit.number(spot.col, "column"))
    mine = Mine(mine.items, max(0, min(column, len(mine.items) - 1)))
    return SCREEN(mine=mine, album=_album(t, mine), bars=_asked(t, mine, labels, _model(model)))


@kit.handler
def on_classify(lang: str, mine: Mine | None, labels: str, model: str = choices.MODEL) -> dict[str, Any]:
    """Zero-shot: the share each label (one a line, Korean or English) gets for the chosen picture."""
    return _asked(text.load("multimodal", lang), mine or start(lang), labels, _model(model))


@kit.handler
def on_add(lang: str, mine: Mine | None, word: str, form: kit.Values, model: str = choices.MODEL) -> kit.Update:
    """Add the emoji of this name, or the one that fits these words best."""
    from core.data import emoji
    from core.lessons.multimodal import space

    data = emoji.load()
    row = space.meant(word)
    return on_compare(lang, added(mine or start(lang), data.names(lang)[row], data.pictures[row]), **form, model=model)


@kit.handler
def on_bring(lang: str, image: Any, mine: Mine | None, form: kit.Values, model: str = choices.MODEL) -> kit.Update:
    """Add a picture from a file or the clipboard."""
    return _more(lang, mine, "album.own", pictures.opened(image).pixels, form, model)


@kit.handler
def on_snap(lang: str, mine: Mine | None, form: kit.Values, model: str, shot: gr.EventData) -> kit.Update:
    """Add a photo from the webcam."""
    photo = pictures.photographed(getattr(shot, "photos", None))[0]
    return _more(lang, mine, "album.photo", photo.pixels, form, model)


@kit.handler
def on_take(lang: str, shelf: Any, mine: Mine | None, form: kit.Values, model: str = choices.MODEL) -> kit.Update:
    """Add the picture another lesson left."""
    return _more(lang, mine, "album.taken", pictures.shelved(shelf).pixels, form, model)


def _more(lang: str, mine: Mine | None, key: str, pixels: Any, form: kit.Values, model: str) -> kit.Update:
    name = text.load("multimodal", lang)(key)
    made = on_compare(lang, added(mine or start(lang), name, pixels), **form, model=model)
    if _model(model) == choices.MODEL:
        made["album"]["caption"] += " " + text.load("multimodal", lang)("album.drawings_only")
    return made


@kit.handler
def on_reset(lang: str) -> kit.Update:
    """The pictures and captions of the beginning."""
    t = text.load("multimodal", lang)
    first = {"captions": t("captions_default"), "labels": t("labels_default")}
    return SCREEN(model=choices.MODEL, **first) | on_compare(lang, start(lang), **first)


def build(t: text.Text, language: gr.State) -> kit.Desk:
    desk, first = kit.Desk(t, FORM, SCREEN, language), first_screen("multimodal", t.lang)
    desk.put(mine=gr.State(None), shelf=kit.shelf("picture"))
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            size = {"lines": 4, "max_lines": 10}
            told = {"label": t("captions"), "info": t("one_a_line")}
            desk.put(captions=gr.Textbox(t("captions_default"), **size, **told))
            buttons = kit.buttons(t, "compare")
            desk.put(word=gr.Textbox(label=t("add_label"), placeholder=t("add_hint"), max_lines=1))
            add = gr.Button(t("add"), size="md")
            with gr.Accordion(t("more_pictures"), open=False):
                desk.put(image=pictures.intake(t))
                camera = pictures.camera(t)
                take = gr.Button(t("picture.take"), size="md")
            photos = gr.Button(t("photos"), size="md")
            models = t.choices("model_short", choices.SHIPPED)
            named: dict[str, Any] = {"label": t("model"), "info": t("model_info"), "allow_custom_value": True}
            desk.put(model=gr.Dropdown(models, value=choices.MODEL, **named))
        with gr.Column(scale=5, min_width=300, elem_classes="taste-early"):
            desk.put(album=views.pictures(first["album"]), matrix=views.matrix(first["matrix"], can=("pick",)))
            desk.put(badge=kit.markdown(t("recorded"), elem_classes="taste-badge"))
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            desk.put(labels=gr.Textbox(t("labels_default"), **size, label=t("labels"), info=t("labels_info")))
            ask = gr.Button(t("classify"), min_width=120)
            pair = gr.Button(t("both.go"), min_width=120)
        with gr.Column(scale=5, min_width=300):
            desk.put(bars=views.bars(first["bars"]), both=views.bars({"items": [], "caption": ""}, height=0))
    kit.markdown(t("both.lead"))
    runs = [
        desk.on(buttons.run.click, on_run, kit.RUN, to=SHOWN, api="multimodal_compare"),
        desk.on(desk.captions.submit, on_run, kit.RUN, to=SHOWN),
    ]
    buttons.stop.click(None, cancels=runs, **kit.PRIVATE)
    desk.on(buttons.reset.click, on_reset, cancels=runs)
    loading = kit.RUN | {"show_progress": "minimal"}
    desk.on(desk.model.input, on_model, loading, to=SHOWN)
    desk.on(photos.click, on_photos, loading, to=(*SHOWN, "model", "captions"))
    desk.on(pair.click, on_both, loading, to="both")
    desk.on(ask.click, on_classify, to="bars", api="multimodal_classify")
    desk.on((add.click, desk.word.submit), on_add, to=SHOWN)
    desk.on(desk.image.input, on_bring, kit.LIGHT | pictures.RAW, to=SHOWN)
    desk.on(camera.snap, on_snap, to=SHOWN)
    desk.on(take.click, on_take, to=SHOWN)
    desk.on(desk.matrix.pick, on_pick, to=("mine", "album", "bars"))
    return desk
