"""Frames of a drawing as data URLs, for a page. Loads neither torch nor diffusers, so that a page can be built with them."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

PLAIN, WIDEST = 128, 384  # pixels: larger frames travel as WebP, at most this wide


def data_url(pixels: np.ndarray | Image.Image, exact: bool = True) -> str:
    """A picture as a data URL: small ones as PNG, exact (or not); larger ones as WebP, made smaller."""
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    kind, more = ("png", {}) if exact and max(image.size) <= PLAIN else ("webp", {"quality": 85})
    if max(image.size) > WIDEST:
        image = image.copy()
        image.thumbnail((WIDEST, WIDEST))
    file = io.BytesIO()
    image.save(file, kind.upper(), **more)
    return f"data:image/{kind};base64,{base64.b64encode(file.getvalue()).decode()}"
