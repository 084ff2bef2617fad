"""Lesson 17: the learner compares own words with own pictures, teaches own spoken words, and sends both round a loop."""

from __future__ import annotations

from typing import Any

import gradio as gr

from demos import kit
from demos.kit import text
from demos.kit.lesson import Lesson, Opening, Room
from demos.multimodal import loop, space, speech, words
from demos.multimodal import map as places
from demos.multimodal.tasks import TASKS


@kit.handler
def on_open(lang: str, mine: Any, captions: str, labels: str, model: str, *sound: Any) -> tuple[Any, ...]:
    """The first screen: four captions against four pictures, the share of each label, a sound as a picture."""
    compared = space.on_compare(lang, mine, captions, labels, model)
    return *compared, *speech.on_shape(lang, *sound), *loop.on_open(lang)


@kit.handler
def on_code(
    lang: str, mine: Any, captions: str, labels: str, prompt: str, steps: float, guidance: float, seed: float
) -> str:
    """The matrix, the shares and the loop of this page as a script."""
    from core.data import emoji
    from core.lessons.multimodal import loop as multimodal_loop
    from core.lessons.multimodal import space as multimodal

    mine, data = mine or space.start(lang), emoji.load()
    config = multimodal_loop.LoopConfig(prompt, lang, kit.whole(steps), guidance, kit.whole(seed))
    listed = data.names(lang)
    named = [name for name, _ in mine.items if name in listed] or [listed[0]]
    return CODE.format(
        captions=list(multimodal.lines(captions)),
        labels=list(multimodal.lines(labels, "labels")),
        names=named,
        config=config,
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
    with gr.Tabs(overflow_behavior="wrap"):
        with gr.Tab(t("tab.space"), id="space"):
            controls, inputs, outputs, mine, labels = space.build(t, language)
            more = places.build(t, language, mine, controls["captions"], labels)
        with gr.Tab(t("tab.speech"), id="speech"):
            shown, sound, pictured, heard = speech.build(t, language)
            taught, word = words.build(t, language)
        with gr.Tab(t("tab.loop"), id="loop") as round_trip:
            looped, opened = loop.build(t, language, round_trip, heard, word)
    controls |= more | shown | taught | looped
    kit.tasks(t, TASKS)
    prompt = [looped[name] for name in ("words", "steps", "guidance", "noise_seed")]
    kit.code_panel(t, "multimodal.py", on_code, [language, mine, controls["captions"], labels, *prompt])
    kit.share(t, controls)
    kit.story(t)
    return Room(controls, Opening(on_open, [*inputs, *sound], [*outputs, *pictured, *opened]))


LESSON = Lesson("multimodal", build)
