"""A trace of lesson 6 as a plain PyTorch script: the same weights, the same sample, the same loss before and after.

Left out: the terms of the chain rule (chain_rule.py); autograd stands in their place, and finds the same gradients.
"""

from __future__ import annotations

import numpy as np

from core.data import toy
from core.lessons.backpropagation.trace import Trace
from core.lessons.backpropagation.vanishing import DeepConfig
from core.mlp.script import ACTIVATIONS, packed

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
    """The probe of a deep net in plain PyTorch: the norm of every layer's gradient, and the first over the last."""
    points = toy.make(toy.ToyConfig(config.data, samples=config.samples, seed=config.seed))
    x = np.concatenate([points.x_train, points.x_test])
    y = np.concatenate([points.y_train, points.y_test])
    return _PROBE.format(
        x=f'table("{packed(x)}", {len(x)}, 2)',
        y=f'table("{packed(y)}", {len(y)})',
        f=ACTIVATIONS.get(config.activation, "nn.Identity()"),
        init=_INITS[config.init],
        norm=f"nn.BatchNorm1d({config.width})" if config.batch_norm else "nn.Identity()",
        residual=config.residual,
        width=config.width,
        depth=config.depth,
        seed=config.seed,
    )


_INITS = {
    "glorot": "nn.init.xavier_uniform_(w, generator=source)",
    "he": 'nn.init.kaiming_normal_(w, nonlinearity="relu", generator=source)',
    "normal_0.01": "nn.init.normal_(w, 0.0, 0.01, generator=source)",
    "normal_1": "nn.init.normal_(w, 0.0, 1.0, generator=source)",
}
_PROBE = """\
# The gradient in every layer of a deep net.
import base64
import zlib

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

torch.set_default_dtype(torch.float64)
source = torch.Generator().manual_seed({seed})


def table(text, *shape):
    return torch.from_numpy(np.frombuffer(zlib.decompress(base64.b64decode(text)), "<f8").reshape(shape).copy())


def linear(inputs, outputs):
    layer = nn.Linear(inputs, outputs)
    w = layer.weight
    {init}
    nn.init.zeros_(layer.bias)
    return layer


class Block(nn.Module):
    def __init__(self, inputs):
        super().__init__()
        self.linear, self.norm, self.f = linear(inputs, {width}), {norm}, {f}
        self.residual = {residual} and inputs == {width}

    def forward(self, h):
        out = self.f(self.norm(self.linear(h)))
        return h + out if self.residual else out


blocks = [Block(inputs) for inputs in [2] + [{width}] * ({depth} - 1)]
deep = nn.Sequential(*blocks, linear({width}, 1))
x, y = {x} / 3, {y}
F.binary_cross_entropy_with_logits(deep(x)[:, 0], y).backward()
norms = [block.linear.weight.grad.norm().item() for block in blocks]
for layer, norm in enumerate(norms, 1):
    print(layer, norm)
print("first / last =", norms[0] / max(norms[-1], 1e-300))
"""
