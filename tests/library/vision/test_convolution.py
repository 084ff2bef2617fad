"""Convolution by hand against torch.nn.functional and scipy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.signal import correlate2d

from core.errors import CoreError
from core.vision import convolution as conv

RNG = np.random.default_rng(0)


def both(image, kernel, bias=None, **options):
    tensors = [torch.tensor(np.asarray(a)) for a in (image[None], kernel)]
    return F.conv2d(*tensors, None if bias is None else torch.tensor(bias), **options)[0].numpy()


SETTINGS = [
    (stride, padding, dilation, shape)
    for stride, padding, dilation, shape in itertools.product((1, 2, 3), (0, 1, 2), (1, 2), ((3, 3), (2, 2), (1, 5)))
]


@pytest.mark.parametrize(("stride", "padding", "dilation", "shape"), SETTINGS)
def test_equals_torch(stride, padding, dilation, shape):
    image, kernel, bias = RNG.normal(size=(2, 9, 11)), RNG.normal(size=(3, 2, *shape)), RNG.normal(size=3)
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    result = conv.convolve(image, kernel, bias, **options)
    expected = both(image, kernel, bias, **options)
    assert result.output.shape == expected.shape == (3, *result.config.output)
    np.testing.assert_allclose(result.output, expected, atol=1e-12)
    assert result.difference < 1e-12
    height, width = result.config.output
    for row, column in {(0, 0), (height - 1, width - 1), (height // 2, width // 2)}:
        part = conv.window(image, kernel, row, column, channel=1, bias=bias, **options)
        assert part.products.sum() + part.bias == pytest.approx(result.output[1, row, column], abs=1e-12)
        assert part.total == pytest.approx(result.output[1, row, column], abs=1e-12)
        for (i, y), (j, x) in itertools.product(enumerate(part.rows), enumerate(part.columns)):
            inside = 0 <= y < 9 and 0 <= x < 11
            assert part.seen[:, i, j].tolist() == (image[:, y, x].tolist() if inside else [0, 0])


def test_the_difference_is_measured_not_promised(monkeypatch):
    monkeypatch.setattr(conv, "_torch_conv2d", lambda planes, *_: planes[:, :1, :1] * 0)
    assert conv.convolve(np.full((1, 1), 7.0), np.ones((1, 1))).difference == 7


@pytest.mark.parametrize("name", conv.KERNELS)
def test_presets_against_scipy(name):
    image, kernel = RNG.normal(size=(12, 10)), np.array(conv.KERNELS[name])
    expected = correlate2d(image, kernel, mode="same")
    np.testing.assert_allclose(conv.convolve(image, kernel, padding=len(kernel) // 2).output[0], expected, atol=1e-12)


def test_what_the_presets_do():
    flat = np.full((9, 9), 5.0)
    for name in ("identity", "blur", "gaussian", "sharpen", "shift_right"):
        np.testing.assert_allclose(conv.convolve(flat, np.array(conv.KERNELS[name])).output, 5)
    for name in ("vertical_edges", "horizontal_edges", "outline", "laplacian"):
        np.testing.assert_allclose(conv.convolve(flat, np.array(conv.KERNELS[name])).output, 0)
    step = np.repeat([[0.0, 0, 0, 1, 1, 1]], 6, axis=0)
    assert conv.convolve(step, np.array(conv.KERNELS["vertical_edges"])).output.max() == 4
    assert conv.convolve(step, np.array(conv.KERNELS["horizontal_edges"])).output.any() == np.False_
    moved = conv.convolve(step, np.array(conv.KERNELS["shift_right"]), padding=1).output[0]
    np.testing.assert_array_equal(moved[:, 1:], step[:, :-1])


def test_per_channel_keeps_colours_apart():
    image, blur = RNG.normal(size=(3, 6, 6)), np.array(conv.KERNELS["blur"])
    together = conv.convolve(image, conv.per_channel(blur)).output
    apart = [conv.convolve(plane, blur).output[0] for plane in image]
    np.testing.assert_allclose(together, apart, atol=1e-12)


def test_the_size_formula_is_shown_with_its_numbers():
    config = conv.ConvConfig(28, 30, 3, 5, stride=2, padding=1)
    assert config.output == (14, 14)
    assert config.formula[0] == "⌊(28 + 2·1 − 1·(3 − 1) − 1) / 2⌋ + 1 = 14"


@pytest.mark.parametrize("size", range(1, 9))
def test_legality_agrees_with_torch(size):
    """What the config refuses, torch refuses; what it allows, torch computes, in the size the formula says."""
    for kernel, stride, padding, dilation in itertools.product(range(1, 7), (1, 3, 9), range(3), range(1, 4)):
        try:
            expected = conv.ConvConfig(size, size, kernel, kernel, stride, padding, dilation).output
        except CoreError as error:
            assert error.code in ("kernel_too_large", "several")
            expected = None
        try:
            x, w = torch.zeros(1, 1, size, size), torch.zeros(1, 1, kernel, kernel)
            got = tuple(F.conv2d(x, w, None, stride, padding, dilation).shape[2:])
        except RuntimeError:
            got = None
        assert got == expected


def test_the_padding_the_error_asks_for_is_enough_and_least():
    with pytest.raises(CoreError) as caught:
        conv.ConvConfig(4, 9, 4, 4, dilation=2)
    need = caught.value.values["padding"]
    assert conv.ConvConfig(4, 9, 4, 4, dilation=2, padding=need).output[0] == 1 + (4 + 2 * need - 7)
    with pytest.raises(CoreError):
        conv.ConvConfig(4, 9, 4, 4, dilation=2, padding=need - 1)


@pytest.mark.parametrize(
    ("options", "note"),
    [
        ({"stride": 9}, "one_output"),
        ({"stride": 4}, "skips_pixels"),
        ({"kernel_height": 2, "kernel_width": 2}, "even_kernel"),
    ],
)
def test_legal_but_worth_a_word(options, note):
    assert conv.ConvConfig(6, 6, **options).notes == (note,)
    assert conv.ConvConfig(6, 6).notes == ()


def test_a_kernel_of_zeros():
    result = conv.convolve(RNG.normal(size=(4, 4)), np.zeros((3, 3)))
    assert result.notes == ("zero_kernel",) and not result.output.any()


@pytest.mark.parametrize(
    "options",
    [{"stride": 0}, {"stride": 1.5}, {"padding": -1}, {"dilation": 0}, {"kernel_height": 0}, {"stride": True}],
)
def test_illegal_settings(options):
    with pytest.raises(CoreError):
        conv.ConvConfig(6, 6, **options)


@pytest.mark.parametrize(
    ("image", "kernel", "bias"),
    [
        (np.zeros((2, 4, 4)), np.zeros((3, 3)), None),
        (np.zeros(4), np.zeros((3, 3)), None),
        (np.zeros((4, 4)), np.zeros(3), None),
        (np.zeros((4, 4)), np.zeros((3, 3)), np.zeros(2)),
        (np.zeros((0, 4)), np.zeros((3, 3)), None),
        (np.full((4, 4), np.nan), np.zeros((3, 3)), None),
        (np.zeros((4, 4)), np.full((3, 3), np.inf), None),
    ],
)
def test_shapes_that_do_not_fit(image, kernel, bias):
    with pytest.raises(CoreError):
        conv.convolve(image, kernel, bias)


def test_a_window_outside_the_output():
    with pytest.raises(CoreError, match="none at row 2"):
        conv.window(np.zeros((4, 4)), np.zeros((3, 3)), 2, 0)


def test_relu():
    values = RNG.normal(size=(3, 4))
    np.testing.assert_array_equal(conv.relu(values), F.relu(torch.tensor(values)).numpy())


@pytest.mark.parametrize(("size", "stride"), [(2, None), (3, None), (3, 1), (2, 3), (1, 1)])
def test_max_pool_against_torch(size, stride):
    image = RNG.normal(size=(2, 9, 11))
    result = conv.max_pool(image, size, stride)
    expected, places = F.max_pool2d(torch.tensor(image)[None], size, stride, return_indices=True)
    np.testing.assert_array_equal(result.output, expected[0].numpy())
    np.testing.assert_array_equal(result.rows * 11 + result.columns, places[0].numpy())
