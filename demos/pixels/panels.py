"""Lesson 12, below the picture: channels, greyscale weights, bit depth, histogram, and the order in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from demos import kit, views
from demos.kit import text
from demos.pixels.shown import CHANNELS, tuned

RULES = ("bt601", "bt709", "average")  # named grey weights of core.vision.pixels


@dataclass(frozen=True)
class Panels:
    """The controls and outputs of the lower half."""

    bits: gr.Slider
    rule: gr.Radio
    weights: list[gr.Number]
    strip: gr.HTML
    outputs: list[Any]
    controls: dict[str, Any]


@kit.handler
def on_tune(lang: str, here: Any, *controls: Any) -> tuple[Any, ...]:
    """Bits per channel (1 to 8) and grey weights (R, G, B): the pictures they make, and their numbers."""
    from demos.pixels import page as lesson

    here = here or lesson._photo("cat")
    t, sight = text.load("pixels", lang), lesson._sight(here, *controls)
    return *tuned(t, here.pixels, sight), lesson._view(t, here, sight), *lesson._spot(t, here, sight)


@kit.handler
def on_rule(lang: str, rule: str) -> tuple[float, float, float]:
    """The weights of a named rule."""
    from core.errors import Check
    from core.vision.pixels import GREY_WEIGHTS

    check = Check()
    check.one_of("weights", rule, RULES)
    check.done()
    red, green, blue = (round(weight, 4) for weight in GREY_WEIGHTS[rule])
    return red, green, blue


def build(t: text.Text) -> Panels:
    kit.markdown(t("channels_title"))
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            rule = gr.Radio(t.choices("rule", RULES), value="bt601", label=t("rule_label"))
            with gr.Row():
                boxes = [
                    gr.Number(value, label=t(f"weight.{name}"), step=0.05, min_width=70)
                    for name, value in zip(CHANNELS, (0.299, 0.587, 0.114), strict=True)
                ]
            bits = gr.Slider(1, 8, value=3, step=1, label=t("bits_label"))
            bits_said = kit.markdown("", min_height=90)
        with gr.Column(scale=5, min_width=300):
            small = views.pictures()
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=300):
            kit.markdown(t("histogram.title"))
            histogram = views.curve(height=240)
        with gr.Column(scale=1, min_width=300):
            kit.markdown(t("memory.title"))
            strip = views.strip()
    with gr.Accordion(t("layout.title"), open=False), gr.Row(equal_height=False):
        with gr.Column(min_width=300):
            table = kit.markdown("")
        with gr.Column(min_width=300):
            wrong = views.pictures()
    controls = {"bits": bits, "rule": rule, **{f"weight_{n}": box for n, box in zip(CHANNELS, boxes, strict=True)}}
    return Panels(bits, rule, boxes, strip, [small, bits_said, histogram, table, wrong], controls)


def wire(t: text.Text, made: Panels, language: Any, here: Any, look: Any, where: list[Any], seen: list[Any]) -> None:
    """Bits and weights redraw at once; a named rule fills the weights."""
    inputs, outputs = [language, here, *where], [*made.outputs[:2], *seen]
    made.bits.change(on_tune, inputs, outputs, **kit.LIGHT, **kit.api("pixels_bits"))
    for box in made.weights:
        box.input(on_tune, inputs, outputs, **kit.LIGHT, **kit.PRIVATE)
    made.rule.input(on_rule, [language, made.rule], made.weights, **kit.LIGHT, **kit.PRIVATE).then(
        on_tune, inputs, outputs, **kit.LIGHT, **kit.PRIVATE
    )
