"""CLIP: pictures and sentences as vectors of one space, so that "how well do they fit" is a cosine.

``contrastive_loss`` trained the small CLIP that ships; ``ImageText`` uses it, or any CLIP or SigLIP of transformers,
for similarities and zero-shot classification. Left out: writing captions (the nearest of given ones is looked up).
Source: Radford et al. 2021, "Learning Transferable Visual Models From Natural Language Supervision" (arXiv:2103.00020).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from core import runtime
from core.errors import InvalidInput, register, shown
from core.files import images
from core.pretrained import shipped, whole

register(
    {
        "incomplete_image_text": "The folder {name} is no whole image-text model: {missing} missing. Choose another.",
        "unknown_image_text": "{name} is a {received}; only {choices} compare pictures and sentences here.",
    }
)

KINDS = ("clip", "siglip", "siglip2")
LONGEST_TEXT = 2000  # characters
BATCH = 32


def contrastive_loss(images: Tensor, texts: Tensor, scale: Tensor) -> Tensor:
    """CLIP's loss: in a batch of N pairs, each picture must find its own sentence, and each sentence its picture.

    ``images`` and ``texts`` are (N, D), row i of one belongs to row i of the other; ``scale`` is 1 / temperature.
    """
    images, texts = F.normalize(images, dim=-1), F.normalize(texts, dim=-1)
    logits = scale * texts @ images.T  # (N, N)
    own = torch.arange(len(logits), device=logits.device)
    return (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2


class ImageText:
    """A model with a text tower and an image tower.

    >>> it = ImageText.load("emoji"); picture = np.full((64, 64, 3), 255, np.uint8)
    >>> it.similarity(["red apple", "빨간 사과"], [picture]).shape
    (2, 1)
    """

    def __init__(self, model: Any, tokenizer: Any, processor: Any, name: str = "") -> None:
        self.model, self.tokenizer, self.processor, self.name = model.eval(), tokenizer, processor, name
        self._reading = threading.Lock()  # a tokenizer keeps its padding as state: one visitor at a time

    @classmethod
    def load(cls, name: str = "emoji") -> ImageText:
        """The CLIP that ships, a folder, or a Hub id. Raises InvalidInput or Unavailable."""
        from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

        from core.language.known_names import HEADS
        from core.multimodal import word_clip

        folder = _place(name)
        if (folder / HEADS).is_file() and (folder / "config.json").is_file():
            return cls(*word_clip.opened(folder), name)
        parts = {
            "config.json": "config.json",
            "tokenizer": "tokenizer*.json",
            "preprocessor_config.json": "*processor*",
        }
        missing = [part for part, files in parts.items() if not any(folder.glob(files))]
        missing += [] if any(folder.glob("*.safetensors")) else ["*.safetensors"]
        if missing:
            raise InvalidInput("incomplete_image_text", name=folder.name, missing=", ".join(missing))
        kind = whole.settings(folder, shown(name)).model_type
        if kind not in KINDS:
            raise InvalidInput("unknown_image_text", name=shown(name), received=kind, choices=", ".join(KINDS))
        with runtime.MAKING:
            model = whole.opened(AutoModel, folder, shown(name), dtype=torch.float32)
        tokenizer = whole.reader(AutoTokenizer, folder, shown(name))
        processor = whole.reader(AutoImageProcessor, folder, shown(name))
        return cls(model.to(runtime.device()), tokenizer, processor, name)

    @property
    def parameters(self) -> int:
        return sum(p.numel() for p in self.model.parameters())

    @property
    def scale(self) -> float:
        """1 / temperature, learnt in training: what cosines are multiplied with before the softmax."""
        return float(self.model.logit_scale.detach().exp())

    def _checked(self, texts: Sequence[str]) -> list[str]:
        texts = [texts] if isinstance(texts, str) else list(texts)
        _some("texts", texts)
        for text in texts:
            if not isinstance(text, str) or not text.strip():
                raise InvalidInput("empty", name="text", least=1)
            if len(text) > LONGEST_TEXT:
                raise InvalidInput("too_many", name="characters", most=LONGEST_TEXT, received=len(text))
        return texts

    @torch.no_grad()
    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors (N, D) float32. Longer sentences than the model reads are cut."""
        texts = self._checked(texts)
        if hasattr(self.model, "embed_texts"):  # one that reads words its own way: word_clip.TwoTowers
            return _unit(self.model.embed_texts(texts))
        longest = min(self.tokenizer.model_max_length, self.model.config.text_config.max_position_embeddings)
        padding = "longest" if self.model.config.model_type == "clip" else "max_length"
        parts = []
        for start in range(0, len(texts), BATCH):
            with self._reading:
                ids = self.tokenizer(
                    texts[start : start + BATCH],
                    padding=padding,
                    truncation=True,
                    max_length=longest,
                    return_tensors="pt",
                ).input_ids
            parts.append(self.model.get_text_features(input_ids=ids.to(self.model.device)).pooler_output)
        return _unit(torch.cat(parts))

    @torch.no_grad()
    def embed_images(self, pictures: Sequence[images.Source]) -> np.ndarray:
        """Unit vectors (N, D) float32 of PIL images, arrays, files or bytes."""
        pictures = list(pictures)
        _some("pictures", pictures)
        parts = []
        for start in range(0, len(pictures), BATCH):
            read = [Image.fromarray(images.read(picture).pixels) for picture in pictures[start : start + BATCH]]
            x = self.processor(images=read, return_tensors="pt").pixel_values  # (B, 3, H, W)
            parts.append(self.model.get_image_features(pixel_values=x.to(self.model.device)).pooler_output)
        return _unit(torch.cat(parts))

    def similarity(self, texts: Sequence[str], pictures: Sequence[images.Source]) -> np.ndarray:
        """Cosines, (len(texts), len(pictures)) float32 in -1..1."""
        return self.embed_texts(texts) @ self.embed_images(pictures).T

    def classify(self, picture: images.Source, labels: Sequence[str]) -> np.ndarray:
        """Zero-shot classification: the probability of each label, softmax(scale · cosine), (len(labels),) float64."""
        logits = self.scale * self.similarity(labels, [picture])[:, 0].astype(float)
        weights = np.exp(logits - logits.max())
        return weights / weights.sum()


def _place(name: str) -> Path:
    if not isinstance(name, str) or not name.strip() or len(name) > 250:
        raise InvalidInput("incomplete_image_text", name=shown(name), missing="config.json")
    if Path(name).name == name and (shipped.FOLDER / name / "clip" / "config.json").is_file():
        return shipped.FOLDER / name / "clip"
    from core.pretrained import catalog, resolve

    if not catalog.public_host() and Path(name).is_dir():
        return Path(name)

    return resolve.resolve(name, kind="image-text").path


def _some(name: str, things: Sequence[Any]) -> None:
    if not things:
        raise InvalidInput("empty", name=name, least=1)


def _unit(vectors: Tensor) -> np.ndarray:
    return F.normalize(vectors.float(), dim=-1).cpu().numpy()
