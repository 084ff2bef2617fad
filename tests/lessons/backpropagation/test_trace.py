"""Oracles: torch.autograd on an nn.Module built apart, central finite differences, and a net worked out on paper."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from core.errors import Diverged, InvalidInput
from core.lessons.backpropagation.chain_rule import chain, stations, update
from core.lessons.backpropagation.trace import TraceConfig, check_gradients, run, trace
from core.mlp.equations import tex
from core.mlp.plain_net import Net, Parameter

NETS = [
    TraceConfig(),
    TraceConfig(x=(0.3,), hidden=(1,), activations=("tanh",), output="linear", seed=1),
    TraceConfig(x=(1, 2, -0.5), target=(0.0, 1.0), hidden=(3, 4), activations=("relu", "sigmoid"), loss="bce", seed=2),
    TraceConfig(x=(0.5, -1), hidden=(4, 4, 4), activations=("gelu", "silu", "elu"), output="tanh", seed=3),
    TraceConfig(
        x=(0.5, -1, 3, 2),
        target=(1.0, 0.0, 0.5),
        hidden=(2, 3),
        activations=("leaky_relu", "tanh"),
        output="linear",
        seed=4,
    ),
]


def twin(net):
    """The same net as nn.Linear and nn activations, float64."""
    modules = {
        "linear": nn.Identity,
        "sigmoid": nn.Sigmoid,
        "tanh": nn.Tanh,
        "relu": nn.ReLU,
        "gelu": nn.GELU,
        "silu": nn.SiLU,
        "elu": nn.ELU,
    }
    layers = []
    for weights, bias, name in zip(net.weights, net.biases, net.activations, strict=True):
        linear = nn.Linear(*weights.shape, dtype=torch.float64)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(weights.T))
            linear.bias.copy_(torch.from_numpy(bias))
        layers += [linear, nn.LeakyReLU(0.2) if name == "leaky_relu" else modules[name]()]
    return nn.Sequential(*layers)


@pytest.mark.parametrize("config", NETS)
def test_gradients_update_and_new_loss_are_those_of_a_torch_module(config):
    found, module = trace(config), twin(config.initial_net())
    measure = nn.functional.mse_loss if config.loss == "mse" else nn.functional.binary_cross_entropy
    x, y = torch.tensor(config.x, dtype=torch.float64), torch.tensor(config.target, dtype=torch.float64)
    optimizer = torch.optim.SGD(module.parameters(), lr=config.learning_rate)
    loss = measure(module(x), y)
    loss.backward()
    assert found.loss == pytest.approx(loss.item(), rel=1e-12)
    linears = [layer for layer in module if isinstance(layer, nn.Linear)]
    for linear, weights, bias in zip(linears, found.weight_gradients, found.bias_gradients, strict=True):
        assert np.allclose(linear.weight.grad.T.numpy(), weights, rtol=1e-10, atol=1e-14)
        assert np.allclose(linear.bias.grad.numpy(), bias, rtol=1e-10, atol=1e-14)
    optimizer.step()
    assert found.new_loss == pytest.approx(measure(module(x), y).item(), rel=1e-12)


@pytest.mark.parametrize("config", NETS)
def test_three_ways_to_the_same_gradient(config):
    check = check_gradients(trace(config))
    assert (
        len(check.parameters)
        == len(check.numeric)
        == sum(w.size for w in (*config.initial_net().weights, *config.initial_net().biases))
    )
    assert check.autograd_difference < 1e-12 and check.numeric_difference < 1e-5 and check.kinks == ()


@pytest.mark.parametrize("config", NETS)
def test_every_chain_multiplies_and_its_paths_add_up(config):
    found = trace(config)
    for p in found.net.parameters:
        terms = chain(found, p)
        assert math.prod(f.value for f in terms.factors) == pytest.approx(terms.gradient, rel=1e-10, abs=1e-15)
        assert sum(path.product for path in terms.paths) == pytest.approx(terms.gradient, rel=1e-10, abs=1e-15)
        widths = [*config.hidden, len(config.target)][p.layer :]
        assert terms.path_count == len(terms.paths) == math.prod(widths)
        assert update(found, p).value == found.net.get(p) - config.learning_rate * terms.gradient


def test_a_net_worked_out_on_paper():
    """x = 2 → z = 1·2 − 1 = 1, ReLU → 1, times 3 plus 0.5 = 3.5; (3.5 − 3)² = 0.25; 2·0.5·3·1·2 = 6."""
    net = Net((np.array([[1.0]]), np.array([[3.0]])), (np.array([-1.0]), np.array([0.5])), ("relu", "linear"))
    found = run(net, (2.0,), (3.0,), learning_rate=0.1)
    terms = chain(found, Parameter(1, 0, 0))
    assert found.loss == 0.25 and terms.gradient == 6.0
    assert [f.value for f in terms.factors] == [3.0, 1.0, 2.0]
    assert [f.value for f in terms.paths[0].factors] == [1.0, 1.0, 3.0, 1.0, 2.0]
    assert terms.latex.endswith(r"= 3 \cdot 1 \cdot 2 = 6")
    assert found.updated.weights[0].tolist() == [[pytest.approx(0.4)]]


def test_the_walk_has_every_station_in_order_and_the_traces_numbers():
    found = trace(NETS[2])
    walk = stations(found)
    assert [(s.kind, s.layer) for s in walk] == [
        ("forward", 1), ("forward", 2), ("forward", 3), ("loss", 0), ("backward", 3), ("backward", 2), ("backward", 1),
        ("update", 0), ("new_loss", 0),
    ]  # fmt: skip
    for station in walk[:3]:
        values = [e.value for e in station.equations]
        assert values[0::2] == pytest.approx(found.z[station.layer - 1].tolist())
        assert values[1::2] == pytest.approx(found.a[station.layer - 1].tolist())
    assert walk[3].equations[0].value == found.loss and walk[-1].equations[0].value == found.new_loss
    assert len(walk[6].equations) == 3 + 3 * 3 + 3 and sum(s.omitted for s in walk) == 0
    assert walk[6].equations[0].value == found.deltas[0][0]
    assert all(e.latex.count("{") == e.latex.count("}") for s in walk for e in s.equations)


def test_a_wide_net_is_traced_within_bounds():
    rng = np.random.default_rng(0)
    shapes = [(1, 64), (64, 64), (64, 1)]
    net = Net(
        tuple(rng.normal(0, 0.2, s) for s in shapes), tuple(np.zeros(s[1]) for s in shapes), ("relu", "tanh", "linear")
    )
    found = run(net, (1.0,), (0.5,), learning_rate=0.01)
    check = check_gradients(found)
    assert check.autograd_difference < 1e-12 and check.numeric_difference < 1e-6 and 200 < len(check.parameters) <= 300
    assert max(len(s.equations) for s in stations(found)) == 64 and any(s.omitted for s in stations(found))
    assert r"\cdots" in stations(found)[1].equations[0].latex
    terms = chain(found, Parameter(1, 5, 0))
    assert sum(path.product for path in terms.paths) == pytest.approx(terms.gradient, rel=1e-9, abs=1e-15)


def test_a_kink_is_reported_where_finite_differences_fail():
    net = Net((np.array([[1.0]]), np.array([[1.0]])), (np.array([-2.0]), np.array([0.0])), ("relu", "linear"))
    check = check_gradients(run(net, (2.0,), (1.0,)))
    assert check.kinks == ((1, 0),) and check.autograd_difference == 0 and check.numeric_difference > 0.1


def test_a_saturated_sigmoid_has_torchs_gradient():
    net = Net((np.array([[50.0]]),), (np.array([0.0]),), ("sigmoid",))
    found = run(net, (1.0,), (0.0,), "bce")
    assert (
        found.loss
        == nn.functional.binary_cross_entropy(
            torch.sigmoid(torch.tensor([50.0], dtype=torch.float64)), torch.zeros(1, dtype=torch.float64)
        ).item()
    )
    assert check_gradients(found).autograd_difference == 0


def test_editing_a_weight_changes_that_weight_only():
    net = NETS[2].initial_net()
    p = Parameter(2, 3, 1)
    edited = net.set(p, 1.5)
    assert edited.get(p) == edited.weights[1][1, 3] == 1.5 and p.name == "w(2)[4,2]"
    assert [edited.get(q) == net.get(q) for q in net.parameters].count(False) == 1
    with pytest.raises(InvalidInput, match="w\\(2\\)"):
        net.set(p, math.nan)


@pytest.mark.parametrize(
    "wrong",
    [
        {"hidden": ()},
        {"hidden": (5,)},
        {"hidden": (2, 2, 2)},
        {"activations": ("softmax",)},
        {"loss": "bce", "output": "linear"},
        {"loss": "bce", "target": (2.0,)},
        {"x": (math.inf, 1.0)},
        {"x": ()},
        {"learning_rate": -1},
    ],
)
def test_wrong_values_are_refused(wrong):
    with pytest.raises(InvalidInput):
        TraceConfig(**wrong)


def test_sizes_that_do_not_fit_and_overflow_are_explained():
    net = TraceConfig().initial_net()
    with pytest.raises(InvalidInput, match="x must have the shape 2"):
        run(net, (1.0,), (1.0,))
    with pytest.raises(Diverged):
        run(Net((np.array([[1e200]]),), (np.zeros(1),), ("linear",)), (1.0,), (0.0,))


def test_numbers_in_latex():
    assert [tex(0.12345), tex(-2.0, factor=True), tex(-0.0), tex(1.5e-7)] == [
        "0.1235",
        "(-2)",
        "0",
        r"1.5 \times 10^{-7}",
    ]
