"""Lesson 15: three things to predict, each answered by the network that ships."""

from __future__ import annotations

from typing import Any

from core.lessons.image_classifier.choices import GARMENTS
from demos import kit


def _answer_cat() -> tuple[str, dict[str, Any]]:
    """A network of ten garments is shown a cat."""
    from core.data import photos
    from core.lessons.image_classifier import look

    shares = look.shipped().answer(photos.load("cat")).probabilities
    return ("refuses" if shares.max() < 0.2 else "unsure" if shares.max() < 0.6 else "sure"), {
        "share": float(shares.max()),
        "total": float(shares.sum()),
    }


def _answer_hard() -> tuple[str, dict[str, Any]]:
    """The garment that is recognised least often, of three."""
    from core.data import fashion
    from core.lessons.image_classifier import look

    data = fashion.load()
    report = look.shipped().evaluate(data.x_test, data.y_test)
    recall = {name: float(report.recall[GARMENTS.index(name)]) for name in ("trouser", "shirt", "bag")}
    return min(recall, key=recall.__getitem__), {"accuracy": report.accuracy, **recall}


def _answer_where() -> tuple[str, dict[str, Any]]:
    """Which layers hold most of the parameters?"""
    from core.lessons.image_classifier import look

    layers = look.shipped().layers()
    counts = {
        "conv": sum(layer.parameters for layer in layers if layer.kind == "Conv2d"),
        "dense": sum(layer.parameters for layer in layers if layer.kind == "Linear"),
    }
    return max(counts, key=counts.__getitem__), counts


TASKS = (
    kit.Task("cat", ("refuses", "unsure", "sure"), _answer_cat),
    kit.Task("hard", ("trouser", "shirt", "bag"), _answer_hard),
    kit.Task("where", ("conv", "dense"), _answer_where),
)
