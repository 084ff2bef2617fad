"""The settings of a match, from the controls of the page."""

from __future__ import annotations

from typing import Any


def _duel(data: str, features: tuple[str, ...], samples: int = 300) -> Any:
    from core.data.toy import ToyConfig
    from core.events import drain
    from core.lessons.ml_vs_dl.match import VersusConfig, versus

    return drain(versus(VersusConfig(ToyConfig(data, samples, 10), features, epochs=40)))
