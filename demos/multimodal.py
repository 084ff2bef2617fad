"""Lesson 17: the learner compares own words with own pictures, teaches own spoken words, and sends both round a loop."""

from __future__ import annotations

from typing import Any

import gradio as gr

from demos import kit, text
from demos import multimodal_loop as loop
from demos import multimodal_map as places
from demos import multimodal_space as space
from demos import multimodal_speech as speech
from demos import multimodal_words as words
from demos.lesson import Lesson, Opening, Room, launch_one


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


def _answer_read() -> tuple[str, dict[str, Any]]:
    """An apple with "dog" written on it: which label wins, and which with the strip alone?"""
    from core.lessons.multimodal import attack
    from core.lessons.multimodal import space as multimodal

    labels = ["red apple", "dog face", "rocket"]
    found = attack.attack(multimodal.picture_named("red apple"), labels, word="dog")
    assert found.control is not None
    names = ("apple", "dog", "rocket")
    after = names[found.after.argmax()]
    return after, {"share": found.after.max(), "blank": found.control[found.after.argmax()]}


def _answer_gap() -> tuple[str, dict[str, Any]]:
    """Of every picture's vector: is the nearest other vector a picture or a name?"""
    from core.lessons.multimodal import space as multimodal

    share = multimodal.nearest_is_name("en")
    return ("name" if share > 0.5 else "picture"), {"share": share}


def _answer_order() -> tuple[str, dict[str, Any]]:
    """Who chases whom, or two words for one animal: which pair is more alike to the model?"""
    from core.lessons.multimodal import space as multimodal

    cosines = {probe.kind: probe.cosine for probe in multimodal.weak("en")}
    return max(("order", "synonym"), key=cosines.__getitem__), {
        "order": cosines["order"],
        "synonym": cosines["synonym"],
    }


TASKS = (
    kit.Task("read", ("apple", "dog", "rocket"), _answer_read),
    kit.Task("gap", ("picture", "name"), _answer_gap),
    kit.Task("order", ("order", "synonym"), _answer_order),
)

LESSON = Lesson("multimodal", build)

if __name__ == "__main__":
    launch_one(LESSON)
