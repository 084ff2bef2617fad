"""Lesson 14: the learner slides a kernel over a picture and sees, at any pixel, the products that sum to its value."""

from __future__ import annotations

from typing import Any

import gradio as gr

from core.lessons.convolution import choices
from core.lessons.pixels.choices import PHOTO
from demos import kit, views
from demos.convolution.shown import FORM, SCREEN, SEEN, Here, convolved, first_kernel, own, plan, shipped, shown
from demos.convolution.tasks import TASKS
from demos.kit import downloads, pictures, text
from demos.kit.lesson import Lesson, Room


@kit.handler
def on_open(lang: str, shelf: Any, form: kit.Values) -> kit.Update:
    """The picture of lesson 13 if there is one, else a shipped photo; the kernel slides over it by itself."""
    here = shipped(form.photo) if shelf is None else own(pictures.shelved(shelf))
    update = shown(lang, here, form)
    if "view" in update:
        update |= SCREEN(view=update["view"] | {"play": True})
    return SCREEN(here=here) | update


@kit.handler
def on_photo(lang: str, form: kit.Values) -> kit.Update:
    """A convolution of a shipped photo, with every product's numbers, ReLU and max-pooling."""
    here = shipped(form.photo)
    return SCREEN(here=here) | shown(lang, here, form)


@kit.handler
def on_bring(lang: str, file: Any, form: kit.Values) -> kit.Update:
    """A picture of one's own: a file or the clipboard."""
    here = own(pictures.opened(file))
    return SCREEN(file=None, photo=None, here=here) | shown(lang, here, form)


@kit.handler
def on_snap(lang: str, form: kit.Values, shot: gr.EventData) -> kit.Update:
    """A photo from the webcam."""
    here = own(pictures.photographed(getattr(shot, "photos", None))[0])
    return SCREEN(photo=None, here=here) | shown(lang, here, form)


@kit.handler
def on_take(lang: str, shelf: Any, form: kit.Values) -> kit.Update:
    """The picture that lesson 13 (or another) left."""
    here = own(pictures.shelved(shelf))
    return SCREEN(photo=None, here=here) | shown(lang, here, form)


@kit.handler
def on_apply(lang: str, here: Here | None, form: kit.Values) -> kit.Update:
    """Kernel, stride, padding, dilation, channels: the size, or a flag before anything fails, and the output."""
    return shown(lang, here, form)


@kit.handler
def on_preset(lang: str, here: Here | None, preset: str | None, form: kit.Values) -> kit.Update:
    """A well-known kernel, in every channel."""
    from core.lessons.convolution.kernels import parse
    from core.lessons.convolution.kernels import preset as kernel_text

    if preset is None:
        return SCREEN()
    words = kernel_text(preset)
    return SCREEN(kernel=words, size=len(parse(words)[0])) | shown(lang, here, form.changed(kernel=words))


@kit.handler
def on_size(lang: str, here: Here | None, size: float, form: kit.Values) -> kit.Update:
    """A kernel of another size: zeros around, or cut at the edges. Even sizes are allowed."""
    from core.lessons.convolution.kernels import parse, resized, write

    words = write(resized(parse(form.kernel, form.mode), kit.whole(size)))
    return SCREEN(kernel=words, preset=None) | shown(lang, here, form.changed(kernel=words))


@kit.handler
def on_cell(lang: str, here: Here | None, form: kit.Values, cell: gr.EventData) -> kit.Update:
    """A number was typed into the kernel."""
    words = cell.text if isinstance(getattr(cell, "text", None), str) else ""
    return SCREEN(kernel=words, preset=None) | shown(lang, here, form.changed(kernel=words))


@kit.handler
def on_reset(lang: str, here: Here | None) -> kit.Update:
    """The settings of the beginning; the picture stays."""
    start = FORM.values()
    settings = {name: value for name, value in start.items() if name != "photo"}
    return SCREEN(preset=choices.PRESET.default, size=choices.SIZE.default, **settings) | shown(lang, here, start)


@kit.handler
def on_csv(lang: str, here: Here | None, form: kit.Values) -> str:
    from core.lessons.convolution.kernels import to_csv

    return to_csv(convolved(here or shipped(), plan(form)).output)


@kit.handler
def on_code(lang: str, here: Here | None, form: kit.Values) -> str:
    here, settings = here or shipped(form.photo), plan(form)
    opening = 'images.read("my_picture.png").pixels' if here.source == "own" else f'photos.load("{here.source}")'
    groups = 3 if settings.mode == "apart" else 1
    return CODE.format(opening=opening, p=settings, kernel=form.kernel.strip(), groups=groups)


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
    desk = kit.Desk(t, FORM, SCREEN, kit.header(t))
    desk.put(here=gr.State(None), shelf=kit.shelf("picture"))
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=300):
            with gr.Row(elem_classes="taste-buttons"):
                slide = gr.Button(t("slide"), variant="primary", min_width=150)
                stop = gr.Button(t("stop"), variant="stop", min_width=80)
                reset = gr.Button(t("reset"), min_width=80)
            desk.put(view=views.convolution(), badge=kit.badge())
        with gr.Column(scale=3, min_width=300):
            desk.put(preset=kit.radio(t, "preset", choices.PRESET, label=t("preset_label")))
            desk.put(cells=views.kernel(can=("edit",)), flag=kit.markdown("", elem_classes="taste-flag"))
            with gr.Row():
                desk.put(stride=kit.number_box(choices.STRIDE, label=t("stride"), min_width=80))
                desk.put(padding=kit.number_box(choices.PADDING, label=t("padding"), min_width=80))
                desk.put(dilation=kit.number_box(choices.DILATION, label=t("dilation"), min_width=80))
            desk.put(formula=kit.markdown("", min_height=110))
            desk.put(mode=kit.radio(t, "mode", choices.MODE, label=t("mode_label")))
            with gr.Accordion(t("more"), open=False):
                desk.put(size=kit.slider(choices.SIZE, label=t("size")))
                words = {"label": t("kernel_text"), "info": t("kernel_info")}
                desk.put(kernel=gr.Textbox(first_kernel(), lines=3, max_lines=9, **words))
                desk.put(bias=kit.number_box(choices.BIAS, label=t("bias"), min_width=80))
                desk.put(pool=gr.Radio(list(choices.POOL), value=choices.POOL.default, label=t("pool")))
                desk.put(side=gr.Radio(list(choices.SIDE), value=choices.SIDE.default, label=t("side")))
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            desk.put(photo=kit.radio(t, "picture.photo", PHOTO, label=t("picture.shipped")))
            take = gr.Button(t("picture.take"), size="md")
            desk.put(file=pictures.intake(t))
            camera = pictures.snapshot(t)
        with gr.Column(scale=5, min_width=300):
            desk.put(whole=views.pictures())
            save = downloads.button(t)
    slide.click(None, js=_play(True), **kit.PRIVATE)
    stop.click(None, js=_play(False), **kit.PRIVATE)
    desk.on((desk.mode.change, desk.pool.change, desk.side.change, desk.kernel.input), on_apply, to=SEEN)
    numbers = (desk.stride.input, desk.padding.input, desk.dilation.input, desk.bias.input)
    desk.on(numbers, on_apply, to=SEEN, api="convolution_apply")
    desk.on(desk.preset.input, on_preset, to=("kernel", "size", *SEEN))
    desk.on(desk.size.input, on_size, to=("kernel", "preset", *SEEN))
    desk.on(desk.cells.edit, on_cell, to=("kernel", "preset", *SEEN))
    desk.on(desk.photo.input, on_photo, to=("here", *SEEN), api="convolution_photo")
    brought = ("file", "photo", "here", *SEEN)
    desk.on(desk.file.input, on_bring, kit.LIGHT | pictures.RAW, to=brought, api="convolution_bring")
    desk.on(camera.snap, on_snap, to=("photo", "here", *SEEN))
    desk.on(take.click, on_take, to=("photo", "here", *SEEN))
    start = ("preset", "size", *(name for name in FORM.names if name != "photo"))
    desk.on(reset.click, on_reset, to=(*start, *SEEN))
    downloads.save(desk, save, "convolution.csv", on_csv)
    kit.tasks(t, TASKS)
    kit.code_panel(desk, "convolution.py", on_code)
    kit.share(t, desk.controls)
    kit.story(t)
    return Room(desk.controls, desk.opening(on_open, ("here", *SEEN)))


def _play(on: bool) -> str:
    detail = f"{{kind: 'convolution', on: {str(on).lower()}}}"
    return f"() => {{ document.dispatchEvent(new CustomEvent('taste-play', {{detail: {detail}}})); }}"


LESSON = Lesson("convolution", build)
