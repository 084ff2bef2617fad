"""The photo network that ships: whole, in two languages, and right about photographs whose subject is known."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from core import ImageClassifier
from core.data import photos
from core.pretrained import shipped
from core.vision import efficientnet_lite
from core.vision.efficientnet_lite import convolved, names

FOLDER = shipped.FOLDER / "photos"


@pytest.fixture(scope="module")
def network() -> ImageClassifier:
    return ImageClassifier.pretrained("photos", device="cpu")


def test_the_files_are_those_of_the_card():
    card = shipped.card("photos")
    for file, sha in zip(card["files"], card["sha256"], strict=True):
        data = (FOLDER / file).read_bytes()
        assert hashlib.sha256(data).hexdigest() == sha and len(data) < 10e6
    assert sum(file.stat().st_size for file in shipped.FOLDER.rglob("*") if file.is_file()) < 80e6


def test_every_class_has_one_name_of_its_own_in_each_language():
    for lang in ("ko", "en"):
        found = names(lang)
        assert len(found) == len(set(found)) == 1000 and all(name.strip() == name != "" for name in found)
    hangul = [any("가" <= letter <= "힣" for letter in name) for name in names("ko")]
    assert all(hangul)
    assert [names("ko")[i] for i in (1, 292, 340, 879, 954)] == ["금붕어", "호랑이", "얼룩말", "우산", "바나나"]


def test_it_has_the_parameters_of_the_paper_and_names_known_photos(network):
    assert network.parameters == 4_652_008 and network.architecture == "EfficientNet-Lite0"
    cat, coffee = (network.answer(photos.load(name)) for name in ("cat", "coffee"))
    assert 281 <= cat.probabilities.argmax() <= 285 and cat.probabilities[281:286].sum() > 0.7
    assert network.classes[coffee.probabilities.argmax()] == "espresso coffee"
    assert cat.sight.final.shape == (224, 224, 3) and cat.probabilities.sum() == pytest.approx(1, abs=1e-5)


def test_padding_is_tensorflows_same():
    """By hand: a kernel that takes the sample in its corner shows where the padding lies."""
    layer = convolved(1, 1, 3, stride=2, active=False).eval()
    nn.init.zeros_(layer.conv.weight)
    layer.conv.weight.data[0, 0, 2, 2] = 1
    x = torch.arange(16.0).reshape(1, 1, 4, 4)
    with torch.no_grad():  # nothing above and to the left, one row below and to the right
        assert torch.allclose(layer(x), torch.tensor([[[[10.0, 0], [0, 0]]]]), rtol=1e-3)


def test_grad_cam_looks_at_the_cat_and_not_at_its_frame(network):
    pixels = np.full((256, 256, 3), 255, np.uint8)
    pixels[120:248, 8:136] = np.array(Image.fromarray(photos.load("cat")[:, 30:200]).resize((128, 128)))
    heat = network.grad_cam(pixels, target=285)
    assert heat.shape == (256, 256) and heat[120:248, 8:136].sum() > 0.5 * heat.sum()


def test_the_recipe_maps_every_tensor():
    state = efficientnet_lite.empty().state_dict()
    assert sum(value.numel() for name, value in state.items() if not name.startswith("standardize")) == 4_694_073
