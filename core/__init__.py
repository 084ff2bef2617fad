"""core: the headless library under every lesson. Names resolve on first use, so ``import core`` is cheap.

>>> from core import Dense, Sequential
>>> Sequential([Dense(1, input_shape=(1,))], seed=0).count_params()
2
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

_HOMES: dict[str, str] = {
    "CoreError": "errors",
    "Dense": "mlp.layers",
    "Dropout": "mlp.layers",
    "Sequential": "mlp.sequential",
    "to_script": "mlp.script",
    "BagOfWords": "language.bag_of_words",
    "LanguageModel": "llm.language_model",
    "ImageClassifier": "vision.classifier",
    "StableDiffusion": "diffusion.stable_diffusion",
    "ImageText": "multimodal.clip",
    "WordClassifier": "speech.word_classifier",
}
__all__ = sorted(_HOMES)

if TYPE_CHECKING:
    from core.errors import CoreError as CoreError
    from core.mlp.sequential import Dense as Dense
    from core.mlp.sequential import Dropout as Dropout
    from core.mlp.sequential import Sequential as Sequential


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'core' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(importlib.import_module(f"core.{home}"), name)


def __dir__() -> list[str]:
    return __all__
