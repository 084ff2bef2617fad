"""Experiments around one Stable Diffusion: a shared copy of the weights, what it will cost, walks and sweeps,
word maps laid over the picture, and an honest word on what the small model knows.

Everything draws through ``StableDiffusion.draw``; nothing here has a loop of its own. Left out: the page.
"""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from core.diffusion import loading
from core.diffusion.settings import DenoiseStep, Drawn, Settings
from core.diffusion.stable_diffusion import StableDiffusion
from core.errors import CoreError, InvalidInput, NotReady, Unavailable, checking, register, shown
from core.events import Deadline, Done, Progress, drain
from core.language.known_names import KnownNames, Meaning
from core.language.several_things import several_things
from core.pretrained import catalog, fetch, resolve, shipped

register(
    {
        "no_drawing": "Nothing is drawn yet. Draw a picture first.",
        "no_start": "There is no picture to start from. Bring one, or take the last drawing.",
    }
)

KEPT = 2  # models held in memory at once
LINE_SPEED = 10.0  # MB a second, for the word on how long a download takes
_models: OrderedDict[str, StableDiffusion] = OrderedDict()
_opening = threading.Lock()


def shared(name: str = "emoji") -> StableDiffusion:
    """The model of this name, loaded once for all visitors; two are kept. Raises InvalidInput or Unavailable."""
    if not isinstance(name, str):
        raise InvalidInput("no_such_model", received=shown(name))
    with _opening:
        if name not in _models:
            _models[name] = StableDiffusion.load(name)
            while len(_models) > KEPT:
                _models.popitem(last=False)
        _models.move_to_end(name)
        return _models[name]


@dataclass(frozen=True, slots=True)
class Plan:
    """What opening a model would take, said before anything is fetched."""

    name: str
    here: bool  # on this disk already
    megabytes: int  # of weights
    minutes: float  # to fetch them at LINE_SPEED; 0 when they are here
    needed: int  # MB of memory on a CPU, about
    available: int  # MB free now; 0 when the machine does not say


def plan(name: str) -> Plan:
    """Look, fetch nothing. A Hub id is asked for its sizes only. Raises InvalidInput or Unavailable."""
    if not isinstance(name, str) or not name.strip() or len(name) > 250:
        raise InvalidInput("no_such_model", received=shown(name))
    folder = _nearby(name)
    if folder:
        loading.check_folder(folder)
        cost = loading.cost(folder)
        return Plan(name, True, cost.megabytes, 0.0, cost.needed, cost.available)
    try:
        entry = catalog.find(name, "diffusers")
    except InvalidInput as error:
        raise error if error.code == "not_allowed" else InvalidInput("no_such_model", received=shown(name)) from error
    sizes = {file.rfilename: file.size or 0 for file in fetch.hub_info(entry).siblings}
    megabytes = sum(sizes[file] for file in fetch.wanted(list(sizes), "diffusers", entry.hub)) / 1e6
    needed = round(megabytes * loading.SPARE)
    free = round(loading.available() / 1e6)
    return Plan(name, False, round(megabytes), megabytes / LINE_SPEED / 60, needed, free)


def _nearby(name: str) -> Path | None:
    index = shipped.FOLDER / name / "model_index.json"
    if Path(name).name == name and index.is_file():
        return index.parent
    if not catalog.public_host():
        if Path(name).is_dir():
            return Path(name)
        loading.check_path(name)
    try:
        found = resolve.nearby(name, "diffusers")
    except CoreError:
        return None
    return found.path if found else None


def opened(name: str) -> Iterator[Progress | Done[StableDiffusion]]:
    """Fetch if need be, with progress, then load. Too little memory is said before the fetch."""
    clock, wish = Deadline(), plan(name)
    if not wish.here:
        if 0 < wish.available < wish.needed:
            raise Unavailable("not_enough_memory", name=name, needed=wish.needed, available=wish.available)
        with closing(resolve.steps(name, "diffusers")) as events:  # type: ignore[type-var]
            yield from (event for event in events if isinstance(event, Progress))
    yield Progress("load", 0, 0, name)
    yield Done(shared(name), clock.elapsed)


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the prompt and how well the small model can know it."""

    text: str
    pieces: int  # tokens it is cut into; one: seen often while the tokenizer was made
    names: int  # how many of the 1,410 emoji have it in their name, either language


def familiar(sd: StableDiffusion, prompt: str) -> tuple[Word, ...]:
    """Every word of the prompt, counted in the names the model was trained with."""
    from core.data import emoji

    known, words, tokens = emoji.load(), prompt.split(), sd.tokens(prompt)
    names = [f" {name.lower()} " for name in (*known.ko, *known.en)]
    found = []
    for place, word in enumerate(words):
        wish = word.lower().strip(".,!?:;\"'()")
        wish = f" {wish} " if wish.isascii() else wish  # Korean words grow endings: part of a word counts there
        found.append(Word(word, sum(t.word == place for t in tokens), sum(wish in name for name in names)))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Shot:
    """One finished picture of a series."""

    index: int  # 0..total-1
    total: int
    value: float  # the guidance scale, or how far the walk has come (0..1)
    drawn: Drawn


def sweep(sd: StableDiffusion, settings: Settings, scales: Sequence[float]) -> Iterator[Shot | Done[int]]:
    """The same seed and words under several guidance scales."""
    clock = Deadline()
    for index, scale in enumerate(scales):
        drawn = drain(sd.draw(replace(settings, guidance_scale=scale), preview="none"))
        yield Shot(index, len(scales), scale, drawn)
    yield Done(len(scales), clock.elapsed)


@dataclass(frozen=True, slots=True)
class Place:
    """One picture of a wall; ``spread`` once its row is complete."""

    row: int
    column: int
    scale: float
    seed: int
    drawn: Drawn
    spread: float | None  # of the pictures of this row, see ``spread``


def wall(
    sd: StableDiffusion, settings: Settings, scales: Sequence[float], seeds: Sequence[int]
) -> Iterator[Place | Done[int]]:
    """The same words under every guidance scale (a row each) and seed, row by row, with how far a row's pictures differ."""
    clock = Deadline()
    for row, scale in enumerate(scales):
        images: list[Image.Image] = []
        for column, seed in enumerate(seeds):
            drawn = drain(sd.draw(replace(settings, guidance_scale=scale, seed=seed), preview="none"))
            images.append(drawn.image)
            yield Place(row, column, scale, seed, drawn, spread(images) if len(images) == len(seeds) else None)
    yield Done(len(scales) * len(seeds), clock.elapsed)


def walk(sd: StableDiffusion, settings: Settings, to: str, count: int = 9) -> Iterator[Shot | Done[int]]:
    """Pictures on the straight line between the text vectors of two prompts, one seed."""
    with checking() as check:
        check.whole("pictures", count, 2, 25)
        if not isinstance(to, str) or not to.strip():
            check.add("empty_prompt")
    clock = Deadline()
    for index, blend in enumerate(np.linspace(0, 1, count).tolist()):
        drawn = drain(sd.draw(replace(settings, prompt_to=to, blend=blend), preview="none"))
        yield Shot(index, count, blend, drawn)
    yield Done(count, clock.elapsed)


def overlay(image: Image.Image, attention: np.ndarray) -> np.ndarray:
    """The picture, dark where its parts looked little at a word, as it is where they looked most; (H, W, 3) uint8."""
    low, high = float(attention.min()), float(attention.max())
    light = Image.fromarray(((attention - low) / max(high - low, 1e-9) * 255).astype(np.uint8))
    mask = np.asarray(light.resize(image.size, Image.Resampling.BICUBIC), np.float32)[..., None] / 255
    shade = np.asarray(image, np.float32) * (0.15 + 0.85 * mask)
    return shade.round().clip(0, 255).astype(np.uint8)


def heat(vectors: np.ndarray, most: int = 256) -> np.ndarray:
    """Text vectors (T, D) as bytes for a picture, 128 = 0; clipped at three standard deviations, first ``most`` columns."""
    shown_part = vectors[:, :most]
    scale = max(3 * float(shown_part.std()), 1e-9)
    return ((shown_part / scale).clip(-1, 1) * 127 + 128).round().astype(np.uint8)


def gap(a: Image.Image | np.ndarray, b: Image.Image | np.ndarray) -> float:
    """Mean difference of two pictures of one size, in levels of 0..255."""
    return float(np.abs(np.asarray(a, np.float32) - np.asarray(b, np.float32)).mean())


def spread(images: Sequence[Image.Image | np.ndarray]) -> float:
    """How far pictures of one size differ: the mean ``gap`` over all pairs, in levels of 0..255."""
    return float(np.mean([gap(one, other) for one, other in itertools.combinations(images, 2)]))


def settled_at(frames: Sequence[np.ndarray], share: float = 0.25) -> int:
    """The first step (from 1) from which the predicted picture stays within ``share`` of its first distance to the end."""
    distances = [gap(frame, frames[-1]) for frame in frames]
    limit = share * distances[0]
    late = [step for step, far in enumerate(distances, 1) if far > limit]
    return (late[-1] if late else 0) + 1


def no_drawing() -> NotReady:
    return NotReady("no_drawing")


def no_start() -> InvalidInput:
    return InvalidInput("no_start")


def pictures(sd: StableDiffusion, settings: Settings) -> tuple[list[DenoiseStep], Drawn]:
    """A whole run at once: its steps and its end."""
    steps: list[DenoiseStep] = []
    for event in sd.draw(settings):
        if isinstance(event, Done):
            return steps, event.result
        steps.append(event)
    raise AssertionError("a stream ends with Done")


def script(name: str, settings: Settings) -> str:
    """The picture as a program: with this library, and with diffusers alone."""
    changed = {key: getattr(settings, key) for key in NAMES if getattr(settings, key) != getattr(Settings("x"), key)}
    keywords = "".join(f", {key}={value!r}" for key, value in changed.items())
    guided = {"num_inference_steps": settings.num_inference_steps, "guidance_scale": settings.guidance_scale}
    more = "".join(f", {key}={value!r}" for key, value in guided.items())
    if settings.negative_prompt:
        more += f", negative_prompt={settings.negative_prompt!r}"
    read = understood(name, settings.texts[0])
    one = f"\n# Here for {settings.windows[0]!r} alone: it has no windows." if settings.windows else ""
    return SCRIPT.format(
        one=one, name=name, prompt=settings.prompt, read=read, keywords=keywords, seed=settings.seed, more=more
    )


def understood(name: str, prompt: str) -> str:
    """What these weights draw for a prompt, known without opening them: see StableDiffusion.understood."""
    if not _taught_names(name) or not prompt.strip():
        return prompt
    return KnownNames.load().meaning(prompt).name


def things(name: str, prompt: str) -> tuple[str, ...]:
    """What gets a window of its own, known without opening the weights: see StableDiffusion.things."""
    return several_things(prompt) if _taught_names(name) and prompt.strip() else ()


def _taught_names(name: str) -> bool:
    return name == "emoji" and (shipped.FOLDER / name / "clip" / "heads.safetensors").is_file()


def meaning(prompt: str) -> Meaning:
    """The name that the shipped weights draw for a prompt, how sure that is, and what comes next."""
    return KnownNames.load().meaning(prompt)


NAMES = ("negative_prompt", "num_inference_steps", "guidance_scale", "seed", "scheduler", "windows")
SCRIPT = '''"""One picture of Stable Diffusion, drawn by the loop of this lesson: the same settings, the same picture."""

from core import StableDiffusion
from core.events import Done

sd = StableDiffusion.load({name!r})
print(sd.tokens({prompt!r}))
for event in sd.steps({prompt!r}{keywords}):
    if isinstance(event, Done):
        event.result.image.save("picture.png")
    else:
        print(event.step, event.t, event.predicted.mean())  # event.image: the noisy latents, decoded

# With diffusers alone (its pipeline cannot show the steps in between; same answer when the scheduler is the model's own):{one}
# import torch
# from diffusers import StableDiffusionPipeline
# pipe = StableDiffusionPipeline.from_pretrained("core/weights/" + {name!r})
# generator = torch.Generator().manual_seed({seed})
# pipe({read!r}, generator=generator{more}).images[0].save("picture.png")
'''
