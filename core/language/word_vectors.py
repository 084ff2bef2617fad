"""Words and sentences as vectors: a text of Korean or English → 384 numbers, near each other where meanings are.

Two transformer layers over a token table, distilled from multilingual-e5-small (recipes/words.py; card.toml beside the
weights says with what loss and how well). The answer is the mean of the last states of its pieces, made a unit vector, so that
a product of two is their cosine. The token table lies once, with the emoji Stable Diffusion, which reads the same one.
Left out: training; languages other than Korean and English; the order of far-apart words in long texts.
Sources: Reimers & Gurevych 2019 (arXiv:1908.10084); Wang et al. 2024 (arXiv:2402.05672).
"""

from __future__ import annotations

import itertools
import threading
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core import runtime
from core.errors import InvalidInput, Unavailable, register
from core.pretrained import shipped, whole

register({"no_word_vectors": "The word vectors are not in this copy: {missing} is missing. Get the whole repository."})

TABLE = "embeddings.word_embeddings.weight"
MARKS = 2  # start, padding and end are the first three rows of the table
BATCH = 128
MOST_LETTERS = 2000  # of a text; what lies beyond is not read


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text as the model reads it."""

    id: int
    text: str  # the letters it stands for, as typed
    start: int  # its place in the text
    stop: int


class WordVectors:
    """
    >>> wv = WordVectors.load(); korean, english, car = wv.encode(["고양이", "cat", "자동차"])
    >>> bool(korean @ english > korean @ car)
    True
    """

    def __init__(self, model: Any, tokenizer: Any, longest: int) -> None:
        self.model, self.tokenizer, self.longest = _joined(model.eval()), tokenizer, longest
        self._reading = threading.Lock()  # a tokenizer keeps its padding as state: one visitor at a time

    @classmethod
    def load(cls, name: str = "words") -> WordVectors:
        """The ones that ship. Raises Unavailable when the copy is not whole."""
        from transformers import AutoTokenizer

        own, shared = shipped.FOLDER / name, shipped.FOLDER / "emoji" / "tokenizer"
        folder = own if (own / "tokenizer.json").is_file() else shared
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        return cls(encoder(name).to(runtime.device()), tokenizer, tokenizer.model_max_length)

    @property
    def dimensions(self) -> int:
        return int(self.model.config.hidden_size)

    @property
    def parameters(self) -> int:
        return sum(p.numel() for p in self.model.parameters())

    @property
    def table(self) -> np.ndarray:
        """The token table, (V, D) float32."""
        table: np.ndarray = self.model.embeddings.word_embeddings.weight.detach().cpu().numpy()
        return table

    @property
    def pieces(self) -> tuple[str, ...]:
        """The piece of each row of the table; "▁" marks the beginning of a word."""
        return tuple(self.tokenizer.convert_ids_to_tokens(range(len(self.tokenizer))))

    def encode(self, texts: Sequence[str], whole: bool = False) -> np.ndarray:
        """Unit vectors, (N, D) float32, of any number of texts.

        Args:
            whole: read texts of more than ``longest`` tokens in windows and average those, instead of cutting them.
        """
        texts = [texts] if isinstance(texts, str) else list(texts)
        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        ids = self.ids(texts, whole)
        windows, owner = [], []
        for place, row in enumerate(ids):
            inner, room = row[1:-1], self.longest - 2
            for start in range(0, max(1, len(inner)), room):
                windows.append([row[0], *inner[start : start + room], row[-1]])
                owner.append(place)
        vectors = pooled(self.model, windows)
        if len(windows) > len(texts):
            total = torch.zeros(len(texts), vectors.shape[1], device=vectors.device)
            vectors = total.index_add_(0, torch.tensor(owner, device=vectors.device), vectors)
        found: np.ndarray = F.normalize(vectors, dim=-1).cpu().numpy()
        return found

    def ids(self, texts: Sequence[str], whole: bool = False) -> list[list[int]]:
        """Token numbers with the marks of start and end. Raises InvalidInput for a text without a letter."""
        for text in texts:
            if not isinstance(text, str) or not text.strip():
                raise InvalidInput("empty", name="text", least=1)
        long = {} if whole else {"truncation": True, "max_length": self.longest}
        with self._reading:
            read = [text[:MOST_LETTERS] for text in texts]
            found: list[list[int]] = self.tokenizer(read, padding=False, verbose=False, **long).input_ids
        return found

    def tokens(self, text: str) -> tuple[Piece, ...]:
        """The pieces that are read, in order, of the text in composed letters (NFC); spaces belong to none."""
        text = unicodedata.normalize("NFC", text)  # a tokenizer that composes by itself loses its place in the text
        with self._reading:
            cut = self.tokenizer(
                text[:MOST_LETTERS],
                return_offsets_mapping=True,
                truncation=True,
                max_length=self.longest,
                verbose=False,
            )
        found = []
        for id_, (start, stop) in list(zip(cut["input_ids"], cut["offset_mapping"], strict=True))[1:-1]:
            start += len(text[start:stop]) - len(text[start:stop].lstrip())
            if start < stop:
                found.append(Piece(id_, text[start:stop], start, stop))
        return tuple(found)


@torch.no_grad()
def pooled(model: Any, ids: Sequence[Sequence[int]]) -> Tensor:
    """The mean of the last states over each text's pieces, (N, D): what the DistilBertModel gives, sooner.

    All pieces of a batch lie in one table, without padding; only attention goes by texts of one length.
    """
    if len(ids) == 1:
        return _alone(model, ids[0])
    out = torch.zeros(len(ids), model.config.hidden_size, device=model.device)
    order = sorted(range(len(ids)), key=lambda place: len(ids[place]))
    for start in range(0, len(order), BATCH):
        rows = order[start : start + BATCH]
        out[rows] = _pooled(model, [ids[row] for row in rows])
    return out


def _alone(model: Any, ids: Sequence[int]) -> Tensor:
    """One text, (1, D): little arithmetic over 11 MB of weights, so that every step around it is felt."""
    read, heads = torch.tensor(ids, device=model.device), model.config.n_heads
    table = model.embeddings
    x = table.LayerNorm(table.word_embeddings.weight[read] + table.position_embeddings.weight[: len(ids)])  # (T, D)
    for layer in model.transformer.layer:
        sight = layer.attention
        three = F.linear(x, sight.joined_weight, sight.joined_bias).view(1, len(ids), 3, heads, -1)
        asked, keys, values = three.permute(2, 0, 3, 1, 4)  # each (1, H, T, D / H)
        heard = F.scaled_dot_product_attention(asked, keys, values)[0].transpose(0, 1).flatten(1)
        x = layer.sa_layer_norm(sight.out_lin(heard) + x)
        x = layer.output_layer_norm(layer.ffn.lin2(F.gelu(layer.ffn.lin1(x))) + x)
    words = [place for place, piece in enumerate(ids) if piece > MARKS]
    return x[words].sum(0, keepdim=True) / max(1, len(words))


def _pooled(model: Any, ids: list[Sequence[int]]) -> Tensor:
    """Texts sorted by length."""
    flat = torch.tensor([piece for row in ids for piece in row], device=model.device)  # (P,)
    place = torch.tensor([k for row in ids for k in range(len(row))], device=model.device)
    alike = [(length, sum(1 for _ in same)) for length, same in itertools.groupby(map(len, ids))]
    shapes = [(texts, length) for length, texts in alike]
    table, heads = model.embeddings, model.config.n_heads
    x = table.LayerNorm(table.word_embeddings(flat) + table.position_embeddings(place))  # (P, D)
    for layer in model.transformer.layer:
        sight = layer.attention
        asked, keys, values = (each.split([b * t for b, t in shapes]) for each in _projected(sight, x))
        heard = [
            F.scaled_dot_product_attention(
                *(part.view(*shape, heads, -1).transpose(1, 2) for part in parts)
            ).transpose(1, 2).flatten(2).flatten(0, 1)
            for shape, *parts in zip(shapes, asked, keys, values, strict=True)
        ]  # fmt: skip
        x = layer.sa_layer_norm(sight.out_lin(torch.cat(heard)) + x)
        x = layer.output_layer_norm(layer.ffn.lin2(F.gelu(layer.ffn.lin1(x))) + x)
    inner = (flat > MARKS).to(x.dtype)[:, None]
    owner = torch.repeat_interleave(torch.tensor([len(row) for row in ids], device=model.device))
    total = torch.zeros(len(ids), x.shape[1] + 1, device=model.device)
    total.index_add_(0, owner, torch.cat([x * inner, inner], 1))
    return total[:, :-1] / total[:, -1:].clamp_min(1)


def _projected(sight: Any, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return sight.q_lin(x), sight.k_lin(x), sight.v_lin(x)


def _joined(model: Any) -> Any:
    """Queries, keys and values of a layer as parts of one table, so that one product gives all three."""
    for layer in model.transformer.layer:
        sight = layer.attention
        three = sight.q_lin, sight.k_lin, sight.v_lin
        for name in ("weight", "bias"):
            table = torch.cat([getattr(each, name).detach() for each in three])
            sight.register_buffer(f"joined_{name}", table, persistent=False)
            for each, part in zip(three, table.chunk(3), strict=True):
                setattr(each, name, torch.nn.Parameter(part, requires_grad=False))
    return model


def encoder(name: str = "words") -> Any:
    """The layers of ``weights/<name>`` over the shared token table, float32."""
    from transformers import DistilBertConfig, DistilBertModel

    folder, shared = shipped.FOLDER / name, shipped.FOLDER / "emoji" / "text_encoder"
    tables = [file for place in (folder, shared) for file in sorted(place.glob("*.safetensors")) if _holds(file)]
    missing = [str(path.name) for path in (folder / "config.json", folder / "model.safetensors") if not path.is_file()]
    if missing or not tables:
        raise Unavailable("no_word_vectors", missing=", ".join(missing) or "the token table")
    state = whole.tensors(folder / "model.safetensors", name)
    state[TABLE] = whole.tensors(tables[0], name)[TABLE]
    with runtime.MAKING:
        model = DistilBertModel(DistilBertConfig.from_pretrained(folder, local_files_only=True))
    whole.filled(model, {key: value.float() for key, value in state.items()}, name)
    return model.eval().requires_grad_(False)


def _holds(file: Path) -> bool:
    from safetensors import safe_open

    with safe_open(file, "pt") as tensors:
        return TABLE in tensors.keys()  # noqa: SIM118 (no mapping)
