"""Oracles: the constants of TensorFlow Playground's dataset.ts, numpy."""

import doctest

import numpy as np
import pytest

from core.data import people, toy
from core.errors import InvalidInput


def test_the_ten_people():
    kg, cm = people.load()
    assert kg.tolist() == [87, 81, 82, 92, 90, 61, 86, 66, 69, 69]
    assert cm.tolist() == [187, 174, 179, 192, 188, 160, 179, 168, 168, 174]
    kg[0] = 0
    assert people.rows()[0] == [87, 187]
    with pytest.raises(ValueError, match="read-only"):
        people.WEIGHTS_KG[0] = 0


@pytest.mark.parametrize("name", toy.NAMES)
@pytest.mark.parametrize("noise", [0, 25, 50])
def test_shapes_split_and_seed(name, noise):
    config = toy.ToyConfig(name, samples=101, noise=noise, train_ratio=30, seed=3)
    points, again = toy.make(config), toy.make(config)
    assert points.x_train.shape == (30, 2) and points.x_test.shape == (71, 2)
    assert points.y_train.shape == (30,) and points.y_test.shape == (71,)
    assert np.array_equal(points.x_train, again.x_train) and np.array_equal(points.y_test, again.y_test)
    other = toy.make(toy.ToyConfig(name, samples=101, noise=noise, train_ratio=30, seed=4))
    assert not np.array_equal(points.x_train, other.x_train)
    y = np.concatenate([points.y_train, points.y_test])
    if points.task == "classification":
        assert set(y) == {0, 1}
    else:
        assert y.min() >= -1 and y.max() <= 1 and len(set(y)) > 50
    if not (name == "gauss" and noise):
        assert np.abs(points.x_train).max() <= toy.EDGE
    assert len(np.unique(points.x_train, axis=0)) == 30


@pytest.mark.parametrize("name", toy.CLASSIFICATION)
def test_both_classes_are_there_in_equal_numbers(name):
    points = toy.make(toy.ToyConfig(name, samples=1000))
    share = np.concatenate([points.y_train, points.y_test]).mean()
    assert share == pytest.approx(0.5, abs=0.05 if name == "xor" else 1e-12)
    low, high = (part for part in points.colours())
    assert set(low) == set(high) == {-1, 1}


def everything(name, noise=0.0, samples=2000):
    points = toy.make(toy.ToyConfig(name, samples=samples, noise=noise, seed=1))
    return np.vstack([points.x_train, points.x_test]), np.concatenate([points.y_train, points.y_test])


def test_circle_is_a_disc_in_a_ring():
    x, y = everything("circle")
    radius = np.hypot(*x.T)
    assert radius[y == 1].max() < 2.5 and 3.5 <= radius[y == 0].min() and radius.max() <= 5


def test_xor_has_a_gap_and_no_flipped_label_without_noise():
    x, y = everything("xor")
    assert np.abs(x).min() >= 0.3 and np.abs(x).max() <= 5.3
    assert np.array_equal(y == 1, x[:, 0] * x[:, 1] > 0)


def test_gauss_has_playgrounds_centres_and_variance():
    for noise, variance in ((0, 0.5), (50, 4.0)):
        x, y = everything("gauss", noise, samples=5000)
        for label, centre in ((1, 2), (0, -2)):
            assert x[y == label].mean(axis=0) == pytest.approx([centre] * 2, abs=0.15)
            assert x[y == label].var(axis=0) == pytest.approx([variance] * 2, rel=0.1)


def test_spiral_lies_on_its_two_arms():
    x, y = everything("spiral")
    radius, angle = np.hypot(*x.T), np.arctan2(x[:, 0], x[:, 1])
    expected = 1.75 * radius / 5 * 2 * np.pi + np.where(y == 1, 0, np.pi)
    far = radius > 1e-9
    assert np.cos(angle - expected)[far] == pytest.approx(np.ones(far.sum()))


def test_moons_are_half_circles():
    x, y = everything("moons")
    raw = x / 3 + [0.5, 0.25]
    assert np.hypot(*raw[y == 0].T) == pytest.approx(np.ones((y == 0).sum()))
    assert np.hypot(*(raw[y == 1] - [1, 0.5]).T) == pytest.approx(np.ones((y == 1).sum()))


def test_plane_and_hills():
    x, y = everything("plane")
    assert y == pytest.approx(np.clip(x.sum(axis=1) / 10, -1, 1))
    x, y = everything("gauss_field", samples=5000)
    near = np.hypot(*(x - [-4, 2.5]).T)
    assert y[near < 1] == pytest.approx(1 - near[near < 1] / 2)
    assert y[np.hypot(*(x - [0, 2.5]).T) < 0.5].max() < -0.7
    assert y[np.abs(x[:, 1]) < 0.4].max() == 0


@pytest.mark.parametrize("name", ["circle", "xor", "plane"])
def test_noise_flips_or_blurs_targets(name):
    clean, noisy = everything(name), everything(name, 50)
    assert np.array_equal(clean[0], noisy[0]), "noise of these sets moves no point"
    assert 0.02 < np.abs(clean[1] - noisy[1]).mean() < 0.5


def test_features_are_the_seven_of_playground():
    x = np.array([[1.0, 2.0], [-3.0, 0.5]])
    out = toy.features(x, tuple(toy.FEATURES))
    assert out == pytest.approx(np.array([[a, b, a**2, b**2, a * b, np.sin(a), np.sin(b)] for a, b in x]))
    with pytest.raises(InvalidInput, match="Did you mean sin x1"):
        toy.features(x, ["x1", "sinx1"])
    with pytest.raises(InvalidInput, match="empty"):
        toy.features(x, [])


def test_grid_reads_like_a_picture():
    x = toy.grid(4, -2, 2).reshape(4, 4, 2)
    assert x[0, 0].tolist() == [-1.5, 1.5] and x[3, 3].tolist() == [1.5, -1.5]
    assert toy.to_bytes(np.array([-9, -1, 0, 1, np.inf, np.nan])).tolist() == [0, 0, 128, 255, 255, 128]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "circl"}, {"samples": 3}, {"samples": 10**6}, {"samples": 4.5}, {"noise": 51}, {"noise": float("nan")},
        {"train_ratio": 0}, {"train_ratio": 100}, {"seed": -1}, {"noise": "much"},
    ],
)  # fmt: skip
def test_wrong_configs_are_refused(wrong):
    with pytest.raises(InvalidInput):
        toy.ToyConfig(**wrong)


def test_both_parts_keep_a_point():
    points = toy.split(np.zeros((2, 2)), np.arange(2.0), "classification", train_ratio=10)
    assert len(points.x_train) == len(points.x_test) == 1
    with pytest.raises(InvalidInput, match="at least 2"):
        toy.split(np.zeros((1, 2)), np.zeros(1), "regression")


def test_the_examples_in_the_docstrings():
    found = doctest.testmod(toy)
    assert found.attempted and not found.failed
