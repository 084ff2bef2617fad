"""Lesson 7 without a browser: a short last batch kept or dropped, the table of epochs, files, measurements cut short."""

from __future__ import annotations

import csv
import io

import gradio as gr
import pytest

from demos import kit
from demos.epochs import page as epochs

# samples, batch, epochs, shuffle, drop_last, hidden, rate, seed, pace
CONTROLS = ("100", 30, 3, True, False, 0, 0.1, 0, "fast")


def test_a_short_last_batch_is_kept_or_dropped() -> None:
    kept = epochs.on_count("en", *CONTROLS)
    dropped = epochs.on_count("en", *CONTROLS[:4], True, *CONTROLS[5:])
    assert "**4 updates**" in kept and "**12" in kept and "10" in kept
    assert "**3 updates**" in dropped and "**9" in dropped and "dropped" in dropped


@pytest.mark.parametrize("drop_last", [False, True])
def test_the_run_its_table_and_its_file(drop_last: bool) -> None:
    controls = (*CONTROLS[:4], drop_last, *CONTROLS[5:])
    run, counters, cells, _, _, table, label = kit.settled(epochs.on_run("en", None, *controls))
    each = 3 if drop_last else 4
    assert f"**{3 * each}** / {3 * each}" in counters
    assert len(cells["seen"]) == (90 if drop_last else 100)
    assert table.count("\n") == 4 and f"| 3 | {3 * each} |" in table
    written = list(csv.DictReader(io.StringIO(epochs.on_csv("en", run, *controls))))
    assert [int(row["iteration"]) for row in written] == list(range(1, 3 * each + 1))
    assert [row["epoch"] for row in written if row["loss_of_all"]] == ["1", "2", "3"]
    assert [row["batch"] for row in written[:each]] == [str(k + 1) for k in range(each)]
    assert float(written[-1]["loss_of_all"]) == run.rows[-1].end_loss
    assert "2 parameters" in label


def test_a_hidden_layer_bends_the_line() -> None:
    run = kit.settled(epochs.on_run("ko", None, *CONTROLS[:5], 8, *CONTROLS[6:]))[0]
    assert run.parameters == 25
    assert epochs.on_csv("ko", None, *CONTROLS).count("\n") == 1


def test_measuring_ends_with_its_label_and_can_be_stopped() -> None:
    small = ("10", *CONTROLS[1:])
    noise, cost, label = kit.settled(epochs.on_noise("en", *small))
    assert noise["caption"] and cost["caption"] and "Computed just now" in label
    stream = epochs.on_noise("en", *small)
    next(stream)
    stream.close()


@pytest.mark.parametrize(
    ("place", "wrong"),
    [(0, "7"), (0, None), (1, 0), (1, float("nan")), (2, 1e9), (5, -1), (5, 65), (6, float("inf")), (7, -1), (8, "no")],
)
def test_what_no_control_allows_is_told(place: int, wrong: object) -> None:
    controls = [*CONTROLS]
    controls[place] = wrong
    with pytest.raises(gr.Error):
        list(epochs.on_run("ko", None, *controls))
