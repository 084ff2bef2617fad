"""Lesson 15: a CNN names the learner's drawing or picture, layer by layer, and shows where the evidence lies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import gradio as gr

from core.lessons.image_classifier import choices
from core.lessons.pixels.choices import PHOTO
from demos import kit, views
from demos.image_classifier import own, traced, train
from demos.image_classifier.shown import FORM, SCREEN, SEEN, Here, asked
from demos.image_classifier.shown import own as brought
from demos.image_classifier.tasks import TASKS
from demos.kit import pictures, text
from demos.kit.lesson import Lesson, Room

PRELUDE = 3  # other pictures that are asked about in the first seconds


def _named(name: str = choices.SHOWN.default, turn: Any = 0, drawing: str = "") -> Here:
    """A shipped garment or digit the network never saw, a shipped photo, or the drawing."""
    from core.data import photos
    from core.lessons.image_classifier import look

    if name == "drawn":
        return Here(look.drawn(drawing), name)
    if name in PHOTO:
        return Here(photos.load(name), name)
    if name == choices.DIGIT:
        digit, picture = look.digit(kit.whole(turn))
        return Here(picture, name, truth=str(digit))
    return Here(look.example(name, kit.whole(turn))[1], name, truth=name)


@kit.handler
def on_open(lang: str, form: kit.Values, model: str, course: Any) -> kit.Update:
    """A shipped picture or a drawing: ten bars, what the network sees, the maps of its layers, Grad-CAM."""
    return asked(lang, _named(form.name, form.turn, form.drawing), form.layer, model, course)


@kit.handler
def on_prelude(lang: str, form: kit.Values, model: str, course: Any) -> Iterator[kit.Update]:
    """The first seconds: other pictures that this network knows are asked about, then the one that stays."""
    known = [name for name in _of_sort(_sort(model, course)) if name != form.name][:PRELUDE]
    for name in (*known, form.name):
        seen = asked(lang, _named(name, form.turn, form.drawing), form.layer, model, course)
        yield seen  # twice: it is looked at for a while
        yield seen


@kit.handler
def on_show(lang: str, form: kit.Values, model: str, course: Any) -> kit.Update:
    """Another shipped picture, or the drawing again."""
    here = _named(form.name, form.turn, form.drawing)
    return asked(lang, here, form.layer, model, course) | SCREEN(shelf=here.pixels)


@kit.handler
def on_next(lang: str, form: kit.Values, model: str, course: Any) -> kit.Update:
    """The next picture of what this network knows: a garment of the next kind, a photo, a digit."""
    from core.lessons.image_classifier.look import following

    turn, own = kit.whole(kit.number(form.turn, "index")), _sort(model, course)
    if form.name in _of_sort(own):
        name, turn = following(form.name, turn)
    else:
        name, turn = choices.FIRST[own], turn + 1
    shown = on_show(lang, form.changed(name=name, turn=turn), model, course)
    return shown | SCREEN(name=name, turn=turn)


def _sort(model: str, course: Any) -> str:
    """What a network knows, as one of choices.KNOWS."""
    if model == "mine" and course is not None:
        return "digits" if course.config.data == "digits" else "fashion"
    return model if model in choices.KNOWS else "photos"


def _of_sort(sort: str) -> tuple[str, ...]:
    """The shipped pictures of it."""
    return {"fashion": choices.GARMENTS, "photos": tuple(PHOTO), "digits": (choices.DIGIT,)}[sort]


@kit.handler
def on_knows(
    lang: str, knows: str, here: Here | None, form: kit.Values, layer: str, course: Any
) -> Iterator[kit.Update]:
    """Another of the networks that ship. What was drawn or brought stays; a shipped picture makes way for one it knows."""
    from core.errors import checking
    from core.lessons.image_classifier import look

    with checking() as check:
        check.one_of("model", knows, choices.KNOWS)
    t = text.load("image_classifier", lang)
    pad = SCREEN(model=knows, pad=_pad(t, knows))
    if not look.ready(knows):
        yield pad | SCREEN(badge=t("opening"))
    if here is None or here.source not in ("own", "drawn", *_of_sort(knows)):
        name = choices.FIRST[knows]
        here = _named(name, form.turn)
        pad |= SCREEN(name=name, shelf=here.pixels)
    yield asked(lang, replace(here, target=None), layer, knows, course) | pad


@kit.handler
def on_draw(lang: str, form: kit.Values, model: str, course: Any, spot: gr.EventData) -> kit.Update:
    """A stroke came from the pad. An emptied pad goes back to the picture chosen before."""
    drawing = spot.strokes if isinstance(getattr(spot, "strokes", None), str) else "?"
    before = form.name if form.name != "drawn" else choices.SHOWN.default
    name = "drawn" if drawing not in ("", "[]") else before
    return on_show(lang, form.changed(name=name, drawing=drawing), model, course) | SCREEN(name=name, drawing=drawing)


@kit.handler
def on_bring(lang: str, file: Any, layer: str, model: str, course: Any) -> kit.Update:
    """A picture of one's own: a file or the clipboard."""
    here = brought(pictures.opened(file, keep_alpha=True))
    return asked(lang, here, layer, model, course) | SCREEN(file=None, name=None, shelf=here.pixels)


@kit.handler
def on_snap(lang: str, layer: str, model: str, course: Any, shot: gr.EventData) -> kit.Update:
    """A photo from the webcam."""
    here = brought(pictures.photographed(getattr(shot, "photos", None))[0])
    return asked(lang, here, layer, model, course) | SCREEN(name=None, shelf=here.pixels)


@kit.handler
def on_take(lang: str, shelf: Any, layer: str, model: str, course: Any) -> kit.Update:
    """The picture that another lesson left."""
    return asked(lang, brought(pictures.shelved(shelf)), layer, model, course) | SCREEN(name=None)


@kit.handler
def on_class(lang: str, here: Here | None, layer: str, model: str, course: Any, spot: gr.EventData) -> kit.Update:
    """A bar was chosen: where is the evidence for that class?"""
    from core.errors import checking

    here = here or asked(lang, _named(), layer, model, course)["here"]
    index = kit.whole(kit.number(getattr(spot, "index", None), "target"))
    with checking() as check:
        check.whole("target", index, 0, len(here.order) - 1)
    return asked(lang, replace(here, target=here.order[index]), layer, model, course)


@kit.handler
def on_layer(lang: str, here: Here | None, layer: str, model: str, course: Any) -> kit.Update:
    """The maps of another layer."""
    return asked(lang, here or _named(), layer, model, course)


@kit.handler
def on_row(lang: str, here: Here | None, model: str, course: Any, spot: gr.EventData) -> kit.Update:
    """A layer was chosen in the overview."""
    here = here or asked(lang, _named(), None, model, course)["here"]
    index = int(kit.number(getattr(spot, "index", None), "layer"))
    return asked(lang, here, here.rows[max(0, min(len(here.rows) - 1, index))], model, course)


@kit.handler
def on_model(lang: str, here: Here | None, layer: str, model: str, course: Any) -> kit.Update:
    """Another network looks at the same picture: the learner's own, or one of torchvision's by name."""
    return asked(lang, replace(here or _named(), target=None), layer, model, course)


@kit.handler
def on_code(lang: str, here: Here | None, form: kit.Values, model: str) -> str:
    here = here or _named(form.name, form.turn, form.drawing)
    opening = (
        '"my_picture.png"'
        if here.source == "own"
        else f"look.drawn({form.drawing!r})"
        if here.source == "drawn"
        else f'photos.load("{here.source}")'
        if here.source in PHOTO
        else f"look.digit({kit.whole(form.turn)})[1]"
        if here.source == choices.DIGIT
        else f'look.example("{here.source}", {kit.whole(form.turn)})[1]'
    )
    made = 'ImageClassifier.load("mine.safetensors")' if model == "mine" else f"ImageClassifier.pretrained({model!r})"
    return CODE.format(made=made, opening=opening, target=here.target, layer=form.layer)


CODE = """from core import ImageClassifier
from core.data import photos
from core.lessons.image_classifier import look

classifier = {made}
picture = {opening}

answer = classifier.answer(picture)  # prepared as the training pictures were, then named
for stage in answer.sight.stages:
    print(stage.name, stage.pixels.shape)
for k in answer.probabilities.argsort()[::-1][:10]:
    print(f"{{classifier.classes[k]:12}} {{answer.probabilities[k]:.3f}}")

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
    desk = kit.Desk(t, FORM, SCREEN, kit.header(t))
    desk.put(course=gr.State(None))
    with gr.Tabs(overflow_behavior="wrap"):  # on a phone, no part hides behind a menu
        with gr.Tab(t("tab.look"), id="look"):
            trace = _look(desk)
        with gr.Tab(t("tab.train"), id="train"):
            taught = train.build(t, desk.language, desk.course)
        with gr.Tab(t("tab.own"), id="own"):
            mine = own.build(t, desk.language)
    controls = desk.controls | {"model": desk.model} | taught.controls | mine.controls
    kit.tasks(t, TASKS)
    kit.share(t, controls)
    kit.story(t)
    more = (
        trace.opening(traced.on_trace),
        taught.opening(train.on_reset),
        mine.opening(own.on_example, ("kept", "album")),
    )
    return Room(controls, desk.opening(on_open, SEEN), more, desk.prelude(on_prelude, "bars", "cam"))


def _look(desk: kit.Desk) -> kit.Desk:
    """The first part: a picture, the answer, what the network sees, its layers, one number traced."""
    t = desk.t
    desk.put(here=gr.State(None), shelf=kit.shelf("picture"))
    desk.put(knows=kit.radio(t, "knows", choices.KNOWS, label=t("knows_label")))
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=280):
            kit.markdown(f"### {t('pad_title')}")
            desk.put(pad=views.pad(square=300, height=0, can=("draw",), value=_pad(t, choices.MODEL.default)))
            with gr.Row(elem_classes="taste-buttons"):
                again = gr.Button(t("next"), variant="primary", min_width=150)
            labels = [(_label(t, name), name) for name in choices.SHOWN]
            desk.put(name=gr.Radio(labels, value=choices.SHOWN.default, label=t("shown_label")))
            with gr.Accordion(t("bring_title"), open=False):
                desk.put(file=pictures.intake(t))
                take = gr.Button(t("picture.take"), size="md")
            camera = pictures.snapshot(t)
        with gr.Column(scale=4, min_width=300):
            kit.markdown(f"### {t('answer_title')}")
            desk.put(bars=views.bars(can=("pick",)), badge=kit.badge())
            desk.put(about=kit.markdown("", elem_classes="taste-badge"))
            models = [
                (t(f"model.{name}"), name) if name in (*choices.KNOWS, "mine") else name for name in choices.MODEL
            ]
            about = {"label": t("model_label"), "info": t("model_info"), "allow_custom_value": True}
            with gr.Accordion(t("model_more"), open=False):
                desk.put(model=gr.Dropdown(models, value=choices.MODEL.default, **about))
        with gr.Column(scale=3, min_width=280):
            kit.markdown(f"### {t('cam_title')}")
            desk.put(cam=views.overlay(square=320, height=0))
    kit.markdown(f"### {t('sight_title')}\n{t('sight_lead')}")
    desk.put(stages=views.pictures())
    kit.markdown(f"### {t('layers_title')}\n{t('layers_lead')}")
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=300):
            desk.put(overview=views.maps(can=("pick",)))
        with gr.Column(scale=4, min_width=300):
            desk.put(layer=gr.Dropdown([choices.LAYER], value=choices.LAYER, label=t("layer_label")))
            desk.put(maps=views.maps())
    desk.put(turn=kit.number_box(choices.TURN, visible=False, precision=0, minimum=0))
    desk.put(drawing=gr.Textbox("", visible=False))
    loading = kit.RUN | {"show_progress": "minimal"}
    desk.on(desk.knows.input, on_knows, loading, to=(*SEEN, "model", "pad", "name", "shelf"))
    desk.on(desk.pad.draw, on_draw, to=(*SEEN, "drawing", "name", "shelf"))
    desk.on(desk.name.input, on_show, to=(*SEEN, "shelf"), api="image_classifier_show")
    desk.on(again.click, on_next, to=(*SEEN, "name", "turn", "shelf"))
    bring = kit.LIGHT | pictures.RAW
    desk.on(desk.file.input, on_bring, bring, to=(*SEEN, "file", "name", "shelf"), api="image_classifier_bring")
    desk.on(camera.snap, on_snap, to=(*SEEN, "name", "shelf"))
    desk.on(take.click, on_take, to=(*SEEN, "name"))
    desk.on(desk.bars.pick, on_class, to=SEEN)
    desk.on(desk.layer.input, on_layer, to=SEEN)
    desk.on(desk.overview.pick, on_row, to=SEEN)
    desk.on(desk.model.input, on_model, loading, to=SEEN)
    trace = traced.build(desk)
    kit.code_panel(desk, "image_classifier.py", on_code)
    return trace


def _label(t: text.Text, name: str) -> str:
    key = "picture.photo" if name in PHOTO else "garment" if name in choices.GARMENTS else "shown"
    return t(f"{key}.{name}")


def _pad(t: text.Text, model: str) -> dict[str, Any]:
    words = {name: t(f"pad.{name}") for name in ("undo", "clear", "keys")}
    return {"words": words, "caption": t(f"pad.draw_{model}")}


LESSON = Lesson("image_classifier", build)
