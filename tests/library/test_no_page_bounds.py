"""What protects the gallery's server from one visitor is the pages' matter: the library takes what fits into memory."""

from __future__ import annotations

import numpy as np

from core import Dense, Sequential
from core.language.attention import ToyConfig, toy_head
from core.vision.own_classes import OwnClasses, OwnConfig


def test_a_wide_layer() -> None:
    model = Sequential([Dense(2048, "relu"), Dense(1)])
    model.compile("sgd", "mse", learning_rate=1e-3)
    x = np.linspace(-1, 1, 8)[:, None]
    assert model.fit(x, x, epochs=1).history["loss"] and model.count_params() == 2048 * 2 + 2048 + 1


def test_sixty_classes() -> None:
    pictures = {f"grey {k}": [np.full((8, 8, 3), 4 * k, np.uint8)] for k in range(60)}
    own = OwnClasses(config=OwnConfig(epochs=1))
    own.fit(pictures)
    assert own.answer(pictures["grey 3"][0]).probabilities.shape == (60,)


def test_a_long_sentence() -> None:
    weights = toy_head([str(k) for k in range(100)], ToyConfig()).trace.weights
    assert weights.shape == (100, 100)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-12)
