"""Devices without float64 (Apple's): a fake one, whose tensors refuse that type until they are on the CPU."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from core import Dense, Dropout, Sequential
from core.events import drain
from core.training.torch_engine import TorchEngine
from core.training.trainer import TrainConfig, Trainer, supervised


class Apple(torch.Tensor):
    """Lies on a device without float64."""

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.Tensor.cpu:
            with torch._C.DisableTorchFunctionSubclass():
                return args[0].as_subclass(torch.Tensor)
        made = super().__torch_function__(func, types, args, kwargs or {})
        if isinstance(made, Apple) and made.dtype == torch.float64:
            raise TypeError(
                "Cannot convert a MPS Tensor to float64 dtype as the MPS framework doesn't support float64."
            )
        return made


def test_the_fake_refuses_as_the_device_does() -> None:
    there = torch.ones(2).as_subclass(Apple)
    assert (there + 1).cpu().double().tolist() == [2, 2]
    for wrong in (lambda: there.double(), lambda: (there * 2).to(torch.float64)):
        with pytest.raises(TypeError):
            wrong()


def test_the_loop_asks_for_no_float64_there() -> None:
    x = torch.arange(12.0)[:, None].as_subclass(Apple) / 12
    net = nn.Linear(1, 1)
    net.weight, net.bias = (nn.Parameter(p.detach().as_subclass(Apple)) for p in (net.weight, net.bias))
    objective = supervised(F.mse_loss, mae=F.l1_loss)
    adam = torch.optim.SGD(net.parameters(), lr=0.1)
    engine = TorchEngine(net, objective, adam, (x, 2 * x), validation=(x, 2 * x), device="cpu")
    engine._eager = False  # as on a device whose losses are read only when someone looks
    history = drain(Trainer(engine, TrainConfig(batch_size=5)).steps(epochs=30)).history
    assert history.keys() == {"loss", "mae", "val_loss", "val_mae"}
    assert history["loss"][-1] < history["loss"][0] / 5


def test_sequential_in_float32_makes_no_float64_tensor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dropout's masks, the passes and the metrics, on the path that accelerators take."""
    made: list[str] = []
    was = torch.Tensor.to

    def to(self: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        out = was(self, *args, **kwargs)
        made.extend(["to"] if out.dtype == torch.float64 and self.dtype != torch.float64 else [])
        return out

    x = np.linspace(-1, 1, 24).reshape(12, 2)
    model = Sequential([Dense(8, "relu"), Dropout(0.5), Dense(1)], dtype="float32")
    model.compile("adam", "mse", ["mae"], engine="autograd")
    model.build((2,))
    run = model.trainer(x, x[:, :1], batch_size=4)
    monkeypatch.setattr(torch.Tensor, "to", to)
    monkeypatch.setattr(torch.Tensor, "double", lambda self: made.append("double") or was(self, torch.float64))
    list(run.steps(updates=2))
    assert not made
