"""The curriculum: chapters and lessons in order. Each name is a module here, one in core, and two content files."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Chapter:
    slug: str
    lessons: tuple[str, ...]


CHAPTERS: tuple[Chapter, ...] = (
    Chapter(
        "basics", ("ml_vs_dl", "perceptron", "gradient_descent", "activations", "hidden_layers", "backpropagation")
    ),
    Chapter("training", ("epochs", "sequential")),
    Chapter("language", ("bag_of_words", "word_vectors", "attention", "language_model")),
    Chapter("vision", ("pixels", "convolution", "image_classifier")),
    Chapter("generation", ("diffusion", "stable_diffusion", "multimodal")),
)
