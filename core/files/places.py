"""Where a file is written to and read from: folders are made, and what cannot be is one sentence.

Left out: what stands in the file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from core.errors import InvalidInput, Unavailable, register, shown

register(
    {
        "not_a_path": "The name of a file is needed. Received: {received}.",
        "wrong_ending": "The name of this file must end in {choices}. Received: {received}.",
        "cannot_write": "{received} cannot be written: {reason}.",
        "is_folder": "{received} is a folder. Give the path of a file.",
        "no_such_path": "There is no file or folder {received}. Check the path.",
    }
)
FOREIGN = frozenset(  # endings that promise a kind of file
    ".pt .pth .bin .ckpt .pkl .pickle .joblib .h5 .hdf5 .keras .safetensors .onnx .tflite .pb .json .csv .png .jpg .jpeg .pdf "
    ".svg .gif .webp .html".split()
)


def place(path: Any) -> Path:
    """A path as it was given. Raises InvalidInput ``not_a_path``."""
    if not isinstance(path, str | os.PathLike) or not str(path):
        raise InvalidInput("not_a_path", received=shown(path))
    return Path(path)


@contextmanager
def written(path: Any, endings: Sequence[str] = ()) -> Iterator[Path]:
    """Inside, write the file; its folders are there. A name that promises another kind of file than ``endings`` is refused.

    Raises:
        InvalidInput: ``not_a_path``, ``wrong_ending``, ``is_folder``. Unavailable: ``cannot_write``.
    """
    where = place(path)
    if endings and where.suffix.lower() in FOREIGN and not where.name.lower().endswith(tuple(endings)):
        raise InvalidInput("wrong_ending", choices=", ".join(endings), received=shown(where.name))
    if where.is_dir():
        raise InvalidInput("is_folder", received=shown(where))
    try:
        where.parent.mkdir(parents=True, exist_ok=True)
        yield where
    except (OSError, SafetensorError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise Unavailable("cannot_write", received=shown(where), reason=shown(reason)) from error


def existing(path: Any) -> Path:
    """A file that is there. Raises InvalidInput ``not_a_path``, ``no_such_path``, ``is_folder``."""
    where = place(path)
    if where.is_dir():
        raise InvalidInput("is_folder", received=shown(where))
    if not where.exists():
        raise InvalidInput("no_such_path", received=shown(where))
    return where
