"""Damaged folders of tiny models: each opens with the very weights that were saved, or names what is wrong with it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    GPT2Config,
    LlamaConfig,
    LlamaForCausalLM,
    VisionEncoderDecoderConfig,
    VisionEncoderDecoderModel,
    ViTConfig,
    WhisperConfig,
    WhisperForConditionalGeneration,
)

from core.errors import InvalidInput
from core.pretrained import whole

FILE, INDEX = "model.safetensors", "model.safetensors.index.json"
UP = "model.layers.1.mlp.up_proj.weight"
HEAD, TABLE = "lm_head.weight", "model.embed_tokens.weight"
SMALL = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}


def llama(tied: bool) -> LlamaForCausalLM:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        more = {"vocab_size": 300, "num_key_value_heads": 1, "tie_word_embeddings": tied, "pad_token_id": None}
        return LlamaForCausalLM(LlamaConfig(**SMALL, **more)).eval()


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file ("tied", "own") and shards ("tied shards", "own shards") of two tiny Llamas."""
    place = tmp_path_factory.mktemp("models")
    for name, tied in (("tied", True), ("own", False)):
        llama(tied).save_pretrained(place / name)
        llama(tied).save_pretrained(place / f"{name} shards", max_shard_size="8KB")
    return place


def without(*names: str) -> Callable[[Path], None]:
    return edited(lambda weights: {name: value for name, value in weights.items() if name not in names})


def edited(change: Callable[[dict[str, Tensor]], dict[str, Tensor]], file: str = FILE) -> Callable[[Path], None]:
    return lambda folder: save_file(change(load_file(folder / file)), folder / file, metadata={"format": "pt"})


def bytes_of(file: str, change: Callable[[bytes], bytes]) -> Callable[[Path], Any]:
    return lambda folder: (folder / file).write_bytes(change((folder / file).read_bytes()))


def gone(file: str) -> Callable[[Path], None]:
    return lambda folder: (folder / file).unlink()


def renamed(file: str, to: str) -> Callable[[Path], Any]:
    return lambda folder: (folder / file).rename(folder / to)


def unlisted(folder: Path) -> None:
    """The index forgets a weight that its shard holds."""
    index = json.loads((folder / INDEX).read_text())
    del index["weight_map"][UP]
    (folder / INDEX).write_text(json.dumps(index))


def shard_lacks(folder: Path) -> None:
    shard = json.loads((folder / INDEX).read_text())["weight_map"][UP]
    edited(lambda weights: {name: value for name, value in weights.items() if name != UP}, shard)(folder)


def layers(count: int) -> Callable[[Path], Any]:
    def change(folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | {"num_hidden_layers": count}))

    return change


def copied(saved: Path, name: str, tmp_path: Path, damage: Callable[[Path], Any]) -> Path:
    folder = tmp_path / "mine"
    shutil.copytree(saved / name, folder)
    damage(folder)
    return folder


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("tied", lambda folder: None),
        ("own", lambda folder: None),
        ("tied shards", lambda folder: None),
        ("own shards", lambda folder: None),
        ("own shards", unlisted),
        ("tied", edited(lambda weights: weights | {HEAD: weights[TABLE].clone()})),
        ("own", edited(lambda weights: weights | {"model.layers.0.rotary_emb.inv_freq": torch.ones(4)})),
        ("own", renamed(FILE, "model.fp16.safetensors")),
    ],
)
def test_what_is_whole_opens_with_the_weights_that_were_saved(
    saved: Path, tmp_path: Path, name: str, damage: Callable[[Path], Any]
) -> None:
    right = llama(name.startswith("tied")).state_dict()
    found = whole.opened(AutoModelForCausalLM, copied(saved, name, tmp_path, damage), "mine").state_dict()
    assert found.keys() == right.keys()
    assert all(torch.equal(found[key], right[key]) for key in right)


@pytest.mark.parametrize(
    ("name", "damage", "code", "told"),
    [
        ("tied", without(UP), "model_incomplete", UP),
        ("tied", without(TABLE), "model_incomplete", f"{HEAD}, {TABLE}"),
        ("own", without(HEAD), "model_incomplete", HEAD),
        ("own", without(TABLE), "model_incomplete", TABLE),
        ("own", layers(3), "model_incomplete", "model.layers.2.input_layernorm.weight, "),
        ("own shards", shard_lacks, "model_incomplete", UP),
        ("own shards", gone("model-00002-of-00005.safetensors"), "model_incomplete", "model-00002-of-00005.safetensors"),
        ("own shards", gone(INDEX), "model_incomplete", "*.safetensors.index.json"),
        ("own", renamed(FILE, "mine.safetensors"), "model_incomplete", "*model.safetensors"),
        ("own", gone("config.json"), "model_incomplete", "config.json"),
        ("own shards", bytes_of(INDEX, lambda old: old[:-9]), "file_damaged", INDEX),
        ("own", bytes_of(FILE, lambda old: old[:-9]), "file_damaged", FILE),
        ("own", bytes_of(FILE, lambda old: b""), "file_damaged", FILE),
        ("own", bytes_of(FILE, lambda old: b"version https://git-lfs.github.com/spec/v1\n"), "file_damaged", FILE),
        ("own shards", bytes_of("model-00003-of-00005.safetensors", lambda old: old[:99]), "file_damaged", "model-00003"),
        ("own", edited(lambda weights: weights | {UP: torch.ones(3, 2)}), "weights_size", "(3, 2)"),
        ("own", edited(lambda weights: weights | {UP: torch.ones(3, 2)}), "weights_size", UP),
    ],
)  # fmt: skip
def test_what_is_not_whole_names_what_is_wrong(
    saved: Path, tmp_path: Path, name: str, damage: Callable[[Path], Any], code: str, told: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        whole.opened(AutoModelForCausalLM, copied(saved, name, tmp_path, damage), "mine")
    assert (caught.value.code, caught.value.values["name"]) == (code, "mine")
    assert told in str(caught.value)


def test_weights_packed_by_another_package_say_which(saved: Path, tmp_path: Path) -> None:
    def pack(folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        packed = {"quantization_config": {"quant_method": "gptq", "bits": 4, "group_size": 128}}
        (folder / "config.json").write_text(json.dumps(config | packed))

    with pytest.raises(InvalidInput, match="optimum|gptq") as caught:
        whole.opened(AutoModelForCausalLM, copied(saved, "own", tmp_path, pack), "mine")
    assert caught.value.code == "cannot_open" and str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize(
    ("config", "code"),
    [('{"model_type": "no such"}', "cannot_open"), ("{}", "cannot_open"), ("{", "file_damaged"), (None, "model_incomplete")],
)  # fmt: skip
def test_settings_that_say_nothing(tmp_path: Path, config: str | None, code: str) -> None:
    if config is not None:
        (tmp_path / "config.json").write_text(config)
    with pytest.raises(InvalidInput) as caught:
        whole.settings(tmp_path, "mine")
    assert caught.value.code == code and str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize(("tokenizer", "code"), [(None, "model_incomplete"), ("{", "cannot_open")])
def test_a_tokenizer_that_is_none(saved: Path, tmp_path: Path, tokenizer: str | None, code: str) -> None:
    folder = copied(
        saved, "own", tmp_path, lambda folder: tokenizer and (folder / "tokenizer.json").write_text(tokenizer)
    )
    with pytest.raises(InvalidInput) as caught:
        whole.reader(AutoTokenizer, folder, "mine", ("tokenizer.json",))
    assert caught.value.code == code and str(tmp_path) not in str(caught.value)


def whisper() -> nn.Module:
    width = {"d_model": 16, "encoder_ffn_dim": 16, "decoder_ffn_dim": 16, "vocab_size": 60, "max_target_positions": 8}
    count = {f"{part}_{what}": 2 for part in ("encoder", "decoder") for what in ("layers", "attention_heads")}
    ids = {"decoder_start_token_id": 1, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 2}
    return WhisperForConditionalGeneration(WhisperConfig(**width, **count, **ids))


def writer() -> nn.Module:
    seen = ViTConfig(**SMALL, image_size=32, patch_size=16)
    speaks = GPT2Config(n_embd=16, n_layer=1, n_head=2, vocab_size=60, n_positions=32, add_cross_attention=True)
    return VisionEncoderDecoderModel(VisionEncoderDecoderConfig.from_encoder_decoder_configs(seen, speaks))


@pytest.mark.parametrize("make", [whisper, writer])
def test_any_weight_of_other_kinds_is_missed(make: Callable[[], Any], tmp_path: Path) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        right = make()
    right.save_pretrained(tmp_path)
    found = whole.opened(type(right), tmp_path, "mine").state_dict()
    assert all(torch.equal(found[key], value) for key, value in right.state_dict().items())
    weights = load_file(tmp_path / FILE)
    for name in sorted(weights)[::9]:
        save_file({key: value for key, value in weights.items() if key != name}, tmp_path / FILE, {"format": "pt"})
        with pytest.raises(InvalidInput, match="model_incomplete|Missing") as caught:
            whole.opened(type(right), tmp_path, "mine")
        assert torch.equal(right.state_dict()[caught.value.values["missing"].split(", ")[-1]], weights[name])


def test_what_nothing_asks_may_be_missing(tmp_path: Path) -> None:
    """Published files of TrOCR lack the pooler of the picture's network."""
    right = writer()
    right.save_pretrained(tmp_path)
    without("encoder.pooler.dense.weight", "encoder.pooler.dense.bias")(tmp_path)
    with pytest.raises(InvalidInput, match="pooler"):
        whole.opened(VisionEncoderDecoderModel, tmp_path, "mine")
    found = whole.opened(VisionEncoderDecoderModel, tmp_path, "mine", unused=("encoder.pooler.",)).state_dict()
    assert all(torch.equal(found[key], value) for key, value in right.state_dict().items() if "pooler" not in key)


def test_a_module_is_filled_or_says_why() -> None:
    net, state = nn.Linear(3, 2), {"weight": torch.ones(2, 3), "bias": torch.ones(2), "odd": torch.ones(1)}
    whole.filled(net, state, "mine")
    assert net(torch.ones(3)).tolist() == [4, 4]
    with pytest.raises(InvalidInput, match="bias"):
        whole.filled(net, {"weight": torch.zeros(2, 3)}, "mine")
    with pytest.raises(InvalidInput, match=r"weight.*\(3, 2\).*\(2, 3\)"):
        whole.filled(net, state | {"weight": torch.zeros(3, 2)}, "mine")
    assert net(torch.ones(3)).tolist() == [4, 4]


def test_a_file_of_tensors_is_there_and_whole(tmp_path: Path) -> None:
    save_file({"a": torch.ones(2)}, tmp_path / FILE)
    assert whole.needed(whole.tensors(tmp_path / FILE, "mine"), "a", "mine").tolist() == [1, 1]
    bytes_of(FILE, lambda old: old[:-1])(tmp_path)
    for ask, told in (
        (lambda: whole.tensors(tmp_path / FILE, "mine"), FILE),
        (lambda: whole.tensors(tmp_path / "other", "mine"), "other"),
        (lambda: whole.needed({}, "b", "mine"), "b"),
    ):
        with pytest.raises(InvalidInput, match=told):
            ask()
