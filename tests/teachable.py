"""Exports as Teachable Machine writes them, in small: layers, files and Keras' own network of the same description."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import numpy as np

LABELS = ["컵", "<b>hand</b>", "other"]
Config = dict[str, Any]


def _conv(name: str, **more: Any) -> Config:
    plain = {"data_format": "channels_last", "dilation_rate": [1, 1], "activation": "linear", "use_bias": False}
    return plain | {"name": name, "kernel_size": [3, 3], "strides": [1, 1], "padding": "same"} | more


def topology(side: int = 24, channels: int = 3) -> Config:
    """A MobileNet of two blocks in a Sequential with its pooling, and the head in another, as TensorFlow.js nests them."""
    norm = {"axis": -1, "epsilon": 0.001, "center": True, "scale": True}
    rows: list[tuple[str, Config, list[str]]] = [
        ("InputLayer", {"name": "input_1", "batch_input_shape": [None, side, side, channels]}, []),
        ("ZeroPadding2D", {"name": "pad", "padding": [[0, 1], [0, 1]]}, ["input_1"]),
        ("Conv2D", _conv("Conv1", filters=8, strides=[2, 2], padding="valid"), ["pad"]),
        ("BatchNormalization", norm | {"name": "bn_1"}, ["Conv1"]),
        ("ReLU", {"name": "relu_1", "max_value": 6}, ["bn_1"]),
        ("DepthwiseConv2D", _conv("dw_1", depth_multiplier=1), ["relu_1"]),
        ("BatchNormalization", norm | {"name": "bn_2"}, ["dw_1"]),
        ("Activation", {"name": "relu_2", "activation": "relu"}, ["bn_2"]),
        ("Conv2D", _conv("project", filters=8, kernel_size=[1, 1], use_bias=True), ["relu_2"]),
        ("Add", {"name": "add"}, ["relu_1", "project"]),
        ("DepthwiseConv2D", _conv("dw_2", strides=[2, 2], depth_multiplier=1), ["add"]),
        ("Conv2D", _conv("last", filters=16, strides=[2, 2]), ["dw_2"]),
        ("ReLU", {"name": "out_relu", "max_value": 6}, ["last"]),
    ]
    layers = [
        {"class_name": kind, "name": c["name"], "config": c, "inbound_nodes": [[[s, 0, 0, {}] for s in of]] if of else []}
        for kind, c, of in rows
    ]  # fmt: skip
    body = {
        "name": "body",
        "layers": layers,
        "input_layers": [["input_1", 0, 0]],
        "output_layers": [["out_relu", 0, 0]],
    }
    pool = {"class_name": "GlobalAveragePooling2D", "config": {"name": "pool"}}
    trunk = {"class_name": "Sequential", "config": [{"class_name": "Model", "config": body}, pool]}
    dense = {"units": 10, "activation": "relu", "use_bias": True, "name": "dense_1", "batch_input_shape": [None, 16]}
    end = {"units": len(LABELS), "activation": "softmax", "use_bias": False, "name": "dense_2"}
    head = {"class_name": "Sequential", "config": [{"class_name": "Dense", "config": c} for c in (dense, end)]}
    return {"class_name": "Sequential", "config": [trunk, head]}


def weights(channels: int = 3) -> dict[str, np.ndarray]:
    shapes = {
        "Conv1/kernel": (3, 3, channels, 8), "dw_1/depthwise_kernel": (3, 3, 8, 1), "project/kernel": (1, 1, 8, 8),
        "project/bias": (8,), "dw_2/depthwise_kernel": (3, 3, 8, 1), "last/kernel": (3, 3, 8, 16),
        "dense_1/kernel": (16, 10), "dense_1/bias": (10,), "dense_2/kernel": (10, len(LABELS)),
    }  # fmt: skip
    for name in ("bn_1", "bn_2"):
        shapes |= {f"{name}/{part}": (8,) for part in ("gamma", "beta", "moving_mean", "moving_variance")}
    rng = np.random.default_rng(0)
    made = {name: rng.normal(0, 0.5, shape).astype(np.float32) for name, shape in shapes.items()}
    return {name: abs(array) + 0.1 if "variance" in name else array for name, array in made.items()}


def web(model: Config, arrays: dict[str, np.ndarray], about: Config | None = None) -> dict[str, bytes]:
    """The three files of a TensorFlow.js export."""
    listed = [{"name": name, "shape": list(a.shape), "dtype": "float32"} for name, a in arrays.items()]
    written = {"modelTopology": model, "weightsManifest": [{"paths": ["weights.bin"], "weights": listed}]}
    told = {"packageName": "@teachablemachine/image", "labels": LABELS} if about is None else about
    return {
        "metadata.json": json.dumps(told).encode(),
        "model.json": json.dumps(written).encode(),
        "weights.bin": b"".join(array.astype("<f4").tobytes() for array in arrays.values()),
    }


def zipped(files: dict[str, bytes]) -> bytes:
    place = io.BytesIO()
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return place.getvalue()


def as_keras(model: Config, arrays: dict[str, np.ndarray]) -> Any:
    """The same network made of Keras' own layers."""
    import keras

    known = {
        "filters",
        "kernel_size",
        "strides",
        "padding",
        "activation",
        "use_bias",
        "epsilon",
        "center",
        "scale",
        "units",
    }

    def layer(kind: str, config: Config) -> Any:
        wanted = {key: value for key, value in config.items() if key in known | {"name", "max_value"}}
        if kind == "InputLayer":
            return keras.layers.InputLayer(shape=config["batch_input_shape"][1:], name=config["name"])
        return getattr(keras.layers, kind)(**wanted)

    def build(part: Config) -> Any:
        config = part["config"]
        layers = config if isinstance(config, list) else config["layers"]
        if part["class_name"] == "Sequential":
            first = layers[0]["config"]
            shape = first.get("batch_input_shape") if isinstance(first, dict) else None
            made = keras.Sequential([keras.Input(shape[1:])] if shape and layers[0]["class_name"] == "Dense" else [])
            for entry in layers:
                made.add(
                    build(entry)
                    if entry["class_name"] in ("Model", "Sequential")
                    else layer(entry["class_name"], entry["config"])
                )
            return made
        known_tensors: dict[str, Any] = {}
        for entry in layers:
            if entry["class_name"] == "InputLayer":
                known_tensors[entry["name"]] = keras.Input(entry["config"]["batch_input_shape"][1:], name=entry["name"])
                continue
            given = [known_tensors[node[0]] for node in entry["inbound_nodes"][0]]
            known_tensors[entry["name"]] = layer(entry["class_name"], entry["config"])(
                given if len(given) > 1 else given[0]
            )
        return keras.Model(known_tensors[config["input_layers"][0][0]], known_tensors[config["output_layers"][0][0]])

    net = build(model)
    side = next(e for e in model["config"][0]["config"][0]["config"]["layers"] if e["class_name"] == "InputLayer")
    net(np.zeros([1, *side["config"]["batch_input_shape"][1:]], np.float32))

    def fill(part: Any) -> None:
        for entry in part.layers:
            if hasattr(entry, "layers"):
                fill(entry)
                continue
            names = [weight.name.split("/")[-1].split(":")[0] for weight in entry.weights]
            if "Depthwise" in type(entry).__name__:
                names = [name.replace("kernel", "depthwise_kernel") for name in names]
            entry.set_weights([arrays[f"{entry.name}/{name}"] for name in names])

    fill(net)
    return net
