"""Two processes on the CPU, as ``torchrun --nproc_per_node=2`` starts them, against one: losses, modes, statistics."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from core import Dense, Sequential
from core.events import drain
from core.training.torch_engine import TorchEngine
from core.training.trainer import TrainConfig, Trainer, supervised
from tests.places import ROOT

X = torch.randn(23, 3, generator=torch.Generator().manual_seed(0))  # batches of 10, 10 and 3
Y = X[:, :1] - 2 * X[:, 1:2] ** 2


def plain() -> list[float]:
    """Short last batches and a clipped gradient."""
    torch.manual_seed(1)
    net = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1))
    return list(trained(net, supervised(F.mse_loss), clip_norm=0.1).history["loss"])


def sequential() -> list[float]:
    """Keras' verbs by autograd, with penalties and metrics."""
    model = Sequential([Dense(6, "tanh", l1=0.001, l2=0.01), Dense(1, "sigmoid")], seed=2)
    model.compile("adam", "binary_crossentropy", ["acc"], 0.05, engine="autograd")
    run = model.fit(X.numpy(), (Y > 0).double().numpy(), epochs=3, batch_size=10)
    return [value for values in run.history.values() for value in values]


def trained(net: nn.Module, objective: Any, **options: Any) -> Any:
    adam = torch.optim.Adam(net.parameters(), lr=0.05)
    engine = TorchEngine(net, objective, adam, (X, Y), device="cpu", **options)
    return drain(Trainer(engine, TrainConfig(batch_size=10)).steps(epochs=3))


def modes() -> dict[str, Any]:
    """A net that begins in eval mode, as one just loaded does: is it trained in train mode?"""
    torch.manual_seed(1)
    net = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 1)).eval()
    seen = []

    def objective(module: nn.Module, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        seen.append(all(part.training for part in module.modules()))
        return F.mse_loss(module(x), y)

    trained(net, objective, validation=(X, Y), validation_batch=23)
    norm, train, check = net[1], seen[0:3], seen[3]
    return {"train": train, "validation": check, "moved": bool(norm.running_mean.abs().sum() > 0), "left": net.training}


EXPECTED = {"train": [True] * 3, "validation": False, "moved": True, "left": False}


def test_a_net_in_eval_mode_is_trained_in_train_mode() -> None:
    assert modes() == EXPECTED


@pytest.mark.slow
def test_two_processes_train_as_one() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node=2", "--standalone", __file__],
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
    )
    told = [json.loads(line.partition("told ")[2]) for line in done.stdout.splitlines() if "told " in line]
    assert len(told) == 2, done.stderr[-3000:]
    for each in told:
        np.testing.assert_allclose(each["plain"], plain(), rtol=1e-5)
        np.testing.assert_allclose(each["sequential"], sequential(), rtol=1e-5)
        assert each["modes"] == EXPECTED


if __name__ == "__main__":
    sys.stdout.write("told " + json.dumps({"plain": plain(), "sequential": sequential(), "modes": modes()}) + "\n")
