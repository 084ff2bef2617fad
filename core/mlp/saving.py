"""One safetensors file of a model: its weights as tensors, and what else makes it as JSON in the metadata.

Plain values in, plain values out: the class that they describe takes itself apart and puts itself together
(sequential.py). Left out: the optimiser's memory and the history. Source: the safetensors format.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from core.errors import InvalidInput
from core.pretrained import whole

KIND = "core.Sequential"


def write(path: Path, weights: Sequence[NDArray[Any]], about: dict[str, Any]) -> None:
    """``about``: whatever JSON holds."""
    tensors = {f"{i:03d}": np.ascontiguousarray(array) for i, array in enumerate(weights)}
    save_file(tensors, path, metadata={"kind": KIND, "model": json.dumps(about)})


def read(path: Path) -> tuple[list[NDArray[Any]], dict[str, Any]]:
    """(weights, about) as ``write`` wrote them. Raises InvalidInput ``bad_file``."""
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            if metadata.get("kind") != KIND:
                raise InvalidInput("bad_file", kind=KIND, hint="")
            about = json.loads(metadata["model"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
        dense = sum(layer["kind"] == "Dense" for layer in about.get("layers", ()))
    except (SafetensorError, OSError, AttributeError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise InvalidInput("bad_file", kind=KIND, hint=str(error)) from error
    names = [f"{i:03d}" for i in range(max(2 * dense, len(tensors)))]  # kernel, bias, kernel, bias, …
    return [whole.needed(tensors, name, path.name) for name in names], about
