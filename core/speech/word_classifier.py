"""Speech: your own words learnt from a few recordings; recognition by Whisper or vosk and a voice where they are there.

``WordClassifier`` is a small CNN on the same Trainer as every other network here: speech is a picture, too.
Left out: sentences of your own words, wake words in a running stream, training a recogniser.
Source: Warden 2018, "Speech Commands" (arXiv:1804.03209) for words as pictures.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from core import runtime
from core.errors import InvalidInput, NotReady, checking, register, shown
from core.events import Done, Progress, TrainStep, drain
from core.files import places
from core.files import sounds as audio
from core.files.sounds import Sound
from core.pretrained import whole
from core.speech import choices
from core.speech.word_net import WordNet, picture, varied
from core.training.torch_engine import TorchEngine
from core.training.trainer import History, TrainConfig, Trainer, accuracy, supervised

register(
    {
        "word_without_name": "A word has no name. Give each a name of 1 to {most} letters.",
        "word_without_recordings": "The word {name} has no recordings. Record it at least once, or take it out.",
        "one_word": "To tell words apart, at least two are needed. Received: {received}. Record another word.",
        "same_recordings": "The same recording is filed under {first} and {second}. Take one of them out.",
        "no_words_learnt": "No words have been learnt yet. Record some and train first.",
    }
)

LONGEST_NAME = 40  # letters of a word
Recording = Sound | np.ndarray | str | Path | bytes


@dataclass(frozen=True, slots=True)
class WordConfig:
    """``copies``: varied copies of each recording an epoch; fewer when there are many recordings."""

    epochs: int = int(choices.EPOCHS.default)
    learning_rate: float = 0.005
    copies: int = 10
    batch_size: int = 24
    seed: int = int(choices.SEED.default)

    def __post_init__(self) -> None:
        with checking() as check:
            check.within("epochs", self.epochs, choices.EPOCHS)
            check.between("learning_rate", self.learning_rate, 1e-6, 1)
            check.whole("copies", self.copies, 1, 64)
            check.whole("batch_size", self.batch_size, 2, 512)
            check.within("seed", self.seed, choices.SEED)


class WordClassifier:
    """Tells the learner's own words apart.

    >>> low, high = (np.sin(np.arange(8000) * w).astype("float32") for w in (0.1, 0.9))
    >>> ear = WordClassifier(WordConfig(epochs=2)); _ = ear.fit({"low": [low], "high": [high]})
    >>> ear.predict_proba([low, high]).shape
    (2, 2)
    """

    def __init__(self, config: WordConfig | None = None) -> None:
        self.config = config or WordConfig()
        self.words: tuple[str, ...] = ()
        self.module: WordNet | None = None

    @property
    def parameters(self) -> int:
        return sum(p.numel() for p in self._trained().parameters())

    def steps(
        self, recordings: Mapping[str, Sequence[Recording]], *, deadline: float | None = None
    ) -> Iterator[Progress | TrainStep | Done[History]]:
        """Learn these words anew: word → recordings (Sound, samples at 16 kHz, WAV bytes or files).

        Yields Progress("reading"), a TrainStep per epoch, then Done. Raises InvalidInput for fewer than two words, a
        word without recordings, one recording under two words, silence, or a file that is no recording.
        """
        with checking() as check:
            if len(recordings) < 2:
                check.add("one_word", received=len(recordings))
            for name, sounds in recordings.items():
                if not isinstance(name, str) or not 1 <= len(name.strip()) <= LONGEST_NAME:
                    check.add("word_without_name", most=LONGEST_NAME)
                elif not len(sounds):
                    check.add("word_without_recordings", name=shown(name))
            total = sum(len(sounds) for sounds in recordings.values())
        return self._learn(recordings, total, deadline)

    def _learn(
        self, recordings: Mapping[str, Sequence[Recording]], total: int, deadline: float | None
    ) -> Iterator[Progress | TrainStep | Done[History]]:
        words, seen, labels = tuple(recordings), list[np.ndarray](), list[int]()
        for label, sounds in enumerate(recordings.values()):
            for sound in sounds:
                seen.append(see(sound))
                labels.append(label)
                twin = next((i for i in range(len(seen) - 1) if np.array_equal(seen[i], seen[-1])), None)
                if twin is not None and labels[twin] != label:
                    raise InvalidInput("same_recordings", first=shown(words[labels[twin]]), second=shown(words[label]))
                yield Progress("reading", len(seen), total)
        x, y = torch.from_numpy(np.stack(seen))[:, None], torch.tensor(labels)  # (N, 1, mels, frames), (N,)
        copies = max(1, min(self.config.copies, 1200 // total))
        stream = runtime.generator(self.config.seed)
        rows = torch.cat([x, *(varied(x, stream) for _ in range(copies))])
        module = WordNet(len(words), self.config.seed)
        optimizer = torch.optim.AdamW(module.parameters(), self.config.learning_rate, weight_decay=0.02)
        objective = supervised(lambda out, target: F.cross_entropy(out, target, label_smoothing=0.05), acc=accuracy)
        engine = TorchEngine(module, objective, optimizer, (rows, y.repeat(copies + 1)), device="cpu")
        trainer = Trainer(engine, TrainConfig(batch_size=self.config.batch_size, seed=self.config.seed))
        with closing(trainer.steps(self.config.epochs, every=None, deadline=deadline)) as events:  # type: ignore[type-var]
            for event in events:
                if isinstance(event, Done):
                    self.words, self.module = words, module.eval()
                yield event

    def fit(self, recordings: Mapping[str, Sequence[Recording]]) -> History:
        """``steps`` to the end."""
        return drain(self.steps(recordings))

    def predict_proba(self, sounds: Sequence[Recording]) -> np.ndarray:
        """The probability of each word: (N, words) float32, rows sum to 1."""
        module = self._trained()
        if not len(sounds):
            raise InvalidInput("empty", name="recordings", least=1)
        x = torch.from_numpy(np.stack([see(sound) for sound in sounds]))[:, None]
        with torch.inference_mode():
            out: Tensor = torch.softmax(module(x), dim=1)
        return out.numpy()

    def save(self, path: str | Path) -> Path:
        """One .safetensors file, the words and settings in its metadata; ``load`` reads it."""
        tensors = {name: tensor.contiguous() for name, tensor in self._trained().state_dict().items()}
        about = json.dumps({"words": self.words, "config": asdict(self.config)}, ensure_ascii=False)
        with places.written(path, (".safetensors",)) as where:
            save_file(tensors, where, metadata={"words": about})
        return where

    @classmethod
    def load(cls, path: str | Path) -> WordClassifier:
        """What ``save`` wrote. Raises InvalidInput for anything else."""
        path = places.existing(path)
        try:
            with safe_open(path, framework="pt") as file:
                about = json.loads((file.metadata() or {})["words"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}
            words = tuple(str(word) for word in about["words"])
            if len(words) < 2 or any(len(word) > LONGEST_NAME for word in words):
                raise ValueError("words")
            ear = cls(WordConfig(**about["config"]))
            ear.words, ear.module = words, WordNet(len(words))
        except (OSError, SafetensorError, KeyError, ValueError, TypeError, RuntimeError) as error:
            raise InvalidInput("bad_file", kind="taught words", hint="Give the file that save() wrote.") from error
        whole.filled(ear.module, tensors, shown(path.name))
        ear.module.eval()
        return ear

    def _trained(self) -> WordNet:
        if self.module is None:
            raise NotReady("no_words_learnt")
        return self.module


def see(sound: Recording) -> np.ndarray:
    """The picture the network sees: trimmed, log-mel, (40, 64) float32."""
    if isinstance(sound, np.ndarray):
        sound = audio.from_samples(sound, audio.RATE)
    elif not isinstance(sound, Sound):
        sound = audio.read(sound)
    return picture(sound.samples)
