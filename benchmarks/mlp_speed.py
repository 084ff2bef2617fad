"""How long is one update of a small Dense net: ours by hand, torch.autograd, scikit-learn, Keras, NumPy? One process.

2-8-8-1 on 500 points of the plane and 64-64-1 on the ten people, batch 10, Adam, one thread. The contenders take turns,
round by round; printed are medians per update and how many times as long as ours.
Usage: python -m benchmarks.mlp_speed [--rounds 7]
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("KERAS_BACKEND", "torch")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from sklearn.neural_network import MLPRegressor
from torch import nn

from core import Dense, Sequential
from core.data import people, toy

BATCH, EPOCHS = 10, 10
Fit = Callable[[], object]  # EPOCHS epochs


def ours(x: np.ndarray, y: np.ndarray, units: tuple[int, ...]) -> Fit:
    model = Sequential([*(Dense(n, activation="relu") for n in units), Dense(1)], seed=0)
    model.compile("adam", "mean_squared_error")
    run = model.trainer(x, y, batch_size=BATCH)
    return lambda: list(run.steps(EPOCHS, every=None))


def watched(x: np.ndarray, y: np.ndarray, units: tuple[int, ...]) -> Fit:
    """Ours, an event for every update."""
    model = Sequential([*(Dense(n, activation="relu") for n in units), Dense(1)], seed=0)
    model.compile("adam", "mean_squared_error")
    run = model.trainer(x, y, batch_size=BATCH)
    return lambda: list(run.steps(EPOCHS, every=1))


def autograd(x: np.ndarray, y: np.ndarray, units: tuple[int, ...]) -> Fit:
    """A loop written by hand, torch.autograd, fused Adam."""
    sizes = (x.shape[1], *units)
    pairs = zip(sizes, sizes[1:], strict=False)
    net = nn.Sequential(*(part for a, b in pairs for part in (nn.Linear(a, b), nn.ReLU())), nn.Linear(sizes[-1], 1))
    optimizer = torch.optim.Adam(net.parameters(), fused=True)
    rows, targets = torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)

    def fit() -> None:
        for _ in range(EPOCHS):
            order = torch.randperm(len(rows))
            for part in order.split(BATCH):
                optimizer.zero_grad()
                nn.functional.mse_loss(net(rows[part]), targets[part]).backward()
                optimizer.step()

    return fit


def numpy_by_hand(x: np.ndarray, y: np.ndarray, units: tuple[int, ...]) -> Fit:
    """The shortest NumPy: one matrix a layer, Adam a matrix at a time."""
    generator, sizes = np.random.default_rng(0), (x.shape[1], *units, 1)
    ws = [generator.normal(size=(a + 1, b)) / np.sqrt(a) for a, b in zip(sizes, sizes[1:], strict=False)]
    m, v, t = [w * 0 for w in ws], [w * 0 for w in ws], 0

    def fit() -> None:
        nonlocal t
        for _ in range(EPOCHS):
            order = generator.permutation(len(x))
            for start in range(0, len(x), BATCH):
                rows = order[start : start + BATCH]
                layers, t = [x[rows]], t + 1
                for k, w in enumerate(ws):
                    z = layers[-1] @ w[:-1] + w[-1]
                    layers.append(np.maximum(z, 0) if k + 1 < len(ws) else z)
                slope = 2 * (layers[-1] - y[rows]) / len(rows)
                for k in reversed(range(len(ws))):
                    g = np.vstack([layers[k].T @ slope, slope.sum(0)])
                    slope = (slope @ ws[k][:-1].T) * (layers[k] > 0)
                    m[k] = 0.9 * m[k] + 0.1 * g
                    v[k] = 0.999 * v[k] + 0.001 * g * g
                    ws[k] -= 0.001 * (m[k] / (1 - 0.9**t)) / (np.sqrt(v[k] / (1 - 0.999**t)) + 1e-8)

    return fit


def sklearn(x: np.ndarray, y: np.ndarray, units: tuple[int, ...]) -> Fit:
    net = MLPRegressor(
        hidden_layer_sizes=units, batch_size=BATCH, max_iter=EPOCHS, tol=0.0, n_iter_no_change=10**6, alpha=0.0
    )
    return lambda: net.fit(x, y[:, 0])


def keras(x: np.ndarray, y: np.ndarray, units: tuple[int, ...]) -> Fit:
    import keras as k

    hidden = [k.layers.Dense(n, activation="relu") for n in units]
    net = k.Sequential([k.Input(shape=(x.shape[1],)), *hidden, k.layers.Dense(1)])
    net.compile("adam", "mean_squared_error")
    return lambda: net.fit(x, y, epochs=EPOCHS, batch_size=BATCH, verbose=0)


CONTENDERS = (ours, watched, numpy_by_hand, sklearn, autograd, keras)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    import warnings

    warnings.simplefilter("ignore")  # scikit-learn says that ten epochs are few
    points = toy.make(toy.ToyConfig("circle", 500, 10.0))
    plane = np.concatenate([points.x_train, points.x_test]), np.concatenate([points.y_train, points.y_test])[:, None]
    kg, cm = people.WEIGHTS_KG[:, None], people.HEIGHTS_CM[:, None]
    ten = (kg - kg.mean()) / kg.std(), (cm - cm.mean()) / cm.std()
    for title, (x, y), units in (("2-8-8-1, 500 points", plane, (8, 8)), ("1-64-64-1, ten people", ten, (64, 64))):
        fits = {make.__name__: make(x, y.astype(float), units) for make in CONTENDERS}
        updates = EPOCHS * -(-len(x) // BATCH)
        times: dict[str, list[float]] = {name: [] for name in fits}
        for _ in range(rounds + 1):  # the first round warms up
            for name, fit in fits.items():
                began = time.perf_counter()
                fit()
                times[name].append((time.perf_counter() - began) / updates * 1e3)
        medians = {name: statistics.median(values[1:]) for name, values in times.items()}
        print(f"\n{title}: milliseconds an update, and times ours")
        for name, value in medians.items():
            print(f"  {name:16}{value:9.4f}{value / medians['ours']:8.2f}")


if __name__ == "__main__":
    main()
