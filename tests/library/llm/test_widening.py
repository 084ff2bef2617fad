"""Matrices kept in bfloat16 and widened when used answer as the same model opened in float32."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from torch import nn
from transformers import Gemma3ForCausalLM, Gemma3TextConfig, LlamaForCausalLM, Qwen3Config, Qwen3ForCausalLM

from core.llm import language_model, widening
from core.llm.language_model import LanguageModel
from tests.library.llm.test_language_model import PROMPT, bytes_tokenizer, tiny


def pair(model: nn.Module) -> tuple[nn.Module, nn.Module]:
    """The model on bfloat16's grid: opened wide, and kept narrow."""
    narrow = copy.deepcopy(model).bfloat16()
    return copy.deepcopy(narrow).float(), widening.widen(narrow)


def qwen() -> nn.Module:
    torch.manual_seed(1)
    size = dict(hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4, head_dim=16)
    return Qwen3ForCausalLM(Qwen3Config(vocab_size=258, num_key_value_heads=2, tie_word_embeddings=True, **size)).eval()


def gemma() -> nn.Module:
    """Rows of the table are multiplied by √D on the way in; the table is the output matrix as well."""
    torch.manual_seed(2)
    size = dict(hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4, head_dim=16)
    config = Gemma3TextConfig(vocab_size=258, num_key_value_heads=1, sliding_window=8, **size)
    return Gemma3ForCausalLM(config).eval()


@pytest.mark.parametrize("block", [1 << 20, 1000], ids=["whole", "in blocks"])
@pytest.mark.parametrize("make", [tiny, qwen, gemma])
def test_the_numbers_of_float32(make: object, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(widening, "BLOCK", block)
    wide, narrow = pair(make())  # type: ignore[operator]
    ids = torch.randint(0, 258, (2, 33), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        ours, theirs = narrow(ids), wide(ids)
    assert ours.logits.dtype == torch.float32
    torch.testing.assert_close(ours.logits, theirs.logits, rtol=1e-5, atol=1e-5)


def test_a_bias_is_added_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(widening, "BLOCK", 20)
    wide, narrow = pair(nn.Sequential(nn.Linear(8, 9)))
    x = torch.randn(3, 8)
    torch.testing.assert_close(narrow(x), wide(x))


def test_half_the_memory_and_tied_weights_stay_tied() -> None:
    wide, narrow = pair(qwen())
    assert narrow.lm_head.weight is narrow.model.embed_tokens.weight
    size = [sum(p.numel() * p.element_size() for p in model.parameters()) for model in (wide, narrow)]
    assert size[1] < 0.51 * size[0]
    assert all(p.dtype == torch.float32 for p in narrow.parameters() if p.ndim == 1)


def test_a_bfloat16_folder_is_opened_narrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language_model, "_shared", {})
    monkeypatch.setattr(language_model.runtime, "bf16_pays", lambda: False)
    monkeypatch.setenv("DL_DEVICE", "cpu")
    tiny().bfloat16().save_pretrained(tmp_path)
    wide = LlamaForCausalLM.from_pretrained(tmp_path, dtype=torch.float32)
    tokenizer = bytes_tokenizer()
    tokenizer.save_pretrained(tmp_path)
    opened = LanguageModel.load(str(tmp_path))
    assert opened.model.lm_head.weight.dtype == torch.bfloat16
    plain = LanguageModel(wide, tokenizer, "plain")
    for prompt in (PROMPT, "안녕"):
        assert opened.generate(prompt, 12) == plain.generate(prompt, 12)
    a, b = opened.inspect(PROMPT), plain.inspect(PROMPT)
    torch.testing.assert_close(torch.tensor(a.attention), torch.tensor(b.attention), rtol=1e-5, atol=1e-5)
