"""Photographs and words in one space without pairs: a photo is the mix of the words for what a classifier sees in it.

The photo network gives shares to 1,000 classes; the text encoder gives each class's name a vector. A photo's vector is the
mean of the likeliest classes' vectors, weighted by their shares: a convex combination. So any words, Korean or English,
can be compared with any photo, also words that are none of the classes. It can know no more than the classes hold.
Sources: Norouzi et al. (2013), "Zero-Shot Learning by Convex Combination of Semantic Embeddings" (ConSE), arXiv 1312.5650;
cf. DeViSE (Frome et al. 2013), where the picture side is trained to meet the words.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import InvalidInput
from core.files import images
from core.language.word_vectors import WordVectors
from core.vision import efficientnet_lite
from core.vision.classifier import ImageClassifier

MIXED = 10  # classes that make a photo's vector, as in the paper
OF_KIND = 0.5  # how much the kind ("dog") counts beside the name ("German shepherd"), which few texts contain
SHARPNESS = 20.0  # what cosines are multiplied with before the softmax over labels
_LOADING = threading.Lock()


@dataclass(frozen=True, slots=True)
class Mix:
    """What a photo's vector is made of."""

    classes: tuple[int, ...]  # the likeliest first
    shares: tuple[float, ...]  # they sum to 1


class PhotoWords:
    """The same verbs as ImageText, for photographs.

    Args:
        network: a classifier of colour photos with 1,000 classes.
        vectors: the text encoder.
        names: what the classes are called, (1000,) in each of some languages; a class's vector is the mean of its names'.
        kinds: what kind of thing each is, in the same languages; "" where that says no more than the name.
    """

    name, scale = "photos", SHARPNESS

    def __init__(
        self,
        network: ImageClassifier,
        vectors: WordVectors,
        names: Sequence[Sequence[str]],
        kinds: Sequence[Sequence[str]] = (),
    ) -> None:
        self.network, self.vectors = network, vectors
        known = _unit(np.sum([vectors.encode(list(some)) for some in names], axis=0))  # (1000, D)
        if kinds:
            known = _unit(known + OF_KIND * _unit(np.sum([self._of_kinds(some) for some in kinds], axis=0)))
        self.middle = known.mean(axis=0)  # all words lean one way; what they share tells nothing
        self.classes = _unit(known - self.middle)

    def _of_kinds(self, kinds: Sequence[str]) -> np.ndarray:
        """(classes, D): the vector of each kind, zeros where there is none."""
        different = sorted(set(kinds) - {""})
        found = dict(zip(different, self.vectors.encode(different), strict=True))
        return np.stack([found.get(kind, np.zeros(self.vectors.dimensions, np.float32)) for kind in kinds])

    @classmethod
    def load(cls, _name: str = "photos") -> PhotoWords:
        """The network and the encoder that ship, opened once. Raises Unavailable when the copy is not whole."""
        with _LOADING:
            return _loaded()

    @property
    def parameters(self) -> int:
        return self.network.parameters + self.vectors.parameters

    def mix(self, picture: images.Source) -> Mix:
        """The classes a photo is a mixture of."""
        shares = self.network.answer(picture).probabilities
        likeliest = shares.argsort()[::-1][:MIXED]
        kept = shares[likeliest] / shares[likeliest].sum()
        return Mix(tuple(likeliest.tolist()), tuple(kept.tolist()))

    def embed_images(self, pictures: Sequence[images.Source]) -> np.ndarray:
        """Unit vectors (N, D) float32 of PIL images, arrays, files or bytes."""
        if not len(pictures):
            raise InvalidInput("empty", name="pictures", least=1)
        mixes = [self.mix(picture) for picture in pictures]
        return _unit(np.stack([np.array(mix.shares) @ self.classes[list(mix.classes)] for mix in mixes]))

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors (N, D) float32."""
        return _unit(self.vectors.encode(list(texts)) - self.middle)

    def similarity(self, texts: Sequence[str], pictures: Sequence[images.Source]) -> np.ndarray:
        """Cosines, (len(texts), len(pictures)) float32 in -1..1."""
        return self.embed_texts(texts) @ self.embed_images(pictures).T

    def classify(self, picture: images.Source, labels: Sequence[str]) -> np.ndarray:
        """Zero-shot classification: softmax(scale · cosine) over the labels, (len(labels),) float64."""
        logits = self.scale * self.similarity(labels, [picture])[:, 0].astype(float)
        weights = np.exp(logits - logits.max())
        return weights / weights.sum()


def ready() -> bool:
    """Whether it is open, so that it answers at once."""
    return _loaded.cache_info().currsize > 0


@functools.cache
def _loaded() -> PhotoWords:
    names, kinds = (
        [told(lang) for lang in ("ko", "en")] for told in (efficientnet_lite.names, efficientnet_lite.kinds)
    )
    return PhotoWords(ImageClassifier.pretrained(efficientnet_lite.NAME), WordVectors.load(), names, kinds)


def _unit(vectors: np.ndarray) -> np.ndarray:
    lengths: np.ndarray = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
