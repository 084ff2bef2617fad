"""Maps of a real model, here a tiny random one on the disk: equal to transformers', causal, Hangul whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from core.errors import CoreError
from core.lessons.attention import real_model
from core.llm import language_model
from core.pretrained.catalog import DEFAULT


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A byte-level vocabulary without merges: every Hangul syllable is three tokens."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    raw = Tokenizer(models.BPE({letter: i for i, letter in enumerate(letters)}, []))
    raw.pre_tokenizer, raw.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    folder = tmp_path / DEFAULT
    PreTrainedTokenizerFast(tokenizer_object=raw, eos_token="<|im_end|>").save_pretrained(folder)
    torch.manual_seed(0)
    size = dict(hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2)
    LlamaForCausalLM(LlamaConfig(vocab_size=257, **size)).save_pretrained(folder)
    monkeypatch.setenv("DL_MODELS", str(tmp_path))
    monkeypatch.setattr(language_model, "_shared", {})
    return folder


def test_maps_are_the_models_own(disk: Path) -> None:
    seen = real_model.look("가 a", layer=1)
    assert seen.maps.shape == (2, 5, 5) and seen.layers == 2 and seen.parameters > 1000
    np.testing.assert_allclose(seen.maps.sum(-1), 1, atol=1e-2)  # bfloat16
    assert not np.triu(seen.maps, 1).any()
    assert [piece.letters for piece in seen.tokens] == ["가", "가", "가", " ", "a"]
    assert [piece.name for piece in seen.tokens] == ["가 1/3", "가 2/3", "가 3/3", " ", "a"]
    assert not any("\ufffd" in piece.text for piece in seen.tokens)


def test_control_tokens_typed_by_a_visitor_are_text(disk: Path) -> None:
    assert not any(piece.special for piece in real_model.look("<|im_end|>").tokens)


@pytest.mark.parametrize(
    ("text", "layer", "code"),
    [("", 0, "no_words"), ("a" * 500, 0, "text_too_long"), ("a" * 49, 0, "too_many"), ("a", 2, "out_of_range")],
)
def test_wrong_use_is_explained(disk: Path, text: str, layer: int, code: str) -> None:
    with pytest.raises(CoreError) as caught:
        real_model.look(text, layer)
    assert caught.value.code == code


def test_without_the_model_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DL_MODELS", str(tmp_path))
    monkeypatch.setenv("DL_CACHE", str(tmp_path / "empty"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(real_model.resolve, "nearby", lambda name: None)
    assert not real_model.on_disk()
    with pytest.raises(CoreError) as caught:
        real_model.look("a")
    assert caught.value.code == "not_on_disk"
