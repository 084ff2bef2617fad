"""The run of lesson 7 as a program for an empty folder: plain PyTorch and NumPy, the same losses at every epoch's end."""

from __future__ import annotations

from core.data import people
from core.lessons.epochs.run import EpochsConfig, count


def script(config: EpochsConfig) -> str:
    """Prints one line an epoch: its number, the updates so far, the loss of all samples."""
    counts, n = count(config), config.samples
    return _SCRIPT.format(
        kg=people.WEIGHTS_KG.tolist(),
        cm=people.HEIGHTS_CM.tolist(),
        more="" if n == len(people.WEIGHTS_KG) else _MORE.format(n=n, seed=config.seed),
        widths=[1, config.hidden, 1] if config.hidden else [1, 1],
        rate=config.learning_rate,
        seed=config.seed,
        epochs=config.epochs,
        order=f"rng.permutation({n})" if config.shuffle else f"np.arange({n})",
        seen=counts.full_batches * counts.batch_size if config.drop_last else n,
        size=counts.batch_size,
    )


_MORE = """
slope, intercept = np.polyfit(kg, cm, 1)  # {n} more, drawn around the line of the ten
spread, rng = (cm - slope * kg - intercept).std(), np.random.default_rng({seed})
kg = rng.normal(kg.mean(), kg.std(), {n})
cm = slope * kg + intercept + rng.normal(0, spread, {n})
"""
_SCRIPT = """\
import numpy as np
import torch
from torch import nn

kg = np.array({kg})  # ten people
cm = np.array({cm})
{more}
x, y = (torch.tensor((v - v.mean()) / v.std(), dtype=torch.float32)[:, None] for v in (kg, cm))

widths, layers, source = {widths}, [], torch.Generator().manual_seed({seed})
for before, after in zip(widths, widths[1:]):
    linear = nn.Linear(before, after)
    nn.init.xavier_uniform_(linear.weight, generator=source)
    nn.init.zeros_(linear.bias)
    layers += [linear, nn.Tanh()]
model = nn.Sequential(*layers[:-1])
optimizer = torch.optim.SGD(model.parameters(), lr={rate})

rng, update = np.random.default_rng({seed}), 0
for epoch in range(1, {epochs} + 1):
    order = {order}
    for start in range(0, {seen}, {size}):
        rows = torch.from_numpy(order[start : start + {size}])
        loss = nn.functional.mse_loss(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        update += 1
    with torch.no_grad():
        print(epoch, update, nn.functional.mse_loss(model(x), y).item())
"""
