"""core.lessons.activations.side_by_side against a PyTorch loop, scikit-learn's boundary, and hand counts."""

import csv
import doctest

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from core.errors import InvalidInput
from core.events import Done, drain
from core.lessons.activations import side_by_side
from core.lessons.activations.side_by_side import NetsConfig, NetsStep, SideBySide, boundaries


def test_losses_equal_a_plain_torch_loop():
    config = NetsConfig("moons", ("gelu",), layers=2, epochs=4)
    run, twin = SideBySide(config), SideBySide(config)
    net, order = twin.nets["gelu"], torch.Generator().manual_seed(config.seed)
    x, y = (torch.tensor(v, dtype=torch.float32) for v in (run.points.x_train, run.points.y_train))
    plain = torch.nn.Sequential(
        net.linears[0], torch.nn.GELU(), net.linears[1], torch.nn.GELU(), net.linears[2], torch.nn.Flatten(0)
    )
    adam, loss = torch.optim.Adam(plain.parameters(), lr=config.learning_rate), torch.nn.BCEWithLogitsLoss()
    expected = [loss(plain(x), y).item()]
    for _ in range(4):
        for rows in torch.randperm(len(x), generator=order).split(config.batch_size):
            adam.zero_grad()
            loss(plain(x[rows]), y[rows]).backward()
            adam.step()
        expected.append(loss(plain(x), y).item())
    assert drain(run.steps()).losses["gelu"] == pytest.approx(expected, rel=1e-5)


def test_every_net_starts_from_the_same_weights():
    nets = SideBySide(NetsConfig(layers=3)).nets.values()
    first, *rest = (torch.cat([p.flatten() for p in net.parameters()]) for net in nets)
    assert len(rest) == 7 and all(torch.equal(first, other) for other in rest)


def test_linear_layers_stay_one_straight_line_however_many():
    run = drain(boundaries(NetsConfig("gauss", ("linear",), layers=4, epochs=30)))
    view = run.view().nets[0]
    oracle = LogisticRegression(C=1e6).fit(run.points.x_train, run.points.y_train)
    assert view.accuracy == pytest.approx(oracle.score(run.points.x_test, run.points.y_test), abs=0.03)
    y, x = np.mgrid[20:-20:-1, 0:40].reshape(2, -1)  # a straight boundary splits the pixels without error
    side = (view.boundary > 127).ravel()
    line = LogisticRegression(C=1e6, max_iter=1000).fit(np.column_stack([x, y]), side)
    assert line.score(np.column_stack([x, y]), side) > 0.99


def test_picture_and_accuracy_are_the_nets_own():
    run = drain(boundaries(NetsConfig("circle", ("tanh",), epochs=30)))
    view = run.view(size=12).nets[0]
    assert view.boundary.shape == (12, 12) and view.boundary.dtype == np.uint8
    net = run.nets["tanh"]
    corner = torch.sigmoid(net(torch.tensor([[-5.5, 5.5]]))).item()  # the middle of the first pixel
    assert view.boundary[0, 0] == round(corner * 255)
    right = (net(torch.tensor(run.points.x_test, dtype=torch.float32)) > 0).numpy() == run.points.y_test
    assert view.accuracy == right.mean() > 0.85
    assert view.loss == run.losses["tanh"][-1] < run.losses["tanh"][0]


def test_dead_and_saturated_units_are_counted_on_the_training_points():
    run = SideBySide(NetsConfig("circle", ("relu", "sigmoid", "leaky_relu"), hidden=4))
    with torch.no_grad():
        for net in run.nets.values():
            net.linears[0].bias[:3] = torch.tensor([-12.0, -12.0, 12.0])
    relu, sigmoid, leaky = run.view().nets
    assert (relu.dead, sigmoid.dead, leaky.dead) == (2, 0, 0)  # the third unit of ReLU is on everywhere
    assert relu.saturated >= 0.5 and sigmoid.saturated >= 0.75 and leaky.saturated == 0


def test_deep_sigmoid_learns_slower_than_deep_relu():
    run = drain(boundaries(NetsConfig("circle", ("sigmoid", "relu"), layers=4, epochs=20, learning_rate=0.01)))
    assert run.losses["relu"][-1] < 0.3 < run.losses["sigmoid"][-1]


def test_stop_resume_and_single_steps_are_the_same_run():
    config = NetsConfig("xor", ("tanh", "relu"), epochs=6)
    whole, broken = drain(SideBySide(config).steps()), SideBySide(config)
    stream = broken.steps()
    next(stream)
    stream.close()
    assert [e.epoch for e in broken.steps(1) if isinstance(e, NetsStep)] == [2]
    events = list(broken.steps())
    assert [type(e) for e in events] == [NetsStep] * 4 + [Done] and broken.finished
    assert broken.losses == whole.losses
    assert list(broken.steps())[:-1] == []


def test_one_diverging_net_does_not_stop_the_others():
    run = SideBySide(NetsConfig("xor", ("tanh", "relu"), epochs=3))
    with torch.no_grad():
        run.nets["relu"].linears[1].weight.fill_(1e38)
    events = list(run.steps())
    tanh, relu = events[-2].nets
    assert relu.diverged and not tanh.diverged and events[-1].stopped is None
    assert run.losses["tanh"][-1] < run.losses["tanh"][0] and len(run.losses["relu"]) == 4
    with torch.no_grad():
        lost = SideBySide(NetsConfig("xor", ("relu",), epochs=3))
        lost.nets["relu"].linears[1].weight.fill_(1e38)
    assert list(lost.steps())[-1].stopped == "diverged"


def test_deadline_and_csv():
    run = SideBySide(NetsConfig(activations=("relu", "silu"), epochs=50))
    events = list(run.steps(deadline=0.0))
    assert events[-1].stopped == "deadline" and run.epoch == 1
    rows = list(csv.reader(run.to_csv().splitlines()))
    assert rows[0] == ["epoch", "relu", "silu"] and [float(v) for v in rows[2]] == [
        1,
        *(v[-1] for v in run.losses.values()),
    ]


def test_parameters_of_the_net_of_the_lesson():
    assert SideBySide(NetsConfig()).parameters == 2 * 8 + 8 + 8 + 1


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ({"data": "plane"}, "not_one_of"),
        ({"activations": ()}, "out_of_range"),
        ({"activations": ("softmax",)}, "not_one_of"),
        ({"hidden": 0}, "out_of_range"),
        ({"layers": 1.5}, "not_whole"),
        ({"learning_rate": float("nan")}, "not_finite"),
        ({"epochs": "many"}, "not_a_number"),
        ({"samples": 10**9}, "out_of_range"),
    ],
)
def test_values_outside_the_rules_are_told_with_a_code(bad, code):
    with pytest.raises(InvalidInput) as caught:
        NetsConfig(**bad)
    assert caught.value.code == code


def test_docstring_examples_run():
    assert doctest.testmod(side_by_side).failed == 0
