"""Oracles: the net evaluated pixel by pixel in plain torch, numpy's SVD, and formulas evaluated by Python."""

import math
import warnings

import numpy as np
import pytest
import torch

from core.data import toy
from core.lessons.hidden_layers.pictures import (
    LINE_POINTS,
    LINES,
    feature_pictures,
    formula,
    grid_lines,
    node,
    pictures,
    warp,
)
from core.mlp.plain_net import Net

NAMES = ("x1", "x2", "sin x1")


def net(sizes=(3, 4, 3, 1), hidden="tanh", output="sigmoid", seed=0):
    rng = np.random.default_rng(seed)
    weights = tuple(rng.normal(0, 1, shape) for shape in zip(sizes, sizes[1:], strict=False))
    return Net(weights, tuple(rng.normal(0, 0.5, n) for n in sizes[1:]), (hidden,) * (len(sizes) - 2) + (output,))


def torch_layers(some, x1, x2):
    a, out = torch.tensor([x1, x2, math.sin(x1)], dtype=torch.float64), []
    for w, b, name in zip(some.weights, some.biases, some.activations, strict=True):
        z = a @ torch.from_numpy(w) + torch.from_numpy(b)
        a = {"tanh": torch.tanh, "relu": torch.relu, "sigmoid": torch.sigmoid, "linear": lambda v: v}[name](z)
        out.append(a)
    return out


@pytest.mark.parametrize(
    ("hidden", "output", "task"), [("tanh", "sigmoid", "classification"), ("relu", "linear", "regression")]
)
def test_every_pixel_is_the_nets_output_there(hidden, output, task):
    some, size = net(hidden=hidden, output=output), 10
    seen = pictures(some, toy.features(toy.grid(size), NAMES), size, task)
    assert seen.boundary.shape == (10, 10) and [u.shape for u in seen.units] == [(4, 5, 5), (3, 5, 5)]
    step = 12 / size
    largest = [np.zeros(4), np.zeros(3)]
    values = {}
    for row in range(size):
        for column in range(size):
            x1, x2 = -6 + (column + 0.5) * step, 6 - (row + 0.5) * step
            *inner, out = torch_layers(some, x1, x2)
            value = out.item() if task == "regression" else 2 * out.item() - 1
            assert seen.boundary[row, column] == round((min(max(value, -1), 1) + 1) / 2 * 255)
            if row % 2 == column % 2 == 0:
                values[row // 2, column // 2] = inner
                largest = [np.maximum(m, np.abs(a.numpy())) for m, a in zip(largest, inner, strict=True)]
    for (row, column), inner in values.items():
        for units, a, m in zip(seen.units, inner, largest, strict=True):
            assert units[:, row, column] == pytest.approx((a.numpy() / np.maximum(m, 1) + 1) / 2 * 255, abs=0.51)


def test_feature_pictures_show_left_dark_and_top_bright():
    x1, x2, product = feature_pictures(["x1", "x2", "x1·x2"], 24)
    assert x1[0, 0] == x1[-1, 0] < 10 and x1[0, -1] > 245 and x2[0, 0] > 245 and x2[-1, 0] < 10
    assert product[0, -1] > 245 and product[0, 0] < 10


def test_the_grid_covers_the_plane():
    lines = grid_lines()
    assert lines.shape == (2 * LINES, LINE_POINTS, 2) and lines.min() == -6 and lines.max() == 6
    assert np.ptp(lines[:LINES, :, 1], axis=1).max() == 0 and np.ptp(lines[LINES:, :, 0], axis=1).max() == 0


def test_a_layer_of_two_units_is_shown_as_it_is():
    some, points = net((3, 2, 1)), np.array([[1.0, 2.0], [-3.0, 0.5]])
    seen = warp(some, NAMES, points, 1)
    assert seen.points == pytest.approx(np.array([torch_layers(some, *p)[0].numpy() for p in points]))
    assert seen.lines[3, 7] == pytest.approx(torch_layers(some, *grid_lines()[3, 7])[0].numpy())
    assert seen.explained == 1.0


def test_a_wide_layer_is_shown_by_its_principal_components():
    some, points = net((3, 6, 5, 1)), np.array([[1.0, 2.0], [-3.0, 0.5]])
    seen = warp(some, NAMES, points, 2)
    inside = np.array([torch_layers(some, *p)[1].numpy() for p in grid_lines().reshape(-1, 2)])
    middle = inside.mean(axis=0)
    _, sizes, components = np.linalg.svd(inside - middle)
    assert np.abs(components[:2] @ seen.axes) == pytest.approx(np.eye(2), abs=1e-8)
    assert seen.explained == pytest.approx((sizes[:2] ** 2).sum() / (sizes**2).sum())
    assert np.abs(seen.lines.reshape(-1, 2)) == pytest.approx(np.abs((inside - middle) @ components[:2].T), abs=1e-8)


def test_a_bent_grid_does_not_flip_between_two_frames():
    some, points = net((3, 6, 1)), np.zeros((1, 2))
    first = warp(some, NAMES, points, 1)
    turned = type(first)(1, first.lines, first.points, first.axes[:, ::-1] * [-1, 1], 1.0)
    second = warp(some, NAMES, points, 1, before=turned)
    assert second.axes == pytest.approx(turned.axes) and second.explained == pytest.approx(first.explained)


def test_a_layer_of_one_unit_and_a_dead_layer_have_a_picture():
    one = warp(net((3, 1, 1)), NAMES, np.zeros((2, 2)), 1)
    assert one.lines.shape == (2 * LINES, LINE_POINTS, 2) and np.ptp(one.lines[..., 1]) == 0
    dead = net((3, 4, 1), hidden="relu")
    dead = Net((np.zeros((3, 4)), dead.weights[1]), (-np.ones(4), dead.biases[1]), dead.activations)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert warp(dead, NAMES, np.zeros((2, 2)), 1).explained == 1.0


def test_a_nodes_numbers_are_the_nets():
    some = net(hidden="relu")
    for layer, count in ((1, 4), (2, 3), (3, 1)):
        for unit in range(count):
            report = node(some, NAMES, layer, unit, (1.5, -2.0))
            assert report.a.value == pytest.approx(torch_layers(some, 1.5, -2.0)[layer - 1][unit].item())


def test_a_formula_can_be_evaluated():
    some = net((3, 2, 1), hidden="tanh", output="linear")
    text = formula(some, NAMES, 1, 1)
    ready = text.replace("sin x1", "s").replace("·", "*").replace("−", "-")
    value = eval(ready, {"tanh": math.tanh, "x1": 0.7, "x2": -0.2, "s": math.sin(0.7)})
    assert text.startswith("tanh(") and value == pytest.approx(torch_layers(some, 0.7, -0.2)[0][1].item(), abs=0.02)
    assert formula(some, NAMES, 2, 0).count("h") == 2 and "(" not in formula(some, NAMES, 2, 0)
