"""Pictures drawn in the browser from numbers, one folder each: plane/plane.py, plane/plane.js, plane/plane.css.

The .py tells the fields of the value that Python sends (as JSON) and makes the component; the .js draws it, and reads it
out on hover, touch and arrow keys. Every value carries ``alt`` or ``caption``: the same picture as a sentence. No view
computes a result. taste/ holds what they share; taste/colours.css every colour.
"""

from __future__ import annotations

from pathlib import Path

from demos.views.bars.bars import Bars, bars
from demos.views.camera.camera import Camera, camera
from demos.views.cells.cells import Cells, cells
from demos.views.chips.chips import Chips, chips
from demos.views.cloud.cloud import Cloud, cloud
from demos.views.component import is_view
from demos.views.convolution.convolution import Convolution, convolution
from demos.views.curve.curve import Curve, curve
from demos.views.film.film import Film, film
from demos.views.flow.flow import Flow, flow
from demos.views.kernel.kernel import Kernel, kernel
from demos.views.maps.maps import Maps, maps
from demos.views.matrix.matrix import Matrix, matrix
from demos.views.microphone.microphone import Microphone, microphone
from demos.views.network.network import Network, network
from demos.views.neuron.neuron import Neuron, neuron
from demos.views.overlay.overlay import Overlay, overlay
from demos.views.packing import Grid, floats, opened, packed, wrapped
from demos.views.pad.pad import Pad, pad
from demos.views.pictures.pictures import Pictures, pictures
from demos.views.pixels.pixels import Pixels, pixels
from demos.views.plane.plane import Plane, plane
from demos.views.replay.replay import Replay, replay
from demos.views.script.script import script
from demos.views.strip.strip import Strip, strip
from demos.views.tangent.tangent import Tangent, tangent
from demos.views.tiles.tiles import Tiles, tiles
from demos.views.tokens.tokens import Tokens, tokens
from demos.views.voice.voice import Voice, voice

HERE = Path(__file__).parent


def _of_views(end: str) -> list[Path]:
    return sorted(path for path in HERE.glob(f"*/*.{end}") if path.parent.name != "taste")


TASTE = (
    "stage",
    "colour",
    "figure",
    "axes",
    "reel",
    "prelude",
    "transport",
    "page",
)  # in this order: each may use those before it
CSS = [*(HERE / "taste" / f"{name}.css" for name in ("colours", "taste", "page")), *_of_views("css")]


def head() -> str:
    """All scripts, once per page, for ``launch(head=…)``. No request leaves the page for them."""
    paths = [*(HERE / "taste" / f"{name}.js" for name in TASTE), *_of_views("js")]
    scripts = (f"<script>{path.read_text('utf-8')}</script>" for path in paths)
    return "".join([*scripts, f"<style>{(HERE / 'taste' / 'phone.css').read_text('utf-8')}</style>"])


__all__ = [
    "Bars",
    "Camera",
    "Cells",
    "Chips",
    "Cloud",
    "Convolution",
    "Curve",
    "Film",
    "Flow",
    "Grid",
    "Kernel",
    "Maps",
    "Matrix",
    "Microphone",
    "Network",
    "Neuron",
    "Overlay",
    "Pad",
    "Pictures",
    "Pixels",
    "Plane",
    "Replay",
    "Strip",
    "Tangent",
    "Tiles",
    "Tokens",
    "Voice",
    "floats",
    "head",
    "is_view",
    "opened",
    "packed",
    "bars",
    "camera",
    "cells",
    "chips",
    "cloud",
    "convolution",
    "curve",
    "film",
    "flow",
    "kernel",
    "maps",
    "matrix",
    "microphone",
    "network",
    "neuron",
    "overlay",
    "pad",
    "pictures",
    "pixels",
    "plane",
    "replay",
    "script",
    "strip",
    "tangent",
    "tiles",
    "tokens",
    "voice",
    "wrapped",
]
