"""Lesson 1 without a browser: the match and its file, the sample-size curve, what no control allows."""

from __future__ import annotations

import csv
import io
from typing import Any

import gradio as gr
import pytest

from core.data import toy
from core.lessons.ml_vs_dl import choices, sample_size
from demos import kit
from demos.ml_vs_dl import page, settings, sweep

SMALL: dict[str, Any] = {"samples": 60, "net": "4", "epochs": 3}


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_choices_are_the_librarys_own() -> None:
    assert tuple(choices.DATA) == toy.CLASSIFICATION and list(choices.FEATURES) == list(toy.FEATURES)
    config = settings.read(page.FORM.values())
    assert config == type(config)(), "the page and core begin with the same match"
    assert sweep.read(sweep.FORM.values()) == sample_size.SweepConfig()


@pytest.mark.parametrize("kind", choices.SWEEP)
def test_the_sample_size_curve_grows_and_names_the_crossing(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample_size.SweepConfig, "__post_init__", lambda self: None)
    small = {"sizes": (5, 20), "updates": 40}
    made = sample_size.SweepConfig
    monkeypatch.setattr(sample_size, "SweepConfig", lambda *args, **kwargs: made(*args, **(kwargs | small)))
    events = list(sweep.on_sweep("en", form=sweep.FORM.values(sweep=kind, **SMALL)))
    curves = [event["curve"] for event in events if "curve" in event]
    assert [len(curve["series"][0]["x"]) for curve in curves] == [1, 1, 2, 2]
    assert all(curve["caption"] for curve in curves)
    measured, said = events[-1]["rows"], events[-1]["said"]
    assert "Trained here just now" in said and "deep learning" in said.lower()
    table = rows(sweep.on_csv("en", measured))
    assert [row["points"] for row in table] == ["5", "5", "20", "20"]
    assert all(0 <= float(row["deep_learning"]) <= 1 for row in table)
    assert rows(sweep.on_csv("en", None)) == []


def test_the_sweep_measures_what_was_chosen_above() -> None:
    chosen = sweep.FORM.values(
        sweep="mine", draws=3.0, data="xor", noise=20, features=["x1·x2"], net="16-16", seed=7, **{"samples": 60}
    )
    config = sweep.read(chosen)
    assert (config.data, config.noise, config.features, config.draws) == ("xor", 20, ("x1·x2",), 3)
    assert (config.net.hidden, config.seed) == ((16, 16), 7)
    for wrong in ({"sweep": "other"}, {"draws": 0}, {"draws": float("nan")}, {"draws": None}):
        with pytest.raises(gr.Error):
            list(sweep.on_sweep("ko", form=sweep.FORM.values(**wrong)))


def test_the_match_as_a_file_is_what_the_table_says() -> None:
    form = page.FORM.values(**SMALL)
    shown = kit.settled(page.on_match("en", form=form))
    for run in (shown["here"], None):  # what stands on the screen, or the same match played now
        machine, deep = rows(page.on_csv("en", run, form=form))
        assert f"{float(machine['test']):.1%}" in shown["table"] and f"{float(deep['test']):.1%}" in shown["table"]
        assert deep["parameters"] == "17"
    assert "3" in shown["right"]["caption"] and "**" in shown["badge"]


@pytest.mark.parametrize(
    "wrong",
    [{"data": "disc"}, {"samples": None}, {"noise": float("nan")}, {"net": "9"}, {"features": []}, {"epochs": 301}]
    + [{"seed": -1}],
)
def test_what_no_control_allows_is_told(wrong: dict[str, Any]) -> None:
    with pytest.raises(gr.Error):
        list(page.on_match("ko", form=page.FORM.values(**wrong)))
