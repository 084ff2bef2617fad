"""Lesson 13: the learner moves a patch over any picture, reads its R, G, B numbers, changes one and sees the pixel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import gradio as gr

from core.lessons.pixels import choices
from demos import kit, views
from demos.kit import pictures, text
from demos.kit.lesson import Lesson, Room
from demos.pixels import panels, shown, state
from demos.pixels.state import ALL, FORM, SCREEN, SPOT, Here
from demos.pixels.tasks import TASKS

PRELUDE = 23  # stretches that the patch comes along in the first seconds


@kit.handler
def on_open(lang: str, form: kit.Values) -> kit.Update:
    """A shipped picture: its patch, its numbers, its channels."""
    here = state.photo(form.photo)
    return shown.everything(text.load("pixels", lang), here, state.sight(here, form))


@kit.handler
def on_prelude(lang: str, form: kit.Values) -> Iterator[kit.Update]:
    """The first seconds: the patch comes over the picture to its place."""
    here = state.photo(form.photo)
    sight = state.sight(here, form)
    view = shown.view(text.load("pixels", lang), here, sight)
    for k in range(PRELUDE + 1):
        ways = ((view["w"] // 8, sight.column), (view["h"] * 7 // 8, sight.row))
        x, y = (start + (end - start) * k // PRELUDE for start, end in ways)
        yield SCREEN(view=view | {"at": {"x": x, "y": y}})


@kit.handler
def on_photo(lang: str, form: kit.Values) -> kit.Update:
    """Another shipped picture, from a lively spot of it."""
    return _begin(lang, state.photo(form.photo), form)


@kit.handler
def on_bring(lang: str, file: Any, form: kit.Values) -> kit.Update:
    """A picture of one's own: a file or the clipboard. Its numbers are kept exactly."""
    return _begin(lang, state.own(pictures.opened(file)), form) | SCREEN(file=None, photo=None)


@kit.handler
def on_snap(lang: str, form: kit.Values, shot: gr.EventData) -> kit.Update:
    """A photo from the webcam, pixel for pixel."""
    picture = pictures.photographed(getattr(shot, "photos", None))[0]
    return _begin(lang, state.own(picture), form) | SCREEN(photo=None)


@kit.handler
def on_take(lang: str, shelf: Any, form: kit.Values) -> kit.Update:
    """The picture that another lesson left."""
    return _begin(lang, state.own(pictures.shelved(shelf)), form) | SCREEN(photo=None)


def _begin(lang: str, here: Here, form: kit.Values) -> kit.Update:
    from core.lessons.pixels.looks import lively

    column, row = lively(here.pixels)
    sight = state.sight(here, form.changed(column=column, row=row))
    return shown.everything(text.load("pixels", lang), here, sight) | SCREEN(shelf=here.pixels)


@kit.handler
def on_move(lang: str, here: Here | None, form: kit.Values, spot: gr.EventData) -> kit.Update:
    """The patch was moved in the browser: the words follow, the picture is there already."""
    here = here or state.photo()
    return shown.spot(text.load("pixels", lang), here, state.at(here, form, spot.x, spot.y))


@kit.handler
def on_look(lang: str, here: Here | None, form: kit.Values) -> kit.Update:
    """Another pixel by its numbers, another size, another way of looking."""
    here = here or state.photo()
    t, sight = text.load("pixels", lang), state.sight(here, form)
    return SCREEN(view=shown.view(t, here, sight)) | shown.spot(t, here, sight)


@kit.handler
def on_far(lang: str, here: Here | None, form: kit.Values, spot: gr.EventData) -> dict[str, Any]:
    """The exact numbers around a pixel of a large picture that the browser does not have yet."""
    here = here or state.photo()
    return shown.view(text.load("pixels", lang), here, state.at(here, form, spot.x, spot.y))


@kit.handler
def on_zoom(lang: str, here: Here | None, form: kit.Values, key: gr.EventData) -> kit.Update:
    """Plus and minus on the keyboard."""
    sizes = tuple(choices.SIZE)
    place = sizes.index(form.size) + (1 if kit.number(key.by) > 0 else -1)
    size = sizes[max(0, min(place, len(sizes) - 1))]
    return on_look(lang, here, form.changed(size=size)) | SCREEN(size=size)


@kit.handler
def on_jump(lang: str, here: Here | None, seed: int, form: kit.Values) -> kit.Update:
    """A lively spot of the picture: the widest spread of numbers among some random patches."""
    from core.lessons.pixels.looks import lively

    here = here or state.photo()
    column, row = lively(here.pixels, int(form.size), seed)
    return on_look(lang, here, form.changed(column=column, row=row)) | SCREEN(seed=seed + 1)


@kit.handler
def on_edit(lang: str, here: Here | None, red: Any, green: Any, blue: Any, form: kit.Values) -> kit.Update:
    """New numbers for one pixel, 0 to 255 each: the pixel changes, and nothing else."""
    from core.vision.pixels import edit

    if None in (red, green, blue):  # the box is being typed in
        return SCREEN()
    here = here or state.photo()
    sight, rgb = state.sight(here, form), [kit.whole(value) for value in (red, green, blue)]
    changed = edit(here.pixels, sight.column, sight.row, tuple(rgb))
    here = replace(here, pixels=changed, edits=(*here.edits, (sight.column, sight.row, *map(int, rgb)))[-500:])
    seen = shown.everything(text.load("pixels", lang), here, sight) | SCREEN(shelf=changed)
    typed_in = ("column", "row", "red", "green", "blue")
    return kit.Update({name: value for name, value in seen.items() if name not in typed_in})


@kit.handler
def on_back(lang: str, here: Here | None, form: kit.Values) -> kit.Update:
    """After numbers were refused, the boxes say again what is: the pixel's numbers, the nearest place in the picture."""
    if None in (form.column, form.row):  # the box is being typed in
        return SCREEN()
    here = here or state.photo()
    t, sight = text.load("pixels", lang), state.at(here, form, form.column, form.row)
    return SCREEN(view=shown.view(t, here, sight)) | shown.spot(t, here, sight)


@kit.handler
def on_reset(lang: str, here: Here | None, form: kit.Values) -> kit.Update:
    """The picture as it was brought."""
    here = here or state.photo()
    here = replace(here, pixels=here.original, edits=())
    seen = shown.everything(text.load("pixels", lang), here, state.sight(here, form))
    return seen | SCREEN(shelf=here.pixels)


@kit.handler
def on_save(lang: str, here: Here | None) -> str:
    return pictures.png((here or state.photo()).pixels)


@kit.handler
def on_code(lang: str, here: Here | None, form: kit.Values) -> str:
    here = here or state.photo(form.photo)
    own = here.source == "own"
    opening = 'images.read("my_picture.png").pixels' if own else f'photos.load("{here.source}")'
    edits = "".join(f"picture = pixels.edit(picture, {x}, {y}, {tuple(rgb)})\n" for x, y, *rgb in here.edits)
    return CODE.format(opening=opening, edits=edits, s=state.sight(here, form))


CODE = """from core.data import photos
from core.files import images
from core.lessons.pixels import looks
from core.vision import pixels

picture = {opening}
{edits}print(picture.shape, picture.dtype)
column, row, size = {s.column}, {s.row}, {s.size}
print(picture[row, column])  # R, G, B
print(pixels.patch(picture, column, row, size).values)
print("grey", looks.grey_sum(picture[row, column], {s.weights}).value)
print(looks.fewer_bits(picture, {s.bits}))
print(pixels.layout(picture, column, row))
print("0..1:", pixels.to_unit(picture[row, column]))
"""


def build(lang: str) -> Room:
    t = text.load("pixels", lang)
    desk = kit.Desk(t, FORM, SCREEN, kit.header(t))
    desk.put(here=gr.State(None), seed=gr.State(1), shelf=kit.shelf("picture"))
    desk.put(view=views.pixels(can=("move", "look", "zoom")))
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=300):
            with gr.Row(elem_classes="taste-buttons"):
                jump = gr.Button(t("jump"), variant="primary", min_width=130)
                reset = gr.Button(t("reset"), min_width=80)
                save = gr.Button(t("picture.save"), min_width=110)
            desk.put(look=kit.radio(t, "look", choices.LOOK, label=t("look_label")))
            desk.put(size=gr.Radio(list(choices.SIZE), value=choices.SIZE.default, label=t("size_label")))
            with gr.Row():
                desk.put(column=kit.number_box(choices.COLUMN, label=t("column_label"), min_width=80))
                desk.put(row=kit.number_box(choices.ROW, label=t("row_label"), min_width=80))
            with gr.Row():
                for name in shown.CHANNELS:
                    box = kit.number_box(choices.VALUE, label=t(f"channel.{name}"), min_width=70)
                    desk.put(**{name: box})
        with gr.Column(scale=3, min_width=300):
            desk.put(said=kit.markdown("", min_height=130), badge=kit.badge())
        with gr.Column(scale=2, min_width=260):
            desk.put(photo=kit.radio(t, "picture.photo", choices.PHOTO, label=t("picture.shipped")))
            desk.put(file=pictures.intake(t))
            camera = pictures.snapshot(t)
            take = gr.Button(t("picture.take"), size="md")
    panels.build(desk)
    desk.put(png=gr.Textbox(visible=False))
    begun = (*ALL, "shelf")
    desk.on(desk.view.move, on_move, to=SPOT)
    desk.on(desk.view.look, on_far, to="view")
    desk.on(desk.view.zoom, on_zoom, to=("view", *SPOT, "size"))
    desk.on(desk.photo.input, on_photo, to=begun, api="pixels_photo")
    desk.on(desk.file.input, on_bring, kit.LIGHT | pictures.RAW, to=(*begun, "file", "photo"), api="pixels_bring")
    desk.on(camera.snap, on_snap, to=(*begun, "photo"))
    desk.on(take.click, on_take, to=(*begun, "photo"))
    desk.on((desk.look.change, desk.size.input), on_look, to=("view", *SPOT))
    typed = desk.on((desk.column.input, desk.row.input), on_look, to=("view", *SPOT))
    typed += desk.on([getattr(desk, name).input for name in shown.CHANNELS], on_edit, to=begun)
    desk.on([numbers.failure for numbers in typed], on_back, to=("view", *SPOT))
    desk.on(jump.click, on_jump, to=("view", *SPOT, "seed"))
    desk.on(reset.click, on_reset, to=begun)
    desk.on(save.click, on_save, to="png").then(
        None, desk.png, None, js="(data) => taste.savePng('pixels.png', data)", **kit.PRIVATE
    )
    panels.wire(desk)
    kit.tasks(t, TASKS)
    kit.code_panel(desk, "pixels.py", on_code)
    kit.share(t, desk.controls)
    kit.story(t)
    return Room(desk.controls, desk.opening(on_open, ALL), prelude=desk.prelude(on_prelude, "view"))


LESSON = Lesson("pixels", build)
