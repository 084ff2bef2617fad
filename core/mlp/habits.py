"""What people's hands write in Keras and this library does not have: each is answered with what to write instead.

A wrong keyword is a TypeError, a missing attribute an AttributeError, as Python has them, and both are CoreErrors with one
sentence. Left out: whatever starts with an underscore (Python's own protocols ask for those).
"""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from core.errors import CoreError, register, shown

register(
    {
        "unknown_argument": "{function} has no {received}. It takes: {choices}.",
        "missing_argument": "{function} needs {choices}. See help({function}).",
        "keras_only": "{received} is Keras' and not here. Write instead: {instead}",
        "no_attribute": "{name} has no {received}. Near it: {choices}.",
        "unknown_layer": "Only Dense and Dropout layers stand in a Sequential, behind an Input if you like. "
        "Received: {received}. They are those of core: from core import Dense, Dropout, Input.",
        "input_first": "Input stands in front of all layers, once.",
    }
)
P = ParamSpec("P")
R = TypeVar("R")
C = TypeVar("C")

INSTEAD = {
    "predict_proba": "model.predict(x)",
    "predict_classes": "(model.predict(x) > 0.5).astype(int), or model.predict(x).argmax(1)",
    "predict_on_batch": "model.predict(x)",
    "predict_generator": "model.predict(x)",
    "test_on_batch": "model.evaluate(x, y)",
    "evaluate_generator": "model.evaluate(batches)",
    "train_on_batch": "model.fit(x, y, batch_size=len(x), epochs=1, shuffle=False)",
    "fit_generator": "model.fit(batches)",
    "get_layer": "model.layers[0]",
    "pop": "Sequential(model.layers[:-1])",
    "weights": "model.get_weights()",
    "trainable_weights": "model.get_weights()",
    "variables": "model.get_weights()",
    "trainable_variables": "model.get_weights()",
    "optimizer": 'model.compile("adam", loss, learning_rate=0.001)',
    "loss": 'model.compile("adam", loss)',
    "metrics_names": "model.evaluate(x, y, return_dict=True).keys()",
    "input_shape": "model.summary()",
    "output_shape": "model.summary()",
    "inputs": "model.summary()",
    "outputs": "model.activations(x)[-1]",
    "output": "model.activations(x)[-1]",
    "input": "model.activations(x)",
    "history": "run = model.fit(x, y); run.history",
    "get_config": "model.save(path); Sequential.load(path)",
    "from_config": "Sequential.load(path)",
    "to_json": "model.save(path); Sequential.load(path)",
    "name": "type(model).__name__",
    "reset_states": "model.build((features,))",
    "kernel": "model.get_weights()[0]",
    "bias": "model.get_weights()[1]",
}
RUN = {"params": "len(run.epoch), run.updates", "model": "the model that was fitted"}
LAYER = {
    "get_weights": "model.get_weights()[0:2], the first layer's kernel and bias",
    "set_weights": "model.set_weights([kernel, bias, …])",
    "weights": "model.get_weights()[0:2]",
    "name": "model.summary()",
    "output_shape": "model.summary()",
    "trainable": "model.set_weights(before) after fit: a layer cannot be frozen here",
}


SET = {  # what would be kept and never looked at
    "trainable": LAYER["trainable"],
    "optimizer": INSTEAD["optimizer"],
    "loss": INSTEAD["loss"],
    "learning_rate": INSTEAD["optimizer"],
}


class NotHere(CoreError, AttributeError):
    """An attribute that only Keras' object has."""


class WrongCall(CoreError, TypeError):
    """A call with an argument that is not there, or without one that is needed."""


def missing(thing: Any, name: str, instead: dict[str, str] = INSTEAD) -> AttributeError:
    """The error of ``thing.name``, for ``__getattr__`` to raise."""
    kind = type(thing).__name__
    if name.startswith("_"):
        return AttributeError(f"{kind!r} object has no attribute {name!r}")
    if name in instead:
        return NotHere("keras_only", received=name, instead=instead[name])
    own = [each for each in dir(type(thing)) if not each.startswith("_")]
    near = difflib.get_close_matches(name, own, n=3, cutoff=0.3) or own
    return NotHere("no_attribute", name=kind, received=shown(name), choices=", ".join(near))


def kept(thing: object, name: str, value: object) -> None:
    """``thing.name = value``, but not where Keras would act on it and nothing here does."""
    if name in SET:
        raise NotHere("keras_only", received=f"{name} =", instead=SET[name])
    object.__setattr__(thing, name, value)


def told(call: Callable[P, R]) -> Callable[P, R]:
    """Arguments that do not fit end in one sentence with those that do."""
    signature, name = inspect.signature(call), call.__qualname__.removesuffix(".__init__").rsplit(".", 1)[-1]
    known = [each for each in signature.parameters.values() if each.name != "self"]

    @functools.wraps(call)
    def checked(*args: P.args, **named: P.kwargs) -> R:
        try:
            signature.bind(*args, **named)
        except TypeError as error:
            names = [each.name for each in known if each.kind is not each.VAR_KEYWORD]
            odd = [key for key in named if key not in names]
            if odd:
                raise WrongCall("unknown_argument", function=name, received=odd[0], choices=", ".join(names)) from error
            places = sum(each.kind is each.POSITIONAL_OR_KEYWORD for each in signature.parameters.values())
            if len(args) > places:
                surplus = shown(args[places])
                raise WrongCall(
                    "unknown_argument", function=name, received=surplus, choices=", ".join(names)
                ) from error
            needed = [
                each.name for each in known if each.default is each.empty and each.kind is each.POSITIONAL_OR_KEYWORD
            ]
            raise WrongCall("missing_argument", function=name, choices=", ".join(needed)) from error
        return call(*args, **named)

    return checked


def told_class(kind: type[C]) -> type[C]:
    """The same for making a layer, setting what it does not have, and calling it on inputs."""
    before = kind.__setattr__

    def settled(layer: Any, name: str, value: object) -> None:
        if name in LAYER:
            raise NotHere("keras_only", received=f"layer.{name} =", instead=LAYER[name])
        before(layer, name, value)

    def called(layer: Any, *_: Any) -> None:
        raise WrongCall("keras_only", received=f"{kind.__name__}(…)(x)", instead="Sequential([Dense(…), Dense(…)])")

    for name, method in (("__init__", told(kind.__init__)), ("__setattr__", settled), ("__call__", called)):
        setattr(kind, name, method)
    return kind
