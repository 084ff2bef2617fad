"""Lesson 4 without a browser: handlers run to the end and closed early, and show what core computes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pytest

from core.lessons.activations.side_by_side import SideBySide
from core.mlp.activations import ELEMENTWISE, at, softmax
from demos.activations import page as activations
from demos.activations import side_by_side as gallery
from demos.kit import text

NETS = ("xor", 1, 4, 3, 0.05, 10, 0, "fast")  # data, layers, hidden, epochs, rate, noise, seed, pace
SOFT = (2.0, 1.0, 0.0, -1.0, 1.0)


@pytest.mark.parametrize("lang", text.LANGUAGES)
@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize("z", [-6, -1.5, 0, 0.25, 6])
def test_the_point_is_where_core_says(lang: str, name: str, z: float) -> None:
    picture, said = activations.on_point(lang, name, ["relu", name], z)
    point = at(name, z)
    assert picture["at"] == {"z": z, "value": point.value, "slope": point.slope}
    first = picture["curves"][0]
    middle = (len(first["f"]) - 1) // 2  # z = 0
    assert first["f"][middle] == pytest.approx(at(name, 0).value, abs=1e-4)
    assert f"{point.value:.4g}" in said and f"{point.slope:.4g}" in said
    assert text.load("activations", lang)(f"short.{point.state}") in said
    assert all(zone["low"] < zone["high"] for zone in picture["zones"])


def test_dragging_moves_the_slider_and_stays_on_the_axis() -> None:
    z, picture, said = activations.on_move("en", "sigmoid", [], SimpleNamespace(z=99.0))
    assert z == 6 == picture["at"]["z"] and "saturated" in said
    assert [zone["name"] for zone in picture["zones"]] == ["saturated", "saturated"]
    for garbage in (float("nan"), "x", None):
        with pytest.raises(gr.Error):
            activations.on_move("en", "sigmoid", [], SimpleNamespace(z=garbage))


def test_softmax_bars_and_their_moves() -> None:
    bars, moves = activations.on_softmax("en", *SOFT)
    truth = softmax(SOFT[:-1])
    assert [item["value"] for item in bars["items"]] == truth.probabilities.tolist()
    assert "cat" in bars["caption"] and "1.000" in bars["caption"]
    np.testing.assert_allclose(moves["cells"], truth.jacobian)


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_training_streams_and_ends(lang: str) -> None:
    updates = list(gallery.on_train(lang, None, *NETS))
    run, tiles, losses, _ = updates[-2]
    assert run.finished and [item["name"] for item in tiles["items"]][3] == "ReLU"
    assert [len(s["y"]) for s in losses["series"]] == [4] * len(ELEMENTWISE)
    assert updates[-1][1] == gr.skip() and str(run.parameters) in updates[-1][3]
    twin = SideBySide(run.config)
    for _ in twin.steps():
        pass
    assert losses["series"][2]["y"] == [round(v, 5) for v in twin.losses["tanh"]]


def test_stop_step_and_resume_go_on_with_the_same_nets() -> None:
    stream = gallery.on_step("ko", None, *NETS)
    run = next(stream)[0]
    stream.close()
    assert run.epoch == 1
    (*_, last) = gallery.on_train("ko", run, *NETS)
    assert last[0] is run and run.epoch == 3
    other = next(gallery.on_train("ko", run, *NETS))[0]
    assert other is not run, "after the end it starts anew"


def test_the_first_screen_is_filled() -> None:
    room_outputs = activations.on_open("ko", "tanh", ["sigmoid"], 2, *SOFT, *NETS)
    picture, said, bars, moves, run, tiles, losses, badge = room_outputs
    assert picture["curves"] and said and bars["items"] and moves["cells"] and run.epoch == 0 and badge == ""
    assert len(tiles["items"]) == 8 and len({item["field"]["data"] for item in tiles["items"]}) == 8
    assert [s["y"] for s in losses["series"]]


def test_the_code_prints_the_numbers_on_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    run = next(gallery.on_step("en", None, *NETS))[0]
    exec(activations.on_code("en", run, "gelu", ["relu"], -1.5, *SOFT, *NETS), {})
    printed = capsys.readouterr().out
    point, net = at("gelu", -1.5), run.view().nets[2]
    assert f"gelu {point.value} {point.slope} falling" in printed
    assert f"tanh {net.loss} {net.accuracy}" in printed
    assert "epochs=3)" in activations.on_code("en", None, "gelu", [], 0, *SOFT, *NETS)


def test_csv_holds_every_loss() -> None:
    run = next(gallery.on_step("en", None, *NETS))[0]
    assert gallery.on_csv("en", run, *NETS).count("\n") == 3
    assert gallery.on_csv("en", None, *NETS).startswith("epoch,linear,")


@pytest.mark.parametrize(
    "call",
    [
        lambda: activations.on_point("ko", "softmax", [], 0),
        lambda: activations.on_point("ko", "relu", ["nothing"], 0),
        lambda: activations.on_point("ko", "relu", [], 1e308),
        lambda: activations.on_softmax("ko", 1.0, float("inf"), 0.0, 0.0, 1.0),
        lambda: activations.on_softmax("ko", 1.0, 1.0, 0.0, 0.0, 0.0),
        lambda: next(gallery.on_train("ko", None, "xor", 99, 4, 3, 0.05, 10, 0)),
        lambda: next(gallery.on_train("ko", None, "cats", 1, 4, 3, 0.05, 10, 0)),
        lambda: gallery.on_reset("ko", "xor", 1, 4, 3, 0.05, 10, None),
    ],
)
def test_bad_values_end_in_one_korean_sentence(call: Any) -> None:
    with pytest.raises(gr.Error) as caught:
        call()
    assert any("가" <= ch <= "힣" for ch in str(caught.value.message))


@pytest.mark.parametrize("task", activations.TASKS, ids=lambda task: task.name)
def test_tasks_compute_a_possible_answer(task: Any) -> None:
    truth, values = task.answer()
    assert truth in task.choices
    assert truth == {"ten": "1000000", "deep": "sigmoid", "shift": "same"}[task.name]
    for lang in text.LANGUAGES:
        assert text.load("activations", lang)(f"tasks.{task.name}.answer", **values)
