"""Captions against the library's own generate, on tiny random models saved as the Hub's repositories are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    BlipConfig,
    BlipForConditionalGeneration,
    CLIPImageProcessor,
    GitConfig,
    GitForCausalLM,
    PreTrainedTokenizerFast,
)

from core.errors import CoreError, InvalidInput, Unavailable
from core.events import Done, Progress
from core.multimodal import captions
from core.multimodal.captions import Captioner

WORDS = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "a", "red", "apple", "cat", "on", "the", "table", "dog"]
SMALL = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
TEXT = {**SMALL, "vocab_size": len(WORDS), "max_position_embeddings": 64, "pad_token_id": 0, "bos_token_id": 1}
TEXT |= {"eos_token_id": 2, "sep_token_id": 2}
PICTURE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8))


def model(kind: str) -> Any:
    seen = {**SMALL, "image_size": 32, "patch_size": 16}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        if kind == "git":
            return GitForCausalLM(GitConfig(vision_config=seen, **TEXT)).eval()
        return BlipForConditionalGeneration(
            BlipConfig(text_config={**TEXT, "encoder_hidden_size": 16}, vision_config=seen)
        ).eval()


@pytest.fixture(params=["git", "blip"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    words = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    names = {"pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]", "unk_token": "[UNK]"}
    side = {"height": 32, "width": 32}
    for part in (
        model(request.param),
        PreTrainedTokenizerFast(tokenizer_object=words, **names),
        CLIPImageProcessor(size=side, crop_size=side),
    ):
        part.save_pretrained(tmp_path)
    return tmp_path


def test_the_caption_is_the_librarys_own(folder: Path) -> None:
    *progress, done = captions.steps(PICTURE, str(folder))
    assert all(isinstance(event, Progress) for event in progress) and isinstance(done, Done)
    writer = Captioner.load(str(folder))
    x = writer.processor(images=[PICTURE], return_tensors="pt").pixel_values
    ids = writer.model.generate(pixel_values=x, max_new_tokens=captions.LONGEST, do_sample=False)
    truth = writer.tokenizer.batch_decode(ids, skip_special_tokens=True)[0].strip()
    assert done.result.text == truth and done.result.parameters == writer.parameters > 1000
    assert captions.available(str(folder))


def test_another_kind_of_model_is_refused(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "bert", "hidden_size": 8}')
    with pytest.raises(InvalidInput, match="bert"):
        Captioner.load(str(folder))


@pytest.mark.parametrize("name", ["", "  ", "x" * 300, None])
def test_a_name_that_is_none(name: Any) -> None:
    with pytest.raises(InvalidInput):
        next(captions.steps(PICTURE, name))


def test_a_bad_picture_is_refused_before_anything_is_fetched() -> None:
    with pytest.raises(CoreError) as caught:
        next(captions.steps(b"no picture"))
    assert caught.value.code == "bad_file"


def test_without_a_model_one_sentence_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DL_CACHE", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(captions.resolve, "_hub_cache", lambda entry: None)
    with pytest.raises(Unavailable, match="hf download microsoft/git-base"):
        list(captions.steps(PICTURE))
    assert not captions.available()
