"""Words and sentences where near means "of a kind": one more layer on the word vectors, taught what WordNet knows.

`words` (word_vectors.py) puts a text where its meaning is; but which words are its neighbours was taught by a teacher that
read sentences, and "cat" found "painter". This layer, 384 → 256 numbers, has seen which kinds a word belongs to and which
Korean and English names one emoji has (recipes/words_space.py; figures on words it never saw: card.toml of `words`).
Left out: a second meaning of a word (bank, 배); the order of words.
Sources: Miller 1995 (doi:10.1145/219717.219748); Faruqui et al. 2015 (arXiv:1411.4166).
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.errors import Unavailable
from core.language.word_vectors import WordVectors
from core.pretrained import shipped, whole

FILE = "space.safetensors"
GROWN = 64.0  # 8-bit floats are exact between 2⁻⁶ and 448 only, and the numbers of the wide way are about 0.05


class Head(nn.Module):
    """(B, W) → the common space (B, D): a straight way and, beside it, a wide one."""

    def __init__(self, width: int, space: int, wide: int) -> None:
        super().__init__()
        self.straight = nn.Linear(width, space)
        self.wide, self.back = nn.Linear(width, wide), nn.Linear(wide, space)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.straight(x) + self.back(F.gelu(self.wide(x)))
        return out

    @classmethod
    def of(cls, state: dict[str, Tensor], name: str) -> Head:
        """The head ``name`` of a file with several."""
        own = {key.removeprefix(f"{name}."): value for key, value in state.items() if key.startswith(f"{name}.")}
        wide, width = whole.needed(own, "wide.weight", name).shape
        head = cls(width, len(whole.needed(own, "straight.weight", name)), wide)
        whole.filled(head, own, name)
        return head


class WordSpace:
    """
    >>> space = WordSpace.load(); cat, dog, car = space.encode(["cat", "dog", "car"])
    >>> bool(cat @ dog > cat @ car)
    True
    """

    def __init__(self, vectors: WordVectors, head: Head) -> None:
        self.vectors, self.head = vectors, head.eval()

    @classmethod
    @functools.cache
    def load(cls) -> WordSpace:
        """The shipped one, opened once. Raises Unavailable when the copy is not whole."""
        path, vectors = shipped.FOLDER / "words" / FILE, WordVectors.load()
        if not path.is_file():
            raise Unavailable("no_word_vectors", missing=FILE)
        state = whole.tensors(path, FILE)
        return cls(vectors, Head.of({f"space.{key}": plain(value) for key, value in state.items()}, "space"))

    @property
    def dimensions(self) -> int:
        return self.head.straight.out_features

    @property
    def parameters(self) -> int:
        return self.vectors.parameters + sum(p.numel() for p in self.head.parameters())

    @torch.no_grad()
    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, (N, D) float32, of any number of texts."""
        found: np.ndarray = F.normalize(self.head(torch.from_numpy(self.vectors.encode(texts))), dim=-1).numpy()
        return found


def packed(value: Tensor) -> Tensor:
    """As it ships: the two wide tables in 8-bit floats, the rest in half precision."""
    wide = value.ndim == 2 and max(value.shape) > 512
    return (value * GROWN).to(torch.float8_e4m3fn) if wide else value.half()


def plain(value: Tensor) -> Tensor:
    """Back to float32."""
    return value.float() / GROWN if value.dtype == torch.float8_e4m3fn else value.float()
