"""The small CLIP that ships: word vectors on one side, a small vision transformer on the other, a head on each.

Text → ``WordVectors`` (384 numbers) → head → the common space. Picture → CLIP's own vision tower (192) → head → the
same space. What words mean was learnt from a language model; only the heads were learnt together, from emoji in three
styles (recipes/emoji_clip.py). The folder: a CLIPVisionModel as transformers writes it, and ``heads.safetensors``.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from core import runtime
from core.language.known_names import HEADS
from core.language.word_space import Head
from core.language.word_vectors import WordVectors
from core.pretrained import whole


class TwoTowers(nn.Module):
    """What ImageText calls a model: parameters, a scale, and pictures to vectors."""

    def __init__(self, vectors: WordVectors, words: Head, vision: Any, looks: Head, logit_scale: Tensor) -> None:
        super().__init__()
        self.encoder, self.words, self.vision, self.looks = vectors.model, words, vision, looks
        self._vectors = vectors
        self.logit_scale = nn.Parameter(logit_scale)
        self.config = SimpleNamespace(model_type="clip", vision_config=vision.config)
        self.eval().requires_grad_(False)

    @property
    def device(self) -> torch.device:
        return self.logit_scale.device

    def embed_texts(self, texts: list[str]) -> Tensor:
        """(N, D). Every text has a vector: an unknown word lands near what its pieces resemble."""
        out: Tensor = self.words(torch.from_numpy(self._vectors.encode(texts)).to(self.device))
        return out

    def get_image_features(self, pixel_values: Tensor) -> Any:
        return SimpleNamespace(pooler_output=self.looks(self.vision(pixel_values=pixel_values).pooler_output))


def opened(folder: Path) -> tuple[TwoTowers, Any, Any]:
    """Model, tokenizer and processor of the folder."""
    from transformers import AutoImageProcessor, CLIPVisionModel

    with runtime.MAKING:
        vision = whole.opened(CLIPVisionModel, folder, folder.name, dtype=torch.float32)
    state = {key: value.float() for key, value in whole.tensors(folder / HEADS, folder.name).items()}
    vectors, scale = WordVectors.load(), whole.needed(state, "logit_scale", folder.name)
    model = TwoTowers(vectors, Head.of(state, "words"), vision, Head.of(state, "looks"), scale)
    return model.to(runtime.device()), vectors.tokenizer, whole.reader(AutoImageProcessor, folder, folder.name)
