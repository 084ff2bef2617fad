"""What a lesson shows in its first moment: the views of its opening at the defaults, kept in <lesson>/first.json.

For lessons whose libraries take seconds to load; the opening puts what it computes in their place. Written by
recipes/first_screens.py; the tests of the lessons compare it with what is computed.
"""

from __future__ import annotations

import functools
import json
from typing import Any

from demos.kit.text import LESSONS


@functools.cache
def _kept(lesson: str) -> dict[str, dict[str, Any]]:
    kept: dict[str, dict[str, Any]] = json.loads((LESSONS / lesson / "first.json").read_text("utf-8"))
    return kept


def first(lesson: str, lang: str) -> dict[str, Any]:
    """Values of views by name."""
    return _kept(lesson)[lang]
