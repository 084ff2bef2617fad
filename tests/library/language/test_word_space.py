"""The space of the lesson on word vectors: the layer by hand, one text as in a batch, and a copy that is not whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

from core.errors import InvalidInput, Unavailable
from core.language import known_names, word_space
from core.language.known_names import KnownNames
from core.language.word_space import WordSpace
from core.language.word_vectors import encoder
from core.multimodal import word_clip
from core.pretrained import shipped, whole


@pytest.mark.parametrize(
    ("load", "file", "gone"),
    [
        (encoder, "model.safetensors", "transformer.layer.1.attention.q_lin.weight"),
        (lambda: WordSpace.load.__wrapped__(WordSpace), word_space.FILE, "back.bias"),
        (lambda: WordSpace.load.__wrapped__(WordSpace), word_space.FILE, "wide.weight"),
        (lambda: KnownNames.load.__wrapped__(KnownNames), known_names.HEADS, "places"),
        (lambda: word_clip.opened(shipped.FOLDER / "emoji" / "clip"), known_names.HEADS, "looks.straight.bias"),
    ],
)
def test_a_weight_that_the_copy_lacks_is_named(
    monkeypatch: pytest.MonkeyPatch, load: Callable[[], object], file: str, gone: str
) -> None:
    read = whole.tensors

    def less(path: Path, name: str) -> dict[str, torch.Tensor]:
        found = read(path, name)
        if path.name == file:
            del found[gone]
        return found

    monkeypatch.setattr(whole, "tensors", less)
    with pytest.raises(InvalidInput, match=f"Missing: {gone.removeprefix('looks.')}"):
        load()


def test_the_layer_is_a_straight_way_and_a_wide_one() -> None:
    space, texts = WordSpace.load(), ["고양이", "a cat on a sofa", "1234"]
    w = {key: word_space.plain(value) for key, value in load_file(shipped.FOLDER / "words" / word_space.FILE).items()}
    x = torch.from_numpy(space.vectors.encode(texts))
    wide = F.gelu(x @ w["wide.weight"].T + w["wide.bias"]) @ w["back.weight"].T + w["back.bias"]
    expected = F.normalize(x @ w["straight.weight"].T + w["straight.bias"] + wide, dim=-1)
    np.testing.assert_allclose(space.encode(texts), expected.numpy(), atol=1e-5)
    np.testing.assert_allclose(space.encode(texts[1:2])[0], space.encode(texts)[1], atol=1e-4)
    assert space.dimensions == 256 and space.encode(texts).dtype == np.float32


@pytest.mark.parametrize("kind", [WordSpace, KnownNames])
def test_a_copy_that_is_not_whole_says_what_is_missing(
    kind: type[WordSpace | KnownNames], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(word_space, "FILE", "gone.safetensors")
    monkeypatch.setattr(known_names, "HEADS", "gone.safetensors")
    with pytest.raises(Unavailable, match=r"gone\.safetensors"):
        kind.load.__wrapped__(kind)  # type: ignore[attr-defined]
