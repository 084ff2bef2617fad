"""Lesson 16 without a browser: a drawn shape is learnt, films hold what core computes, misuse ends in one sentence."""

from __future__ import annotations

import base64
import re
import time
from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pytest
import torch

from core.diffusion.point_diffusion import DiffusionConfig, PointDiffusion, ddim_step, timesteps
from core.errors import CoreError
from core.files.strokes import strokes
from core.lessons.diffusion.films import (
    REACH,
    arrows,
    backward_film,
    by_hand,
    coded,
    forward_film,
    likeness,
    picture_film,
    there_and_back,
)
from core.lessons.diffusion.shapes import along, named
from core.lessons.diffusion.shipped import SHAPES, trained
from demos import kit
from demos.diffusion import bridge
from demos.diffusion import page as diffusion
from demos.kit import text
from tests import programs

DRAWING = "[[-80,-60,0,80,80,-60,-80,-60]]"
FORM = diffusion.FORM
SHORT = FORM.values(steps=10, updates=100)


@pytest.fixture(scope="module")
def model() -> PointDiffusion:
    return PointDiffusion(DiffusionConfig(steps=60, width=16, layers=2)).fit(named("heart"))


def points(frame: str, reach: float = REACH) -> np.ndarray:
    return (np.frombuffer(base64.b64decode(frame), np.uint16).reshape(-1, 2) / 32767.5 - 1) * reach


def test_strokes_are_read_and_points_lie_on_them() -> None:
    lines = strokes(DRAWING)
    assert lines[0].tolist() == [[-0.8, -0.6], [0.0, 0.8], [0.8, -0.6], [-0.8, -0.6]]
    np.testing.assert_array_equal(named("drawn", DRAWING, 200), along(lines, 200))
    assert strokes("") == []


@pytest.mark.parametrize("wrong", ["[", "[[1]]", '[["a","b"]]', "[[NaN,1]]", "[[1e9,0]]", "7", "x" * 5001, None])
def test_bad_drawings_are_refused(wrong: Any) -> None:
    with pytest.raises(CoreError):
        strokes(wrong)


def test_films_hold_what_core_computes(model: PointDiffusion) -> None:
    film = forward_film(named("heart"), frames=5, seed=3)
    assert film.levels == (-1, 249, 499, 749, 999) and film.kept[0] == 1 and film.kept[-1] < 1e-4
    np.testing.assert_array_equal(film.frames[2], coded(model.forward(named("heart"), 499, seed=3)))
    back = backward_film(model, 50, 10)
    np.testing.assert_array_equal(back.frames[-1], coded(model.sample(50, 10)))
    assert back.field is not None and len(back.field) == 11
    field = arrows(model, 500)
    assert field.dtype == np.int8 and np.hypot(*field.reshape(-1, 2).astype(float).T).max() <= 128


def test_the_first_film_dissolves_a_shape_and_a_shipped_network_brings_it_back() -> None:
    """The way back is diffusers' DDIM from the very points the way out ends in; a drawing only dissolves."""
    for name in SHAPES:
        model, target = trained(name), named(name)
        assert model is not None and likeness(model, target) < 0.08
    film = there_and_back(trained("heart"), target := named("heart")[::3], frames=11, steps=20)
    assert film.levels.index(999) == 10 and film.levels[0] == film.levels[-1] == -1 and len(film.frames) == 31
    np.testing.assert_array_equal(film.frames[0], coded(target))
    from diffusers import DDIMScheduler

    scheduler = DDIMScheduler(1000, 1e-4, 0.02, "linear", clip_sample=False, timestep_spacing="trailing")
    scheduler.set_timesteps(20)
    x = torch.from_numpy(trained("heart").forward(target, 999))
    for t in scheduler.timesteps.tolist():
        x = scheduler.step(trained("heart").noise(x, t), t, x).prev_sample
    assert np.abs(film.frames[-1].astype(int) - coded(x.numpy()).astype(int)).max() < 40, "of 65,536"
    seen = diffusion.on_open("ko", FORM.values())["forward"]
    assert "이제 돌아와요" in seen["captions"][-1] and "돌아와요" not in seen["captions"][0]
    drawn = diffusion.on_open("ko", FORM.values(shape="drawn", drawing=DRAWING))["forward"]
    assert not any("돌아와요" in caption for caption in drawn["captions"])


@pytest.mark.parametrize("method", ["ddim", "ddpm"])
@pytest.mark.parametrize("step", [1, 4, 10])
def test_a_step_by_hand_is_diffusers(model: PointDiffusion, method: str, step: int) -> None:
    found = by_hand(model, step, 10, method)
    assert found.difference < 1e-4 and found.worst < 1e-4 and found.t == timesteps(10)[step - 1]
    if method == "ddim":
        import torch

        x, noise = torch.tensor(found.x), torch.tensor(found.noise)
        after = ddim_step(x, noise, torch.tensor(found.kept), torch.tensor(found.before))
        np.testing.assert_allclose(after.numpy(), found.after, atol=1e-4)


def test_where_steps_do_not_divide_the_levels_the_jump_is_said(model: PointDiffusion) -> None:
    found, after = by_hand(model, 40, 60), by_hand(model, 41, 60)
    assert (found.before, found.resumes) == (pytest.approx(0.31862, abs=1e-5), pytest.approx(0.32078, abs=1e-5))
    assert found.resumes == after.kept
    for lang in text.LANGUAGES:
        assert "0.32078" in bridge.on_hand(lang, model, "ddim", 60, 0, 40)
    for method, steps in (("ddim", 50), ("ddim", 20), ("ddpm", 60)):
        for step in (1, 10, steps):
            even = by_hand(model, step, steps, method)
            assert even.resumes == pytest.approx(even.before, abs=1e-6)


def test_a_picture_sinks_into_noise() -> None:
    picture = np.full((10, 12, 3), 200, np.uint8)
    kept, frames = picture_film(picture, 5)
    assert frames.shape == (5, 10, 12, 3) and np.array_equal(frames[0], picture)
    assert kept[0] == 1 and kept[-1] < 1e-4 and frames[-1].std() > 60


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_the_first_screen_and_a_run(lang: str) -> None:
    first = diffusion.on_open(lang, SHORT)
    assert set(first) == set(diffusion.FIRST)
    forward = first["forward"]
    assert len(forward["frames"]) == len(forward["labels"]) == len(forward["captions"]) == 31 + 40, "away, and back"
    assert first["learning"]["frames"] == []
    assert len(first["backward"]["frames"]) == len(first["backward"]["fields"]) == 11
    assert first["pad"]["caption"] and first["badge"]
    updates = list(diffusion.on_train(lang, SHORT))
    model, curve = updates[-2]["model"], updates[-2]["curve"]
    assert len(updates[-2]["learning"]["frames"]) == len(curve["series"][0]["y"]) == 50 and len(model.losses_) == 100
    drawn, badge = updates[-1]["backward"]["frames"][-1], updates[-1]["badge"]
    np.testing.assert_allclose(points(drawn), np.clip(model.sample(300, 10), -REACH, REACH), atol=1e-3)
    assert f"{model.losses_[-1]:.9g}" in badge


def test_a_drawing_becomes_the_shape() -> None:
    few = FORM.values(steps=5, updates=100)
    drawn = diffusion.on_draw("ko", few, SimpleNamespace(strokes=DRAWING))
    assert (drawn["drawing"], drawn["shape"]) == (DRAWING, "drawn") and set(diffusion.FIRST) <= set(drawn)
    emptied = diffusion.on_draw("ko", few.changed(shape="drawn"), SimpleNamespace(strokes="[]"))
    assert emptied["shape"] == "heart"


def test_stop_keeps_what_was_learnt() -> None:
    stream = diffusion.on_train("ko", SHORT)
    model = next(stream)["model"]
    stream.close()
    shown = diffusion.on_backward("ko", model, SHORT.changed(method="ddpm", steps=7))
    assert 0 < len(model.losses_) < 100 and len(shown["backward"]["frames"]) == 8 and shown["badge"]


def test_code_prints_the_numbers_on_the_screen() -> None:
    shown = kit.settled(diffusion.on_train("en", SHORT))
    printed = programs.run(diffusion.on_code("en", SHORT))
    loss, far = (float(re.search(rf"^{name} (\S+)$", printed, re.M)[1]) for name in ("loss", "distance to the shape"))
    assert loss == pytest.approx(shown["model"].losses_[-1], rel=1e-6)
    assert f"final loss {loss:.9g}" in shown["badge"] and f"distance to the shape {far:.3f}" in shown["badge"]
    assert "largest difference from diffusers 0.0" in printed
    assert diffusion.on_csv("en", shown["model"], FORM.values(steps=5)).count("\n") == 1001


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_the_bridge_and_the_hand(lang: str, model: PointDiffusion) -> None:
    film = bridge.on_open(lang, "cat")
    assert len(film["reels"][0]["frames"]) == 21 and "12,288" in film["reels"][0]["name"]
    table = bridge.on_hand(lang, model, "ddim", 20, 0, 99)
    assert "DDIMScheduler.step" in table and table.count("|") > 30
    assert bridge.on_shelf(lang, np.zeros((64, 64, 3), np.uint8))["reels"]


@pytest.mark.parametrize(
    "call",
    [
        lambda: diffusion.on_open("ko", FORM.values(shape="cube")),
        lambda: diffusion.on_open("ko", FORM.values(shape="drawn")),
        lambda: diffusion.on_open("ko", FORM.values(shape="drawn", drawing="garbage")),
        lambda: diffusion.on_open("ko", FORM.values(method="euler")),
        lambda: diffusion.on_open("ko", FORM.values(steps=0)),
        lambda: diffusion.on_open("ko", FORM.values(steps=float("nan"))),
        lambda: diffusion.on_open("ko", FORM.values(updates=1e9)),
        lambda: diffusion.on_open("ko", FORM.values(seed=None)),
        lambda: diffusion.on_draw("ko", FORM.values(steps=5), SimpleNamespace(strokes=7)),
        lambda: bridge.on_hand("ko", None, "ddim", None, 0, 3),
        lambda: bridge.on_hand("ko", None, "ddim", 20, 0, None),
        lambda: bridge.on_open("ko", "nothing"),
        lambda: bridge.on_shelf("ko", None),
        lambda: bridge.on_hand("ko", None, "ddim", 20, 0, 0),
    ],
)
def test_bad_values_end_in_one_korean_sentence(call: Any) -> None:
    with pytest.raises(gr.Error) as caught:
        call()
    assert any("가" <= ch <= "힣" for ch in str(caught.value.message))


@pytest.mark.slow
def test_a_drawing_is_learnt_in_fifteen_seconds() -> None:
    started = time.perf_counter()
    model = kit.settled(diffusion.on_train("ko", FORM.values(shape="drawn", drawing=DRAWING)))["model"]
    assert time.perf_counter() - started < 15
    from core.lessons.diffusion.films import likeness

    assert likeness(model, named("drawn", DRAWING)) < 0.06
