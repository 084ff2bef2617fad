"""Kernels as text, and what the convolution lesson does with them, against torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from core.data import photos
from core.errors import CoreError
from core.lessons.convolution import choices, kernels
from core.vision.convolution import KERNELS, ConvConfig

RNG = np.random.default_rng(0)
PHOTO = photos.load("coffee")[:40, :30]


@pytest.mark.parametrize("name", KERNELS)
def test_presets_survive_as_text(name: str) -> None:
    assert np.array_equal(kernels.parse(kernels.preset(name))[0], np.array(KERNELS[name]))


def test_any_kernel_survives_as_text() -> None:
    for shape in ((1, 1, 1), (1, 2, 3), (3, 4, 4), (3, 7, 7)):
        kernel = RNG.normal(size=shape) * 10.0 ** RNG.integers(-5, 5, shape)
        assert np.array_equal(kernels.parse(kernels.write(kernel), "grey" if shape[0] == 1 else "sum"), kernel)


@pytest.mark.parametrize("text", ["1 2\n3 4", "1,2;3,4", " 1   2 \n\n\n", "1/2 −3"])
def test_ways_of_writing(text: str) -> None:
    assert kernels.parse(text, "apart").shape[0] == 3


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        (None, "empty"),
        ("a b", "kernel_text"),
        ("1 nan", "not_finite"),
        ("1 inf", "not_finite"),
        ("1/0 1", "kernel_text"),
        ("1 2\n3", "kernel_ragged"),
        ("1\n\n2", "kernel_blocks"),
        ("1 2 3 4 5 6 7 8", "wrong_shape"),
        ("1\n" * 8, "wrong_shape"),
        ("1e9", "out_of_range"),
        ("1 " * 4000, "too_many"),
        ("<b>1</b>", "kernel_text"),
    ],
)
def test_bad_kernels_are_told(text: str, code: str) -> None:
    with pytest.raises(CoreError) as caught:
        kernels.parse(text, "sum")
    assert caught.value.code == code


def test_resizing_keeps_the_middle() -> None:
    kernel = np.arange(9.0).reshape(1, 3, 3)
    assert np.array_equal(kernels.resized(kernel, 5)[0, 1:4, 1:4], kernel[0])
    assert kernels.resized(kernel, 1).tolist() == [[[4.0]]]
    assert kernels.resized(kernel, 2).shape == (1, 2, 2)
    assert np.array_equal(kernels.resized(kernels.resized(kernel, 7), 3), kernel)
    for size in (0, 8, 2.5):
        with pytest.raises(CoreError):
            kernels.resized(kernel, size)


@pytest.mark.parametrize("mode", choices.MODE)
def test_modes_against_torch(mode: str) -> None:
    image = kernels.planes(PHOTO, mode)
    kernel = RNG.normal(size=(len(image), 3, 2))
    result = kernels.apply(image, kernel, mode, bias=2.5, stride=2, padding=1, dilation=2)
    x, w = torch.tensor(image[None], dtype=torch.float64), torch.tensor(kernel)
    options = {"stride": 2, "padding": 1, "dilation": 2}
    truth = F.conv2d(x, w[:, None], groups=3, **options) if mode == "apart" else F.conv2d(x, w[None], **options)
    np.testing.assert_allclose(result.output, truth[0].numpy() + 2.5, atol=1e-9)
    assert result.difference < 1e-9
    assert kernels.weights_count(kernel, mode) == kernel.size + (3 if mode == "apart" else 1)


def test_stages_against_torch() -> None:
    result = kernels.apply(kernels.planes(PHOTO, "grey"), np.array([KERNELS["outline"]]), "grey")
    after, pooled = kernels.stages(result, 2)
    truth = F.max_pool2d(F.relu(torch.tensor(result.output)), 2).numpy()
    np.testing.assert_array_equal(pooled.output, truth)
    assert kernels.stages(kernels.apply(np.ones((1, 1, 1)), np.ones((1, 1, 1)), "grey"), 4)[1].output.shape == (1, 1, 1)
    assert kernels.multiply_adds(ConvConfig(40, 30), 3, "sum") == 38 * 28 * 9 * 3


def test_pictures_of_an_output() -> None:
    signed = kernels.to_picture(np.array([[[-10.0, 0, 10]]]))
    assert signed[0, :, 0].tolist() == [0, 128, 255]
    assert kernels.to_picture(np.array([[[0.0, 51, 255]]]))[0, :, 0].tolist() == [0, 51, 255]
    assert kernels.to_picture(np.array([[[-9.0]], [[300.0]], [[7.4]]])).tolist() == [[[0, 255, 7]]]
    assert kernels.to_picture(np.zeros((1, 2, 2))).max() == 0


def test_the_table_holds_every_number() -> None:
    rows = kernels.to_csv(np.arange(12.0).reshape(2, 2, 3)).splitlines()
    assert rows[0] == "channel,row,0,1,2" and rows[-1] == "1,1,9.0,10.0,11.0" and len(rows) == 5
