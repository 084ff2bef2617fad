"""What the word classifier sees and how it learns: pictures of sound, varied copies, a small CNN.

A recording becomes a log-mel picture of fixed size, its mean and spread taken away. Copies of it are stretched in time
and in pitch, shifted, made noisy, and lose stripes of time and frequency, so that a few recordings stand for many voices.
Sources: Park et al. 2019 (SpecAugment, arXiv:1904.08779); Jaitly & Hinton 2013 (vocal tract length perturbation).
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core import runtime
from core.files import sounds
from core.speech.mel import MelConfig, spectrogram

MELS, FRAMES = 40, 64  # of the picture; a frame is 20 ms, so 1.28 s
MEL = MelConfig(n_fft=512, hop=320, mels=MELS, low=60, high=7600)
WIDTHS = (16, 32, 48)


def picture(samples: np.ndarray) -> np.ndarray:
    """Trimmed recording → log-mel (40, 64) float32, in the middle of quiet; a longer word is squeezed to fit."""
    start, stop = sounds.trim(samples)
    mel = torch.from_numpy(spectrogram(np.pad(samples[start:stop], 256), MEL))[None, None]  # (1, 1, mels, frames)
    if mel.shape[-1] > FRAMES:
        mel = F.interpolate(mel, (MELS, FRAMES), mode="bilinear", align_corners=False)
    mel = mel.clamp_min(float(mel.max()) - 6)  # 60 dB
    before = (FRAMES - mel.shape[-1]) // 2
    return F.pad(mel, (before, FRAMES - mel.shape[-1] - before), value=float(mel.min()))[0, 0].numpy()


def standard(x: Tensor) -> Tensor:
    """Each picture with mean 0 and spread 1: loudness and microphone matter less. (N, 1, mels, frames) → the same."""
    return (x - x.mean(dim=(2, 3), keepdim=True)) / x.std(dim=(2, 3), keepdim=True).clamp_min(1e-3)


def varied(x: Tensor, stream: torch.Generator) -> Tensor:
    """One random copy of each picture (N, 1, mels, frames): time × 0.8–1.25, pitch × 0.88–1.14, moved, noisy, masked."""
    count, quiet = len(x), x.amin(dim=(2, 3), keepdim=True)

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(count, *shape, generator=stream)

    theta = torch.zeros(count, 2, 3)
    theta[:, 0, 0], theta[:, 0, 2] = uniform(0.8, 1.25), uniform(-0.15, 0.15)
    theta[:, 1, 1] = uniform(0.88, 1.14)
    theta[:, 1, 2] = theta[:, 1, 1] - 1 + uniform(-0.06, 0.06)  # the lowest band stays about where it is
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)
    moved = F.grid_sample(x - quiet, grid, align_corners=False) + quiet
    tilt = uniform(-0.5, 0.5, 1, 1, 1) * torch.linspace(-1, 1, MELS)[None, None, :, None]  # another microphone
    floor = quiet + uniform(0, 2, 1, 1, 1) + 0.2 * torch.randn(x.shape, generator=stream)
    noisy = torch.logaddexp((moved + tilt) * 2.302585, floor * 2.302585) / 2.302585  # powers add, not their logarithms
    for axis, size, most in ((2, MELS, 6), (3, FRAMES, 10)):
        at, wide = uniform(0, size, 1, 1, 1), uniform(0, most, 1, 1, 1)
        place = torch.arange(size).reshape((-1, 1) if axis == 2 else (1, -1))[None, None]
        noisy = torch.where((place >= at) & (place < at + wide), quiet, noisy)
    return noisy


class WordNet(nn.Module):
    """Three blocks of convolution, norm, ReLU and pooling; the loudest and the mean answer of each map; one linear layer."""

    @runtime.alone
    def __init__(self, classes: int, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.blocks = nn.Sequential()
            before = 1
            for width in WIDTHS:
                self.blocks.extend(
                    [
                        nn.Conv2d(before, width, 3, (1, 2) if before == 1 else 1, padding=1),
                        nn.BatchNorm2d(width),
                        nn.ReLU(),
                    ]
                )
                self.blocks.append(nn.MaxPool2d(2))
                before = width
            self.logits = nn.Linear(before * 2 * (MELS // 8), classes)

    def forward(self, x: Tensor) -> Tensor:  # (N, 1, mels, frames) → (N, classes)
        maps = self.blocks(standard(x))  # (N, width, mels / 8, frames / 16)
        return self.logits(torch.cat([maps.amax(dim=3), maps.mean(dim=3)], dim=1).flatten(1))
