"""A Sequential in one safetensors file: weights as tensors, layers and compile settings as JSON in its metadata.

Left out: the optimiser's memory and the history. Source: the safetensors format.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from core.errors import CoreError, InvalidInput
from core.mlp.layers import Dense, Dropout

if TYPE_CHECKING:
    from core.mlp.record import Compiled
    from core.mlp.sequential import Sequential

KIND = "core.Sequential"


def save_model(model: Sequential, compiled: Compiled | None, path: Path) -> None:
    weights = {f"{i:03d}": np.ascontiguousarray(array) for i, array in enumerate(model.get_weights())}
    about: dict[str, Any] = {
        "layers": [{"kind": type(layer).__name__, **asdict(layer)} for layer in model.layers],
        "inputs": model.specs[0].inputs,
        "seed": model.seed,
        "dtype": model.dtype,
    }
    if compiled is not None:
        rule = compiled.optimizer
        about["compile"] = {
            "optimizer": type(rule).__name__.lower(),
            **asdict(rule),
            "loss": compiled.loss,
            "metrics": list(compiled.metrics),
        }
    save_file(weights, path, metadata={"kind": KIND, "model": json.dumps(about)})


def load_model(cls: type[Sequential], path: Path) -> Sequential:
    kinds: dict[str, Any] = {"Dense": Dense, "Dropout": Dropout}
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            if metadata.get("kind") != KIND:
                raise InvalidInput("bad_file", kind=KIND, hint="")
            about = json.loads(metadata["model"])
            layers = [kinds[layer.pop("kind")](**layer) for layer in about["layers"]]
            model = cls(layers, seed=about["seed"], dtype=about["dtype"])
            model.build((about["inputs"],))
            model.set_weights([file.get_tensor(name) for name in sorted(file.keys())])
        if "compile" in about:
            model.compile(**about["compile"])
    except (SafetensorError, OSError, KeyError, TypeError, json.JSONDecodeError, CoreError) as error:
        raise InvalidInput("bad_file", kind=KIND, hint=str(error)) from error
    return model
