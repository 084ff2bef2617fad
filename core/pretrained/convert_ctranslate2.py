"""A Whisper of CTranslate2 → a transformers folder, once: ``python -m core.pretrained.convert_ctranslate2 model.bin folder``.

CTranslate2 keeps queries, keys and values in one matrix (of cross-attention: keys and values), the zeros of a bias that
Whisper's keys do not have, and the settings of decoding in a config.json of its own, which is read here and replaced.
Precision stays as it is. A process of its own, as ``convert_gguf``. Left out: other architectures, integer weights.
Layout: https://github.com/OpenNMT/CTranslate2/blob/master/python/ctranslate2/specs/model_spec.py, binary version 6.
"""

from __future__ import annotations

import json
import mmap
import os
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from core.pretrained.convert_gguf import follow, write

Facts = dict[str, Any]
KINDS = ("<f4", "i1", "<i2", "<i4", "<f2")  # DataType of include/ctranslate2/types.h; 5 is bfloat16
HALVES = {"gamma": "weight", "beta": "bias"}
PLACES = {
    "position_encodings/encodings": "embed_positions.weight",
    "embeddings/weight": "embed_tokens.weight",
    "conv1": "conv1",
    "conv2": "conv2",
    "layer_norm": "layer_norm",
    "self_attention/layer_norm": "self_attn_layer_norm",
    "self_attention/linear_1": "self_attn.out_proj",
    "attention/layer_norm": "encoder_attn_layer_norm",
    "attention/linear_2": "encoder_attn.out_proj",
    "ffn/layer_norm": "final_layer_norm",
    "ffn/linear_0": "fc1",
    "ffn/linear_1": "fc2",
}
JOINED = {
    "self_attention/linear_0": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "attention/linear_0": ("encoder_attn.q_proj",),
    "attention/linear_1": ("encoder_attn.k_proj", "encoder_attn.v_proj"),
}


def variables(source: Path) -> dict[str, np.ndarray]:
    """Every variable of a model.bin by CTranslate2's name, read where it lies. Raises ValueError for what is no Whisper."""
    with source.open("rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    at = 0

    def take(layout: str) -> tuple[Any, ...]:
        nonlocal at
        found = struct.unpack_from("<" + layout, data, at)
        at += struct.calcsize("<" + layout)
        return found

    def text() -> str:
        (size,) = take("H")  # with the zero at its end
        (letters,) = take(f"{size}s")
        return str(letters[:-1], "utf-8")

    (version,), kind, _ = take("I"), text(), take("I")
    if version != 6 or kind != "WhisperSpec":
        raise ValueError(f"no Whisper of CTranslate2's binary version 6: {kind}, {version}")
    found, (count,) = {}, take("I")
    for _ in range(count):
        name, (dimensions,) = text(), take("B")
        shape = take(f"{dimensions}I")
        number, size = take("BI")
        if number >= len(KINDS):
            raise ValueError(f"numbers of a kind not known here: {name}, {number}")
        found[name] = np.frombuffer(data, KINDS[number], size // np.dtype(KINDS[number]).itemsize, at).reshape(shape)
        at += size
    return found


def placed(name: str, values: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """A variable as transformers' parameters. Raises KeyError for a name not known here.

    >>> [name for name, _ in placed("decoder/layer_2/attention/linear_1/bias", np.zeros(8))]
    ['model.decoder.layers.2.encoder_attn.v_proj.bias']
    """
    half, _, rest = name.partition("/")
    start = f"model.{half}."
    if rest.startswith("layer_") and not rest.startswith("layer_norm/"):
        number, _, rest = rest.removeprefix("layer_").partition("/")
        start += f"layers.{number}."
    if rest in PLACES:
        yield start + PLACES[rest], values
        return
    part, _, kind = rest.rpartition("/")
    kind = HALVES.get(kind, kind)
    if part not in JOINED:
        yield f"{start}{PLACES[part]}.{kind}", values
        return
    for place, piece in zip(JOINED[part], np.split(values, len(JOINED[part])), strict=True):
        if not (place.endswith("k_proj") and kind == "bias"):  # zeros: Whisper's keys have none
            yield f"{start}{place}.{kind}", piece


def config(found: dict[str, np.ndarray]) -> Facts:
    """config.json, as far as shapes and counts tell it."""
    width, mels = found["encoder/conv1/weight"].shape[:2]
    told: Facts = {"architectures": ["WhisperForConditionalGeneration"], "model_type": "whisper", "d_model": width}
    for half in ("encoder", "decoder"):
        told[f"{half}_layers"] = sum(
            name.startswith(f"{half}/") and name.endswith("ffn/linear_0/bias") for name in found
        )
        told[f"{half}_attention_heads"] = int(found[f"{half}/num_heads"])
        told[f"{half}_ffn_dim"] = len(found[f"{half}/layer_0/ffn/linear_0/bias"])
    told["num_hidden_layers"] = told["encoder_layers"]
    told["vocab_size"] = len(found["decoder/embeddings/weight"])
    told["num_mel_bins"] = mels
    told["max_source_positions"] = len(found["encoder/position_encodings/encodings"])
    told["max_target_positions"] = len(found["decoder/position_encodings/encodings"])
    return told | {"dtype": "float16" if found["encoder/conv1/weight"].dtype == np.float16 else "float32"}


def decoding(settings: Facts, words: dict[str, int]) -> Facts:
    """generation_config.json: CTranslate2's settings, and the words with a meaning of their own by their numbers."""
    end, languages = words["<|endoftext|>"], set(settings["lang_ids"])
    return {
        "alignment_heads": settings["alignment_heads"],
        "suppress_tokens": settings["suppress_ids"],
        "begin_suppress_tokens": settings["suppress_ids_begin"],
        "bos_token_id": end,
        "eos_token_id": end,
        "pad_token_id": end,
        "decoder_start_token_id": words["<|startoftranscript|>"],
        "prev_sot_token_id": words["<|startofprev|>"],
        "no_timestamps_token_id": words["<|notimestamps|>"],
        "is_multilingual": True,
        "lang_to_id": {word: number for word, number in words.items() if number in languages},
        "task_to_id": {name: words[f"<|{name}|>"] for name in ("transcribe", "translate")},
        "max_initial_timestamp_index": 50,
    }


def convert(source: Path, folder: Path) -> None:
    """Write the folder of ``source``; its config.json and tokenizer.json lie there. Raises ValueError or KeyError."""
    from safetensors.numpy import save_file

    found = variables(source)
    settings = json.loads((folder / "config.json").read_text("utf-8"))
    added = json.loads((folder / "tokenizer.json").read_text("utf-8"))["added_tokens"]
    words = {word["content"]: word["id"] for word in added}
    about = config(found)
    made = decoding(settings, words)
    ids = {name: made[name] for name in ("bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id")}
    weights = dict(pair for name, values in found.items() if values.ndim for pair in placed(name, values))
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    write(folder / "config.json", about | ids)
    write(folder / "generation_config.json", made)
    write(folder / "tokenizer_config.json", {"tokenizer_class": "WhisperTokenizer"})
    ear = {"feature_extractor_type": "WhisperFeatureExtractor", "processor_class": "WhisperProcessor"}
    write(folder / "preprocessor_config.json", ear | {"feature_size": about["num_mel_bins"]})


if __name__ == "__main__":
    follow(os.getppid())
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
