"""Own classes: learnt in seconds from a few pictures, saved, and run by onnxruntime to the same answer."""

from __future__ import annotations

import json
import re

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from sklearn.datasets import load_digits
from torch import nn

from core import ImageClassifier
from core.data import fashion, photos
from core.errors import CoreError, InvalidInput
from core.events import Done, Progress, TrainStep
from core.files import images
from core.vision import onnx_file, torchvision_models
from core.vision.own_classes import OwnClasses, OwnConfig, features_of

RNG = np.random.default_rng(0)


def code_of(call) -> str:
    with pytest.raises(CoreError) as caught:
        call()
    return caught.value.code


def split(groups: dict[str, list[np.ndarray]], shots: int = 8):
    """``shots`` pictures of each to learn from, the rest to be tested on."""
    learn = {name: pictures[:shots] for name, pictures in groups.items()}
    rest = [(picture, label) for label, group in enumerate(groups.values()) for picture in group[shots:]]
    return learn, [picture for picture, _ in rest], np.array([label for _, label in rest])


def clothes() -> dict[str, list[np.ndarray]]:
    data = fashion.load()
    return {fashion.CLASSES[k]: list(data.x_test[data.y_test == k][:40]) for k in (1, 7, 8)}


def tinted_bags() -> dict[str, list[np.ndarray]]:
    """One shape in three colours: only colour tells them apart."""
    data = fashion.load()
    bags = data.x_test[data.y_test == 8][:90, ..., None]
    tints = {"red": (1, 0.2, 0.2), "green": (0.2, 1, 0.2), "blue": (0.2, 0.3, 1)}
    return {name: list((bags[i::3] * np.array(t)).astype(np.uint8)) for i, (name, t) in enumerate(tints.items())}


def digits() -> dict[str, list[np.ndarray]]:
    bunch = load_digits()
    sheets = (bunch.images * 15).astype(np.uint8)
    return {str(k): list(sheets[bunch.target == k][:40]) for k in (0, 1, 4)}


def crops() -> dict[str, list[np.ndarray]]:
    made = {}
    for name in photos.NAMES:
        photo, made[name] = photos.load(name), []
        for _ in range(40):
            side = RNG.integers(90, 140)
            top, left = RNG.integers(0, photo.shape[0] - side), RNG.integers(0, photo.shape[1] - side)
            made[name].append(photo[top : top + side, left : left + side])
    return made


@pytest.fixture(scope="module")
def own() -> OwnClasses:
    made = OwnClasses(ImageClassifier.pretrained("fashion", device="cpu"))
    made.fit(split(clothes())[0])
    return made


@pytest.mark.parametrize("groups", [clothes, tinted_bags, digits, crops])
def test_three_classes_of_eight_pictures(groups):
    learn, unseen, truth = split(groups())
    own = OwnClasses()
    own.fit(learn)
    assert (own.predict_proba(unseen).argmax(axis=1) == truth).mean() >= 0.9


def test_the_stream_and_one_seed_one_run():
    learn, unseen, _ = split(digits())
    first, again = OwnClasses(), OwnClasses()
    events = list(first.steps(learn))
    kinds = [type(event) for event in events]
    assert kinds[:24] == [Progress] * 24 and events[23].done == events[23].total == 24
    assert kinds.count(TrainStep) == OwnConfig().epochs and kinds[-1] is Done
    assert first.classes == ("0", "1", "4")
    again.fit(learn)
    assert np.array_equal(first.predict_proba(unseen), again.predict_proba(unseen))


def test_features_stay_frozen(own):
    before = {name: tensor.clone() for name, tensor in own.features.state_dict().items()}
    own.fit(split(clothes(), shots=2)[0])
    assert all(torch.equal(tensor, before[name]) for name, tensor in own.features.state_dict().items())
    assert not any(p.requires_grad for p in own.features.parameters())


def test_the_features_are_the_networks_own(own):
    x = torch.rand(2, 3, 28, 28)
    found = own.features(x)
    assert found.shape == (2, 3 * (64 + 128 + 128))
    maps = own.base.feature_maps(x[1, 2].numpy())
    expected = np.concatenate([maps["relu2"].mean(axis=(1, 2)), maps["relu3"].mean(axis=(1, 2)), maps["relu"]])
    np.testing.assert_allclose(found[1].reshape(3, -1)[2], expected, atol=1e-4)


def test_pictures_of_every_kind(own):
    photo = photos.load("cat")
    for source in (
        photo,
        Image.fromarray(photo),
        images.to_png(photo),
        photos.path("cat"),
        photo[:1, :1],
        photo[..., 0],
    ):
        p = own.answer(source).probabilities
        assert p.shape == (3,) and p.sum() == pytest.approx(1, abs=1e-5)


def test_five_hundred_pictures_are_no_problem():
    pictures = {name: [RNG.integers(0, high, (40, 40, 3), dtype=np.uint8) for _ in range(250)] for name, high in
                (("dark", 60), ("bright", 250))}  # fmt: skip
    own = OwnClasses(config=OwnConfig(epochs=2))
    own.fit(pictures)
    assert own.answer(pictures["dark"][0]).probabilities.argmax() == 0


@pytest.mark.parametrize(
    ("pictures", "code"),
    [
        ({}, "too_few"),
        ({"only": [np.zeros((4, 4))]}, "too_few"),
        ({"a": [np.zeros((4, 4))], "b": []}, "class_without_pictures"),
        ({"a": [np.zeros((4, 4))], " ": [np.zeros((4, 4))]}, "class_without_name"),
    ],
)
def test_misuse(pictures, code):
    assert code_of(lambda: OwnClasses().steps(pictures)) == code


def test_a_bad_picture_leaves_the_old_classes(own):
    classes = own.classes
    assert code_of(lambda: own.fit({"a": [b"no picture"], "b": [np.zeros((4, 4))]})) == "bad_file"
    assert own.classes == classes


def test_before_learning(tmp_path):
    fresh = OwnClasses()
    for call in (lambda: fresh.answer(np.zeros((4, 4))), lambda: fresh.save(tmp_path), lambda: fresh.save_onnx("x")):
        assert code_of(call) == "no_head"


def test_save_and_load(own, tmp_path):
    weights, labels = own.save(tmp_path)
    again = OwnClasses.load(tmp_path)
    assert again.classes == own.classes == tuple(json.loads(labels.read_text("utf-8"))["classes"])
    _, unseen, _ = split(clothes())
    np.testing.assert_allclose(again.predict_proba(unseen), own.predict_proba(unseen), atol=1e-6)
    assert weights.stat().st_size < 2e6 and "1.weight" in load_file(weights)
    with safe_open(weights, "pt") as file:
        about, tensors = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    for name in (min(tensors), "1.weight", "1.bias"):
        save_file({key: value for key, value in tensors.items() if key != name}, weights, metadata=about)
        with pytest.raises(InvalidInput, match=re.escape(f"Missing: {name}.")):
            OwnClasses.load(tmp_path)
    (tmp_path / "labels.json").write_text("{}")
    assert code_of(lambda: OwnClasses.load(tmp_path)) == "bad_file"
    assert code_of(lambda: OwnClasses.load(tmp_path / "none")) == "bad_file"


def test_onnxruntime_says_the_same(own, tmp_path):
    own.save_onnx(tmp_path / "own.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "own.onnx")
    _, unseen, _ = split(clothes())
    x = np.stack([own.see(picture).final for picture in unseen]).transpose(0, 3, 1, 2).astype(np.float32) / 255
    for batch in (x, x[:1]):  # any number of pictures
        (said,) = session.run(["probabilities"], {"pictures": batch})
        np.testing.assert_allclose(said, own.predict_proba(unseen)[: len(batch)], atol=1e-5)
    assert json.loads(session.get_modelmeta().custom_metadata_map["labels"]) == list(own.classes)


def test_a_folder_per_class_without_what_systems_leave_behind(tmp_path):
    for name, level in (("bright", 250), ("dark", 5)):
        (tmp_path / name / ".ipynb_checkpoints").mkdir(parents=True)
        for k in range(2):
            picture = np.full((9, 9, 3), level + k, np.uint8)
            (tmp_path / name / f"{k}.png").write_bytes(images.to_png(picture))
        for left in (".DS_Store", "Thumbs.db", "desktop.ini"):
            (tmp_path / name / left).write_bytes(b"\0\1")
    (tmp_path / ".ipynb_checkpoints").mkdir()
    (tmp_path / "__MACOSX").mkdir()
    (tmp_path / "readme.txt").write_text("two classes")
    found = OwnClasses.folders(tmp_path)
    assert {name: [path.name for path in some] for name, some in found.items()} == {
        "bright": ["0.png", "1.png"], "dark": ["0.png", "1.png"]}  # fmt: skip
    own = OwnClasses(config=OwnConfig(epochs=2, copies=0))
    own.fit(found)
    assert own.classes == ("bright", "dark")


def test_a_classifier_as_onnx(tmp_path):
    net = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    onnx_file.write(net, (1, 2, 2), ("a", "b"), tmp_path / "c.onnx")
    x = np.random.default_rng(0).random((3, 1, 2, 2), dtype=np.float32)
    (said,) = onnxruntime.InferenceSession(tmp_path / "c.onnx").run(None, {"pictures": x})
    with torch.no_grad():
        np.testing.assert_allclose(said, net(torch.tensor(x)).softmax(1), atol=1e-6)


def test_on_the_features_of_a_torchvision_model(tmp_path):
    base = ImageClassifier.adopted(torchvision_models.empty("shufflenet_v2_x0_5"), device="cpu")
    own = OwnClasses(base, OwnConfig(epochs=2, copies=0))
    own.fit({"dark": [np.zeros((9, 9, 3), np.uint8)] * 2, "bright": [np.full((9, 9, 3), 250, np.uint8)] * 2})
    assert features_of(base)(torch.zeros(1, 3, 224, 224)).shape == (1, 1024)
    own.save(tmp_path)
    again = OwnClasses.load(tmp_path)
    photo = photos.load("rocket")
    np.testing.assert_allclose(again.predict_proba([photo]), own.predict_proba([photo]), atol=1e-6)


def test_two_at_once_are_both_written(tmp_path):
    """torch.export fails in one of two threads that trace at the same time."""
    from concurrent.futures import ThreadPoolExecutor

    def write(number: int) -> None:
        net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 2))
        onnx_file.write(net, (3, 8, 8), ("a", "b"), tmp_path / f"{number}.onnx")

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(write, range(3)))
    assert len(list(tmp_path.glob("*.onnx"))) == 3
