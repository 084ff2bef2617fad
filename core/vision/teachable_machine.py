"""An image project that Google's Teachable Machine exported, opened from its zip: names, and answers to pictures.

TensorFlow.js (model.json, weights.bin, metadata.json) and Keras (keras_model.h5 or a .keras, labels.txt). Nothing is unpacked
to the disk: the few files needed are read by their own names, up to a bound. Left out: sounds, poses, TensorFlow Lite, training.
Source: googlecreativelab/teachablemachine-community; pictures are scaled as its library and its Keras example do.
"""

from __future__ import annotations

import io
import json
import math
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.errors import InvalidInput, register, shown
from core.files import hdf5
from core.files.images import Source
from core.vision import preparing
from core.vision.classifier import Answer
from core.vision.keras_net import DEEPEST, MODELS, Config, KerasNet

register(
    {
        "tm_not_images": "This Teachable Machine project is about {kind}. Only image projects open here: make one of "
        "pictures and export it.",
        "tm_other_file": "This is no export that opens here. In Teachable Machine choose Export Model, then TensorFlow.js "
        "(Download) or Keras, and bring the zip as it is.",
        "tm_labels": "The export has {received} names for {expected} classes. Export it again.",
        "tm_saved": "These classes came from Teachable Machine: the zip you brought is their file.",
        "tm_large": "The zip holds too much for an exported image project: at most {most} MB and {files} files are read.",
    }
)

MOST_BYTES, MOST_FILES, LONGEST_NAME = 64 * 2**20, 200, 60
MOST_CLASSES = 1000
WEB, KERAS = 127.0, 127.5  # what pixels are divided by before 1 is taken away, in its library and in its Keras example


class TeachableMachine:
    """Somebody's finished classifier: ``classes``, and ``answer`` for a picture.

    Args:
        path: the zip as Teachable Machine gave it.
    Raises:
        InvalidInput: sounds or poses, another export, a damaged or too large file, a layer that is not read here.
        Unavailable: a Keras export without h5py.
    """

    def __init__(self, path: str | Path) -> None:
        found = _members(Path(path))
        try:
            config, weights, self.classes, self.divisor = _web(found) if "model.json" in found else _keras(found)
        except (zipfile.BadZipFile, KeyError, TypeError, ValueError, OSError, AttributeError, RecursionError) as error:
            if isinstance(error, InvalidInput):
                raise
            raise InvalidInput("keras_net_damaged") from error
        self.net = KerasNet(config, weights)
        if len(self.classes) != self.net.units:
            raise InvalidInput("tm_labels", received=len(self.classes), expected=self.net.units)

    @property
    def parameters(self) -> int:
        return sum(tensor.numel() for tensor in self.net.state_dict().values())

    def see(self, source: Source) -> preparing.Sight:
        """The centred square of a picture at the size the network takes, grey where it is a grey network."""
        channels, side, _ = self.net.shape
        return preparing.see_photo(source, side, grey=channels == 1)

    def predict_proba(self, sources: Sequence[Source]) -> NDArray[np.float32]:
        """(N, classes), rows sum to 1."""
        if not len(sources):
            raise InvalidInput("empty", name="pictures", least=1)
        return self.predict_pixels(np.stack([self.see(source).final for source in sources]))

    def predict_pixels(self, pixels: NDArray[Any]) -> NDArray[np.float32]:
        """(N, H, W, 3), or (N, H, W) of a grey network, 0–255, at the network's own size → (N, classes)."""
        x = torch.from_numpy(pixels.astype(np.float32)).reshape(len(pixels), *pixels.shape[1:3], -1).permute(0, 3, 1, 2)
        with torch.inference_mode():
            answers: NDArray[np.float32] = self.net(x / self.divisor - 1).numpy()
        return answers

    def answer(self, source: Source) -> Answer:
        """What it says to one picture, and what it saw."""
        sight = self.see(source)
        return Answer(self.predict_pixels(sight.final[None])[0], sight)


def _members(path: Path) -> dict[str, bytes]:
    """The files that count, by their own names in small letters; of equal names the outermost."""
    try:
        with zipfile.ZipFile(path) as packed:
            listed = [info for info in packed.infolist() if not info.is_dir() and "__MACOSX" not in info.filename]
            if len(listed) > MOST_FILES:
                raise InvalidInput("tm_large", most=MOST_BYTES // 2**20, files=MOST_FILES)
            places: dict[str, zipfile.ZipInfo] = {}
            for info in sorted(listed, key=lambda info: info.filename.count("/"), reverse=True):
                places[info.filename.rsplit("/", 1)[-1].lower()] = info
            wanted = [name for name in places if name.endswith((".json", ".bin", ".h5", ".keras", ".txt"))]
            if not {"model.json", "keras_model.h5"} & set(wanted) and not any(n.endswith(".keras") for n in wanted):
                raise InvalidInput("tm_other_file")
            if sum(places[name].file_size for name in wanted) > MOST_BYTES:
                raise InvalidInput("tm_large", most=MOST_BYTES // 2**20, files=MOST_FILES)
            return {name: packed.read(places[name]) for name in wanted}
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, ValueError) as error:
        if isinstance(error, InvalidInput):
            raise
        raise InvalidInput("tm_other_file") from error


Opened = tuple[Config, dict[str, NDArray[Any]], tuple[str, ...], float]


def _web(found: dict[str, bytes]) -> Opened:
    about = json.loads(found.get("metadata.json", b"{}"))
    package = str(about.get("packageName", ""))
    kind = "sounds" if "wordLabels" in about else "poses" if "pose" in package else ""
    if kind:
        raise InvalidInput("tm_not_images", kind=kind)
    model = json.loads(found["model.json"])
    if model.get("format") == "graph-model":
        raise InvalidInput("tm_other_file")
    weights: dict[str, NDArray[Any]] = {}
    for group in model["weightsManifest"]:
        data = b"".join(found[str(path).rsplit("/", 1)[-1].lower()] for path in group["paths"])
        at = 0
        for entry in group["weights"]:
            if entry["dtype"] != "float32" or "quantization" in entry:
                raise InvalidInput("keras_net_layer", received="quantised weights")
            size = math.prod(entry["shape"])
            weights[entry["name"]] = np.frombuffer(data, "<f4", size, at).reshape(entry["shape"])
            at += 4 * size
    topology = model["modelTopology"]
    return topology.get("model_config", topology), weights, _names(about["labels"]), WEB


def _keras(found: dict[str, bytes]) -> Opened:
    saved = next((data for name, data in found.items() if name.endswith(".keras")), None)
    if "keras_model.h5" in found or saved is None:
        with hdf5.h5py().File(io.BytesIO(found["keras_model.h5"]), "r") as file:
            config = json.loads(file.attrs["model_config"])
            arrays = hdf5.arrays(file["model_weights"], MOST_BYTES)
        # …/expanded_conv_project/kernel:0 → expanded_conv_project/kernel
        weights = {"/".join(path.split("/")[-2:]).removesuffix(":0"): array for path, array in arrays.items()}
    else:
        config, weights = _keras_3(saved)
    if "labels.txt" not in found:
        raise ValueError("no labels.txt")
    lines = found["labels.txt"].decode("utf-8-sig").splitlines()
    numbered = [line.partition(" ") for line in lines if line.strip()]  # "0 cup"
    return config, weights, _names([name if number.isdigit() else number for number, _, name in numbered]), KERAS


def _keras_3(saved: bytes) -> tuple[Config, dict[str, NDArray[Any]]]:
    """The network of a .keras file, with its weights by the names of their layers."""
    with zipfile.ZipFile(io.BytesIO(saved)) as packed:
        if sum(packed.getinfo(name).file_size for name in ("config.json", "model.weights.h5")) > MOST_BYTES:
            raise InvalidInput("tm_large", most=MOST_BYTES // 2**20, files=MOST_FILES)
        config = json.loads(packed.read("config.json"))
        with hdf5.h5py().File(io.BytesIO(packed.read("model.weights.h5")), "r") as file:
            arrays = hdf5.arrays(file, MOST_BYTES)
    weights: dict[str, NDArray[Any]] = {}
    for place, kind, own in _saved_layers(config, ""):
        parts = ("gamma", "beta") if kind == "BatchNormalization" else ("kernel", "bias")
        wanted = [
            part for part, key in zip(parts, ("scale", "center"), strict=True) if kind[0] != "B" or own.get(key, True)
        ]
        wanted += ["moving_mean", "moving_variance"] if kind == "BatchNormalization" else []
        for number, part in enumerate(wanted):
            if (array := arrays.get(f"{place}/vars/{number}")) is not None:
                weights[f"{own['name']}/{part}"] = array
    return config, weights


def _saved_layers(model: Config, before: str, depth: int = 0) -> Iterator[tuple[str, str, Config]]:
    """(where its weights lie in the file, kind, config) of every layer: Keras numbers those of a kind in their order."""
    counts: Counter[str] = Counter()
    for layer in model["config"]["layers"] if depth <= DEEPEST else ():
        kind = str(layer["class_name"])
        snake = re.sub("([a-z])([A-Z])", r"\1_\2", re.sub("(.)([A-Z][a-z]+)", r"\1_\2", kind)).lower()
        place = f"{before}layers/{snake}_{counts[snake]}" if counts[snake] else f"{before}layers/{snake}"
        counts[snake] += 1
        if kind in MODELS:
            yield from _saved_layers(layer, f"{place}/", depth + 1)
        else:
            yield place, kind, layer["config"]


def _names(labels: Sequence[Any]) -> tuple[str, ...]:
    if not isinstance(labels, list) or not 1 <= len(labels) <= MOST_CLASSES:
        raise ValueError("labels")
    return tuple(shown(str(label).strip(), LONGEST_NAME) for label in labels)
