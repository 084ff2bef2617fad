"""Lesson 12: the learner moves a patch over any picture, reads its R, G, B numbers, changes one and sees the pixel."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gradio as gr

from demos import kit, views
from demos.kit import pictures, text
from demos.kit.lesson import Lesson, Opening, Room
from demos.pixels import panels, shown
from demos.pixels.shown import _spot, _view
from demos.pixels.state import SIZES, START, Here, Sight, _at, _photo, _sight, begun
from demos.pixels.tasks import TASKS


@kit.handler
def on_open(lang: str, photo: str, *controls: Any) -> tuple[Any, ...]:
    """A shipped picture: its patch, its numbers, its channels."""
    here = _photo(photo)
    return _all(text.load("pixels", lang), here, _sight(here, *controls))


@kit.handler
def on_photo(lang: str, photo: str, *controls: Any) -> tuple[Any, ...]:
    """Another shipped picture, from a lively spot of it."""
    return _begin(lang, _photo(photo), controls)


@kit.handler
def on_bring(lang: str, file: Any, *controls: Any) -> tuple[Any, ...]:
    """A picture of one's own: a file or the clipboard. Its numbers are kept exactly."""
    picture = pictures.opened(file)
    return None, None, *_begin(lang, Here(picture.pixels, picture.pixels, "own", picture.notes), controls)


@kit.handler
def on_snap(
    lang: str, size: str, look: str, bits: float, red: float, green: float, blue: float, shot: gr.EventData
) -> tuple[Any, ...]:
    """A photo from the webcam, pixel for pixel."""
    picture = pictures.photographed(getattr(shot, "photos", None))[0]
    here = Here(picture.pixels, picture.pixels, "own", picture.notes)
    return None, *_begin(lang, here, (0, 0, size, look, bits, red, green, blue))


@kit.handler
def on_take(lang: str, thing: Any, *controls: Any) -> tuple[Any, ...]:
    """The picture that another lesson left."""
    picture = pictures.shelved(thing)
    return None, *_begin(lang, Here(picture.pixels, picture.pixels, "own", picture.notes), controls)


def _begin(lang: str, here: Here, controls: tuple[Any, ...]) -> tuple[Any, ...]:
    from core.lessons.pixels.looks import lively

    column, row = lively(here.pixels)
    return here.pixels, *_all(text.load("pixels", lang), here, _sight(here, column, row, *controls[2:]))


@kit.handler
@begun
def on_move(
    lang: str, here: Here, size: str, look: str, bits: float, red: float, green: float, blue: float, spot: gr.EventData
) -> tuple[Any, ...]:
    """The patch was moved in the browser: the words follow, the picture is there already."""
    sight = _sight(here, *_at(here, spot), size, look, bits, red, green, blue)
    return _spot(text.load("pixels", lang), here, sight)


@kit.handler
@begun
def on_look(lang: str, here: Here, *controls: Any) -> tuple[Any, ...]:
    """Another pixel by its numbers, another size, another way of looking."""
    t, sight = text.load("pixels", lang), _sight(here, *controls)
    return _view(t, here, sight), *_spot(t, here, sight)


@kit.handler
@begun
def on_far(
    lang: str, here: Here, size: str, look: str, bits: float, red: float, green: float, blue: float, spot: gr.EventData
) -> Any:
    """The exact numbers around a pixel of a large picture that the browser does not have yet."""
    sight = _sight(here, *_at(here, spot), size, look, bits, red, green, blue)
    return _view(text.load("pixels", lang), here, sight)


@kit.handler
@begun
def on_zoom(
    lang: str,
    here: Here,
    column: float,
    row: float,
    size: str,
    look: str,
    bits: float,
    red: float,
    green: float,
    blue: float,
    key: gr.EventData,
) -> tuple[Any, ...]:
    """Plus and minus on the keyboard."""
    place = SIZES.index(size) + (1 if kit.number(key.by) > 0 else -1)
    size = SIZES[max(0, min(place, len(SIZES) - 1))]
    return size, *on_look(lang, here, column, row, size, look, bits, red, green, blue)


@kit.handler
@begun
def on_jump(lang: str, here: Here, seed: int, *controls: Any) -> tuple[Any, ...]:
    """A lively spot of the picture: the widest spread of numbers among some random patches."""
    from core.lessons.pixels.looks import lively

    column, row = lively(here.pixels, int(controls[2]), seed)
    return seed + 1, *on_look(lang, here, column, row, *controls[2:])


@kit.handler
@begun
def on_edit(lang: str, here: Here, red: Any, green: Any, blue: Any, *controls: Any) -> tuple[Any, ...]:
    """New numbers for one pixel, 0 to 255 each: the pixel changes, and nothing else."""
    from core.vision.pixels import edit

    if None in (red, green, blue):  # the box is being typed in
        return (gr.skip(),) * (1 + VIEWS)
    t, sight = text.load("pixels", lang), _sight(here, *controls)
    rgb = [kit.whole(value) for value in (red, green, blue)]
    changed = edit(here.pixels, sight.column, sight.row, tuple(rgb))
    here = replace(here, pixels=changed, edits=(*here.edits, (sight.column, sight.row, *map(int, rgb)))[-500:])
    shown = _all(t, here, sight)
    return changed, here, shown[1], gr.skip(), gr.skip(), gr.skip(), gr.skip(), gr.skip(), *shown[7:]


@kit.handler
@begun
def on_reset(lang: str, here: Here, *controls: Any) -> tuple[Any, ...]:
    """The picture as it was brought."""
    here = replace(here, pixels=here.original, edits=())
    return here.pixels, *_all(text.load("pixels", lang), here, _sight(here, *controls))


@kit.handler
@begun
def on_save(lang: str, here: Here) -> str:
    return pictures.png(here.pixels)


VIEWS = 1 + 1 + 7 + shown.OUTPUTS + 1  # here, view, the spot, the panels, the notes


def _all(t: text.Text, here: Here, sight: Sight) -> tuple[Any, ...]:
    said = t("size_said", w=here.pixels.shape[1], h=here.pixels.shape[0], numbers=here.pixels.size)
    label = kit.badge_text(t, source="computed_now")
    words = f"{label} · {said} {pictures.notes(t, here.notes)}"
    return here, _view(t, here, sight), *_spot(t, here, sight), *shown.shown(t, here.pixels, sight), words


@kit.handler
def on_code(lang: str, here: Here | None, photo: str, *controls: Any) -> str:
    here = here or _photo(photo)
    sight = _sight(here, *controls)
    own = here.source == "own"
    opening = 'images.read("my_picture.png").pixels' if own else f'photos.load("{here.source}")'
    edits = "".join(f"picture = pixels.edit(picture, {x}, {y}, {tuple(rgb)})\n" for x, y, *rgb in here.edits)
    return CODE.format(opening=opening, edits=edits, s=sight)


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
    language, here, seed, shelf = kit.header(t), gr.State(None), gr.State(1), kit.shelf("picture")
    view = views.pixels(can=("move", "look", "zoom"))
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=300):
            with gr.Row(elem_classes="taste-buttons"):
                jump = gr.Button(t("jump"), variant="primary", min_width=130)
                reset = gr.Button(t("reset"), min_width=80)
                save = gr.Button(t("picture.save"), min_width=110)
            look = gr.Radio(t.choices("look", shown.LOOKS), value="rgb", label=t("look_label"))
            size = gr.Radio(list(SIZES), value="8", label=t("size_label"))
            with gr.Row():
                column = gr.Number(START[0], label=t("column_label"), step=1, min_width=80)
                row = gr.Number(START[1], label=t("row_label"), step=1, min_width=80)
            with gr.Row():
                rgb = [gr.Number(0, label=t(f"channel.{name}"), step=1, min_width=70) for name in shown.CHANNELS]
        with gr.Column(scale=3, min_width=300):
            said = kit.markdown("", min_height=130)
            badge = kit.badge()
        with gr.Column(scale=2, min_width=260):
            photo = gr.Radio(t.choices("picture.photo", pictures.PHOTOS), value="cat", label=t("picture.shipped"))
            file, camera = pictures.intake(t), pictures.snapshot(t)
            take = gr.Button(t("picture.take"), size="md")
    made = panels.build(t)
    png = gr.Textbox(visible=False)
    where = [column, row, size, look, made.bits, *made.weights]
    spot = [column, row, *rgb, said, made.strip]
    outputs = [here, view, *spot, *made.outputs, badge]
    quiet = kit.LIGHT | kit.PRIVATE
    follow = [language, here, size, look, made.bits, *made.weights]
    view.move(on_move, follow, spot, **quiet)
    view.look(on_far, follow, view, **quiet)
    view.zoom(on_zoom, [language, here, *where], [size, view, *spot], **quiet)
    photo.input(on_photo, [language, photo, *where], [shelf, *outputs], **kit.LIGHT, **kit.api("pixels_photo"))
    brought = [file, photo, shelf, *outputs]
    file.input(on_bring, [language, file, *where], brought, **kit.LIGHT, **pictures.RAW, **kit.api("pixels_bring"))
    camera.snap(on_snap, [language, *where[2:]], [photo, shelf, *outputs], **quiet)
    take.click(on_take, [language, shelf, *where], [photo, shelf, *outputs], **quiet)
    for control in (column.input, row.input, look.change, size.input):
        control(on_look, [language, here, *where], [view, *spot], **quiet)
    for number in rgb:
        number.input(on_edit, [language, here, *rgb, *where], [shelf, *outputs], **quiet)
    jump.click(on_jump, [language, here, seed, *where], [seed, view, *spot], **quiet)
    reset.click(on_reset, [language, here, *where], [shelf, *outputs], **quiet)
    save.click(on_save, [language, here], png, **quiet).then(
        None, png, None, js="(data) => taste.savePng('pixels.png', data)", **kit.PRIVATE
    )
    panels.wire(t, made, language, here, look, where, [view, *spot])
    controls = {"photo": photo, "column": column, "row": row, "size": size, "look": look, **made.controls}
    kit.tasks(t, TASKS)
    kit.code_panel(t, "pixels.py", on_code, [language, here, photo, *where])
    kit.share(t, controls)
    kit.story(t)
    return Room(controls, Opening(on_open, [language, photo, *where], outputs))


LESSON = Lesson("pixels", build)
