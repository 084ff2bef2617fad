"""Lesson 5 without a browser: its code before any training, and a change in the middle of a run."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from core.mlp.plain_net import Parameter
from demos.hidden_layers import page as hidden_layers
from demos.hidden_layers.controls import FORM
from tests import programs

SMALL = FORM.values(samples=40, epochs=2, pace="fast")


def printed_loss(script: str) -> float:
    return float(re.findall(r"final loss = (\S+)", programs.run(script))[-1])


@pytest.mark.parametrize("by_hand", [False, True])
def test_looking_at_the_code_trains_a_net_of_its_own(by_hand: bool) -> None:
    here = hidden_layers.on_open("ko", 1.0, 2.0, SMALL)["here"]
    if by_hand:
        here.play.set_weight(Parameter(1, 0, 0), 2.5)
    script = hidden_layers.on_code("ko", here, SMALL)
    assert here.play.iteration == 0, "nothing was pressed"
    *_, last = hidden_layers.on_play("ko", here, 1.0, 2.0, SMALL)
    assert last["here"].play.epoch == 2
    assert printed_loss(script) == pytest.approx(last["here"].play.scores()[0].loss, rel=1e-9)


def test_a_change_in_the_middle_of_a_run_sets_it_off_again() -> None:
    here = next(hidden_layers.on_play("ko", None, 1.0, 2.0, SMALL))["here"]
    change = hidden_layers.goes_on(hidden_layers.on_change)
    assert here.running and change("ko", here, 1.0, 2.0, SMALL.changed(rate=0.1))["again"]
    stopped = hidden_layers.on_stop("ko", here, 1.0, 2.0, SMALL)["here"]
    assert "again" not in change("ko", stopped, 1.0, 2.0, SMALL)
    assert list(hidden_layers.on_resume("ko", stopped, 1.0, 2.0, SMALL)) == [{}]


@pytest.mark.parametrize(
    ("spot", "moved", "hidden"),
    [
        ({"what": "layers", "by": 1}, {"layers": 3}, ((4, "tanh"), (2, "tanh"), (4, "tanh"))),
        ({"what": "layers", "by": -1}, {"layers": 1}, ((4, "tanh"),)),
        ({"what": "units", "layer": 2, "by": -1}, {"units2": 1}, ((4, "tanh"), (1, "tanh"))),
        ({"what": "activation", "layer": 1, "name": "relu"}, {"activation1": "relu"}, ((4, "relu"), (2, "tanh"))),
    ],
)
def test_the_net_is_changed_on_its_picture(spot: dict[str, Any], moved: dict[str, Any], hidden: Any) -> None:
    event: Any = SimpleNamespace(**{"layer": 0, "by": 0, "name": ""} | spot)
    shown = hidden_layers.on_shape("ko", None, 1.0, 2.0, SMALL, event)
    assert {name: shown[name] for name in moved} == moved
    assert shown["here"].play.config.hidden == hidden
    assert [box["visible"] for name, box in shown.items() if name.startswith("box")].count(True) == len(hidden)


@pytest.mark.parametrize(
    "spot",
    [{"what": "rows"}, {"what": "units", "layer": 7}, {"what": "units", "layer": 1, "by": 9}, {"what": "activation"}],
)
def test_a_shape_that_cannot_be_is_told(spot: dict[str, Any]) -> None:
    event: Any = SimpleNamespace(**{"layer": 1, "by": 0, "name": ""} | spot)
    with pytest.raises(gr.Error):
        hidden_layers.on_shape("ko", None, 1.0, 2.0, SMALL, event)
