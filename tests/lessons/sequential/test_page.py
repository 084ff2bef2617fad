"""Lesson 8's handlers without a browser: build, fit, stop, go on, ask; wrong input gives one sentence, never a traceback."""

from __future__ import annotations

import contextlib
import itertools
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from core.errors import InvalidInput
from core.lessons.sequential import choices
from demos import kit
from demos.kit import text
from demos.sequential import controls as ctl
from demos.sequential import own, race
from demos.sequential import page as lesson
from demos.sequential.controls import FORM
from tests import programs


def given(preset: str = "deep", **changes: Any) -> kit.Values:
    return ctl.of_preset(preset, FORM.values()).changed(**changes)


def fitted(form: kit.Values, lab: Any = None, lang: str = "en") -> kit.Update:
    """All that a press on fit leaves on the screen."""
    return kit.settled(lesson.on_fit(lang, lab, form))


def test_the_controls_open_as_the_form_says() -> None:
    with gr.Blocks():
        room = lesson.build("en")
    values = {n: c.value["data"] if isinstance(c, gr.Dataframe) else c.value for n, c in room.controls.items()}
    assert values == dict(FORM.values()) and tuple(values) == FORM.names


def test_the_defaults_are_the_sources_deep_model() -> None:
    assert ctl.preset_of(ctl.chosen(FORM.values())) == choices.PRESET.default == "deep"
    shown = lesson.on_change("en", None, "60", FORM.values())
    assert "4,353" in shown["summary"] and "64 × 1 + 1" in shown["summary"] and shown["preset"] == "deep"


@pytest.mark.parametrize("name", choices.PRESET)
@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_every_preset_sets_all_controls_and_fits(lang: str, name: str) -> None:
    shown = lesson.on_preset(lang, name, "60", FORM.values())
    assert shown["preset"] == name
    assert shown.keys() >= {*FORM.names, *ctl.ROWS} - set(ctl.OWN) and not shown.keys() & set(ctl.OWN)
    form = given(name, epochs=3)
    end = fitted(form, lang=lang)
    lab = end["lab"]
    assert end["shelf"] is lab and lab.trainer.epoch == 3 and "|" in end["scores"] and "torch" in end["badge"]
    assert lesson.on_predict(lang, lab, shown.get("new", "60"), form).count("\n") >= 2


def test_stop_keeps_what_was_learnt_and_fit_goes_on() -> None:
    form = given(epochs=20)
    events = lesson.on_fit("en", None, form)
    lab = next(events)["lab"]
    events.close()
    done = lab.trainer.updates
    stopped = lesson.on_stop("en", lab, form)
    assert stopped["shelf"] is lab and "Stopped" in stopped["badge"]
    changed = lesson.on_change("en", lab, "60", given(epochs=7))  # only the epochs: nothing is lost
    assert changed["lab"] is lab and lab.trainer.updates == done and "badge" not in changed
    assert fitted(given(epochs=7), lab)["lab"] is lab and lab.trainer.epoch == done + 7
    assert lesson.on_change("en", lab, "60", given(seed=1))["lab"] is not lab
    assert lesson.on_stop("en", None, form) == {}
    assert lesson.on_reset("en", "60", form)["lab"].trainer.updates == 0


def test_what_does_not_fit_is_told_before_training_and_mended_by_a_button() -> None:
    form = given(data="groups")
    shown = lesson.on_change("en", None, "60", form)
    assert shown["lab"] is None and "⛔" in shown["summary"] and "needs 3" in shown["summary"]
    assert shown["suit"]["visible"] and shown["preset"] is None
    assert shown["plane"]["points"] and "lines" not in shown["plane"]
    with pytest.raises(gr.Error):
        fitted(form)
    mended = ctl.suited(form)
    assert (mended.size3, mended.activation3, mended.metrics) == (3, "softmax", ["acc"])
    assert lesson.on_suit("en", "60", form)["size3"]["value"] == 3
    assert fitted(mended.changed(epochs=2))["lab"].trainer.epoch == 2


def test_layers_are_added_removed_and_change_kind() -> None:
    form = ctl.with_layer("dropout", FORM.values())
    assert [form[f"kind{i}"] for i in range(1, 5)] == ["dense", "dense", "dropout", "dense"]
    assert ctl.chosen(form).layers[2].rate == 0.2
    for _ in range(2):
        form = ctl.with_layer("dense", form)
    assert form.count == 6
    with pytest.raises(InvalidInput, match="at most 6"):
        ctl.with_layer("dense", form)
    for _ in range(9):
        form = ctl.with_layer("remove", form)
    assert form.count == 1 and form.size1 == 1
    assert ctl.with_kind(1, form.changed(kind1="dropout")).size1 == 0.2
    shown = lesson.on_layer("en", "60", FORM.values(), kind="dropout")
    assert shown["count"]["value"] == 4 and [shown[row]["visible"] for row in ctl.ROWS] == [True] * 4 + [False] * 2
    assert not shown["activation3"]["visible"] and shown["activation4"]["visible"]
    shown = lesson.on_kind("en", "60", given(kind1="dropout"), layer=1)
    assert shown["size1"]["value"] == 0.2 and not shown["activation1"]["visible"]


def test_own_csv_with_words_as_classes(tmp_path: Path) -> None:
    rows = [f"{i}.5,{i % 5},{'<b>cat</b>' if i % 2 else 'dog'}" for i in range(20)]
    path = tmp_path / "own.csv"
    path.write_text("\n".join(["size,age,kind", *rows]))
    read = own.on_file("en", str(path))
    assert read["columns"] == "size, age, kind" and read["data"] == "table" and own.on_file("en", None) == {}
    grid = read["table"]["value"]["data"]
    form = given("moons", data="table", table=grid, columns=read["columns"], epochs=2)
    end = fitted(form)
    assert end["plane"]["xlabel"] == "size" and end["plane"]["names"]["low"] == "<b>cat</b>"
    assert end["confusion"]["rows"][1] == "dog" and end["confused"]["visible"] and not end["compare"]["visible"]
    assert "<b>" not in lesson.on_predict("en", None, "1 2", form)
    assert lesson.on_table("en", None, "60", given(table=[["1", ""]])) == {}
    assert lesson.on_table("en", None, "60", given(table=[["1", "2"], ["2", "3"]]))["data"] == "table"


@pytest.mark.parametrize("kind", choices.RACE)
def test_a_race_measures_all_runners(kind: str) -> None:
    shown = kit.settled(race.on_race("en", kind, given(epochs=4)))
    series = shown["curve"]["series"]
    assert len(series) == 2 and all(len(line["y"]) == 4 for line in series) and "Trained here" in shown["badge"]


def test_a_diverging_run_is_explained_and_starts_anew() -> None:
    form = given("line", optimizer="sgd", rate=1000, epochs=200, standardise=False)
    end = fitted(form)
    assert end["lab"].stopped == "diverged"
    assert text.load("common", "en")("why.diverged", rate=1000.0) in end["badge"]
    assert fitted(form, end["lab"])["lab"] is not end["lab"]


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
def test_a_wrong_value_gives_a_sentence(changes: dict[str, Any]) -> None:
    form = given(**({"data": "many_people"} | changes))
    with pytest.raises(gr.Error) as caught:
        fitted(form, lang="ko")
    assert "{" not in str(caught.value)
    with contextlib.suppress(gr.Error):  # a sentence, or nothing while a box is being typed into
        lesson.on_change("ko", None, "60", form)


@pytest.mark.parametrize("rows", ["", "a", "1 2", "nan", "1e999", "=1+1", "<b>", None, "1\n" * 6000])
def test_wrong_questions_give_a_sentence(rows: Any) -> None:
    with pytest.raises(gr.Error):
        lesson.on_predict("en", None, rows, FORM.values())


@pytest.mark.parametrize("name", ["deep", "groups"])
@pytest.mark.parametrize("library", ["core", "torch"])
def test_the_program_prints_the_number_on_the_badge(tmp_path: Path, name: str, library: str) -> None:
    form = given(name, epochs=4)
    end = fitted(form, fitted(form)["lab"])  # pressed twice: eight epochs
    (tmp_path / "data.csv").write_text(own.on_data("en", form))
    said = programs.run(lesson.on_code("en", end["lab"], library, form), tmp_path)
    shown = end["badge"].split("final loss ")[1].split()[0]
    printed = [f"{float(word):.9g}" for word in said.replace(",", " ").split() if _is_number(word)]
    assert shown in printed


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def test_files_to_keep() -> None:
    import base64

    from safetensors.numpy import load

    form = given(epochs=3)
    lab = fitted(form)["lab"]
    weights = load(base64.b64decode(own.on_weights("en", lab, form)))
    assert sum(array.size for array in weights.values()) == 4353
    history = own.on_history("en", lab, form).splitlines()
    assert history[0] == "epoch,loss,mse" and len(history) == 4
    assert own.on_data("en", form).splitlines()[0] == "kg,cm"


def test_lesson_6_opens_the_model_from_the_shelf() -> None:
    from core.lessons.sequential.lab import opened

    net, x, target = opened(fitted(given("line", epochs=3))["shelf"])
    assert len(net.parameters) == 2 and len(x) == len(target) == 1


def test_many_inputs_have_no_plane_but_scores() -> None:
    table = [[str(i), str(i % 3), str(i % 4), str(i * 2)] for i in range(12)]
    end = fitted(given(data="table", table=table, columns="a,b,c,d", epochs=2))
    assert "3 inputs" in end["plane"]["caption"] and len(end["compared"]["points"]) == 12
    assert end["compare"]["visible"] and "d" in end["scores"]


def test_one_fit_shows_several_pictures() -> None:
    events = lesson.on_fit("en", None, given("overfit", epochs=1000))
    pictures = [event["curve"]["caption"] for event in itertools.islice(events, 3)]
    events.close()
    assert len(set(pictures)) == 3


def test_a_box_being_typed_into_changes_nothing_yet() -> None:
    assert lesson.on_change("ko", None, "60", given(size1=None)) == {}
    with pytest.raises(gr.Error):
        fitted(given(size1=None), lang="ko")


def test_the_first_screen_hides_the_rows_and_activations_that_are_not_there() -> None:
    shown = lesson.on_open("en", "60", given(count=2, kind1="dropout", size1=0.1))
    assert [shown[row]["visible"] for row in ctl.ROWS] == [True] * 2 + [False] * 4
    assert not shown["activation1"]["visible"] and shown["activation2"]["visible"]
