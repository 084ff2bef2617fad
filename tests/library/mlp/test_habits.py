"""Keras' habits, with Keras as the oracle: order of arguments, spellings, callbacks, weights, words as labels."""

from __future__ import annotations

import copy
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from benchmarks import keras_habits
from core import Dense, Input, Sequential, to_script
from core.errors import CoreError, InvalidInput
from core.training.callbacks import Callback, EarlyStopping
from tests.library.mlp.test_script import printed

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))
Y = (X[:, 0] + 0.5 * RNG.normal(size=40) > 0).astype(float)
WEIGHTS = RNG.uniform(0.1, 3, size=40)
WORDS = np.array(["cat", "dog", "eel"])[X.argmax(1)]


def net(loss: str = "binary_crossentropy", last: Dense | None = None, **settings: Any) -> Sequential:
    model = Sequential([Dense(6, "tanh"), last or Dense(1, "sigmoid")], seed=1)
    model.compile("adam", loss, ["acc"], 0.05, **settings)
    return model


def wide(kind: str) -> Sequential:
    return net(f"{kind}_crossentropy", Dense(3, "softmax"))


def twin(model: Sequential, units: int = 1, loss: str = "binary_crossentropy") -> Any:
    import keras

    model.build((3,))
    layers = [keras.layers.Dense(6, "tanh"), keras.layers.Dense(units, "sigmoid" if units == 1 else "softmax")]
    other = keras.Sequential([keras.Input(shape=(3,)), *layers])
    other.set_weights(model.get_weights())
    other.compile(keras.optimizers.Adam(0.05), loss, metrics=["acc"])
    return other


def same(mine: Any, theirs: Any) -> None:
    assert mine.history.keys() == theirs.history.keys()
    for name, values in theirs.history.items():
        np.testing.assert_allclose(mine.history[name], values, rtol=1e-3, atol=1e-5, err_msg=name)


def test_the_third_position_is_the_batch_and_the_fourth_the_epochs() -> None:
    model = net()
    other = twin(model)
    mine, theirs = (
        model.fit(X, Y, 10, 5, 0, None, 0.25, None, False),
        other.fit(X, Y, 10, 5, 0, None, 0.25, None, False),
    )
    same(mine, theirs)
    assert len(mine.history["loss"]) == 5 and mine.updates == 15  # 30 rows
    assert model.evaluate(X, Y, 7, 0) == pytest.approx(other.evaluate(X, Y, 7, 0), rel=1e-3)
    np.testing.assert_allclose(model.predict(X, 7, 0), other.predict(X, 7, 0), atol=1e-4)
    stream = [event.step for event in net().steps(X, Y, 20, 3) if hasattr(event, "step")]
    assert stream == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("engine", ["explicit", "autograd"])
@pytest.mark.parametrize(
    "weights",
    [
        {"sample_weight": WEIGHTS},
        {"class_weight": {0: 0.5, 1: 4}},
        {"sample_weight": WEIGHTS, "validation_split": 0.25},
    ],
    ids=["rows", "classes", "rows, split"],
)
def test_weights_are_those_of_keras(weights: dict[str, Any], engine: str) -> None:
    model = net(engine=engine)
    other = twin(model)
    options = {"batch_size": 12, "epochs": 4, "shuffle": False, "verbose": 0} | weights
    same(run := model.fit(X, Y, **options), other.fit(X, Y, **options))
    if engine == "explicit":
        assert printed(to_script(run)) == pytest.approx(run.final_loss, rel=1e-9)
    held = (X[:9], Y[:9], WEIGHTS[:9])
    same(model.fit(X, Y, 12, 2, shuffle=False, validation_data=held), other.fit(X, Y, 12, 2, 0, None, 0.0, held, False))
    mine, theirs = model.evaluate(X, Y, sample_weight=WEIGHTS), other.evaluate(X, Y, verbose=0, sample_weight=WEIGHTS)
    assert mine == pytest.approx(theirs, rel=1e-3)


@pytest.mark.parametrize("loss", ["mse", "mae", "sparse_categorical_crossentropy", "categorical_crossentropy"])
def test_weighted_rows_of_every_loss_in_the_program(loss: str) -> None:
    y = np.digitize(X[:, 0], [-0.5, 0.5]) if loss[:6] == "sparse" else np.eye(3)[X.argmax(1)]
    model = net(loss, Dense(3, "softmax"))
    other = twin(model, 3, loss)
    options = {"batch_size": 12, "epochs": 3, "shuffle": False, "class_weight": {0: 2.0, 2: 0.3}}
    same(run := model.fit(X, y, **options), other.fit(X, y, verbose=0, **options))
    assert printed(to_script(run)) == pytest.approx(run.final_loss, rel=1e-9)


@pytest.mark.parametrize(
    "options",
    [
        {"monitor": "val_loss", "patience": 2, "restore_best_weights": True},
        {"monitor": "loss", "patience": 0, "min_delta": 0.01},
        {"monitor": "val_acc", "patience": 3, "mode": "max", "restore_best_weights": True, "start_from_epoch": 2},
        {"monitor": "loss", "patience": 2, "baseline": 0.1, "min_delta": 0.05, "restore_best_weights": True},
    ],
    ids=str,
)
def test_early_stopping_stops_and_restores_as_keras_does(options: dict[str, Any]) -> None:
    from keras.callbacks import EarlyStopping as Theirs

    ends = []
    for callback in (EarlyStopping(**options), Theirs(**options)):
        model = net()
        run = model.fit(X, Y, 8, 40, callbacks=[callback], validation_split=0.3, shuffle=False)
        ends.append((len(run.epoch), callback.stopped_epoch, callback.best_epoch, model.predict(X).tolist()))
    assert ends[0] == ends[1] and ends[0][0] < 40
    if options["monitor"] == "val_loss":
        assert printed(to_script(run)) == pytest.approx(run.final_loss, rel=1e-9)


def test_a_callback_hears_every_turn_and_may_end_the_run() -> None:
    class Told(Callback):
        def __init__(self) -> None:
            self.turns: list[Any] = []

        def on_train_begin(self, logs: Any = None) -> None:
            self.turns.append(("begin", self.params["epochs"], self.params["steps"]))

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.turns.append((batch, sorted(logs)))

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.turns.append((epoch, sorted(logs)))
            self.model.stop_training = epoch == 1

        def on_train_end(self, logs: Any = None) -> None:
            self.turns.append("end")

    told, model = Told(), net()
    *_, done = model.steps(X, Y, 20, 9, callbacks=[told], validation_split=0.25)
    epoch = [(0, ["acc", "loss"]), (1, ["acc", "loss"])]
    ends = ["acc", "loss", "val_acc", "val_loss"]
    assert told.turns == [("begin", 9, 2), *epoch, (0, ends), *epoch, (1, ends), "end"]
    assert done.stopped == "callback" and len(done.result.epoch) == 2
    assert len(model.fit(X, Y, 20, 3).epoch) == 3  # the wish is forgotten


def test_a_watched_number_that_is_not_there_is_told() -> None:
    with pytest.raises(InvalidInput, match="Did you mean val_loss"):
        net().fit(X, Y, callbacks=EarlyStopping("val_los"), validation_split=0.2)
    with pytest.raises(InvalidInput, match="acc, loss|loss, acc"):
        net().fit(X, Y, callbacks=[EarlyStopping()])


def test_verbose_says_what_happens(capsys: pytest.CaptureFixture[str]) -> None:
    model = net()
    model.fit(X, Y, 10, 2, verbose=1)
    bar = capsys.readouterr().out
    assert "Epoch 1/2" in bar and "Epoch 2/2" in bar and "4/4 ━━━━" in bar and bar.count("- acc: ") >= 2
    model.fit(X, Y, 10, 2, verbose=2)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4 and "━" not in lines[1] and " - loss: 0." in lines[1]
    loss = model.evaluate(X, Y, verbose=1)[0]
    assert f"loss: {loss:.4f}" in capsys.readouterr().out
    model.fit(X, Y, 10, 2), model.evaluate(X, Y), model.predict(X)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("first", [{"input_shape": 3}, {"input_shape": (3,)}, {"input_shape": [3]}, {"input_dim": 3}])
def test_the_shape_of_the_inputs_in_any_form(first: dict[str, Any], tmp_path: Path) -> None:
    model = Sequential(Dense(2, **first))
    assert model.count_params() == 8 and model.layers[0].input_shape == (3,)
    model.save(tmp_path / "m.safetensors")
    assert Sequential.load(tmp_path / "m.safetensors").layers == model.layers


@pytest.mark.parametrize("shape", ["3", 2.5, (2, 3), 0, (None,)])
def test_a_shape_that_is_none_is_told(shape: Any) -> None:
    with pytest.raises(InvalidInput):
        Dense(2, input_shape=shape)


def test_names_in_any_spelling() -> None:
    spelt = Sequential([Dense(4, "ReLU", input_dim=3), Dense(3, "LeakyReLU"), Dense(2, "swish"), Dense(1, "Sigmoid")])
    assert [layer.activation for layer in spelt.layers] == ["relu", "leaky_relu", "silu", "sigmoid"]  # type: ignore[union-attr]
    for optimizer in ("Adam", "SGD", "RMSprop", "AdamW", "adagrad"):
        for loss in ("MSE", "MeanSquaredError", "mean_absolute_error", "BinaryCrossentropy"):
            spelt.compile(optimizer, loss, metrics="accuracy")
    spelt.compile("Adam", "MSE", metrics=["MAE", "F1Score"])
    assert spelt.fit(X, Y).history.keys() == {"loss", "MAE", "F1Score"}  # as in Keras 3
    for wrong in ({"optimizer": "Adamm"}, {"loss": "Hinge"}, {"metrics": "AUC"}, {"metrics": [3]}):
        with pytest.raises(InvalidInput):
            spelt.compile(**wrong)


def test_one_row_is_predicted_and_a_wrong_shape_is_told_as_it_was_given() -> None:
    model = net()
    model.fit(X, Y)
    assert np.array_equal(model.predict(X[5]), model.predict(X[5:6]))
    for wrong in (np.zeros(4), np.zeros((2, 4))):
        with pytest.raises(InvalidInput, match=str(np.shape(wrong)).replace("(", r"\(").replace(")", r"\)")):
            model.predict(wrong)


def test_words_are_classes_that_are_kept_and_saved(tmp_path: Path) -> None:
    model = net("sparse_categorical_crossentropy", Dense(3, "softmax"))
    numbers = net("sparse_categorical_crossentropy", Dense(3, "softmax"))
    run = model.fit(X, WORDS, 10, 3, validation_data=(X[:5], WORDS[:5].tolist()))
    assert run.history["loss"] == numbers.fit(X, X.argmax(1), 10, 3).history["loss"]
    model.save(tmp_path / "m.safetensors")
    again = Sequential.load(tmp_path / "m.safetensors")
    assert again.classes == model.classes == ("cat", "dog", "eel")
    assert again.evaluate(X[:2], WORDS[:2]) == numbers.evaluate(X[:2], X[:2].argmax(1))
    with pytest.raises(InvalidInput, match="dgo"):
        model.evaluate(X[:1], ["dgo"])
    assert model.fit(X, WORDS, class_weight={"dog": 0.0}).history["loss"][0] > 0
    with pytest.raises(InvalidInput, match="dgo"):
        model.fit(X, WORDS, class_weight={"dgo": 2.0})
    yes = net()
    yes.fit(X, np.where(Y > 0, "yes", "no"))
    assert yes.classes == ("no", "yes")
    with pytest.raises(InvalidInput, match="smallest"):
        net("sparse_categorical_crossentropy", Dense(3, "softmax")).fit(X, X.argmax(1) + 1)


def test_a_run_that_diverges_at_once_has_nan_in_its_history() -> None:
    model = Sequential([Dense(1)])
    model.compile("sgd", "mse", learning_rate=0.001)
    x = 1.0 * np.arange(200)
    run = model.fit(x, 2 * x, batch_size=1)
    assert len(run.history["loss"]) == 1 and math.isnan(run.history["loss"][0]) and not run.epoch
    assert np.isfinite(model.predict(x)).all()


def test_tensors_are_taken_and_those_with_gradients_told() -> None:
    model, x = net(), torch.from_numpy(X)
    model.fit(x, torch.from_numpy(Y).bfloat16())
    assert np.array_equal(model.predict(x), model.predict(X))
    for wrong in (lambda: model.predict(x.requires_grad_()), lambda: model.fit(X, torch.zeros(40, requires_grad=True))):
        with pytest.raises(InvalidInput, match="detach"):
            wrong()


@pytest.mark.parametrize(
    "wrong",
    [
        {"sample_weight": WEIGHTS[:3]},
        {"sample_weight": -WEIGHTS},
        {"class_weight": {0: "much"}},
        {"class_weight": {"cat": 1}},
        {"validation_data": (X,)},
        {"validation_data": 5},
        {"verbose": "loud"},
        {"class_weight": "balanced"},
        {"class_weight": [1, 2]},
        {"callbacks": ["early"]},
        {"callbacks": [EarlyStopping]},
        {"batch_size": 0},
    ],
    ids=str,
)
def test_what_cannot_be_is_told(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        net().fit(X, Y, **wrong)


def test_a_file_of_keras_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "net.keras").write_bytes(b"PK")
    with pytest.raises(InvalidInput, match="a file of Keras"):
        Sequential.load(tmp_path / "net.keras")
    (tmp_path / "net.h5").write_bytes(b"\x89HDF")
    with pytest.raises(InvalidInput, match="older format"):
        Sequential.load(tmp_path / "net.h5")


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda m: m.fit(X, Y, steps_per_epoch=2), TypeError, "fit has no steps_per_epoch. It takes: x, y, batch_size"),
        (lambda m: m.fit(X, Y, nb_epoch=2), TypeError, "epochs"),
        (lambda m: m.predict(X, steps=1), TypeError, "predict has no steps. It takes: x, batch_size, verbose"),
        (lambda m: m.evaluate(X, Y, callbacks=[]), TypeError, "evaluate has no callbacks"),
        (lambda m: m.predict(), TypeError, "predict needs x"),
        (lambda m: m.build(), TypeError, "build needs input_shape"),
        (lambda m: Dense(3, use_bias=False), TypeError, "Dense has no use_bias. It takes: units, activation"),
        (lambda m: Dense(), TypeError, "Dense needs units"),
        (lambda m: Sequential([Dense(1)], name="mine"), TypeError, "Sequential has no name"),
        (lambda m: Sequential(Dense(1), Dense(2)), TypeError, "Sequential has no Dense(units=2"),
        (lambda m: m.add("dense"), ValueError, "Only Dense and Dropout"),
        (lambda m: Sequential([Sequential([Dense(1)])]), ValueError, "Only Dense and Dropout"),
        (lambda m: m.build(None), ValueError, "input_shape"),
        (lambda m: m.predict_classes(X), AttributeError, "argmax"),
        (lambda m: m.train_on_batch(X, Y), AttributeError, "shuffle=False"),
        (lambda m: m.pop(), AttributeError, "layers"),
        (lambda m: m.optimizer.learning_rate, AttributeError, "learning_rate="),
        (lambda m: m.layers[0].get_weights(), AttributeError, "get_weights"),
        (lambda m: m.evaluat(X), AttributeError, "evaluate"),
        (lambda m: setattr(m, "trainable", False), AttributeError, "cannot be frozen"),
        (lambda m: setattr(m, "learning_rate", 0.1), AttributeError, "learning_rate="),
        (lambda m: setattr(m.layers[0], "trainable", False), AttributeError, "cannot be frozen"),
        (lambda m: Dense(3)(X), TypeError, "Sequential([Dense(…), Dense(…)])"),
        (lambda m: m.summary(line_length=80), TypeError, "summary has no line_length"),
        (lambda m: m.fit(X, Y)["loss"], AttributeError, "run.history['loss']"),
        (lambda m: m.fit(X, Y).params, AttributeError, "len(run.epoch)"),
        (lambda m: (m.build(3), m.set_weights(None)), ValueError, "weights must have the shape"),
        (lambda m: Sequential(device="gpu"), ValueError, "cpu, cuda, mps"),
        (lambda m: to_script(m), ValueError, "what fit() returns"),
        (lambda m: m.add(Input(3)), ValueError, "in front of all layers"),
        (lambda m: m.fit([[1], [2, 3]], [0, 1]), ValueError, "different lengths"),
        (lambda m: m.fit(X + 1j, Y), ValueError, "x must be a number"),
        (lambda m: m.fit(np.ma.masked_array(X, X > 1), Y), ValueError, "nan"),
        (
            lambda m: m.fit(pd.DataFrame(X).assign(kind="a"), Y),
            ValueError,
            "x, column kind: numbers are needed. Received: a",
        ),
        (lambda m: m.fit(X, WORDS), ValueError, 'Dense(3, activation="softmax")'),
        (lambda m: (m.compile("sgd", "mse"), m.fit(X, WORDS)), ValueError, "holds words"),
        (lambda m: wide("categorical").fit(X, X.argmax(1)), ValueError, "compile with sparse_categorical_crossentropy"),
        (
            lambda m: wide("sparse_categorical").fit(X, np.eye(3)[X.argmax(1)]),
            ValueError,
            "compile with categorical_cross",
        ),
    ],
)
def test_what_keras_has_and_this_has_not_is_told_with_the_way_out(call: Any, kind: type[Exception], words: str) -> None:
    model = net()
    with pytest.raises(CoreError, match=re.escape(words)) as caught:
        call(model)
    assert isinstance(caught.value, kind)


def test_attributes_that_python_asks_for_are_plainly_not_there() -> None:
    model = net()
    model.fit(X, Y)
    assert not hasattr(model, "__array__") and not hasattr(model, "no_such") and not hasattr(Dense(1), "kernel")
    for twin_of in (copy.copy(model.layers[0]), copy.deepcopy(model.layers[0])):
        assert twin_of == model.layers[0]
    assert np.array_equal(copy.deepcopy(model).predict(X), model.predict(X)) and np.array_equal(
        model(X), model.predict(X)
    )
    model = Sequential([Dense(2)])
    model.build(3)
    assert model.get_weights()[0].shape == (3, 2)


def test_words_that_were_refused_are_not_kept() -> None:
    model = net()
    with pytest.raises(InvalidInput):
        model.fit(X, WORDS)
    assert model.classes == ()
    model.fit(X, np.where(Y > 0, "yes", "no"))
    assert model.classes == ("no", "yes")


def test_words_for_one_hot_rows_are_those_of_the_sparse_loss() -> None:
    sparse, hot = (wide(kind).fit(X, WORDS, epochs=3).history for kind in ("sparse_categorical", "categorical"))
    assert sparse == hot


def test_input_is_keras_first_line() -> None:
    plain = Sequential([Dense(6, "tanh", input_shape=(3,)), Dense(1)], seed=1)
    for model in (Sequential([Input(shape=(3,)), Dense(6, "tanh"), Dense(1)], seed=1), Sequential(seed=1)):
        if not model.layers:
            for layer in (Input(3), Dense(6, "tanh"), Dense(1)):
                model.add(layer)
        for mine, theirs in zip(model.get_weights(), plain.get_weights(), strict=True):
            np.testing.assert_array_equal(mine, theirs)


def test_batches_with_weights_and_as_what_is_held_out() -> None:
    batches = [(X[at : at + 10], Y[at : at + 10], WEIGHTS[at : at + 10]) for at in range(0, 40, 10)]
    held = [part[:2] for part in batches]
    arrays = net().fit(X, Y, 10, 2, sample_weight=WEIGHTS, validation_data=(X, Y)).history
    assert net().fit(batches, epochs=2, validation_data=iter(held)).history == arrays
    model = net()
    model.build(3)
    np.testing.assert_array_equal(model.predict(part[0] for part in batches), model.predict(X))
    np.testing.assert_array_equal(model.predict(iter(batches)), model.predict(X))  # the targets are left out
    assert model.evaluate(batches) == model.evaluate(X, Y, sample_weight=WEIGHTS)
    sparse = __import__("scipy.sparse").sparse.csr_matrix(X)
    np.testing.assert_array_equal(model.predict(sparse), model.predict(X))


def test_scikit_learn_takes_it_as_one_of_its_own() -> None:
    from sklearn.base import clone
    from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    fitted = net()
    fitted.fit(X, Y, epochs=5)
    fresh = clone(fitted)
    assert fresh._module is None and fresh.fit(X, Y, epochs=5).history == net().fit(X, Y, epochs=5).history
    by_hand = []
    for train, test in StratifiedKFold(3).split(X, Y):
        model = net()
        model.fit(X[train], Y[train], epochs=8)
        by_hand.append(model.score(X[test], Y[test]))
    assert cross_val_score(net(), X, Y, cv=3, params={"epochs": 8}).tolist() == by_hand
    found = GridSearchCV(net(), {"seed": [1, 2]}, cv=2).fit(X, Y, epochs=8)
    assert found.best_params_["seed"] in (1, 2) and found.best_estimator_._module is not None
    piped = make_pipeline(StandardScaler(), net()).fit(X, Y, sequential__epochs=8)
    model = net()
    scaled = StandardScaler().fit_transform(X)
    model.fit(scaled, Y, epochs=8)
    np.testing.assert_array_equal(piped.predict(X), model.predict(scaled))
    with pytest.raises(CoreError, match="layers, seed, dtype"):
        net().set_params(epochs=3)


def test_no_habit_of_keras_users_ends_in_a_raw_error() -> None:
    """All of benchmarks/keras_habits.py, which compares the numbers with Keras' by hand."""
    found = {code: keras_habits.run(code) for code in keras_habits.HABITS}
    assert [code for code, (kind, _) in found.items() if kind == "raw"] == []
    assert sum(kind == "ok" for kind, _ in found.values()) >= 85
    assert all(len(said) < 400 for kind, said in found.values() if kind == "told")
