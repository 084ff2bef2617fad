"""Lesson 4 as one program in plain PyTorch, for an empty folder: the point on the curves, softmax, and the small nets.

Slopes are autograd's here, not derived by hand. Left out: the pictures, the loss after every epoch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.data import toy
from core.lessons.activations.side_by_side import NetsConfig
from core.mlp.activations import ACTIVATIONS, LEAK
from core.mlp.script import packed


def script(
    names: Sequence[str], z: float, scores: Sequence[float], temperature: float, config: NetsConfig, epochs: int
) -> str:
    """Prints value and slope of the functions ``names`` at ``z``, the softmax of ``scores``, and each net of ``config``.

    Of a net after ``epochs``: loss on the training points, accuracy on the held-out ones, dead units, share saturated.
    """
    points = toy.make(toy.ToyConfig(config.data, config.samples, config.noise, seed=config.seed))
    arrays = {name: getattr(points, name) for name in ("x_train", "y_train", "x_test", "y_test")}
    rows: Mapping[str, str] = {
        name: f'table("{packed(array)}", {", ".join(map(str, array.shape))})' for name, array in arrays.items()
    }
    return _PROGRAM.format(
        **rows,
        leak=LEAK,
        least={name: ACTIVATIONS[name].saturated_below for name in config.activations},
        names=list(names),
        z=float(z),
        scores=list(scores),
        temperature=temperature,
        widths=[2, *[int(config.hidden)] * int(config.layers), 1],
        seed=config.seed,
        rate=config.learning_rate,
        size=int(config.batch_size),
        epochs=epochs,
    )


_PROGRAM = """\
import base64
import zlib

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

torch.set_num_threads(1)
FUNCTIONS = {{
    "linear": lambda z: z.clone(),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leaky_relu": lambda z: F.leaky_relu(z, {leak}),
    "elu": F.elu,
    "gelu": F.gelu,
    "silu": F.silu,
}}
SATURATED_BELOW = {least}  # a tenth of the steepest slope


def slopes(f, z):
    z = z.detach().requires_grad_()
    return torch.autograd.grad(f(z).sum(), z)[0]


for name in {names}:
    z = torch.tensor({z}, dtype=torch.float64)
    print(name, FUNCTIONS[name](z).item(), slopes(FUNCTIONS[name], z).item())

print("softmax", torch.softmax(torch.tensor({scores}, dtype=torch.float64) / {temperature}, dim=0).tolist())


def table(text, *shape):
    rows = np.frombuffer(zlib.decompress(base64.b64decode(text)), "<f8").reshape(shape)
    return torch.from_numpy(rows.astype(np.float32))


x, y = {x_train}, {y_train}
x_test, y_test = {x_test}, {y_test}


class Net(nn.Module):
    def __init__(self, f):
        super().__init__()
        source = torch.Generator().manual_seed({seed})  # the same first weights for every function
        widths = {widths}
        self.f, self.linears = f, nn.ModuleList(nn.Linear(a, b) for a, b in zip(widths, widths[1:]))
        for linear in self.linears:
            nn.init.xavier_uniform_(linear.weight, generator=source)
            nn.init.zeros_(linear.bias)

    def trace(self, x):
        seen = []  # z of the hidden layers
        for linear in self.linears[:-1]:
            seen.append(linear(x))
            x = self.f(seen[-1])
        return seen, self.linears[-1](x)[:, 0]


for name in SATURATED_BELOW:
    net = Net(FUNCTIONS[name])
    adam = torch.optim.Adam(net.parameters(), lr={rate})
    shuffling = torch.Generator().manual_seed({seed})  # the same batches for every function
    for _ in range({epochs}):
        order = torch.randperm(len(x), generator=shuffling)
        for start in range(0, len(x), {size}):
            rows = order[start : start + {size}]
            loss = F.binary_cross_entropy_with_logits(net.trace(x[rows])[1], y[rows])
            adam.zero_grad()
            loss.backward()
            adam.step()
    with torch.no_grad():
        seen, logits = net.trace(x)
        loss = F.binary_cross_entropy_with_logits(logits, y).item()
        right = (net.trace(x_test)[1] > 0) == (y_test == 1)
    steep = torch.cat([slopes(net.f, z) for z in seen], dim=1)  # (points, hidden units)
    dead = (steep == 0).all(dim=0).sum().item()
    saturated = (steep.abs() < SATURATED_BELOW[name]).float().mean().item()
    print(name, loss, right.float().mean().item(), dead, saturated)
"""
