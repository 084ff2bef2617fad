"""Oracles: cosines by hand, scikit-learn's PCA, the library's own draw; the small CLIP that ships."""

from __future__ import annotations

import shutil
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.data import emoji, photos
from core.errors import CoreError, InvalidInput, Unavailable
from core.events import Done
from core.lessons.multimodal import attack, examples, loop, space
from core.lessons.multimodal.loop import Compared, Drawing, LoopConfig, Pictured
from core.speech import formula_sounds
from core.speech.word_classifier import WordClassifier

APPLE, DOG = "red apple", "dog face"


def picture(name: str) -> np.ndarray:
    return space.picture_named(name)


def test_the_matrix_is_cosines_and_its_best_are_right() -> None:
    captions = ["red apple", "빨간 사과", "dog face"]
    found = space.compare(captions, [picture(DOG), picture(APPLE)])
    it = space.model()
    a, b = it.embed_texts(captions), it.embed_images([picture(DOG), picture(APPLE)])
    np.testing.assert_allclose(found.cosines, a @ b.T, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(a, axis=1), 1, atol=1e-5)
    assert found.of_caption == (1, 1, 0) and found.parameters == it.parameters


def test_retrieval_reaches_the_figures() -> None:
    for lang in ("ko", "en"):
        names, pictures = space.recall(lang)
        assert names >= 0.9 and pictures >= 0.9, "recall@5 among all 1,410, training style"
        low, high = space.styles()["fluent"]
        assert low - 0.003 <= min(names, pictures) and max(names, pictures) <= high + 0.003, "as the card says"
    for style in ("twemoji", "noto"):
        assert space.styles()[style][0] >= 10 * 5 / len(emoji.load().signs), "ten times chance"


def test_search_both_ways() -> None:
    data = emoji.load()
    for text in ("빨간 사과", "red apple"):
        assert data.find(APPLE) in space.search(text, 5).rows
    for lang in ("ko", "en"):
        found = space.names_of(picture(APPLE), lang, 5)
        assert data.find(APPLE) in found.rows and list(found.cosines) == sorted(found.cosines, reverse=True)


def test_zero_shot_in_both_languages() -> None:
    for labels in (["빨간 사과", "강아지 얼굴", "로켓"], ["red apple", "dog face", "rocket"]):
        shares = space.zero_shot(picture(APPLE), labels)
        assert shares.argmax() == 0 and shares.sum() == pytest.approx(1)


def test_the_map_is_principal_components() -> None:
    from sklearn.decomposition import PCA

    found = space.flat(["빨간 사과"], [picture(APPLE)], "ko", every=1)
    vectors = space.gallery()
    pca = PCA(2, svd_solver="full").fit(np.concatenate([vectors.pictures, vectors.ko]).astype(float))
    truth = pca.transform(vectors.pictures.astype(float))
    np.testing.assert_allclose(np.abs(found.pictures), np.abs(truth), atol=1e-6)
    assert found.share == pytest.approx(pca.explained_variance_ratio_.sum(), rel=1e-4)
    assert found.apart > 0.9 and found.gap > 0.2, "words and pictures lie apart: the modality gap"
    assert found.own_pictures.shape == found.own_captions.shape == (1, 2)


def test_weak_spots_are_measured() -> None:
    for lang in ("ko", "en"):
        probes = space.weak(lang)
        assert {probe.kind for probe in probes} == {"negation", "order", "count", "synonym", "unrelated"}
        a, b = space.model().embed_texts([probes[0].first, probes[0].second])
        assert probes[0].cosine == pytest.approx(float(a @ b), abs=1e-5)
        assert [name for name, _ in space.photo_names(lang)] == list(photos.NAMES)


LABELS = ["red apple", "dog face", "rocket"]


def test_a_word_is_written_on_the_picture() -> None:
    attacked = attack.attack(picture(APPLE), LABELS, word="dog")
    assert attacked.before.argmax() == 0 and attacked.control is not None
    strip = attack.written(picture(APPLE), "dog", letters=False)
    assert strip.shape == attacked.picture.shape and (strip != attacked.picture).any()
    dark = (attacked.picture.max(axis=2) < 40).sum() - (strip.max(axis=2) < 40).sum()
    assert dark > 300, "letters are there"
    assert attack.written(np.full((3, 900, 3), 9, np.uint8), "x").shape[0] >= 3


def test_a_large_sticker_takes_over() -> None:
    whole = attack.attack(picture(APPLE), LABELS, sticker=DOG, share=1)
    assert whole.fooled and whole.after.argmax() == 1 and whole.control is None
    np.testing.assert_array_equal(whole.picture, picture(DOG))


def test_another_right_name_is_no_deceit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A red apple with "dog" on it that is called fruit now: the answer moved, but nobody was fooled."""
    labels, said = ["fruit", "animal", "red apple", "dog face"], iter((2, 0, 0))  # before, written on, blank strip
    monkeypatch.setattr(attack, "zero_shot", lambda *_: np.eye(4)[next(said)])
    moved = attack.attack(picture(APPLE), labels, word="dog")
    assert moved.moved and not moved.fooled and labels[moved.aimed] in ("dog face", "animal")
    said = iter((2, moved.aimed, 2))
    fooled = attack.attack(picture(APPLE), labels, word="dog")
    assert fooled.moved and fooled.fooled
    said = iter((2, 2, 2))
    assert not attack.attack(picture(APPLE), labels, word="dog").moved


@pytest.mark.parametrize("word", ["", " ", "x" * 21, None, "a\nb"])
def test_no_word_to_write(word: Any) -> None:
    with pytest.raises(InvalidInput):
        attack.attack(picture(APPLE), LABELS, word=word)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: space.compare([], [picture(APPLE)]), "empty"),
        (lambda: space.compare(["a"], []), "empty"),
        (lambda: space.lines("\n \n"), "empty"),
        (lambda: space.lines(None), "empty"),
        (lambda: space.lines("\n".join(map(str, range(200)))), "too_many"),
        (lambda: space.lines("x" * 300), "prompt_too_long"),
        (lambda: space.zero_shot(picture(APPLE), ["one"]), "too_few"),
        (lambda: space.search("apple", 0), "out_of_range"),
        (lambda: space.names_of(picture(APPLE), "fr"), "not_one_of"),
        (lambda: space.compare(["a"], [b"no picture"]), "bad_file"),
        (lambda: space.picture_named("no such thing"), "not_one_of"),
        (lambda: space.picture_named(7), "not_one_of"),
        (lambda: LoopConfig(""), "empty"),
        (lambda: LoopConfig("x" * 201), "prompt_too_long"),
        (lambda: LoopConfig("a", language="fr"), "not_one_of"),
        (lambda: LoopConfig("a", steps=float("nan")), "not_finite"),
    ],
)
def test_used_wrongly_it_says_one_sentence(call: Any, code: str) -> None:
    with pytest.raises(CoreError) as caught:
        call()
    assert caught.value.code == code


def test_without_weights_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    from core.pretrained import shipped

    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    with pytest.raises(Unavailable, match="core/weights/emoji/clip"):
        space.model()
    with pytest.raises(Unavailable, match="model_index.json"):
        list(loop.steps(LoopConfig("apple")))


needs_painter = pytest.mark.skipif(not loop.can_draw(), reason="core/weights/emoji has no Stable Diffusion yet")


@needs_painter
def test_the_loop_shows_every_stage() -> None:
    config = LoopConfig("빨간 사과", steps=3, seed=1)
    events = list(loop.steps(config))
    kinds = [type(event) for event in events]
    assert kinds == [Drawing] * 3 + [Pictured, Compared, Done]
    truth = loop.painter().generate("빨간 사과", num_inference_steps=3, guidance_scale=4.0, seed=1)
    result = events[-1].result
    np.testing.assert_array_equal(result.picture, np.asarray(truth.convert("RGB")))
    cosine = space.model().similarity(["빨간 사과"], [truth])[0, 0]
    assert result.compared.cosine == pytest.approx(float(cosine), abs=1e-5)
    assert len(result.compared.names) == 5 and 1 <= result.compared.rank <= 1411


def test_from_a_picture_of_ones_own() -> None:
    events = list(loop.steps(LoopConfig("red apple", "en"), Image.fromarray(picture(APPLE))))
    assert [type(event) for event in events] == [Pictured, Compared, Done]
    assert events[0].brought and "red apple" in events[1].names and events[1].rank <= 5


@needs_painter
def test_a_stopped_loop_frees_itself() -> None:
    run = loop.steps(LoopConfig("dog", steps=50))
    next(run)
    run.close()


@pytest.mark.parametrize("installed", [True, False])
def test_examples_can_be_told_apart(monkeypatch: pytest.MonkeyPatch, installed: bool) -> None:
    if installed and shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    monkeypatch.setattr(examples, "voice_here", lambda: installed)
    assert examples.origin() == ("espeak" if installed else "formula")
    ear = WordClassifier()
    ear.fit(examples.recordings("ko"))
    test = examples.others("ko")
    found = ear.predict_proba([sound for _, sound in test]).argmax(axis=1)
    assert np.mean([ear.words[i] == word for i, (word, _) in zip(found, test, strict=True)]) >= 0.9
    with pytest.raises(InvalidInput):
        formula_sounds.vowel(9, 100)
