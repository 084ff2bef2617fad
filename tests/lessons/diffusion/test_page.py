"""Lesson 15 without a browser: a drawn shape is learnt, films hold what core computes, misuse ends in one sentence."""

from __future__ import annotations

import base64
import time
from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pytest

from core.diffusion.point_diffusion import DiffusionConfig, PointDiffusion, ddim_step, timesteps
from core.errors import CoreError
from core.files.strokes import strokes
from core.lessons.diffusion.films import REACH, arrows, backward_film, by_hand, coded, forward_film, picture_film
from core.lessons.diffusion.shapes import along, named
from demos.diffusion import bridge
from demos.diffusion import page as diffusion
from demos.kit import text

DRAWING = "[[-80,-60,0,80,80,-60,-80,-60]]"
SHORT = ("heart", "", "ddim", 10, 100, 0)  # shape, drawing, method, steps, updates, seed


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


def test_a_picture_sinks_into_noise() -> None:
    picture = np.full((10, 12, 3), 200, np.uint8)
    kept, frames = picture_film(picture, 5)
    assert frames.shape == (5, 10, 12, 3) and np.array_equal(frames[0], picture)
    assert kept[0] == 1 and kept[-1] < 1e-4 and frames[-1].std() > 60


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_the_first_screen_and_a_run(lang: str) -> None:
    first = diffusion.on_open(lang, *SHORT)
    _, pad, forward, learning, curve, backward, badge = first
    assert len(forward["frames"]) == len(forward["labels"]) == len(forward["captions"]) == 41
    assert learning["frames"] == [] and len(backward["frames"]) == len(backward["fields"]) == 11
    assert pad["caption"] and badge
    updates = list(diffusion.on_train(lang, *SHORT))
    model, learning, curve, *_ = updates[-2]
    assert len(learning["frames"]) == len(curve["series"][0]["y"]) == 50 and len(model.losses_) == 100
    *_, backward, badge = updates[-1]
    np.testing.assert_allclose(points(backward["frames"][-1]), np.clip(model.sample(300, 10), -REACH, REACH), atol=1e-3)
    assert f"{model.losses_[-1]:.9g}" in badge


def test_a_drawing_becomes_the_shape() -> None:
    spot = SimpleNamespace(strokes=DRAWING)
    drawing, shape, *rest = diffusion.on_draw("ko", "heart", "ddim", 5, 100, 0, spot)
    assert (drawing, shape) == (DRAWING, "drawn") and len(rest) == 7
    assert diffusion.on_draw("ko", "drawn", "ddim", 5, 100, 0, SimpleNamespace(strokes="[]"))[1] == "heart"


def test_stop_keeps_what_was_learnt() -> None:
    stream = diffusion.on_train("ko", *SHORT)
    model = next(stream)[0]
    stream.close()
    film, badge = diffusion.on_backward("ko", model, "ddpm", 7, 0)
    assert 0 < len(model.losses_) < 100 and len(film["frames"]) == 8 and badge


def test_code_prints_the_numbers_on_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    *_, (model, _, _, _, badge) = diffusion.on_train("en", *SHORT)
    exec(diffusion.on_code("en", *SHORT), {})
    printed = capsys.readouterr().out
    assert f"loss {model.losses_[-1]}\n" in printed and "largest difference from diffusers 0.0" in printed
    assert diffusion.on_csv("en", model, "ddim", 5, 0).count("\n") == 1001


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_the_bridge_and_the_hand(lang: str, model: PointDiffusion) -> None:
    film = bridge.on_picture(lang, "cat")
    assert len(film["reels"][0]["frames"]) == 21 and "12,288" in film["reels"][0]["name"]
    table = bridge.on_hand(lang, model, "ddim", 20, 0, 99)
    assert "DDIMScheduler.step" in table and table.count("|") > 30
    assert bridge.on_shelf(lang, np.zeros((64, 64, 3), np.uint8))["reels"]


@pytest.mark.parametrize(
    "call",
    [
        lambda: diffusion.on_open("ko", "cube", "", "ddim", 10, 100, 0),
        lambda: diffusion.on_open("ko", "drawn", "", "ddim", 10, 100, 0),
        lambda: diffusion.on_open("ko", "drawn", "garbage", "ddim", 10, 100, 0),
        lambda: diffusion.on_open("ko", "heart", "", "euler", 10, 100, 0),
        lambda: diffusion.on_open("ko", "heart", "", "ddim", 0, 100, 0),
        lambda: diffusion.on_open("ko", "heart", "", "ddim", float("nan"), 100, 0),
        lambda: diffusion.on_open("ko", "heart", "", "ddim", 10, 1e9, 0),
        lambda: diffusion.on_open("ko", "heart", "", "ddim", 10, 100, None),
        lambda: diffusion.on_draw("ko", "heart", "ddim", 5, 100, 0, SimpleNamespace(strokes=7)),
        lambda: bridge.on_picture("ko", "nothing"),
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
    *_, (model, *_) = diffusion.on_train("ko", "drawn", DRAWING, "ddim", 50, 2500, 0)
    assert time.perf_counter() - started < 15
    from core.lessons.diffusion.films import likeness

    assert likeness(model, named("drawn", DRAWING)) < 0.06
