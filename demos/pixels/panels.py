"""Lesson 13, below the picture: channels, greyscale weights, bit depth, histogram, and the order in memory."""

from __future__ import annotations

import gradio as gr

from core.lessons.pixels import choices
from demos import kit, views
from demos.kit import text
from demos.pixels import shown, state
from demos.pixels.state import SCREEN, SPOT, TUNED, WEIGHTS, Here


@kit.handler
def on_tune(lang: str, here: Here | None, form: kit.Values) -> kit.Update:
    """Bits per channel (1 to 8) and grey weights (R, G, B): the pictures they make, and their numbers."""
    here = here or state.photo()
    t, sight = text.load("pixels", lang), state.sight(here, form)
    return shown.tuned(t, here, sight) | SCREEN(view=shown.view(t, here, sight)) | shown.spot(t, here, sight)


@kit.handler
def on_rule(lang: str, rule: str) -> kit.Update:
    """The weights of a named rule."""
    from core.errors import checking
    from core.vision.pixels import GREY_WEIGHTS

    with checking() as check:
        check.within("weights", rule, choices.RULE)
    return SCREEN(**{name: round(weight, 4) for name, weight in zip(WEIGHTS, GREY_WEIGHTS[rule], strict=True)})


def build(desk: kit.Desk) -> None:
    t = desk.t
    kit.markdown(t("channels_title"))
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            desk.put(rule=kit.radio(t, "rule", choices.RULE, label=t("rule_label")))
            with gr.Row():
                for channel, allowed in zip(
                    shown.CHANNELS, (choices.WEIGHT_RED, choices.WEIGHT_GREEN, choices.WEIGHT_BLUE), strict=True
                ):
                    box = kit.number_box(allowed, label=t(f"weight.{channel}"), min_width=70)
                    desk.put(**{f"weight_{channel}": box})
            desk.put(bits=kit.slider(choices.BITS, label=t("bits_label")))
            desk.put(bits_said=kit.markdown("", min_height=90))
        with gr.Column(scale=5, min_width=300):
            desk.put(small=views.pictures())
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=300):
            kit.markdown(t("histogram.title"))
            desk.put(histogram=views.curve(height=240))
        with gr.Column(scale=1, min_width=300):
            kit.markdown(t("memory.title"))
            desk.put(strip=views.strip())
    with gr.Accordion(t("layout.title"), open=False), gr.Row(equal_height=False):
        with gr.Column(min_width=300):
            desk.put(table=kit.markdown(""))
        with gr.Column(min_width=300):
            desk.put(wrong=views.pictures())


def wire(desk: kit.Desk) -> None:
    """Bits and weights redraw at once; a named rule fills the weights."""
    tuned = (*TUNED, "view", *SPOT)
    desk.on(desk.bits.change, on_tune, to=tuned, api="pixels_bits")
    desk.on([getattr(desk, name).input for name in WEIGHTS], on_tune, to=tuned)
    ruled = desk.on(desk.rule.input, on_rule, to=WEIGHTS)
    desk.on(ruled.then, on_tune, to=tuned)
