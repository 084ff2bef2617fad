"""A waveform as a picture: short-time Fourier transform, triangles on the mel scale, logarithm.

  X[k, m] = Σ_n w[n] x[n + m·hop] e^(−2πi kn/N),   S = log₁₀ max(10⁻¹⁰, F |X|²)   (mels, frames)

The same numbers as transformers.audio_utils (the tests compare). The scale is Slaney's, as in Whisper and librosa:
straight below 1 kHz, logarithmic above. Left out: phases, MFCC.
Sources: Stevens, Volkmann & Newman 1937; Slaney 1998 (Auditory Toolbox); Davis & Mermelstein 1980.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from core.errors import InvalidInput, checking
from core.files.sounds import RATE
from core.speech import choices

FLOOR = 1e-10


@dataclass(frozen=True, slots=True)
class MelConfig:
    """``n_fft``: samples in a window · ``hop``: samples from window to window · ``mels``: bands, at 16 kHz."""

    n_fft: int = int(choices.N_FFT.default)
    hop: int = int(choices.HOP.default)
    mels: int = int(choices.MELS.default)
    low: float = 0.0  # Hz
    high: float = RATE / 2

    def __post_init__(self) -> None:
        with checking() as check:
            check.within("n_fft", self.n_fft, choices.N_FFT)
            check.within("hop", self.hop, choices.HOP)
            check.within("mels", self.mels, choices.MELS)
            check.between("low", self.low, 0, RATE / 2 - 100)
            check.between("high", self.high, 100, RATE / 2)
        with checking() as check:
            if self.hop > self.n_fft:
                check.add("out_of_range", name="hop", low=16, high=self.n_fft, received=self.hop)
            if self.low >= self.high:
                check.add("out_of_range", name="low", low=0, high=self.high, received=self.low)


def hz_to_mel(hz: Any) -> np.ndarray:
    """15 mel = 1 kHz, straight below it; above, 27 steps of a factor 6.4.

    >>> hz_to_mel([0, 500, 1000, 6400]).tolist()
    [0.0, 7.5, 15.0, 42.0]
    """
    hz = np.asarray(hz, dtype=np.float64)
    return np.where(hz < 1000, 3 * hz / 200, 15 + 27 * np.log(np.maximum(hz, 1e-9) / 1000) / math.log(6.4))


def mel_to_hz(mel: Any) -> np.ndarray:
    """The inverse of ``hz_to_mel``."""
    mel = np.asarray(mel, dtype=np.float64)
    return np.where(mel < 15, 200 * mel / 3, 1000 * np.exp(math.log(6.4) * (mel - 15) / 27))


def corners(config: MelConfig) -> np.ndarray:
    """Where the triangles begin, peak and end, in Hz: (mels + 2,), evenly spread in mel."""
    low, high = hz_to_mel([config.low, config.high]).tolist()
    return mel_to_hz(np.linspace(low, high, config.mels + 2))


def filters(config: MelConfig) -> np.ndarray:
    """Triangles of equal area, evenly spread in mel: (n_fft // 2 + 1, mels) float64."""
    bins = np.linspace(0, RATE / 2, config.n_fft // 2 + 1)  # Hz
    at = corners(config)
    rise = (bins[:, None] - at[None, :-2]) / np.diff(at)[None, :-1]
    fall = (at[None, 2:] - bins[:, None]) / np.diff(at)[None, 1:]
    return np.maximum(0, np.minimum(rise, fall)) * (2 / (at[2:] - at[:-2]))


def power(samples: np.ndarray, config: MelConfig) -> torch.Tensor:
    """|STFT|² with a Hann window, padded by reflection: (n_fft // 2 + 1, frames) float64."""
    if len(samples) <= config.n_fft // 2:
        raise InvalidInput("sound_too_short", received=round(len(samples) / RATE, 2), least=config.n_fft / 2 / RATE)
    x = torch.from_numpy(np.asarray(samples, dtype=np.float64))
    window = torch.hann_window(config.n_fft, dtype=torch.float64)
    return torch.stft(x, config.n_fft, config.hop, window=window, center=True, return_complex=True).abs() ** 2


def spectrogram(samples: np.ndarray, config: MelConfig | None = None) -> np.ndarray:
    """Log-mel spectrogram, (mels, frames) float32, log₁₀ of power; row 0 is the lowest band.

    Args:
        samples: (n,) floats at 16 kHz, longer than half a window.
    """
    config = config or MelConfig()
    mel = torch.from_numpy(filters(config)).T @ power(samples, config)
    return mel.clamp_min(FLOOR).log10().float().numpy()


def empty_bands(config: MelConfig) -> int:
    """How many bands no frequency of this FFT falls into: too many bands for too short a window."""
    return int((filters(config).max(axis=0) == 0).sum())


def as_bytes(mel: np.ndarray, decibels: float = 80.0) -> np.ndarray:
    """The picture: the loudest is 255, ``decibels`` below it 0; (mels, frames) uint8, high bands on top."""
    top = mel.max()
    return np.round(255 * ((mel - top) * 10 / decibels + 1).clip(0, 1)).astype(np.uint8)[::-1].copy()
