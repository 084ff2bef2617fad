"""What Keras' users write, run with this library and with real Keras: equal numbers, a sentence, or a fault.

Every habit is one line of code, run twice with the names of Keras' guide (Sequential, Dense, Input, EarlyStopping …) meaning
ours and Keras', from equal weights and in equal order; what it leaves in ``r`` is compared to three digits (Keras computes in
float32; the order of a history's keys is left out: Keras' is that of the alphabet, ours that of ``evaluate``). Printed is a line a habit and a count; the exit status is 1 if ours raised anything but its own sentence, or gave
other numbers. Without Keras ours alone is run (tests/library/mlp/test_habits.py does that). Left out: what needs TensorFlow.
Usage: python -m benchmarks.keras_habits [--only WORD]
"""

# ruff: noqa: E501 (a habit is a line)

from __future__ import annotations

import argparse
import contextlib
import copy
import io
import os
import pickle
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "torch")

import numpy as np
import pandas as pd
import torch
from torch.utils.data import DataLoader, TensorDataset

import core
from core.errors import CoreError

HABITS = """
m = net(); r = m.evaluate(X, Y, verbose=0)
m = bare(); m.compile("adam", "mse"); r = m.evaluate(X, Y, verbose=0)
m = bare(); m.compile("Adam", "MSE"); r = m.evaluate(X, Y, verbose=0)
m = bare(); m.compile(optimizer="sgd", loss="MeanSquaredError", metrics=["mae"]); r = m.fit(X, Y, shuffle=False, verbose=0).history
m = bare(); m.compile(loss="mean_absolute_error", optimizer="RMSprop"); r = m.fit(X, Y, shuffle=False, verbose=0).history
m = bare(); m.compile("adagrad", "binary_crossentropy", metrics=["acc"]); r = m.fit(X, Y, shuffle=False, verbose=0).history
m = bare(); m.compile("adamw", "binary_crossentropy", metrics=["accuracy"]); r = m.fit(X, Y, epochs=3, shuffle=False, verbose=0).history
m = bare(); m.compile(); r = None
m = bare(); m.compile("adam", "mse", metrics=None); r = m.evaluate(X, Y, verbose=0)
m = bare(); m.compile("adam", "mse", metrics="mae")
m = bare(); m.compile("adam", None)
m = bare(); m.compile("adam", "mse", lr=0.1)
m = bare(); m.compile("adam", "mse", run_eagerly=True)
m = bare(); m.compile("adam", "mse", jit_compile=False)
m = bare(); m.compile("adam", "mse", loss_weights=[1])
m = bare(); m.compile("adam", "mse", weighted_metrics=["acc"])
m = bare(); m.compile("adam", lambda a, b: 0)
m = bare(); m.compile("adam", ["mse"])
m = bare(); m.compile("adam", {"out": "mse"})
m = bare(); m.compile("adam", "mse", metrics={"out": "acc"})
m = bare(); m.compile("adam", "mse", metrics=[lambda a, b: 0])
m = bare(); m.compile("nadam", "mse")
m = bare(); m.compile("adam", "hinge")
m = bare(); m.compile("adam", "mse", metrics=["auc"])
m = net(); r = m.fit(X, Y, 10, 3, shuffle=False, verbose=0).history
m = net(); r = m.fit(X, Y, 7, shuffle=False, verbose=0).history
m = net(); r = m.fit(x=X, y=Y, batch_size=40, epochs=2, shuffle=False, verbose=0).history
m = net(); r = m.fit(X.tolist(), Y.ravel().tolist(), shuffle=False, verbose=0).history if MINE else m.fit(X, Y, shuffle=False, verbose=0).history
m = net(); r = m.fit(X, Y.ravel(), shuffle=False, verbose=0).history
m = net(); r = m.fit(X, Y > 0, shuffle=False, verbose=0).history
m = net(); r = m.fit(X.astype("float32"), Y.astype("int32"), shuffle=False, verbose=0).history
m = net(); r = m.fit(torch.tensor(X), torch.tensor(Y), shuffle=False, verbose=0).history
m = net(); r = m.fit(pd.DataFrame(X), pd.Series(Y.ravel()), shuffle=False, verbose=0).history
m = net(); r = m.fit(pd.DataFrame(X, columns=["키", "몸무게"]), pd.DataFrame(Y), shuffle=False, verbose=0).history
m = net(); r = m.fit(X, Y, validation_split=0.2, shuffle=False, verbose=0).history
m = net(); r = m.fit(X, Y, validation_split=0.33, epochs=2, shuffle=False, verbose=0).history
m = net(); r = m.fit(X, Y, validation_data=(X[:9], Y[:9]), shuffle=False, verbose=0).history
m = net(); r = m.fit(X, Y, validation_data=(X[:9], Y[:9], S[:9]), shuffle=False, verbose=0).history
m = net(); r = m.fit(X, Y, validation_data=None, shuffle=False, verbose=0).history
m = net(); r = m.fit(X, Y, class_weight={0: 1.0, 1: 3.0}, shuffle=False, verbose=0).history
m = net(); r = m.fit(X, Y, class_weight={0: 2.0}, shuffle=False, verbose=0).history
m = net(); r = m.fit(X, Y, sample_weight=S, shuffle=False, verbose=0).history
m = net(); r = m.fit(X, Y, sample_weight=S, validation_split=0.25, shuffle=False, verbose=0).history
m = net(); r = m.evaluate(X, Y, sample_weight=S, verbose=0)
m = net(); r = m.evaluate(X, Y, batch_size=7, verbose=0)
m = net(); r = m.evaluate(X, Y, verbose=0, return_dict=True)
m = net(3, "softmax", "sparse_categorical_crossentropy"); r = m.fit(X, C, epochs=2, shuffle=False, verbose=0).history
m = net(3, "softmax", "sparse_categorical_crossentropy"); r = m.fit(X, C[:, None], shuffle=False, verbose=0).history
m = net(3, "softmax", "sparse_categorical_crossentropy"); r = m.fit(X, C, class_weight={0: 1, 1: 2, 2: 3}, shuffle=False, verbose=0).history
m = net(3, "softmax", "categorical_crossentropy"); r = m.fit(X, np.eye(3)[C], epochs=2, shuffle=False, verbose=0).history
m = net(3, "softmax", "categorical_crossentropy"); r = m.fit(X, np.eye(3)[C], class_weight={1: 2.0}, shuffle=False, verbose=0).history
m = net(3, "softmax", "categorical_crossentropy"); m.fit(X, C, verbose=0)
m = net(3, "softmax", "sparse_categorical_crossentropy"); m.fit(X, np.eye(3)[C], verbose=0)
m = net(3, "softmax", "sparse_categorical_crossentropy"); m.fit(X, C + 1, verbose=0)
m = net(2, None, "mse"); r = m.fit(X, np.hstack([Y, X[:, 1:]]), epochs=2, shuffle=False, verbose=0).history
m = net(2, None, "mse"); m.fit(X, Y.ravel(), verbose=0)
m = net(); m.fit(X, np.where(Y.ravel() > 0, "yes", "no"), verbose=0)
m = net(); m.fit(X, Y, epochs=0, verbose=0)
m = net(); m.fit(X, Y, epochs="10", verbose=0)
m = net(); m.fit(X, Y, batch_size=0, verbose=0)
m = net(); m.fit(X, Y, batch_size=-1, verbose=0)
m = net(); m.fit(X, Y, validation_split=1.5, verbose=0)
m = net(); m.fit(X, Y, nb_epoch=3)
m = net(); m.fit(X, Y, steps_per_epoch=2, verbose=0)
m = net(); m.fit(X, Y, initial_epoch=1, epochs=3, verbose=0)
m = net(); m.fit(X, Y, validation_freq=2, verbose=0)
m = net(); m.fit(X, Y, validation_batch_size=8, verbose=0)
m = net(); m.fit(X, Y, workers=2)
m = net(); m.fit(X, Y, verbose=2)
m = net(); m.fit(X, Y, verbose="auto")
m = net(); m.fit(X)
m = net(); m.fit([X], [Y])
m = net(); m.fit({"a": X}, Y)
m = net(); m.fit(X, "y")
m = net(); m.fit(X[:0], Y[:0])
m = net(); m.fit(X, np.ones(41))
m = net(); m.fit(X[:, :1], Y)
m = net(); m.fit(None, None)
m = net(); m.fit([[1], [2, 3]], [0, 1])
m = net(); m.fit(X * np.nan, Y, verbose=0)
m = net(); m.fit(X, Y, class_weight="balanced")
m = net(); m.fit(X, Y, class_weight=[1, 2])
m = net(); m.fit(X, Y, sample_weight=S[:3])
m = net(); m.fit(X, Y, validation_data=X)
m = net(); m.fit(X, Y, validation_data=5)
m = net(); m.fit(X, Y, callbacks=["early"])
m = net(); m.fit(X, Y, callbacks=[EarlyStopping])
m = net(); r = m.fit(X, Y, epochs=9, validation_split=0.2, callbacks=[EarlyStopping(patience=1, min_delta=0.1)], shuffle=False, verbose=0).history
m = net(); r = m.fit(X, Y, epochs=9, callbacks=EarlyStopping(monitor="loss", patience=0, min_delta=1), shuffle=False, verbose=0).history
m = net(); m.fit(X, Y, epochs=4, validation_split=0.2, callbacks=[EarlyStopping(restore_best_weights=True)], shuffle=False, verbose=0); r = m.predict(X, verbose=0)
m = net(); m.fit(DataLoader(TensorDataset(T, torch.tensor(Y)), batch_size=8), verbose=0)
m = net(); m.fit(X, Y, validation_data=DataLoader(TensorDataset(T, torch.tensor(Y)), batch_size=8), verbose=0)
m = net(); m.fit((x for x in [(X, Y)]), verbose=0)
m = net(); r = m.evaluate(DataLoader(TensorDataset(T, torch.tensor(Y)), batch_size=8), verbose=0)
m = net(); r = m.predict(DataLoader(TensorDataset(T, torch.tensor(Y)), batch_size=8), verbose=0)
m = net(); r = m.predict((b for b in [X[:8], X[8:]]), verbose=0)
m = net(); r = m.predict(X, batch_size=7, verbose=0)
m = net(); r = m.predict(pd.DataFrame(X), verbose=0)
m = net(); r = np.asarray(m(X) if MINE else m(X).detach())
m = net(); r = m.predict(X[:1], verbose=0)
m = net(); r = m.predict(np.array([[1.0, 2.0]]), verbose=0)
m = net(); m.predict([0.1, 0.2])
m = net(); m.predict(X[:, :1])
m = net(); m.predict("x")
m = net(); m.predict(None)
m = net(); m.predict(X, steps=1)
m = net(); m.predict_classes(X)
m = net(); m.predict_proba(X)
m = net(); m.predict_on_batch(X)
m = net(); m.train_on_batch(X, Y)
m = net(); m.test_on_batch(X, Y)
m = net(); m.fit_generator([(X, Y)])
m = net(); m.evaluate(X)
m = net(); m.evaluate(X, Y, callbacks=[])
m = net(); m.pop()
m = net(); m.get_layer("dense")
m = net(); m.layers[0].get_weights()
m = net(); m.layers[0].kernel
m = net(); m.layers[0].name
m = net(); m.layers[0].trainable = False
m = net(); m.trainable = False
m = net(); m.weights
m = net(); m.trainable_weights
m = net(); m.optimizer.learning_rate
m = net(); m.optimizer.learning_rate = 0.1
m = net(); m.loss
m = net(); m.metrics_names
m = net(); m.input_shape
m = net(); m.output_shape
m = net(); m.inputs
m = net(); m.name
m = net(); m.history
m = net(); m.get_config()
m = net(); m.to_json()
m = net(); r = m.count_params()
m = net(); r = [w.shape for w in m.get_weights()]
m = net(); r = len(m.layers)
m = net(); m.summary()
m = net(); m.summary(line_length=80)
m = net(); m.set_weights([1, 2])
m = net(); m.set_weights(None)
m = net(); r = copy.deepcopy(m).predict(X, verbose=0)
m = net(); r = pickle.loads(pickle.dumps(m)).predict(X, verbose=0)
m = net(); m.save(F + "/a.keras"); r = load(F + "/a.keras").predict(X, verbose=0)
m = net(); m.save(F + "/new/folder/a.keras")
m = net(); m.save(F + "/a.h5")
m = net(); m.save(F + "/a")
m = net(); m.save(F)
m = net(); m.save(None)
m = net(); m.save_weights(F + "/a.weights.h5"); n = net(); n.load_weights(F + "/a.weights.h5"); r = n.predict(X, verbose=0)
m = net(); m.save_weights(F + "/new/a.weights.h5")
m = net(); m.save_weights(F + "/a.h5")
m = net(); m.load_weights(F + "/nothing.weights.h5")
load(F + "/nothing.keras")
m = net(); m.export(F + "/new/a.onnx")
m = Sequential([Dense(1)]); m.build((None, 2)); r = m.count_params()
m = Sequential([Dense(1)]); m.build(2)
m = Sequential([Dense(1)]); m.build(None)
m = Sequential([Dense(1)]); m.build()
m = Sequential([Dense(1)]); m.summary()
m = Sequential([Dense(1)]); m.predict(X)
m = Sequential([Dense(1)]); m.fit(X, Y)
m = Sequential([Dense(1)]); m.evaluate(X, Y)
m = Sequential(); m.add(Input(shape=(2,))); m.add(Dense(3, activation="relu")); m.add(Dense(1)); r = m.count_params()
m = Sequential([Input((2,)), Dense(4), Dropout(0.5), Dense(1)]); r = m.count_params()
m = Sequential([Input(2), Dense(4)])
m = Sequential([Dense(4, input_dim=2), Dense(1)]); r = m.count_params()
m = Sequential([Dense(4, input_shape=(2,)), Dense(1)]); r = m.count_params()
m = Sequential([Dense(4, input_shape=[2]), Dense(1)]); r = m.count_params()
m = Sequential([Dense(4, input_shape=(2)), Dense(1)])
m = Sequential((Dense(1),))
m = Sequential([Dense(1)], name="mine")
m = Sequential(None)
m = Sequential(Dense(1), Dense(1))
m = Sequential([Sequential([Dense(1)]), Dense(1)])
m = Sequential(); m.add("dense")
m = Sequential(); m.add([Dense(1)])
Dense(3, name="a")
Dense(3, use_bias=False)
Dense(3, kernel_initializer="he_normal")
Dense(3, kernel_regularizer="l2")
Dense(3, activation=np.tanh)
Dense(3, "ReLU")
Dense(3, activation="swish")
Dense(3, activation="softplus")
Dense(0)
Dense("3")
Dense()
Dense(3)(X)
Dropout(0.1, seed=3)
Dropout(1)
Dropout(-0.1)
m = net(); r = m.fit(X, Y, epochs=2, verbose=0); r["loss"]
m = net(); r = m.fit(X, Y, epochs=2, verbose=0); r = sorted(r.history)
m = net(); r = m.fit(X, Y, epochs=2, verbose=0); r = r.epoch
m = net(); r = m.fit(X, Y, epochs=2, verbose=0); r.params
m = net(); r = m.fit(X, Y, epochs=2, verbose=0); r.model
m = net(); r = m.fit(X, Y, epochs=2, validation_split=0.2, shuffle=False, verbose=0); r = pd.DataFrame(r.history)[["loss", "val_loss"]]
m = net(); m.fit(X, Y, shuffle=False, verbose=0); m.fit(X, Y, shuffle=False, verbose=0); r = m.evaluate(X, Y, verbose=0)
m = net(); m.fit(X, Y, shuffle=False, verbose=0); m.compile("sgd", "mse", metrics=["accuracy"]); r = m.fit(X, Y, shuffle=False, verbose=0).history
""".strip().splitlines()
GOOD = ("equal", "works", "told", "both refuse", "ours alone")
RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 2))
DATA: dict[str, Any] = {
    "X": X, "Y": (X[:, :1] > 0) * 1.0, "C": RNG.integers(0, 3, 40), "S": RNG.uniform(0.2, 2, 40), "T": torch.tensor(X),
    "np": np, "pd": pd, "torch": torch, "copy": copy, "pickle": pickle, "DataLoader": DataLoader, "TensorDataset": TensorDataset,
}  # fmt: skip


def names(theirs: Any) -> dict[str, Any]:
    """What the names of Keras' guide mean: in core, or in ``theirs``, the package keras."""
    if theirs is None:
        kinds: dict[str, Any] = {name: getattr(core, name) for name in ("Sequential", "Dense", "Dropout", "Input")}
        kinds |= {"EarlyStopping": core.EarlyStopping, "load": core.Sequential.load}
    else:
        kinds = {"Sequential": theirs.Sequential, "Dense": theirs.layers.Dense, "Dropout": theirs.layers.Dropout}
        kinds |= {"Input": theirs.Input, "EarlyStopping": theirs.callbacks.EarlyStopping}
        kinds |= {"load": theirs.models.load_model}

    def bare(outputs: int = 1, last: str | None = "sigmoid") -> Any:
        layers = [
            kinds["Input"](shape=(2,)),
            kinds["Dense"](4, activation="tanh"),
            kinds["Dense"](outputs, activation=last),
        ]
        model = kinds["Sequential"](layers)
        rng = np.random.default_rng(1)
        model.set_weights([rng.normal(size=weights.shape) for weights in model.get_weights()])
        return model

    def net(outputs: int = 1, last: str | None = "sigmoid", loss: str = "binary_crossentropy") -> Any:
        model = bare(outputs, last)
        model.compile(optimizer="adam", loss=loss, metrics=["mse" if loss == "mse" else "accuracy"])
        return model

    return DATA | kinds | {"net": net, "bare": bare, "MINE": theirs is None}


def run(code: str, theirs: Any = None) -> tuple[str, Any]:
    """("ok", what it left in r), ("told", a sentence) or ("raw", the error)."""
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        place = names(theirs) | {"F": folder, "r": None}
        try:
            exec(code, place)
        except CoreError as error:
            return "told", str(error)
        except Exception as error:
            return "raw", f"{type(error).__name__}: {error}"
        return "ok", place["r"]


def alike(mine: Any, theirs: Any) -> bool:
    if isinstance(theirs, dict):
        return set(mine) == set(theirs) and all(alike(mine[name], theirs[name]) for name in theirs)
    try:
        one, two = np.asarray(mine, float), np.asarray(theirs, float)
    except (TypeError, ValueError):
        return bool(mine == theirs)
    return one.shape == two.shape and np.allclose(one, two, rtol=1e-3, atol=1e-5, equal_nan=True)


def judged(mine: tuple[str, Any], theirs: tuple[str, Any]) -> str:
    """One word for what ours did beside Keras."""
    (kind, found), (other, wanted) = mine, theirs
    if kind == "raw":
        return "RAW"
    if kind == "told":
        return "told" if other == "ok" else "both refuse"
    if other != "ok":
        return "ours alone"
    if wanted is None or found is None:
        return "works"
    return "equal" if alike(found, wanted) else "DIFFERENT"


def all_of(only: str = "") -> Iterator[str]:
    return (code for code in HABITS if only in code)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    try:
        import keras
    except ImportError:
        keras = None
        print("Keras is not installed: ours alone")
    counts: Counter[str] = Counter()
    for code in all_of(options.only):
        mine = run(code)
        theirs = run(code, keras) if keras is not None else ("ok", None)
        word = judged(mine, theirs)
        counts[word] += 1
        said = "" if word in ("equal", "works") else f"\n             ours: {str(mine[1])[:200]!r}"
        said += f"\n             Keras: {str(theirs[1])[:200]!r}" if word in ("DIFFERENT", "ours alone") else ""
        print(f"{word:12} {code}{said}", flush=True)
    print(", ".join(f"{number} {word}" for word, number in counts.most_common()))
    return int(any(word not in GOOD for word in counts))


if __name__ == "__main__":
    sys.exit(main())
