"""Oracles: the same data and weights in plain torch; what is known of XOR; a run without frames."""

import itertools
import re
import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from core.data import toy
from core.errors import InvalidInput
from core.events import drain
from core.lessons.hidden_layers import choices
from core.lessons.hidden_layers.playground import (
    PRESETS,
    Frame,
    Playground,
    PlaygroundConfig,
    as_points,
    from_table,
    load,
    with_point,
    without_point,
)
from core.lessons.hidden_layers.two_losses import VersusStep, loss_shapes, versus
from core.lessons.sequential.lab import opened
from core.mlp.plain_net import Parameter
from core.mlp.sequential import Sequential
from tests import programs

SMALL = PlaygroundConfig(samples=60, epochs=4)


def flat(play):
    return np.concatenate([w.ravel() for w in play.model.get_weights()])


def test_one_layer_cannot_split_xor_and_two_can():
    scores = {}
    for name in ("xor_0", "xor_1", "xor_product", "circle_squares"):
        play = Playground(PRESETS[name])
        assert play.train() is None
        scores[name] = play.scores()[1].accuracy
    assert scores["xor_0"] < 0.75 and min(scores["xor_1"], scores["xor_product"], scores["circle_squares"]) > 0.93


def test_overfitting_shows_and_a_penalty_helps():
    free, held = Playground(PRESETS["overfit"]), Playground(PRESETS["regularised"])
    free.train(), held.train()
    (train, test), (_, calmer) = free.scores(), held.scores()
    assert train.loss < 0.1 and test.loss > 3 * train.loss and calmer.loss < 0.8 * test.loss


@pytest.mark.parametrize(
    "config",
    [
        SMALL,
        replace(SMALL, hidden=(), features=("x1²", "sin x2")),
        replace(SMALL, loss="mse", optimizer="nesterov"),
        replace(SMALL, task="regression", data="gauss_field", hidden=((3, "relu"), (2, "gelu"))),
        replace(SMALL, dropout=0.3, l1=0.001, l2=0.01, optimizer="rmsprop"),
        replace(SMALL, hidden=((8, "sigmoid"),) * 6, optimizer="adagrad"),
    ],
)
def test_a_frame_tells_what_the_nets_module_computes(config):
    play = Playground(config)
    frames = [event for event in play.steps(every=1, warp_layer=1) if isinstance(event, Frame)]
    last = frames[-1]
    assert (last.epoch, last.iteration) == (4, 4 * 3) and last.boundary.shape == (100, 100)
    assert frames[0].boundary.shape == (50, 50) and len(frames) > 4
    with torch.no_grad():
        module = play.model.module.eval()
        dtype = next(module.parameters()).dtype
        out = {}
        for part, x in (
            ("train", play.train_x),
            ("test", play.test_x),
            ("grid", toy.features(toy.grid(100), config.features)),
        ):
            out[part] = module(torch.from_numpy(x).to(dtype))[:, 0].double().numpy()
    for part, y, scores in (("train", play.points.y_train, last.train), ("test", play.points.y_test, last.test)):
        a = out[part]
        if config.task == "regression" or config.loss == "mse":
            assert scores.loss == pytest.approx(((a - y) ** 2).mean(), rel=1e-5)
        else:
            assert scores.loss == pytest.approx(-(y * np.log(a) + (1 - y) * np.log(1 - a)).mean(), rel=1e-4)
        assert scores.accuracy == (None if config.task == "regression" else ((a > 0.5) == (y == 1)).mean())
    shade = out["grid"] if config.task == "regression" else 2 * out["grid"] - 1
    assert np.abs(last.boundary.ravel() - (np.clip(shade, -1, 1) + 1) / 2 * 255).max() < 0.51
    assert [u.shape[0] for u in last.units] == [units for units, _ in config.hidden]
    assert (last.warp is None) == (not config.hidden)


def test_stop_and_resume_give_the_weights_of_one_long_run():
    whole, parts = Playground(SMALL), Playground(SMALL)
    drain(whole.steps(4))
    events = parts.steps(4, every=1)
    for _ in itertools.islice(events, 5):
        pass
    events.close()
    assert parts.trainer.updates == 5
    drain(parts.steps(updates=1))
    assert parts.trainer.updates == 6
    drain(parts.steps(2))
    assert parts.trainer.epoch == 4 and np.array_equal(flat(parts), flat(whole))
    parts.reset()
    assert parts.trainer.updates == 0 and np.array_equal(flat(parts), flat(Playground(SMALL)))


def test_frames_do_not_change_the_run():
    watched, blind = Playground(SMALL), Playground(SMALL)
    drain(watched.steps(every=1, warp_layer=1))
    blind.train()
    assert np.array_equal(flat(watched), flat(blind))


def test_a_weight_edited_by_hand_is_used():
    play = Playground(SMALL)
    drain(play.steps(1))
    play.set_weight(Parameter(2, 1, 3), 0.75)
    play.set_weight(Parameter(3, 0), -20.0)
    assert play.net.get(Parameter(2, 1, 3)) == 0.75 and play.predict(1.0, 1.0) < 1e-4
    before = flat(play)
    drain(play.steps(updates=1))
    after = flat(play)
    assert not np.array_equal(before, after) and np.abs(before - after).max() < 5
    with pytest.raises(InvalidInput):
        play.set_weight(Parameter(9, 0), 1.0)
    with pytest.raises(InvalidInput):
        play.set_weight(Parameter(1, 0, 0), float("inf"))


def test_the_page_offers_what_core_has() -> None:
    from core.lessons.hidden_layers.config import LOSSES
    from core.mlp.activations import ELEMENTWISE
    from demos.hidden_layers import controls

    assert choices.CLASSES == tuple(toy.CLASSIFICATION) and choices.FIELDS == tuple(toy.REGRESSION)
    assert choices.FEATURES.names == tuple(toy.FEATURES) == tuple(controls.NAMES)
    assert set(choices.ACTIVATION) == set(ELEMENTWISE) and choices.LOSS.names == tuple(LOSSES)
    assert choices.PRESET.names == tuple(PRESETS) and choices.PACE.names == tuple(controls.PACES)
    assert controls.chosen(controls.FORM.values()).config == PlaygroundConfig()
    assert all(choices.RATE.low <= rate <= choices.RATE.high for rate in choices.RATES)


def test_a_node_tells_its_numbers():
    play = Playground(SMALL)
    report = play.node(3, 0, (1.0, 2.0))
    assert report.a.value == pytest.approx(play.predict(1.0, 2.0)) and report.text.startswith("sigmoid(")
    with pytest.raises(InvalidInput):
        play.node(4, 0)
    with pytest.raises(InvalidInput):
        play.node(1, 4)


def test_own_points_from_a_table():
    rows = [[i % 7 - 3, i // 7 - 3, "yes" if (i % 7) > 3 else "no"] for i in range(49)]
    play = Playground(from_table(PlaygroundConfig(hidden=(), learning_rate=1.0, epochs=50), rows))
    play.train()
    assert len(play.points.y_train) + len(play.points.y_test) == 49 and play.scores()[0].accuracy == 1.0


def drawn(config):
    points = load(config)
    return [
        (*x, y)
        for x, y in zip(
            [*points.x_train.tolist(), *points.x_test.tolist()], [*points.y_train, *points.y_test], strict=True
        )
    ]


def test_a_click_adds_or_removes_one_point_and_moves_no_other():
    config = PlaygroundConfig(samples=40, noise=10)
    more = with_point(config, 1.0, -2.0, 1)
    assert sorted(drawn(more)) == sorted([*drawn(config), (1.0, -2.0, 1.0)])
    again = with_point(more, 2.0, 2.0, 0)
    before, after = load(more), load(again)
    kept = {tuple(row) for row in after.x_train.tolist()} - {(2.0, 2.0)}
    assert kept == {tuple(row) for row in before.x_train.tolist()} and abs(len(kept) - 20) < 10
    for index in (0, 5, 41):
        assert drawn(without_point(again, index)).count(drawn(again)[index]) == 0
    assert sorted(drawn(without_point(config, 7))) == sorted(drawn(config)[:7] + drawn(config)[8:])
    with pytest.raises(InvalidInput):
        without_point(config, 40)
    with pytest.raises(InvalidInput, match="same label"):
        without_point(
            PlaygroundConfig(points=((1.0, 1.0, 0.0), (2.0, 2.0, 1.0), (3.0, 3.0, 0.0))),
            [p[2] for p in drawn(PlaygroundConfig(points=((1.0, 1.0, 0.0), (2.0, 2.0, 1.0), (3.0, 3.0, 0.0))))].index(
                1.0
            ),
        )


def test_a_diverging_run_ends_with_finite_pictures():
    config = replace(
        SMALL, task="regression", data="plane", hidden=((8, "linear"),) * 3, learning_rate=100.0, epochs=50
    )
    *_, frame, done = Playground(config).steps()
    assert done.stopped == "diverged" and isinstance(frame, Frame)
    assert all(np.isfinite(w).all() for w in frame.weights) and np.isfinite(frame.train.loss)


def test_a_deadline_ends_a_run():
    *_, frame, done = Playground(SMALL).steps(100_000, deadline=0.05)
    assert done.stopped == "deadline" and frame.iteration > 0


def test_two_playgrounds_never_meet():
    one, two, alone = Playground(SMALL), Playground(replace(SMALL, seed=1)), Playground(SMALL)
    first, second = one.steps(every=1), two.steps(every=1)
    for _ in itertools.zip_longest(first, second):
        pass
    drain(alone.steps())
    assert np.array_equal(flat(one), flat(alone)) and not np.array_equal(flat(one), flat(two))


def test_the_drawn_points_are_the_toy_sets():
    points = load(PlaygroundConfig(data="moons", samples=50, noise=20, train_ratio=70, seed=4))
    assert np.array_equal(points.x_train, toy.make(toy.ToyConfig("moons", 50, 20, 70, 4)).x_train)


@pytest.mark.parametrize(
    "wrong",
    [
        {"data": "plane"},
        {"task": "regression"},
        {"features": ()},
        {"features": ("x3",)},
        {"hidden": ((9, "relu"),)},
        {"hidden": ((0, "relu"),)},
        {"hidden": ((2, "relu"),) * 7},
        {"hidden": ((2, "softmax"),)},
        {"dropout": 1.0},
        {"batch_size": 0},
        {"learning_rate": float("nan")},
        {"optimizer": "lbfgs"},
        {"points": ((1.0, 2.0, 0.0), (1.0, 2.0, 0.0))},
        {"points": ((1.0, 2.0, 0.0), (1.0, 2.0, 3.0))},
        {"points": ((1.0, 2.0, 0.0), (1.0, float("nan"), 1.0))},
        {"points": ((1.0, 2.0, 0.0), (1.0, 1e9, 1.0))},
        {"points": ((1.0, 2.0), (1.0, 2.0))},
        {"points": ((1.0, 2.0, 1.0),)},
    ],
)
def test_wrong_values_are_refused(wrong):
    with pytest.raises(InvalidInput):
        PlaygroundConfig(**wrong)


def test_squared_error_is_slow_where_it_is_surely_wrong():
    *steps, done = versus(PlaygroundConfig(epochs=30), every=1)
    assert len(steps) == 30 and all(isinstance(step, VersusStep) for step in steps) and done.stopped is None
    first, last = steps[0], steps[-1]
    assert last.cross_entropy.train.accuracy > 0.7 and last.squared_error.train.accuracy < 0.6
    assert first.cross_entropy.boundary.shape == (50, 50) and last.squared_error.boundary.shape == (100, 100)
    with pytest.raises(InvalidInput):
        next(versus(PlaygroundConfig(task="regression", data="plane")))


def test_the_race_of_two_losses_is_measured_however_seldom_it_is_drawn():
    shared = PlaygroundConfig(samples=40, epochs=150)
    (only,), (*steps, _) = ([*versus(shared)][:-1], versus(shared, every=7))
    marks = [mark for step in steps for mark in step.marks]
    assert [mark.epoch for mark in marks] == list(range(0, 151, 2)) and list(only.marks) == marks
    assert (marks[-1].cross_entropy, marks[-1].squared_error) == (
        only.cross_entropy.test.accuracy,
        only.squared_error.test.accuracy,
    )
    assert marks[0].cross_entropy == marks[0].squared_error < 0.7, "the point where both are surely wrong"


def test_loss_shapes_are_those_of_autograd():
    shapes = loss_shapes()
    z = torch.from_numpy(shapes.z).requires_grad_()
    one = torch.ones_like(z)
    pairs = (
        (
            torch.nn.functional.binary_cross_entropy_with_logits(z, one, reduction="none"),
            shapes.cross_entropy,
            shapes.cross_entropy_slope,
        ),
        ((torch.sigmoid(z) - 1) ** 2, shapes.squared_error, shapes.squared_error_slope),
    )
    for loss, curve, slope in pairs:
        assert np.allclose(loss.detach().numpy(), curve) and np.allclose(
            torch.autograd.grad(loss.sum(), z)[0].numpy(), slope
        )


def test_a_frame_is_cheap():
    """Ten frames a second must cost under a tenth of the time: a frame of the largest net takes under 10 ms."""
    play = Playground(PlaygroundConfig(hidden=((8, "tanh"),) * 6, features=tuple(toy.FEATURES)))
    play.frame(50, 6)
    times = []
    for _ in range(15):
        started = time.process_time()
        play.frame(50, 6)
        times.append(time.process_time() - started)
    assert min(times) < 0.010


def test_the_program_of_a_run_with_detours_prints_its_losses():
    play = Playground(replace(SMALL, optimizer="adam", dropout=0.2, l2=0.01, features=("x1", "x2", "sin x1")))
    drain(play.steps(2))
    play.set_weight(Parameter(1, 0, 0), 2.5)
    drain(play.steps(updates=2))
    play = play.changed(replace(play.config, learning_rate=0.1, optimizer="sgd", loss="mse", dropout=0.0))
    drain(play.steps(3))
    out = programs.run(play.script())
    train, test = play.scores()
    assert float(re.search(r"^test loss = (\S+)", out, re.M)[1]) == pytest.approx(test.loss, rel=1e-9)
    assert float(re.search(r"^final loss = (\S+)", out, re.M)[1]) == pytest.approx(train.loss, rel=1e-9)
    with pytest.raises(InvalidInput):
        Playground(SMALL).script()


def test_other_settings_keep_the_weights_and_another_net_does_not():
    play = Playground(SMALL)
    drain(play.steps(2))
    same = play.changed(replace(SMALL, learning_rate=1.0, l1=0.1, batch_size=3))
    assert np.array_equal(flat(same), flat(play)) and (same.epoch, same.iteration) == (2, 6)
    more = same.changed(with_point(same.config, 0.0, 0.0, 1))
    assert np.array_equal(flat(more), flat(play)) and len(more.points.y_train) + len(more.points.y_test) == 61
    for other in ({"data": "xor"}, {"hidden": ((4, "relu"),)}, {"features": ("x1",)}, {"seed": 1}, {"noise": 10.0}):
        fresh = play.changed(replace(SMALL, **other))
        assert fresh.iteration == 0 and len(fresh.history) == 1
    assert play.changed(SMALL) is play


def test_the_curve_is_marked_at_every_frame_and_goes_into_a_table():
    play = Playground(SMALL)
    frames = [event for event in play.steps(every=play.beat(epochs=1, seconds=60)) if isinstance(event, Frame)]
    assert [mark.epoch for mark in play.history] == [0, 1, 2, 3, 4] and len(frames) == 5  # the last one twice: large
    drain(play.steps(updates=1))
    assert play.history[-1].epoch == pytest.approx(4 + 1 / 3)
    rows = play.to_csv().splitlines()
    assert len(rows) == 7 and rows[-1].startswith("4.33333,13,")
    assert float(rows[-1].split(",")[2]) == pytest.approx(play.scores()[0].loss, rel=1e-8)


def test_the_saved_model_and_lesson_6_see_the_same_net(tmp_path):
    play = Playground(SMALL)
    drain(play.steps(1))
    (tmp_path / "net.safetensors").write_bytes(play.to_safetensors())
    loaded = Sequential.load(tmp_path / "net.safetensors")
    assert loaded.predict(play.test_x)[:, 0] == pytest.approx([play.predict(*p) for p in play.points.x_test])
    net, x, y = opened(play)
    assert (
        x == tuple(play.train_x[0])
        and y == (play.points.y_train[0],)
        and np.array_equal(net.weights[0], play.net.weights[0])
    )
    with pytest.raises(InvalidInput):
        opened(None)


def test_rows_of_a_page_are_points():
    assert as_points(SMALL, [["", "", ""], [None, None, None]]).points == ()
    far = [[6.5, 0, 1], [-6.5, 0.25, 0]]
    assert as_points(SMALL, far).points == ((6.5, 0.0, 1.0), (-6.5, 0.25, 0.0)), "nothing is moved"
    words = as_points(SMALL, [["1", "2", "cat"], ["100", "4", "dog"], [50, 3, "cat"]]).points
    assert [p[2] for p in words] == [0, 1, 0] and max(abs(p[0]) for p in words) == 5
    for wrong in ([[1, 2]], [[1, "x", 0], [1, 2, 1]], [[1, 2, 0]], [[float("nan"), 1, 0], [1, 2, 1]], [[1e308, 1, 0]]):
        with pytest.raises(InvalidInput):
            as_points(SMALL, wrong)
