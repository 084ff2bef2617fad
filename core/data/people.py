"""The running example: ten people's weights and heights. (Synthetic people live with the lesson that draws them.)

Source: the text this project retells, its ten rows unchanged. The arrays are shared and read-only.
"""

from __future__ import annotations

import numpy as np

from core.data import people

WEIGHTS_KG = np.array([87, 81, 82, 92, 90, 61, 86, 66, 69, 69], dtype=np.float64)  # (10,)
HEIGHTS_CM = np.array([187, 174, 179, 192, 188, 160, 179, 168, 168, 174], dtype=np.float64)  # (10,)
WEIGHTS_KG.flags.writeable = HEIGHTS_CM.flags.writeable = False


def load() -> tuple[np.ndarray, np.ndarray]:
    """``(kg, cm)``, each (10,) float64: fresh arrays the caller may change."""
    return WEIGHTS_KG.copy(), HEIGHTS_CM.copy()


def rows() -> list[list[float]]:
    """The ten people as rows ``[kg, cm]`` of an editable table."""
    return [[kg, cm] for kg, cm in zip(WEIGHTS_KG.tolist(), HEIGHTS_CM.tolist(), strict=True)]


def sample_people(samples: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """``(kg, cm)``, float64 (N,): the ten people, or N drawn around their line with their spread."""
    if samples == len(people.WEIGHTS_KG):
        return people.WEIGHTS_KG.copy(), people.HEIGHTS_CM.copy()
    kg, cm = people.WEIGHTS_KG, people.HEIGHTS_CM
    slope, intercept = np.polyfit(kg, cm, 1)
    rng = np.random.default_rng(seed)
    drawn = rng.normal(kg.mean(), kg.std(), samples)
    return drawn, slope * drawn + intercept + rng.normal(0, (cm - slope * kg - intercept).std(), samples)
