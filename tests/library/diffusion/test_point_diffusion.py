"""The diffusion lesson: our formulas against diffusers' schedulers, shapes against counted points."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, DDPMScheduler

from core.diffusion.point_diffusion import (
    TIMES,
    DiffusionConfig,
    DiffusionStep,
    PointDiffusion,
    PointStep,
    against_diffusers,
    ddim_step,
    ddpm_step,
    kept_signal,
    noised,
    timesteps,
    velocity,
)
from core.errors import CoreError, Diverged
from core.events import Done
from core.lessons.diffusion.shapes import SHAPES, along, distance, shape


@pytest.fixture(scope="module")
def circle() -> PointDiffusion:
    return PointDiffusion(DiffusionConfig(steps=1000, batch_size=256, width=64, layers=3)).fit(shape("circle", 500))


def test_the_schedule_is_ddpms() -> None:
    torch.testing.assert_close(kept_signal(), DDPMScheduler().alphas_cumprod, rtol=0, atol=0)


def test_noising_and_velocity_are_diffusers() -> None:
    scheduler, g = DDPMScheduler(), torch.Generator().manual_seed(0)
    x, noise = torch.randn(5, 3, 4, 4, generator=g), torch.randn(5, 3, 4, 4, generator=g)
    t = torch.tensor([0, 10, 500, 900, 999])
    kept = kept_signal()[t]
    torch.testing.assert_close(noised(x, noise, kept), scheduler.add_noise(x, noise, t))
    torch.testing.assert_close(velocity(x, noise, kept), scheduler.get_velocity(x, noise, t))


@pytest.mark.parametrize("steps", [1, 2, 7, 20, 50, 300, 1000])
def test_timesteps_are_trailing(steps: int) -> None:
    scheduler = DDIMScheduler(timestep_spacing="trailing")
    scheduler.set_timesteps(steps)
    assert timesteps(steps) == scheduler.timesteps.tolist()


@pytest.mark.parametrize("step", range(0, 20, 3))
def test_single_steps_equal_the_schedulers(step: int) -> None:
    g, kept = torch.Generator().manual_seed(step), kept_signal()
    x, noise = torch.randn(50, 2, generator=g), torch.randn(50, 2, generator=g)
    ddim = DDIMScheduler(timestep_spacing="trailing", clip_sample=False)
    ddpm = DDPMScheduler(timestep_spacing="trailing", clip_sample=False)
    for scheduler in (ddim, ddpm):
        scheduler.set_timesteps(20)
    levels = timesteps(20)
    t, before = levels[step], kept[levels[step + 1]]
    torch.testing.assert_close(ddim_step(x, noise, kept[t], before), ddim.step(noise, t, x).prev_sample)
    fresh = torch.randn(x.shape, generator=torch.Generator().manual_seed(1))
    theirs = ddpm.step(noise, t, x, generator=torch.Generator().manual_seed(1)).prev_sample
    torch.testing.assert_close(ddpm_step(x, noise, kept[t], before, fresh), theirs)


@pytest.mark.parametrize("method", ["ddim", "ddpm"])
@pytest.mark.parametrize("steps", [1, 7, 50])
def test_whole_trajectories_equal_diffusers(circle: PointDiffusion, method: str, steps: int) -> None:
    assert against_diffusers(circle, steps=steps, method=method) < 1e-4


@pytest.mark.parametrize("method", ["ddim", "ddpm"])
def test_a_circle_is_learnt(circle: PointDiffusion, method: str) -> None:
    target = shape("circle", 1000, jitter=0)
    drawn = circle.sample(500, 50, method, seed=3)
    noise = np.random.default_rng(0).standard_normal((500, 2))
    assert distance(drawn, target) < 0.04 < distance(noise, target) / 3


def test_the_field_points_to_the_shape(circle: PointDiffusion) -> None:
    field = circle.field(t=100, cells=21, reach=2)
    y, x = np.meshgrid(field.y, field.x, indexing="ij")
    outside = np.hypot(x, y) > 1.4
    inwards = field.u * x + field.v * y
    assert (inwards[outside] < 0).mean() > 0.95


def test_events_and_batch_verb_agree() -> None:
    config = DiffusionConfig(steps=25, batch_size=32, width=16, layers=2, seed=4)
    points = shape("heart", 100)
    events = list(PointDiffusion(config).steps(points, every=10))
    assert [event.step for event in events[:-1] if isinstance(event, DiffusionStep)] == [10, 20, 25]
    assert isinstance(events[-1], Done) and events[-1].stopped is None
    assert events[-1].result.losses_ == PointDiffusion(config).fit(points).losses_
    assert events[0].samples.shape == (300, 2) and events[0].samples.dtype == np.float32


def test_a_run_touches_no_global_seed() -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    PointDiffusion(DiffusionConfig(steps=2, width=8)).fit(shape("moons", 50))
    assert torch.equal(before, torch.get_rng_state())


def test_a_deadline_ends_the_run() -> None:
    model = PointDiffusion(DiffusionConfig(steps=5000, width=8))
    last = list(model.steps(shape("circle", 50), deadline=0.0))[-1]
    assert isinstance(last, Done) and last.stopped == "deadline" and len(model.losses_) == 1


def test_drawing_streams_every_step(circle: PointDiffusion) -> None:
    events = list(circle.draw(10, 5))
    steps = [event for event in events if isinstance(event, PointStep)]
    assert [event.t for event in steps] == [*timesteps(5), -1]
    assert np.array_equal(steps[-1].points, events[-1].result) and isinstance(events[-1], Done)
    assert circle.trajectories(10, 5).shape == (6, 10, 2)


def test_the_forward_process_ends_in_noise() -> None:
    model, points = PointDiffusion(), shape("spiral", 4000)
    assert np.array_equal(model.forward(points, -1), points)
    last = model.forward(points, TIMES - 1, seed=1)
    assert np.abs(last.mean(0)).max() < 0.05 and np.abs(last.std(0) - 1).max() < 0.05


@pytest.mark.parametrize("name", SHAPES)
def test_presets_fit_the_square(name: str) -> None:
    points = shape(name, 2000, jitter=0)
    assert points.shape == (2000, 2) and points.dtype == np.float32
    assert np.abs(points).max() == pytest.approx(1, abs=0.02)


def test_points_lie_evenly_along_strokes() -> None:
    points = along([np.array([[0, 0], [10, 0]]), np.array([[0, 5], [5, 5]])], 300, jitter=0)
    assert (points[:, 1] < 0).sum() == pytest.approx(200, abs=2)
    assert distance(points, points) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: shape("hart"),
        lambda: along([]),
        lambda: along([np.array([[0, np.nan]])]),
        lambda: shape("heart", 3),
        lambda: DiffusionConfig(steps=0),
        lambda: DiffusionConfig(learning_rate=float("nan")),
        lambda: PointDiffusion().fit(np.zeros((5, 3))),
        lambda: PointDiffusion().fit(np.zeros((1, 2))),
        lambda: PointDiffusion().fit(np.full((5, 2), np.nan)),
        lambda: list(PointDiffusion().draw(method="euler")),
        lambda: list(PointDiffusion().draw(steps=0)),
        lambda: PointDiffusion().field(t=1000),
    ],
)
def test_misuse_is_one_clear_error(wrong: object) -> None:
    with pytest.raises(CoreError):
        wrong()


def test_a_wild_learning_rate_is_explained() -> None:
    points = 1e30 * shape("circle", 50)
    with pytest.raises(Diverged, match="learning rate"):
        PointDiffusion(DiffusionConfig(steps=50, learning_rate=1.0)).fit(points)


@pytest.mark.slow
@pytest.mark.parametrize("name", SHAPES)
def test_every_preset_is_learnt_in_fifteen_seconds(name: str) -> None:
    model = PointDiffusion()
    last = list(model.steps(shape(name), deadline=15.0))[-1]
    assert last.stopped is None
    assert distance(model.sample(1000), shape(name, 1000, jitter=0)) < 0.06
