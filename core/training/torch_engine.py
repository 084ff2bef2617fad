"""TorchEngine: one training step of any nn.Module by autograd, for the loop in trainer.py.

bf16 autocast, channels-last memory and gradient clipping are switches. Under ``torchrun`` each process takes its share of
every batch, and the averaged gradient is the one a single device would have; but BatchNorm averages over a process' own
rows, and dropout draws another mask, so with these two the numbers are others. Left out: gradient accumulation, loss
scaling (bf16 needs none). Sources: PyTorch's training tutorial; accelerate's `Accelerator`.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from core import runtime
from core.errors import checking
from core.training.trainer import Numbers, Objective, averages

Data = Sequence[Tensor | NDArray[Any]]


class Optimizes(Protocol):
    """What a step needs of an optimiser: torch.optim's have it, and core.mlp.optimizers.FlatOptimizer."""

    state: Any

    def zero_grad(self) -> None: ...

    def step(self) -> Any: ...


def _as_floats(averages: dict[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in averages.items()}


class TorchEngine:
    """``data`` are arrays of equal length; ``objective(module, *batch)`` sees the same rows of each.

    module: moved to ``device`` (default: runtime.device()); the objective must call the module itself, not a method of
    it, so that gradients can be shared between processes. optimizer: any torch.optim one over its parameters.
    validation: arrays like data, measured in eval mode without gradients, ``validation_batch`` rows at a time.
    clip_norm: largest norm of the whole gradient. bf16: autocast; None lets runtime.bf16_pays() decide.
    channels_last: module and 4-D data in NHWC memory, faster convolutions on CPU and tensor cores.
    """

    def __init__(
        self,
        module: nn.Module,
        objective: Objective,
        optimizer: Optimizes,
        data: Data,
        *,
        validation: Data | None = None,
        validation_batch: int = 512,
        device: torch.device | str | None = None,
        clip_norm: float | None = None,
        bf16: bool | None = False,
        channels_last: bool = False,
        summarise: Callable[[dict[str, Any]], dict[str, float]] = _as_floats,
    ) -> None:
        lengths = {len(array) for array in data}
        with checking() as check:
            if lengths == {0} or not lengths:
                check.add("empty", name="data", least=1)
            elif len(lengths) > 1:
                check.add(
                    "wrong_shape", name="data", expected="(N, …) each", received=[tuple(array.shape) for array in data]
                )
            if clip_norm is not None:
                check.between("clip_norm", clip_norm, 1e-9, 1e9)
        self.module, self.objective, self.optimizer, self.summarise = module, objective, optimizer, summarise
        self.rows, self.clip_norm, self.validation_batch = lengths.pop(), clip_norm, validation_batch
        self.bf16 = runtime.bf16_pays() if bf16 is None else bf16
        self._memory = torch.channels_last if channels_last else torch.preserve_format
        self._model, self._accelerator = module, _accelerator(device)
        self.device = self._accelerator.device if self._accelerator else torch.device(device or runtime.device())
        module.to(self.device).to(memory_format=self._memory)
        if self._accelerator:
            self._model, self.optimizer = self._accelerator.prepare(module, optimizer)
        self.data, self.validation = self._place(data), self._place(validation or ())
        self._order: Tensor | None = None
        self._eager = self.device.type == "cpu"  # elsewhere reading a loss would make the device wait
        self._state = [*module.parameters(), *module.buffers()]
        self._kept: list[Tensor] = []
        self._since = 0  # updates since the weights were kept

    def _place(self, data: Data) -> list[Tensor]:
        tensors = [torch.from_numpy(array) if isinstance(array, np.ndarray) else array for array in data]
        return [
            t.to(self.device, memory_format=self._memory if t.ndim == 4 else torch.preserve_format) for t in tensors
        ]

    def begin_epoch(self, order: Tensor | None) -> None:
        self._order = None if order is None else order.to(self.device)
        if not self._eager and all(bool(torch.isfinite(tensor).all()) for tensor in self._state):
            self._keep()

    def step(self, start: int, stop: int) -> Numbers:
        rows = slice(start, stop) if self._order is None else self._order[start:stop]
        batch, weight = [tensor[rows] for tensor in self.data], 1.0
        if self._accelerator:
            batch, weight = self._share(batch, stop - start)
        if not self.module.training:  # a wrapper for several processes has a mode of its own
            self._model.train()
        numbers = self._measure(self._model, batch)
        loss = numbers["loss"] * weight
        result: Numbers = {name: value.detach() for name, value in numbers.items()}
        if self._accelerator:
            world = self._accelerator.num_processes
            floats = {n: v if v.is_floating_point() else v.float() for n, v in result.items()}
            result = {n: self._accelerator.reduce(v * weight, "sum") / world for n, v in floats.items()}
        if self._eager:
            result["loss"] = value = float(result["loss"])
            if not math.isfinite(value):
                return result
            self._keep()
        self.optimizer.zero_grad()
        if self._accelerator:
            self._accelerator.backward(loss)
        else:
            loss.backward()
        if self.clip_norm is not None:
            nn.utils.clip_grad_norm_(self.module.parameters(), self.clip_norm)
        self.optimizer.step()
        self._since += 1
        return result

    def _measure(self, model: nn.Module, batch: Sequence[Tensor]) -> dict[str, Tensor]:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=bool(self.bf16)):
            numbers = self.objective(model, *batch)
        return {"loss": numbers} if isinstance(numbers, Tensor) else numbers

    def _share(self, batch: Sequence[Tensor], rows: int) -> tuple[list[Tensor], float]:
        """This process' rows of the batch, and the weight that makes the mean over processes the mean over rows.

        A batch too short for two rows each (BatchNorm needs as many) is taken whole by every process.
        """
        world, rank = self._accelerator.num_processes, self._accelerator.process_index
        if rows < 2 * world:
            return list(batch), 1.0
        return [tensor[rank::world] for tensor in batch], len(range(rank, rows, world)) * world / rows

    def validate(self) -> Numbers:
        if not self.validation:
            return {}
        self.module.eval()
        seen, rows, size = [], len(self.validation[0]), self.validation_batch
        with torch.no_grad():
            for start in range(0, rows, size):
                batch = [tensor[start : start + size] for tensor in self.validation]
                seen.append((len(batch[0]), self._measure(self.module, batch)))
        return averages(seen)

    def _keep(self) -> None:
        if not self._kept:
            self._kept = [tensor.detach().clone() for tensor in self._state]
        for kept, tensor in zip(self._kept, self._state, strict=True):
            kept.copy_(tensor.detach())
        self._since = 0

    def rewind(self) -> int:
        with torch.no_grad():
            for kept, tensor in zip(self._kept, self._state, strict=False):
                tensor.copy_(kept)
        self.optimizer.state.clear()  # its averages may hold infinities
        undone, self._since = self._since, 0
        return undone

    def rest(self) -> None:
        self.module.eval()
        self.optimizer.zero_grad()


def _accelerator(device: torch.device | str | None) -> Any:
    """accelerate's helper when this process is one of several, else None."""
    if int(os.environ.get("WORLD_SIZE", "1")) < 2:
        return None
    from accelerate import Accelerator

    return Accelerator(cpu=str(device) == "cpu")
