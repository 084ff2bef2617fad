"""The exported program, run in a fresh process, prints the loss of the run itself: every rule, loss and detour."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from core import Dense, Dropout, Sequential, to_script
from core.errors import InvalidInput
from tests import programs

X = np.random.default_rng(0).normal(size=(37, 3))
CLASS = (X[:, :1] * X[:, 1:2] > 0).astype(float)
VALUE = np.sin(X[:, :2])
THREE = np.eye(3)[X.argmax(1)]


def printed(script: str, name: str = "final") -> float:
    return float(re.findall(rf"^{name} loss = (\S+)$", programs.run(script, alone=True), re.MULTILINE)[-1])


def trained(optimizer: str, loss: str, y: Any, end: str, layers: Any = None, **settings: Any) -> Any:
    model = Sequential(layers or [Dense(5, "tanh"), Dense(4, "relu")], seed=3)
    model.add(Dense(y.shape[1], end))
    model.compile(optimizer, loss, **settings)
    return model, model.fit(X, y, epochs=20, batch_size=8)


@pytest.mark.parametrize(
    ("optimizer", "settings"),
    [
        ("sgd", {}),
        ("sgd", {"momentum": 0.9}),
        ("sgd", {"momentum": 0.9, "nesterov": True}),
        ("rmsprop", {}),
        ("adagrad", {"learning_rate": 0.1}),
        ("adam", {"learning_rate": 0.02}),
        ("adamw", {"weight_decay": 0.1}),
    ],
)
def test_every_rule(optimizer: str, settings: Any) -> None:
    _, run = trained(optimizer, "binary_crossentropy", CLASS, "sigmoid", **settings)
    assert printed(to_script(run)) == pytest.approx(run.final_loss, rel=1e-9)


@pytest.mark.parametrize(
    ("loss", "y", "end"),
    [
        ("mse", CLASS, "sigmoid"),
        ("mean_absolute_error", VALUE, "linear"),
        ("mean_squared_error", VALUE, "gelu"),
        ("categorical_crossentropy", THREE, "softmax"),
    ],
)
def test_every_loss(loss: str, y: Any, end: str) -> None:
    layers = [Dense(4, "elu", l1=0.001), Dropout(0.3), Dense(4, "leaky_relu", l2=0.01), Dropout(0.2), Dense(3, "silu")]
    _, run = trained("adam", loss, y, end, layers)
    assert printed(to_script(run)) == pytest.approx(run.final_loss, rel=1e-9)


def test_detours_are_repeated() -> None:
    model, _ = trained("adam", "binary_crossentropy", CLASS, "sigmoid")
    trainer = model.trainer(X[:20], CLASS[:20], batch_size=6)
    list(trainer.steps(updates=5))
    weights = model.get_weights()
    weights[0][1, 2], weights[1][0] = 3.0, -1.0
    model.set_weights(weights)
    list(trainer.steps(updates=4))
    trainer.result(0.0, None)  # a record in the middle splits nothing
    list(trainer.steps(2))
    model.compile("sgd", "mse", learning_rate=0.5)
    run = model.fit(X, CLASS, epochs=3, batch_size=100, shuffle=False)
    assert printed(to_script(run)) == pytest.approx(run.final_loss, rel=1e-9)
    script = to_script(run, {"train": (X, CLASS), "test": (X[:9], CLASS[:9])})
    assert printed(script) == printed(script, "train") == pytest.approx(model.evaluate(X, CLASS), rel=1e-9)
    assert printed(script, "test") == pytest.approx(model.evaluate(X[:9], CLASS[:9]), rel=1e-9)


def test_nothing_trained_is_told() -> None:
    model = Sequential([Dense(1, input_shape=(3,))])
    model.compile("sgd", "mse")
    run = model.trainer(X, VALUE[:, :1]).result(0.0, None)
    with pytest.raises(InvalidInput, match="Train first"):
        to_script(run)
