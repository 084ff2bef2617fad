"""Lesson 6 without a browser: the script of any net on the screen, files, the seed of the deep nets, the race's label."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from demos import kit
from demos.backpropagation import depth
from demos.backpropagation import page as backpropagation
from tests import programs

OWN = backpropagation.FORM.values()
DEEP = depth.FORM.values(depth=6)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def printed(script: str, folder: Path) -> tuple[float, float, list[float]]:
    """(loss, loss after the update, norms of the probe) that a fresh process prints in an empty folder."""
    out = programs.run(script, folder, alone=True)
    found = re.findall(r"^(?:loss|after the update) = (\S+)$", out, re.MULTILINE)
    return float(found[0]), float(found[1]), [float(norm) for norm in re.findall(r"^\d+ (\S+)$", out, re.MULTILINE)]


def cases() -> dict[str, Any]:
    from core.lessons.sequential.lab import Lab
    from core.lessons.sequential.spec import PRESETS

    first = backpropagation.on_trace("en", OWN)["walk"]
    again = backpropagation.on_update("en", backpropagation.on_update("en", first, OWN)["walk"], OWN)["walk"]
    sample = {"x1": 0.3, "x2": 2.0, "target": 0.0, "shape": "3-2"}
    leaky = OWN.changed(**sample, activation="leaky_relu", loss="bce", rate=0.1, seed=4)
    return {
        "first": first,
        "again": again,
        "leaky": backpropagation.on_trace("en", leaky)["walk"],
        "taken": backpropagation.on_take("en", Lab(PRESETS["line"]))["walk"],
    }


@pytest.mark.parametrize("name", ["first", "again", "leaky", "taken"])
def test_the_script_prints_the_losses_of_the_net_on_the_screen(name: str, tmp_path: Path) -> None:
    from core.lessons.backpropagation.vanishing import probe

    walk = cases()[name]
    init = {"first": "glorot", "again": "he", "leaky": "normal_0.01", "taken": "normal_1"}[name]
    form = backpropagation.ALL.values(depth=6, init=init, norm=name == "again", residual=name == "leaky")
    loss, after, norms = printed(backpropagation.on_code("en", walk, form), tmp_path)
    assert norms == pytest.approx(probe(depth.deep_config(form)).weight_gradient.tolist(), rel=1e-9)
    assert loss == pytest.approx(walk.trace.loss, rel=1e-10)
    assert after == pytest.approx(walk.trace.new_loss, rel=1e-10)


def test_every_gradient_as_a_file() -> None:
    walk = backpropagation.on_trace("en", OWN)["walk"]
    table = rows(backpropagation.on_csv("en", walk, OWN))
    assert [row["name"] for row in table] == [p.name for p in walk.trace.net.parameters]
    for row in table:
        assert float(row["by_hand"]) == pytest.approx(float(row["autograd"]), rel=1e-9)
        assert float(row["after_update"]) == pytest.approx(float(row["value"]) - 0.5 * float(row["by_hand"]), abs=1e-12)
    assert len(rows(backpropagation.on_csv("en", None, OWN))) == len(table)


def test_the_walk_says_what_computed_it() -> None:
    label = backpropagation.on_trace("en", OWN)["badge"]
    assert "Computed just now" in label and "15 parameters" in label


def test_the_probe_as_a_file_and_its_seed() -> None:
    table = rows(depth.on_csv("en", DEEP))
    assert [row["layer"] for row in table] == list("123456")
    other = rows(depth.on_csv("en", DEEP.changed(deep_seed=1)))
    assert other[0]["weight_gradient"] != table[0]["weight_gradient"]
    shown = depth.on_probe("ko", DEEP)["gradients"]
    assert shown["series"][0]["y"] == [float(row["weight_gradient"]) for row in table]


def test_the_race_ends_with_its_label_and_starts_over() -> None:
    seen = list(depth.on_race("en", 3, 0, 4))
    assert "Trained here just now" in seen[-1]["race_badge"]
    start = depth.on_start("en", 3, 0)
    assert start["left"]["caption"] and start["right"]["caption"]
    for wrong in ((0, 0), (51, 0), (float("nan"), 0), (3, -1), (3, None)):
        with pytest.raises(gr.Error):
            list(depth.on_race("ko", *wrong))


def test_the_race_can_be_left_in_the_middle() -> None:
    stream = depth.on_race("en", 4, 0)
    next(stream)
    stream.close()
    assert kit.settled(depth.on_race("en", 2, 0, 1))


def test_the_deep_nets_of_the_page_are_those_of_core() -> None:
    from core.lessons.backpropagation import choices, trace, vanishing
    from core.mlp.activations import ELEMENTWISE

    assert choices.INIT.names == tuple(vanishing.INITS) and set(choices.DEEP_ACTIVATION) <= set(ELEMENTWISE)
    assert depth.deep_config(depth.FORM.values()) == vanishing.DeepConfig()
    assert backpropagation.on_trace("en", OWN)["walk"].trace.loss == trace.trace(trace.TraceConfig()).loss


@pytest.mark.parametrize("preset", ["line", "deep"])
def test_a_model_from_lesson_8_is_described_and_goes_on_with_its_own_rate(preset: str) -> None:
    from core.lessons.sequential.lab import Lab
    from core.lessons.sequential.spec import PRESETS

    lab = Lab(PRESETS[preset])
    taken = backpropagation.on_take("ko", lab)
    walk = taken["walk"]
    assert taken["small"]["visible"] is False, "the settings of the small net are not this model's"
    assert taken["rate"] == walk.trace.learning_rate == min(lab.learning_rate, 0.5)
    assert walk.trace.new_loss < walk.trace.loss
    for number in (walk.trace.x[0], walk.trace.target[0]):
        assert f"{number:.4g}" in taken["taken"]
    assert f"{len(walk.trace.x)}-" in taken["taken"]
    slower = backpropagation.on_rate("ko", walk, OWN.changed(rate=0.001))["walk"]
    assert slower.taken and slower.trace.learning_rate == 0.001 and slower.trace.net is walk.trace.net
    back = backpropagation.on_trace("ko", OWN)
    assert back["small"]["visible"] and back["taken"] == "" and not back["walk"].taken
    assert backpropagation.on_rate("ko", back["walk"], OWN.changed(rate=0.1))["walk"].trace.learning_rate == 0.1


def test_wide_columns_are_drawn_in_part_and_every_link_is_the_weight_it_shows() -> None:
    from types import SimpleNamespace

    from core.lessons.sequential.lab import Lab
    from core.lessons.sequential.spec import PRESETS

    walk = backpropagation.on_take("en", Lab(PRESETS["deep"]))["walk"]
    walk = backpropagation.on_choose("en", walk, "w(2)[50,40]")["walk"]
    shown = backpropagation.on_choose("en", walk, "w(2)[50,40]")
    network, net = shown["network"], walk.trace.net
    assert [len(column["units"]) for column in network["layers"]] == [1, 8, 8, 1]
    assert network["weights"][1][7][7] == net.weights[1][39, 49] and network["biases"][1][7] == net.biases[1][49]
    assert network["chosen"] == {"layer": 2, "unit": 7} and "(8 of 64)" in network["layers"][1]["title"]
    assert "w(2)[50,40]" in shown["choice"]["choices"] and len(shown["choice"]["choices"]) < 120
    link = SimpleNamespace(**{"layer": 1, "to": 7, "from": 3})
    pressed = backpropagation.on_weight("en", walk, link)["walk"]
    assert net.parameters[pressed.chosen].name == "w(2)[50,4]"
    for garbage in ({"layer": -5, "to": -1, "from": 7}, {"layer": 99, "to": 0, "from": 0}):
        assert backpropagation.on_weight("en", walk, SimpleNamespace(**garbage))["walk"].chosen == 0
