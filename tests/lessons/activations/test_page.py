"""Lesson 4 without a browser: handlers run to the end and closed early, and show what core computes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pytest

from core.lessons.activations import choices
from core.lessons.activations.side_by_side import SideBySide
from core.mlp.activations import ELEMENTWISE, at, softmax
from demos import kit
from demos.activations import page as activations
from demos.activations import side_by_side as gallery
from demos.kit import text
from tests import programs

SMALL = {"data": "xor", "hidden": 4, "epochs": 3, "rate": 0.05, "pace": "fast"}
NETS = gallery.FORM.values(**SMALL)
SCORES = (2.0, 1.0, 0.0, -1.0)


@pytest.mark.parametrize("lang", text.LANGUAGES)
@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize("z", [-6, -1.5, 0, 0.25, 6])
def test_the_point_is_where_core_says(lang: str, name: str, z: float) -> None:
    shown, point = activations.on_point(lang, name, ["relu", name], z), at(name, z)
    picture, said = shown["picture"], shown["said"]
    assert picture["at"] == {"z": z, "value": point.value, "slope": point.slope}
    first = picture["curves"][0]
    middle = (len(first["f"]) - 1) // 2  # z = 0
    assert first["f"][middle] == pytest.approx(at(name, 0).value, abs=1e-4)
    assert f"{point.value:.4g}" in said and f"{point.slope:.4g}" in said
    assert text.load("activations", lang)(f"short.{point.state}") in said
    assert all(zone["low"] < zone["high"] for zone in picture["zones"])


def test_dragging_moves_the_slider_and_stays_on_the_axis() -> None:
    moved = activations.on_move("en", "sigmoid", [], SimpleNamespace(z=99.0))
    assert moved["z"] == 6 == moved["picture"]["at"]["z"] and "saturated" in moved["said"]
    assert [zone["name"] for zone in moved["picture"]["zones"]] == ["saturated", "saturated"]
    for garbage in (float("nan"), "x", None):
        with pytest.raises(gr.Error):
            activations.on_move("en", "sigmoid", [], SimpleNamespace(z=garbage))


def test_softmax_bars_and_their_moves() -> None:
    shown, truth = activations.on_softmax("en", *SCORES, 1.0), softmax(SCORES)
    bars, moves = shown["bars"], shown["moves"]
    assert [item["value"] for item in bars["items"]] == truth.probabilities.tolist()
    assert "cat" in bars["caption"] and "1.000" in bars["caption"]
    np.testing.assert_allclose(moves["cells"], truth.jacobian)


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_training_streams_and_ends(lang: str) -> None:
    updates = list(gallery.on_train(lang, None, NETS))
    run, tiles, losses = (updates[-2][name] for name in ("run", "tiles", "losses"))
    assert run.finished and [item["name"] for item in tiles["items"]][3] == "ReLU"
    assert [len(s["y"]) for s in losses["series"]] == [4] * len(ELEMENTWISE)
    assert updates[-1].keys() == {"badge"} and str(run.parameters) in updates[-1]["badge"]
    twin = SideBySide(run.config)
    for _ in twin.steps():
        pass
    assert losses["series"][2]["y"] == [round(v, 5) for v in twin.losses["tanh"]]


def test_stop_step_and_resume_go_on_with_the_same_nets() -> None:
    stream = gallery.on_train("ko", None, NETS, count=1)
    run = next(stream)["run"]
    stream.close()
    assert run.epoch == 1
    last = kit.settled(gallery.on_train("ko", run, NETS))
    assert last["run"] is run and run.epoch == 3
    other = next(gallery.on_train("ko", run, NETS))["run"]
    assert other is not run, "after the end it starts anew"


def test_after_stop_the_screen_and_the_code_speak_of_the_same_epoch() -> None:
    stream = gallery.on_train("en", None, NETS.changed(epochs=20, pace="slow"))
    run = next(stream)["run"]
    next(stream)  # Stop is pressed: this picture is made, and never shown
    shown = gallery.on_stop("en", run)
    left = [update for update in stream if "badge" in update]  # the page closes the run only now
    assert run.epoch == 2 and not left
    with gr.Blocks() as demo:
        activations.build("en")
    assert [event.name for event in demo.fns.values()].count("on_stop") == 1
    epoch = re.search(r"Epoch (\d+) of 20", shown["tiles"]["caption"])
    assert epoch and f"range({epoch[1]})" in activations.on_code(
        "en", run, activations.ALL.values(**SMALL | {"epochs": 20})
    )
    assert len(shown["losses"]["series"][0]["y"]) == int(epoch[1]) + 1
    assert gallery.on_stop("en", None) == {}
    assert kit.settled(gallery.on_train("en", run, NETS.changed(epochs=20)))["run"].epoch == 20, "it goes on"


def test_the_first_screen_is_filled() -> None:
    first = activations.on_open("ko", activations.FORM.values(name="tanh", others=["sigmoid"], z=2))
    assert first["picture"]["curves"] and first["said"] and first["bars"]["items"] and first["moves"]["cells"]
    nets = gallery.on_reset("ko", NETS)
    assert nets["run"].epoch == 0 and nets["badge"] == ""
    tiles = nets["tiles"]["items"]
    assert len(tiles) == 8 and len({item["field"]["data"] for item in tiles}) == 8
    assert [s["y"] for s in nets["losses"]["series"]]


def test_the_code_prints_the_numbers_on_the_screen(tmp_path: Path) -> None:
    run = next(gallery.on_train("en", None, NETS, count=1))["run"]
    form = activations.ALL.values(name="gelu", others=["relu"], z=-1.5, **SMALL)
    script = activations.on_code("en", run, form)
    printed = programs.run(script, tmp_path, alone=True).splitlines()  # in an empty folder
    points, shares, nets = printed[:2], printed[2], printed[3:]
    for name, line in zip(("gelu", "relu"), points, strict=True):
        point = at(name, -1.5)
        assert [float(n) for n in line.split()[1:]] == pytest.approx([point.value, point.slope], abs=1e-12)
    assert json.loads(shares.removeprefix("softmax ")) == pytest.approx(list(softmax(SCORES).probabilities), abs=1e-9)
    for net, line in zip(run.view().nets, nets, strict=True):
        name, *numbers = line.split()
        shown = [net.loss, net.accuracy, net.dead, net.saturated]
        assert name == net.name and [float(n) for n in numbers] == pytest.approx(shown, abs=1e-6)
    assert "range(3)" in activations.on_code("en", None, form.changed(others=[], z=0))


def test_csv_holds_every_loss() -> None:
    run = next(gallery.on_train("en", None, NETS, count=1))["run"]
    assert gallery.on_csv("en", run, NETS).count("\n") == 3
    assert gallery.on_csv("en", None, NETS).startswith("epoch,linear,")


def test_the_page_offers_every_activation_and_teaches_every_data_set_it_offers() -> None:
    from core.data import toy

    assert choices.ACTIVATION.names == tuple(ELEMENTWISE) == tuple(gallery.COLOURS)
    assert set(choices.DATA) <= set(toy.CLASSIFICATION) and set(choices.PACE) == set(gallery.PACES)


@pytest.mark.parametrize(
    "call",
    [
        lambda: activations.on_point("ko", "softmax", [], 0),
        lambda: activations.on_point("ko", "relu", ["nothing"], 0),
        lambda: activations.on_point("ko", "relu", [], 1e308),
        lambda: activations.on_softmax("ko", 1.0, float("inf"), 0.0, 0.0, 1.0),
        lambda: activations.on_softmax("ko", 1.0, 1.0, 0.0, 0.0, 0.0),
        lambda: next(gallery.on_train("ko", None, NETS.changed(layers=99))),
        lambda: next(gallery.on_train("ko", None, NETS.changed(data="cats"))),
        lambda: gallery.on_reset("ko", NETS.changed(seed=None)),
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
