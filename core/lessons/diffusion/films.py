"""What the diffusion lesson shows: films of points with the learnt field, one step with all its numbers, a picture
sinking into noise, and the program that repeats a run.

Films are small integer arrays that a browser can play back without asking again. Left out: drawing them.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import torch

from core import runtime
from core.diffusion import choices as library
from core.diffusion.point_diffusion import (
    METHOD,
    STEPS,
    TIMES,
    DiffusionConfig,
    PointDiffusion,
    PointStep,
    ddim_step,
    diffusers_way,
    kept_signal,
    noised,
    timesteps,
)
from core.errors import checking
from core.files import images
from core.lessons.diffusion import choices
from core.lessons.diffusion.shapes import distance, named, shape

REACH = 3.0  # films show the square [-REACH, REACH]²; 99.5 % of pure noise lies inside
FIELD_REACH, CELLS, LONGEST = 2.4, 17, 3.0  # where arrows stand, how many a side, the longest noise shown
NEAR = 1.7  # what is drawn, beside the shape itself: the square [-NEAR, NEAR]²
PICTURE = 96  # pixels: larger pictures are shrunk before they are noised


@dataclass(frozen=True, slots=True)
class PointRun:
    """What the learner sets: a shape (or strokes of a drawing), how long it is learnt, how it is drawn from noise."""

    shape: str = choices.SHAPE.default
    drawing: str = ""
    method: str = choices.METHOD.default
    steps: int = int(choices.STEPS.default)
    updates: int = int(choices.UPDATES.default)
    seed: int = int(choices.SEED.default)

    def __post_init__(self) -> None:
        with checking() as check:
            check.within("shape", self.shape, choices.SHAPE)
            check.within("method", self.method, choices.METHOD)
            check.within("steps", self.steps, choices.STEPS)
            check.within("updates", self.updates, choices.UPDATES)
            check.within("seed", self.seed, choices.SEED)

    @property
    def points(self) -> np.ndarray:
        """(1000, 2) float32. Raises InvalidInput where there is no drawing, or none that can be read."""
        return named(self.shape, self.drawing, seed=self.seed)

    @property
    def config(self) -> DiffusionConfig:
        return DiffusionConfig(steps=self.updates, seed=self.seed)


@dataclass(frozen=True, slots=True)
class PointFilm:
    """Clouds of points over noise levels. Integers: 0..65535 for -REACH..REACH, -127..127 for -LONGEST..LONGEST."""

    levels: tuple[int, ...]  # t of each frame; -1: no noise
    kept: tuple[float, ...]  # ᾱ of each frame, the share of the signal's energy
    frames: np.ndarray  # (F, N, 2) uint16
    field: np.ndarray | None = None  # (F, CELLS, CELLS, 2) int8: minus the noise believed in, row = y upwards


@dataclass(frozen=True, slots=True)
class HandStep:
    """One denoising step of one point, written out, beside what diffusers makes of it."""

    step: int  # 1..steps
    steps: int
    t: int
    kept: float  # ᾱ before the step
    before: float  # ᾱ after it: one level less noise
    resumes: float  # ᾱ the next step starts from: another one where ``steps`` does not divide 1000
    x: tuple[float, float]
    noise: tuple[float, float]  # ε̂, the network's answer
    clean: tuple[float, float]  # x̂₀
    after: tuple[float, float]  # ours
    theirs: tuple[float, float]  # diffusers'
    difference: float  # the larger of the two coordinates' differences
    worst: float  # the largest difference of any point at any step


def coded(points: np.ndarray, reach: float = REACH) -> np.ndarray:
    """Points as integers: -reach..reach → 0..65535; what lies outside is moved to the rim."""
    return np.round((np.clip(points, -reach, reach) / reach + 1) * 32767.5).astype(np.uint16)


def forward_film(points: np.ndarray, frames: int = 41, seed: int = 0) -> PointFilm:
    """The forward process at ``frames`` noise levels from none to all; one seed, one noise."""
    levels = tuple(int(t) for t in np.round(np.linspace(-1, TIMES - 1, frames)))
    model, kept = PointDiffusion(), kept_signal()
    shown = np.stack([model.forward(points, t, seed) for t in levels])
    return PointFilm(levels, tuple(float(kept[t]) if t >= 0 else 1.0 for t in levels), coded(shown))


def there_and_back(
    model: PointDiffusion, points: np.ndarray, frames: int = 31, steps: int = 40, seed: int = 0
) -> PointFilm:
    """The shape dissolves (the forward process), and ``model`` leads the very same points back (DDIM from the last level).

    They do not come home: each ends somewhere on the shape, because the noise has taken away where it came from.
    """
    away = forward_film(points, frames, seed)
    x, shown, levels = torch.from_numpy(model.forward(points, TIMES - 1, seed)), list[np.ndarray](), list[int]()
    for t in timesteps(steps):
        after = t - TIMES // steps
        x = ddim_step(x, model.noise(x, t), model.kept[t], model.kept[after] if after >= 0 else torch.ones(()))
        shown.append(coded(x.numpy()))
        levels.append(max(after, -1))
    kept = tuple(float(model.kept[t]) if t >= 0 else 1.0 for t in levels)
    return PointFilm((*away.levels, *levels), (*away.kept, *kept), np.concatenate([away.frames, np.stack(shown)]))


def backward_film(
    model: PointDiffusion, count: int = choices.POINTS, steps: int = STEPS, method: str = METHOD, seed: int = 0
) -> PointFilm:
    """Points on their way from noise to shape, and the field that moves them at each level."""
    way = [event for event in model.draw(count, steps, method, seed) if isinstance(event, PointStep)]
    levels = tuple(event.t for event in way)
    frames = coded(np.stack([event.points for event in way]))
    kept = tuple(float(model.kept[t]) if t >= 0 else 1.0 for t in levels)
    return PointFilm(levels, kept, frames, np.stack([arrows(model, max(t, 0)) for t in levels]))


def arrows(model: PointDiffusion, t: int) -> np.ndarray:
    """Minus the noise the network believes in at level ``t``, on a grid: (CELLS, CELLS, 2) int8."""
    line = torch.linspace(-FIELD_REACH, FIELD_REACH, CELLS)
    y, x = torch.meshgrid(line, line, indexing="ij")
    ways = -model.noise(torch.stack([x, y], -1).reshape(-1, 2), t).numpy()
    length = np.maximum(np.hypot(*ways.T)[:, None], 1e-9)
    short = ways * np.minimum(1, LONGEST / length)  # a long arrow keeps its direction
    return np.round(short * 127 / LONGEST).astype(np.int8).reshape(CELLS, CELLS, 2)


def by_hand(
    model: PointDiffusion, step: int = 1, steps: int = 20, method: str = METHOD, seed: int = 0, point: int = 0
) -> HandStep:
    """Step ``step`` of ``steps`` for one point, with the scheduler of diffusers beside it."""
    with checking() as check:
        check.within("steps", steps, library.POINT_STEPS)
        check.within("method", method, library.POINT_METHOD)
        check.within("seed", seed, library.SEED)
    with checking() as check:
        check.whole("step", step, 1, steps)
        check.whole("point", point, 0, 99)
    ours, theirs = model.trajectories(100, steps, method, seed), diffusers_way(model, 100, steps, method, seed)
    levels = timesteps(steps)
    t, x = levels[step - 1], torch.from_numpy(ours[step - 1])
    after = (t - TIMES // steps) if method == "ddim" else [*levels, -1][step]
    kept, noise, ends = model.kept[t], model.noise(x, t), float(model.kept[after]) if after >= 0 else 1.0
    clean = (x - (1 - kept).sqrt() * noise) / kept.sqrt()
    gap = np.abs(ours - theirs)
    arrays = {
        "x": x.numpy(),
        "noise": noise.numpy(),
        "clean": clean.numpy(),
        "after": ours[step],
        "theirs": theirs[step],
    }
    places = {name: (float(array[point, 0]), float(array[point, 1])) for name, array in arrays.items()}
    return HandStep(
        step=step,
        steps=steps,
        t=t,
        kept=float(kept),
        before=ends,
        resumes=float(model.kept[levels[step]]) if step < steps else ends,
        difference=float(gap[step, point].max()),
        worst=float(gap.max()),
        **places,
    )


def likeness(model: PointDiffusion, points: np.ndarray, count: int = 500, seed: int = 0) -> float:
    """Chamfer distance between what the model draws in 50 steps and the shape it learnt."""
    return distance(model.sample(count, seed=seed), points)


def points_csv(model: PointDiffusion, count: int, steps: int, method: str, seed: int) -> str:
    """The points drawn at the end, one "x,y" a line below a header."""
    rows = model.sample(count, steps, method, seed).tolist()
    return "x,y\n" + "".join(f"{x:.5f},{y:.5f}\n" for x, y in rows)


@functools.cache
def trained_circle() -> PointDiffusion:
    """A small model that learnt a circle (about two seconds, once): what the lesson's questions are answered with."""
    return PointDiffusion(DiffusionConfig(steps=800, batch_size=256, width=64, layers=3)).fit(shape("circle"))


@dataclass(frozen=True, slots=True)
class OneStep:
    """Where points land when all noise is taken away in a single step, and in fifty."""

    where: str  # "middle", "shape" or "far"
    radius: float  # mean distance from the centre; the circle's is 1
    radius_many: float  # the same after fifty steps


def one_step() -> OneStep:
    """The circle of ``trained_circle`` drawn with DDIM in one step: any error of ε̂ is divided by √ᾱ = 0.006."""
    model, target = trained_circle(), shape("circle", 500, jitter=0)
    once, many = (model.sample(500, steps) for steps in (1, 50))
    radius, radius_many = (float(np.hypot(*points.T).mean()) for points in (once, many))
    where = "shape" if distance(once, target) < 0.1 else "middle" if radius < 0.7 else "far"
    return OneStep(where, radius, radius_many)


@dataclass(frozen=True, slots=True)
class TwoMethods:
    """Mean distance between where the same 200 noise points end."""

    between: float  # DDIM and DDPM
    again: float  # DDIM twice


def two_methods() -> TwoMethods:
    """The same starting noise through DDIM, DDIM again, and DDPM."""
    first, again = (trained_circle().sample(200, 50, "ddim", seed=1) for _ in range(2))
    other = trained_circle().sample(200, 50, "ddpm", seed=1)
    return TwoMethods(*(float(np.hypot(*(first - end).T).mean()) for end in (other, again)))


def picture_film(picture: images.Source, frames: int = 21, seed: int = 0) -> tuple[tuple[float, ...], np.ndarray]:
    """A picture under the same forward process: ᾱ of each frame, and (frames, H, W, 3) uint8."""
    x = torch.from_numpy(images.read(picture, max_side=PICTURE).pixels.astype(np.float32) / 127.5 - 1)
    noise, levels = torch.randn(x.shape, generator=runtime.generator(seed)), np.linspace(-1, TIMES - 1, frames)
    kept = torch.tensor([1.0 if t < 0 else float(kept_signal()[round(t)]) for t in levels])
    film = noised(x.expand(frames, *x.shape), noise.expand(frames, *x.shape), kept)
    shown = ((film + 1) * 127.5).round().clamp(0, 255).byte().numpy()
    return tuple(kept.tolist()), shown


def script(run: PointRun) -> str:
    """The run as a program: train, draw, compare; it prints the numbers of the page."""
    return SCRIPT.format(run=run)


SCRIPT = '''"""Diffusion on points of the plane: learn a shape, draw it from noise. Prints the numbers of the page."""

import torch

from core.diffusion.point_diffusion import DiffusionConfig, PointDiffusion, against_diffusers, ddim_step, timesteps
from core.lessons.diffusion.shapes import named
from core.lessons.diffusion.films import likeness

points = named({run.shape!r}, {run.drawing!r}, seed={run.seed})  # (1000, 2)
model = PointDiffusion({run.config})
model.fit(points)
print("loss", model.losses_[-1])
print("distance to the shape", likeness(model, points, seed={run.seed}))

# The loop behind model.draw(method="ddim"), step by step:
x = torch.randn(5, 2, generator=torch.Generator().manual_seed({run.seed}))
for t in timesteps({run.steps}):
    noise, kept = model.noise(x, t), model.kept[t]  # what the network believes is noise
    before = t - 1000 // {run.steps}
    x = ddim_step(x, noise, kept, model.kept[before] if before >= 0 else torch.ones(()))
print(x)
gap = against_diffusers(model, steps={run.steps}, method={run.method!r}, seed={run.seed})
print("largest difference from diffusers", gap)
'''
