"""Where the weights that ship lie, and the card beside each: read without loading anything heavy."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "weights"  # the only place that says so


@functools.cache
def card(name: str) -> dict[str, Any]:
    """How long the weights were trained, on what, how well they draw. Empty for models that do not ship.

    >>> card("emoji")["licence"], card("nobody/large")
    ('MIT', {})
    """
    path = FOLDER / Path(name).name / "card.toml"
    return tomllib.loads(path.read_text("utf-8")) if path.is_file() else {}
