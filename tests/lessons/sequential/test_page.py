"""Lesson 8's handlers without a browser: build, fit, stop, go on, ask; wrong input gives one sentence, never a traceback."""

from __future__ import annotations

import contextlib
import itertools
import subprocess
import sys
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from demos.kit import text
from demos.sequential import controls as ctl
from demos.sequential import own, race
from demos.sequential import page as lesson
from tests.places import ROOT

SKIP = gr.skip()


@pytest.fixture(scope="module")
def defaults() -> dict[str, Any]:
    with gr.Blocks():
        room = lesson.build("en")
    values = {n: c.value["data"] if isinstance(c, gr.Dataframe) else c.value for n, c in room.controls.items()}
    assert tuple(values) == ctl.NAMES
    return values


def given(defaults: dict[str, Any], preset: str = "deep", **changes: Any) -> tuple[Any, ...]:
    return tuple((ctl.of_preset(preset, tuple(defaults.values())) | changes).values())


def last(stream: Any) -> Any:
    *_, end = stream
    return end


def test_the_defaults_are_the_sources_deep_model(defaults: dict[str, Any]) -> None:
    assert ctl.preset_of(ctl.chosen(tuple(defaults.values()))) == "deep"
    out = lesson.on_change("en", None, "60", *defaults.values())
    assert "4,353" in out[2] and "64 × 1 + 1" in out[2] and out[-1] == "deep"


@pytest.mark.parametrize("name", ctl.PRESETS)
@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_every_preset_sets_all_controls_and_fits(defaults: dict[str, Any], lang: str, name: str) -> None:
    out = lesson.on_preset(lang, name, "60", *defaults.values())
    assert out[-1] == name and len(out) == len(ctl.NAMES) + len(ctl.LAYERS) + 16
    controls = given(defaults, name, epochs=3)
    lab, shelf, *_, badge, scores = last(lesson.on_fit(lang, None, *controls))
    assert shelf is lab and lab.trainer.epoch == 3 and "|" in scores and "torch" in badge
    rows = out[-2] if isinstance(out[-2], str) else "60"
    assert lesson.on_predict(lang, lab, rows, *controls).count("\n") >= 2


def test_stop_keeps_what_was_learnt_and_fit_goes_on(defaults: dict[str, Any]) -> None:
    controls = given(defaults, epochs=20)
    events = lesson.on_fit("en", None, *controls)
    lab = next(events)[0]
    events.close()
    done = lab.trainer.updates
    stopped = lesson.on_stop("en", lab, *controls)
    assert stopped[1] is lab and "Stopped" in stopped[-2]
    changed = lesson.on_change("en", lab, "60", *given(defaults, epochs=7))  # only the epochs: nothing is lost
    assert changed[0] is lab and lab.trainer.updates == done
    assert last(lesson.on_fit("en", lab, *given(defaults, epochs=7)))[0] is lab and lab.trainer.epoch == done + 7
    assert lesson.on_change("en", lab, "60", *given(defaults, seed=1))[0] is not lab
    assert lesson.on_stop("en", None, *controls)[0] == SKIP


def test_what_does_not_fit_is_told_before_training_and_mended_by_a_button(defaults: dict[str, Any]) -> None:
    controls = given(defaults, data="groups")
    lab, _, summary, plane, *_, suit, _, _, preset = lesson.on_change("en", None, "60", *controls)
    assert lab is None and "⛔" in summary and "needs 3" in summary and suit["visible"] and preset is None
    assert plane["points"] and "lines" not in plane
    with pytest.raises(gr.Error):
        last(lesson.on_fit("en", None, *controls))
    mended = ctl.suited(controls)
    assert (mended["size3"], mended["activation3"], mended["metrics"]) == (3, "softmax", ["acc"])
    assert last(lesson.on_fit("en", None, *(mended | {"epochs": 2}).values()))[0].trainer.epoch == 2


def test_layers_are_added_removed_and_change_kind(defaults: dict[str, Any]) -> None:
    values = ctl.with_layer("dropout", tuple(defaults.values()))
    assert [values[f"kind{i}"] for i in range(1, 5)] == ["dense", "dense", "dropout", "dense"]
    assert ctl.chosen(tuple(values.values())).layers[2].rate == 0.2
    for _ in range(5):
        values = ctl.with_layer("dense", tuple(values.values()))
    assert values["count"] == 6
    for _ in range(9):
        values = ctl.with_layer("remove", tuple(values.values()))
    assert values["count"] == 1 and values["size1"] == 1
    assert ctl.with_kind(1, tuple((values | {"kind1": "dropout"}).values()))["size1"] == 0.2


def test_own_csv_with_words_as_classes(defaults: dict[str, Any], tmp_path: Path) -> None:
    rows = [f"{i}.5,{i % 5},{'<b>cat</b>' if i % 2 else 'dog'}" for i in range(20)]
    path = tmp_path / "own.csv"
    path.write_text("\n".join(["size,age,kind", *rows]))
    table, columns, data = own.on_file("en", str(path), *defaults.values())
    assert columns == "size, age, kind" and data == "table"
    controls = given(defaults, "moons", data="table", table=table["value"]["data"], columns=columns, epochs=2)
    *_, plane, _, _, confusion, _, _, _, badge, scores = last(lesson.on_fit("en", None, *controls))
    assert plane["xlabel"] == "size" and plane["names"]["low"] == "<b>cat</b>" and confusion["rows"][1] == "dog"
    assert "<b>" not in lesson.on_predict("en", None, "1 2", *controls)
    assert lesson.on_table("en", None, "60", *given(defaults, table=[["1", ""]]))[0] == SKIP
    assert lesson.on_table("en", None, "60", *given(defaults, table=[["1", "2"], ["2", "3"]]))[0] == "table"


@pytest.mark.parametrize("kind", race.RACES)
def test_a_race_measures_all_runners(defaults: dict[str, Any], kind: str) -> None:
    shown, _ = list(race.on_race("en", kind, *given(defaults, epochs=4)))[-2]
    assert len(shown["series"]) == 2 and all(len(line["y"]) == 4 for line in shown["series"])


def test_a_diverging_run_is_explained_and_starts_anew(defaults: dict[str, Any]) -> None:
    controls = given(defaults, "line", optimizer="sgd", rate=1000, epochs=200, standardise=False)
    lab, *_, badge, _ = last(lesson.on_fit("en", None, *controls))
    assert lab.stopped == "diverged" and text.load("common", "en")("why.diverged", rate=1000.0) in badge
    assert last(lesson.on_fit("en", lab, *controls))[0] is not lab


WRONG: list[dict[str, Any]] = [
    {"count": 7},
    {"count": None},
    {"count": "3"},
    {"kind1": "conv"},
    {"kind1": ["dense"]},
    {"size1": None},
    {"size1": float("nan")},
    {"size1": 0.5},
    {"size1": 10**9},
    {"activation2": "maxout"},
    {"data": "iris"},
    {"data": ["people"]},
    {"data": "table"},
    {"data": "table", "table": [["1", "x"], ["2", ""]]},
    {"data": "table", "table": "garbage"},
    {"data": "table", "table": [["1"], ["2"]]},
    {"rate": -1},
    {"rate": "fast"},
    {"optimizer": None},
    {"loss": "hinge"},
    {"metrics": ["auc"]},
    {"metrics": "mse"},
    {"metrics": 3},
    {"epochs": 0},
    {"epochs": 1e9},
    {"batch": 0},
    {"split": 1},
    {"split": float("inf")},
    {"patience": -1},
    {"samples": 5},
    {"noise": None},
    {"seed": -1},
    {"seed": None},
]


@pytest.mark.parametrize("changes", WRONG, ids=str)
def test_a_wrong_value_gives_a_sentence(defaults: dict[str, Any], changes: dict[str, Any]) -> None:
    controls = given(defaults, **({"data": "many_people"} | changes))
    with pytest.raises(gr.Error) as caught:
        last(lesson.on_fit("ko", None, *controls))
    assert "{" not in str(caught.value)
    with contextlib.suppress(gr.Error):  # a sentence, or nothing while a box is being typed into
        lesson.on_change("ko", None, "60", *controls)


@pytest.mark.parametrize("rows", ["", "a", "1 2", "nan", "1e999", "=1+1", "<b>", None, "1\n" * 6000])
def test_wrong_questions_give_a_sentence(defaults: dict[str, Any], rows: Any) -> None:
    with pytest.raises(gr.Error):
        lesson.on_predict("en", None, rows, *defaults.values())


@pytest.mark.parametrize("name", ["deep", "groups"])
@pytest.mark.parametrize("library", ["core", "torch"])
def test_the_program_prints_the_number_on_the_badge(
    defaults: dict[str, Any], tmp_path: Path, name: str, library: str
) -> None:
    controls = given(defaults, name, epochs=4)
    lab, *_, badge, _ = last(lesson.on_fit("en", None, *controls))
    lab, *_, badge, _ = last(lesson.on_fit("en", lab, *controls))  # pressed twice: eight epochs
    (tmp_path / "data.csv").write_text(own.on_data("en", *controls))
    (tmp_path / "run.py").write_text(lesson.on_code("en", lab, library, *controls))
    done = subprocess.run(
        [sys.executable, "run.py"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    shown = badge.split("final loss ")[1].split()[0]
    printed = [f"{float(word):.9g}" for word in done.stdout.replace(",", " ").split() if _is_number(word)]
    assert shown in printed


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def test_files_to_keep(defaults: dict[str, Any]) -> None:
    import base64

    from safetensors.numpy import load

    controls = given(defaults, epochs=3)
    lab = last(lesson.on_fit("en", None, *controls))[0]
    weights = load(base64.b64decode(own.on_weights("en", lab, *controls)))
    assert sum(array.size for array in weights.values()) == 4353
    history = own.on_history("en", lab, *controls).splitlines()
    assert history[0] == "epoch,loss,mse" and len(history) == 4
    assert own.on_data("en", *controls).splitlines()[0] == "kg,cm"


def test_lesson_6_opens_the_model_from_the_shelf(defaults: dict[str, Any]) -> None:
    from core.lessons.sequential.lab import opened

    shelf = last(lesson.on_fit("en", None, *given(defaults, "line", epochs=3)))[1]
    net, x, target = opened(shelf)
    assert len(net.parameters) == 2 and len(x) == len(target) == 1


def test_many_inputs_have_no_plane_but_scores(defaults: dict[str, Any]) -> None:
    table = [[str(i), str(i % 3), str(i % 4), str(i * 2)] for i in range(12)]
    controls = given(defaults, data="table", table=table, columns="a,b,c,d", epochs=2)
    *_, plane, _, _, _, _, compared, shown, _, scores = last(lesson.on_fit("en", None, *controls))
    assert "3 inputs" in plane["caption"] and len(compared["points"]) == 12 and shown["visible"] and "d" in scores


def test_one_fit_shows_several_pictures(defaults: dict[str, Any]) -> None:
    events = lesson.on_fit("en", None, *given(defaults, "overfit", epochs=1000))
    pictures = [event[4]["caption"] for event in itertools.islice(events, 3)]
    events.close()
    assert len(set(pictures)) == 3


def test_a_box_being_typed_into_changes_nothing_yet(defaults: dict[str, Any]) -> None:
    assert set(map(str, lesson.on_change("ko", None, "60", *given(defaults, size1=None)))) == {str(SKIP)}
    with pytest.raises(gr.Error):
        last(lesson.on_fit("ko", None, *given(defaults, size1=None)))
