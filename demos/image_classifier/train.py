"""Lesson 15, second part: a CNN learns clothes from noise in this tab: curves, kernels, confusion, what it gets wrong."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator
from typing import Any

import gradio as gr

from core.lessons.image_classifier import choices
from demos import kit, views
from demos.image_classifier.shown import class_names
from demos.kit import pictures, text

FORM = kit.Form(
    data=choices.DATA,
    epochs=choices.EPOCHS,
    pictures=choices.PICTURES,
    blocks=choices.BLOCKS,
    rate=choices.RATE,
    batch=choices.BATCH,
    dropout=choices.DROPOUT,
    augment=choices.AUGMENT,
    train_seed=choices.SEED,
)
SCREEN = kit.Screen("course", "loss", "right", "kernels", "confusion", "wrong", "badge")


def _config(form: kit.Values) -> Any:
    from core.lessons.image_classifier.course import CourseConfig

    return form.read(
        CourseConfig,
        blocks=int(form.blocks) if form.blocks in choices.BLOCKS else form.blocks,
        learning_rate=form.rate,
        batch_size=kit.whole(form.batch),
        augment=form.augment is True,
        seed=kit.whole(form.train_seed),
    )


@kit.handler
def on_reset(lang: str, form: kit.Values) -> kit.Update:
    """A network that has learnt nothing: its first kernels are noise."""
    from core.lessons.image_classifier.course import Course

    t, course = text.load("image_classifier", lang), Course(_config(form))
    badge = kit.badge_text(t, source="computed_now", parameters=course.classifier.parameters)
    empty = SCREEN(confusion=_confusion(t, course, None), wrong={"items": [], "caption": t("wrong.empty")})
    return _progress(t, course) | empty | SCREEN(badge=f"{badge} · {t('train.noise')}")


@kit.handler
def on_train(lang: str, form: kit.Values) -> Iterator[kit.Update]:
    """From noise: a fresh network, so many epochs."""
    from core.lessons.image_classifier.course import Course

    yield from _follow(lang, Course(_config(form)), form.epochs)


@kit.handler
def on_more(lang: str, course: Any, epochs: float) -> Iterator[kit.Update]:
    """Go on where the last run ended, on the same pictures in the same order."""
    from core.errors import NotReady

    if course is None or course.updates == 0:
        raise NotReady("no_run")
    yield from _follow(lang, course, epochs)


def _follow(lang: str, course: Any, epochs: float) -> Iterator[kit.Update]:
    from core.events import Done
    from core.lessons.image_classifier.course import CourseStep

    t = text.load("image_classifier", lang)
    for event in kit.paced(course.steps(kit.whole(epochs), deadline=kit.RUN_SECONDS), 0):
        match event:
            case CourseStep():
                yield _progress(t, course)
            case Done(stopped="paused"):
                yield SCREEN()  # Stop, or another run, shows what there is
            case Done(stopped=why):
                loss, right = _curves(t, course)
                yield SCREEN(course=course, loss=loss, right=right) | _judged(t, course, why)


@kit.handler
def on_stop(lang: str, course: Any) -> kit.Update:
    """How the network does as it is: nothing more is learnt, though the page closes the run only now."""
    if course is None:
        return SCREEN()
    course.pause()
    if not course.updates:
        return SCREEN()
    t = text.load("image_classifier", lang)
    return _progress(t, course) | _judged(t, course)


def _judged(t: text.Text, course: Any, why: str | None = None) -> kit.Update:
    from core import runtime

    report = course.judge()
    label = kit.badge_text(
        t,
        source="trained_now",
        parameters=course.classifier.parameters,
        seconds=course.seconds,
        device=runtime.describe(),
    )
    label += " · " + t("train.right", right=report.accuracy, count=int(report.confusion.sum()))
    label += kit.why_stopped(t, why, course.config.learning_rate)
    return SCREEN(confusion=_confusion(t, course, report), wrong=_wrong(t, course, report), badge=label)


@kit.handler
def on_cell(lang: str, course: Any, spot: gr.EventData) -> kit.Update:
    """The mistakes of one cell of the confusion matrix."""
    if course is None or course.updates == 0:
        return SCREEN()
    t, report = text.load("image_classifier", lang), course.judge()
    cell = [
        int(kit.number(getattr(spot, name, None), name)) % len(course.classifier.classes) for name in ("row", "col")
    ]
    return SCREEN(confusion=_confusion(t, course, report, cell), wrong=_wrong(t, course, report, cell))


def _progress(t: text.Text, course: Any) -> kit.Update:
    """What each report of the training changes."""
    loss, right = _curves(t, course)
    return SCREEN(course=course, loss=loss, right=right, kernels=_kernels(t, course))


def _curves(t: text.Text, course: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    from core.lessons.image_classifier.course import QUICK

    record = course.record
    learnt = [step for step in record if math.isfinite(step.loss)]
    loss = {
        "series": [
            {"name": t("curve.loss"), "x": [s.step for s in learnt], "y": [s.loss for s in learnt], "colour": 2}
        ],
        "xlabel": t("curve.x"),
        "caption": t("curve.loss_caption", loss=learnt[-1].loss, step=learnt[-1].step) if learnt else t("curve.empty"),
    }
    judged = [s for s in record if s.judged]
    quick = {"x": [s.step for s in judged], "y": [s.right for s in judged]}
    full = [s for s in judged if s.judged > QUICK]
    right = {
        "series": [
            {"name": t("curve.quick"), **quick, "colour": 6},
            {
                "name": t("curve.full", count=len(course.data.y_test)),
                "x": [s.step for s in full],
                "y": [s.right for s in full],
                "colour": 1,
                "dots": True,
            },
        ],
        "ylim": [0, 1],
        "xlabel": t("curve.x"),
        "caption": t("curve.right_caption", right=judged[-1].right, judged=judged[-1].judged, epoch=judged[-1].epoch)
        if judged
        else t("curve.right_empty"),
    }
    return loss, right


def _kernels(t: text.Text, course: Any) -> dict[str, Any]:
    from core.lessons.image_classifier.course import REACH, coded_kernels

    now = coded_kernels(course.classifier.kernels())
    record = course.film()
    frames = [[_b64(kernel) for kernel in step.kernels] for step in record]
    change = record[-1].change if record else 0.0
    return {
        "groups": [
            {
                "name": t("kernels.name"),
                "text": f"{now.shape[0]} × {now.shape[1]} × {now.shape[2]}",
                "tiles": frames[-1] if frames else [_b64(kernel) for kernel in now],
                "ids": list(range(len(now))),
                "w": now.shape[2],
                "h": now.shape[1],
                "reach": REACH,
            }
        ],
        "frames": frames,
        "labels": [t("kernels.step", step=step.step) for step in record],
        "start": "last",
        "key": str(id(course)),
        "size": 46,
        "words": {
            ("map" if name == "kernel" else name): t(f"map_words.{name}")
            for name in ("kernel", "at", "play", "pause", "time")
        },
        "caption": t("kernels.caption", change=change) if record else t("kernels.noise"),
    }


def _confusion(t: text.Text, course: Any, report: Any, cell: list[int] | None = None) -> dict[str, Any]:
    names = class_names(t, course.classifier)
    if report is None:
        return {"cells": [], "caption": t("confusion.empty")}
    return {
        "cells": report.confusion.tolist(),
        "rows": names,
        "cols": names,
        "corner": t("confusion.corner"),
        "kind": "height",
        "low": 0,
        "chosen": cell,
        "caption": t("confusion.caption", wrong=len(report.wrong), count=int(report.confusion.sum())),
    }


def _wrong(t: text.Text, course: Any, report: Any, cell: list[int] | None = None) -> dict[str, Any]:
    from core.lessons.image_classifier.course import mistakes

    names, data = class_names(t, course.classifier), course.data
    items = [
        {
            "name": t("wrong.said", name=names[wrong.said], share=wrong.confidence),
            "text": t("wrong.truth", name=names[wrong.truth]),
            "png": pictures.png(data.x_test[wrong.index]),
        }
        for wrong in mistakes(report, *(cell or (None, None)))
    ]
    if cell is None:
        caption = t("wrong.caption", count=len(items)) if items else t("wrong.none")
    else:
        key = "right_cell" if cell[0] == cell[1] else "cell"
        count = int(report.confusion[cell[0], cell[1]])
        caption = t(f"wrong.{key}", truth=names[cell[0]], said=names[cell[1]], count=count)
    return {"items": items, "caption": caption}


def _b64(array: Any) -> str:
    return base64.b64encode(array.tobytes()).decode()


@kit.handler
def on_code(lang: str, course: Any, form: kit.Values) -> str:
    config = course.config if course is not None and course.updates else _config(form)
    done = course.record[-1].epoch if course is not None and course.record else 0
    return CODE.format(config=config, epochs=done or kit.whole(form.epochs))


CODE = """from core.lessons.image_classifier import course as lesson

course = lesson.Course(lesson.{config!r})
for event in course.steps(epochs={epochs}):
    if isinstance(event, lesson.CourseStep):
        print(event.step, event.epoch, round(event.loss, 4), event.right)
report = course.judge()
print("held out:", report.accuracy)
print(report.confusion)
course.classifier.save("mine.safetensors")  # ImageClassifier.load reads it
"""


def build(t: text.Text, language: gr.State, course: gr.State) -> kit.Desk:
    desk = kit.Desk(t, FORM, SCREEN, language)
    desk.put(course=course)
    kit.markdown(f"### {t('train.title')}\n{t('train.lead')}")
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=280):
            with gr.Row(elem_classes="taste-buttons"):
                run = gr.Button(t("train.run"), variant="primary", min_width=150)
                more = gr.Button(t("train.more"), min_width=110)
                stop = gr.Button(t("stop"), variant="stop", min_width=80)
                reset = gr.Button(t("reset"), min_width=80)
            desk.put(data=kit.radio(t, "train.set", choices.DATA, label=t("train.data")))
            desk.put(epochs=kit.slider(choices.EPOCHS, label=t("train.epochs")))
            desk.put(pictures=kit.slider(choices.PICTURES, label=t("train.count")))
            desk.put(blocks=kit.radio(t, "train.block", choices.BLOCKS, label=t("train.blocks")))
            desk.put(augment=gr.Checkbox(choices.AUGMENT, label=t("train.augment"), info=t("train.augment_info")))
            with gr.Accordion(t("train.more_settings"), open=False):
                desk.put(rate=kit.number_box(choices.RATE, label=t("train.rate")))
                desk.put(batch=kit.slider(choices.BATCH, label=t("train.batch")))
                desk.put(dropout=kit.slider(choices.DROPOUT, label=t("train.dropout")))
                desk.put(train_seed=kit.number_box(choices.SEED, label=t("seed"), info=t("seed_info")))
            desk.put(badge=kit.badge())
        with gr.Column(scale=4, min_width=300):
            desk.put(right=views.curve(height=210), loss=views.curve(height=210))
        with gr.Column(scale=3, min_width=280):
            desk.put(kernels=views.maps())
    with gr.Row(equal_height=False):
        with gr.Column(scale=7, min_width=300):
            kit.markdown(f"#### {t('confusion.title')}")
            desk.put(confusion=views.matrix(height=0, can=("pick",)))
        with gr.Column(scale=4, min_width=300):
            kit.markdown(f"#### {t('wrong.title')}")
            desk.put(wrong=views.pictures())
    kit.hold(run, more)
    kit.hold(more, run)
    training = desk.on(run.click, on_train, kit.RUN, api="image_classifier_train")
    going = desk.on(more.click, on_more, kit.RUN)
    for button in (run, more):
        kit.free(button, training, going)
    stopped = ("course", "loss", "right", "kernels", "confusion", "wrong", "badge")
    judging = desk.on(stop.click, on_stop, to=stopped, cancels=[training, going])
    desk.on(reset.click, on_reset, cancels=[training, going, judging])
    desk.on(desk.confusion.pick, on_cell, to=("confusion", "wrong"))
    kit.code_panel(desk, "train_classifier.py", on_code)
    return desk
