"""Lesson 14: a CNN names the learner's drawing or picture, layer by layer, and shows where the evidence lies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from demos import kit, views
from demos.image_classifier import own, tasks, train
from demos.image_classifier.shown import GARMENTS, MODELS, OUTPUTS, network, shown
from demos.kit import pictures, text
from demos.kit.lesson import Lesson, Opening, Room

SHOWN = (*GARMENTS, *pictures.PHOTOS, "drawn")
START, LAYER = "ankle boot", "relu1"


@dataclass(frozen=True)
class Here:
    """The picture that is asked about."""

    pixels: Any  # what core.files.images reads
    source: str  # one of SHOWN, or "own"
    truth: str = ""  # the garment it is, if known
    target: int | None = None  # the class Grad-CAM explains; None: the answer
    notes: tuple[str, ...] = ()


def _named(name: str, turn: Any, drawing: str) -> Here:
    """A shipped garment the network never saw, a shipped photo, or the drawing."""
    from core.data import photos
    from core.lessons.image_classifier import look

    if name == "drawn":
        return Here(look.drawn(drawing), name)
    if name in pictures.PHOTOS:
        return Here(photos.load(name), name)
    return Here(look.example(name, kit.whole(turn))[1], name, truth=name)


def _all(lang: str, here: Here, layer: Any, model: Any, course: Any) -> tuple[Any, ...]:
    return here, *shown(text.load("image_classifier", lang), here, layer, model, course)


@kit.handler
def on_open(lang: str, name: str, turn: float, drawing: str, layer: str, model: str, course: Any) -> tuple[Any, ...]:
    """A shipped picture or a drawing: ten bars, what the network sees, the maps of its layers, Grad-CAM."""
    return _all(lang, _named(name, turn, drawing), layer, model, course)


@kit.handler
def on_show(lang: str, name: str, turn: float, drawing: str, layer: str, model: str, course: Any) -> tuple[Any, ...]:
    """Another shipped picture, or the drawing again."""
    here = _named(name, turn, drawing)
    return here.pixels, *_all(lang, here, layer, model, course)


@kit.handler
def on_next(lang: str, name: str, turn: float, drawing: str, layer: str, model: str, course: Any) -> tuple[Any, ...]:
    """The next garment of its kind; after a photo or a drawing, of the first kind."""
    name = name if name in GARMENTS else START
    turn = kit.whole(kit.number(turn, "index")) + 1
    return name, turn, *on_show(lang, name, turn, drawing, layer, model, course)


@kit.handler
def on_draw(
    lang: str, name: str, turn: float, layer: str, model: str, course: Any, spot: gr.EventData
) -> tuple[Any, ...]:
    """A stroke came from the pad. An emptied pad goes back to the picture chosen before."""
    drawing = spot.strokes if isinstance(getattr(spot, "strokes", None), str) else "?"
    chosen = "drawn" if drawing not in ("", "[]") else name if name != "drawn" else START
    return drawing, chosen, *on_show(lang, chosen, turn, drawing, layer, model, course)


@kit.handler
def on_bring(lang: str, file: Any, layer: str, model: str, course: Any) -> tuple[Any, ...]:
    """A picture of one's own: a file or the clipboard."""
    picture = pictures.opened(file)
    here = Here(picture.pixels, "own", notes=picture.notes)
    return None, None, here.pixels, *_all(lang, here, layer, model, course)


@kit.handler
def on_snap(lang: str, layer: str, model: str, course: Any, shot: gr.EventData) -> tuple[Any, ...]:
    """A photo from the webcam."""
    picture = pictures.photographed(getattr(shot, "photos", None))[0]
    return None, picture.pixels, *_all(lang, Here(picture.pixels, "own", notes=picture.notes), layer, model, course)


@kit.handler
def on_take(lang: str, thing: Any, layer: str, model: str, course: Any) -> tuple[Any, ...]:
    """The picture that another lesson left."""
    picture = pictures.shelved(thing)
    return None, *_all(lang, Here(picture.pixels, "own", notes=picture.notes), layer, model, course)


@kit.handler
def on_class(lang: str, here: Here | None, layer: str, model: str, course: Any, spot: gr.EventData) -> tuple[Any, ...]:
    """A bar was chosen: where is the evidence for that class?"""
    from core.lessons.image_classifier import look

    here = here or _named(START, 0, "")
    index = kit.whole(kit.number(getattr(spot, "index", None), "target"))
    target = look.class_at(network(model, course)[0], here.pixels, index)
    return _all(lang, replace(here, target=target), layer, model, course)


@kit.handler
def on_layer(lang: str, here: Here | None, layer: str, model: str, course: Any) -> tuple[Any, ...]:
    """The maps of another layer."""
    return _all(lang, here or _named(START, 0, ""), layer, model, course)


@kit.handler
def on_row(lang: str, here: Here | None, model: str, course: Any, spot: gr.EventData) -> tuple[Any, ...]:
    """A layer was chosen in the overview."""
    from core.lessons.image_classifier import look

    names = look.overview_names(network(model, course)[0])
    layer = names[max(0, min(len(names) - 1, int(kit.number(getattr(spot, "index", None), "layer"))))]
    return _all(lang, here or _named(START, 0, ""), layer, model, course)


@kit.handler
def on_model(lang: str, here: Here | None, layer: str, model: str, course: Any) -> tuple[Any, ...]:
    """Another network looks at the same picture: the learner's own, or one of torchvision's by name."""
    return _all(lang, replace(here or _named(START, 0, ""), target=None), layer, model, course)


@kit.handler
def on_code(lang: str, here: Here | None, name: str, turn: float, drawing: str, layer: str, model: str) -> str:
    here = here or _named(name, turn, drawing)
    photo = here.source in pictures.PHOTOS
    opening = (
        '"my_picture.png"'
        if here.source == "own"
        else f"look.drawn({drawing!r})"
        if here.source == "drawn"
        else f'photos.load("{here.source}")'
        if photo
        else f'look.example("{here.source}", {kit.whole(turn)})[1]'
    )
    made = (
        'ImageClassifier.load("clothes.safetensors")' if model == "mine" else f"ImageClassifier.pretrained({model!r})"
    )
    return CODE.format(made=made, opening=opening, target=here.target, layer=layer)


CODE = """from core import ImageClassifier
from core.data import photos
from core.lessons.image_classifier import look

classifier = {made}
picture = {opening}

answer = classifier.answer(picture)  # prepared as the training pictures were, then named
for stage in answer.sight.stages:
    print(stage.name, stage.pixels.shape)
for name, share in zip(classifier.classes, answer.probabilities):
    print(f"{{name:12}} {{share:.3f}}")

for layer in classifier.layers():
    print(layer.name, layer.kind, layer.shape, layer.parameters)
maps = classifier.feature_maps(answer.sight.final)["{layer}"]
print(maps.shape, maps.min(), maps.max())

cam = classifier.explain(answer.sight.final, {target})  # Grad-CAM
print(cam.layer, classifier.classes[cam.target], cam.score)
print(cam.coarse.round(2))
"""


def build(lang: str) -> Room:
    t = text.load("image_classifier", lang)
    language, course = kit.header(t), gr.State(None)
    with gr.Tabs(overflow_behavior="wrap"):  # on a phone, no part hides behind a menu
        with gr.Tab(t("tab.look"), id="look"):
            controls, inputs, outputs, here = _look(t, language, course)
        with gr.Tab(t("tab.train"), id="train"):
            more, settings, filled = train.build(t, language, course)
        with gr.Tab(t("tab.own"), id="own"):
            mine, kept = own.build(t, language)
    controls |= more | mine
    kit.tasks(t, TASKS)
    kit.share(t, controls)
    kit.story(t)
    return Room(controls, Opening(_on_first, [*inputs, *settings], [*outputs, *filled, *kept]))


def _on_first(lang: str, *values: Any) -> tuple[Any, ...]:
    return *on_open(lang, *values[:6]), *train.on_reset(lang, *values[6:]), *own.on_example(lang)


def _look(t: text.Text, language: gr.State, course: gr.State) -> tuple[dict[str, Any], list[Any], list[Any], gr.State]:
    """The first part: a picture, the answer, what the network sees, its layers. (controls, inputs, outputs, picture)"""
    here, shelf = gr.State(None), kit.shelf("picture")
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=280):
            kit.markdown(f"### {t('pad_title')}")
            pad = views.pad(square=300, height=0, can=("draw",), value=_pad(t))
            with gr.Row(elem_classes="taste-buttons"):
                again = gr.Button(t("next"), variant="primary", min_width=150)
            labels = [(_label(t, name), name) for name in SHOWN]
            name = gr.Radio(labels, value=START, label=t("shown_label"))
            with gr.Accordion(t("bring_title"), open=False):
                file = pictures.intake(t)
                take = gr.Button(t("picture.take"), size="md")
            camera = pictures.snapshot(t)
        with gr.Column(scale=4, min_width=300):
            kit.markdown(f"### {t('answer_title')}")
            bars, badge = views.bars(can=("pick",)), kit.badge()
            about = kit.markdown("", elem_classes="taste-badge")
            model = gr.Dropdown(
                [(t(f"model.{name}"), name) if name in ("fashion", "mine") else name for name in MODELS],
                value="fashion",
                label=t("model_label"),
                info=t("model_info"),
                allow_custom_value=True,
            )
        with gr.Column(scale=3, min_width=280):
            kit.markdown(f"### {t('cam_title')}")
            cam = views.overlay(square=320, height=0)
    kit.markdown(f"### {t('sight_title')}\n{t('sight_lead')}")
    stages = views.pictures()
    kit.markdown(f"### {t('layers_title')}\n{t('layers_lead')}")
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=300):
            overview = views.maps(can=("pick",))
        with gr.Column(scale=4, min_width=300):
            layer = gr.Dropdown([LAYER], value=LAYER, label=t("layer_label"))
            maps = views.maps()
    turn, drawing = gr.Number(0, visible=False, precision=0, minimum=0), gr.Textbox("", visible=False)
    outputs = [here, bars, badge, about, cam, stages, overview, layer, maps]
    assert len(outputs) == 1 + OUTPUTS
    quiet, through = kit.LIGHT | kit.PRIVATE, [layer, model, course]
    inputs = [language, name, turn, drawing, *through]
    pad.draw(on_draw, [language, name, turn, *through], [drawing, name, shelf, *outputs], **quiet)
    name.input(on_show, inputs, [shelf, *outputs], **kit.LIGHT, **kit.api("image_classifier_show"))
    again.click(on_next, inputs, [name, turn, shelf, *outputs], **quiet)
    brought: dict[str, Any] = kit.LIGHT | pictures.RAW | kit.api("image_classifier_bring")
    file.input(on_bring, [language, file, *through], [file, name, shelf, *outputs], **brought)
    camera.snap(on_snap, [language, *through], [name, shelf, *outputs], **quiet)
    take.click(on_take, [language, shelf, *through], [name, *outputs], **quiet)
    bars.pick(on_class, [language, here, *through], outputs, **quiet)
    layer.input(on_layer, [language, here, *through], outputs, **quiet)
    overview.pick(on_row, [language, here, model, course], outputs, **quiet)
    model.input(
        on_model, [language, here, *through], outputs, **(kit.RUN | {"show_progress": "minimal"}), **kit.PRIVATE
    )
    kit.code_panel(t, "image_classifier.py", on_code, [language, here, name, turn, drawing, layer, model])
    return {"name": name, "turn": turn, "drawing": drawing, "layer": layer}, inputs, outputs, here


def _label(t: text.Text, name: str) -> str:
    key = "picture.photo" if name in pictures.PHOTOS else "garment" if name in GARMENTS else "shown"
    return t(f"{key}.{name}")


def _pad(t: text.Text) -> dict[str, Any]:
    words = {name: t(f"pad.{name}") for name in ("undo", "clear", "keys")}
    return {"words": words, "caption": t("pad.caption")}


TASKS = tasks.TASKS
LESSON = Lesson("image_classifier", build)
