"""GGUF → safetensors the quick way; oracle: transformers, which reads the same tiny file by itself."""

from __future__ import annotations

import doctest
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch
from gguf import GGMLQuantizationType as Kind
from transformers import AutoModelForCausalLM, AutoTokenizer

import core.pretrained.gguf_file
from core.errors import InvalidInput
from core.llm import language_model
from core.pretrained import convert_gguf, whole

WIDTH, DEEP, HEADS = 64, 96, 2
SIZES = {"llama": 32, "gemma3": 256}  # numbers of a head; transformers takes 256 for granted in Gemma 3
WORDS = ["<pad>", "<eos>", "<bos>", "<unk>", *(f"<0x{byte:02X}>" for byte in range(256)), "\n\n", *"한국어는▁abc"]
WORDS += ["한국", "한국어", "ab", "▁ab"]
KINDS = [3, 3, 3, 2, *[6] * 256, 4, *[1] * (len(WORDS) - 261)]
SCORES = [*[-1000.0] * 261, *(-float(n) for n in range(len(WORDS) - 261))]


def tiny(path: Path, kind: str, without: str = "") -> Path:
    """Two layers of a Llama or a Gemma 3 in blocks of several kinds, with a SentencePiece vocabulary; one weight left out."""
    writer, rng, size = gguf.GGUFWriter(path, kind), np.random.default_rng(0), SIZES[kind]
    writer.add_context_length(128)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(2)
    writer.add_feed_forward_length(DEEP)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(1)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1e6)
    if kind == "gemma3":
        writer.add_key_length(size)
        writer.add_value_length(size)
        writer.add_sliding_window(16)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(WORDS)
    writer.add_token_scores(SCORES)
    writer.add_token_types(KINDS)
    for name, number in (("bos", 2), ("eos", 1), ("unk", 3), ("pad", 0)):
        getattr(writer, f"add_{name}_token_id")(number)
    writer.add_add_space_prefix(False)
    writer.add_add_bos_token(True)

    def put(name: str, *shape: int, packed: Kind = Kind.F32) -> None:
        numbers = rng.normal(size=shape).astype(np.float32)
        raw = None if packed == Kind.F32 else packed
        if name == without:
            return
        writer.add_tensor(name, numbers if raw is None else gguf.quants.quantize(numbers, packed), raw_dtype=raw)

    put("token_embd.weight", len(WORDS), WIDTH, packed=Kind.Q8_0)
    put("output_norm.weight", WIDTH)
    norms = ["attn_norm", "ffn_norm"] + ["post_attention_norm", "post_ffw_norm"] * (kind == "gemma3")
    for at in range(2):
        for norm in norms:
            put(f"blk.{at}.{norm}.weight", WIDTH)
        for norm in ("attn_q_norm", "attn_k_norm") * (kind == "gemma3"):
            put(f"blk.{at}.{norm}.weight", size)
        put(f"blk.{at}.attn_q.weight", HEADS * size, WIDTH, packed=Kind.Q5_0)
        put(f"blk.{at}.attn_k.weight", size, WIDTH, packed=Kind.Q4_1)
        put(f"blk.{at}.attn_v.weight", size, WIDTH, packed=Kind.Q8_0)
        put(f"blk.{at}.attn_output.weight", WIDTH, HEADS * size, packed=Kind.F16)
        put(f"blk.{at}.ffn_gate.weight", DEEP, WIDTH, packed=Kind.Q5_0)
        put(f"blk.{at}.ffn_up.weight", DEEP, WIDTH, packed=Kind.BF16)
        put(f"blk.{at}.ffn_down.weight", WIDTH, DEEP, packed=Kind.Q4_1)
    for step in ("header", "kv_data", "tensors"):
        getattr(writer, f"write_{step}_to_file")()
    writer.close()
    return path


def test_doctests() -> None:
    assert doctest.testmod(core.pretrained.gguf_file).failed == doctest.testmod(convert_gguf).failed == 0


@pytest.mark.parametrize("kind", ["llama", "gemma3"])
def test_the_quick_way_gives_what_transformers_reads(kind: str, tmp_path: Path) -> None:
    source = tiny(tmp_path / "tiny.gguf", kind)
    (made := tmp_path / "made").mkdir()
    convert_gguf.quickly(source, made)
    ours = AutoModelForCausalLM.from_pretrained(made, dtype=torch.bfloat16)
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path, gguf_file=source.name, dtype=torch.bfloat16)
    mine, other = ours.state_dict(), theirs.state_dict()
    assert mine.keys() == other.keys()
    for name in mine:
        torch.testing.assert_close(mine[name].float(), other[name].float(), rtol=0, atol=0, msg=name)
    ids = torch.arange(260, 272)[None]
    with torch.inference_mode():
        assert torch.equal(ours(ids).logits, theirs(ids).logits), "the same numbers, so the same config"
    assert ours.generation_config.eos_token_id == 1


def test_its_tokenizer_is_sentencepieces(tmp_path: Path) -> None:
    """Counted by hand: the best word first, bytes for letters not known, two line ends as they stand."""
    source = tiny(tmp_path / "tiny.gguf", "gemma3")
    (made := tmp_path / "made").mkdir()
    convert_gguf.quickly(source, made)
    slow: Any = AutoTokenizer.from_pretrained(made)
    tokenizer: Any = language_model._tokenizer(made)
    for text in ("한국어는 ab\n\né", "<eos> c", "한국▁ \n"):
        for letters in (True, False):
            ids = [each(text, split_special_tokens=letters)["input_ids"] for each in (tokenizer, slow)]
            assert ids[0] == ids[1]
    assert (tokenizer.eos_token_id, tokenizer.bos_token_id, tokenizer.chat_template) == (1, 2, None)
    number = {word: at for at, word in enumerate(WORDS)}
    expected = [
        2,
        number["한국어"],
        number["는"],
        number["▁ab"],
        number["\n\n"],
        *(number[f"<0x{b:02X}>"] for b in "é".encode()),
    ]
    assert tokenizer("한국어는 ab\n\né")["input_ids"] == expected
    assert tokenizer.decode(expected, skip_special_tokens=True) == "한국어는 ab\n\né"
    assert tokenizer("<eos>", split_special_tokens=True)["input_ids"][1:] != [1], "typed control words are letters"


def test_what_the_quick_way_does_not_know_goes_the_long_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    went = list[Path]()
    monkeypatch.setattr(convert_gguf, "through_transformers", lambda source, folder: went.append(source))
    writer = gguf.GGUFWriter(tmp_path / "other.gguf", "mamba")
    writer.add_context_length(8)
    for step in ("header", "kv_data", "tensors"):
        getattr(writer, f"write_{step}_to_file")()
    writer.close()
    for source in (tmp_path / "other.gguf", tiny(tmp_path / "tiny.gguf", "llama")):
        convert_gguf.convert(source, tmp_path)
    assert went == [tmp_path / "other.gguf"]


def test_neither_way_fills_a_weight_that_the_file_lacks_with_chance(tmp_path: Path) -> None:
    source = tiny(tmp_path / "less.gguf", "llama", without="blk.1.ffn_up.weight")
    with pytest.raises(ValueError, match="less.gguf lacks model.layers.1.mlp.up_proj.weight"):
        convert_gguf.through_transformers(source, tmp_path / "long")
    quick = tmp_path / "quick"
    quick.mkdir()
    try:
        convert_gguf.convert(source, quick)
    except (KeyError, ValueError):
        return
    with pytest.raises(InvalidInput, match="model.layers.1.mlp.up_proj.weight"):
        whole.opened(AutoModelForCausalLM, quick, "less")
