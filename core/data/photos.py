"""Three photographs for the picture lessons, 256 pixels long, as lossless PNG; free of rights.

- cat: Chelsea, by Stefan van der Walt, CC0.  - coffee: by Rachel Michetti, courtesy of Pikolo Espresso Bar, CC0.
- rocket: launch of DSCOVR, by SpaceX, public domain.
Taken from scikit-image 0.26 (skimage.data) and made smaller with Lanczos resampling.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.errors import checking
from core.files import images

NAMES = ("cat", "coffee", "rocket")


def path(name: str) -> Path:
    """The PNG file of a photograph."""
    with checking() as check:
        check.one_of("photo", name, NAMES)
    return Path(__file__).with_name("photos") / f"{name}.png"


def load(name: str) -> np.ndarray:
    """(H, W, 3) uint8: exactly the numbers of the file."""
    return images.read(path(name)).pixels
