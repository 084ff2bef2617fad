"""A trace of lesson 6 as a plain PyTorch script: the same weights, the same sample, the same loss before and after.

Left out: the terms of the chain rule (chain_rule.py); autograd stands in their place, and finds the same gradients.
"""

from __future__ import annotations

from core.lessons.backpropagation.trace import Trace
from core.lessons.backpropagation.vanishing import DeepConfig
from core.mlp.script import ACTIVATIONS

_LOSSES = {"mse": "nn.MSELoss()", "bce": "nn.BCELoss()"}


def script(t: Trace) -> str:
    """One forward pass, one backward pass and one update of whatever net the trace holds, in float64.

    The script prints the loss, the gradient of every weight and bias, and the loss after the update.
    """
    widths = [t.net.weights[0].shape[0], *(len(bias) for bias in t.net.biases)]
    layers = []
    for n_in, n_out, name in zip(widths, widths[1:], t.net.activations, strict=False):
        layers.append(f"nn.Linear({n_in}, {n_out})")
        layers += [ACTIVATIONS[name]] if name in ACTIVATIONS and name != "linear" else []
    return _TRACE.format(
        layers=",\n    ".join(layers),
        weights=[w.T.tolist() for w in t.net.weights],
        biases=[b.tolist() for b in t.net.biases],
        x=t.x.tolist(),
        target=t.target.tolist(),
        loss=_LOSSES[t.kind],
        rate=t.learning_rate,
    )


_TRACE = """\
import torch
from torch import nn

torch.set_default_dtype(torch.float64)
net = nn.Sequential(
    {layers},
)
weights = {weights}
biases = {biases}
with torch.no_grad():
    for layer, weight, bias in zip([m for m in net if isinstance(m, nn.Linear)], weights, biases):
        layer.weight.copy_(torch.tensor(weight))  # (out, in)
        layer.bias.copy_(torch.tensor(bias))
x, target = torch.tensor({x}), torch.tensor({target})
loss_function = {loss}

loss = loss_function(net(x), target)
loss.backward()
for name, parameter in net.named_parameters():
    print(name, parameter.grad.tolist())
print(f"loss = {{loss.item():.12g}}")
torch.optim.SGD(net.parameters(), lr={rate!r}).step()
print(f"after the update = {{loss_function(net(x), target).item():.12g}}")
"""


def probe_script(config: DeepConfig) -> str:
    """The gradient's norm in every layer of a deep net, with this library's own probe."""
    return f"""\
from core.lessons.backpropagation.vanishing import DeepConfig, probe

report = probe({config})
for layer, norm in enumerate(report.weight_gradient, 1):
    print(layer, norm)
print(report.verdict, report.ratio)
"""
