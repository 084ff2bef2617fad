"""Part of lesson 15: a number of a feature map traced: input, its kernel's products, their sum, and what goes on from it."""

from __future__ import annotations

import base64
from typing import Any

import gradio as gr

from demos import kit, views
from demos.image_classifier import shown
from demos.kit import text

FORM = kit.Form(conv="conv1", channel=1)
SCREEN = kit.Screen("traced", "conv", "channel", "trace_said")
WORDS = ("patch", "kernel", "products", "total", "pad", "pooled", "drop", "rest")


@kit.handler
def on_trace(lang: str, here: Any, model: Any, course: Any, conv: Any, channel: float) -> kit.Update:
    """One map of one convolution of the chosen network, with every number that makes it."""
    from core.errors import CoreError
    from core.lessons.image_classifier.linked import linked
    from core.lessons.image_classifier.look import example

    t, (classifier, _) = text.load("image_classifier", lang), shown.network(model, course)
    pixels = here.pixels if here is not None else example("ankle boot")[1]
    name = conv if conv in _convolutions(classifier) else None
    try:
        found = linked(classifier, pixels, name, max(0, kit.whole(kit.number(channel, "channel")) - 1))
    except CoreError as error:
        return SCREEN(trace_said=f"⚠ {t.error(error)}")
    said = t("trace.said", layer=found.layer, channel=found.channel + 1, inputs=len(found.x), count=found.kernel.size)
    return SCREEN(
        traced=_view(t, found),
        conv=gr.update(choices=list(found.layers), value=found.layer),
        channel=gr.update(maximum=found.channels, value=found.channel + 1),
        trace_said=said,
    )


@kit.handler
def on_follow(lang: str, here: Any, model: Any, course: Any, conv: Any) -> kit.Update:
    """Into the next convolution, whose input the pooled maps are; after the last one, the first again."""
    names = _convolutions(shown.network(model, course)[0])
    following = names[(names.index(conv) + 1) % len(names)] if conv in names else None
    return on_trace(lang, here, model, course, following, 1)


def _convolutions(classifier: Any) -> list[str]:
    return [each.name for each in classifier.layers() if each.kind == "Conv2d"]


def _view(t: text.Text, found: Any) -> dict[str, Any]:
    """As the ``convolution`` view takes it."""
    (inputs, h, w), (out_h, out_w), (pool_h, pool_w) = found.x.shape, found.out.shape, found.pooled.shape
    words = {
        "input": t("trace.input", h=h, w=w),
        "output": t("trace.output", h=out_h, w=out_w, channel=found.channel + 1),
        "relu": "ReLU",
        "pool": t("trace.pool", h=pool_h, w=pool_w),
    }
    kh, kw = found.kernel.shape[1:]
    return {
        "key": f"{found.layer} {h}",
        "input": {"c": inputs, "h": h, "w": w, "data": _packed(found.x.astype("float64")), "real": True},
        "kernel": found.kernel.tolist(),
        "bias": found.bias,
        "stride": 1,
        "padding": found.padding,
        "dilation": 1,
        "apart": False,
        "out": {"o": 1, "h": out_h, "w": out_w, "data": _packed(found.out)},
        "pool": {
            "h": pool_h,
            "w": pool_w,
            "size": found.size,
            "data": _packed(found.pooled),
            "rows": _packed(found.rows.astype("int16")),
            "cols": _packed(found.columns.astype("int16")),
        },
        "names": [t("trace.map", number=n + 1) for n in range(inputs)] if inputs > 1 else [t("trace.picture")],
        "words": words | {word: t(f"trace.{word}") for word in WORDS},
        "caption": t("trace.keys"),
        "alt": t("trace.alt", layer=found.layer, h=h, w=w, kh=kh, kw=kw, out_h=out_h, out_w=out_w),
    }


def _packed(values: Any) -> str:
    """The raw bytes of an array, for the browser."""
    return base64.b64encode(values.tobytes()).decode()


def build(main: kit.Desk) -> kit.Desk:
    """Below the layers; it fills itself after the first screen."""
    t, desk = main.t, kit.Desk(main.t, FORM, SCREEN, main.language)
    desk.put(here=main.here, model=main.model, course=main.course)
    kit.markdown(f"### {t('trace.title')}\n{t('trace.lead')}")
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=240):
            go = gr.Button(t("trace.go"), variant="primary", min_width=150)
            desk.put(conv=gr.Radio(["conv1", "conv2", "conv3"], value="conv1", label=t("trace.layer")))
            desk.put(channel=gr.Slider(1, 32, 1, step=1, label=t("trace.channel")))
            follow = gr.Button(t("trace.follow"), size="md", min_width=150)
            desk.put(trace_said=kit.markdown("", min_height=52))
        with gr.Column(scale=3, min_width=300):
            desk.put(traced=views.convolution())
    desk.on((go.click, desk.conv.input, desk.channel.release), on_trace)
    desk.on(follow.click, on_follow)
    return desk
