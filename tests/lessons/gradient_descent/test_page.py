"""Lesson 3 without a browser: the percentage slider, the path as a file and as a program, the race, wrong values."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import gradio as gr
import pytest

from core.lessons.gradient_descent import choices
from core.lessons.gradient_descent import race as core
from core.lessons.perceptron.line import SCALINGS
from demos import kit
from demos.gradient_descent import page, race
from demos.kit import handling, text
from tests import programs


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handling.time, "sleep", lambda seconds: None)


def rows(table: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table)))


def run(lang: str = "en", before: Any = None, **changed: Any) -> kit.Update:
    return kit.settled(page.on_run(lang, before, form=page.FORM.values(**changed)))


def test_the_choices_are_the_librarys_own() -> None:
    assert list(choices.OPTIMIZER) == list(core.OPTIMIZERS) and set(choices.SCALING) == set(SCALINGS)
    assert page.read(page.FORM.values()) == core.DescentConfig(), "the page and core begin with the same descent"


@pytest.mark.parametrize("optimizer", choices.OPTIMIZER)
def test_the_slider_and_the_number_say_the_same(optimizer: str) -> None:
    form = page.FORM.values(optimizer=optimizer)
    rate = page.on_percent("ko", 40, form=form)
    assert page.on_share("ko", form=form.changed(rate=rate)) == pytest.approx(40, abs=0.3)
    preset = page.on_preset("ko", form=form, preset="diverge")
    assert preset["percent"] == pytest.approx(105, abs=0.3) or optimizer in ("adagrad", "rmsprop", "adam")
    for wrong in (0, None, float("nan"), -3):
        with pytest.raises(gr.Error):
            page.on_percent("ko", wrong, form=form)


def test_a_preset_mends_an_empty_box() -> None:
    rates = [page.on_preset("ko", form=page.FORM.values(rate=wrong), preset="crawl")["rate"] for wrong in (None, 0.1)]
    assert rates[0] == rates[1] > 0


def test_the_path_as_a_file() -> None:
    shown = run(steps=20)
    path = rows(page.on_csv("en", shown["run"], shown["curve"]))
    assert len(path) == 21 and float(path[0]["w"]) == 1.4
    assert float(path[-1]["loss"]) == shown["run"].loss
    assert " s ·" in shown["badge"]
    assert rows(page.on_csv("en", None, None)) == []


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("batch", ["full", "2"])
def test_the_program_prints_the_loss_of_the_page(optimizer: str, batch: str) -> None:
    settings = {"optimizer": optimizer, "batch": batch, "steps": 30}
    again = run(before=run(**settings)["run"], **settings)  # pressed twice: 60 steps
    script = page.on_code("en", again["run"], again["curve"], form=page.FORM.values(**settings))
    out = programs.run(script)
    shown = re.search(r"final loss (-?[\d.e+-]+)", again["badge"])
    assert again["run"].step == 60 and shown
    assert float(re.findall(r"final loss = (\S+)", out)[-1]) == pytest.approx(float(shown[1]), rel=1e-6)


def test_stopped_between_two_pictures_code_and_file_are_what_is_on_the_screen() -> None:
    *seen, ahead, _ = page.on_run("en", None, form=page.FORM.values(steps=9))
    screen, run = seen[-1]["curve"], ahead["run"]  # the server took the ninth step, the browser shows the eighth
    assert run.step == 9 and len(screen["series"][0]["y"]) == 9
    script = page.on_code("en", run, screen, form=page.FORM.values())
    assert "for step in range(8):" in script
    path = rows(page.on_csv("en", run, screen))
    assert [int(row["step"]) for row in path] == list(range(9)) and float(path[-1]["loss"]) == seen[-1]["run"].loss
    for nothing in (None, {}, {"series": "?"}, {"series": [{"y": 5}]}, {"series": [{"y": [1] * 99}]}):
        assert "for step in range(9):" in page.on_code("en", run, nothing, form=page.FORM.values())


@pytest.mark.parametrize(("lang", "limit"), [("ko", "열 명을 모두 볼 때"), ("en", "when all ten are looked at")])
def test_a_ball_that_hovers_at_the_bottom_has_not_diverged(lang: str, limit: str) -> None:
    bottom = run(lang, scaling="standard", rate=0.45, steps=100)
    assert bottom["run"].verdict == "converged" and limit not in bottom["badge"]
    words = text.table("gradient_descent", lang)
    for changed in ({"optimizer": "adam", "rate": 0.336}, {"rate": 0.1}):
        badge = run(lang, bottom["run"], scaling="standard", batch="1", **changed)["badge"]
        assert words["verdict.wandering"].partition("{")[0] in badge
        assert words["verdict.diverged"].partition("{")[0] not in badge
        assert (limit in badge) == ("optimizer" not in changed)


def test_one_step_is_one_step() -> None:
    form = page.FORM.values(steps=30)
    assert kit.settled(page.on_step("en", None, form=form))["run"].step == 1


def test_the_race_names_a_leader_at_each_step_and_all_places_at_its_end() -> None:
    first, *_, last = race.on_race("en", form=race.FORM.values())
    assert len(first["plane"]["lines"]) == len(first["curve"]["series"]) == len(choices.OPTIMIZER)
    assert first["plane"]["caption"].startswith("Step 1:")
    assert last["ranking"].count("steps |") >= 3 and "| 6 |" in last["ranking"]


def test_a_race_on_single_people_names_no_arrival() -> None:
    ranking = kit.settled(race.on_race("en", form=race.FORM.values(batch="1")))["ranking"]
    assert "steps |" not in ranking and "not yet" not in ranking and "nobody arrives" in ranking
    heights = [float(row.split("|")[3]) for row in ranking.splitlines() if re.match(r"\| \d", row)]
    assert len(heights) == 6 and heights == sorted(heights)


@pytest.mark.parametrize(
    "wrong",
    [{"batch": "3"}, {"scaling": "log"}, {"w": float("nan")}, {"b": None}, {"seed": -1}],
)
def test_what_no_control_allows_is_told(wrong: dict[str, Any]) -> None:
    for handler, form in ((page.on_run, page.FORM), (race.on_race, race.FORM)):
        with pytest.raises(gr.Error):
            list(handler("ko", **({"run": None} if form is page.FORM else {}), form=form.values(**wrong)))
