"""ZeroGPU of Hugging Face Spaces: a GPU for the length of one handler. Anywhere else the handler stays as it is.

Only what runs a large network is worth the visitor's quota: the LLM and Stable Diffusion. There the handler runs in a
process of its own, so what goes in and comes out is plain data. (This file knows no torch; not tried on a real ZeroGPU.)
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

SECONDS = 60  # of GPU that one press may take from the visitor's daily quota


def gpu(fn: Callable[..., Any]) -> Callable[..., Any]:
    """``spaces.GPU`` where a Space lends GPUs, else ``fn`` itself."""
    if os.environ.get("SPACES_ZERO_GPU", "").lower() not in ("1", "true"):
        return fn
    try:
        import spaces
    except ImportError:
        return fn
    lent: Callable[..., Any] = spaces.GPU(duration=SECONDS)(fn)
    return lent
