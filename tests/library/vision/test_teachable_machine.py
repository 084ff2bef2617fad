"""Exports of Teachable Machine: answers against Keras' own layers, and everything that can be wrong with a zip."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import CoreError
from core.files import hdf5
from core.vision.teachable_machine import MOST_FILES, TeachableMachine
from tests import teachable

PIXELS = np.random.default_rng(1).integers(0, 256, (4, 24, 24, 3)).astype(np.uint8)


def opened(folder: Path, files: dict[str, bytes]) -> TeachableMachine:
    (folder / "export.zip").write_bytes(teachable.zipped(files))
    return TeachableMachine(folder / "export.zip")


@pytest.fixture
def export() -> dict[str, bytes]:
    return teachable.web(teachable.topology(), teachable.weights())


@pytest.mark.parametrize(("side", "channels"), [(24, 3), (23, 1)])
def test_answers_are_those_of_keras(tmp_path: Path, side: int, channels: int) -> None:
    pytest.importorskip("keras")
    model, arrays = teachable.topology(side, channels), teachable.weights(channels)
    pixels = PIXELS[:, :side, :side, :channels]
    net = teachable.as_keras(model, arrays)
    web = opened(tmp_path, teachable.web(model, arrays))
    theirs = net(pixels.astype(np.float32) / 127 - 1).detach().cpu().numpy()
    np.testing.assert_allclose(web.predict_pixels(pixels), theirs, atol=2e-6)
    assert web.classes == ("컵", "<b>hand</b>", "other") and np.ptp(theirs) > 0.1
    pytest.importorskip("h5py")
    net.save(tmp_path / "keras_model.h5")
    labels = "\n".join(f"{at} {name}" for at, name in enumerate(teachable.LABELS)).encode()
    h5 = {"converted/keras_model.h5": (tmp_path / "keras_model.h5").read_bytes(), "converted/labels.txt": labels}
    kept = opened(tmp_path, h5)
    theirs = net(pixels.astype(np.float32) / 127.5 - 1).detach().cpu().numpy()
    np.testing.assert_allclose(kept.predict_pixels(pixels), theirs, atol=2e-6)
    assert kept.classes == web.classes
    net.save(tmp_path / "saved_again.keras")
    again = opened(tmp_path, {"saved_again.keras": (tmp_path / "saved_again.keras").read_bytes(), "labels.txt": labels})
    np.testing.assert_allclose(again.predict_pixels(pixels), theirs, atol=2e-6)
    with pytest.raises(CoreError) as told:
        opened(tmp_path, {"saved_again.keras": b"PK\x03\x04 cut off", "labels.txt": labels})
    assert told.value.code == "keras_net_damaged"


def test_a_photo_of_any_size_gets_an_answer(tmp_path: Path, export: dict[str, bytes]) -> None:
    found = opened(tmp_path, export).answer(np.full((50, 90, 3), 200, np.uint8))
    assert found.probabilities.sum() == pytest.approx(1) and found.sight.final.shape == (24, 24, 3)


def _changed(change: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    def make(files: dict[str, bytes]) -> dict[str, bytes]:
        model = json.loads(files["model.json"])
        change(model)
        return files | {"model.json": json.dumps(model).encode()}

    return make


def _body(model: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = model["modelTopology"]["config"][0]["config"][0]["config"]
    return found


def _about(**about: Any) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    return lambda files: files | {"metadata.json": json.dumps(about).encode()}


def _lambda(model: dict[str, Any]) -> None:
    _body(model)["layers"][4]["class_name"] = "Lambda"


def _huge(model: dict[str, Any]) -> None:
    _body(model)["layers"][0]["config"]["batch_input_shape"] = [None, 512, 512, 3]
    _body(model)["layers"][1]["config"]["padding"] = [[64, 64], [64, 64]]
    for row in _body(model)["layers"]:
        row["config"]["strides"] = [1, 1]


def _circle(model: dict[str, Any]) -> None:
    _body(model)["layers"][2]["inbound_nodes"] = [[["out_relu", 0, 0, {}]]]


def _nested(model: dict[str, Any]) -> None:
    for _ in range(20):
        model["modelTopology"] = {"class_name": "Sequential", "config": [model["modelTopology"]]}


WRONG: list[tuple[str, Callable[[dict[str, bytes]], dict[str, bytes]]]] = [
    ("tm_not_images", _about(wordLabels=["a", "b"])),
    ("tm_not_images", _about(packageName="@teachablemachine/pose", labels=["a", "b", "c"])),
    ("tm_labels", _about(packageName="@teachablemachine/image", labels=["a", "b"])),
    ("keras_net_damaged", _about(labels=[])),
    ("keras_net_damaged", _about(labels=None)),
    ("keras_net_damaged", lambda files: files | {"metadata.json": b"[]"}),
    ("keras_net_damaged", lambda files: files | {"model.json": b"{"}),
    ("keras_net_damaged", lambda files: files | {"model.json": b"[" * 100_000}),
    ("keras_net_damaged", lambda files: {k: v for k, v in files.items() if k != "weights.bin"}),
    ("keras_net_damaged", lambda files: files | {"weights.bin": files["weights.bin"][:99]}),
    ("keras_net_damaged", _changed(_circle)),
    ("keras_net_damaged", _changed(_nested)),
    ("keras_net_layer", _changed(_lambda)),
    ("keras_net_large", _changed(_huge)),
    ("tm_other_file", lambda files: {"model_unquant.tflite": b"TFL3", "labels.txt": b"0 a\n1 b"}),
    ("tm_other_file", lambda files: {"model.savedmodel/saved_model.pb": b"x", "labels.txt": b"0 a"}),
    ("tm_other_file", lambda files: {"manifest.json": b"{}", "samples/1.png": b"x"}),
    ("tm_other_file", lambda files: {}),
    ("tm_large", lambda files: files | {f"{at}.txt": b"" for at in range(MOST_FILES)}),
    ("tm_large", lambda files: files | {"zeros.bin": bytes(70_000_000)}),
    ("keras_net_damaged", lambda files: {"keras_model.h5": b"\x89HDF", "labels.txt": b"0 a\n1 b"}),
]


@pytest.mark.parametrize(("code", "make"), WRONG)
def test_what_is_wrong_is_said(tmp_path: Path, export: dict[str, bytes], code: str, make: Any) -> None:
    with pytest.raises(CoreError) as caught:
        opened(tmp_path, make(export))
    assert caught.value.code == code


def test_what_is_no_zip_and_where_names_point_does_not_matter(tmp_path: Path, export: dict[str, bytes]) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK no zip")
    with pytest.raises(CoreError, match="Export Model"):
        TeachableMachine(tmp_path / "x.zip")
    before = sorted(tmp_path.iterdir())
    deep = {f"../../../tmp/{name}": data for name, data in export.items()} | {"__MACOSX/._model.json": b"\0"}
    assert opened(tmp_path, deep).classes and sorted(tmp_path.iterdir()) == sorted([*before, tmp_path / "export.zip"])


def test_an_hdf5_file_cannot_reach_other_files(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    secret = tmp_path / "secret.bin"
    secret.write_bytes(bytes(80))
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["data"] = np.arange(3.0)

    def refused(write: Callable[[Any], object]) -> None:
        place = io.BytesIO()
        with h5py.File(place, "w") as file:
            file["fine"] = np.arange(3.0)
            write(file)
        with h5py.File(place, "r") as file, pytest.raises(ValueError):
            hdf5.arrays(file, 1000)

    refused(lambda file: file.create_dataset("x", (10,), "f8", external=[(str(secret), 0, 80)]))
    refused(lambda file: file.__setitem__("x", h5py.ExternalLink(str(tmp_path / "other.h5"), "/data")))
    refused(lambda file: file.__setitem__("x", file["/"]))  # a circle
    refused(lambda file: file.create_dataset("x", (10**9,), "f4", chunks=(1000,), compression="gzip"))
