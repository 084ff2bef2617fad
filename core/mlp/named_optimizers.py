"""The optimisers by name, with the learning rate that Keras gives each."""

from __future__ import annotations

from typing import Any

# name → Keras' name and settings
OPTIMIZERS: dict[str, tuple[str, dict[str, Any]]] = {
    "sgd": ("sgd", {}),
    "momentum": ("sgd", {"momentum": 0.9}),
    "nesterov": ("sgd", {"momentum": 0.9, "nesterov": True}),
    "rmsprop": ("rmsprop", {}),
    "adagrad": ("adagrad", {}),
    "adam": ("adam", {}),
    "adamw": ("adamw", {}),
}
