"""An example set for own classes, cut from the held-out pictures that ship, and the learner's pictures as they are kept.

The network whose features are used never saw these pictures. Left out: any other example set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from core.data import fashion
from core.errors import InvalidInput
from core.files import images
from core.lessons.image_classifier import choices
from core.vision.inside import report
from core.vision.own_classes import LONGEST_NAME, OwnClasses
from core.vision.teachable_machine import TeachableMachine

KINDS = ("trouser", "sneaker", "bag")
SHOTS, MOST_CLASSES, MOST_PICTURES = 8, 5, 500
THUMB, ACROSS, MOST_THUMBS = 40, 4, 12

Kept = Mapping[str, tuple[np.ndarray, ...]]  # class name → its pictures (H, W, 3)


def example(names: Sequence[str] = KINDS) -> dict[str, tuple[np.ndarray, ...]]:
    """Eight pictures each of KINDS, under these names."""
    rows = (_of(kind)[:SHOTS] for kind in KINDS)
    return {name: tuple(kept(picture) for picture in some) for name, some in zip(names, rows, strict=True)}


def is_example(kept: Kept) -> bool:
    """Whether these are the example's pictures and no others, whatever their classes are called."""
    if len(kept) != len(KINDS):
        return False
    same = zip(kept.values(), example().values(), strict=True)
    return all(len(one) == len(two) and all(map(np.array_equal, one, two)) for one, two in same)


def unseen(turn: int = 0) -> tuple[int, np.ndarray]:
    """(index in KINDS, picture (28, 28)): the ``turn``-th of those that are not in the example, the kinds in turn."""
    label = turn % len(KINDS)
    some = _of(KINDS[label])[SHOTS:]
    return label, some[turn // len(KINDS) % len(some)]


def judged(own: OwnClasses, each: int = 40) -> tuple[float, int]:
    """(share right, of how many) on pictures that are not in the example; classes in the order of KINDS."""
    parts = [_of(kind)[SHOTS : SHOTS + each] for kind in KINDS]
    truth = np.repeat(np.arange(len(KINDS)), [len(part) for part in parts])
    found = report(own.predict_proba(list(np.concatenate(parts))), truth)
    return found.accuracy, len(truth)


def _of(kind: str) -> np.ndarray:
    data = fashion.load()
    return data.x_test[data.y_test == fashion.CLASSES.index(kind)]


def kept(source: images.Source) -> np.ndarray:
    """A picture as it is kept: (H, W, 3) uint8, at most ``choices.KEPT_SIDE`` on the longer side."""
    return images.read(source, max_side=choices.KEPT_SIDE).pixels


def added(before: Kept, name: str, pictures: Sequence[np.ndarray]) -> dict[str, tuple[np.ndarray, ...]]:
    """``before`` with more pictures of a class, which is new if there is none of this name.

    Raises:
        InvalidInput: a name of no or too many letters, a sixth class, more than 500 pictures.
    """
    name = name.strip() if isinstance(name, str) else ""
    if not 1 <= len(name) <= LONGEST_NAME:
        raise InvalidInput("class_without_name", most=LONGEST_NAME)
    if name not in before and len(before) >= MOST_CLASSES:
        raise InvalidInput("too_many", name="classes", most=MOST_CLASSES, received=len(before) + 1)
    made = {**before, name: (*before.get(name, ()), *pictures)}
    total = sum(len(some) for some in made.values())
    if total > MOST_PICTURES:
        raise InvalidInput("too_many", name="pictures", most=MOST_PICTURES, received=total)
    return made


def sheet(pictures: Sequence[np.ndarray]) -> np.ndarray:
    """The latest pictures of a class side by side, (H, W, 3) uint8."""
    latest = list(pictures)[-MOST_THUMBS:]
    columns = min(ACROSS, max(1, len(latest)))
    lines = -(-max(1, len(latest)) // columns)
    page = Image.new("RGB", (columns * (THUMB + 2) - 2, lines * (THUMB + 2) - 2), (128, 128, 128))
    for k, picture in enumerate(latest):
        height, width = picture.shape[:2]
        side = min(height, width)
        left, top = (width - side) // 2, (height - side) // 2
        square = Image.fromarray(picture[top : top + side, left : left + side]).resize((THUMB, THUMB))
        page.paste(square, (k % columns * (THUMB + 2), k // columns * (THUMB + 2)))
    return np.asarray(page)


def files(own: OwnClasses | TeachableMachine, folder: str | Path) -> list[Path]:
    """Write model.safetensors, labels.json and model.onnx into this folder; what was brought is a file already."""
    if isinstance(own, TeachableMachine):
        raise InvalidInput("tm_saved")
    weights, labels = own.save(folder)
    onnx = Path(folder) / "model.onnx"
    own.save_onnx(onnx)
    return [weights, labels, onnx]
