"""What a page shows and what its "see the code" script prints in a fresh process are the same number, to 1e-6."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from demos import kit
from demos.hidden_layers import controls as ctl
from demos.hidden_layers import page as hidden_layers
from demos.kit import handling
from demos.perceptron import page as perceptron
from demos.sequential import controls as lab
from demos.sequential import own
from demos.sequential import page as sequential
from tests import programs


def shown_loss(badge: str) -> float:
    found = re.search(r"(?:final loss|최종 손실) (-?[\d.e+-]+)", badge)
    assert found, badge
    return float(found[1])


def printed_loss(script: str) -> float:
    return float(re.findall(r"final loss = (\S+)", programs.run(script))[-1])


@pytest.mark.parametrize(("rate", "standardise"), [(0.1, True), (1.5e-4, False)])
def test_perceptron(rate: float, standardise: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handling.time, "sleep", lambda seconds: None)
    people = perceptron.on_people()
    last = kit.settled(perceptron.on_steps("ko", None, people, rate, standardise, count=100))
    script = perceptron.on_code("ko", last["here"], people, rate, standardise)
    assert printed_loss(script) == pytest.approx(shown_loss(last["badge"]), rel=1e-6)


OWN_POINTS = [[i % 7 - 3.0, i % 5 - 2.0, int(i % 3 > 0)] for i in range(40)]
OWN_VALUES = [[i % 7 - 3.0, i % 5 - 2.0, (i % 3 - 1) / 2] for i in range(40)]
OWN_WORDS = [[i % 7, i * i % 5, ("low", "middle", "high")[i % 3]] for i in range(40)]


@pytest.mark.parametrize(
    "settings",
    [
        {"epochs": 5},
        {"epochs": 5, "loss": "mse", "optimizer": "rmsprop", "batch": 7},
        {"epochs": 5, "dropout": 0.2, "l1": 0.001, "l2": 0.01, "optimizer": "adam", "rate": 0.01, "seed": 3},
        {"epochs": 5, "data": "gauss_field", "task": "regression", "optimizer": "nesterov", "activation1": "elu"},
        {"epochs": 5, "points": OWN_POINTS, "features": ["x1", "sin x2"], "optimizer": "adagrad"},
        {"epochs": 5, "points": OWN_VALUES, "task": "regression", "optimizer": "adamw", "layers": 0},
    ],
    ids=["as it opens", "mse", "dropout", "regression", "own points", "own values"],
)
def test_hidden_layers(settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handling.time, "sleep", lambda seconds: None)
    form = ctl.FORM.values(pace="fast", **settings)
    last = kit.settled(hidden_layers.on_play("ko", None, 1.0, 2.0, form))
    last = kit.settled(hidden_layers.on_batch("ko", last["here"], 1.0, 2.0, form))  # and one update more
    script = hidden_layers.on_code("ko", last["here"], form)
    assert printed_loss(script) == pytest.approx(shown_loss(last["badge"]), rel=1e-6)


@pytest.mark.parametrize(
    ("preset", "settings"),
    [
        ("line", {"epochs": 5}),
        ("deep", {"epochs": 5}),
        (
            "deep",
            {"epochs": 5, "count": 4, "kind2": "dropout", "size2": 0.3, "kind3": "dense", "size3": 16, "size4": 1},
        ),
        ("deep", {"epochs": 5, "optimizer": "sgd", "rate": 1000}),  # diverges: the last whole epoch
        ("raw", {"epochs": 5, "loss": "mean_absolute_error", "optimizer": "rmsprop"}),
        ("moons", {"epochs": 5, "shuffle": False}),
        ("groups", {"epochs": 5, "optimizer": "adagrad"}),
        ("groups", {"epochs": 40, "patience": 2, "rate": 0.1}),
        ("groups", {"epochs": 5, "data": "table", "table": OWN_WORDS, "split": 0.0}),
    ],
    ids=["line", "deep", "dropout", "diverged", "mae", "two classes", "classes", "patience", "own words"],
)
def test_sequential(preset: str, settings: dict[str, Any]) -> None:
    form = lab.of_preset(preset, lab.FORM.values()).changed(**settings)
    last = kit.settled(sequential.on_fit("en", None, form))
    script = sequential.on_code("en", last["lab"], "torch", form)
    assert printed_loss(script) == pytest.approx(shown_loss(last["badge"]), rel=1e-6)


@pytest.mark.parametrize("preset", ["deep", "groups"])
def test_the_program_that_the_page_of_lesson_8_opens_with(preset: str, tmp_path: Path) -> None:
    form = lab.of_preset(preset, lab.FORM.values()).changed(epochs=5)
    last = kit.settled(sequential.on_fit("en", None, form))
    (tmp_path / "data.csv").write_text(own.on_data("en", form))
    printed = programs.run(sequential.on_code("en", last["lab"], "core", form), tmp_path)
    assert float(printed.splitlines()[-2]) == pytest.approx(shown_loss(last["badge"]), rel=1e-6)
