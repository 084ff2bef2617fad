"""Where the evidence lies, as one picture: what the network saw, large, with Grad-CAM's heat over it in red."""

from __future__ import annotations

import numpy as np
from PIL import Image

from core.lessons.image_classifier.look import Opened

LEAST = 224  # pixels of the shorter side
RED = np.array([220, 30, 30], dtype=np.float64)
MOST_COVER = 0.7  # of the picture under the strongest evidence


def overlay(seen: Opened) -> np.ndarray:
    """(H, W, 3) uint8. The picture's pixels stay square blocks; the heat is smooth."""
    shown = seen.answer.sight.final
    shown = shown if shown.ndim == 3 else np.repeat(shown[..., None], 3, axis=2)
    values = shown if shown.dtype == np.uint8 else (shown * 255).round().clip(0, 255).astype(np.uint8)
    factor = -(-LEAST // min(values.shape[:2]))
    size = (values.shape[1] * factor, values.shape[0] * factor)
    large = np.asarray(Image.fromarray(values).resize(size, Image.Resampling.NEAREST), np.float64)
    heat = Image.fromarray((seen.cam.heat * 255).round().clip(0, 255).astype(np.uint8))
    cover = MOST_COVER * np.asarray(heat.resize(size, Image.Resampling.BILINEAR), np.float64)[..., None] / 255
    mixed: np.ndarray = ((1 - cover) * large + cover * RED).round().clip(0, 255).astype(np.uint8)
    return mixed
