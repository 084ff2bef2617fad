"""A Sequential in and out: Keras reads what is written and is read, ONNX runs it, pickle, batches, scores, pictures."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, r2_score
from torch.utils.data import DataLoader, TensorDataset

from core import Dense, Dropout, Sequential
from core.errors import CoreError, InvalidInput, Unavailable
from core.training.trainer import History

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))


def net(loss: str = "mean_squared_error", end: tuple[int, str | None] = (1, None), **more: Any) -> Sequential:
    model = Sequential([Dense(5, "relu", input_shape=3, l2=0.01), Dropout(0.2), Dense(4, "tanh"), Dense(*end)], seed=1)
    model.compile("adam", loss, ["mse"] if end[0] == 1 else ["acc"], learning_rate=0.01, **more)
    return model


def test_a_keras_file_is_one_to_keras(tmp_path: Path) -> None:
    keras, _ = pytest.importorskip("keras"), pytest.importorskip("h5py")
    model = net("sparse_categorical_crossentropy", (3, "softmax"))
    model.save(tmp_path / "ours.keras")
    theirs = keras.models.load_model(tmp_path / "ours.keras")
    np.testing.assert_allclose(theirs.predict(X, verbose=0), model.predict(X), atol=1e-6)
    y = RNG.integers(0, 3, 40)
    theirs.compile("adam", "sparse_categorical_crossentropy", metrics=["acc"])
    assert theirs.evaluate(X, y, verbose=0)[0] == pytest.approx(model.evaluate(X, y)[0], rel=1e-5)
    theirs.fit(X, y, epochs=1, verbose=0)
    theirs.save(tmp_path / "theirs.keras")
    back = Sequential.load(tmp_path / "theirs.keras")
    np.testing.assert_allclose(back.predict(X), theirs.predict(X, verbose=0), atol=1e-6)
    assert [type(layer).__name__ for layer in back.layers] == ["Dense", "Dropout", "Dense", "Dense"]
    assert back.evaluate(X, y)[0] == pytest.approx(theirs.evaluate(X, y, verbose=0)[0], rel=1e-4)
    theirs.save_weights(tmp_path / "theirs.weights.h5")
    model.load_weights(tmp_path / "theirs.weights.h5")
    np.testing.assert_allclose(model.predict(X), back.predict(X), atol=1e-7)
    model.save_weights(tmp_path / "ours.weights.h5")
    fresh = keras.models.load_model(tmp_path / "ours.keras")
    fresh.load_weights(tmp_path / "ours.weights.h5")
    np.testing.assert_allclose(fresh.predict(X, verbose=0), back.predict(X), atol=1e-6)


def test_a_keras_file_that_cannot_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("h5py")

    import h5py

    def packed(config: Any, name: str = "odd.keras", weights: bytes = b"") -> Path:
        with zipfile.ZipFile(tmp_path / name, "w") as file:
            file.writestr("config.json", config if isinstance(config, str) else json.dumps(config))
            file.writestr("model.weights.h5", weights)
        return tmp_path / name

    net().save(tmp_path / "whole.keras")
    with zipfile.ZipFile(tmp_path / "whole.keras") as file:
        config, inside = file.read("config.json").decode(), file.read("model.weights.h5")
    for gone in ("layers/dense_1/vars/1", "layers/dense_2", "layers"):
        less = io.BytesIO(inside)
        with h5py.File(less, "a") as weights:
            del weights[gone]
        with pytest.raises(InvalidInput) as told:
            Sequential.load(packed(config, weights=less.getvalue()))
        assert told.value.code == ("file_damaged" if gone == "layers" else "model_incomplete")
        assert gone == "layers" or gone.removeprefix("layers/") in told.value.values["missing"]
    with pytest.raises(InvalidInput, match="model.weights.h5 of odd.keras is cut off"):
        Sequential.load(packed(config, weights=inside[:300]))

    conv = {"class_name": "Sequential", "config": {"layers": [{"class_name": "Conv2D", "config": {}}]}}
    with pytest.raises(InvalidInput, match="Conv2D"):
        Sequential.load(packed(conv))
    for wrong in ("no json", "[]", "{}", json.dumps(conv)[:40]):
        with pytest.raises(InvalidInput) as told:
            Sequential.load(packed(wrong))
        assert told.value.code == "bad_file"
    with pytest.raises(InvalidInput, match="load_weights"):
        Sequential.load(tmp_path / "a.weights.h5")
    with pytest.raises(InvalidInput, match="older format"):
        Sequential.load(tmp_path / "a.h5")
    with pytest.raises(InvalidInput):
        Sequential.load(tmp_path / "missing.keras")
    (tmp_path / "plain.weights.h5").write_text("nothing")
    with pytest.raises(InvalidInput):
        net().load_weights(tmp_path / "plain.weights.h5")
    other = Sequential([Dense(2, input_shape=7)])
    other.save_weights(tmp_path / "other.weights.h5")
    with pytest.raises(InvalidInput, match="shape"):
        net().load_weights(tmp_path / "other.weights.h5")
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    with pytest.raises(Unavailable, match="pip install h5py"):
        net().save(tmp_path / "a.keras")


@pytest.mark.parametrize("activation", ["linear", "relu", "sigmoid", "tanh", "leaky_relu", "elu", "gelu", "silu"])
def test_an_onnx_file_says_the_same(activation: str, tmp_path: Path) -> None:
    runtime, _ = pytest.importorskip("onnxruntime"), pytest.importorskip("onnx")
    model = Sequential([Dense(5, activation, input_shape=3), Dense(3, "softmax")], seed=2)
    model.export(tmp_path / "net.onnx")
    session = runtime.InferenceSession(str(tmp_path / "net.onnx"))
    for rows in (1, 40):
        (said,) = session.run(["y"], {"x": X[:rows].astype(np.float32)})
        np.testing.assert_allclose(said, model.predict(X[:rows]), atol=1e-5)


def test_a_dropout_may_follow_the_layer_that_knows_its_inputs() -> None:
    """Keras' usual first two layers were refused: the model was built when only the Dropout stood behind."""
    model = Sequential([Dense(2, input_shape=3), Dropout(0.5)])
    with pytest.raises(InvalidInput, match="Put it between"):
        model.build((3,))
    model.add(Dense(1))
    assert model.count_params() == 11


def test_a_fitted_model_is_pickled_with_its_words() -> None:
    model = net("sparse_categorical_crossentropy", (2, "softmax"))
    model.fit(X, ["cat" if row[0] > 0 else "dog" for row in X], epochs=3)
    back = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(back.predict(X), model.predict(X))
    assert back.classes == ("cat", "dog")
    assert len(back.fit(X, ["cat"] * 20 + ["dog"] * 20, epochs=2).history["loss"]) == 2


def test_batches_are_learnt_from_as_arrays_are() -> None:
    y = X @ [1.0, -2.0, 0.5]
    a, b = net(), net()
    loader = DataLoader(TensorDataset(torch.tensor(X), torch.tensor(y)), batch_size=8)
    one = a.fit(loader, epochs=3).history["loss"]
    assert one == b.fit(X, y, batch_size=8, epochs=3).history["loss"]
    c = net()
    assert one == c.fit([(X[i : i + 8], y[i : i + 8]) for i in range(0, 40, 8)], epochs=3).history["loss"]
    assert a.evaluate(loader) == b.evaluate(X, y)
    for wrong in (X, [], "rows", [X, y], 5, [(X, y[:3])]):
        with pytest.raises(InvalidInput):
            net().fit(wrong)


def test_scores_are_those_of_scikit_learn() -> None:
    y = X @ [1.0, -2.0, 0.5]
    model = net()
    model.fit(X, y, epochs=20)
    assert model.score(X, y) == pytest.approx(r2_score(y, model.predict(X)[:, 0]))
    labels = np.where(y > 0, "up", "down")
    words = net("sparse_categorical_crossentropy", (2, "softmax"))
    words.fit(X, labels, epochs=20)
    said = np.array(words.classes)[words.predict(X).argmax(1)]
    assert words.score(X, labels) == pytest.approx(accuracy_score(labels, said))
    one = net("binary_crossentropy", (1, "sigmoid"))
    one.fit(X, y > 0, epochs=20)
    assert one.score(X, y > 0) == pytest.approx(accuracy_score(y > 0, one.predict(X)[:, 0] > 0.5))
    assert one.get_params()["seed"] == 1


def test_a_history_is_a_picture_and_a_notebook_shows_tables() -> None:
    model = net()
    run = model.fit(X, X[:, 0], epochs=4, validation_split=0.25)
    drawn = ElementTree.fromstring(run.plot().svg)
    lines = drawn.findall("{*}polyline")
    assert len(lines) == 2 and all(len(line.attrib["points"].split()) == 4 for line in lines)
    (points,) = [
        line.attrib["points"].split() for line in ElementTree.fromstring(run.plot("mse").svg).findall("{*}polyline")
    ]
    heights = [float(point.split(",")[1]) for point in points]
    assert np.argsort(heights).tolist() == np.argsort(np.negative(run.history["mse"])).tolist(), "up is more"
    with pytest.raises(InvalidInput, match="accuracy"):
        run.plot("accuracy")
    assert "dense_1" in model._repr_html_() and "polyline" in run._repr_html_()


def test_a_plot_of_nothing_is_told(tmp_path: Path) -> None:
    from core.training.plot import curves

    with pytest.raises(InvalidInput, match="Train first"):
        curves({"loss": [float("nan")]})
    place = curves({"a<b": [1.0, float("inf"), 2.0]}).save(tmp_path / "a.svg")
    assert "a&lt;b" in place.read_text("utf-8")


def test_folders_are_made_and_a_name_of_another_kind_is_refused(tmp_path: Path) -> None:
    model, history = net(), History({"loss": [1.0, 0.5]}, [0, 1], 2, 0.5)
    for write, name in (
        (model.save, "net.safetensors"),
        (model.save, "net.keras"),
        (model.save_weights, "net.weights.h5"),
        (model.export, "net.onnx"),
        (history.plot().save, "loss.svg"),
    ):
        write(tmp_path / name / "deep" / name)
        assert (tmp_path / name / "deep" / name).stat().st_size
        with pytest.raises(InvalidInput, match="must end in"):
            write(tmp_path / "net.pt")
        with pytest.raises(InvalidInput, match="name of a file"):
            write(None)
        with pytest.raises(InvalidInput, match="is a folder"):
            write(tmp_path / name / "deep")
        with pytest.raises(Unavailable, match="cannot be written"):
            write(tmp_path / name / "deep" / name / name)  # a file where a folder would have to be
    again = Sequential.load(tmp_path / "net.keras/deep/net.keras")
    np.testing.assert_allclose(again.predict(X), model.predict(X), rtol=1e-4)
    for gone, words in ((tmp_path / "no.keras", "There is no file"), (tmp_path, "is a folder"), (5, "name of a file")):
        with pytest.raises(InvalidInput, match=words):
            Sequential.load(gone)


def test_a_model_without_weights_is_copied() -> None:
    blank = pickle.loads(pickle.dumps(Sequential([Dense(2, "relu"), Dense(1)], seed=3)))
    assert blank.seed == 3 and [layer.units for layer in blank.layers] == [2, 1]
    with pytest.raises(CoreError, match="no weights yet"):
        blank.predict(X)
