"""Own classes in lesson 15 without a browser: collect, teach, test, save; and everything that can be sent wrong."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import onnxruntime
import pytest
from gradio.utils import get_upload_folder

from core.data import photos
from core.errors import CoreError
from core.files.images import read, to_png
from core.lessons.image_classifier import own_examples
from core.vision.own_classes import OwnClasses, OwnConfig
from demos import kit
from demos.image_classifier import own as lesson
from demos.image_classifier.own import FORM
from demos.image_classifier.shown import SEEN
from demos.kit import pictures, text
from tests import picture_files, programs, served, teachable

RNG = np.random.default_rng(0)
NAME = "<img src=x onerror=alert(1)>"


def shot(*arrays: np.ndarray) -> SimpleNamespace:
    """What the camera sends."""
    return SimpleNamespace(photos=[base64.b64encode(to_png(array)).decode() for array in arrays])


def plain(level: int) -> np.ndarray:
    return np.full((48, 64, 3), level, np.uint8)


def settings(epochs: Any = 20, copies: Any = 3, seed: Any = 0) -> kit.Values:
    return FORM.values(own_base="fashion", own_epochs=epochs, own_copies=copies, own_seed=seed)


def learnt(lang: str, kept: Any, *chosen: Any) -> Any:
    return kit.settled(lesson.on_learn(lang, kept, settings(*chosen)))


def example(lang: str) -> Any:
    return lesson.on_example(lang)["kept"]


def joined(lang: str, files: Any, name: str, kept: Any) -> Any:
    return kit.settled(lesson.on_files(lang, files, name, kept))


@pytest.fixture
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that counts as this server's uploads."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    assert Path(get_upload_folder()) == tmp_path
    return tmp_path


def uploaded(folder: Path, name: str, picture: np.ndarray | bytes) -> dict[str, str]:
    data = picture if isinstance(picture, bytes) else to_png(picture)
    (folder / name).write_bytes(data)
    return {"path": str(folder / name), "orig_name": name}


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_the_example_is_taught_and_names_pictures_it_never_saw(lang: str) -> None:
    filled = lesson.on_example(lang)
    kept = filled["kept"]
    assert [len(some) for some in kept.values()] == [8, 8, 8] and len(filled["album"]["items"]) == 3
    stream = list(lesson.on_learn(lang, kept, settings()))
    taught = learnt(lang, kept)
    own, badge, bars = taught["own"], taught["badge"], taught["bars"]
    assert len(stream) > 20 and len(taught["curve"]["series"][0]["y"]) == 20
    right, count = own_examples.judged(own)
    assert right >= 0.9 and f"{right:.1%}" in badge and str(count) in badge and f"{own.parameters:,}" in badge
    shares = own.answer(own_examples.unseen(0)[1]).probabilities
    np.testing.assert_allclose([item["value"] for item in bars["items"]], shares, atol=1e-6)
    assert [item["name"] for item in bars["items"]] == list(own.classes) == list(kept)
    unseen = lesson.on_unseen(lang, own, 0)
    assert unseen["turn"] == 1 and len(unseen["bars"]["items"]) == 3 and len(unseen["seen"]["items"]) == 2
    last = read(base64.b64decode(unseen["seen"]["items"][1]["png"])).pixels
    np.testing.assert_array_equal(last, own.see(own_examples.unseen(1)[1]).final)


@pytest.mark.parametrize("seed", range(4))
def test_eight_pictures_are_enough_whichever_the_seed(seed: int) -> None:
    assert own_examples.judged(learnt("en", example("en"), 20, 3, seed)["own"])[0] >= 0.9


def test_photos_of_the_camera_make_classes() -> None:
    kept = lesson.on_snap("en", " dark ", None, shot(plain(10)))["kept"]
    kept = lesson.on_snap("en", "bright", kept, shot(plain(230), plain(240), plain(250)))["kept"]
    snapped = lesson.on_snap("en", "dark", kept, shot(plain(20), plain(30)))
    kept, album = snapped["kept"], snapped["album"]
    assert {name: len(some) for name, some in kept.items()} == {"dark": 3, "bright": 3}
    assert np.array_equal(kept["dark"][0], plain(10)), "kept as they came"
    assert [item["text"] for item in album["items"]] == ["photos: 3", "photos: 3"]
    taught = learnt("en", kept)
    own = taught["own"]
    assert taught["bars"] == {"items": [], "caption": text.load("image_classifier", "en")("own.try")}
    looked = lesson.on_look("en", own, SimpleNamespace(photo=shot(plain(235)).photos[0]))
    assert looked["chosen"] == 1 and looked["items"][1]["name"] == "bright"
    assert lesson.on_look("en", None, SimpleNamespace(photo="x"))["items"] == []


def test_large_photos_are_kept_small() -> None:
    wide = RNG.integers(0, 256, (900, 1200, 3), dtype=np.uint8)
    kept = lesson.on_snap("ko", "잡음", None, shot(wide))["kept"]
    assert kept["잡음"][0].shape == (120, 160, 3)


def test_files_join_the_named_class_or_the_one_in_their_name(uploads: Path) -> None:
    files = [uploaded(uploads, f"{name}_{k}.png", plain(level + k)) for name, level in (("cup", 10), ("hand", 200))
             for k in range(3)]  # fmt: skip
    read_in = joined("en", files, "", None)
    kept = read_in["kept"]
    assert {name: len(some) for name, some in kept.items()} == {"cup": 3, "hand": 3} and read_in["files"] is None
    assert len(joined("en", files[:2], "mine", kept)["kept"]["mine"]) == 2


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_unreadable_files_are_left_out_and_counted(lang: str, uploads: Path) -> None:
    good = uploaded(uploads, "a.png", plain(9))
    bad = [uploaded(uploads, path.name, path.read_bytes()) for path, _ in picture_files.refused(uploads).values()]
    read_in = joined(lang, [*bad, good], "a", None)
    assert len(read_in["kept"]["a"]) == 1 and str(len(bad)) in read_in["album"]["caption"]
    with pytest.raises(gr.Error):
        list(lesson.on_files(lang, bad, "a", None))


def test_every_kind_of_file(uploads: Path) -> None:
    kinds = [uploaded(uploads, path.name, path.read_bytes()) for path, *_ in picture_files.accepted(uploads).values()]
    read_in = joined("en", kinds, "all", None)
    kept = read_in["kept"]
    assert len(kept["all"]) == len(kinds) and read_in["album"]["items"][0]["png"]
    own = learnt("en", {**kept, "grey": (plain(128),)}, 2, 1, 0)["own"]
    assert own.classes == ("all", "grey")


def test_five_hundred_pictures_say_how_far_they_are_and_one_more_is_refused(uploads: Path) -> None:
    files = [uploaded(uploads, "one.png", plain(70))] * 500
    stream = list(lesson.on_files("en", files, "many", None))
    assert len(stream) == 25 and "100 of 500" in stream[4]["album"]["caption"]
    kept = stream[-1]["kept"]
    assert len(kept["many"]) == 500
    with pytest.raises(gr.Error, match="500"):
        list(lesson.on_files("en", files[:1], "many", kept))
    with pytest.raises(gr.Error, match="500"):
        list(lesson.on_files("en", [*files, files[0]], "many", None))
    halves = {"a": kept["many"][:250], "b": tuple(plain(200) for _ in range(250))}
    own = learnt("en", halves, 2, 0, 0)["own"]
    assert own.answer(plain(200)).probabilities.argmax() == 1


def test_closed_early_nothing_is_learnt_and_the_next_run_works() -> None:
    kept = example("ko")
    for steps in (1, 3, 10):
        stream = lesson.on_learn("ko", kept, settings())
        assert all("own" not in shown for shown in islice(stream, steps))
        stream.close()
    assert isinstance(learnt("ko", kept)["own"], OwnClasses)
    assert lesson.on_stop("ko")


def test_a_class_goes_or_all_of_them() -> None:
    forgot = lesson.on_forget("en", "bag", example("en"))
    kept = forgot["kept"]
    assert list(kept) == ["trousers", "sneaker"] and len(forgot["album"]["items"]) == 2
    assert lesson.on_forget("en", "no such", kept)["kept"] == kept
    forgot = lesson.on_forget("en", "  ", kept)
    assert forgot["kept"] == {} and forgot["album"]["items"] == [] and forgot["album"]["caption"]
    assert lesson.on_forget("en", None, None)["kept"] == {}


def test_a_name_that_is_a_tag_stays_a_name(uploads: Path) -> None:
    """Views write names as text; a toast renders HTML, so there it is escaped."""
    kept = lesson.on_snap("en", NAME, None, shot(plain(5)))["kept"]
    snapped = lesson.on_snap("en", "b", kept, shot(plain(250)))
    kept = snapped["kept"]
    assert snapped["album"]["items"][0]["name"] == NAME
    taught = learnt("en", kept)
    own = taught["own"]
    assert (
        "<img" not in taught["badge"]
        and lesson._try(text.load("image_classifier", "en"), own, plain(5))["items"][0]["name"]
    )
    assert "<img" not in lesson.on_code("en", kept, settings())
    files = lesson.on_save("en", own)["value"]
    assert json.loads(Path(files[1]).read_text("utf-8"))["classes"] == [NAME, "b"]
    with pytest.raises(gr.Error) as caught:
        lesson.on_learn("en", {NAME: (), "b": (plain(1),)}, settings()).__next__()
    assert "<img" not in str(caught.value.message) and "&lt;img" in str(caught.value.message)


def test_saved_files_give_the_pages_own_answer(uploads: Path) -> None:
    own = learnt("en", example("en"))["own"]
    update = lesson.on_save("en", own)
    weights, labels, onnx = (Path(path) for path in update["value"])
    assert update["visible"] and [path.name for path in (weights, labels, onnx)] == [
        "model.safetensors", "labels.json", "model.onnx"]  # fmt: skip
    assert all(path.is_relative_to(uploads) for path in (weights, labels, onnx))
    again, session = OwnClasses.load(weights.parent), onnxruntime.InferenceSession(onnx)
    names = json.loads(session.get_modelmeta().custom_metadata_map["labels"])
    assert names == list(own.classes) == json.loads(labels.read_text("utf-8"))["classes"] == list(again.classes)
    for turn in range(6):
        shown = [item["value"] for item in lesson.on_unseen("en", own, turn - 1)["bars"]["items"]]
        picture = own_examples.unseen(turn)[1]
        seen = own.see(picture).final.transpose(2, 0, 1)[None].astype(np.float32) / 255
        np.testing.assert_allclose(session.run(None, {"pictures": seen})[0][0], shown, atol=1e-5)
        np.testing.assert_allclose(again.answer(picture).probabilities, shown, atol=1e-6)


def test_the_code_learns_the_same(tmp_path: Path) -> None:
    kept = example("en")
    taught = learnt("en", kept, 4, 1, 7)
    printed = programs.run(lesson.on_code("en", kept, settings(4, 1, 7)), tmp_path)
    loss = float(printed.split("loss: ")[1].split()[0])
    assert f"{loss:.9g}" in taught["badge"]
    assert (tmp_path / "my_classes" / "model.onnx").is_file()
    mine = lesson.on_snap("en", "cup", kept, shot(plain(3)))["kept"]
    assert 'folders("my_pictures")' in lesson.on_code("en", mine, settings())


def test_the_pictures_of_other_lessons() -> None:
    cat = photos.load("cat")
    assert lesson.on_take("en", cat, "cat", None)["kept"]["cat"][0].shape == (106, 160, 3)
    shown = lesson.on_shelf("en", cat, learnt("en", example("en"))["own"])
    assert sum(item["value"] for item in shown["bars"]["items"]) == pytest.approx(1, abs=1e-5)
    assert len(shown["seen"]["items"]) == 2


def test_the_pages_defaults_are_those_of_the_library() -> None:
    assert lesson._config(FORM.values()) == OwnConfig()


@pytest.mark.parametrize("lang", text.LANGUAGES)
@pytest.mark.parametrize(
    "call",
    [
        lambda lang: learnt(lang, None),
        lambda lang: learnt(lang, {"only": (plain(1),)}),
        lambda lang: learnt(lang, {"a": (plain(1),), "b": ()}),
        lambda lang: learnt(lang, {"a": (plain(1),), "b": (plain(2),)}, 0, 3, 0),
        lambda lang: learnt(lang, {"a": (plain(1),), "b": (plain(2),)}, float("nan"), 3, 0),
        lambda lang: learnt(lang, {"a": (plain(1),), "b": (plain(2),)}, 20, -1, 0),
        lambda lang: learnt(lang, {"a": (plain(1),), "b": (plain(2),)}, 20, 3, None),
        lambda lang: lesson.on_snap(lang, "", None, shot(plain(1))),
        lambda lang: lesson.on_snap(lang, None, None, shot(plain(1))),
        lambda lang: lesson.on_snap(lang, "x" * 61, None, shot(plain(1))),
        lambda lang: lesson.on_snap(lang, "f", {k: (plain(1),) for k in "abcde"}, shot(plain(1))),
        lambda lang: lesson.on_snap(lang, "a", None, SimpleNamespace(photos=None)),
        lambda lang: lesson.on_snap(lang, "a", None, SimpleNamespace(photos=[])),
        lambda lang: lesson.on_snap(lang, "a", None, SimpleNamespace(photos=[7])),
        lambda lang: lesson.on_snap(lang, "a", None, SimpleNamespace(photos=["not base64 …"])),
        lambda lang: lesson.on_snap(lang, "a", None, SimpleNamespace(photos=["aGVsbG8="])),
        lambda lang: lesson.on_snap(lang, "a", None, SimpleNamespace(photos=["aGVsbG8="] * 31)),
        lambda lang: lesson.on_snap(lang, "a", None, SimpleNamespace(photos={"a": 1})),
        lambda lang: lesson.on_look(lang, OwnClasses(), SimpleNamespace()),
        lambda lang: list(lesson.on_files(lang, None, "a", None)),
        lambda lang: list(lesson.on_files(lang, [3, "x"], "a", None)),
        lambda lang: list(lesson.on_files(lang, [{"path": "/etc/passwd"}], "a", None)),
        lambda lang: list(lesson.on_files(lang, [{"path": ["x"], "orig_name": {}}], "a", None)),
        lambda lang: lesson.on_take(lang, None, "a", None),
        lambda lang: lesson.on_test(lang, None, None),
        lambda lang: lesson.on_test(lang, {"path": "/etc/passwd"}, OwnClasses()),
        lambda lang: lesson.on_shelf(lang, photos.load("cat"), None),
        lambda lang: lesson.on_unseen(lang, None, 0),
        lambda lang: lesson.on_unseen(lang, OwnClasses(), 0),
        lambda lang: lesson.on_unseen(lang, None, "x"),
        lambda lang: lesson.on_save(lang, None),
        lambda lang: lesson.on_code(lang, None, settings("x")),
    ],
)
def test_bad_values_end_in_one_sentence(lang: str, call: Any) -> None:
    with pytest.raises(gr.Error) as caught:
        call(lang)
    said = str(caught.value.message)
    assert any("가" <= sign <= "힣" for sign in said) == (lang == "ko") and "{" not in said


def test_what_the_camera_may_send() -> None:
    picture = RNG.integers(0, 256, (30, 40, 3), dtype=np.uint8)
    assert np.array_equal(pictures.photographed(shot(picture).photos)[0].pixels, picture)
    with pytest.raises(CoreError):
        pictures.photographed("A" * (pictures.LARGEST_PHOTO + 4))


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    from gradio_client import Client

    with served.address("image_classifier") as url:
        yield Client(url, verbose=False)


@pytest.mark.parametrize("garbage", [(20, 3, 0), ("x", None, []), (1e99, -5, 3), (None, None, None)])
def test_a_raw_call_with_nothing_collected_gets_a_sentence(client: Any, garbage: tuple[Any, ...]) -> None:
    with pytest.raises(Exception) as caught:
        client.predict(*garbage, api_name="/image_classifier_own")
    assert "Traceback" not in str(caught.value) and len(str(caught.value)) < 400


def test_every_kind_of_file_is_named_or_told(client: Any, tmp_path: Path) -> None:
    """The first part of the lesson, through a real upload: an answer, or one Korean sentence."""
    from gradio_client import handle_file

    flat = {"gif", "one"}  # a single colour: there is nothing to see
    errors = text.table("errors", "ko")
    for name, (path, *_) in picture_files.accepted(tmp_path).items():
        if name in flat:
            with pytest.raises(Exception, match=errors["blank_picture"][:8]):
                client.predict(handle_file(str(path)), "relu1", "fashion", api_name="/image_classifier_bring")
            continue
        result = client.predict(handle_file(str(path)), "relu1", "fashion", api_name="/image_classifier_bring")
        bars = dict(zip(SEEN[1:], result, strict=False))["bars"]  # all but the state, which stays on the server
        assert sum(item["value"] for item in bars["items"]) == pytest.approx(1, abs=1e-4), name
    for name, (path, code) in picture_files.refused(tmp_path).items():
        with pytest.raises(Exception) as caught:
            client.predict(handle_file(str(path)), "relu1", "fashion", api_name="/image_classifier_bring")
        assert errors[code].split("{")[0].strip()[:8] in str(caught.value), name


def test_the_page_learns_on_the_features_of_photographs(tmp_path: Path) -> None:
    """Two classes that the garment features mix up: cuts of two photos, told apart by what is in them."""
    cut = {
        name: [photos.load(name)[y : y + 128, x : x + 128] for y in (0, 40) for x in (0, 60)]
        for name in ("cat", "coffee")
    }
    kept = {name: tuple(own_examples.kept(one) for one in some[:3]) for name, some in cut.items()}
    form = FORM.values(own_epochs=5, own_copies=0)
    *_, last = lesson.on_learn("ko", kept, form)
    own = last["own"]
    assert own.base.architecture == "EfficientNet-Lite0" and own.parameters == 2 * 1280 + 2
    for place, name in enumerate(cut):
        assert own.answer(cut[name][3]).probabilities.argmax() == place
    own.save(tmp_path)
    again = OwnClasses.load(tmp_path)
    np.testing.assert_allclose(again.predict_proba([cut["cat"][3]]), own.predict_proba([cut["cat"][3]]), atol=1e-6)
    assert "224 × 224" in lesson.on_shelf("ko", cut["cat"][3], own)["seen"]["caption"]
    assert "pretrained('photos')" in lesson.on_code("ko", kept, form)
    with pytest.raises(gr.Error):
        list(lesson.on_learn("ko", kept, FORM.values(own_base="dogs")))


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_an_export_of_teachable_machine_opens_and_answers(lang: str, uploads: Path) -> None:
    """The bars are the opened network's own numbers (tests/library/vision holds those against Keras)."""
    exported = teachable.zipped(teachable.web(teachable.topology(), teachable.weights()))
    kept = example(lang)
    (shown,) = lesson.on_files(lang, [uploaded(uploads, "tm-my-image-model.zip", exported)], "", kept)
    own = shown["own"]
    assert "Teachable" in shown["badge"] or "티처블" in shown["badge"]
    assert shown["kept"] == {} and shown["album"]["items"] == []  # the example is not somebody's project
    assert teachable.LABELS[0] in shown["album"]["caption"]
    mine = kept | {"컵": (plain(70),)}
    (beside,) = lesson.on_files(lang, [uploaded(uploads, "tm.zip", exported)], "", mine)
    assert beside["kept"] == mine and len(beside["album"]["items"]) == 4  # what the learner brought stays
    assert beside["album"]["caption"] != shown["album"]["caption"]
    assert [item["name"] for item in shown["bars"]["items"]] == teachable.LABELS
    picture = uploaded(uploads, "photo.png", plain(70))
    tested = lesson.on_test(lang, picture, own)
    expected = own.predict_proba([plain(70)])[0]
    assert [item["value"] for item in tested["bars"]["items"]] == pytest.approx(expected.tolist())
    assert tested["seen"]["items"]
    with pytest.raises(gr.Error, match="zip"):
        lesson.on_save(lang, own)
    with pytest.raises(gr.Error, match="Keras"):
        list(lesson.on_files(lang, [uploaded(uploads, "photos.zip", b"PK")], "", kept))
    with pytest.raises(gr.Error):
        list(lesson.on_files(lang, [{"path": "/etc/export.zip", "orig_name": "export.zip"}], "", kept))
