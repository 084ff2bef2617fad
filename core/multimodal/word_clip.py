"""The small CLIP that ships: word vectors on one side, a small vision transformer on the other.

Text → ``WordVectors`` (384 numbers) → a head of two layers → the common space. Picture → CLIP's own vision tower →
the same space. So what the words mean was learnt from a language model, and only their way to pictures from emoji
(recipes/emoji_clip.py). The folder: a CLIPVisionModelWithProjection as transformers writes it, and ``head.safetensors``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core import runtime
from core.language.word_vectors import WordVectors
from core.multimodal.clip import ImageText

HEAD, KIND = "head.safetensors", "clip_vision_model"
SPREAD = 8.0  # unit vectors of 384 numbers are small; the wide layer wants numbers near 1


class Head(nn.Module):
    """Word vector (B, 384) → the common space (B, D): a straight way and, beside it, a wide one."""

    def __init__(self, width: int, space: int, wide: int) -> None:
        super().__init__()
        self.straight = nn.Linear(width, space, bias=False)
        self.wide, self.back = nn.Linear(width, wide), nn.Linear(wide, space)

    def forward(self, x: Tensor) -> Tensor:
        return self.straight(x) + self.back(F.gelu(self.wide(SPREAD * x)))


class TwoTowers(nn.Module):
    """What ImageText calls a model: parameters, a scale, and pictures to vectors."""

    def __init__(self, vectors: WordVectors, head: Head, vision: Any, logit_scale: Tensor) -> None:
        super().__init__()
        self.words, self.head, self.vision = vectors.model, head, vision
        self.logit_scale = nn.Parameter(logit_scale)
        self.config = SimpleNamespace(model_type="clip", vision_config=vision.config)
        self.eval().requires_grad_(False)

    @property
    def device(self) -> torch.device:
        return self.logit_scale.device

    def get_image_features(self, pixel_values: Tensor) -> Any:
        return SimpleNamespace(pooler_output=self.vision(pixel_values=pixel_values).image_embeds)


class WordClip(ImageText):
    """ImageText over word vectors. Every text has a vector: an unknown word lands near what its pieces resemble."""

    def __init__(
        self, vectors: WordVectors, head: Head, vision: Any, logit_scale: Tensor, processor: Any, name: str = ""
    ) -> None:
        super().__init__(TwoTowers(vectors, head, vision, logit_scale), vectors.tokenizer, processor, name)
        self.vectors = vectors

    @classmethod
    def open(cls, folder: Path, name: str) -> WordClip:
        from safetensors.torch import load_file
        from transformers import AutoImageProcessor, CLIPVisionModelWithProjection

        own: dict[str, Any] = {"local_files_only": True}
        with runtime.MAKING:
            vision = CLIPVisionModelWithProjection.from_pretrained(
                folder, dtype=torch.float32, use_safetensors=True, **own
            )
        state = {key: value.float() for key, value in load_file(folder / HEAD).items()}
        scale = state.pop("logit_scale")
        head = Head(state["straight.weight"].shape[1], len(state["straight.weight"]), len(state["wide.weight"]))
        head.load_state_dict(state)
        found = cls(WordVectors.load(), head, vision, scale, AutoImageProcessor.from_pretrained(folder, **own), name)
        found.model.to(runtime.device())
        return found

    @torch.no_grad()
    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors (N, D) float32."""
        texts = self._checked(texts)
        vectors = torch.from_numpy(self.vectors.encode(texts)).to(self.model.device)
        found: np.ndarray = F.normalize(self.model.head(vectors), dim=-1).cpu().numpy()
        return found
