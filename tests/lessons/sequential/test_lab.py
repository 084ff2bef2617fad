"""Oracles: Keras for shapes, names and counts; scikit-learn's StandardScaler and confusion matrix; numpy."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from core.data.people import HEIGHTS_CM, WEIGHTS_KG
from core.errors import InvalidInput
from core.events import Cadence, Done, drain
from core.lessons.backpropagation.trace import check_gradients, run
from core.lessons.sequential import choices
from core.lessons.sequential.data import Scaler, from_cells, load
from core.lessons.sequential.lab import FitStep, Lab, opened
from core.lessons.sequential.race import RaceStep, race, rivals
from core.lessons.sequential.script import code, verbs
from core.lessons.sequential.spec import PRESETS, LayerSpec, RunSpec, dense, inspect, suited, summary_rows

FAST = replace(PRESETS["deep"], epochs=5)
TABLE = tuple((float(i), float(i * i % 7), float(i % 3)) for i in range(30))


@pytest.mark.parametrize(
    "layers",
    [
        dense(1),
        dense(64, 64, 1),
        (
            LayerSpec(units=5, activation="tanh"),
            LayerSpec("dropout", rate=0.2),
            LayerSpec("dropout", rate=0.1),
            LayerSpec(units=3),
        ),
    ],
)
@pytest.mark.parametrize("features", [1, 4])
def test_the_summary_is_keras(layers, features):
    import keras

    keras.utils.clear_session()
    model = keras.Sequential([keras.Input(shape=(features,))])
    for layer in layers:
        model.add(keras.layers.Dense(layer.units) if layer.kind == "dense" else keras.layers.Dropout(layer.rate))
    rows = summary_rows(layers, features)
    assert [row.name for row in rows] == [layer.name for layer in model.layers]
    assert [row.parameters for row in rows] == [layer.count_params() for layer in model.layers]
    assert [row.output_shape for row in rows] == [str(tuple(layer.output.shape)) for layer in model.layers]
    assert rows[-1].running_total == model.count_params()


def test_the_sources_two_models():
    assert Lab(PRESETS["line"]).inspection.total == 2
    found = Lab(PRESETS["deep"]).inspection
    assert found.total == 4353 == Lab(PRESETS["deep"]).model.count_params()
    assert found.rows[-2].running_total == 4288 and found.rows[-1].parameters == 65  # the row the source's table lacks


@pytest.mark.parametrize(
    ("spec", "task", "classes", "codes"),
    [
        (RunSpec(dense(4, 2)), "regression", 0, ["last_units"]),
        (RunSpec((LayerSpec("dropout", rate=0.5),)), "regression", 0, ["no_dense"]),
        (RunSpec((LayerSpec(), LayerSpec("dropout", rate=0.5))), "regression", 0, ["end_dropout"]),
        (RunSpec(loss="binary_crossentropy"), "regression", 0, ["loss_for"]),
        (RunSpec(metrics=("acc",)), "regression", 0, ["metric_for"]),
        (RunSpec(dense(1), loss="binary_crossentropy"), "binary", 2, ["end_activation"]),
        (RunSpec(dense(1, last="softmax"), loss="categorical_crossentropy"), "binary", 2, ["softmax_one"]),
        (RunSpec(dense(1, last="sigmoid"), loss="binary_crossentropy"), "multiclass", 3, ["last_units", "loss_for"]),
        (RunSpec(dense(1000, 1000, 1)), "regression", 0, ["too_many"]),
        (RunSpec(dense(1, last="sigmoid"), loss="binary_crossentropy"), "binary", 2, []),
        (RunSpec(dense(2, last="softmax"), loss="categorical_crossentropy"), "binary", 2, []),
        (RunSpec(dense(3, last="softmax"), loss="sparse_categorical_crossentropy"), "multiclass", 3, []),
    ],
)
def test_what_would_go_wrong_is_told_before_training(spec, task, classes, codes):
    found = inspect(spec, 1, task, classes)
    assert [error.code for error in found.errors] == codes
    if codes:
        with pytest.raises(InvalidInput):
            found.refuse()


def test_a_limited_output_is_a_hint_only():
    found = inspect(RunSpec(dense(1, last="relu")), 1, "regression")
    assert found.errors == () and [hint.code for hint in found.hints] == ["output_limited"]
    drain(Lab(RunSpec(dense(1, last="relu"), epochs=1)).steps())


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_runs(name):
    lab = Lab(replace(PRESETS[name], epochs=2))
    *_, step, done = lab.steps(every=1)
    assert isinstance(step, FitStep) and step.epoch == 2 and done.result is lab and done.stopped is None
    assert all(len(values) == 2 and np.isfinite(values).all() for _, values in step.history)
    assert dict(step.history).keys() >= {"loss", *lab.spec.metrics}
    assert (step.picture.field.size == 0) == (lab.data.x.shape[1] == 1)
    assert lab.evaluate().rows == lab.data.training


def test_the_line_is_the_least_squares_line_in_its_own_units():
    lab = Lab(replace(PRESETS["line"], optimizer="sgd", epochs=300))
    drain(lab.steps())
    fit = np.polyfit(WEIGHTS_KG, HEIGHTS_CM, 1)
    assert lab.predict([[70.0], [100.0]]).values == pytest.approx(np.polyval(fit, [70, 100]), abs=1e-3)
    picture = lab.fitted()
    assert picture.curves[0] == pytest.approx(np.polyval(fit, picture.x), abs=1e-3)
    residuals = np.polyval(fit, WEIGHTS_KG) - HEIGHTS_CM
    score = lab.evaluate()
    assert score.mean_error == pytest.approx(np.abs(residuals).mean(), abs=1e-3)
    assert dict(score.values)["mse"] == pytest.approx((residuals**2).mean() / HEIGHTS_CM.var(), rel=1e-4)


def test_raw_numbers_crawl_with_the_defaults():
    raw, scaled = Lab(PRESETS["raw"]), Lab(replace(PRESETS["raw"], standardise=True, learning_rate=0.05))
    drain(raw.steps()), drain(scaled.steps())
    assert raw.evaluate().mean_error > 30 > 5 > scaled.evaluate().mean_error


def test_the_scaler_is_scikit_learns_on_the_training_rows():
    from sklearn.preprocessing import StandardScaler

    data = load(replace(PRESETS["moons"], validation_split=0.25))
    assert data.training == 150 and len(data.x) == 200
    expected = StandardScaler().fit(data.x[:150])
    assert np.allclose(Scaler.of(data, True).inputs(data.x), expected.transform(data.x))
    constant = load(RunSpec(data="table", table=((1.0, 5.0, 0.0), (2.0, 5.0, 1.0))))
    assert Scaler.of(constant, True).inputs(constant.x)[:, 1].tolist() == [0.0, 0.0]


def test_three_classes_and_their_confusion():
    from sklearn.metrics import confusion_matrix

    lab = Lab(replace(PRESETS["groups"], epochs=30))
    drain(lab.steps())
    for part, rows in (("train", slice(0, 140)), ("validation", slice(140, 200))):
        said = lab.predict(lab.data.x[rows].tolist())
        found = lab.confusion(part)
        assert np.array_equal(found.counts, confusion_matrix(lab.data.y[rows], said.values, labels=[0, 1, 2]))
        assert found.accuracy == pytest.approx(dict(lab.evaluate(part).values)["acc"]) and found.accuracy > 0.6
    answer = lab.predict([[50.0], [110.0]])
    assert answer.classes == ("short", "tall") and answer.probabilities.sum(axis=1) == pytest.approx([1, 1])
    assert lab.fitted().curves.shape == (3, 100)


def test_the_overfitting_demo_overfits():
    lab = Lab(PRESETS["overfit"])
    *_, step, _ = lab.steps()
    history = dict(step.history)
    assert history["val_loss"][-1] > 2 * history["val_loss"].min() and history["loss"][-1] < 0.2 * history["loss"][0]


def test_patience_ends_a_run_before_it_overfits():
    lab = Lab(replace(PRESETS["overfit"], patience=10))
    *_, step, done = lab.steps()
    values = dict(step.history)["val_loss"]
    assert done.stopped == "patience" and len(values) < 200 and values.argmin() == len(values) - 11


def test_stop_and_continue_is_one_run():
    whole, parts = Lab(replace(FAST, batch_size=4)), Lab(replace(FAST, batch_size=4))
    drain(whole.steps())
    events = parts.steps(every=1)
    for _ in itertools.islice(events, 4):
        pass
    events.close()
    assert parts.trainer.updates == 4
    drain(parts.steps(updates=2))
    drain(parts.steps(3))
    assert parts.trainer.history["loss"] == whole.trainer.history["loss"]


def test_own_table_as_measurements_and_as_classes():
    lab = Lab(RunSpec(dense(4, 1), data="table", table=TABLE, names=("a", "b", "c"), epochs=2))
    drain(lab.steps())
    assert lab.data.task == "regression" and lab.data.names == ("a", "b", "c") and lab.fitted().field.shape == (50, 50)
    spec = RunSpec(
        dense(8, 3, last="softmax"),
        data="table",
        table=TABLE,
        classify=True,
        loss="categorical_crossentropy",
        metrics=("f1_score",),
        epochs=2,
    )
    lab = Lab(spec)
    drain(lab.steps())
    assert lab.data.classes == ("0", "1", "2") and lab.predict([[3.0, 2.0]]).probabilities.shape == (1, 3)
    assert lab.data.table.splitlines()[:2] == ["x1,x2,x3", "0.0,0.0,0.0"]


@pytest.mark.parametrize("rows", [[], [[1.0, 2.0]], [[float("nan")]], [["70"]], [[70.0]] * 5001])
def test_wrong_questions_are_refused(rows):
    with pytest.raises(InvalidInput):
        Lab(FAST).predict(rows)


@pytest.mark.parametrize(
    "wrong",
    [
        {"layers": ()},
        {"data": "iris"},
        {"data": "table"},
        {"data": "table", "table": ((1.0, 2.0), (1.0,))},
        {"optimizer": "lbfgs"},
        {"loss": "hinge"},
        {"metrics": ("auc",)},
        {"validation_split": 1.0},
        {"batch_size": 0},
        {"epochs": 0},
        {"patience": 0},
        {"learning_rate": float("inf")},
    ],
)
def test_wrong_specs_are_refused(wrong):
    with pytest.raises(InvalidInput):
        RunSpec(**wrong)


@pytest.mark.parametrize(
    ("table", "code"),
    [
        (((1.0,), (2.0,)), "wrong_shape"),
        (((1.0, 2.0),), "wrong_shape"),
        (((1.0, float("nan")), (1.0, 2.0)), "not_finite"),
        (((1.0, 2.0), (3.0, 2.0)), "one_class"),
        (((1e308, 2.0), (3.0, 2.0)), "out_of_range"),
        (((1.0, 2.0),) * 5001, "too_many"),
    ],
)
def test_wrong_tables_are_refused(table, code):
    with pytest.raises(InvalidInput) as caught:
        Lab(RunSpec(dense(1, last="sigmoid"), data="table", table=table, classify=True, loss="binary_crossentropy"))
    assert caught.value.code == code


def test_a_diverging_run_keeps_its_picture():
    *_, step, done = Lab(replace(PRESETS["raw"], optimizer="sgd", learning_rate=1.0)).steps()
    assert done.stopped == "diverged" and isinstance(step, FitStep)
    assert np.isfinite(done.result.fitted().curves).all()


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("change", [{}, {"optimizer": "nesterov", "patience": 3, "shuffle": False}])
def test_the_code_shown_gives_the_labs_numbers(name, change, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    lab = Lab(replace(PRESETS[name], epochs=4, **change))
    (tmp_path / "data.csv").write_text(lab.data.table)
    drain(lab.steps())
    space = {}
    exec(code(lab.spec), space)
    assert space["history"].history["loss"] == pytest.approx(lab.trainer.history["loss"], rel=1e-9)
    assert space["history"].history.keys() == lab.trainer.history.keys()
    assert str(lab.trainer.history["loss"][-1])[:8] in capsys.readouterr().out


@pytest.mark.parametrize("name", ["line", "groups"])
def test_the_keras_code_runs(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    layers = (*PRESETS[name].layers[:-1], LayerSpec("dropout", rate=0.1), PRESETS[name].layers[-1])
    spec = replace(PRESETS[name], layers=layers, epochs=2, optimizer="momentum", patience=5)
    (tmp_path / "data.csv").write_text(load(spec).table)
    space = {}
    exec(code(spec, "keras"), space)
    assert len(space["history"].history["loss"]) == 2
    assert space["model"].count_params() == Lab(spec).inspection.total


def test_the_field_of_a_two_input_net_is_its_prediction():
    lab = Lab(replace(PRESETS["moons"], epochs=3))
    drain(lab.steps())
    picture = lab.fitted()
    left, right, bottom, top = picture.extent
    corners = lab.predict([[left, top], [right, top], [left, bottom], [right, bottom]]).probabilities[:, 1]
    shown = picture.field[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert shown == pytest.approx(corners * 255, abs=0.51)
    assert left < lab.data.x[:, 0].min() and top > lab.data.x[:, 1].max()
    assert [type(e) for e in lab.steps(1)][-1] is Done


def test_a_trained_model_opens_in_the_backpropagation_lesson():
    lab = Lab(FAST)
    drain(lab.steps())
    net, x, target = opened(lab, 3)
    found = run(net, x, target)
    output = lab.scaler.outputs(found.a[-1])
    assert output == pytest.approx(lab.predict([[WEIGHTS_KG[3]]]).values)
    assert lab.scaler.outputs(np.array(target)) == pytest.approx([HEIGHTS_CM[3]])
    assert check_gradients(found).numeric_difference < 1e-5
    with pytest.raises(InvalidInput):
        opened(lab, 10)
    with pytest.raises(InvalidInput):
        opened(Lab(PRESETS["groups"]))


def test_the_end_is_made_to_fit_any_task():
    wrong = RunSpec((*dense(8, 8, 1), LayerSpec("dropout", rate=0.5)), loss="mse")
    for task, classes in (("regression", 0), ("binary", 2), ("multiclass", 4)):
        spec = suited(wrong, task, classes)
        assert inspect(spec, 2, task, classes).errors == () and spec.layers[:4] == wrong.layers
        assert suited(spec, task, classes) == spec
    assert len(suited(wrong, "binary", 2, most=3).layers) == 3


def test_a_linear_end_on_classes_is_a_hint():
    found = inspect(RunSpec(dense(4, 1), loss="mse"), 2, "binary")
    assert found.errors == () and [hint.code for hint in found.hints] == ["not_probability"]


@pytest.mark.parametrize("written", ["{}kg", "{} kg", "₩{}", "{},000원", "2024-01-{}"])
def test_measurements_with_their_unit_are_no_classes(written):
    rows = [[str(160 + i), written.format(50 + i)] for i in range(12)]
    with pytest.raises(InvalidInput, match="Row 2, column 몸무게: a number is needed. Received: " + written.format(50)):
        from_cells(rows, ["키", "몸무게"], range(2, 14))
    assert from_cells([["1", "1학년"], ["2", "2학년"], ["3", "1학년"]])[1] == ("1학년", "2학년")
    assert from_cells([["1", "cat1"], ["2", "cat2"]])[1] == ("cat1", "cat2")


def test_words_in_the_last_column_are_classes():
    table, labels = from_cells([["1", "2", "dog"], [3, 4.5, "cat"], ["5", "6", "dog"], ["", None, ""]], ["a"])
    assert labels == ("cat", "dog") and table.values[:, 2].tolist() == [1, 0, 1] and table.names == ("a", "x2", "x3")
    assert from_cells([["1", "2"], ["3", "4,5"]])[1] == ()
    for wrong in (
        [["1", "a"], ["x", "b"]],
        [["1", "a"], ["2", "3"]],
        "rows",
        [[]],
        [["1", f"w{i}"] for i in range(30)],
    ):
        with pytest.raises(InvalidInput):
            from_cells(wrong)
    spec = RunSpec(
        dense(1, last="sigmoid"),
        data="table",
        table=tuple(map(tuple, table.values.tolist())),
        classify=True,
        labels=labels,
        loss="binary_crossentropy",
    )
    assert load(spec).classes == labels


def test_pictures_of_rows_and_of_truth_against_prediction():
    lab = Lab(replace(PRESETS["deep"], validation_split=0.3, epochs=3))
    drain(lab.steps())
    assert lab.marks()[:, 0].tolist() == WEIGHTS_KG.tolist() and lab.marks()[:, 3].tolist() == [0] * 7 + [1] * 3
    found = lab.compared()
    assert found.truth.tolist() == HEIGHTS_CM.tolist() and found.held_out.sum() == 3
    assert found.said == pytest.approx(lab.predict(WEIGHTS_KG[:, None].tolist()).values)
    assert found.span[0] < found.truth.min() < found.truth.max() < found.span[1]
    values = lab.trainer.history["val_loss"]
    assert lab.best() == (np.argmin(values) + 1, min(values)) and Lab(FAST).best() is None
    groups = Lab(PRESETS["groups"])
    assert set(groups.marks()[:, 1].tolist()) == {0.0, 0.5, 1.0}
    with pytest.raises(InvalidInput):
        groups.compared()


def test_a_run_goes_on_under_another_number_of_epochs_only():
    lab = Lab(FAST)
    assert lab.goes_on(replace(FAST, epochs=9)) and not lab.goes_on(replace(FAST, seed=1))
    lab = Lab(replace(PRESETS["overfit"], patience=2))
    drain(lab.steps())
    assert lab.stopped == "patience" and lab.same(lab.spec) and not lab.goes_on(lab.spec)


@pytest.mark.parametrize("kind", choices.RACE)
@pytest.mark.parametrize("name", ["deep", "overfit", "groups"])
def test_a_race_is_the_single_runs_side_by_side(name, kind):
    spec = replace(PRESETS[name], epochs=3)
    *_, step, done = race(spec, kind, every=1)
    assert isinstance(step, RaceStep) and done.result is not None and step.epoch == 3 and step.out == ()
    for runner, parameters, values in step.runners:
        lab = Lab(rivals(spec, kind)[runner])
        drain(lab.steps())
        score = lab.evaluate(step.part)
        assert parameters == lab.model.count_params()
        assert values[-1] == pytest.approx(score.accuracy if score.mean_error is None else score.mean_error)


def test_a_race_ends_at_its_deadline_and_drops_who_diverges():
    *_, done = race(replace(PRESETS["deep"], epochs=10_000), "standardise", deadline=0.2)
    assert done.stopped == "deadline" and done.seconds < 5
    spec = replace(PRESETS["line"], optimizer="sgd", learning_rate=1.0, epochs=300)
    *_, step, done = race(spec, "standardise", every=Cadence(seconds=60))
    assert step.out == ("off",) and done.stopped is None and dict((n, len(v)) for n, _, v in step.runners)["on"] == 300
    *_, step, done = race(replace(spec, layers=dense(2, 1, activation="linear"), standardise=False), "dropout")
    assert set(step.out) == {"without", "with"} and done.stopped == "all_out"
    with pytest.raises(InvalidInput):
        rivals(RunSpec(), "dropout")
    with pytest.raises(InvalidInput):
        rivals(RunSpec(), "sprint")


def test_the_verbs_are_those_of_the_program():
    for library in ("keras", "core"):
        assert verbs(FAST, library) in code(FAST, library)


def test_the_choices_are_what_the_library_has():
    from core.data import toy
    from core.mlp.activations import ACTIVATIONS
    from core.mlp.losses import LOSSES, METRICS

    assert set(choices.DATA) == {"people", "many_people", "groups", *toy.NAMES, "table"} - {"gauss_field"}
    assert set(choices.ACTIVATION) == set(ACTIVATIONS)
    assert set(choices.LOSS) < set(LOSSES) and set(choices.METRICS) < set(METRICS)
    assert tuple(PRESETS) == tuple(choices.PRESET) and PRESETS["deep"].metrics == choices.FIRST_METRICS


ENDS = {
    "one": (dense(4, 1, activation="tanh", last="sigmoid"), "binary_crossentropy"),
    "two": (dense(4, 2, activation="elu", last="softmax"), "categorical_crossentropy"),
    "sparse": (dense(5, 2, activation="leaky_relu", last="softmax"), "sparse_categorical_crossentropy"),
    "squares": (dense(4, 1, activation="gelu", last="sigmoid"), "mean_squared_error"),
    "three": (dense(4, 3, activation="silu", last="softmax"), "sparse_categorical_crossentropy"),
    "three, one-hot": (dense(4, 3, activation="sigmoid", last="softmax"), "categorical_crossentropy"),
    "three, absolute": (dense(4, 3, activation="leaky_relu", last="softmax"), "mean_absolute_error"),
    "measured": (dense(4, 1, activation="tanh"), "mean_absolute_error"),
}
CONSTANT = tuple((float(i), 5.0, float(i % 7)) for i in range(30))


@pytest.mark.parametrize("split", [0.0, 0.3])
@pytest.mark.parametrize("end", ENDS)
def test_the_keras_program_prints_our_numbers(end, split, tmp_path, monkeypatch):
    """Every metric, optimisers in turn, from the same weights and in the same order: histories and scores are equal."""
    monkeypatch.chdir(tmp_path)
    layers, loss = ENDS[end]
    measured, many = end == "measured", "three" in end
    turn = list(ENDS).index(end) * 2 + bool(split)
    spec = RunSpec(
        layers,
        data="table" if measured else "groups" if many else ("xor", "moons")[turn % 2],
        table=CONSTANT if measured else (),
        samples=60,
        loss=loss,
        metrics=("mse", "mae") if measured else ("acc", "f1_score", "mse", "mae"),
        optimizer=tuple(choices.OPTIMIZER)[turn % 7],
        epochs=3,
        validation_split=split,
        shuffle=False,
        standardise=measured or many or turn % 3 > 0,
    )
    lab = Lab(spec)
    (tmp_path / "data.csv").write_text(lab.data.table)
    program = code(spec, "keras")
    space = {"weights": lab.model.get_weights()}
    exec(program.replace("model.summary()", "model.set_weights(weights)"), space)
    drain(lab.steps(every=None))
    theirs = space["history"].history
    assert theirs.keys() == lab.trainer.history.keys()
    for name, values in lab.trainer.history.items():
        assert np.ravel(theirs[name]) == pytest.approx(values, rel=2e-3, abs=1e-5), name
    part = slice(0, lab.data.training)
    scores = space["model"].evaluate(space["x"][part], space["y"][part], verbose=0)
    assert scores == pytest.approx([value for _, value in lab.evaluate().values], rel=2e-3, abs=1e-5)
