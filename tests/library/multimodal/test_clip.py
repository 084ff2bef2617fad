"""CLIP: our loss and similarities against transformers' own CLIPModel, on a tiny random one."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import CLIPConfig, CLIPModel, CLIPTokenizer

from core.errors import CoreError, InvalidInput
from core.multimodal.clip import ImageText, contrastive_loss
from core.pretrained import shipped
from recipes.emoji_clip import processor
from recipes.emoji_run import Data
from tests.small_tokenizer import tokenizer as train_tokenizer

WORDS = ["red apple", "green apple", "빨간 사과", "초록 사과", "cat face", "고양이 얼굴"]


@pytest.fixture(scope="module")
def parts() -> tuple[CLIPModel, CLIPTokenizer]:
    rows = [{"ko": {"label": text, "tags": []}, "en": {"label": text, "tags": []}} for text in WORDS]
    cut = train_tokenizer(Data(np.empty(0), rows))
    tower = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    text = {**tower, "vocab_size": len(cut), "max_position_embeddings": 24, "bos_token_id": 0, "eos_token_id": 1}
    config = CLIPConfig(
        text_config={**text, "pad_token_id": 1},
        vision_config={**tower, "image_size": 64, "patch_size": 16},
        projection_dim=8,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return CLIPModel(config).eval(), cut


@pytest.fixture(scope="module")
def it(parts: Any) -> ImageText:
    return ImageText(*parts, processor(), "tiny")


@pytest.fixture(scope="module")
def pictures() -> list[Image.Image]:
    random = np.random.default_rng(0)
    return [Image.fromarray(random.integers(0, 256, (64, 64, 3), dtype=np.uint8)) for _ in range(4)]


def theirs(parts: Any, texts: list[str], pictures: list[Image.Image], loss: bool = False) -> Any:
    model, cut = parts
    ids = cut(texts, padding=True, return_tensors="pt")
    pixels = processor()(images=pictures, return_tensors="pt").pixel_values
    with torch.no_grad():
        return model(input_ids=ids.input_ids, attention_mask=ids.attention_mask, pixel_values=pixels, return_loss=loss)


def test_the_loss_is_clips(parts: Any, pictures: list[Image.Image]) -> None:
    out = theirs(parts, WORDS[:4], pictures, loss=True)
    ours = contrastive_loss(3 * out.image_embeds, 2 * out.text_embeds, parts[0].logit_scale.exp())
    torch.testing.assert_close(ours, out.loss)


def test_the_loss_falls_when_pairs_match() -> None:
    vectors = torch.eye(5)
    assert contrastive_loss(vectors, vectors, torch.tensor(20.0)) < 1e-6
    assert contrastive_loss(vectors, vectors.roll(1, 0), torch.tensor(20.0)) > 10


def test_similarity_is_clips(it: ImageText, parts: Any, pictures: list[Image.Image]) -> None:
    out = theirs(parts, WORDS, pictures)
    expected = (out.text_embeds @ out.image_embeds.T).numpy()
    np.testing.assert_allclose(it.similarity(WORDS, pictures), expected, atol=1e-5)


def test_classification_is_clips_softmax(it: ImageText, parts: Any, pictures: list[Image.Image]) -> None:
    expected = theirs(parts, WORDS, pictures).logits_per_image.softmax(-1)[2].numpy()
    np.testing.assert_allclose(it.classify(pictures[2], WORDS), expected, atol=1e-5)


def test_every_kind_of_picture_is_read(it: ImageText, pictures: list[Image.Image], tmp_path: Path) -> None:
    pictures[0].save(tmp_path / "a.png")
    file = tmp_path / "a.png"
    rows = it.embed_images([pictures[0], np.asarray(pictures[0]), file.read_bytes(), file])
    np.testing.assert_allclose(rows, np.repeat(rows[:1], 4, 0), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


def test_batches_do_not_matter(it: ImageText) -> None:
    many = it.embed_texts(WORDS * 12)
    np.testing.assert_allclose(many, np.tile(it.embed_texts(WORDS), (12, 1)), atol=1e-5)
    np.testing.assert_allclose(it.embed_texts("red apple"), it.embed_texts(["red apple"]))
    assert it.embed_texts(["apple " * 300]).shape == (1, 8)


def test_visitors_do_not_meet(it: ImageText) -> None:
    texts = [["cat"], ["red apple " * 6], ["빨간 사과 " * 3]]
    alone, together = [it.embed_texts(text) for text in texts], dict[int, np.ndarray]()
    threads = [threading.Thread(target=lambda k=k: together.update({k: it.embed_texts(texts[k])})) for k in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for k in range(3):
        np.testing.assert_allclose(together[k], alone[k], atol=1e-6)


def test_a_folder_is_loaded(it: ImageText, parts: Any, pictures: list[Image.Image], tmp_path: Path) -> None:
    for part in (*parts, processor()):
        part.save_pretrained(tmp_path)
    again = ImageText.load(str(tmp_path))
    np.testing.assert_allclose(again.similarity(WORDS, pictures), it.similarity(WORDS, pictures), atol=1e-6)
    assert again.parameters == it.parameters
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(InvalidInput, match="safetensors"):
        ImageText.load(str(tmp_path))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda it: it.embed_texts([]),
        lambda it: it.embed_texts([" "]),
        lambda it: it.embed_texts(["a" * 10_000]),
        lambda it: it.embed_texts(["a"] * 1000 + [""]),
        lambda it: it.embed_images([]),
        lambda it: it.embed_images([b"no picture"]),
        lambda it: it.classify(np.zeros((4, 4, 3), np.uint8), []),
        lambda it: ImageText.load(""),
    ],
)
def test_misuse_is_one_clear_error(it: ImageText, wrong: Any) -> None:
    with pytest.raises(CoreError):
        wrong(it)


@pytest.mark.skipif(
    not (shipped.FOLDER / "emoji" / "clip").exists(), reason="the emoji weights are not in this checkout"
)
def test_the_shipped_one_tells_words_apart() -> None:
    it = ImageText.load("emoji")
    one = it.embed_texts(["red apple", "빨간 사과", "bicycle", "자전거"])
    same, other = float(one[0] @ one[1] + one[2] @ one[3]), float(one[0] @ one[2] + one[1] @ one[3])
    assert same > other + 0.5


def test_pieces_of_words_read_well() -> None:
    """CLIP ends a word's last piece with "</w>", which is no part of the text: "먕" was told as ⟨…3C 2F 77 3E⟩."""
    from core.llm import detokenizer

    cut = CLIPTokenizer.from_pretrained(shipped.FOLDER / "emoji" / "tokenizer", local_files_only=True)
    found = detokenizer.pieces(cut, cut("빨간 사과 먕").input_ids)
    assert not any("3C" in piece.text or "w>" in piece.text for piece in found)
    assert "".join(piece.letters for piece in found if piece.part == 1 and not piece.special) == "빨간사과먕"
    letter = [detokenizer.token_bytes(cut, piece.id) for piece in found if piece.letters == "먕"]
    assert b"".join(letter) == "먕".encode() and len(letter) > 1
