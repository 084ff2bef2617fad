"""One run of a Sequential, and what it makes small: the loss with its penalties, by torch.

Left out: the loop (core/training/trainer.py), and the same arithmetic by hand (numpy_engine.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from core.errors import NotReady, register
from core.events import Done, TrainStep
from core.mlp.inputs import Rows
from core.mlp.losses import METRICS, Loss, Metric
from core.mlp.names import named
from core.mlp.numpy_engine import LayerSpec, penalty
from core.mlp.record import Compiled, Run
from core.training.callbacks import Callback
from core.training.trainer import Engine, TrainConfig, Trainer

register({"run_replaced": "Another training run has started on this model. Start a new one."})


class Fit(Trainer):
    """One run of a Sequential; its result is a Run."""

    def __init__(
        self,
        model: Any,  # the Sequential
        engine: Engine,
        config: TrainConfig,
        rows: Rows,
        stream: int,
        callbacks: Sequence[Callback],
    ) -> None:
        super().__init__(engine, config, order_stream=model._order, callbacks=callbacks)
        self.model, self.rows, self.stream, self.noted = model, rows, stream, 0

    @property
    def subject(self) -> Any:
        return self.model

    def steps(self, *args: Any, **options: Any) -> Iterator[TrainStep | Done[Any]]:  # its result is a Run
        if self.model._fit is not self:
            raise NotReady("run_replaced")
        return super().steps(*args, **options)

    def result(self, last_loss: float, stopped: str | None) -> Run:
        run = self.model.record(super().result(last_loss, stopped))
        if stopped == "diverged" and self.model._compiled is not None:
            self.model._compiled = replace(self.model._compiled)  # the optimiser's memory was reset
        return run


def metrics_of(compiled: Compiled) -> dict[str, Metric]:
    """By the names that were given: as in Keras, what was asked for as "MAE" is called so ever after."""
    return {name: METRICS[named(name, METRICS)] for name in compiled.metrics}


def objective(
    specs: Sequence[LayerSpec],
    loss: Loss,
    metrics: dict[str, Metric],
    kernels: Sequence[Tensor],
    net: nn.Module,
    x: Tensor,
    y: Tensor,
    weights: Tensor | None = None,
) -> dict[str, Tensor]:
    """The loss with its penalties, and the metrics' batch numbers, by torch. ``net``: an Ends, or what wraps one."""
    z, a = net(x)
    mean = loss.by_torch(z, a, y) if weights is None else (weights * loss.by_rows(z, a, y)).mean()
    numbers = {"loss": mean + penalty(specs, kernels)}
    said, true = a.detach().cpu().numpy(), y.cpu().numpy()
    with np.errstate(all="ignore"):  # a run that diverges is told, not warned of
        for name, metric in metrics.items():
            numbers[name] = torch.as_tensor(metric.batch(said, true))
    return numbers
