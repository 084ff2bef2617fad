"""The program a RunSpec stands for, written out: for Keras, and for this library (the same verbs, with a seed).

Small tables are written into the program; larger ones are read from ``data.csv``, which is ``Data.table``.
Where Keras measures something else under the same name, its program says what this library does: see ``_loss``, ``_metrics``.
Left out: plain PyTorch with the same numbers (core/mlp/script.py).
Source: Keras 3, guide "The Sequential model".
"""

from __future__ import annotations

from core.lessons.sequential.data import Data, load
from core.lessons.sequential.spec import LayerSpec, RunSpec
from core.mlp.named_optimizers import OPTIMIZERS

MOST_LITERAL = 20  # rows written into the program
SPARSE = "sparse_categorical_crossentropy"
CLIPPED = (
    "# raw inputs drive probabilities below 1e-7: there Keras clips, loss and slope, and its numbers leave the lesson's"
)
_CLASSES = {"sgd": "SGD", "rmsprop": "RMSprop", "adagrad": "Adagrad", "adam": "Adam", "adamw": "AdamW"}


def code(spec: RunSpec, library: str = "core") -> str:
    """A program that loads, standardises, builds, compiles, fits and evaluates as the spec says.

    >>> print(code(RunSpec(epochs=3)).splitlines()[-1])
    print(model.evaluate(x[:train], y[:train]))
    """
    data = load(spec)
    keras = library == "keras"
    parts = [_imports(spec, keras), _data(data), *_standardise(spec, data)]
    if spec.layers[-1].units > 1 and data.classes and _loss(spec, keras) != SPARSE:
        parts.append(f"y = np.eye({len(data.classes)})[y.astype(int)]")
    elif keras and "f1_score" in spec.metrics:
        parts.append("y = y[:, None]")
    parts += ["", *_model(spec, data.x.shape[1], keras), *_fit(spec, data, keras)]
    quiet = ", verbose=0" if keras else ""
    ends = ['print(history.history["loss"][-1])', f"print(model.evaluate(x[:train], y[:train]{quiet}))", ""]
    return "\n".join([*parts, *ends])


def verbs(spec: RunSpec, library: str = "keras") -> str:
    """Only the model, compile and fit of that program: what the spec says in Keras' verbs.

    >>> print(verbs(RunSpec(epochs=3)).splitlines()[2])
    model.add(Dense(1))
    """
    data, keras = load(spec), library == "keras"
    return "\n".join([*_model(spec, data.x.shape[1], keras), *_fit(spec, data, keras)])


def _imports(spec: RunSpec, keras: bool) -> str:
    layers = ["Dense", *(["Dropout"] if any(layer.kind == "dropout" for layer in spec.layers) else [])]
    if not keras:
        return f"import numpy as np\n\nfrom core import {', '.join([*layers, 'Sequential'])}\n"
    lines = ["import numpy as np", "from keras import Input, Sequential, utils"]
    lines += ["from keras.callbacks import EarlyStopping"] if spec.patience else []
    lines += [f"from keras.layers import {', '.join(layers)}"]
    lines += ["from keras.metrics import F1Score"] if "f1_score" in spec.metrics else []
    lines += [
        f"from keras.optimizers import {_CLASSES[OPTIMIZERS[spec.optimizer][0]]}",
        "",
        f"utils.set_random_seed({spec.seed})",
        "",
    ]
    return "\n".join(lines)


def _data(data: Data) -> str:
    read = 'table = np.loadtxt("data.csv", delimiter=",", skiprows=1)'
    if len(data.x) <= MOST_LITERAL:
        rows = ", ".join(
            f"[{', '.join(map(repr, [*x, y]))}]" for x, y in zip(data.x.tolist(), data.y.tolist(), strict=True)
        )
        read = f"table = np.array([{rows}])"
    return f"{read}  # {', '.join(data.names)}\nx, y = table[:, :-1], table[:, -1]\ntrain = {data.training}"


def _standardise(spec: RunSpec, data: Data) -> list[str]:
    """A column whose training rows are all alike is only shifted."""
    x, y = data.x[: data.training], data.y[: data.training]
    spread = "x[:train].std(axis=0)"
    lines = [f"spread = {spread}", "spread[spread == 0] = 1"] if not x.std(axis=0).all() else []
    lines.append(f"x = (x - x[:train].mean(axis=0)) / {'spread' if lines else spread}")
    if data.task == "regression":
        lines.append("y = y - y[:train].mean()" if not y.std() else "y = (y - y[:train].mean()) / y[:train].std()")
    return lines if spec.standardise else []


def _loss(spec: RunSpec, keras: bool) -> str:
    """Keras' other metrics want targets of the outputs' shape: one-hot rows, and so the loss that takes them."""
    if keras and spec.loss == SPARSE and set(spec.metrics) - {"acc", "accuracy"}:
        return "categorical_crossentropy"
    return spec.loss


def _metrics(spec: RunSpec, keras: bool) -> str:
    """Keras' bare "f1_score" takes every row as positive for one output, and gives one number a class for several."""
    one = ", threshold=0.5" if spec.layers[-1].units == 1 else ""
    f1 = f'F1Score(average="macro"{one})'
    names = [f1 if keras and name == "f1_score" else f'"{name}"' for name in spec.metrics]
    return f"[{', '.join(names)}]"


def _model(spec: RunSpec, features: int, keras: bool) -> list[str]:
    first = ["model = Sequential()", f"model.add(Input(shape=({features},)))"]
    lines = first if keras else [f"model = Sequential(seed={spec.seed})"]
    for i, layer in enumerate(spec.layers):
        lines.append(f"model.add({_layer(layer, None if keras or i else features)})")
    name, settings = OPTIMIZERS[spec.optimizer]
    rate = {} if spec.learning_rate is None else {"learning_rate": spec.learning_rate}
    options = ", ".join(f"{key}={value!r}" for key, value in (rate | settings).items())
    optimizer = f"optimizer={_CLASSES[name]}({options})" if keras else f'optimizer="{name}"'
    ends = [optimizer, f'loss="{_loss(spec, keras)}"', f"metrics={_metrics(spec, keras)}"]
    ends += [options] if options and not keras else []
    lines += [CLIPPED] if keras and "crossentropy" in spec.loss and not spec.standardise else []
    return [*lines, f"model.compile({', '.join(ends)})", "model.summary()" if keras else "print(model.summary())"]


def _layer(layer: LayerSpec, features: int | None) -> str:
    if layer.kind == "dropout":
        return f"Dropout({layer.rate})"
    activation = "" if layer.activation == "linear" else f', activation="{layer.activation}"'
    shape = "" if features is None else f", input_shape=[{features}]"
    return f"Dense({int(layer.units)}{activation}{shape})"


def _fit(spec: RunSpec, data: Data, keras: bool) -> list[str]:
    held_out = data.training < len(data.x)
    options = [f"epochs={int(spec.epochs)}", f"batch_size={int(spec.batch_size)}"]
    options += ["validation_data=(x[train:], y[train:])"] if held_out else []
    options += [] if spec.shuffle else ["shuffle=False"]
    if spec.patience and keras:
        watched = "val_loss" if held_out else "loss"
        options.append(f'callbacks=[EarlyStopping("{watched}", patience={int(spec.patience)})]')
    elif spec.patience:
        options.append(f"patience={int(spec.patience)}")
    return [f"history = model.fit(x[:train], y[:train], {', '.join([*options, 'verbose=0'])})"]
