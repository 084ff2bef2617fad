"""Dense and Sequential against Keras 3 (torch backend): losses, counts, layout; the pass by hand against torch.autograd."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import save_file

from core import Dense, Dropout, Sequential
from core.data.people import HEIGHTS_CM, WEIGHTS_KG
from core.errors import CoreError, InvalidInput, NotReady
from core.events import Done, TrainStep, drain

X = ((WEIGHTS_KG - WEIGHTS_KG.mean()) / WEIGHTS_KG.std())[:, None]
Y = ((HEIGHTS_CM - HEIGHTS_CM.mean()) / HEIGHTS_CM.std())[:, None]
SHAPES = {"1-1": (1,), "64-64-1": (64, 64, 1)}
RULES: dict[str, tuple[str, dict[str, Any]]] = {
    "sgd": ("sgd", {}),
    "momentum": ("sgd", {"momentum": 0.9}),
    "nesterov": ("sgd", {"momentum": 0.9, "nesterov": True}),
    "rmsprop": ("rmsprop", {}),
    "adagrad": ("adagrad", {}),
    "adam": ("adam", {}),
}
DRIFT = {
    ("64-64-1", "rmsprop"): 3e-2,
    ("64-64-1", "adam"): 3e-3,
}  # float32 rounding grows where steps are divided by small roots


def ours(units: tuple[int, ...], last: str | None = None, **options: Any) -> Sequential:
    *hidden, end = units
    return Sequential([*(Dense(n, activation="relu") for n in hidden), Dense(end, activation=last)], **options)


def keras_losses(model: Sequential, units: tuple[int, ...], rule: str, epochs: int) -> list[float]:
    import keras

    *hidden, end = units
    layers = [keras.layers.Dense(n, activation="relu") for n in hidden] + [keras.layers.Dense(end)]
    twin = keras.Sequential([keras.Input(shape=(1,)), *layers])
    twin.set_weights(model.get_weights())
    kind, settings = RULES[rule]
    names = {"sgd": "SGD", "rmsprop": "RMSprop", "adagrad": "Adagrad", "adam": "Adam"}
    twin.compile(getattr(keras.optimizers, names[kind])(**settings), "mean_squared_error")
    return twin.fit(X, Y, epochs=epochs, batch_size=4, shuffle=False, verbose=0).history["loss"]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_losses_are_those_of_keras(shape: str, rule: str) -> None:
    model = ours(SHAPES[shape], seed=3, dtype="float32")  # as Keras computes
    model.build((1,))
    expected = np.array(keras_losses(model, SHAPES[shape], rule, 100))
    kind, settings = RULES[rule]
    model.compile(kind, "mean_squared_error", **settings)
    losses = np.array(model.fit(X, Y, epochs=100, batch_size=4, shuffle=False).history["loss"])
    assert len(losses) == 100
    apart = np.abs(losses / expected - 1)
    assert apart[:5].max() < 1e-5
    assert apart.max() < DRIFT.get((shape, rule), 1e-5)


def test_counts_names_and_layout_are_those_of_keras() -> None:
    import keras

    model = ours((64, 64, 1))
    model.build(input_shape=(1,))
    keras.utils.clear_session()
    twin = keras.Sequential([keras.Input(shape=(1,)), *(keras.layers.Dense(n) for n in (64, 64, 1))])
    assert model.summary().total_params == twin.count_params() == 4353
    assert [w.shape for w in model.get_weights()] == [tuple(w.shape) for w in twin.weights]
    assert [row[0] for row in model.summary().rows] == [layer.name for layer in twin.layers]
    twin.set_weights(model.get_weights())
    linear = Sequential([Dense(64), Dense(64), Dense(1)])
    linear.build((1,))
    linear.set_weights(model.get_weights())
    assert np.allclose(twin.predict(X, verbose=0), linear.predict(X), atol=1e-5)


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "gelu", "silu", "elu", "leaky_relu"])
@pytest.mark.parametrize("rule", ["sgd", "adam"])
def test_the_pass_by_hand_is_autograd(activation: str, rule: str) -> None:
    weights = []
    for engine in ("explicit", "autograd"):
        model = Sequential(
            [Dense(8, activation=activation, l2=0.01), Dense(6, activation=activation, l1=0.001), Dense(1)]
        )
        model.compile(rule, "mean_squared_error", learning_rate=0.02, engine=engine)
        model.fit(X, Y, epochs=20, batch_size=4)
        weights.append(model.get_weights())
    for by_hand, by_torch in zip(*weights, strict=True):
        np.testing.assert_allclose(by_hand, by_torch, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize(
    ("loss", "end", "targets"),
    [
        ("binary_crossentropy", (1, "sigmoid"), (Y > 0).astype(float)),
        ("categorical_crossentropy", (2, "softmax"), np.eye(2)[(Y[:, 0] > 0).astype(int)]),
        ("sparse_categorical_crossentropy", (2, "softmax"), (Y > 0).astype(float)),
        ("mean_absolute_error", (1, None), Y),
    ],
)
def test_losses_and_metrics_are_those_of_keras(loss: str, end: tuple[int, str | None], targets: np.ndarray) -> None:
    import keras

    metrics = ["acc", "Precision", "recall"] if end[1] else ["mse", "MAE", "RootMeanSquaredError", "r2_score"]
    metrics += ["BinaryAccuracy"] * (end[0] == 1)
    metrics = metrics[:1] if loss.startswith("sparse") else metrics  # Keras' others want one-hot rows
    model = ours((5, end[0]), end[1], seed=1)
    model.compile("sgd", loss, metrics)
    model.build((1,))
    layers = [keras.layers.Dense(5, activation="relu"), keras.layers.Dense(end[0], activation=end[1])]
    twin = keras.Sequential([keras.Input(shape=(1,)), *layers])
    twin.set_weights(model.get_weights())
    twin.compile("sgd", loss, metrics=metrics)
    theirs = twin.fit(X, targets, epochs=5, batch_size=4, shuffle=False, verbose=0).history
    mine = model.fit(X, targets, epochs=5, batch_size=4, shuffle=False).history
    assert mine.keys() == theirs.keys()
    for name in theirs:
        np.testing.assert_allclose(mine[name], theirs[name], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(model.evaluate(X, targets), twin.evaluate(X, targets, verbose=0), rtol=1e-4, atol=1e-6)


def test_a_run_cut_in_pieces_is_the_whole_run() -> None:
    whole, parts = ours((8, 1)), ours((8, 1))
    for model in (whole, parts):
        model.compile("adam", "mean_squared_error")
    whole.fit(X, Y, epochs=6, batch_size=4)
    run = parts.trainer(X, Y, batch_size=4)
    events = run.steps(epochs=6)
    for _ in range(5):  # in the middle of the second epoch
        next(events)
    events.close()  # type: ignore[attr-defined]
    drain(run.steps(epochs=6 - run.epoch))
    for a, b in zip(whole.get_weights(), parts.get_weights(), strict=True):
        assert np.array_equal(a, b)


def test_the_stream_ends_with_done_and_seeds_repeat() -> None:
    runs = []
    for _ in range(2):
        model = ours((4, 1), seed=5)
        model.compile("sgd", "mean_squared_error", learning_rate=0.1)
        events = list(model.steps(X, Y, epochs=3, batch_size=4, validation_split=0.2))
        assert [type(event) for event in events] == [TrainStep] * 6 + [Done]  # 8 rows: 2 updates an epoch
        runs.append(events[-1].result.history)
    assert runs[0] == runs[1] and set(runs[0]) == {"loss", "val_loss"}
    other = ours((4, 1), seed=6)
    other.compile("sgd", "mean_squared_error", learning_rate=0.1)
    assert other.fit(X, Y, epochs=3, batch_size=4, validation_split=0.2).history != runs[0]


def test_a_diverging_run_ends_with_the_last_finite_weights() -> None:
    model = ours((16, 1))
    model.compile("sgd", "mean_squared_error", learning_rate=500.0)
    *_, done = model.steps(X, Y, epochs=500, batch_size=10)
    assert isinstance(done, Done) and done.stopped == "diverged"
    assert all(np.isfinite(w).all() for w in model.get_weights())


def test_dropout_scales_and_rests_in_evaluation() -> None:
    model = Sequential([Dense(200, activation="relu"), Dropout(0.5), Dense(1)])
    model.compile("sgd", "mean_squared_error")
    model.fit(X, Y, epochs=1, batch_size=10)
    assert np.array_equal(model.predict(X), model.predict(X))


def test_saved_and_loaded_it_is_the_same(tmp_path: Any) -> None:
    model = ours((8, 1))
    model.compile("adam", "mean_squared_error", ["mae"])
    model.fit(X, Y, epochs=3)
    model.save(tmp_path / "model.safetensors")
    again = Sequential.load(tmp_path / "model.safetensors")
    assert np.array_equal(model.predict(X), again.predict(X))
    assert model.evaluate(X, Y) == again.evaluate(X, Y)
    with safe_open(tmp_path / "model.safetensors", "numpy") as file:
        about, weights = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    for gone in weights:
        left = {name: value for name, value in weights.items() if name != gone}
        save_file(left, tmp_path / "less.safetensors", metadata=about)
        with pytest.raises(InvalidInput, match=f"less.safetensors is not whole. Missing: {gone}"):
            Sequential.load(tmp_path / "less.safetensors")
    (tmp_path / "bad.safetensors").write_bytes(b"not one")
    with pytest.raises(InvalidInput):
        Sequential.load(tmp_path / "bad.safetensors")


@pytest.mark.parametrize("about", [{}, {"layers": [{"kind": "Conv2D"}]}, {"layers": [], "inputs": 1}])
def test_a_file_of_another_model_is_told(tmp_path: Any, about: dict[str, Any]) -> None:
    from core.mlp import saving

    saving.write(tmp_path / "other.safetensors", [np.zeros((1, 1))], about)
    weights, read = saving.read(tmp_path / "other.safetensors")
    assert read == about and weights[0].shape == (1, 1)
    with pytest.raises(InvalidInput) as told:
        Sequential.load(tmp_path / "other.safetensors")
    assert told.value.code == "bad_file"


def test_the_module_shares_its_weights() -> None:
    model = ours((3, 1))
    model.build((1,))
    assert isinstance(model.module, torch.nn.Module)
    with torch.no_grad():
        for parameter in model.module.parameters():
            parameter.zero_()
    assert not model.predict(X).any()


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Dense(0),
        lambda: Dense(3, activation="rellu"),
        lambda: Sequential([Dense(1)]).fit(X, Y),
        lambda: Sequential([Dense(1)]).module,
        lambda: compiled().fit(X, Y[:4]),
        lambda: compiled().fit([[float("nan")]], [[1.0]]),
        lambda: compiled().fit(X, Y, epochs=0),
        lambda: compiled().fit(X, Y, batch_size=-1),
        lambda: compiled().fit([], []),
        lambda: compiled().set_weights([np.zeros((2, 2))]),
        lambda: ours((1,)).compile("sgdd", "mean_squared_error"),
        lambda: ours((1,)).compile("sgd", "mea"),
        lambda: ours((1,)).compile("sgd", "mean_squared_error", learning_rate=float("inf")),
    ],
)
def test_used_wrong_it_says_so(wrong: Any) -> None:
    with pytest.raises((CoreError, NotReady)) as caught:
        wrong()
    assert len(str(caught.value)) > 10


def compiled() -> Sequential:
    model = ours((1,))
    model.compile("sgd", "mean_squared_error")
    return model


@pytest.mark.parametrize("classes", [1, 2, 4])
def test_f1_is_scikit_learns_under_its_average(classes: int) -> None:
    from sklearn.metrics import f1_score

    x = np.random.default_rng(0).normal(size=(40, 3))
    truth = (x[:, 0] > 0.3).astype(int) if classes < 4 else np.digitize(x[:, 0], [-1, 0.5])  # the fourth never occurs
    ends = (Dense(1, "sigmoid"), "binary_crossentropy") if classes == 1 else (Dense(classes, "softmax"), "sparse")
    model = Sequential([Dense(5, "tanh"), ends[0]], seed=1)
    model.compile("adam", ends[1].replace("sparse", "sparse_categorical_crossentropy"), ["f1_score"], 0.05)
    model.fit(x, truth, epochs=15)
    out = model.predict(x)
    said = out[:, 0] > 0.5 if classes == 1 else out.argmax(1)
    named = (
        {"average": "binary"} if classes == 1 else {"average": "macro", "labels": range(classes), "zero_division": 0}
    )
    assert model.evaluate(x, truth)[1] == pytest.approx(f1_score(truth, said, **named)) and 0 < said.mean()
