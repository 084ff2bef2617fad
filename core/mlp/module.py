"""Net: a Sequential's weights as an ordinary torch nn.Module. Its parameters are views of the model's flat vector, so
training either trains both, and a kernel (inputs, units) is the transpose of nn.Linear's weight (units, inputs).

Left out: saving (sequential.py). Source: torch.nn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor, nn

from core import runtime
from core.mlp.activations import LEAK
from core.mlp.numpy_engine import LayerSpec, blocks, keep
from core.mlp.optimizers import FlatOptimizer

MODULES: dict[str, Callable[[], nn.Module]] = {
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
    "leaky_relu": partial(nn.LeakyReLU, LEAK),
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "softmax": partial(nn.Softmax, dim=-1),
}


class SeededDropout(nn.Module):
    """nn.Dropout that draws from a private stream."""

    def __init__(self, rate: float, stream: torch.Generator) -> None:
        super().__init__()
        self.rate, self.stream = rate, stream

    def forward(self, x: Tensor) -> Tensor:
        return x * keep(tuple(x.shape), self.rate, self.stream, x.dtype) if self.training else x

    def extra_repr(self) -> str:
        return f"rate={self.rate}"


class Net(nn.Sequential):
    """Dropout → Linear → activation of each layer, over the weights ``flat`` (P,). Inputs are cast to their dtype."""

    @runtime.alone
    def __init__(self, specs: Sequence[LayerSpec], flat: Tensor, stream: torch.Generator) -> None:
        super().__init__()
        self.dtype, self.specs = flat.dtype, tuple(specs)
        for spec, block in zip(specs, blocks(flat, specs), strict=True):
            for rate in spec.dropout:
                self.append(SeededDropout(rate, stream))
            linear = nn.Linear(spec.inputs, spec.units, device="meta")
            linear.weight, linear.bias = nn.Parameter(block[:-1].t()), nn.Parameter(block[-1])
            self.append(linear)
            if spec.activation in MODULES:
                self.append(MODULES[spec.activation]())
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.to(self.dtype))

    def trace(self, x: Tensor) -> list[tuple[Tensor, Tensor]]:
        """x (N, inputs) → of every Dense layer the weighted sums z and the outputs a, each (N, units)."""
        seen: list[tuple[Tensor, Tensor]] = []
        x = x.to(self.dtype)
        for module in self:
            z, x = x, module(x)
            if isinstance(module, nn.Linear):
                seen.append((x, x))
            elif not isinstance(module, SeededDropout):
                seen[-1] = (z, x)
        return seen

    @property
    def linears(self) -> list[nn.Linear]:
        return [module for module in self if isinstance(module, nn.Linear)]

    def bind(self, flat: Tensor) -> None:
        """Lie on ``flat`` (P,) again: who spreads a module over processes moves its parameters."""
        for linear, block in zip(self.linears, blocks(flat, self.specs), strict=True):
            linear.weight.data, linear.bias.data = block[:-1].t(), block[-1]

    def gather_gradient(self, flat: Tensor) -> None:
        """Copy every parameter's gradient, where autograd (or who averages over processes) left it, into ``flat`` (P,)."""
        for linear, block in zip(self.linears, blocks(flat, self.specs), strict=True):
            assert linear.weight.grad is not None and linear.bias.grad is not None
            block[:-1].copy_(linear.weight.grad.t())
            block[-1].copy_(linear.bias.grad)


class Gathering:
    """A FlatOptimizer that takes its gradient from a Net after each backward pass."""

    def __init__(self, optimizer: FlatOptimizer, net: Net) -> None:
        self.optimizer, self.net, self.state = optimizer, net, optimizer.state

    def zero_grad(self) -> None:
        self.net.zero_grad()

    def step(self) -> None:
        self.net.gather_gradient(self.optimizer.g)
        self.optimizer.step()


class Ends(nn.Module):
    """A Net as training calls it: x (N, inputs) → the last layer's weighted sums z and outputs a, each (N, outputs).

    Whoever wraps a module, for many processes, passes on ``forward`` alone.
    """

    def __init__(self, net: Net) -> None:
        super().__init__()
        self.net = net
        self.train(net.training)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.net.trace(x)[-1]
