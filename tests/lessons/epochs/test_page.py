"""Lesson 7 without a browser: a short last batch kept or dropped, the table of epochs, files, measurements cut short."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from core.lessons.epochs.run import EpochsConfig
from demos import kit
from demos.epochs import page
from demos.epochs.page import FORM
from tests import programs

SMALL: dict[str, Any] = {"samples": "100", "batch": 30, "epochs": 3, "pace": "fast"}


def test_the_page_and_core_begin_with_the_same_run() -> None:
    assert page.read(FORM.values()) == EpochsConfig()


def test_a_short_last_batch_is_kept_or_dropped() -> None:
    kept = page.on_count("en", FORM.values(**SMALL))
    dropped = page.on_count("en", FORM.values(**SMALL, drop_last=True))
    assert "**4 updates**" in kept and "**12" in kept and "10" in kept
    assert "**3 updates**" in dropped and "**9" in dropped and "dropped" in dropped


@pytest.mark.parametrize("drop_last", [False, True])
def test_the_run_its_table_and_its_file(drop_last: bool) -> None:
    form = FORM.values(**SMALL, drop_last=drop_last)
    shown = kit.settled(page.on_run("en", None, form))
    each = 3 if drop_last else 4
    assert f"**{3 * each}** / {3 * each}" in shown["counters"]
    assert len(shown["cells"]["seen"]) == (90 if drop_last else 100)
    assert shown["rows"].count("\n") == 4 and f"| 3 | {3 * each} |" in shown["rows"]
    written = list(csv.DictReader(io.StringIO(page.on_csv("en", shown["run"], form))))
    assert [int(row["iteration"]) for row in written] == list(range(1, 3 * each + 1))
    assert [row["epoch"] for row in written if row["loss_of_all"]] == ["1", "2", "3"]
    assert [row["batch"] for row in written[:each]] == [str(k + 1) for k in range(each)]
    assert float(written[-1]["loss_of_all"]) == shown["run"].rows[-1].end_loss
    assert "2 parameters" in shown["badge"]


def test_other_settings_take_the_old_run_from_the_screen() -> None:
    from demos.shell import building

    whole = kit.settled(page.on_run("en", None, FORM.values(pace="fast")))
    assert "**50** / 50" in whole["counters"] and whole["cells"]["n"] == 1000
    ten = FORM.values(samples="10")
    assert page.on_samples("en", "10", 100) == gr.update(maximum=10, value=10)
    new, counted = whole | page.on_new("en", ten), page.on_count("en", ten)
    assert "**5**" in counted and "**1** / 5" in new["counters"] and new["cells"]["n"] == 10
    assert new["run"].config == page.read(ten) and len(new["line"]["points"]) == 10
    assert page.on_open("en", ten)["counted"] == counted
    with gr.Blocks() as demo:
        controls = building.safe_build("epochs", "en").controls
    listens = {target[0] for event in demo.fns.values() if event.name == "on_new" for target in event.targets}
    assert listens == {control._id for name, control in controls.items() if name != "pace"}


@pytest.mark.parametrize("wrong", [("7", 100), ("10", None), (None, 5), ("100", 0)])
def test_a_slider_that_says_nothing_sensible_is_told(wrong: tuple[Any, Any]) -> None:
    with pytest.raises(gr.Error):
        page.on_samples("ko", *wrong)


def test_a_hidden_layer_bends_the_line() -> None:
    run = kit.settled(page.on_run("ko", None, FORM.values(**SMALL, hidden=8)))["run"]
    assert run.parameters == 25
    assert page.on_csv("ko", None, FORM.values(**SMALL)).count("\n") == 1


def test_measuring_ends_with_its_label_and_can_be_stopped() -> None:
    small = FORM.values(**SMALL).changed(samples="10")
    shown = kit.settled(page.on_noise("en", small))
    assert shown["noise"]["caption"] and shown["cost"]["caption"] and "Computed just now" in shown["measured"]
    stream = page.on_noise("en", small)
    next(stream)
    stream.close()


def test_what_was_measured_goes_when_it_is_measured_on_other_samples() -> None:
    from demos.shell import building

    small = FORM.values(**SMALL).changed(samples="10")
    shown = kit.settled(page.on_noise("en", small)) | page.on_stale("en")
    assert shown["measured"] == "" and not shown["noise"]["series"] and not shown["cost"]["series"]
    assert "Measure" in shown["noise"]["caption"]
    with gr.Blocks() as demo:
        controls = building.safe_build("epochs", "en").controls
    listens = {target[0] for event in demo.fns.values() if event.name == "on_stale" for target in event.targets}
    changing = {"samples", "shuffle", "drop_last", "hidden", "rate", "seed"}
    assert listens == {controls[name]._id for name in changing}


@pytest.mark.parametrize("more", [{}, {"hidden": 5, "shuffle": False, "drop_last": True, "samples": "10", "batch": 3}])
def test_the_program_prints_the_losses_of_the_page_in_an_empty_folder(more: dict[str, Any], tmp_path: Path) -> None:
    form = FORM.values(**SMALL).changed(**more)
    run = kit.settled(page.on_run("en", None, form))["run"]
    printed = programs.run(page.on_code("en", form), tmp_path, alone=True, strict=True)
    rows = [line.split() for line in printed.splitlines()]
    assert [(int(epoch), int(update)) for epoch, update, _ in rows] == [(r.epoch, r.updates) for r in run.rows]
    assert [float(loss) for *_, loss in rows] == pytest.approx([r.end_loss for r in run.rows], abs=1e-6)


@pytest.mark.parametrize(
    "wrong",
    [{"samples": "7"}, {"samples": None}, {"batch": 0}, {"batch": float("nan")}, {"epochs": 1e9}, {"hidden": -1}]
    + [{"hidden": 65}, {"rate": float("inf")}, {"seed": -1}, {"pace": "no"}],
)
def test_what_no_control_allows_is_told(wrong: dict[str, Any]) -> None:
    with pytest.raises(gr.Error):
        list(page.on_run("ko", None, FORM.values(**wrong)))
