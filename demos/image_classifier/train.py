"""Lesson 14, second part: a CNN learns clothes from noise in this tab: curves, kernels, confusion, what it gets wrong."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator
from typing import Any

import gradio as gr

from demos import kit, views
from demos.image_classifier.shown import GARMENTS, class_name
from demos.kit import pictures, text

BLOCKS = ("1", "2", "3")


def _config(count: float, blocks: str, rate: float, batch: float, dropout: float, augment: bool, seed: float) -> Any:
    from core.lessons.image_classifier.course import CourseConfig

    return CourseConfig(
        pictures=kit.whole(count),
        blocks=int(blocks) if blocks in BLOCKS else blocks,
        learning_rate=rate,
        batch_size=kit.whole(batch),
        dropout=dropout,
        augment=augment is True,
        seed=kit.whole(seed),
    )


@kit.handler
def on_reset(lang: str, epochs: float, *settings: Any) -> tuple[Any, ...]:
    """A network that has learnt nothing: its first kernels are noise."""
    from core.lessons.image_classifier.course import Course

    t, course = text.load("image_classifier", lang), Course(_config(*settings))
    empty = {"items": [], "caption": t("wrong.empty")}
    return course, *_curves(t, course), _kernels(t, course), _confusion(t, None), empty, _untrained(t, course)


def _untrained(t: text.Text, course: Any) -> str:
    return kit.badge_text(t, source="computed_now", parameters=course.classifier.parameters) + " · " + t("train.noise")


@kit.handler
def on_train(lang: str, epochs: float, *settings: Any) -> Iterator[tuple[Any, ...]]:
    """From noise: a fresh network, so many epochs."""
    from core.lessons.image_classifier.course import Course

    yield from _follow(lang, Course(_config(*settings)), epochs)


@kit.handler
def on_more(lang: str, course: Any, epochs: float) -> Iterator[tuple[Any, ...]]:
    """Go on where the last run ended, on the same pictures in the same order."""
    from core.errors import NotReady

    if course is None or course.updates == 0:
        raise NotReady("no_run")
    yield from _follow(lang, course, epochs)


def _follow(lang: str, course: Any, epochs: float) -> Iterator[tuple[Any, ...]]:
    from core.events import Done
    from core.lessons.image_classifier.course import CourseStep

    t = text.load("image_classifier", lang)
    for event in kit.paced(course.steps(kit.whole(epochs), seconds=kit.RUN_SECONDS), 0):
        match event:
            case CourseStep():
                yield course, *_curves(t, course), _kernels(t, course), gr.skip(), gr.skip(), gr.skip()
            case Done(stopped=why):
                yield course, *_curves(t, course), gr.skip(), *_judged(t, course, why)


@kit.handler
def on_stop(lang: str, course: Any) -> tuple[Any, ...]:
    """How the network does as it is."""
    t = text.load("image_classifier", lang)
    return (gr.skip(),) * 3 if course is None or course.updates == 0 else _judged(t, course, None)


def _judged(t: text.Text, course: Any, why: str | None) -> tuple[Any, ...]:
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
    return _confusion(t, report), _wrong(t, report), label


@kit.handler
def on_cell(lang: str, course: Any, spot: gr.EventData) -> tuple[Any, Any]:
    """The mistakes of one cell of the confusion matrix."""
    if course is None or course.updates == 0:
        return gr.skip(), gr.skip()
    t, report = text.load("image_classifier", lang), course.judge()
    cell = [int(kit.number(getattr(spot, name, None), name)) % len(GARMENTS) for name in ("row", "col")]
    return _confusion(t, report, cell), _wrong(t, report, cell)


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
                "name": t("curve.full"),
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


def _confusion(t: text.Text, report: Any, cell: list[int] | None = None) -> dict[str, Any]:
    names = [class_name(t, name) for name in GARMENTS]
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


def _wrong(t: text.Text, report: Any, cell: list[int] | None = None) -> dict[str, Any]:
    from core.data import fashion
    from core.lessons.image_classifier.course import mistakes

    names, data = [class_name(t, name) for name in GARMENTS], fashion.load()
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
def on_code(lang: str, course: Any, epochs: float, *settings: Any) -> str:
    config = course.config if course is not None and course.updates else _config(*settings)
    done = course.record[-1].epoch if course is not None and course.record else 0
    return CODE.format(config=config, epochs=done or kit.whole(epochs))


CODE = """from core.lessons.image_classifier import course as lesson

course = lesson.Course(lesson.{config!r})
for event in course.steps(epochs={epochs}):
    if isinstance(event, lesson.CourseStep):
        print(event.step, event.epoch, round(event.loss, 4), event.right)
report = course.judge()
print("held out:", report.accuracy)
print(report.confusion)
course.classifier.save("clothes.safetensors")  # ImageClassifier.load reads it
"""


def build(t: text.Text, language: gr.State, course: gr.State) -> tuple[dict[str, Any], list[Any], list[Any]]:
    """(controls, inputs and outputs of the opening)."""
    kit.markdown(f"### {t('train.title')}\n{t('train.lead')}")
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=280):
            with gr.Row(elem_classes="taste-buttons"):
                run = gr.Button(t("train.run"), variant="primary", min_width=150)
                more = gr.Button(t("train.more"), min_width=110)
                stop = gr.Button(t("stop"), variant="stop", min_width=80)
                reset = gr.Button(t("reset"), min_width=80)
            epochs = gr.Slider(1, 20, value=4, step=1, label=t("train.epochs"))
            count = gr.Slider(500, 10_000, value=10_000, step=500, label=t("train.count"))
            blocks = gr.Radio(t.choices("train.block", BLOCKS), value="2", label=t("train.blocks"))
            augment = gr.Checkbox(False, label=t("train.augment"), info=t("train.augment_info"))
            with gr.Accordion(t("train.more_settings"), open=False):
                rate = gr.Number(0.001, label=t("train.rate"), minimum=1e-6, maximum=10, step=0.0001)
                batch = gr.Slider(16, 512, value=128, step=16, label=t("train.batch"))
                dropout = gr.Slider(0, 0.8, value=0.25, step=0.05, label=t("train.dropout"))
                seed = gr.Number(0, precision=0, minimum=0, maximum=2**31, label=t("seed"), info=t("seed_info"))
            badge = kit.badge()
        with gr.Column(scale=4, min_width=300):
            right, loss = views.curve(height=210), views.curve(height=210)
        with gr.Column(scale=3, min_width=280):
            kernels = views.maps()
    with gr.Row(equal_height=False):
        with gr.Column(scale=7, min_width=300):
            kit.markdown(f"#### {t('confusion.title')}")
            confusion = views.matrix(height=0, can=("pick",))
        with gr.Column(scale=4, min_width=300):
            kit.markdown(f"#### {t('wrong.title')}")
            wrong = views.pictures()
    settings = [count, blocks, rate, batch, dropout, augment, seed]
    judged = [confusion, wrong, badge]
    outputs, inputs, quiet = (
        [course, loss, right, kernels, *judged],
        [language, epochs, *settings],
        kit.LIGHT | kit.PRIVATE,
    )
    kit.hold(run, more)
    kit.hold(more, run)
    training = run.click(on_train, inputs, outputs, **kit.RUN, **kit.api("image_classifier_train"))
    going = more.click(on_more, [language, course, epochs], outputs, **kit.RUN, **kit.PRIVATE)
    for button in (run, more):
        kit.free(button, training, going)
    judging = stop.click(on_stop, [language, course], judged, cancels=[training, going], **quiet)
    reset.click(on_reset, inputs, outputs, cancels=[training, going, judging], **quiet)
    confusion.pick(on_cell, [language, course], [confusion, wrong], **quiet)
    kit.code_panel(t, "train_classifier.py", on_code, [language, course, epochs, *settings])
    names = ("epochs", "pictures", "blocks", "rate", "batch", "dropout", "augment", "train_seed")
    controls = dict(zip(names, [epochs, *settings], strict=True))
    return controls, [epochs, *settings], outputs
