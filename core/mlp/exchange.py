"""A Sequential in and out of files and other programs: safetensors, Keras' files, ONNX, pickle, scikit-learn's verbs.

What travels is layers, weights, classes and compile settings; the optimiser's memory and the record of the run stay behind,
so a model that comes back trains on with a fresh optimiser. Left out: the formats themselves (saving, keras_files).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from core.errors import CoreError, InvalidInput, Unavailable
from core.files import places
from core.mlp import keras_files, saving
from core.mlp.estimator import Estimator
from core.mlp.layers import Dense, Dropout
from core.mlp.numpy_engine import Array
from core.mlp.record import Compiled, Summary

OPSET = 20  # of ONNX: the first with Gelu
_ONNX: dict[str, tuple[str, dict[str, Any]]] = {
    "relu": ("Relu", {}),
    "sigmoid": ("Sigmoid", {}),
    "tanh": ("Tanh", {}),
    "softmax": ("Softmax", {"axis": 1}),
    "leaky_relu": ("LeakyRelu", {"alpha": 0.2}),
    "elu": ("Elu", {"alpha": 1.0}),
    "gelu": ("Gelu", {"approximate": "none"}),
}


class Exchange(Estimator):
    """The part of Sequential that writes and reads; the attributes are its own."""

    layers: list[Dense | Dropout]
    classes: tuple[str, ...]
    seed: int
    dtype: str
    _compiled: Compiled | None
    _module: Any
    get_weights: Callable[[], list[Array]]
    set_weights: Callable[[Sequence[ArrayLike]], None]
    predict: Callable[..., Array]
    summary: Callable[[], Summary]

    def about(self) -> dict[str, Any]:
        """All but the weights, as JSON holds it."""
        inputs = len(self.get_weights()[0]) if self._module is not None else 0  # 0: it has no weights yet
        found: dict[str, Any] = {
            "layers": [{"kind": type(layer).__name__, **asdict(layer)} for layer in self.layers],
            "inputs": inputs,
            "seed": self.seed,
            "dtype": self.dtype,
        }
        if self.classes:
            found["classes"] = list(self.classes)
        if self._compiled is not None:
            found["compile"] = self._compiled.settings
        return found

    @classmethod
    def made(cls, weights: Sequence[ArrayLike], about: dict[str, Any]) -> Self:
        """A model of what ``about`` and ``get_weights`` gave. Raises KeyError, TypeError or CoreError for anything else."""
        kinds: dict[str, Any] = {"Dense": Dense, "Dropout": Dropout}
        layers = [kinds[layer["kind"]](**{k: v for k, v in layer.items() if k != "kind"}) for layer in about["layers"]]
        model: Any = cls(layers, seed=about["seed"], dtype=about["dtype"])  # type: ignore[call-arg]
        if about["inputs"]:  # else it has no weights yet
            model.build((about["inputs"],))
            model.set_weights(weights)
        model.classes = tuple(about.get("classes", ()))
        if "compile" in about:
            model.compile(**about["compile"])
        return model

    def save(self, path: str | Path) -> None:
        """Weights, layers and compile settings in one file: safetensors, or Keras' own when it ends in .keras."""
        weights = self.get_weights()
        with places.written(path, (".safetensors", ".keras")) as where:
            write = keras_files.write if where.suffix.lower() == ".keras" else saving.write
            write(where, weights, self.about())

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """A model as ``save`` wrote it, or a .keras file of Dense and Dropout. Raises InvalidInput, Unavailable."""
        where = places.place(path)
        keras = keras_files.is_keras(where)
        weights, about = keras_files.read(where) if keras else saving.read(places.existing(where))
        try:
            return cls.made(weights, about)
        except (KeyError, TypeError, CoreError) as error:
            raise InvalidInput("bad_file", kind=keras_files.KIND if keras else saving.KIND, hint=str(error)) from error

    def save_weights(self, path: str | Path) -> None:
        """The weights alone, as a .weights.h5. In Keras, load them before compile(): no optimiser's memory is in it."""
        weights = self.get_weights()
        with places.written(path, (".h5", ".hdf5")) as where:
            keras_files.write_weights(where, weights)

    def load_weights(self, path: str | Path) -> None:
        """The weights of a .weights.h5 with the same layers. Raises InvalidInput ``wrong_shape``, ``bad_file``."""
        self.set_weights(keras_files.read_weights(places.existing(path)))

    def export(self, path: str | Path) -> None:
        """An .onnx file: ``x`` (N, features) float32 in, ``y`` (N, outputs) out; any ONNX runtime runs it."""
        try:
            import onnx
            from onnx import helper, numpy_helper
        except ImportError as error:
            raise Unavailable("package_missing", package="onnx") from error
        nodes: list[Any] = []
        tensors: list[Any] = []
        weights, at = self.get_weights(), "x"
        dense = [layer for layer in self.layers if isinstance(layer, Dense)]
        for number, layer in enumerate(dense):
            for name, array in zip(("kernel", "bias"), weights[2 * number : 2 * number + 2], strict=True):
                tensors.append(numpy_helper.from_array(array.astype(np.float32), f"{name}{number}"))
            nodes.append(helper.make_node("Gemm", [at, f"kernel{number}", f"bias{number}"], [f"z{number}"]))
            at = f"z{number}"
            if layer.activation == "silu":
                nodes.append(helper.make_node("Sigmoid", [at], [f"s{number}"]))
                nodes.append(helper.make_node("Mul", [at, f"s{number}"], [f"a{number}"]))
                at = f"a{number}"
            elif layer.activation not in (None, "linear"):
                if layer.activation not in _ONNX:
                    known = ", ".join(["linear", "silu", *_ONNX])
                    raise InvalidInput(
                        "not_one_of", name="activation", choices=known, received=layer.activation, hint=""
                    )
                kind, settings = _ONNX[layer.activation]
                nodes.append(helper.make_node(kind, [at], [f"a{number}"], **settings))
                at = f"a{number}"
        nodes.append(helper.make_node("Identity", [at], ["y"]))
        shapes = (("x", len(weights[0])), ("y", len(weights[-1])))
        ends = [helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, ["N", size]) for n, size in shapes]
        graph = helper.make_graph(nodes, "sequential", ends[:1], ends[1:], tensors)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
        onnx.checker.check_model(model)
        with places.written(path, (".onnx",)) as where:
            onnx.save(model, str(where))

    def __reduce__(self) -> Any:
        weights = self.get_weights() if self._module is not None else []
        return _unpickled, (type(self), weights, self.about())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()


def _unpickled(kind: type[Exchange], weights: list[Array], about: dict[str, Any]) -> Exchange:
    return kind.made(weights, about)
