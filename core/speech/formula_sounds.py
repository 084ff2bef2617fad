"""Sounds made by a formula: pure tones, mixes, and vowels by their formants.

Left out: recordings (core/files/sounds.py).
"""

from __future__ import annotations

import math

import numpy as np

from core.errors import checking
from core.files.sounds import RATE, Sound
from core.speech import choices


def made(shape: str = choices.SOUND.default, seconds: float = 1.6) -> Sound:
    """A sound from a formula, to look at before anything was recorded.

    glide: a tone rising from 200 to 4,000 Hz · chord: 440, 660 and 880 Hz · vowels: a buzz of 120 Hz through the
    resonances of a, i, u (Peterson & Barney 1952) · claps: short bursts of noise.
    """
    with checking() as check:
        check.within("shape", shape, choices.SOUND)
        check.between("seconds", seconds, 0.2, 10)
    t = np.arange(round(seconds * RATE)) / RATE
    if shape == "glide":
        x = np.sin(2 * np.pi * 200 * seconds / math.log(20) * (20 ** (t / seconds) - 1))
    elif shape == "chord":
        x = np.sin(2 * np.pi * np.array([[440.0], [660.0], [880.0]]) * t).mean(axis=0)
    elif shape == "claps":
        x = np.random.default_rng(0).standard_normal(len(t)) * np.exp(-40 * (t % 0.4)) * 0.3
    else:
        x = np.concatenate(
            [_vowel(part, formants) for part, formants in zip(np.array_split(t, 3), VOWELS, strict=True)]
        )
    fade = np.minimum(1, np.minimum(t, seconds - t) / 0.02)
    return Sound((0.6 * x / np.abs(x).max() * fade).astype(np.float32))


VOWELS = ((730.0, 1090.0, 2440.0), (270.0, 2290.0, 3010.0), (300.0, 870.0, 2240.0))  # a, i, u: resonances in Hz


def vowel(index: int, pitch: float, seconds: float = 0.4) -> Sound:
    """One of ``VOWELS`` at a pitch of 80–250 Hz, swelling and fading."""
    with checking() as check:
        check.whole("index", index, 0, len(VOWELS) - 1)
        check.between("pitch", pitch, 80, 250)
        check.between("seconds", seconds, 0.2, 5)
    t = np.arange(round(seconds * RATE)) / RATE
    x = _vowel(t, VOWELS[index], pitch)
    return Sound((0.5 * x / np.abs(x).max() * np.hanning(len(x))).astype(np.float32))


def _vowel(t: np.ndarray, formants: tuple[float, ...], pitch: float = 120.0) -> np.ndarray:
    """Harmonics of the pitch, each as loud as the resonances let it through."""
    x = np.zeros_like(t)
    for harmonic in range(1, int(4000 / pitch) + 1):
        f = pitch * harmonic
        gain = sum(1 / (1 + ((f - formant) / 90) ** 2) for formant in formants) / harmonic**0.5
        x += gain * np.sin(2 * np.pi * f * t)
    return x
