"""core.mlp.activations against torch autograd and hand-counted values."""

import doctest

import numpy as np
import pytest
import torch

from core.errors import InvalidInput
from core.mlp import activations
from core.mlp.activations import ACTIVATIONS, ELEMENTWISE, activation, at, curves, softmax

GRID = torch.cat([torch.linspace(-9, 9, 181, dtype=torch.float64), torch.tensor([0.0, 1e-9, -1e-9, 40.0, -40.0])])


def autograd_slope(name, z):
    z = z.clone().requires_grad_()
    return torch.autograd.grad(ACTIVATIONS[name].forward(z).sum(), z)[0]


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_derivative_by_hand_equals_autograd(name):
    by_hand = ACTIVATIONS[name].derivative(GRID)
    torch.testing.assert_close(by_hand, autograd_slope(name, GRID), rtol=1e-9, atol=1e-12)
    assert by_hand.dtype == torch.float64 and ACTIVATIONS[name].derivative(GRID.float()).dtype == torch.float32


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_saturation_threshold_is_a_tenth_of_the_steepest_slope(name):
    steepest = float(ACTIVATIONS[name].derivative(GRID).abs().max())
    assert ACTIVATIONS[name].saturated_below == pytest.approx(steepest / 10, rel=0.15)


@pytest.mark.parametrize(
    ("name", "z", "state"),
    [
        ("linear", 3, "linear"),
        ("sigmoid", 0, "healthy"),
        ("sigmoid", 6, "saturated"),
        ("sigmoid", -6, "saturated"),
        ("tanh", 0.5, "healthy"),
        ("tanh", -3, "saturated"),
        ("relu", 2, "healthy"),
        ("relu", 0, "dead"),
        ("relu", -0.1, "dead"),
        ("leaky_relu", -5, "leaking"),
        ("leaky_relu", 5, "healthy"),
        ("elu", -5, "saturated"),
        ("gelu", -1.5, "falling"),
        ("gelu", -6, "saturated"),
        ("silu", 2, "healthy"),
    ],
)
def test_call_outs(name, z, state):
    assert at(name, z).state == state
    assert state in activations.CALL_OUTS


def test_tangent_touches_the_curve():
    for name in ELEMENTWISE:
        line = at(name, 0.7)
        assert line.slope * 0.7 + line.intercept == pytest.approx(line.value)
        near = at(name, 0.7 + 1e-5).value
        assert (near - line.value) / 1e-5 == pytest.approx(line.slope, abs=1e-4)


def test_zones_tile_the_axis_and_agree_with_the_call_outs():
    for name in ELEMENTWISE:
        found = activations.zones(name)
        assert found[0].low == -6 and found[-1].high == 6
        assert all(a.high == b.low and a.state != b.state for a, b in zip(found, found[1:], strict=False))
        assert all(at(name, (zone.low + zone.high) / 2).state == zone.state for zone in found)
    edge = activations.zones("sigmoid")[0].high
    assert at("sigmoid", edge).slope == pytest.approx(0.025, abs=5e-4)


def test_a_gradient_through_ten_layers_shrinks_by_the_tenth_power():
    assert at("sigmoid", 0).through(10) == pytest.approx(0.25**10)
    assert at("relu", 3).through(10) == 1.0


def test_curves_have_one_array_per_name():
    result = curves(["tanh", "silu"], -2, 2, 5)
    np.testing.assert_allclose(result.z, [-2, -1, 0, 1, 2])
    np.testing.assert_allclose(result.f["tanh"], np.tanh(result.z))
    np.testing.assert_allclose(result.slope["tanh"], 1 - np.tanh(result.z) ** 2)
    assert set(result.slope) == {"tanh", "silu"}


def test_softmax_jacobian_equals_autograd():
    z = torch.tensor([1.0, -2.0, 0.5, 3.0], dtype=torch.float64)
    for temperature in (1.0, 0.3):
        ours = softmax(z.tolist(), temperature)
        truth = torch.autograd.functional.jacobian(lambda v, t=temperature: torch.softmax(v / t, 0), z)
        np.testing.assert_allclose(ours.jacobian, truth.numpy(), atol=1e-12)
        np.testing.assert_allclose(ours.jacobian.sum(1), 0, atol=1e-12)
    np.testing.assert_allclose(ACTIVATIONS["softmax"].derivative(z).numpy(), np.diag(softmax(z.tolist()).jacobian))
    assert softmax([1000.0, -1000.0]).probabilities.tolist() == [1.0, 0.0]


def test_values_outside_the_rules_are_told_with_a_code():
    assert activation(None).name == "linear"
    for call, code in [
        (lambda: activation("rleu"), "not_one_of"),
        (lambda: at("softmax", 0), "not_one_of"),
        (lambda: at("relu", float("nan")), "not_finite"),
        (lambda: curves(["relu"], 1, -1), "out_of_range"),
        (lambda: curves(["relu"], points=1), "out_of_range"),
        (lambda: softmax([]), "out_of_range"),
        (lambda: softmax([1.0, "a"]), "not_a_number"),
    ]:
        with pytest.raises(InvalidInput) as caught:
            call()
        assert caught.value.code == code


def test_docstring_examples_run():
    assert doctest.testmod(activations).failed == 0
