"""Reading a stranger's sound safely: bytes or a file in, one channel of floats at 16 kHz out.

WAV (8, 16, 24, 32 bit, 32- and 64-bit floats, the telephone's µ-law and A-law, any channels and rate up to 192 kHz) is read
here, its header checked before a sample is. The samples are those of scipy.io.wavfile (the tests compare), which refuses a
header that was sent before the length was known and a file cut off in mid-sample; microphones and speech programs write both.
Other formats go through soundfile or ffmpeg where one is installed. Silence is cut off both ends.
Left out: writing compressed formats, metadata.
"""

from __future__ import annotations

import importlib.util
import io
import math
import shutil
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import InvalidInput, Unavailable, checking, register, shown

register(
    {
        "no_such_file": "There is no file {received}. Check the path.",
        "sound_too_long": "The recording lasts {received} seconds; at most {most} are read. Record a shorter one.",
        "sound_too_short": "The recording lasts {received} seconds; at least {least} are needed. Record a longer one.",
        "sound_silent": "Only silence was recorded. Check the microphone, come closer and speak up.",
        "sound_file_too_large": "The file has {megabytes} MB; at most {most} MB are read. Record a shorter one.",
        "sound_format": "{received} is read only with soundfile or ffmpeg. Save as WAV, or: pip install soundfile",
        "sound_coding": "This WAV holds sound packed as {received}. Save it as WAV with 16-bit PCM.",
        "sound_by_ffmpeg": "{received} is read only with ffmpeg. Save as WAV, or install ffmpeg.",
        "sound_rate": "The sampling rate must be between {low} and {high} Hz. Received: {received}. Save it as WAV, 16 kHz.",
    }
)

RATE = 16_000  # Hz, of everything that comes out
MAX_SECONDS, MIN_SECONDS = 60.0, 0.1
MAX_BYTES = 64 * 2**20
LOW_RATE, HIGH_RATE = 1_000, 192_000
SILENCE = 1e-3  # of full scale (−60 dB): a recording that never gets louder holds nothing
NOTES = ("mixed", "resampled", "decoded", "clipped")
PCM, FLOAT, A_LAW, MU_LAW, EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
PACKED = {2: "ADPCM", 17: "IMA ADPCM", 49: "GSM", 85: "MP3"}  # codings of a WAV that are not read
# How other kinds begin: (offset, bytes, name, ffmpeg's demuxer)
KINDS = (
    (0, b"ID3", "MP3", "mp3"), (0, b"\xff\xfb", "MP3", "mp3"), (0, b"\xff\xf3", "MP3", "mp3"), (0, b"\xff\xf2", "MP3", "mp3"),
    (0, b"fLaC", "FLAC", "flac"), (0, b"OggS", "OGG", "ogg"), (0, b"\x1aE\xdf\xa3", "WebM", "matroska"),
    (4, b"ftyp", "M4A", "mov"), (0, b"FORM", "AIFF", "aiff"),
)  # fmt: skip
BY_SOUNDFILE = ("MP3", "FLAC", "OGG", "AIFF")  # the others only ffmpeg reads
Source = str | Path | bytes


@dataclass(frozen=True, slots=True)
class Sound:
    """One channel. ``notes`` are codes of what had to be done, in order."""

    samples: np.ndarray  # (n,) float32 in −1..1
    rate: int = RATE  # Hz
    original_rate: int = RATE
    notes: tuple[str, ...] = ()  # of NOTES

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate


def read(source: Source) -> Sound:
    """A recording as one channel at 16 kHz.

    Raises:
        InvalidInput: no sound, damaged, silent, shorter than 0.1 s, longer than 60 s or over 64 MB.
        Unavailable: a format that needs a decoder which is not installed, or no such file.
    """
    data = _bytes(source)
    if data[:4] in (b"RIFF", b"RF64") and data[8:12] == b"WAVE":
        samples, rate, notes = *_wav(data), []
    else:
        samples, rate = _decoded(data)
        notes = ["decoded"]
    return from_samples(samples, rate, notes)


def from_samples(samples: np.ndarray, rate: int, notes: list[str] | None = None) -> Sound:
    """Samples (n,) or (n, channels), integers or floats in −1..1, at ``rate`` Hz → one channel at 16 kHz."""
    notes = list(notes or [])
    if isinstance(rate, bool) or not isinstance(rate, (int, np.integer)) or not LOW_RATE <= rate <= HIGH_RATE:
        raise InvalidInput("sound_rate", low=LOW_RATE, high=HIGH_RATE, received=shown(rate))
    samples = np.asarray(samples)
    if samples.ndim not in (1, 2) or samples.dtype == object:
        raise InvalidInput("wrong_shape", name="sound", expected="(n,) or (n, channels)", received=samples.shape)
    _check_length(len(samples) / rate)
    if np.issubdtype(samples.dtype, np.integer):
        half = 2.0 ** (8 * samples.dtype.itemsize - 1)
        zero = half if samples.dtype.kind == "u" else 0.0  # unsigned: silence is the middle of the range
        samples = (samples.astype(np.float64) - zero) / half
    x = samples.astype(np.float64)
    if not np.isfinite(x).all():
        raise InvalidInput("not_finite", name="sound", received="nan or inf")
    if x.ndim == 2:
        if x.shape[1] > 1:
            notes.append("mixed")
        x = x.mean(axis=1)
    if np.abs(x).max() > 1:
        notes.append("clipped")
        x = x.clip(-1, 1)
    if rate != RATE:
        notes.append("resampled")
        x = _resampled(x, int(rate))
    if np.abs(x - x.mean()).max() < SILENCE:
        raise InvalidInput("sound_silent")
    return Sound(x.astype(np.float32), RATE, int(rate), tuple(notes))


def _check_length(seconds: float) -> None:
    if seconds > MAX_SECONDS:
        raise InvalidInput("sound_too_long", received=round(seconds, 1), most=round(MAX_SECONDS))
    if seconds < MIN_SECONDS:
        raise InvalidInput("sound_too_short", received=round(seconds, 2), least=MIN_SECONDS)


def _resampled(x: np.ndarray, rate: int) -> np.ndarray:
    """Polyphase filtering: up by 16000/g, down by rate/g, low-passed in between so that nothing folds back."""
    from scipy.signal import resample_poly

    common = math.gcd(rate, RATE)
    return np.asarray(resample_poly(x, RATE // common, rate // common))


def _bytes(source: Source) -> bytes:
    if not isinstance(source, bytes):
        path = Path(source)
        if not path.is_file():
            raise Unavailable("no_such_file", received=shown(path.name))
        if path.stat().st_size > MAX_BYTES:
            raise _too_large(path.stat().st_size)
        source = path.read_bytes()
    if len(source) > MAX_BYTES:
        raise _too_large(len(source))
    return source


def _too_large(size: int) -> InvalidInput:
    return InvalidInput("sound_file_too_large", megabytes=f"{size / 2**20:.0f}", most=MAX_BYTES // 2**20)


def _wav(data: bytes) -> tuple[np.ndarray, int]:
    """The chunks of a RIFF file: ``fmt `` says how, ``data`` holds the samples (cut short is read as far as it goes)."""
    at, form = 12, None
    while at + 8 <= len(data):
        name, size = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        body = at + 8
        if name == b"fmt " and size >= 16 and body + 16 <= len(data):
            form = struct.unpack_from("<HHIIHH", data, body)
            if form[0] == EXTENSIBLE and size >= 26 and body + 26 <= len(data):
                form = (struct.unpack_from("<H", data, body + 24)[0], *form[1:])
        elif name == b"data":
            if form is None:
                raise _unreadable()
            size = len(data) if size in (0, 0xFFFFFFFF) else size  # a stream's header: its length was not known yet
            return _samples(data[body : body + size], form)
        at = body + size + size % 2
    raise _unreadable()


def _samples(raw: bytes, form: tuple[int, ...]) -> tuple[np.ndarray, int]:
    kind, channels, rate, _, _, bits = form
    if kind in PACKED:
        raise InvalidInput("sound_coding", received=PACKED[kind])
    if not 1 <= channels <= 32 or (kind, bits) not in _TYPES:
        raise _unreadable()
    if not LOW_RATE <= rate <= HIGH_RATE:
        raise InvalidInput("sound_rate", low=LOW_RATE, high=HIGH_RATE, received=rate)
    width = bits // 8 * channels
    raw = raw[: len(raw) // width * width]
    _check_length(len(raw) / width / rate)
    if bits == 24:
        parts = np.frombuffer(raw, np.uint8).reshape(-1, 3)
        wide = np.zeros((len(parts), 4), np.uint8)
        wide[:, 1:] = parts  # the three bytes are the upper ones of 32 bits
        values = wide.view("<i4")[:, 0]
    elif kind in (A_LAW, MU_LAW):
        values = _telephone(kind)[np.frombuffer(raw, np.uint8)]
    else:
        values = np.frombuffer(raw, _TYPES[kind, bits])
    return values.reshape(-1, channels), rate


_TYPES = {
    (PCM, 8): "u1", (PCM, 16): "<i2", (PCM, 24): "", (PCM, 32): "<i4", (FLOAT, 32): "<f4", (FLOAT, 64): "<f8",
    (A_LAW, 8): "", (MU_LAW, 8): "",
}  # fmt: skip


def _telephone(kind: int) -> np.ndarray:
    """What each byte of ITU-T G.711 stands for, (256,) int16: a sign, three bits of exponent, four of mantissa."""
    code = np.arange(256) ^ (0xFF if kind == MU_LAW else 0x55)
    exponent, mantissa, high = code >> 4 & 7, code & 15, code >= 128
    if kind == MU_LAW:
        size = (((mantissa << 3) + 132) << exponent) - 132
        return np.where(high, -size, size).astype(np.int16)
    size = ((mantissa << 4) + np.where(exponent > 0, 264, 8)) << np.maximum(exponent - 1, 0)
    return np.where(high, size, -size).astype(np.int16)


def _decoded(data: bytes) -> tuple[np.ndarray, int]:
    """A compressed format, by soundfile or ffmpeg; only kinds known by their first bytes are handed on."""
    found = next(((name, demuxer) for at, start, name, demuxer in KINDS if data[at : at + len(start)] == start), None)
    if found is None:
        raise _unreadable()
    name, demuxer = found
    if name in BY_SOUNDFILE and importlib.util.find_spec("soundfile"):
        return _by_soundfile(data)
    if shutil.which("ffmpeg"):
        return _by_ffmpeg(data, demuxer)
    raise Unavailable("sound_format" if name in BY_SOUNDFILE else "sound_by_ffmpeg", received=name)


def _by_soundfile(data: bytes) -> tuple[np.ndarray, int]:
    import soundfile

    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            _check_length(min(file.frames, 2**40) / file.samplerate)
            return file.read(dtype="float32", always_2d=True), int(file.samplerate)
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise _unreadable() from error


def _by_ffmpeg(data: bytes, demuxer: str) -> tuple[np.ndarray, int]:
    """ffmpeg with one named demuxer, no network, one file, bounded in time and length.

    All channels come, to be averaged here: its own ``-ac 1`` makes two equal channels of floats √2 louder.
    """
    with tempfile.NamedTemporaryFile(suffix=".bin") as file:
        file.write(data)
        file.flush()
        command = ["ffmpeg", "-nostdin", "-v", "error", "-protocol_whitelist", "file,pipe", "-f", demuxer]
        command += ["-i", file.name, "-vn", "-t", str(MAX_SECONDS + 1), "-ar", str(RATE)]
        command += ["-c:a", "pcm_f32le", "-f", "wav", "pipe:1"]
        try:
            made = subprocess.run(command, capture_output=True, timeout=30, check=True).stdout
        except (OSError, subprocess.SubprocessError) as error:
            raise _unreadable() from error
    return _wav(made)


def _unreadable() -> InvalidInput:
    return InvalidInput("bad_file", kind="a recording", hint="Readable is WAV; others with soundfile or ffmpeg.")


def trim(samples: np.ndarray, *, below: float = 35.0, keep: float = 0.05, rate: int = RATE) -> tuple[int, int]:
    """Endpointing: the first and the last sample of what is loud, as a half-open range.

    Loud is a frame of 20 ms whose energy is within ``below`` dB of the loudest and well over the noise of the quietest
    tenth; ``keep`` seconds stay on either side. Raises InvalidInput if nothing is.
    """
    with checking() as check:
        check.between("below", below, 5, 90)
        check.between("keep", keep, 0, 1)
    size = rate // 50
    count = max(1, len(samples) // size)
    frames = np.resize(samples, count * size) if len(samples) < size else samples[: count * size]
    level = 10 * np.log10((frames.reshape(count, -1).astype(np.float64) ** 2).mean(axis=1) + 1e-12)  # (frames,) dB
    if level.max() < 20 * math.log10(SILENCE):
        raise InvalidInput("sound_silent")
    floor = min(np.quantile(level, 0.1) + 8, level.max() - 6)
    loud = np.flatnonzero(level >= max(level.max() - below, floor))
    margin = round(keep * rate)
    return max(0, int(loud[0]) * size - margin), min(len(samples), (int(loud[-1]) + 1) * size + margin)


def to_wav(samples: np.ndarray, rate: int = RATE) -> bytes:
    """One channel, 16 bit."""
    body = (np.clip(samples, -1, 1) * 32767).round().astype("<i2").tobytes()
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, PCM, 1, rate, rate * 2, 2, 16)
    head = struct.pack("<4sI4s", b"RIFF", 36 + len(body), b"WAVE") + form + struct.pack("<4sI", b"data", len(body))
    return head + body
