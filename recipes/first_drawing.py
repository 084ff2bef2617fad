"""Writes core/data/first_drawing.webp: the first drawing of lesson 17, every step of it, in both languages.

    python -m recipes.first_drawing

Half a minute of one core. Run it again when the weights ``emoji`` change; tests/lessons/stable_diffusion compares.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from core.data import first_drawing
from core.diffusion.settings import Settings
from core.lessons.stable_diffusion import choices, studio
from demos.kit import text


def main() -> None:
    sd, rows = studio.shared(choices.MODEL), list[np.ndarray]()
    for language in first_drawing.LANGUAGES:
        prompt = text.load("stable_diffusion", language)(f"example.{choices.EXAMPLES[0]}")
        steps, drawn = studio.pictures(sd, Settings(prompt))
        end = np.asarray(drawn.image)
        for frames in ([step.image for step in steps], [step.predicted for step in steps]):
            rows.append(np.concatenate([*frames[:-1], end], axis=1))
    noise = np.tile(sd.noise(choices.SEED.default), (1, len(steps), 1))
    Image.fromarray(np.concatenate([*rows, noise])).save(first_drawing.FILE, quality=80, method=6)
    print(f"{first_drawing.FILE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
