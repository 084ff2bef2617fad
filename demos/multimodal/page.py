"""Lesson 18: the learner compares own words with own pictures, teaches own spoken words, and sends both round a loop."""

from __future__ import annotations

import gradio as gr

from demos import kit
from demos.kit import text
from demos.kit.lesson import Lesson, Room
from demos.multimodal import loop, space, speech, words
from demos.multimodal import map as places
from demos.multimodal.tasks import TASKS

FORM = space.FORM | loop.FORM  # what the program of the page repeats


@kit.handler
def on_code(lang: str, mine: space.Mine | None, form: kit.Values) -> str:
    """The matrix, the shares and the loop of this page as a script."""
    from core.data import emoji
    from core.lessons.multimodal import space as multimodal

    mine, listed = mine or space.start(lang), emoji.load().names(lang)
    named = [name for name, _ in mine.items if name in listed] or [listed[0]]
    return CODE.format(
        captions=list(multimodal.lines(form.captions)),
        labels=list(multimodal.lines(form.labels, "labels")),
        names=named,
        config=loop.config(lang, form),
    )


CODE = """from core import ImageText
from core.lessons.multimodal import loop, space
from core.lessons.multimodal.loop import LoopConfig

captions, labels = {captions!r}, {labels!r}
pictures = [space.picture_named(name) for name in {names!r}]  # your own: a path, PIL image or array

it = ImageText.load("emoji")
print(it.similarity(captions, pictures).round(2))  # (captions, pictures): cosines
for picture in pictures:
    print(it.classify(picture, labels).round(3))  # zero-shot: the share of each label

for event in loop.steps({config!r}):  # words → picture → nearest names
    if isinstance(event, loop.Compared):
        print(event.cosine, event.rank, event.names)
"""


def build(lang: str) -> Room:
    t = text.load("multimodal", lang)
    language = kit.header(t)
    with gr.Tabs(overflow_behavior="wrap") as tabs:
        with gr.Tab(t("tab.space"), id="space"):
            compared = space.build(t, language)
            mapped = places.build(compared)
        with gr.Tab(t("tab.speech"), id="speech"):
            spoken = speech.build(t, language)
            taught = words.build(t, language)
        with gr.Tab(t("tab.loop"), id="loop") as tab:
            looped = loop.build(t, tabs, tab, spoken, taught.heard)
    whole = kit.Desk(t, FORM, None, language)
    whole.put(mine=compared.mine, **compared.controls, **looped.controls)
    controls = compared.controls | mapped.controls | spoken.controls | taught.controls | looped.controls
    kit.tasks(t, TASKS)
    kit.code_panel(whole, "multimodal.py", on_code)
    kit.share(t, controls)
    kit.story(t)
    more = (
        spoken.opening(speech.on_open, ("sound", *speech.PICTURED, "lacking")),
        looped.opening(loop.on_open, ("lacking", "voice")),
    )
    prelude = compared.prelude(space.on_prelude, "matrix")
    return Room(controls, compared.opening(space.on_compare, space.SHOWN), more, prelude)


LESSON = Lesson("multimodal", build)
