"""Fashion-MNIST: 28×28 grey pictures of ten kinds of clothing. A slice ships; the full set loads where it can be had.

The slice is cut from the training split only, so that the official test split stays unseen by everything here:
``train`` = rows 0–9,999 and ``held_out`` = rows 58,000–59,999 of the official training file, in its own order.
The shipped network was trained on rows 0–57,999 and never saw the held-out rows either.
Source: Xiao, Rasul and Vollgraf (2017), https://github.com/zalandoresearch/fashion-mnist, MIT licence, © Zalando SE.
"""

from __future__ import annotations

import functools
import gzip
import os
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import Unavailable, register

register(
    {"fashion_missing": "The full Fashion-MNIST set was found neither through torchvision nor in {folder}. {hint}"}
)

CLASSES = ("t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")
TRAIN_ROWS, HELD_OUT_ROWS = range(0, 10_000), range(58_000, 60_000)
SLICE = Path(__file__).with_name("fashion.npz")
DEBIAN_FOLDER = Path(os.environ.get("FASHION_MNIST", "/usr/share/datasets/fashion-mnist"))
_HINT = "On Debian or Ubuntu: apt-get install dataset-fashion-mnist. Or name a folder with its files in FASHION_MNIST."


@dataclass(frozen=True, slots=True)
class Fashion:
    """Two parts of the set: one to learn from, one that the network must not have seen."""

    x_train: np.ndarray  # (N, 28, 28) uint8, 0 = background
    y_train: np.ndarray  # (N,) int64, index into CLASSES
    x_test: np.ndarray  # (M, 28, 28) uint8
    y_test: np.ndarray  # (M,) int64
    classes: tuple[str, ...] = CLASSES


@functools.cache
def load() -> Fashion:
    """The slice that ships: 10,000 pictures to train on, 2,000 held out. The arrays are shared and read-only."""
    with np.load(SLICE, allow_pickle=False) as packed:
        parts = [packed["x_train"], packed["y_train"], packed["x_held_out"], packed["y_held_out"]]
    x_train, y_train, x_test, y_test = (part.astype(np.int64) if part.ndim == 1 else part for part in parts)
    for part in (x_train, y_train, x_test, y_test):
        part.flags.writeable = False
    return Fashion(x_train, y_train, x_test, y_test)


def full(folder: str | Path | None = None) -> Fashion:
    """All 60,000 training and 10,000 test pictures: from ``folder``, else Debian's package, else torchvision.

    Raises:
        Unavailable: none of them has the four files.
    """
    if folder is None and not DEBIAN_FOLDER.is_dir():
        return _from_torchvision()
    return _from_idx(Path(folder or DEBIAN_FOLDER))


def _from_torchvision() -> Fashion:
    from torchvision.datasets import FashionMNIST

    home = Path.home() / ".cache" / "torchvision"
    try:
        train, test = (FashionMNIST(home, train=part, download=True) for part in (True, False))
    except (RuntimeError, OSError) as error:
        raise Unavailable("fashion_missing", folder=str(DEBIAN_FOLDER), hint=_HINT) from error
    return Fashion(train.data.numpy(), train.targets.numpy(), test.data.numpy(), test.targets.numpy())


def _from_idx(folder: Path) -> Fashion:
    kinds = ("images-idx3", "labels-idx1")
    try:
        parts = [read_idx(folder / f"{name}-{kind}-ubyte.gz") for name in ("train", "t10k") for kind in kinds]
    except (OSError, EOFError) as error:
        raise Unavailable("fashion_missing", folder=str(folder), hint=_HINT) from error
    x_train, y_train, x_test, y_test = parts
    return Fashion(x_train, y_train.astype(np.int64), x_test, y_test.astype(np.int64))


def read_idx(path: Path) -> np.ndarray:
    """A gzipped IDX file of bytes: two zeros, type code 8, the number of axes, their sizes (big-endian), the values."""
    data = gzip.decompress(path.read_bytes())
    axes = data[3]
    shape = struct.unpack(f">{axes}I", data[4 : 4 + 4 * axes])
    return np.frombuffer(data, np.uint8, offset=4 + 4 * axes).reshape(shape).copy()


def pack_slice(source: Fashion, path: Path = SLICE) -> None:
    """Write the shipped slice from the full set: how ``fashion.npz`` was made."""
    np.savez_compressed(
        path,
        x_train=source.x_train[TRAIN_ROWS],
        y_train=source.y_train[TRAIN_ROWS].astype(np.uint8),
        x_held_out=source.x_train[HELD_OUT_ROWS],
        y_held_out=source.y_train[HELD_OUT_ROWS].astype(np.uint8),
    )
