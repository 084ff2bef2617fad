"""What Keras, PyTorch and scikit-learn call the same and compute differently: each number computed by the library, now.

A row is one small question that all three could be asked, such as the first step of RMSprop at gradient 1. Where a
library has no such thing its cell is None; where it is not installed the whole column is. Keras is optional. Left out:
what all three compute alike. Sources: the libraries themselves, by running (docs/behaviour.md); core/mlp is on Keras' side.
"""

from __future__ import annotations

import importlib.util
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

LIBRARIES = {"keras": "keras", "torch": "torch", "sklearn": "scikit-learn"}  # module → name
Cell = float | tuple[int, ...] | None  # a number, or which rows


@dataclass(frozen=True, slots=True)
class Comparison:
    """``rows``: key → a cell for each library, in the order of ``versions``: name → version, None if not installed."""

    versions: dict[str, str | None]
    rows: dict[str, tuple[Cell, ...]]


@cache
def compare() -> Comparison:
    """All rows, computed once a process. Importing Keras takes seconds.

    >>> compare().rows["leaky_relu"][1]
    -0.01
    """
    versions = {name: _version(module) for module, name in LIBRARIES.items()}
    known = [{}, _torch(), _sklearn()] if versions["keras"] is None else [_keras(), _torch(), _sklearn()]
    rows: dict[str, tuple[Cell, ...]] = {}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # scikit-learn warns of probabilities that do not sum to 1: that is the row
        for key in _torch() | _sklearn() | ROWS_OF_KERAS:
            rows[key] = tuple(_cell(questions.get(key)) for questions in known)
    return Comparison(versions, rows)


def _version(module: str) -> str | None:
    if importlib.util.find_spec(module) is None:
        return None
    if module == "keras":
        os.environ.setdefault("KERAS_BACKEND", "torch")  # which is installed; without a word Keras asks for another
    return str(importlib.import_module(module).__version__)


def _cell(question: Callable[[], Any] | None) -> Cell:
    if question is None:
        return None
    answer = question()
    return tuple(sorted(answer)) if isinstance(answer, list) else float(f"{float(answer):.6g}")


GRADIENT = 1e-6  # so small that Adam's ε is felt
Y, P = [[1.0, 0.0]], [[0.2, 0.2]]  # a row whose probabilities do not sum to 1
WEIGHTED_P, WEIGHTS = [[0.5, 0.5], [0.75, 0.25]], [1.0, 3.0]  # rows of class 0 and 1, weighted
PLAIN, ABSENT = [0, 0, 1, 1], 3  # said and true alike; of three classes the last never occurs
PENALTY, ROWS = 0.01, 10


def _torch() -> dict[str, Callable[[], Any]]:
    def step(kind: Any, gradient: float, start: float = 0.0, **settings: Any) -> float:
        w = torch.full((1,), start, requires_grad=True)
        rule = kind([w], lr=1.0, **settings)
        w.grad = torch.full((1,), gradient)
        rule.step()
        return start - w.item()

    def rate(kind: Any) -> float:
        return float(kind([torch.zeros(1, requires_grad=True)]).defaults["lr"])

    optim, tensor = torch.optim, torch.tensor

    def split() -> list[int]:
        rows: Any = range(ROWS)
        parts: Any = torch.utils.data.random_split(rows, [0.8, 0.2], torch.Generator().manual_seed(0))
        return list(parts[1])

    logs = tensor(WEIGHTED_P).log()
    return {
        "adam": lambda: step(optim.Adam, GRADIENT),
        "rmsprop": lambda: step(optim.RMSprop, 1.0),
        "adagrad": lambda: step(optim.Adagrad, 0.1),
        "adamw": lambda: step(optim.AdamW, 0.0, 1.0),
        "sgd_rate": lambda: rate(optim.SGD),
        "rmsprop_rate": lambda: rate(optim.RMSprop),
        "l2": lambda: step(optim.SGD, 0.0, 1.0, weight_decay=PENALTY),
        "leaky_relu": lambda: F.leaky_relu(tensor(-1.0)),
        "gelu": lambda: F.gelu(tensor(1.0)),
        "squared": lambda: F.mse_loss(tensor([0.0]), tensor([2.0])),
        "unnormalised": lambda: F.nll_loss(tensor(P).log(), tensor([0])),
        "clipped": lambda: F.binary_cross_entropy(tensor([0.0]), tensor([1.0])),
        "weighted": lambda: F.nll_loss(logs, tensor([0, 1]), weight=tensor(WEIGHTS)),
        "split": split,
    }


def _sklearn() -> dict[str, Callable[[], Any]]:
    from sklearn import metrics, model_selection
    from sklearn.neural_network import MLPRegressor, _stochastic_optimizers

    def adam() -> float:
        w = np.zeros(1)
        _stochastic_optimizers.AdamOptimizer([w], learning_rate_init=1.0).update_params([w], [np.array([GRADIENT])])
        return -float(w[0])

    def net(target: float, weight: float, alpha: float) -> Any:
        """One neuron that sees zeros, after one plain step of rate 1 on equal rows."""
        plain: dict[str, Any] = {"solver": "sgd", "momentum": 0.0, "nesterovs_momentum": False, "batch_size": ROWS}
        one = MLPRegressor(hidden_layer_sizes=(), alpha=alpha, learning_rate_init=1.0, **plain)
        x, y = np.zeros((ROWS, 1)), np.full(ROWS, target)
        one.partial_fit(x, y)
        one.coefs_[0][...], one.intercepts_[0][...] = weight, 0.0
        return one.partial_fit(x, y)

    return {
        "adam": adam,
        "sgd_rate": lambda: MLPRegressor(solver="sgd").learning_rate_init,
        "l2": lambda: 1.0 - net(0.0, 1.0, PENALTY).coefs_[0][0, 0],
        "squared": lambda: net(2.0, 0.0, 0.0).loss_,
        "unnormalised": lambda: metrics.log_loss([0], P, labels=[0, 1]),
        "clipped": lambda: metrics.log_loss([1], [[1.0, 0.0]], labels=[0, 1]),
        "weighted": lambda: metrics.log_loss([0, 1], WEIGHTED_P, sample_weight=WEIGHTS),
        "split": lambda: model_selection.train_test_split(range(ROWS), test_size=0.2, random_state=0)[1],
        "absent": lambda: metrics.f1_score(PLAIN, PLAIN, average="macro"),
        "bare_f1": lambda: metrics.f1_score([1, 0], [1, 0]),
    }


ROWS_OF_KERAS = dict.fromkeys(("absent", "bare_f1"))  # beside those that another library has, too


def _keras() -> dict[str, Callable[[], Any]]:
    import keras
    from keras import activations, losses, metrics, optimizers

    def number(value: Any) -> Any:
        return keras.ops.convert_to_numpy(value)

    def step(kind: Any, gradient: float, start: float = 0.0) -> float:
        w = keras.Variable([start])
        kind(learning_rate=1.0).apply([keras.ops.convert_to_tensor([gradient])], [w])
        return start - float(number(w)[0])

    def f1(true: Any, said: Any, **settings: Any) -> Any:
        metric = metrics.F1Score(**settings)
        metric.update_state(np.array(true), np.array(said))
        return np.ravel(number(metric.result()))[0]

    def gradient_of_penalty() -> float:
        w = torch.ones(1, requires_grad=True)
        keras.regularizers.L2(PENALTY)(w).backward()
        return float(w.grad)  # type: ignore[arg-type]

    def split() -> list[int]:
        """Rows are their own targets; the part that is measured after training is the smaller one."""
        seen: list[Any] = []

        def noted(true: Any, said: Any) -> Any:
            seen.append(np.ravel(number(true)))
            return keras.ops.mean(keras.ops.square(said - true), axis=-1)

        rows = np.arange(ROWS, dtype=np.float32)[:, None]
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        model.compile("sgd", noted)
        model.fit(rows, rows, batch_size=ROWS, validation_split=0.2, verbose=0)
        return [int(row) for part in seen if len(part) < ROWS / 2 for row in part]

    sparse = losses.SparseCategoricalCrossentropy()
    eye = np.eye(ABSENT)[PLAIN]
    return {
        "adam": lambda: step(optimizers.Adam, GRADIENT),
        "rmsprop": lambda: step(optimizers.RMSprop, 1.0),
        "adagrad": lambda: step(optimizers.Adagrad, 0.1),
        "adamw": lambda: step(optimizers.AdamW, 0.0, 1.0),
        "sgd_rate": lambda: number(optimizers.SGD().learning_rate),
        "rmsprop_rate": lambda: number(optimizers.RMSprop().learning_rate),
        "l2": gradient_of_penalty,
        "leaky_relu": lambda: number(activations.leaky_relu(np.array([-1.0])))[0],
        "gelu": lambda: number(activations.gelu(np.array([1.0])))[0],
        "squared": lambda: number(losses.MeanSquaredError()(np.array([[2.0]]), np.array([[0.0]]))),
        "unnormalised": lambda: number(losses.CategoricalCrossentropy()(np.array(Y), np.array(P))),
        "clipped": lambda: number(losses.BinaryCrossentropy()(np.array([[1.0]]), np.array([[0.0]]))),
        "weighted": lambda: number(sparse(np.array([0, 1]), np.array(WEIGHTED_P), sample_weight=np.array(WEIGHTS))),
        "split": split,
        "absent": lambda: f1(eye, eye, average="macro"),
        "bare_f1": lambda: f1([[1], [0]], [[0.9], [0.1]]),
    }
