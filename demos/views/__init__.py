"""Pictures drawn in the browser from numbers: each view is a gr.HTML with one .js file beside this one.

Python sends JSON (fields: the header of each .js); the browser draws, and reads out on hover, touch and arrow keys.
Every value carries ``alt`` or ``caption``: the same picture as a sentence. No view computes a result.
Functions, not subclasses: gradio writes a .pyi file beside every module that subclasses a component.
"""

from __future__ import annotations

import base64
import functools
from pathlib import Path
from typing import Any

import gradio as gr

HERE = Path(__file__).parent
CSS = HERE / "taste.css"
PHONE = HERE / "phone.css"
CLICKS = {
    "place",
    "erase",
    "unit",
    "weight",
    "edit",
    "pick",
}  # by any other signal the finger drags instead of scrolling


def head() -> str:
    """All view scripts, once per page, for ``launch(head=…)``. No request leaves the page for them."""
    rest = sorted(path for path in HERE.glob("*.js") if path.name != "taste.js")
    scripts = (f"<script>{path.read_text('utf-8')}</script>" for path in [HERE / "taste.js", *rest])
    return "".join([*scripts, f"<style>{PHONE.read_text('utf-8')}</style>"])


def _view(
    kind: str,
    signals: tuple[str, ...],
    value: Any = None,
    *,
    height: int = 300,  # pixels
    square: int | None = None,  # a square at most this wide instead of ``height``
    can: tuple[str, ...] = (),  # signals the learner may send here
    **layout: Any,  # visible, elem_id, scale …
) -> gr.HTML:
    unknown = set(can) - set(signals)
    if unknown:
        raise ValueError(f"{kind} has no event {sorted(unknown)}; it has {signals}")
    quoted = ", ".join(f"'{name}'" for name in signals)  # gradio finds custom events by their quoted names
    return gr.HTML(
        value,
        html_template=f"<div class='taste taste-{kind}'{' data-drag' if set(can) - CLICKS else ''}></div>",
        js_on_load=f"taste.mount('{kind}', element, props, trigger, watch, [{quoted}]);",
        apply_default_css=False,
        elem_classes="taste-view",
        height=0 if square else height,
        square=square,
        can=list(can),
        **layout,
    )


plane = functools.partial(_view, "plane", ("place", "erase", "line", "mark"))  # field, points, paths, draggable line
curve = functools.partial(_view, "curve", ("cursor",))  # lines over a number
network = functools.partial(
    _view, "network", ("unit", "weight", "edit")
)  # units as thumbnails, links as thick as weights
matrix = functools.partial(_view, "matrix", ("pick",))  # a coloured table of numbers
bars = functools.partial(_view, "bars", ("pick",))  # named bars, positive and negative
tokens = functools.partial(_view, "tokens", ("pick",))  # a text as chips, one per token
cells = functools.partial(_view, "cells", ())  # samples that light up batch by batch

neuron = functools.partial(_view, "neuron", ())  # the neuron of the brain and the artificial one
tangent = functools.partial(_view, "tangent", ("move",))  # functions with their slopes, a point that slides along
tiles = functools.partial(_view, "tiles", ())  # small planes side by side, one per net

pixels = functools.partial(_view, "pixels", ("move", "look", "zoom"))  # a picture, a patch of it, and its numbers
pictures = functools.partial(_view, "pictures", ())  # pictures side by side
strip = functools.partial(_view, "strip", ())  # numbers in memory
kernel = functools.partial(_view, "kernel", ("edit",))  # a kernel to type in
convolution = functools.partial(_view, "convolution", ())  # input × kernel = output, linked

maps = functools.partial(_view, "maps", ("pick",))  # what each layer of an image network gives, as small maps
overlay = functools.partial(_view, "overlay", ())  # a picture and where the evidence lies

cloud = functools.partial(_view, "cloud", ())  # points over time, with a slider, trails and a field of arrows
film = functools.partial(_view, "film", ("frame",))  # pictures over time, side by side, one slider
camera = functools.partial(_view, "camera", ("snap", "look"))  # photos, or a steady look
pad = functools.partial(_view, "pad", ("draw",))  # a pad to draw strokes on

chips = functools.partial(_view, "chips", ())  # pieces of a text

voice = functools.partial(_view, "voice", ())  # a sentence said aloud by the browser
microphone = functools.partial(_view, "microphone", ("record", "listen"))  # a recording, or a steady ear

script = functools.partial(_view, "script", ())  # a program as text, to copy or to save


def packed(values: Any, kind: str = "class", smooth: bool = True) -> dict[str, Any]:
    """A uint8 array (H, W), row 0 on top, as the ``field`` of a plane or a thumbnail of a network."""
    height, width = values.shape
    return {
        "data": base64.b64encode(values.tobytes()).decode(),
        "w": width,
        "h": height,
        "kind": kind,
        "smooth": smooth,
    }


def floats(values: Any) -> str:
    """Any array as base64 of float32: for many numbers that all change with every picture."""
    return base64.b64encode(values.astype("<f4").tobytes()).decode()
