"""From numbers to the views of lesson 13."""

from __future__ import annotations

from typing import Any

from demos import kit
from demos.kit import pictures, text
from demos.pixels.state import SCREEN, Here, Sight

CHANNELS = ("red", "green", "blue")
SIDE = 320  # longer side of the small pictures


def everything(t: text.Text, here: Here, sight: Sight) -> kit.Update:
    """The picture, the pixel, the panels below, the honest label."""
    said = t("size_said", w=here.pixels.shape[1], h=here.pixels.shape[0], numbers=here.pixels.size)
    label = kit.badge_text(t, source="computed_now")
    table, wrong = _layout(t, here.pixels)
    return (
        SCREEN(here=here, view=view(t, here, sight), badge=f"{label} · {said} {pictures.notes(t, here.notes)}")
        | spot(t, here, sight)
        | tuned(t, here, sight)
        | SCREEN(histogram=_histogram(t, here.pixels), table=table, wrong=wrong)
    )


def view(t: text.Text, here: Here, sight: Sight) -> dict[str, Any]:
    """The picture and its numbers, as the ``pixels`` view takes them."""
    from core.lessons.pixels.looks import fingerprint, look

    seen = pictures.sent(
        here.pixels, sight.column, sight.row, lambda part: look(part, sight.look, sight.bits, sight.weights)
    )
    one = {"red": [0], "green": [1], "blue": [2], "grey": [0]}
    return {
        **seen,
        "key": fingerprint(here.original),
        "size": sight.size,
        "at": {"x": sight.column, "y": sight.row},
        "numbers": one.get(sight.look, [0, 1, 2]),
        "words": {"picture": t("whole"), "patch": t("part", size=sight.size), "here": t(f"here.{sight.look}")},
        "caption": t("keys"),
        "alt": t("picture_alt", w=here.pixels.shape[1], h=here.pixels.shape[0], size=sight.size),
    }


def spot(t: text.Text, here: Here, sight: Sight) -> kit.Update:
    """One pixel: where it is, its numbers, words about it, its place in memory."""
    from core.lessons.pixels.looks import grey_sum, memory
    from core.vision.pixels import to_unit

    pixels = here.pixels
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
    strip = {"rows": rows, "names": ["R", "G", "B"], "caption": t("memory.caption", **place)}
    at = SCREEN(column=sight.column, row=sight.row, red=r, green=g, blue=b)
    return at | SCREEN(said="\n\n".join(lines), strip=strip)


def tuned(t: text.Text, here: Here, sight: Sight) -> kit.Update:
    """What the sliders of grey weights and bits change."""
    from core.files import images
    from core.lessons.pixels.looks import fewer_bits, look

    small, bits = images.read(here.pixels, max_side=SIDE).pixels, fewer_bits(here.pixels, sight.bits)
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
    return SCREEN(small={"items": items, "caption": t("channels_caption")}, bits_said=said)


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


def _layout(t: text.Text, pixels: Any) -> tuple[str, dict[str, Any]]:
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
