"""Lesson 12, below the picture: channels, greyscale weights, bit depth, histogram, and the order in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from demos import kit, pictures, text, views

CHANNELS = ("red", "green", "blue")
LOOKS = ("rgb", *CHANNELS, "grey", "bits")
RULES = ("bt601", "bt709", "average")  # named grey weights of core.vision.pixels
OUTPUTS = 5  # of ``shown``
SIDE = 320  # longer side of the small pictures


@dataclass(frozen=True)
class Panels:
    """The controls and outputs of the lower half."""

    bits: gr.Slider
    rule: gr.Radio
    weights: list[gr.Number]
    strip: gr.HTML
    outputs: list[Any]
    controls: dict[str, Any]


def weights(red: Any, green: Any, blue: Any) -> tuple[float, float, float]:
    """Three grey weights as numbers; whether they are allowed is for core to say."""
    return kit.number(red, "weights"), kit.number(green, "weights"), kit.number(blue, "weights")


def spot(t: text.Text, pixels: Any, sight: Any) -> tuple[str, Any]:
    """Words about one pixel, and its place in memory."""
    from core.lessons.pixels.looks import grey_sum, memory
    from core.vision.pixels import to_unit

    rgb, unit = pixels[sight.row, sight.column], to_unit(pixels[sight.row, sight.column]).tolist()
    r, g, b = rgb.tolist()
    grey = grey_sum(rgb, sight.weights)
    (wr, wg, wb), place = sight.weights, {"x": sight.column, "y": sight.row}
    lines = [
        t("pixel.title", **place, r=r, g=g, b=b, code=f"#{r:02X}{g:02X}{b:02X}"),
        t("pixel.unit", r=unit[0], g=unit[1], b=unit[2]),
        t("pixel.grey", wr=wr, wg=wg, wb=wb, r=r, g=g, b=b, exact=grey.exact, value=grey.value),
        t("pixel.index", **place),
    ]
    orders = [(planar, memory(pixels, sight.column, sight.row, planar)) for planar in (False, True)]
    rows = [
        {
            "name": t("memory.planar" if planar else "memory.pixel"),
            "index": list(m.index),
            "value": list(m.value),
            "channel": list(m.channel),
        }
        for planar, m in orders
    ]
    return "\n\n".join(lines), {"rows": rows, "names": ["R", "G", "B"], "caption": t("memory.caption", **place)}


def shown(t: text.Text, pixels: Any, sight: Any) -> tuple[Any, ...]:
    """Channels, words about grey, bit depth, histogram, the reshape mistake."""
    return *tuned(t, pixels, sight), _histogram(t, pixels), *_layout(t, pixels)


def tuned(t: text.Text, pixels: Any, sight: Any) -> tuple[Any, str]:
    """What the sliders of grey weights and bits change."""
    from core.files import images
    from core.lessons.pixels.looks import fewer_bits, look

    small, bits = images.read(pixels, max_side=SIDE).pixels, fewer_bits(pixels, sight.bits)
    items = [
        {"name": t(f"look.{name}"), "png": pictures.png(look(small, name, sight.bits, sight.weights))}
        for name in (*CHANNELS, "grey", "bits")
    ]
    items[3]["text"] = t("grey_text", r=sight.weights[0], g=sight.weights[1], b=sight.weights[2])
    items[4]["text"] = t("bits_text", bits=sight.bits, levels=bits.levels)
    said = t(
        "bits_said",
        bits=sight.bits,
        levels=bits.levels,
        possible=bits.possible,
        found=bits.found,
        kb=bits.bytes,
        error=bits.error,
    )
    return {"items": items, "caption": t("channels_caption")}, said


def _histogram(t: text.Text, pixels: Any) -> dict[str, Any]:
    from core.vision.pixels import histogram

    found = histogram(pixels)
    r, g, b = found.mean.tolist()
    return {
        "series": [
            {"name": t(f"channel.{name}"), "y": counts, "colour": colour, "width": 1.6}
            for name, counts, colour in zip(CHANNELS, found.counts.tolist(), (2, 3, 1), strict=True)
        ],
        "x0": 0,
        "xlim": [0, 255],
        "xlabel": t("histogram.x"),
        "ylabel": t("histogram.y"),
        "caption": t("histogram.caption", r=r, g=g, b=b, distinct=found.distinct),
    }


def _layout(t: text.Text, pixels: Any) -> tuple[str, Any]:
    """Both orders as a table, and the picture that a wrong reshape makes."""
    from core.files import images
    from core.lessons.pixels.looks import misread
    from core.vision.pixels import layout

    found = layout(pixels, 0, 0)
    h, w, _ = found.hwc_shape
    table = t("layout.table", h=h, w=w, small=found.bytes_uint8, large=found.bytes_float32)
    small = images.read(pixels, max_side=SIDE).pixels
    items = [
        {"name": t("layout.right"), "text": "np.transpose(a, (2, 0, 1))", "png": pictures.png(small)},
        {"name": t("layout.wrong"), "text": "a.reshape(3, H, W)", "png": pictures.png(misread(small))},
    ]
    return table, {"items": items, "caption": t("layout.caption")}


@kit.handler
def on_tune(lang: str, here: Any, *controls: Any) -> tuple[Any, ...]:
    """Bits per channel (1 to 8) and grey weights (R, G, B): the pictures they make, and their numbers."""
    from demos import pixels as lesson

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


def _answer_numbers() -> tuple[str, dict[str, Any]]:
    from core.data import photos

    picture = photos.load("cat")
    return str(picture.size), {"h": picture.shape[0], "w": picture.shape[1], "numbers": picture.size}


def _answer_blue() -> tuple[str, dict[str, Any]]:
    from core.lessons.pixels.looks import primaries
    from core.vision.pixels import greyscale

    values = greyscale(primaries(), "bt601")[0].tolist()
    return str(values[2]), dict(zip(CHANNELS, values, strict=True))


def _answer_bits() -> tuple[str, dict[str, Any]]:
    from core.data import photos
    from core.lessons.pixels.looks import fewer_bits

    few = fewer_bits(photos.load("rocket"), 1)
    return str(few.possible), {"found": few.found, "possible": few.possible}


TASKS = (
    kit.Task("numbers", ("43520", "130560", "256"), _answer_numbers),
    kit.Task("blue", ("29", "85", "255"), _answer_blue),
    kit.Task("onebit", ("2", "8", "256"), _answer_bits),
)
