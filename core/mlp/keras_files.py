"""Keras' own files of Dense nets: .keras and .weights.h5, read and written with h5py, without Keras.

Only names and numbers are read: no code of the file runs, whatever it holds, and what a Dense net does not have (other
layers, Lambda, custom objects) is refused by name. Left out: the optimiser's memory; the older .h5 of whole models.
Source: Keras 3 `saving_lib` (a zip of config.json, metadata.json and model.weights.h5); tested against Keras.
"""

from __future__ import annotations

import io
import itertools
import json
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInput, register, shown
from core.files import hdf5, places
from core.pretrained import whole

register(
    {
        "keras_layer": "{name} has a {received} in it; only Dense and Dropout are read here. Open it in Keras.",
        "keras_h5": "{name} is Keras' older format. Save it there as .keras, then open it here.",
        "weights_only": "{name} holds weights without layers. Build the same layers, then call load_weights().",
    }
)

ENDINGS = (".keras", ".h5", ".hdf5")
MOST_CONFIG, MOST_WEIGHTS = 5_000_000, 2**31  # bytes
KIND = "a file of Keras"
VERSION = "3.0.0"  # from which on Keras reads what is written here


def is_keras(path: Path) -> bool:
    return path.suffix.lower() in ENDINGS


def read(path: Path) -> tuple[list[NDArray[Any]], dict[str, Any]]:
    """A .keras file → its weights in Keras' order, and what ``Sequential.load`` takes: layers, inputs, compile.

    Raises:
        InvalidInput: no such file, other layers, another format. Unavailable: without h5py.
    """
    if path.name.lower().endswith(".weights.h5"):
        raise InvalidInput("weights_only", name=path.name)
    if path.suffix.lower() != ".keras":
        raise InvalidInput("keras_h5", name=path.name)
    path = places.existing(path)
    try:
        with zipfile.ZipFile(path) as file:
            config = json.loads(_member(file, "config.json", MOST_CONFIG))
            weights = _member(file, "model.weights.h5", MOST_WEIGHTS)
        if config["class_name"] != "Sequential":
            raise InvalidInput("keras_layer", name=path.name, received=shown(config["class_name"]))
        layers = list(_layers(path.name, config["config"]["layers"]))
        inputs = _inputs(config)
    except (OSError, zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
        if isinstance(error, InvalidInput):
            raise
        raise InvalidInput("bad_file", kind=KIND, hint=str(error)) from error
    about: dict[str, Any] = {"layers": layers, "inputs": inputs, "seed": 0, "dtype": "float64"}
    compiled = _compiled(config.get("compile_config"))
    if compiled:
        about["compile"] = compiled
    dense = sum(layer["kind"] == "Dense" for layer in layers)
    try:
        return _arrays(io.BytesIO(weights), dense, path.name), about
    except InvalidInput:
        raise
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise InvalidInput("file_damaged", name=path.name, file="model.weights.h5") from error


def write(path: Path, weights: Sequence[NDArray[Any]], about: dict[str, Any]) -> None:
    """A .keras file of layers and weights. Compile it in Keras: its optimisers bring a memory of their own along."""
    config = {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "sequential", "layers": _described(about)},
        "registered_name": None,
        "build_config": {"input_shape": [None, about["inputs"]]},
    }
    file = io.BytesIO()
    write_weights(file, weights)
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("metadata.json", json.dumps({"keras_version": VERSION, "date_saved": "1980-01-01@00:00:00"}))
        packed.writestr("config.json", json.dumps(config))
        packed.writestr("model.weights.h5", file.getvalue())


def read_weights(path: Path) -> list[NDArray[Any]]:
    """A .weights.h5 file → kernels and biases of its Dense layers in order."""
    try:
        return _arrays(path, None, path.name)
    except InvalidInput:
        raise
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise InvalidInput("bad_file", kind=KIND, hint=str(error)) from error


def write_weights(place: Any, weights: Sequence[NDArray[Any]]) -> None:
    """A .weights.h5 file, or one in memory; kernel, bias, kernel, bias, …"""
    with hdf5.h5py().File(place, "w") as file:
        for at, (kernel, bias) in enumerate(zip(weights[0::2], weights[1::2], strict=True)):
            name = f"dense_{at}" if at else "dense"
            group = file.create_group(f"layers/{name}/vars")
            group.attrs["name"] = name
            group["0"], group["1"] = kernel.astype(np.float32), bias.astype(np.float32)
        file.create_group("vars").attrs["name"] = "sequential"


def _member(file: zipfile.ZipFile, name: str, most: int) -> bytes:
    if file.getinfo(name).file_size > most:
        raise ValueError(f"{name} is too large")
    return file.read(name)


def _layers(name: str, listed: Any) -> Iterator[dict[str, Any]]:
    for layer in listed:
        kind, config = layer["class_name"], layer["config"]
        if kind == "InputLayer":
            continue
        if kind == "Dropout":
            yield {"kind": kind, "rate": float(config["rate"])}
        elif kind == "Dense" and config.get("use_bias", True) and isinstance(config["activation"], str):
            yield {"kind": kind, "units": config["units"], "activation": config["activation"], **_penalties(config)}
        else:
            odd = "Dense without bias" if kind == "Dense" and not config.get("use_bias", True) else kind
            raise InvalidInput("keras_layer", name=name, received=shown(odd))


def _penalties(config: dict[str, Any]) -> dict[str, float]:
    found = (config.get("kernel_regularizer") or {}).get("config", {})
    return {name: float(found[name]) for name in ("l1", "l2") if found.get(name)}


def _inputs(config: dict[str, Any]) -> int:
    shapes = [config.get("build_config", {}).get("input_shape")]
    shapes += [layer["config"].get("batch_shape") for layer in config["config"]["layers"]]
    return int(next(shape for shape in shapes if shape)[-1])


def _compiled(config: Any) -> dict[str, Any] | None:
    """What ``Sequential.compile`` takes, where we have the same; a model that cannot be compiled here is read all the same."""
    from core.mlp.losses import LOSSES, METRICS
    from core.mlp.names import named
    from core.mlp.optimizers import OPTIMIZERS

    if not isinstance(config, dict) or not isinstance(config.get("loss"), str):
        return None
    optimizer = config.get("optimizer") or {}
    rule = named(optimizer.get("class_name"), OPTIMIZERS)
    loss = named(config["loss"], LOSSES)
    if rule not in OPTIMIZERS or loss not in LOSSES:
        return None
    rate = optimizer.get("config", {}).get("learning_rate")
    known = [name for name in config.get("metrics") or [] if isinstance(name, str) and named(name, METRICS) in METRICS]
    more = {"learning_rate": float(rate)} if isinstance(rate, int | float) else {}
    return {"optimizer": rule, "loss": loss, "metrics": known, **more}


def _described(about: dict[str, Any]) -> list[dict[str, Any]]:
    """The layers as Keras' config."""
    shape = [None, about["inputs"]]
    found = [_layer("InputLayer", {"batch_shape": shape, "dtype": "float32", "name": "input_layer"})]
    counts = {"Dense": 0, "Dropout": 0}
    for layer in about["layers"]:
        kind = layer["kind"]
        name = f"{kind.lower()}_{counts[kind]}" if counts[kind] else kind.lower()
        counts[kind] += 1
        if kind == "Dropout":
            found.append(_layer(kind, {"name": name, "rate": layer["rate"]}))
            continue
        weight = {key: layer.get(key, 0.0) for key in ("l1", "l2")}
        penalty = {"module": "keras.regularizers", "class_name": "L1L2", "config": weight, "registered_name": None}
        config = {"name": name, "units": layer["units"], "activation": layer.get("activation") or "linear"}
        found.append(_layer(kind, config | ({"kernel_regularizer": penalty} if any(weight.values()) else {})))
    return found


def _layer(kind: str, config: dict[str, Any]) -> dict[str, Any]:
    return {"module": "keras.layers", "class_name": kind, "config": config, "registered_name": None}


def _arrays(place: Any, dense: int | None, file_name: str) -> list[NDArray[Any]]:
    """Kernel and bias of dense, dense_1, …"""
    with hdf5.h5py().File(place, "r") as file:
        held = {name.removeprefix("layers/"): array for name, array in hdf5.arrays(file).items()}
    names = [f"dense_{at}" if at else "dense" for at in range(len(held) if dense is None else dense)]
    if not held:
        raise KeyError("layers")
    if dense is None:
        kept = {name.split("/")[0] for name in held}
        names = list(itertools.takewhile(kept.__contains__, names))
        if not names:
            raise KeyError("dense")
    parts = (f"{name}/vars/{number}" for name in names for number in (0, 1))
    return [np.asarray(whole.needed(held, part, file_name), dtype=np.float64) for part in parts]
