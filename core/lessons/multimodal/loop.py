"""The loop: words → picture → how well they fit and the nearest names → a sentence to say. One event for each stage.

Each stage can be handed in instead of made, so the run goes on from wherever the learner put something of their own.
Left out: what the words come from (core/speech*.py) and the voice (the browser's, or espeak-ng).
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.data import emoji
from core.diffusion.settings import LONGEST_PROMPT, DenoiseStep
from core.errors import InvalidInput, Unavailable, checking, register, shown
from core.events import Deadline, Done
from core.files import images
from core.lessons.multimodal import choices, space
from core.pretrained import shipped

register(
    {
        "no_picture_model": "The small picture model is not in this copy: core/weights/emoji/model_index.json is missing. "
        "Put in a picture by hand and go on from there.",
        "no_such_model": "There is no model {received}. Give the folder of a Stable Diffusion, a Hub id, or emoji.",
    }
)


@dataclass(frozen=True, slots=True)
class LoopConfig:
    """``words`` in Korean or English; ``language`` of the names that are looked up; ``model``: a Stable Diffusion."""

    words: str
    language: str = "ko"
    steps: int = int(choices.STEPS.default)
    guidance: float = choices.GUIDANCE.default
    seed: int = int(choices.SEED.default)
    names: int = 5
    model: str = choices.MODEL

    def __post_init__(self) -> None:
        with checking() as check:
            if not isinstance(self.words, str) or not self.words.strip():
                check.add("empty", name="words", least=1)
            elif len(self.words) > min(space.LONGEST, LONGEST_PROMPT):
                check.add("prompt_too_long", name="words", received=len(self.words), most=space.LONGEST)
            check.one_of("language", self.language, emoji.LANGUAGES)
            check.within("steps", self.steps, choices.STEPS)
            check.within("guidance", self.guidance, choices.GUIDANCE)
            check.within("seed", self.seed, choices.SEED)
            check.whole("names", self.names, 1, 20)


@dataclass(frozen=True, slots=True)
class Drawing:
    """A step of the picture being made."""

    step: int
    total: int
    noisy: np.ndarray  # (H, W, 3) uint8: the latents as they are
    predicted: np.ndarray  # (H, W, 3) uint8: the clean picture expected at the end


@dataclass(frozen=True, slots=True)
class Pictured:
    """The finished picture, drawn or brought."""

    pixels: np.ndarray  # (H, W, 3) uint8
    brought: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Compared:
    """How well words and picture fit, and which names of the emoji lie nearest to the picture."""

    cosine: float
    rank: int  # of the words' picture among all emoji pictures: 1 = no emoji fits the words better
    names: tuple[str, ...]
    cosines: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class LoopResult:
    config: LoopConfig
    picture: np.ndarray  # (H, W, 3) uint8
    compared: Compared
    brought: bool


_LOADING = threading.Lock()


@functools.lru_cache(maxsize=1)
def _painter(name: str) -> Any:
    from core.diffusion.stable_diffusion import StableDiffusion

    return StableDiffusion.load(name)


def painter(name: str = choices.MODEL) -> Any:
    """The Stable Diffusion, loaded once. Raises Unavailable when the shipped one is missing from this copy."""

    if name == choices.MODEL and not can_draw():
        raise Unavailable("no_picture_model")
    if not isinstance(name, str) or not name.strip():
        raise InvalidInput("no_such_model", received=shown(name))
    with _LOADING:
        return _painter(name)


def can_draw() -> bool:
    """Whether the small picture model is in this copy."""
    return (shipped.FOLDER / "emoji" / "model_index.json").is_file()


def steps(
    config: LoopConfig, picture: images.Source | None = None, *, deadline: float | None = 120
) -> Iterator[Drawing | Pictured | Compared | Done[LoopResult]]:
    """Words → picture → names. With ``picture`` the drawing is left out and the run goes on from that."""
    clock, brought = Deadline(deadline), picture is not None
    stopped: str | None = None
    if picture is None:
        run = painter(config.model).steps(
            config.words, num_inference_steps=int(config.steps), guidance_scale=config.guidance, seed=int(config.seed),
            deadline=deadline,
        )  # fmt: skip
        with closing(run) as events:
            for event in events:
                match event:
                    case DenoiseStep():
                        yield Drawing(event.step, event.total, event.image, event.predicted)
                    case Done(result=drawn, stopped=why):
                        picture, stopped = np.asarray(drawn.image.convert("RGB")), why
    assert picture is not None
    pixels = images.read(picture, max_side=512).pixels
    yield Pictured(pixels, brought, clock.elapsed)
    compared = compare(config, pixels)
    yield compared
    yield Done(LoopResult(config, pixels, compared, brought), clock.elapsed, stopped)


def compare(config: LoopConfig, pixels: np.ndarray) -> Compared:
    """Cosine of words and picture, its rank among all emoji, and the nearest names."""
    it, vectors, data = space.model(), space.gallery(), emoji.load()
    words = it.embed_texts([config.words])[0]
    cosine = float(words @ it.embed_images([pixels])[0])
    found = space.names_of(pixels, config.language, config.names)
    names = data.names(config.language)
    rank = 1 + int((vectors.pictures @ words > cosine).sum())
    return Compared(cosine, rank, tuple(names[row] for row in found.rows), found.cosines)
