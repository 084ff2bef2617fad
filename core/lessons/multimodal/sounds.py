"""What the page shows of a sound: an outline of the wave, the mel picture at a size for the screen, a live ear.

Numbers only, no drawing. Left out: how they are computed (audio.py, speech_mel.py, speech.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import InvalidInput
from core.files import sounds
from core.files.sounds import RATE, Sound
from core.speech import mel as speech_mel
from core.speech.mel import MelConfig
from core.speech.word_classifier import WordClassifier

COLUMNS = 900  # of the mel picture at most; of neighbours the loudest stays
NOW = 0.4  # seconds at the end of what the live ear hears that count as now
KEPT = 2.5  # seconds of a recording that are kept for teaching


@dataclass(frozen=True, slots=True)
class Look:
    """A sound as wave and as picture."""

    x: np.ndarray  # (P,) seconds, each twice: lowest and highest sample of a stretch
    wave: np.ndarray  # (P,) float32 in −1..1
    picture: np.ndarray  # (mels, columns) uint8, high bands on top
    shape: tuple[int, int]  # mels, frames, before the picture was made narrower
    seconds: float
    window_ms: float
    hop_ms: float
    bin_hz: float  # distance of two frequencies of the FFT
    loudest_hz: float  # middle of the band with the most energy
    empty: int  # bands no frequency falls into
    start: float  # seconds: the first and the last loud place (endpointing)
    stop: float


def look(sound: Sound, config: MelConfig | None = None, points: int = 500) -> Look:
    """Wave and log-mel picture of a recording."""
    config = config or MelConfig()
    x, wave = outline(sound.samples, points)
    mel = speech_mel.spectrogram(sound.samples, config)
    frames = mel.shape[1]
    step = -(-frames // COLUMNS)
    padded = np.pad(mel, ((0, 0), (0, -frames % step)), constant_values=mel.min())
    picture = speech_mel.as_bytes(padded.reshape(len(mel), -1, step).max(axis=2))
    centres = speech_mel.corners(config)[1:-1]
    start, stop = sounds.trim(sound.samples)
    return Look(
        x, wave, picture, (int(config.mels), frames), sound.seconds,
        1000 * config.n_fft / RATE, 1000 * config.hop / RATE, RATE / config.n_fft,
        float(centres[(10.0**mel).mean(axis=1).argmax()]), speech_mel.empty_bands(config), start / RATE, stop / RATE,
    )  # fmt: skip


def outline(samples: np.ndarray, points: int = 500) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and the highest sample of ``points`` stretches: the shape one sees, without half a million numbers."""
    step = -(-len(samples) // points)
    whole = np.pad(samples, (0, -len(samples) % step)).reshape(-1, step)
    wave = np.stack([whole.min(axis=1), whole.max(axis=1)], axis=1).reshape(-1)
    return np.repeat(np.arange(len(whole)) * step / RATE, 2), wave


def cut(sound: Sound) -> Sound:
    """The loud part, at most 2.5 s: what is kept of a recording for teaching."""
    start, stop = sounds.trim(sound.samples)
    return Sound(sound.samples[start : min(stop, start + round(KEPT * RATE))].copy())


@dataclass(frozen=True, slots=True)
class Live:
    """How loud it is now, and what the words' network says to the last second."""

    level: float  # 0..1 of full scale, on a scale of 60 dB
    shares: tuple[float, ...] | None = None  # None while it is quiet


def hear(ear: WordClassifier, last: sounds.Source) -> Live:
    """What the last second or so of a running microphone is. Silence, or hardly a sound yet: the level only."""
    try:
        samples = sounds.read(last).samples
    except InvalidInput as error:
        if error.code not in ("sound_silent", "sound_too_short"):
            raise
        return Live(0.0)
    now = samples[-round(NOW * RATE) :]
    level = float(np.clip(1 + 20 * np.log10(max(np.sqrt((now**2).mean()), 1e-6)) / 60, 0, 1))
    if level < 0.25 or len(samples) < RATE // 5:
        return Live(level)
    return Live(level, tuple(ear.predict_proba([Sound(samples)])[0].tolist()))
