"""What lesson 15 puts on the screen: pictures to begin with, a drawing as pixels, maps as bytes, bars in order.

Everything is computed from an ImageClassifier; nothing here draws. Maps are bytes around 128 = 0, one scale per layer.
Left out: the training (course.py) and the learner's own classes (own_classes.py).
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw
from scipy.special import softmax

from core.data import digits, fashion
from core.errors import InvalidInput, checking, shown
from core.files.images import Source
from core.files.strokes import strokes
from core.lessons.image_classifier import choices
from core.lessons.pixels.choices import PHOTO
from core.vision.classifier import Answer, ImageClassifier
from core.vision.inside import GradCam, Layer

SHEET, PEN = 224, 8  # pixels of a drawing's side and of its line
TILE, MOST_TILES = 56, 64  # larger maps are averaged down; of wider layers the strongest maps are shown
UNCHANGED = ("Flatten", "Dropout", "Identity")  # layers whose numbers are those of the layer before
ROWS = 16  # layers of an overview


@dataclass(frozen=True, slots=True)
class Maps:
    """Some maps of one layer, the strongest first."""

    name: str
    kind: str  # class name of the layer
    shape: tuple[int, ...]  # of everything the layer gives: (C, h, w) or (units,)
    parameters: int
    tiles: np.ndarray  # (n, h, w) uint8: 128 + 127 · value / reach
    channels: tuple[int, ...]  # which of the C
    reach: float  # the largest size of a number in the layer

    @property
    def silent(self) -> int:
        """Of the tiles: how many are zero everywhere."""
        return int((self.tiles == 128).all(axis=(1, 2)).sum())


@dataclass(frozen=True, slots=True)
class Opened:
    """One picture through one network: the answer, every layer's maps, where the evidence lies."""

    answer: Answer
    target: int
    cam: GradCam
    layers: tuple[Maps, ...]  # a few maps of each layer
    chosen: Maps  # many maps of one layer
    names: tuple[str, ...]  # all layers that can be chosen
    seconds: float

    @property
    def order(self) -> tuple[int, ...]:
        """The classes of the bars."""
        return tuple(ranked(self.answer.probabilities))

    @property
    def rows(self) -> tuple[str, ...]:
        """The layers of the overview."""
        return tuple(maps.name for maps in self.layers)


_SHIPPED: dict[str, ImageClassifier] = {}
_LOADING = threading.Lock()


def shipped(name: str = "fashion") -> ImageClassifier:
    """A network that ships (one of choices.KNOWS), loaded once. Only to be asked, never to be trained."""
    with _LOADING:
        if name not in _SHIPPED:
            _SHIPPED[name] = ImageClassifier.pretrained(name)
        return _SHIPPED[name]


def ready(name: str) -> bool:
    """Whether this network answers at once."""
    return name in _SHIPPED


@functools.lru_cache(maxsize=2)
def fetched(name: str) -> ImageClassifier:
    """One of torchvision's by name, kept while it is asked."""
    return ImageClassifier.pretrained(name if isinstance(name, str) else shown(name))


def example(kind: str, turn: int = 0) -> tuple[int, np.ndarray]:
    """(row, picture (28, 28)) of the ``turn``-th held-out garment of this kind; the network never saw it."""
    with checking() as check:
        check.one_of("kind", kind, fashion.CLASSES)
        check.whole("index", turn, 0, 2**31)
    data = fashion.load()
    rows = np.flatnonzero(data.y_test == fashion.CLASSES.index(kind))
    row = int(rows[int(turn) % len(rows)])
    return row, data.x_test[row]


def digit(turn: int = 0) -> tuple[int, np.ndarray]:
    """(the digit, picture (28, 28)): the ``turn``-th of those held out; the network never saw it."""
    with checking() as check:
        check.whole("index", turn, 0, 2**31)
    data = digits.load()
    row = int(turn) % len(data.y_test)
    return int(data.y_test[row]), data.x_test[row]


def following(kind: str, turn: int) -> tuple[str, int]:
    """The next picture of its sort: the kinds one after another, then another garment of each; photos, digits in turn.

    >>> following("shirt", 0), following("ankle boot", 0)
    (('sneaker', 0), ('t-shirt', 1))
    >>> following("cat", 0), following("digit", 4)
    (('coffee', 0), ('digit', 5))
    """
    if kind == choices.DIGIT:
        return kind, turn + 1
    if kind in PHOTO:
        return tuple(PHOTO)[(tuple(PHOTO).index(kind) + 1) % len(tuple(PHOTO))], turn
    place = (fashion.CLASSES.index(kind) + 1) % len(fashion.CLASSES)
    return fashion.CLASSES[place], turn + (place == 0)


def drawn(drawing: str) -> np.ndarray:
    """The pad's strokes (see core.files.strokes) as a sheet (224, 224) uint8, dark on light.

    Raises:
        InvalidInput: nothing is drawn, or the text is no drawing.
    """
    lines = strokes(drawing)
    if not lines:
        raise InvalidInput("no_strokes")
    sheet = Image.new("L", (SHEET, SHEET), 255)
    pen, half = ImageDraw.Draw(sheet), PEN / 2
    for line in lines:
        spots = [(float((x / 1.1 + 1) * SHEET / 2), float((1 - y / 1.1) * SHEET / 2)) for x, y in line]
        pen.line(spots, fill=0, width=PEN, joint="curve")
        for x, y in (spots[0], spots[-1]):
            pen.ellipse((x - half, y - half, x + half, y + half), fill=0)
    return np.asarray(sheet)


def ranked(probabilities: np.ndarray, most: int = 10) -> list[int]:
    """Classes to show as bars: all of them in their own order when they are few, else the most likely first."""
    if len(probabilities) <= most:
        return list(range(len(probabilities)))
    return [int(i) for i in np.argsort(-probabilities, kind="stable")[:most]]


def look(
    classifier: ImageClassifier, source: Source, target: int | None = None, layer: str | None = None, few: int = 8
) -> Opened:
    """Name a picture and open the network on the way.

    Args:
        target: class whose evidence Grad-CAM shows; None: the most likely.
        layer: whose maps are shown in number; None, or a name this network lacks: the first ReLU or convolution.
    """
    started = time.perf_counter()
    sight = classifier.see(source)
    inside = classifier.opened(sight.final, target)
    answer = Answer(softmax(inside.logits), sight)
    found = {one.name: one for one in inside.layers if one.kind not in UNCHANGED}
    names = tuple(found)
    name = layer if layer in found else next((n for n in names if found[n].kind.startswith("ReLU")), names[0])

    def maps(one: str, most: int) -> Maps:
        return coded(inside.maps[one], one, found[one].kind, found[one].parameters, most)

    overview = tuple(maps(one, few) for one in _rows(list(found.values())))
    seconds = time.perf_counter() - started
    return Opened(answer, inside.cam.target, inside.cam, overview, maps(name, MOST_TILES), names, seconds)


def _rows(layers: Sequence[Layer]) -> list[str]:
    """All layers of a small network, else some convolutions from the first to the last."""
    if len(layers) <= ROWS:
        return [one.name for one in layers]
    names = [one.name for one in layers if one.kind == "Conv2d"] or [one.name for one in layers]
    return [names[i] for i in sorted({round(float(p)) for p in np.linspace(0, len(names) - 1, ROWS)})]


def coded(values: np.ndarray, name: str, kind: str, parameters: int, most: int = MOST_TILES) -> Maps:
    """A layer's output (C, h, w) or (units,) as tiles of bytes, the strongest maps first; units lie in one tile."""
    stack = values if values.ndim == 3 else _sheet(values.reshape(-1))
    reach = float(np.abs(stack).max(initial=0)) or 1.0
    strength = np.abs(stack).mean(axis=(1, 2))
    order = np.argsort(-strength, kind="stable")[:most]
    small = _averaged(stack[order])
    tiles = (128 + np.round(127 * small / reach)).clip(1, 255).astype(np.uint8)
    return Maps(name, kind, values.shape, parameters, tiles, tuple(int(i) for i in order), reach)


def _sheet(units: np.ndarray) -> np.ndarray:
    """(units,) as one map (1, rows, columns), about square, zeros behind the last."""
    columns = len(units) if len(units) <= 16 else int(np.ceil(np.sqrt(len(units) * 2)))
    rows = -(-len(units) // columns)
    sheet = np.zeros(rows * columns, units.dtype)
    sheet[: len(units)] = units
    return sheet.reshape(1, rows, columns)


def _averaged(stack: np.ndarray) -> np.ndarray:
    """(n, h, w) with sides of at most TILE: blocks of pixels become their mean."""
    factor = -(-max(stack.shape[1:]) // TILE)
    if factor == 1:
        return stack
    n, h, w = stack.shape
    h, w = h // factor * factor, w // factor * factor
    return stack[:, :h, :w].reshape(n, h // factor, factor, w // factor, factor).mean(axis=(2, 4))


def heat(cam: GradCam) -> np.ndarray:
    """(H, W) uint8: 255 where the evidence is strongest."""
    return np.round(cam.heat * 255).astype(np.uint8)
