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
        return x * keep(tuple(x.shape), self.rate, self.stream).to(x.dtype) if self.training else x

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
            linear.weight = nn.Parameter(block[:-1].t())
            linear.bias = nn.Parameter(block[-1])
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

    def share_gradient(self, flat: Tensor) -> None:
        """Let autograd add every parameter's gradient into ``flat`` (P,)."""
        linears = [module for module in self if isinstance(module, nn.Linear)]
        for linear, block in zip(linears, blocks(flat, self.specs), strict=True):
            linear.weight.grad, linear.bias.grad = block[:-1].t(), block[-1]
