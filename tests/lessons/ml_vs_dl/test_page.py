"""Lesson 1 without a browser: the match and its file, the sample-size curve, what no control allows."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import gradio as gr
import pytest

from core.data import toy
from core.lessons.ml_vs_dl import choices, sample_size
from demos import kit
from demos.kit import text
from demos.ml_vs_dl import page, settings, sweep
from demos.shell import building

SMALL: dict[str, Any] = {"samples": 60, "net": "4", "epochs": 3}


def rows(table: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table)))


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


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_no_verdict_before_the_net_has_learnt_to_its_end(lang: str) -> None:
    winners = [words.partition("{")[0] for key, words in text.table("ml_vs_dl", lang).items() if key[:7] == "winner."]
    opened = page.on_open(lang, form=page.FORM.values(data="spiral"))
    assert opened["here"].deep.epoch == choices.PREVIEW and not any(w in opened["badge"] for w in winners)
    first = next(update for update in page.on_match(lang, form=page.FORM.values(**SMALL)) if "badge" in update)
    assert not any(w in first["badge"] for w in winners), "stopped here, nobody has won"
    last = kit.settled(page.on_match(lang, form=page.FORM.values(**SMALL)))
    assert any(w in last["badge"] for w in winners)


def test_other_features_leave_the_net_as_it_is_trained() -> None:
    form = page.FORM.values(**SMALL | {"epochs": 12})
    trained = kit.settled(page.on_match("en", form=form))
    new = page.on_features("en", trained["here"], form=form.changed(features=["x1²", "x2²"]))
    run = new["here"]
    assert run.deep is trained["here"].deep and new["right"] == trained["right"]
    assert run.config.features == ("x1²", "x2²") and new["left"] != trained["left"]
    assert run.machine.score.test > trained["here"].machine.score.test
    assert f"{run.machine.score.test:.1%}" in new["badge"] and f"{run.deep.score.test:.1%}" in new["badge"]
    assert rows(page.on_csv("en", run, form=form))[0]["test"] == str(run.machine.score.test)
    other = page.on_features("en", trained["here"], form=form.changed(noise=20))
    assert other["here"].deep.epoch == choices.PREVIEW and other["here"].config.data.noise == 20
    with gr.Blocks() as demo:
        controls = building.safe_build("ml_vs_dl", "en").controls
    heard = {event.name for event in demo.fns.values() if (controls["features"]._id, "change") in event.targets}
    assert "on_features" in heard and "on_open" not in heard


@pytest.mark.parametrize(
    "wrong",
    [{"data": "disc"}, {"samples": None}, {"noise": float("nan")}, {"net": "9"}, {"features": []}, {"epochs": 301}]
    + [{"seed": -1}],
)
def test_what_no_control_allows_is_told(wrong: dict[str, Any]) -> None:
    with pytest.raises(gr.Error):
        list(page.on_match("ko", form=page.FORM.values(**wrong)))


@pytest.mark.parametrize(
    ("lesson", "key", "one", "many"),
    [
        ("ml_vs_dl", "deep_caption", {"epoch": 1, "test": 0.5}, {"epoch": 2, "test": 0.5}),
        ("ml_vs_dl", "unfinished", {"epoch": 1}, {"epoch": 2}),
        ("epochs", "counted", {"n": 10, "batch": 10, "each": 1, "epochs": 1, "total": 1}, {"epochs": 2}),
        ("epochs", "dropped_batch", {"last": 1}, {"last": 2}),
        ("perceptron", "tasks.raw.answer", {"steps": 1, "limit": 1.0}, {"steps": 2}),
        ("gradient_descent", "loss_caption", {"step": 1, "loss": 1.0}, {"step": 2}),
    ],
)
def test_english_says_one_epoch_and_two_epochs(
    lesson: str, key: str, one: dict[str, Any], many: dict[str, Any]
) -> None:
    t = text.load(lesson, "en")
    plural = r"(epochs|updates|ones are|steps)"
    assert not re.search(rf"\b1 {plural}\b", t(key, **one)) and re.search(rf"\b2 {plural}\b", t(key, **(one | many)))
