"""Lesson 5 and TensorFlow Playground: a pasted link becomes this page's settings, and these settings a link.

What one side has and the other has not is told under the box (core.lessons.hidden_layers.tensorflow_playground notes it);
a rate that this page's menus do not hold is set to the nearest one they hold, and told, too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import gradio as gr

from core.lessons.hidden_layers import choices
from demos import kit
from demos.hidden_layers import controls as ctl
from demos.hidden_layers import inside
from demos.hidden_layers import pictures as pic
from demos.kit import text

SCREEN = kit.Screen("link", "link_said")
MENUS = {"rate": choices.RATES, "l1": choices.PENALTIES, "l2": choices.PENALTIES}


@kit.handler
def on_link(lang: str, link: str, x1: float, x2: float, form: kit.Values) -> kit.Update:
    """All settings that a link of TensorFlow Playground says, untrained; what it says beyond ours is told."""
    from core.lessons.hidden_layers import tensorflow_playground

    t = text.load("hidden_layers", lang)
    found = tensorflow_playground.read(link)
    settings = ctl.of_config(found.config)
    asked = {name: settings[name] for name in MENUS}
    settings |= {name: _nearest(value, MENUS[name]) for name, value in asked.items()}
    moved = [
        t("link.nearest", name=t(f"link.{name}"), asked=f"{value:g}", taken=f"{settings[name]:g}")
        for name, value in asked.items()
        if settings[name] != value
    ]
    chosen = ctl.chosen(form.changed(**settings))  # tells what this page cannot be set to
    here = pic.place(None, chosen, fresh=True)
    boxes = {f"box{i}": gr.update(visible=i <= settings["layers"]) for i in ctl.LAYERS}
    shown = pic.shown(lang, here, chosen) | inside.shown(lang, here, x1, x2)
    said = _said(t, t("link.opened"), (*(t(f"link.note.{note}") for note in found.notes), *moved))
    return ctl.SCREEN(**settings, **boxes, badge="") | shown | SCREEN(link_said=said)


@kit.handler
def on_make(lang: str, form: kit.Values) -> kit.Update:
    """A link that opens TensorFlow Playground with these settings."""
    from core.lessons.hidden_layers import tensorflow_playground

    t, made = text.load("hidden_layers", lang), tensorflow_playground.write(ctl.chosen(form).config)
    notes = [t(f"link.note.{note}") for note in made.notes]
    return SCREEN(link=made.link, link_said=_said(t, t("link.made", link=made.link), notes))


def _said(t: text.Text, first: str, notes: Sequence[str]) -> str:
    return "\n".join([first, "", *(f"- {note}" for note in (*notes, t("link.other_dice")))])


def _nearest(value: float, allowed: Sequence[float]) -> float:
    """The nearest by ratio; 0 is nearest to 0 alone."""
    if value in allowed or value <= 0:
        return value
    return min((each for each in allowed if each > 0), key=lambda each: abs(math.log(each / value)))


def build(desk: kit.Desk, runs: Sequence[Any]) -> None:
    """The box and its two buttons; opening a link ends ``runs``."""
    t = desk.t
    with gr.Accordion(t("link.title"), open=False):
        desk.put(link=gr.Textbox("", label=t("link.label"), info=t("link.info"), max_length=2000))
        with gr.Row(elem_classes="taste-buttons"):
            read, make = (gr.Button(t(f"link.{name}"), size="md", min_width=150, scale=0) for name in ("read", "make"))
        desk.put(link_said=kit.markdown(""))
    gr.on([read.click, desk.link.submit], None, cancels=list(runs), **kit.PRIVATE)
    desk.on((read.click, desk.link.submit), on_link, to=(*ctl.SETTINGS.names, *ctl.SHOWN, *ctl.BOXES, "link_said"))
    desk.on(make.click, on_make, to=SCREEN.names)
