"""Oracles: torch.autograd.grad on the same net without hooks, torch's initialisers, and what the literature reports."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from core.errors import InvalidInput
from core.events import Done, drain
from core.lessons.backpropagation.vanishing import (
    SIDE,
    DeepConfig,
    DeepNet,
    Race,
    RaceConfig,
    RaceStep,
    Recorder,
    _points,
    lanes,
    probe,
)


def hooks_left(net):
    on_modules = sum(len(m._forward_hooks) + len(m._backward_hooks) + len(m._forward_pre_hooks) for m in net.modules())
    return on_modules + sum(len(p._backward_hooks or ()) for p in net.parameters())


@pytest.mark.parametrize(("batch_norm", "residual"), [(False, False), (True, False), (False, True), (True, True)])
@pytest.mark.parametrize("name", ["sigmoid", "relu"])
def test_norms_are_those_of_autograd_without_hooks(name, batch_norm, residual):
    config = DeepConfig(depth=5, width=7, activation=name, batch_norm=batch_norm, residual=residual, seed=3)
    net, (x, y) = DeepNet(config), _points(config)
    report = probe(config, net)
    weights = [block.linear.weight for block in net.blocks]
    grads = torch.autograd.grad(F.binary_cross_entropy_with_logits(net(x), y), weights)
    assert report.weight_gradient == pytest.approx([g.norm().item() for g in grads], rel=1e-9)
    assert report.parameters == sum(p.numel() for p in net.parameters())
    assert hooks_left(net) == 0 and all(p.grad is None for p in net.parameters())


def test_activations_and_signals_are_those_of_a_pass_by_hand():
    config = DeepConfig(depth=3, width=6, activation="tanh", init="normal_1", seed=1)
    net, (x, y) = DeepNet(config), _points(config)
    report, h, zs = probe(config, net), x, []
    for block in net.blocks:
        z = h @ block.linear.weight.T + block.linear.bias
        z.retain_grad()
        zs.append(z)
        h = torch.tanh(z)
    F.binary_cross_entropy_with_logits((h @ net.head.weight.T + net.head.bias)[:, 0], y).backward()
    assert report.signal_gradient == pytest.approx([z.grad.norm().item() for z in zs], rel=1e-9)
    assert report.std == pytest.approx([torch.tanh(z).std(correction=0).item() for z in zs], rel=1e-9)
    assert report.mean == pytest.approx([torch.tanh(z).mean().item() for z in zs], rel=1e-9, abs=1e-12)
    assert report.saturated == pytest.approx([((1 - torch.tanh(z) ** 2) < 0.1).double().mean().item() for z in zs])


def test_hooks_are_removed_when_the_pass_fails():
    net = DeepNet(DeepConfig(depth=3))
    with pytest.raises(RuntimeError), Recorder(net, "sigmoid"):
        assert hooks_left(net) == 3 * 3
        net(torch.zeros(4, 5, dtype=torch.float64))
    assert hooks_left(net) == 0


def test_what_the_literature_reports():
    deep = {"depth": 40, "width": 32}
    plain = probe(DeepConfig(activation="sigmoid", **deep))
    assert plain.verdict == "vanishing" and plain.ratio < 1e-15 and np.all(np.isfinite(plain.log10))
    slope = np.polyfit(range(40), plain.log10, 1)[0]
    assert slope > np.log10(2)  # each sigmoid passes at most a quarter back
    assert probe(DeepConfig(activation="relu", init="he", **deep)).verdict == "healthy"
    assert probe(DeepConfig(activation="relu", init="normal_1", **deep)).verdict == "exploding"
    assert probe(DeepConfig(activation="relu", init="normal_0.01", **deep)).verdict == "vanishing"
    assert probe(DeepConfig(activation="sigmoid", residual=True, **deep)).verdict == "healthy"
    assert probe(DeepConfig(activation="sigmoid", batch_norm=True, **deep)).ratio > 1e9 * plain.ratio


def test_the_largest_and_smallest_nets_give_finite_numbers():
    for config in (
        DeepConfig(depth=50, width=256, activation="relu", init="normal_1", samples=64),
        DeepConfig(depth=50, width=1, init="normal_0.01"),
        DeepConfig(depth=1, width=1),
    ):
        report = probe(config)
        for array in (
            report.weight_gradient,
            report.signal_gradient,
            report.mean,
            report.std,
            report.saturated,
            report.log10,
        ):
            assert array.shape == (config.depth,) and np.isfinite(array).all()


def test_initialisations_have_their_spread():
    std = {
        init: DeepNet(DeepConfig(depth=2, width=200, init=init)).hidden[1].linear.weight.std().item()
        for init in ("glorot", "he", "normal_0.01", "normal_1")
    }
    assert list(std.values()) == pytest.approx([(2 / 400) ** 0.5, (2 / 200) ** 0.5, 0.01, 1.0], rel=0.02)


def test_sigmoid_stands_still_while_relu_learns():
    *steps, done = Race(RaceConfig(lanes(6), updates=300)).steps(every=50)
    assert [step.update for step in steps] == [50, 100, 150, 200, 250, 300] and done.stopped is None
    sigmoid, relu = steps[-1].losses[:, -1]
    assert sigmoid > 0.69 and relu < 0.05 and steps[-1].accuracies[1] > 0.98
    assert steps[0].first_gradients[0].max() < 1e-3 < steps[0].first_gradients[1].min()
    assert np.ptp(steps[-1].boundaries[0].astype(int)) < 20 < np.ptp(steps[-1].boundaries[1].astype(int))
    assert steps[-1].boundaries.shape == (2, SIDE, SIDE)


def test_a_race_resumes_where_it_stopped_and_loses_no_number():
    config = RaceConfig((DeepConfig(depth=2, batch_norm=True), DeepConfig(depth=2, activation="tanh")), updates=9)
    whole, parts = Race(config), Race(config)
    drain(whole.steps())
    drain(parts.steps(updates=1))
    steps = [e for e in parts.steps(every=3) if isinstance(e, RaceStep)]
    assert [step.losses.shape for step in steps] == [(2, 3), (2, 3), (2, 2)]
    assert [lane.losses for lane in parts.lanes] == [lane.losses for lane in whole.lanes]
    assert [type(e) for e in parts.steps()] == [Done]


def test_a_diverging_lane_and_a_deadline_end_the_race():
    exploding = DeepConfig(depth=8, activation="linear", init="normal_1", width=64)
    *_, done = Race(RaceConfig((exploding, DeepConfig(depth=1)), learning_rate=100.0)).steps()
    assert done.stopped == "diverged" and np.isfinite(done.result.lanes[0].losses).all()
    *_, done = Race(RaceConfig()).steps(deadline=0.0)
    assert done.stopped == "deadline" and done.result.update == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"depth": 0},
        {"depth": 51},
        {"width": 0},
        {"width": 1000},
        {"init": "xavier"},
        {"activation": "softmax"},
        {"samples": 2},
        {"data": "plane"},
    ],
)
def test_wrong_values_are_refused(wrong):
    with pytest.raises(InvalidInput):
        DeepConfig(**wrong)
