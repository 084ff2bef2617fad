"""core: the headless library under every lesson. Names resolve on first use, so ``import core`` is cheap.

>>> from core import Dense, Sequential
>>> Sequential([Dense(1, input_shape=(1,))], seed=0).count_params()
2
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what an editor and mypy see; a test holds it against the table below
    from core.diffusion.settings import DenoiseStep
    from core.diffusion.stable_diffusion import StableDiffusion
    from core.errors import CoreError
    from core.events import Done, TrainStep
    from core.language.bag_of_words import BagOfWords
    from core.language.word_vectors import WordVectors
    from core.llm.decoding import Token
    from core.llm.language_model import LanguageModel
    from core.mlp.layers import Dense, Dropout, Input
    from core.mlp.script import to_script
    from core.mlp.sequential import Sequential
    from core.multimodal.clip import ImageText
    from core.speech.word_classifier import WordClassifier
    from core.training.callbacks import Callback, EarlyStopping
    from core.vision.classifier import ImageClassifier

__all__ = [
    "BagOfWords",
    "Callback",
    "CoreError",
    "DenoiseStep",
    "Dense",
    "Done",
    "Dropout",
    "EarlyStopping",
    "ImageClassifier",
    "ImageText",
    "Input",
    "LanguageModel",
    "Sequential",
    "StableDiffusion",
    "Token",
    "TrainStep",
    "WordClassifier",
    "WordVectors",
    "to_script",
]

_HOMES = {
    "BagOfWords": "language.bag_of_words",
    "Callback": "training.callbacks",
    "CoreError": "errors",
    "DenoiseStep": "diffusion.settings",
    "Dense": "mlp.layers",
    "Done": "events",
    "Dropout": "mlp.layers",
    "EarlyStopping": "training.callbacks",
    "ImageClassifier": "vision.classifier",
    "ImageText": "multimodal.clip",
    "Input": "mlp.layers",
    "LanguageModel": "llm.language_model",
    "Sequential": "mlp.sequential",
    "StableDiffusion": "diffusion.stable_diffusion",
    "Token": "llm.decoding",
    "TrainStep": "events",
    "WordClassifier": "speech.word_classifier",
    "WordVectors": "language.word_vectors",
    "to_script": "mlp.script",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'core' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(importlib.import_module(f"core.{home}"), name)


def __dir__() -> list[str]:
    return __all__
