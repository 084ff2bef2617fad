"""Oracles: scikit-learn's own score and decision, numpy; the MLP's own predict; a fresh process."""

import dataclasses
import math

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.preprocessing import StandardScaler

from core.data import toy
from core.data.toy import Points, ToyConfig
from core.errors import InvalidInput
from core.events import Done, drain
from core.lessons.hidden_layers.own_points import labelled
from core.lessons.ml_vs_dl.match import Deep, Machine, Net, VersusConfig, build_net, fit_linear, script, versus
from core.lessons.ml_vs_dl.sample_size import SweepConfig, few_points, sweep
from tests import programs

CIRCLE = ToyConfig("circle", samples=200, noise=10, seed=1)
SMALL = Net((4,), learning_rate=0.05)


def test_the_linear_model_is_scikit_learns():
    points, names = toy.make(CIRCLE), ("x1", "x2²", "x1·x2")
    x_train, x_test = (toy.features(x, names) for x in (points.x_train, points.x_test))
    scaler = StandardScaler().fit(x_train)
    theirs = LogisticRegression(max_iter=1000).fit(scaler.transform(x_train), points.y_train)
    ours = fit_linear(points, names)
    assert ours.score.test == theirs.score(scaler.transform(x_test), points.y_test)
    assert ours.score.train == theirs.score(scaler.transform(x_train), points.y_train)
    decision = ours.bias + x_test @ [weight for _, weight in ours.weights]
    assert decision == pytest.approx(theirs.decision_function(scaler.transform(x_test)))
    assert [name for name, _ in ours.weights] == list(names) and ours.score.parameters == 4 and ours.score.seconds > 0


def test_regression_is_least_squares_and_r2():
    points = toy.make(ToyConfig("plane", samples=100, noise=20))
    theirs = LinearRegression().fit(points.x_train, points.y_train)
    ours = fit_linear(points, ("x1", "x2"))
    assert ours.score.test == pytest.approx(theirs.score(points.x_test, points.y_test))
    assert [weight for _, weight in ours.weights] == pytest.approx(theirs.coef_) and ours.bias == pytest.approx(
        theirs.intercept_
    )


def test_a_boundary_is_the_models_answer_at_each_pixel():
    points = toy.make(CIRCLE)
    found = fit_linear(points, ("x1²", "x2²"))
    logit = found.bias + toy.features(toy.grid(60), ("x1²", "x2²")) @ [weight for _, weight in found.weights]
    shades = np.rint(255 / (1 + np.exp(-logit))).reshape(60, 60)
    assert found.score.boundary.shape == (60, 60) and found.score.boundary.dtype == np.uint8
    assert np.abs(found.score.boundary - shades).max() <= 1
    assert found.score.boundary[30, 30] > 200 and found.score.boundary[0, 0] < 20


def test_a_match_streams_both_sides():
    config = VersusConfig(CIRCLE, net=SMALL, epochs=12)
    first, *middle, done = versus(config)
    assert isinstance(first, Machine) and all(isinstance(event, Deep) for event in middle)
    assert [(event.epoch, event.step) for event in middle] == [(k, 10 * k) for k in range(1, 13)]
    run = done.result
    assert run.machine is first and run.deep is middle[-1] and not run.own and done.stopped is None
    assert run.deep.score.parameters == 2 * 4 + 4 + 4 + 1
    assert all(math.isfinite(event.loss) for event in middle) and middle[-1].loss != middle[0].loss
    assert not np.array_equal(middle[0].score.boundary, middle[-1].score.boundary), "the boundary moves"
    seconds = [event.score.seconds for event in middle]
    assert seconds == sorted(seconds) and 0 < seconds[0] and seconds[-1] <= done.seconds
    assert run.winner == ("deep" if run.deep.score.test > first.score.test else "machine")


def test_the_nets_score_is_its_own_predictions():
    config = VersusConfig(CIRCLE, net=SMALL, epochs=5)
    run = drain(versus(config))
    model = build_net(SMALL, run.points)
    model.fit(run.points.x_train, run.points.y_train[:, None], epochs=5, batch_size=SMALL.batch_size)
    answers = np.asarray(model.predict(run.points.x_test))[:, 0]
    assert run.deep.score.test == np.mean((answers >= 0.5) == (run.points.y_test == 1))
    grid = np.asarray(model.predict(toy.grid(60)))[:, 0].reshape(60, 60)
    assert np.abs(run.deep.score.boundary - np.rint(255 * grid)).max() <= 1


def test_a_hand_made_feature_lets_the_linear_model_win():
    plain, made = (fit_linear(toy.make(CIRCLE), names) for names in (("x1", "x2"), ("x1²", "x2²")))
    assert plain.score.test < 0.7 < 0.9 < made.score.test
    xor = toy.make(ToyConfig("xor", samples=300))
    assert fit_linear(xor, ("x1", "x2")).score.test < 0.7 < 0.95 < fit_linear(xor, ("x1·x2",)).score.test


def test_a_net_wins_on_a_circle_without_hand_made_features():
    run = drain(versus(VersusConfig(CIRCLE, epochs=40), every=None))
    assert run.winner == "deep" and run.deep.score.test > 0.9 and run.deep.epoch == 40


def test_regression_runs_too():
    run = drain(versus(VersusConfig(ToyConfig("gauss_field", samples=300), epochs=40)))
    assert run.points.task == "regression" and run.winner == "deep"
    assert run.machine.score.train < 0.2 and 0.5 < run.deep.score.train <= 1


def test_the_learners_own_points():
    rows = [[i % 7 - 3, i % 5 - 2, "in" if abs(i % 7 - 3) < 2 else "out"] for i in range(60)]
    own = labelled(rows)
    points = toy.split(own.x, own.y, own.task, 70)
    run = drain(versus(VersusConfig(net=SMALL, epochs=2), points))
    assert run.own and run.points is points
    lonely = Points("classification", np.zeros((3, 2)), np.zeros(3), np.ones((3, 2)), np.ones(3))
    with pytest.raises(InvalidInput) as error:
        next(versus(VersusConfig(), lonely))
    assert error.value.code == "one_class"


def test_stopping():
    events = list(versus(VersusConfig(CIRCLE, net=SMALL, epochs=300), deadline=0))
    assert events[-1].stopped == "deadline" and events[-1].result.deep.epoch == 1
    stream = versus(VersusConfig(CIRCLE, net=SMALL))
    next(stream), next(stream)
    stream.close()


@pytest.mark.parametrize(
    "wrong",
    [{"features": ()}, {"features": ("x3",)}, {"epochs": 0}, {"epochs": 10**6}],
)
def test_wrong_matches_are_refused(wrong):
    with pytest.raises(InvalidInput):
        VersusConfig(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [{"hidden": ()}, {"hidden": (1000,)}, {"activation": "rel"}, {"learning_rate": math.nan}, {"batch_size": 0}],
)
def test_wrong_nets_are_refused(wrong):
    with pytest.raises(InvalidInput):
        Net(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [{"sizes": ()}, {"sizes": (1,)}, {"draws": 0}, {"data": "no"}, {"updates": 0}, {"noise": 90}, {"features": ()}],
)
def test_wrong_sweeps_are_refused(wrong):
    with pytest.raises(InvalidInput):
        SweepConfig(**wrong)


@pytest.mark.parametrize("name", toy.NAMES)
@pytest.mark.parametrize("size", [5, 500])
def test_few_points_are_drawn_afresh_and_balanced(name, size):
    config = SweepConfig(name)
    points, other = few_points(config, size, 0), few_points(config, size, 1)
    assert points.x_train.shape == (size, 2) and points.x_test.shape == (1000, 2)
    assert not np.array_equal(points.x_train, other.x_train)
    assert np.array_equal(points.x_train, few_points(config, size, 0).x_train)
    if points.task == "classification":
        assert points.y_train.sum() == size // 2


def test_a_sweep_streams_every_draw_and_finds_the_crossing():
    config = SweepConfig(sizes=(6, 200), draws=2, updates=300, net=SMALL)
    *steps, done = sweep(config)
    assert [(s.done, s.total) for s in steps] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert [len(row.machine) for row in steps[2].rows] == [2, 1]
    points = few_points(config, 6, 1)
    assert steps[-1].rows[0].machine[1] == fit_linear(points, config.features).score.test
    rows = done.result.rows
    ahead = [row.size for row in rows if row.means[1] >= row.means[0]]
    assert rows[1].means[1] > rows[1].means[0] and done.result.crossing == (6 if 6 in ahead else 200)
    stopped = list(sweep(config, deadline=0))
    assert len(stopped) == 2 and isinstance(stopped[-1], Done) and stopped[-1].stopped == "deadline"


def test_the_script_prints_the_same_scores(tmp_path):
    match = drain(versus(VersusConfig(CIRCLE, ("x1²", "x2²"), SMALL, epochs=3)))
    own = drain(versus(VersusConfig(net=SMALL, epochs=2), toy.make(ToyConfig("gauss_field", 40))))
    own = dataclasses.replace(own, own=True)
    printed = []
    for run in (match, own):
        out = programs.run(script(run), tmp_path, alone=True, strict=True)  # an empty folder
        printed += [float(row.rpartition(" ")[2]) for row in out.splitlines() if " learning: " in row]
    expected = [score for run in (match, own) for score in (run.machine.score.test, run.deep.score.test)]
    assert printed == pytest.approx(expected, abs=1e-6)
