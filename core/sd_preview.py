"""Latents as pictures while the loop is under way: through the autoencoder, or at once by a linear map.

The linear map is fitted once per model on random latents: the autoencoder's answer, shrunk to the latents' size, as a
linear function of their channels. Left out: the final picture, which stable_diffusion.py decodes as the pipeline does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core import runtime

KINDS = ("decode", "quick", "none")


class Preview:
    def __init__(self, pipeline: Any) -> None:
        self.vae, self.channels = pipeline.vae, pipeline.unet.config.in_channels
        self._colours: Tensor | None = None

    @torch.no_grad()
    def show(self, latents: Tensor, kind: str) -> tuple[np.ndarray, np.ndarray]:
        """Two latents (2, C, h, w) as pictures: (H, W, 3) uint8, for "quick" (h, w, 3), for "none" empty."""
        if kind == "none":
            return np.empty((0, 0, 3), np.uint8), np.empty((0, 0, 3), np.uint8)
        pictures = self._linear(latents) if kind == "quick" else self._decoded(latents)
        first, second = ((pictures.float().cpu() + 1) * 127.5).round().clamp(0, 255).byte().movedim(1, -1).numpy()
        return first, second

    def _decoded(self, latents: Tensor) -> Tensor:
        return self.vae.decode(latents.to(self.vae.dtype) / self.vae.config.scaling_factor, return_dict=False)[0]

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
