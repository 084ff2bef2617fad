"""Latents as pictures while the loop is under way: through the autoencoder, or nearly at once by a sketch of it.

The sketch is three small convolutions that learnt to answer like the decoder (recipes/emoji_preview.py; beside the
weights that bring one), else a linear map of the latents' channels, fitted once per model on random latents: the
autoencoder's answer, shrunk to the latents' size. Left out: the final picture, which stable_diffusion.py decodes as
the pipeline does.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core import runtime
from core.diffusion import batch
from core.pretrained import whole
from core.together import Together

KINDS = ("decode", "quick", "none")
MOST = 16  # drawings in one pass of the sketch
FILE = "preview.safetensors"  # in the folder of a model: its Sketch


class Sketch(nn.Module):
    """Latents (N, C, h, w) → pictures (N, 3, s·h, s·w), about -1..1: each cell, with those around it, becomes s × s pixels."""

    @runtime.alone
    def __init__(self, channels: int, width: int, scale: int) -> None:
        super().__init__()
        self.inner = nn.Conv2d(channels, width, 3, padding=1)
        self.middle = nn.Conv2d(width, width, 3, padding=1)
        self.outer = nn.Conv2d(width, 3 * scale * scale, 3, padding=1)
        self.scale = scale

    def forward(self, latents: Tensor) -> Tensor:
        x = F.relu(self.inner(latents))
        x = F.relu(self.middle(x)) + x
        return F.pixel_shuffle(self.outer(x), self.scale)

    @classmethod
    def read(cls, file: Path) -> Sketch:
        weights = {name: tensor.float() for name, tensor in whole.tensors(file, file.name).items()}
        width, channels = whole.needed(weights, "inner.weight", file.name).shape[:2]
        outer = whole.needed(weights, "outer.weight", file.name)
        sketch = cls(channels, width, round((len(outer) / 3) ** 0.5))
        whole.filled(sketch, weights, file.name)
        return sketch.to(memory_format=torch.channels_last).requires_grad_(False)


class Preview:
    def __init__(self, pipeline: Any, folder: Path | None = None) -> None:
        self.vae, self.channels = pipeline.vae, pipeline.unet.config.in_channels
        brought = folder is not None and (folder / FILE).is_file()
        self.sketch = Sketch.read(folder / FILE) if folder and brought else None
        self._colours: Tensor | None = None
        self._sketches = Together(self._drawn_quickly, MOST, patience=0)  # those of several drawings in one pass

    @torch.no_grad()
    def show(self, latents: Tensor, kind: str) -> tuple[np.ndarray, np.ndarray]:
        """Two latents (2, C, h, w) as pictures: (H, W, 3) uint8; for "quick" without a sketch (h, w, 3); for "none" empty."""
        if kind == "none":
            return np.empty((0, 0, 3), np.uint8), np.empty((0, 0, 3), np.uint8)
        pictures = self._decoded(latents) if kind == "decode" else self._sketches(latents)
        first, second = ((pictures.float().cpu() + 1) * 127.5).round().clamp(0, 255).byte().movedim(1, -1).numpy()
        return first, second

    def _decoded(self, latents: Tensor) -> Tensor:
        return self.vae.decode(latents.to(self.vae.dtype) / self.vae.config.scaling_factor, return_dict=False)[0]

    @torch.no_grad()
    def _drawn_quickly(self, latents: list[Tensor]) -> list[Tensor]:
        return batch.by_shape(latents, self._quick)

    def _quick(self, latents: Tensor) -> Tensor:
        return self._linear(latents) if self.sketch is None else self.sketch.to(latents.device)(latents.float())

    def _linear(self, latents: Tensor) -> Tensor:
        if self._colours is None:
            self._colours = self._fit()
        colours = self._colours.to(latents.device)  # (C + 1, 3)
        return torch.einsum("ncyx,ck->nkyx", latents.float(), colours[:-1]) + colours[-1][:, None, None]

    def _fit(self) -> Tensor:
        """Least squares over patches of equal latents: four random pictures of 4 × 4 patches."""
        patches = torch.randn(4, self.channels, 4, 4, generator=runtime.generator(0))
        z = F.interpolate(patches, scale_factor=4)  # (4, C, 16, 16)
        pictures = self._decoded(z.to(self.vae.device)).float().cpu()
        small = F.adaptive_avg_pool2d(pictures, (16, 16))
        rows = torch.cat([z, torch.ones(4, 1, 16, 16)], 1).movedim(1, -1).reshape(-1, self.channels + 1)
        return torch.linalg.lstsq(rows, small.movedim(1, -1).reshape(-1, 3)).solution  # (C + 1, 3)
