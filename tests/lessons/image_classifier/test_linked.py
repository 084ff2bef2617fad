"""A traced number of lesson 15: the products on the screen sum to what the network itself computes."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from core.errors import CoreError
from core.lessons.image_classifier import look
from core.lessons.image_classifier.linked import linked
from demos.image_classifier import traced
from demos.kit import text

BOOT = look.example("ankle boot")[1]


@pytest.mark.parametrize(("name", "channel"), [("conv1", 0), ("conv2", 17), ("conv3", 127)])
def test_products_sum_to_what_the_network_computes(name: str, channel: int) -> None:
    classifier = look.shipped("fashion")
    found, maps = linked(classifier, BOOT, name, channel), classifier.feature_maps(classifier.see(BOOT).final)
    number = name[-1]
    assert np.allclose(found.out, maps[f"norm{number}"][channel], atol=1e-4), "the batch norm is folded in"
    assert np.allclose(found.pooled, maps[f"pool{number}"][channel], atol=1e-4)
    x, w = torch.from_numpy(found.x), torch.from_numpy(found.kernel)
    assert np.allclose(found.out, F.conv2d(x[None], w[None], padding=found.padding)[0, 0].numpy() + found.bias)
    row, column, p = 3, 4, found.padding
    patch = np.pad(found.x, ((0, 0), (p, p), (p, p)))[:, row : row + 3, column : column + 3]
    assert (patch * found.kernel).sum() + found.bias == pytest.approx(found.out[row, column], abs=1e-9)
    assert np.array_equal(np.maximum(found.out, 0)[found.rows, found.columns], found.pooled)


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_the_page_shows_these_numbers(lang: str) -> None:
    seen: dict[str, Any] = traced.on_trace(lang, None, "fashion", None, "conv2", 5)
    found = linked(look.shipped("fashion"), BOOT, "conv2", 4)
    sent = np.frombuffer(base64.b64decode(seen["traced"]["out"]["data"]))
    assert np.array_equal(sent, found.out.ravel()) and len(seen["traced"]["names"]) == 32
    assert seen["channel"]["maximum"] == 64 and seen["conv"]["value"] == "conv2"
    other = traced.on_trace(lang, None, "digits", None, "no such layer", 1)
    assert other["traced"]["input"]["c"] == 1, "a layer this network lacks: its first"


def test_the_pooled_maps_are_what_the_next_layer_gets() -> None:
    """Followed on: the map that was on the screen is one of the next layer's inputs; after the last comes the first."""
    here = traced.on_trace("ko", None, "fashion", None, "conv1", 5)
    pooled = np.frombuffer(base64.b64decode(here["traced"]["pool"]["data"]))
    layer, seen = "conv1", list[str]()
    for _ in range(3):
        followed: dict[str, Any] = traced.on_follow("ko", None, "fashion", None, layer)
        if layer == "conv1":
            inputs = np.frombuffer(base64.b64decode(followed["traced"]["input"]["data"])).reshape(32, -1)
            np.testing.assert_allclose(inputs[4], pooled, atol=1e-5)
        layer = followed["conv"]["value"]
        seen.append(layer)
    assert seen == ["conv2", "conv3", "conv1"] and followed["channel"]["value"] == 1
    assert traced.on_follow("ko", None, "fashion", None, "?")["conv"]["value"] == "conv1"


def test_what_cannot_be_traced_is_told() -> None:
    assert traced.on_trace("en", None, "photos", None, "conv1", 1)["trace_said"].startswith(
        "⚠ This network is too large"
    )
    with pytest.raises(CoreError):
        linked(look.shipped("fashion"), BOOT, "conv1", 32)
