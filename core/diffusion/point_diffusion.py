"""Diffusion from the ground up, on points of the plane: noise a shape, learn to undo it, draw from pure noise.

The same two formulas (``noised``, ``velocity``) train the emoji denoiser. ``ddpm_step`` and ``ddim_step`` are the
schedulers of diffusers written by hand; ``against_diffusers`` returns the difference. Left out: images.
Sources: Ho et al. 2020 (DDPM, arXiv:2006.11239); Song et al. 2021 (DDIM, arXiv:2010.02502);
Salimans & Ho 2022 (v-prediction, arXiv:2202.00512).
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core import runtime
from core.diffusion import choices
from core.errors import Diverged, InvalidInput, checking
from core.events import Deadline, Done, Every, Frames, Latest, drain

TIMES = 1000  # noise levels; the last one is all but pure noise
STEPS, METHOD = int(choices.POINT_STEPS.default), choices.POINT_METHOD.default
PREVIEW_POINTS, PREVIEW_STEPS = 300, 20


def noised(x: Tensor, noise: Tensor, kept: Tensor) -> Tensor:
    """x_t = √ᾱ x + √(1 − ᾱ) ε, equation 4 of DDPM. ``kept`` is ᾱ: one number per row of ``x``."""
    kept = kept.reshape(-1, *[1] * (x.ndim - 1))
    return kept.sqrt() * x + (1 - kept).sqrt() * noise


def velocity(x: Tensor, noise: Tensor, kept: Tensor) -> Tensor:
    """v = √ᾱ ε − √(1 − ᾱ) x: what a v-predicting denoiser answers. Shapes as in ``noised``."""
    kept = kept.reshape(-1, *[1] * (x.ndim - 1))
    return kept.sqrt() * noise - (1 - kept).sqrt() * x


def kept_signal(times: int = TIMES) -> Tensor:
    """ᾱ_t = Π (1 − β_s) for the linear schedule of DDPM (β from 1e-4 to 0.02), float32 of shape (times,)."""
    return torch.cumprod(1 - torch.linspace(1e-4, 0.02, times, dtype=torch.float32), 0)


def timesteps(steps: int, times: int = TIMES) -> list[int]:
    """Which noise levels a sampler of ``steps`` steps visits, noisiest first ("trailing": from the very last)."""
    return [int(t) - 1 for t in np.round(np.arange(times, 0, -times / steps))][:steps]


def clean(x: Tensor, noise: Tensor, kept: Tensor) -> Tensor:
    """x̂₀ = (x_t − √(1 − ᾱ) ε̂) / √ᾱ: the clean points the predicted noise implies (equation 15 of DDPM)."""
    return (x - (1 - kept).sqrt() * noise) / kept.sqrt()


def ddpm_step(x: Tensor, noise: Tensor, kept: Tensor, before: Tensor, fresh: Tensor) -> Tensor:
    """One step of DDPM from ᾱ_t = ``kept`` to ᾱ_{t-1} = ``before`` (equations 6, 7); ``fresh`` is new N(0, 1) noise."""
    alpha = kept / before
    mean = (
        before.sqrt() * (1 - alpha) / (1 - kept) * clean(x, noise, kept) + alpha.sqrt() * (1 - before) / (1 - kept) * x
    )
    return mean + ((1 - before) / (1 - kept) * (1 - alpha)).clamp(min=1e-20).sqrt() * fresh


def ddim_step(x: Tensor, noise: Tensor, kept: Tensor, before: Tensor) -> Tensor:
    """One step of DDIM without new noise (equation 12, η = 0): to x̂₀, then back along the same noise."""
    return before.sqrt() * clean(x, noise, kept) + (1 - before).sqrt() * noise


class Denoiser(nn.Module):
    """A small MLP that sees points and their noise level and answers with the noise it believes is in them.

    Both also come as sines and cosines of several wavelengths (Tancik et al. 2020, arXiv:2006.10739), for fine lines.
    """

    time_waves: Tensor
    place_waves: Tensor

    @runtime.alone
    def __init__(self, width: int, layers: int) -> None:
        super().__init__()
        self.register_buffer("time_waves", 2.0 ** torch.arange(8) * math.pi / (2 * TIMES), persistent=False)
        self.register_buffer("place_waves", 2.0 ** torch.arange(3) * math.pi / 2, persistent=False)
        sizes = [2 + 2 * 8 + 2 * 2 * 3] + [width] * layers
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:], strict=False))
        self.out = nn.Linear(width, 2)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        times = t[:, None] * self.time_waves  # (N, 8)
        places = (x[:, :, None] * self.place_waves).flatten(1)  # (N, 6)
        x = torch.cat([x, times.sin(), times.cos(), places.sin(), places.cos()], 1)  # (N, 30)
        for layer in self.hidden:
            x = F.silu(layer(x))
        return self.out(x)  # (N, 2)


@dataclass(frozen=True, slots=True)
class DiffusionConfig:
    """How the small denoiser is built and trained."""

    steps: int = int(choices.POINT_UPDATES.default)  # updates
    batch_size: int = 512
    learning_rate: float = 5e-3  # at the start; it falls to 0 along a cosine
    width: int = 96
    layers: int = 4
    seed: int = 0

    def __post_init__(self) -> None:
        with checking() as check:
            check.within("steps", self.steps, choices.POINT_UPDATES)
            check.whole("batch_size", self.batch_size, 1, 8192)
            check.between("learning_rate", self.learning_rate, 1e-6, 1)
            check.whole("width", self.width, 4, 512)
            check.whole("layers", self.layers, 1, 8)
            check.within("seed", self.seed, choices.SEED)


@dataclass(frozen=True, slots=True)
class DiffusionStep:
    """One report of the training, with points drawn by the model as it is now."""

    step: int
    total: int
    loss: float  # mean squared error of the noise, of the last batch
    average: float  # the same, over the batches since the report before
    samples: np.ndarray  # (300, 2) float32


@dataclass(frozen=True, slots=True)
class PointStep:
    """One denoising step of a cloud of points. The first, step 0, is the noise it starts from."""

    step: int  # 0..total
    total: int
    t: int  # noise level of ``points``, 999 (noise) .. 0; -1 when finished
    points: np.ndarray  # (N, 2) float32
    predicted: np.ndarray  # (N, 2) float32, the clean points predicted here


@dataclass(frozen=True, slots=True)
class Field:
    """Where the denoiser would send a point standing at (x, y) at noise level t."""

    x: np.ndarray  # (G,) float32
    y: np.ndarray  # (G,) float32
    u: np.ndarray  # (G, G) float32, row = y, column = x: step to the right
    v: np.ndarray  # (G, G) float32: step upwards


class PointDiffusion:
    """Learns a shape of points and draws it from noise.

    >>> from core.lessons.diffusion.shapes import shape
    >>> model = PointDiffusion(DiffusionConfig(steps=50)); model.fit(shape("circle")).sample(10).shape
    (10, 2)
    """

    @runtime.alone  # the seed below is torch's own, for the whole process
    def __init__(self, config: DiffusionConfig | None = None) -> None:
        self.config = config or DiffusionConfig()
        self.kept = kept_signal()  # (1000,)
        self.losses_: list[float] = []
        self._latest = Latest()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.config.seed)
            self.module = Denoiser(self.config.width, self.config.layers)

    @property
    def parameters(self) -> int:
        return sum(p.numel() for p in self.module.parameters())

    def forward(self, points: np.ndarray, t: int, seed: int = 0) -> np.ndarray:
        """The forward process: the points at noise level ``t`` (-1 none, 999 all), (N, 2). One seed, one noise."""
        x = self._points(points)
        if t < 0:
            return x.numpy()
        noise = torch.randn(x.shape, generator=runtime.generator(seed))
        return noised(x, noise, self.kept[t].expand(len(x))).numpy()

    def steps(
        self, points: np.ndarray, every: Every = 100, deadline: float | None = None
    ) -> Iterator[DiffusionStep | Done[PointDiffusion]]:
        """Train on (N, 2) points in about [-1, 1]; reports as ``every`` says. A later run ends it as "paused".

        Raises Diverged.
        """
        clock, run = Deadline(), self._learn(points, every, deadline)
        yield from self._latest.of(run, lambda: Done(self, clock.elapsed, "paused"))

    def pause(self) -> None:
        """The run at hand ends with the report that it is making: what is read now is what stays."""
        self._latest.pause()

    def _learn(
        self, points: np.ndarray, every: Every, deadline: float | None
    ) -> Generator[DiffusionStep | Done[PointDiffusion]]:
        c, x = self.config, self._points(points)
        optimizer = torch.optim.Adam(self.module.parameters(), c.learning_rate, fused=True)
        fall = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, c.steps)
        generator, told = runtime.generator(c.seed), 0
        self.losses_ = []

        def advance() -> None:
            with runtime.threads(1):  # released before each report: another thread may ask for the next
                self.losses_.append(self._update(x, optimizer, generator))
            fall.step()
            if not math.isfinite(self.losses_[-1]):
                step = len(self.losses_)
                raise Diverged("diverged", received=self.losses_[-1], step=step, learning_rate=c.learning_rate)

        run = Frames(advance, int(c.steps), every, deadline)
        for step in run:
            drawn, told, since = self.sample(PREVIEW_POINTS, PREVIEW_STEPS, seed=c.seed), step, told
            yield DiffusionStep(step, c.steps, self.losses_[-1], float(np.mean(self.losses_[since:])), drawn)
        yield Done(self, run.seconds, run.stopped)

    def _update(self, x: Tensor, optimizer: torch.optim.Optimizer, generator: torch.Generator) -> float:
        """One batch: noise some points to random levels, let the network name the noise, correct it. The loss."""
        rows = x[torch.randint(len(x), (self.config.batch_size,), generator=generator)]  # (B, 2)
        t = torch.randint(TIMES, (self.config.batch_size,), generator=generator)  # (B,)
        noise = torch.randn(rows.shape, generator=generator)
        loss = F.mse_loss(self.module(noised(rows, noise, self.kept[t]), t), noise)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    def fit(self, points: np.ndarray) -> PointDiffusion:
        return drain(self.steps(points, every=None))

    @torch.no_grad()
    def noise(self, x: Tensor, t: int) -> Tensor:
        """The noise the model believes is in the points ``x`` (N, 2) at level ``t``."""
        with runtime.threads(1):
            return self.module(x, torch.full((len(x),), t))

    def field(self, t: int, cells: int = 21, reach: float = 2.0) -> Field:
        """The learnt field at level ``t`` over [-reach, reach]²: x̂₀ − x, the way to the predicted clean point."""
        with checking() as check:
            check.whole("t", t, 0, TIMES - 1)
            check.whole("cells", cells, 2, 101)
        line = torch.linspace(-reach, reach, cells)
        y, x = torch.meshgrid(line, line, indexing="ij")  # (G, G)
        places = torch.stack([x, y], -1).reshape(-1, 2)
        ways = (clean(places, self.noise(places, t), self.kept[t]) - places).reshape(cells, cells, 2).numpy()
        return Field(line.numpy(), line.numpy(), ways[..., 0], ways[..., 1])

    def draw(
        self, count: int = 500, steps: int = STEPS, method: str = METHOD, seed: int = 0
    ) -> Iterator[PointStep | Done[np.ndarray]]:
        """Denoise ``count`` random points in ``steps`` steps; yields each, then Done with the points (count, 2)."""
        with checking() as check:
            check.whole("points", count, 1, 20_000)
            check.within("steps", steps, choices.POINT_STEPS)
            check.within("method", method, choices.POINT_METHOD)
            check.within("seed", seed, choices.SEED)
        clock, generator, levels = Deadline(), runtime.generator(seed), timesteps(steps)
        x = torch.randn(count, 2, generator=generator)
        one = torch.ones(())
        for step, t in enumerate(levels):
            kept, noise = self.kept[t], self.noise(x, t)
            yield PointStep(step, steps, t, x.numpy(), clean(x, noise, kept).numpy())
            if method == "ddim":
                before = t - TIMES // steps  # what diffusers' DDIM goes back by
                x = ddim_step(x, noise, kept, self.kept[before] if before >= 0 else one)
            else:
                last = step + 1 == steps
                fresh = torch.zeros_like(x) if t == 0 else torch.randn(x.shape, generator=generator)
                x = ddpm_step(x, noise, kept, one if last else self.kept[levels[step + 1]], fresh)
        yield PointStep(steps, steps, -1, x.numpy(), x.numpy())
        yield Done(x.numpy(), clock.elapsed)

    def sample(self, count: int = 500, steps: int = STEPS, method: str = METHOD, seed: int = 0) -> np.ndarray:
        """Points drawn from noise, (count, 2) float32."""
        return drain(self.draw(count, steps, method, seed))

    def trajectories(self, count: int = 60, steps: int = STEPS, method: str = METHOD, seed: int = 0) -> np.ndarray:
        """The way of each point from noise to shape, (steps + 1, count, 2) float32."""
        return np.stack([e.points for e in self.draw(count, steps, method, seed) if isinstance(e, PointStep)])

    def _points(self, points: np.ndarray) -> Tensor:
        x = np.asarray(points, dtype=np.float32)
        if x.ndim != 2 or x.shape[1] != 2:
            raise InvalidInput("wrong_shape", name="points", expected="(N, 2)", received=x.shape)
        if len(x) < 2:
            raise InvalidInput("too_few", name="points", least=2, received=len(x))
        if not np.isfinite(x).all():
            raise InvalidInput("not_finite", name="points", received="nan")
        return torch.from_numpy(x.copy())


def diffusers_way(model: PointDiffusion, count: int, steps: int, method: str, seed: int) -> np.ndarray:
    """The trajectories that diffusers' own scheduler gives: same noise, same denoiser, (steps + 1, count, 2)."""
    from diffusers import DDIMScheduler, DDPMScheduler

    kind: Any = {"ddim": DDIMScheduler, "ddpm": DDPMScheduler}[method]
    scheduler = kind(timestep_spacing="trailing", clip_sample=False)
    scheduler.set_timesteps(steps)
    generator = runtime.generator(seed)
    way = [torch.randn(count, 2, generator=generator)]
    for t in scheduler.timesteps:
        x = way[-1]
        way.append(scheduler.step(model.noise(x, int(t)), t, x, generator=generator).prev_sample)
    return torch.stack(way).numpy()


def against_diffusers(
    model: PointDiffusion, count: int = 200, steps: int = STEPS, method: str = METHOD, seed: int = 0
) -> float:
    """Largest difference from the points of diffusers' scheduler at any step: same noise, same denoiser."""
    ours = model.trajectories(count, steps, method, seed)
    return float(np.abs(diffusers_way(model, count, steps, method, seed) - ours).max())
