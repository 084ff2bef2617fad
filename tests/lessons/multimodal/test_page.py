"""Lesson 17 without a browser, on the weights that ship: every part's handlers, both languages, and misuse."""

from __future__ import annotations

import base64
import io
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pytest
from gradio.utils import get_upload_folder

from core.events import Done, Progress
from core.files import images
from core.files import sounds as audio
from core.files.sounds import RATE
from core.lessons.multimodal import space as multimodal
from core.multimodal import captions
from core.multimodal.captions import Caption
from core.speech import voice as speech_voice
from core.speech.word_classifier import WordClassifier, WordConfig
from demos.kit import sounds, text
from demos.multimodal import loop, space, speech, words
from demos.multimodal import map as places
from demos.multimodal import page as lesson

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # diffusers on numpy 2
SOUND = audio.Sound((0.5 * np.sin(np.arange(9600) * 0.12) * np.hanning(9600)).astype(np.float32))
HANGUL = range(ord("가"), ord("힣") + 1)


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
    mine, album, matrix, badge, bars = space.on_compare(lang, None, t("captions_default"), t("labels_default"))
    assert [cell for cell in matrix["marks"]] == [[k, k] for k in range(4)], "each caption finds its own picture"
    assert len(album["items"]) == 4 and "4,087,873" in badge and sum(item["value"] for item in bars["items"]) > 0.99
    rows = list(space.on_run(lang, mine, t("captions_default"), t("labels_default")))
    assert [len(update[2]["cells"]) for update in rows] == [1, 2, 3, 4], "row by row"
    assert len(space.on_add(lang, mine, "banana", t("captions_default"), t("labels_default"), "emoji")[0].items) == 5


def photo(*pixels: np.ndarray) -> SimpleNamespace:
    """What the camera sends."""
    return SimpleNamespace(photos=[base64.b64encode(images.to_png(one)).decode() for one in pixels])


def test_a_photo_of_the_webcam_is_compared() -> None:
    shot = multimodal.picture_named("banana")
    mine, album, matrix, _, bars = space.on_snap("en", None, "banana", "banana\nrocket", "emoji", photo(shot))
    assert len(mine.items) == 5 and mine.chosen == 4 and np.array_equal(mine.picture, shot)
    assert matrix["marks"] == [[0, 4]] and bars["chosen"] == 0 and album["items"][4]["name"] == "5 · my photo"


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_a_recording_becomes_a_picture(lang: str, upload: Any) -> None:
    shape, sound, waves, mel, badge = speech.on_sound(lang, upload(wav(tone(440, 0.5))), "400", 160, 80)
    assert sound.seconds == pytest.approx(0.5) and mel["field"]["h"] == 80 and "torch.stft" in badge
    none, again, *shown = speech.on_record(lang, "400", 160, 80, spoken(wav(tone(440, 0.5))))
    assert none is shape is None, "no formula is chosen any more"
    assert np.array_equal(again.samples, sound.samples) and shown == [waves, mel, badge], "the microphone, likewise"
    assert waves["caption"] and speech.on_settings(lang, sound, "vowels", "1024", 128, 40)[1]["field"]["h"] == 40


STRANGE = {
    "8 bit": wav(tone(440), width=1),
    "stereo": wav(np.repeat(tone(440), 2), channels=2),
    "192 kHz": wav(tone(440, rate=192_000), 192_000),
    "half a second": wav(tone(440, 0.5)),
}


@pytest.mark.parametrize("kind", STRANGE)
def test_strange_recordings_are_read(kind: str, upload: Any) -> None:
    _, sound, *_, badge = speech.on_sound("ko", upload(STRANGE[kind]), "400", 160, 80)
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
        lambda: speech.on_sound(lang, upload(data), "400", 160, 80),
        lambda: speech.on_record(lang, "400", 160, 80, spoken(data)),
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
        lambda: speech.on_sound(lang, file, "400", 160, 80),
        lambda: words.on_files(lang, [file], None),
        lambda: words.on_say_file(lang, file, ear),
    ):
        message = said(call)
        assert "MP3" in message and "soundfile" in message and "\n" not in message
        assert any(ord(ch) in HANGUL for ch in message) == (lang == "ko")


ONE, MANY = ("a\nb", "\n".join(f"말 {k}" for k in range(200)))
USED_WRONGLY: dict[str, tuple[Callable[[str], Any], str, str]] = {
    "one word": (lambda lang: last(words.on_teach(lang, {"사과": (SOUND,)}, 8, 0)), "두 개 이상|둘", "two"),
    "one word, many times": (
        lambda lang: last(words.on_teach(lang, {"사과": (SOUND,) * 5}, 8, 0)),
        "두 개 이상|둘",
        "two",
    ),
    "identical": (lambda lang: last(words.on_teach(lang, {"a": (SOUND,), "b": (SOUND,)}, 8, 0)), "같", "same"),
    "no captions": (lambda lang: last(space.on_run(lang, None, " \n ", ONE)), "비어", "empty"),
    "200 captions": (lambda lang: last(space.on_run(lang, None, MANY, ONE)), "200", "200"),
    "200 captions on the map": (lambda lang: places.on_map(lang, None, MANY), "200", "200"),
    "200 labels": (lambda lang: space.on_classify(lang, None, MANY), "200", "200"),
    "200 labels, fooled": (lambda lang: places.on_attack(lang, None, MANY, "word", "dog", "", 0.5), "200", "200"),
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
        assert said(lambda: speech.on_sound("ko", {"path": path}, "400", 160, 80))  # noqa: B023
        assert said(lambda: words.on_say_file("ko", {"path": path}, None))  # noqa: B023
        assert said(lambda: words.on_files("ko", [{"path": path, "orig_name": "a_1.wav"}], None))  # noqa: B023


# ---- search, map, attack, weakness ----


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_the_folded_panels(lang: str) -> None:
    found, recall = places.on_search(lang, "빨간 사과")
    assert found["items"][0]["name"].endswith(("빨간 사과", "red apple")) and recall.count("%") == 2
    assert len(places.on_names(lang, None)["items"]) >= 5
    assert places.on_map(lang, None, "빨간 사과\nrocket")["points"]
    shown, matrix, read = places.on_attack(lang, None, ONE, "word", "dog", "", 0.5)
    assert len(shown["items"]) == 1 and len(matrix["cols"]) == 3 and read
    pairs, photos, styles = places.on_weak(lang)
    assert len(pairs["cells"]) == 5 and len(photos["items"]) == 3
    low, high = multimodal.styles()["twemoji"]
    assert "Twemoji" in styles and f"{low:.1%}" in styles and f"{high:.1%}" in styles, "the figures of the card"


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_what_the_page_suggests_works_at_the_first_try(lang: str) -> None:
    t = text.load("multimodal", lang)
    for words_ in ("green apple", t("add_hint").split(":")[-1].removeprefix("e.g. ").strip()):
        mine = space.on_add(lang, None, words_, "a", ONE, "emoji")[0]
        assert np.array_equal(mine.picture, multimodal.picture_named("green apple")), words_
    names = " ".join(item["name"] for item in places.on_search(lang, t("search.default"))[0]["items"][:3])
    assert names.count("umbrella") + names.count("우산") >= 2
    sticker = places._emoji(t("attack.sticker_default"), lang)
    assert sticker == "cat face"


# ---- the learner's own words ----


def test_words_are_filed_taught_and_heard(upload: Any) -> None:
    kept: Any = None
    for k, hertz in enumerate((200, 210, 2000, 2100)):
        kept, counts = words.on_record("ko", f" {'낮은' if k < 2 else '높은'} ", kept, spoken(wav(tone(hertz))))
    assert [item["text"] for item in counts["items"]] == ["2", "2"]
    updates = list(words.on_teach("ko", kept, 3, 0))
    taught, _, badge, tested = updates[-1]
    assert len(updates) == 4 and "초" in badge and tested
    bars, heard = words.on_say("ko", taught, spoken(wav(tone(205))))
    assert heard == "낮은" and bars["items"][0]["value"] > 0.5
    assert words.on_say_file("ko", upload(wav(tone(205))), taught) == (bars, heard)
    kept, counts = words.on_files("ko", [upload(wav(tone(900)), "가운데_1.wav")], kept)
    assert len(counts["items"]) == 3
    assert words.on_forget("ko")[0] is None and words.on_forget("ko")[1]["items"] == []


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_examples_are_taught_and_tested_on_other_voices(lang: str) -> None:
    kept, counts, _ = words.on_example(lang)
    assert len(kept) == 3 and all(len(sounds) == 5 for sounds in kept.values()) and len(counts["items"]) == 3
    _, _, _, tested = last(words.on_teach(lang, kept, 8, 0))
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
        lambda: last(words.on_teach("ko", None, 8, 0)),  # nothing recorded
        lambda: last(words.on_teach("ko", {"사과": (SOUND,)}, 8, 0)),  # one word taught only
        lambda: last(words.on_teach("ko", {"사과": (SOUND,), "배": (SOUND,)}, 8, 0)),  # identical recordings
        lambda: last(words.on_teach("ko", {"사과": (SOUND,), "배": (SOUND,)}, 0, 0)),
        lambda: last(words.on_teach("ko", {"사과": (SOUND,), "배": (SOUND,)}, float("nan"), 0)),
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
        lambda: space.on_bring("ko", {"path": "/etc/passwd"}, None, "a", "a\nb", "emoji"),
        lambda: space.on_snap("ko", None, "a", "a\nb", "emoji", SimpleNamespace(photos=None)),
        lambda: space.on_snap("ko", None, "a", "a\nb", "emoji", SimpleNamespace(photos=["aGVsbG8="])),
        lambda: space.on_take("ko", None, None, "a", "a\nb", "emoji"),
        lambda: space.on_compare("ko", None, "사과", "a\nb", "nobody/has-this"),
        lambda: speech.on_shape("ko", "thunder", "400", 160, 80),
        lambda: speech.on_shape("ko", "vowels", "400", 0, 80),
        lambda: speech.on_shape("ko", "vowels", "huge", 160, 80),
        lambda: speech.on_shape("ko", "vowels", "400", float("nan"), 80),
        lambda: speech.on_recognise("ko", None, "ko"),
        lambda: last(loop.on_loop("ko", "")),
        lambda: last(loop.on_loop("ko", "x" * 10_000)),
        lambda: last(loop.on_loop("ko", "사과", 0)),
        lambda: last(loop.on_loop("ko", "사과", 20, 100)),
        lambda: last(loop.on_loop("ko", "사과", 20, 4, None)),
        lambda: last(loop.on_from_picture("ko", "사과", None, 20, 4, 0, False)),
        lambda: last(loop.on_bring("ko", {"path": "/etc/passwd"}, "사과", 20, 4, 0, False)),
        lambda: last(loop.on_snap("ko", "사과", 20, 4, 0, False, SimpleNamespace())),
        lambda: last(loop.on_take("ko", None, "사과", 20, 4, 0, False)),
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
    updates = list(loop.on_loop(lang, prompt, 4, 4, 1))
    assert len(updates) == 4 + 3 and all(len(update) == 7 for update in updates)
    assert len(updates[3][1]["reels"][1]["frames"]) == 4
    picture, fit, names, sentence, voice = updates[4][0], *updates[5][2:6]
    assert picture.shape == (64, 64, 3) and len(names["items"]) == 5 and "cos" in fit.lower() or "코사인" in fit
    assert prompt in sentence and voice["say"] == sentence and "20,645,219" in updates[-1][6]
    *_, again = loop.on_from_picture(lang, prompt, picture, 4, 4, 1, False)
    assert again[6]


def test_from_a_picture_of_ones_own_the_right_name_comes() -> None:
    updates = list(loop.on_take("en", multimodal.picture_named("red apple"), "red apple", 20, 4, 0, True))
    assert len(updates) == 3 and updates[0][1]["key"] == "brought"
    assert "red apple" in [item["name"] for item in updates[1][3]["items"]] and updates[1][5]["auto"]


def test_a_photo_of_the_webcam_goes_round() -> None:
    updates = list(loop.on_snap("en", "red apple", 20, 4, 0, False, photo(multimodal.picture_named("red apple"))))
    assert np.array_equal(updates[0][0], multimodal.picture_named("red apple"))
    assert "red apple" in [item["name"] for item in updates[1][3]["items"]]


def test_the_first_look_makes_one_round_and_later_ones_none() -> None:
    assert last(loop.on_first("ko", None, "사과", 2, 4, 0, False))[6]
    assert list(loop.on_first("ko", np.zeros((8, 8, 3), np.uint8), "사과", 2, 4, 0, False)) == []


def test_stop_at_once_frees_the_run() -> None:
    stream = loop.on_loop("ko", "사과", 50)
    next(stream)
    stream.close()
    assert len(loop.on_reset("ko")) == 11


def test_html_in_words_stays_words() -> None:
    _, _, fit, _, sentence, *_ = list(loop.on_loop("en", "<img src=x onerror=alert(1)>", 1))[-2]
    assert "<img" not in fit and "<img" in sentence  # the sentence stands in a text box


def test_a_caption_is_written_when_a_model_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    def steps(picture: Any, name: str) -> Iterator[Any]:
        yield Progress("download", 1e6, 707e6, "Hub")
        yield Progress("load", 0, 0, name)
        yield Done(Caption("a red apple <b>", name, 176_000_000), 2.0)

    monkeypatch.setattr(captions, "steps", steps)
    updates = list(loop.on_describe("ko", np.zeros((8, 8, 3), np.uint8), "microsoft/git-base"))
    assert "707MB" in updates[0][0] and updates[-1][1] == "a red apple <b>" and "<b>" not in updates[-1][0]
    assert updates[-1][2]["say"] == "a red apple <b>" and "176,000,000" in updates[-1][0]


def test_the_voice_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    if speech_voice.voice_here():
        rate, samples = loop.on_espeak("ko", "빨간 사과")
        assert rate == RATE and samples.dtype == np.int16 and len(samples) > RATE // 3
    monkeypatch.setattr(speech_voice.shutil, "which", lambda name: None)
    assert "espeak-ng" in said(lambda: loop.on_espeak("ko", "빨간 사과"))


def test_the_script_prints_what_the_page_shows() -> None:
    code = lesson.on_code("ko", None, "빨간 사과", "과일\n동물", "빨간 사과", 4, 4, 1)
    compile(code, "multimodal.py", "exec")
    assert "steps=4" in code and "'빨간 사과'" in code
