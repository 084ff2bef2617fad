"""Lesson 13: the learner slides a kernel over a picture and sees, at any pixel, the products that sum to its value."""

from __future__ import annotations

from typing import Any

import gradio as gr

from demos import kit, views
from demos.convolution import tasks
from demos.convolution.shown import MODES, OUTPUTS, POOLS, PRESETS, SIDES, Here, convolved, plan, shipped, shown
from demos.kit import pictures, text
from demos.kit.lesson import Lesson, Opening, Room


@kit.handler
def on_open(lang: str, shelf: Any, photo: str, *controls: Any) -> tuple[Any, ...]:
    """The picture of lesson 12 if there is one, else a shipped photo."""
    picture = None if shelf is None else pictures.shelved(shelf)
    here = shipped(photo) if picture is None else Here(picture.pixels, "own", picture.notes)
    return here, *shown(lang, here, controls)


@kit.handler
def on_photo(lang: str, photo: str, *controls: Any) -> tuple[Any, ...]:
    """A convolution of a shipped photo, with every product's numbers, ReLU and max-pooling."""
    here = shipped(photo)
    return here, *shown(lang, here, controls)


@kit.handler
def on_bring(lang: str, file: Any, *controls: Any) -> tuple[Any, ...]:
    """A picture of one's own: a file or the clipboard."""
    picture = pictures.opened(file)
    here = Here(picture.pixels, "own", picture.notes)
    return None, None, here, *shown(lang, here, controls)


@kit.handler
def on_snap(
    lang: str,
    side: str,
    mode: str,
    kernel: str,
    bias: float,
    stride: float,
    padding: float,
    dilation: float,
    pool: str,
    shot: gr.EventData,
) -> tuple[Any, ...]:
    """A photo from the webcam."""
    picture = pictures.photographed(getattr(shot, "photos", None))[0]
    here = Here(picture.pixels, "own", picture.notes)
    return None, here, *shown(lang, here, (side, mode, kernel, bias, stride, padding, dilation, pool))


@kit.handler
def on_take(lang: str, thing: Any, *controls: Any) -> tuple[Any, ...]:
    """The picture that lesson 12 (or another) left."""
    picture = pictures.shelved(thing)
    here = Here(picture.pixels, "own", picture.notes)
    return None, here, *shown(lang, here, controls)


@kit.handler
def on_apply(lang: str, here: Here, *controls: Any) -> tuple[Any, ...]:
    """Kernel, stride, padding, dilation, channels: the size, or a flag before anything fails, and the output."""
    return shown(lang, here, controls)


@kit.handler
def on_preset(lang: str, here: Here, preset: str | None, side: str, mode: str, *rest: Any) -> tuple[Any, ...]:
    """A well-known kernel, in every channel."""
    from core.lessons.convolution.kernels import parse
    from core.lessons.convolution.kernels import preset as kernel_text

    if preset is None:
        return (gr.skip(),) * (2 + OUTPUTS)
    words = kernel_text(preset)
    return words, len(parse(words)[0]), *shown(lang, here, (side, mode, words, *rest[1:]))


@kit.handler
def on_size(lang: str, here: Here, size: float, side: str, mode: str, kernel: str, *rest: Any) -> tuple[Any, ...]:
    """A kernel of another size: zeros around, or cut at the edges. Even sizes are allowed."""
    from core.lessons.convolution.kernels import parse, resized, write

    words = write(resized(parse(kernel, mode), kit.whole(size)))
    return words, None, *shown(lang, here, (side, mode, words, *rest))


@kit.handler
def on_cell(
    lang: str,
    here: Here,
    side: str,
    mode: str,
    kernel: str,
    bias: float,
    stride: float,
    padding: float,
    dilation: float,
    pool: str,
    cell: gr.EventData,
) -> tuple[Any, ...]:
    """A number was typed into the kernel."""
    words = cell.text if isinstance(getattr(cell, "text", None), str) else ""
    return words, None, *shown(lang, here, (side, mode, words, bias, stride, padding, dilation, pool))


@kit.handler
def on_csv(lang: str, here: Here, *controls: Any) -> str:
    from core.lessons.convolution.kernels import to_csv

    return to_csv(convolved(here or shipped("cat"), plan(*controls)).output)


@kit.handler
def on_code(lang: str, here: Here | None, photo: str, *controls: Any) -> str:
    here, settings = here or shipped(photo), plan(*controls)
    opening = 'images.read("my_picture.png").pixels' if here.source == "own" else f'photos.load("{here.source}")'
    return CODE.format(
        opening=opening, p=settings, kernel=controls[2].strip(), groups=3 if settings.mode == "apart" else 1
    )


CODE = """import torch
import torch.nn.functional as F
from core.data import photos
from core.files import images
from core.lessons.convolution import kernels

picture = images.read({opening}, max_side={p.side}).pixels
image = kernels.planes(picture, "{p.mode}")  # (channels, height, width)
kernel = kernels.parse('''
{kernel}
''', "{p.mode}")
result = kernels.apply(image, kernel, "{p.mode}", {p.bias}, {p.stride}, {p.padding}, {p.dilation})
print(result.config.formula, result.notes)

# The same in plain PyTorch.
x, w = torch.tensor(image, dtype=torch.float64)[None], torch.tensor(kernel)
w = w[:, None] if {groups} == 3 else w[None]
y = F.conv2d(x, w, None, {p.stride}, {p.padding}, {p.dilation}, {groups}) + {p.bias}
print("largest difference:", (torch.tensor(result.output) - y[0]).abs().max().item())
row, column = y.shape[2] // 2, y.shape[3] // 2
print("in the middle:", y[0, :, row, column].tolist())
print("after ReLU and max-pooling:", tuple(F.max_pool2d(F.relu(y), min({p.pool}, *y.shape[2:])).shape[1:]))
"""


def build(lang: str) -> Room:
    t = text.load("convolution", lang)
    language, here, shelf = kit.header(t), gr.State(None), kit.shelf("picture")
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=300):
            with gr.Row(elem_classes="taste-buttons"):
                slide = gr.Button(t("slide"), variant="primary", min_width=150)
                stop = gr.Button(t("stop"), variant="stop", min_width=80)
                reset = gr.Button(t("reset"), min_width=80)
            view = views.convolution()
            badge = kit.badge()
        with gr.Column(scale=3, min_width=300):
            preset = gr.Radio(t.choices("preset", PRESETS), value="vertical_edges", label=t("preset_label"))
            cells = views.kernel(can=("edit",))
            flag = kit.markdown("", elem_classes="taste-flag")
            with gr.Row():
                stride = gr.Number(1, label=t("stride"), step=1, min_width=80)
                padding = gr.Number(0, label=t("padding"), step=1, min_width=80)
                dilation = gr.Number(1, label=t("dilation"), step=1, min_width=80)
            formula = kit.markdown("", min_height=110)
            mode = gr.Radio(t.choices("mode", MODES), value="grey", label=t("mode_label"))
            with gr.Accordion(t("more"), open=False):
                size = gr.Slider(1, 7, value=3, step=1, label=t("size"))
                kernel = gr.Textbox(_first(), lines=3, max_lines=9, label=t("kernel_text"), info=t("kernel_info"))
                bias = gr.Number(0, label=t("bias"), min_width=80)
                pool = gr.Radio(list(POOLS), value="2", label=t("pool"))
                side = gr.Radio(list(SIDES), value="48", label=t("side"))
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            photo = gr.Radio(t.choices("picture.photo", pictures.PHOTOS), value="cat", label=t("picture.shipped"))
            take = gr.Button(t("picture.take"), size="md")
            file, camera = pictures.intake(t), pictures.snapshot(t)
        with gr.Column(scale=5, min_width=300):
            whole = views.pictures()
            save, csv = gr.Button(t("download_csv"), size="md"), gr.Textbox(visible=False)
    where = [side, mode, kernel, bias, stride, padding, dilation, pool]
    outputs = [view, cells, formula, flag, whole, badge]
    quiet = kit.LIGHT | kit.PRIVATE
    inputs = [language, here, *where]
    slide.click(None, js=_play(True), **kit.PRIVATE)
    stop.click(None, js=_play(False), **kit.PRIVATE)
    for control in (mode, pool, side):
        control.change(on_apply, inputs, outputs, **quiet)
    for box in (stride, padding, dilation, bias):
        named = kit.api("convolution_apply") if box is stride else kit.PRIVATE
        box.input(on_apply, inputs, outputs, **kit.LIGHT, **named)
    kernel.input(on_apply, inputs, outputs, **quiet)
    preset.input(on_preset, [language, here, preset, *where], [kernel, size, *outputs], **quiet)
    size.input(on_size, [language, here, size, *where], [kernel, preset, *outputs], **quiet)
    cells.edit(on_cell, inputs, [kernel, preset, *outputs], **quiet)
    photo.input(on_photo, [language, photo, *where], [here, *outputs], **kit.LIGHT, **kit.api("convolution_photo"))
    brought = [file, photo, here, *outputs]
    file.input(on_bring, [language, file, *where], brought, **kit.LIGHT, **pictures.RAW, **kit.api("convolution_bring"))
    camera.snap(on_snap, [language, *where], [photo, here, *outputs], **quiet)
    take.click(on_take, [language, shelf, *where], [photo, here, *outputs], **quiet)
    start = [preset, size, *where]
    reset.click(on_reset, [language, here], [*start, *outputs], **quiet)
    save.click(on_csv, inputs, csv, **quiet).then(
        None, csv, None, js="(text) => taste.save('convolution.csv', text)", **kit.PRIVATE
    )
    controls = {
        "photo": photo,
        "mode": mode,
        "kernel": kernel,
        "bias": bias,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "pool": pool,
        "side": side,
    }
    kit.tasks(t, TASKS)
    kit.code_panel(t, "convolution.py", on_code, [language, here, photo, *where])
    kit.share(t, controls)
    kit.story(t)
    return Room(controls, Opening(on_open, [language, shelf, photo, *where], [here, *outputs]))


def _first() -> str:
    from core.lessons.convolution.kernels import preset

    return preset("vertical_edges")


@kit.handler
def on_reset(lang: str, here: Here) -> tuple[Any, ...]:
    """The settings of the beginning; the picture stays."""
    start = ("48", "grey", _first(), 0, 1, 0, 1, "2")
    return "vertical_edges", 3, *start, *shown(lang, here, start)


def _play(on: bool) -> str:
    detail = f"{{kind: 'convolution', on: {str(on).lower()}}}"
    return f"() => {{ document.dispatchEvent(new CustomEvent('taste-play', {{detail: {detail}}})); }}"


TASKS = tasks.TASKS
LESSON = Lesson("convolution", build)
