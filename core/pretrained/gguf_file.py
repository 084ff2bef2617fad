"""A GGUF file, read quickly: its facts, its tensors as numbers, its tokenizer as a ``tokenizer.json``.

The reader of the ``gguf`` package makes an object for every word of the vocabulary (a minute for 262,144 of them); here
the header is walked once. Unpacking the 4- to 8-bit blocks is left to that package. Two tokenizers are known: byte-level
BPE with its merges ("gpt2") and SentencePiece's ("llama"), whose merges follow from the scores of its words.
Layout: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, version 2 and 3, little-endian.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

KINDS: tuple[Any, ...] = ("<u1", "<i1", "<u2", "<i2", "<u4", "<i4", "<f4", "?", str, list, "<u8", "<i8", "<f8")
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED = 1, 2, 3, 4, 5  # types of tokens
NUMBERS = 1 << 18  # unpacked at a time: what stays in the processor's cache
# What stands between a text and byte-level merges: (each digit alone, GPT-2's own splitting into words).
SPLITTING = {"smollm": True, "gpt-2": False, "gpt2": False}


@dataclass(frozen=True, slots=True)
class Packed:
    """Where a tensor lies: its shape in numpy's order, its ggml type, its first byte."""

    shape: tuple[int, ...]
    kind: int
    start: int


class GGUFFile:
    """``facts`` are the file's keys and values, ``tensors`` its packed tensors. Raises ValueError for other files."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._at = 0
        magic, version, tensors, facts = self._take("<4sIQQ")
        if magic != b"GGUF" or version not in (2, 3):
            raise ValueError(f"no GGUF file of version 2 or 3: {path.name}")
        self.facts: dict[str, Any] = {}
        for _ in range(facts):
            name = self._text()
            self.facts[name] = self._value(KINDS[self._take("<I")[0]])
        places = {}
        for _ in range(tensors):
            name, (dimensions,) = self._text(), self._take("<I")
            shape = self._take(f"<{dimensions}Q")[::-1]
            places[name] = (shape, *self._take("<IQ"))
        step = int(self.facts.get("general.alignment", 32))
        first = -(-self._at // step) * step
        self.tensors = {name: Packed(shape, kind, first + at) for name, (shape, kind, at) in places.items()}

    def bfloat16(self, name: str, add: float = 0.0, heads: int = 0) -> np.ndarray:
        """A tensor as the bits of bfloat16, uint16 in its shape. ``add`` is added to every number before rounding.

        ``heads``: rows (of rotary queries or keys) come in llama.cpp's order, pairs side by side, and leave in
        transformers', halves after each other.
        """
        shape, at = self.tensors[name].shape, 0
        out = np.empty(int(np.prod(shape)), np.uint16)
        for part in self._parts(name):
            out[at : at + len(part)] = rounded(part + np.float32(add) if add else part)
            at += len(part)
        out = out.reshape(shape)
        return out.reshape(heads, -1, 2, *shape[1:]).swapaxes(1, 2).reshape(shape) if heads else out

    def _parts(self, name: str) -> Any:
        """A tensor's numbers in order, float32, some at a time."""
        from gguf import GGML_QUANT_SIZES, GGMLQuantizationType
        from gguf.quants import dequantize

        tensor, count = self.tensors[name], int(np.prod(self.tensors[name].shape))
        kind = GGMLQuantizationType(tensor.kind)
        numbers, size = GGML_QUANT_SIZES[kind]
        blocks = np.frombuffer(self._data, np.uint8, count // numbers * size, tensor.start).reshape(-1, size)
        step = max(1, NUMBERS // numbers)
        for start in range(0, len(blocks), step):
            part = blocks[start : start + step]
            if kind == GGMLQuantizationType.F32:
                yield part.reshape(-1).view(np.float32)
            else:
                yield dequantize(part.reshape(1, -1), kind)[0]  # one long row: this package walks over short ones

    def _take(self, layout: str) -> tuple[Any, ...]:
        found = struct.unpack_from(layout, self._data, self._at)
        self._at += struct.calcsize(layout)
        return found

    def _text(self) -> str:
        (size,) = self._take("<Q")
        self._at += size
        return self._data[self._at - size : self._at].decode("utf-8", "replace")

    def _value(self, kind: Any) -> Any:
        if kind is str:
            return self._text()
        if kind is list:
            inner, count = KINDS[self._take("<I")[0]], self._take("<Q")[0]
            if inner in (str, list):
                return [self._value(inner) for _ in range(count)]
            found = np.frombuffer(self._data, inner, count, self._at)
            self._at += found.nbytes
            return found
        value = np.frombuffer(self._data, kind, 1, self._at)[0]
        self._at += value.nbytes
        return value.item()


def rounded(numbers: np.ndarray) -> np.ndarray:
    """float32 → bfloat16 as uint16, to the nearest, ties to even (as torch does).

    >>> [hex(bits) for bits in rounded(np.array([1.0, -0.5], np.float32))]
    ['0x3f80', '0xbf00']
    """
    bits = np.ascontiguousarray(numbers, np.float32).view(np.uint32)
    return ((bits + ((bits >> 16) & 1) + 0x7FFF) >> 16).astype(np.uint16)


def tokenizer(facts: dict[str, Any]) -> dict[str, Any]:
    """What ``tokenizers`` reads as tokenizer.json. Raises ValueError for a kind of tokenizer that is not known here."""
    words: list[str] = facts["tokenizer.ggml.tokens"]
    kinds = facts["tokenizer.ggml.token_type"].tolist()
    model, split = facts["tokenizer.ggml.model"], str(facts.get("tokenizer.ggml.pre", "default"))
    made: dict[str, Any] = {"version": "1.0", "truncation": None, "padding": None, "normalizer": None}
    if model == "gpt2" and split in SPLITTING:
        merges = [tuple(pair.split(" ", 1)) for pair in facts["tokenizer.ggml.merges"]]
        bytewise = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
        digits = [{"type": "Digits", "individual_digits": True}] if SPLITTING[split] else []
        made["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [*digits, bytewise]}
        made["decoder"], fallback = bytewise, False
    elif model == "llama" and not facts.get("tokenizer.ggml.add_space_prefix", True):
        merges = merges_of(words, facts["tokenizer.ggml.scores"].tolist(), kinds)
        made["normalizer"] = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
        made["pre_tokenizer"] = None
        back = {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}
        made["decoder"] = {"type": "Sequence", "decoders": [back, {"type": "ByteFallback"}, {"type": "Fuse"}]}
        fallback = True
    else:
        raise ValueError(f"a tokenizer not known here: {model}, {split}")
    unknown = facts.get("tokenizer.ggml.unknown_token_id") if fallback else None
    made["model"] = {"type": "BPE", "dropout": None, "unk_token": None if unknown is None else words[unknown]}
    made["model"] |= {"continuing_subword_prefix": None, "end_of_word_suffix": None, "fuse_unk": fallback}
    made["model"] |= {"byte_fallback": fallback, "ignore_merges": False, "merges": merges}
    made["model"]["vocab"] = {word: number for number, word in enumerate(words)}
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    made["added_tokens"] = [
        {"id": number, "content": words[number], **plain, "special": kind in (UNKNOWN, CONTROL)}
        for number, kind in enumerate(kinds)
        if kind in (UNKNOWN, CONTROL) or (kind == USER_DEFINED and "▁" not in words[number])
    ]
    made["post_processor"] = opening(words, facts) if facts.get("tokenizer.ggml.add_bos_token") else None
    return made


def opening(words: list[str], facts: dict[str, Any]) -> dict[str, Any]:
    """The rule that a text begins with the token for the beginning."""
    number = int(facts["tokenizer.ggml.bos_token_id"])
    first, rest = {"SpecialToken": {"id": words[number], "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}
    known = {words[number]: {"id": words[number], "ids": [number], "tokens": [words[number]]}}
    pair = [first, rest, {"Sequence": {"id": "B", "type_id": 1}}]
    return {"type": "TemplateProcessing", "single": [first, rest], "pair": pair, "special_tokens": known}


def merges_of(words: list[str], scores: list[float], kinds: list[int]) -> list[tuple[str, str]]:
    """The pairs that SentencePiece joins, best word first: every way to cut a word into two words.

    >>> merges_of(["a", "b", "ab", "c", "abc"], [0.0, -1.0, -2.0, -3.0, -4.0], [1] * 5)
    [('a', 'b'), ('ab', 'c')]
    """
    number = {word: at for at, word in enumerate(words) if kinds[at] == NORMAL}
    found = list[tuple[str, str]]()
    for whole in sorted(number, key=lambda word: -scores[number[word]]):
        pairs = [(whole[:cut], whole[cut:]) for cut in range(1, len(whole))]
        known = [pair for pair in pairs if pair[0] in number and pair[1] in number]
        found += sorted(known, key=lambda pair: (number[pair[0]], number[pair[1]])) if len(known) > 1 else known
    return found
