"""What depth does to gradients: a probe that hooks a real backward pass, and a race of two nets trained side by side.

Nets of 1–50 blocks (Linear, maybe BatchNorm1d, activation, maybe a residual sum) and a Linear head, float64 so that a
gradient of 1e-100 is still a number. The race has a loop of its own, not core/training's: gradients are measured between
the backward pass and the update, in two nets in step. Left out: remedies inside the optimiser (clipping, adaptive steps).
Sources: Glorot and Bengio (2010) and He et al. (2015) for the initialisations and the measurement; Ioffe and Szegedy
(2015) for batch normalisation; He et al. (2016) for residual sums.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import TracebackType

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from core import runtime
from core.data import toy
from core.errors import checking
from core.events import Done, Every, Frames
from core.lessons.backpropagation import choices
from core.mlp.activations import ELEMENTWISE, activation

Array = NDArray[np.float64]
INITS: dict[str, Callable[[Tensor, torch.Generator], Tensor]] = {
    "glorot": lambda w, g: nn.init.xavier_uniform_(w, generator=g),
    "he": lambda w, g: nn.init.kaiming_normal_(w, nonlinearity="relu", generator=g),
    "normal_0.01": lambda w, g: nn.init.normal_(w, 0.0, 0.01, generator=g),
    "normal_1": lambda w, g: nn.init.normal_(w, 0.0, 1.0, generator=g),
}
VERDICTS = ("healthy", "vanishing", "exploding")
SIDE = 40  # pixels of a lane's boundary picture


@dataclass(frozen=True)
class DeepConfig:
    """A deep net and the points it sees (an even split into two classes, coordinates divided by 3)."""

    depth: int = int(choices.DEPTH.default)  # hidden blocks
    width: int = 16
    activation: str = choices.DEEP_ACTIVATION.default
    init: str = choices.INIT.default
    batch_norm: bool = False
    residual: bool = False
    data: str = "circle"
    samples: int = 200
    seed: int = int(choices.SEED.default)

    def __post_init__(self) -> None:
        with checking() as check:
            check.within("depth", self.depth, choices.DEPTH)
            check.whole("width", self.width, 1, 256)
            check.one_of("activation", self.activation, ELEMENTWISE)
            check.within("init", self.init, choices.INIT)
            check.one_of("data", self.data, toy.CLASSIFICATION)
            check.whole("samples", self.samples, 8, 1000)
            check.within("seed", self.seed, choices.SEED)


def lanes(
    depth: int = int(choices.DEPTH.default), seed: int = int(choices.SEED.default)
) -> tuple[DeepConfig, DeepConfig]:
    """Who races in the lesson: sigmoids as they were used, and ReLU with the start that suits it."""
    return DeepConfig(depth, activation="sigmoid", seed=seed), DeepConfig(
        depth, activation="relu", init="he", seed=seed
    )


@dataclass(frozen=True)
class RaceConfig:
    """Two nets, the same points, full-batch gradient descent."""

    lanes: tuple[DeepConfig, DeepConfig] = field(default_factory=lanes)
    learning_rate: float = choices.RACE_RATE.default
    updates: int = int(choices.RACE_UPDATES.default)

    def __post_init__(self) -> None:
        with checking() as check:
            check.whole("lanes", len(self.lanes), 2, 2)
            check.within("learning_rate", self.learning_rate, choices.RACE_RATE)
            check.within("updates", self.updates, choices.RACE_UPDATES)


@dataclass(frozen=True, slots=True)
class LayerReport:
    """Block by block, from the input's side: arrays are (depth,) float64."""

    weight_gradient: Array  # ‖∂L/∂W‖
    signal_gradient: Array  # ‖∂L/∂z‖
    mean: Array  # of the block's outputs, over units and points
    std: Array
    saturated: Array  # share of f′(z) below a tenth of the activation's best slope, 0..1
    loss: float
    parameters: int

    @property
    def log10(self) -> Array:
        """log₁₀ of ``weight_gradient``; exact zeros are drawn at −300."""
        return np.log10(np.maximum(self.weight_gradient, 1e-300))

    @property
    def ratio(self) -> float:
        """First block's gradient over the last one's; 0 if the first is 0, and 1 if both are."""
        first, last = self.weight_gradient[[0, -1]]
        return 1.0 if first == last else float(first / max(last, 1e-300))

    @property
    def verdict(self) -> str:
        """exploding: a gradient above 1e4, or the first 1000 times the last. vanishing: below 1e-6, or a thousandth."""
        if self.weight_gradient.max() > 1e4 or self.ratio > 1e3:
            return "exploding"
        return "vanishing" if self.weight_gradient[0] < 1e-6 or self.ratio < 1e-3 else "healthy"


@dataclass(frozen=True, slots=True)
class RaceStep:
    """Both lanes after an update, with every number since the previous report. Lane order is the config's."""

    update: int
    losses: Array  # (2, k) before each update
    first_gradients: Array  # (2, k) ‖∂L/∂W‖ of the first block
    last_gradients: Array  # (2, k) of the last block
    accuracies: Array  # (2,) on the points, 0..1
    boundaries: NDArray[np.uint8]  # (2, SIDE, SIDE): 0 class 0 … 255 class 1, over −6…6, top row first


class Block(nn.Module):
    """h → f(BN(W h + b)), plus h itself if ``residual``."""

    def __init__(self, inputs: int, config: DeepConfig, source: torch.Generator) -> None:
        super().__init__()
        self.linear = _linear(inputs, config.width, config.init, source)
        self.norm = nn.BatchNorm1d(config.width, dtype=torch.float64) if config.batch_norm else nn.Identity()
        self.f = activation(config.activation).forward
        self.residual = config.residual and inputs == config.width

    def forward(self, h: Tensor) -> Tensor:
        out = self.f(self.norm(self.linear(h)))  # (N, width)
        return h + out if self.residual else out


class DeepNet(nn.Module):
    """``depth`` blocks from two coordinates to one logit."""

    @runtime.alone
    def __init__(self, config: DeepConfig) -> None:
        super().__init__()
        source = runtime.generator(config.seed)
        inputs = [2] + [config.width] * (config.depth - 1)
        self.blocks = nn.ModuleList([Block(n, config, source) for n in inputs])
        self.head = _linear(config.width, 1, config.init, source)

    @property
    def hidden(self) -> list[Block]:
        return [block for block in self.blocks if isinstance(block, Block)]

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            x = block(x)
        return self.head(x)[:, 0]  # (N,)


class Recorder:
    """While open, hooks note what passes through each block, forward and backward. Closing removes every hook."""

    def __init__(self, net: DeepNet, name: str) -> None:
        self.net, self.row = net, activation(name)
        depth = len(net.blocks)
        self.weight_gradient, self.signal_gradient = np.zeros(depth), np.zeros(depth)
        self.mean, self.std, self.saturated = np.zeros(depth), np.zeros(depth), np.zeros(depth)
        self._handles: list[RemovableHandle] = []

    def __enter__(self) -> Recorder:
        for i, block in enumerate(self.net.hidden):
            self._handles += [
                block.norm.register_forward_hook(self._on_z(i)),
                block.register_forward_hook(self._on_output(i)),
                block.linear.weight.register_hook(self._on_gradient(i, self.weight_gradient)),
            ]
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles.clear()

    def _on_z(self, i: int) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        def note(module: nn.Module, inputs: tuple[Tensor, ...], z: Tensor) -> None:
            slope = self.row.derivative(z.detach()).abs()
            self.saturated[i] = (slope < self.row.saturated_below).double().mean().item()
            self._handles.append(z.register_hook(self._on_gradient(i, self.signal_gradient)))

        return note

    def _on_output(self, i: int) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        def note(module: nn.Module, inputs: tuple[Tensor, ...], h: Tensor) -> None:
            self.mean[i], self.std[i] = h.detach().mean().item(), h.detach().std(correction=0).item()

        return note

    @staticmethod
    def _on_gradient(i: int, into: Array) -> Callable[[Tensor], None]:
        def note(gradient: Tensor) -> None:
            into[i] = gradient.norm().item()

        return note


def probe(config: DeepConfig, net: DeepNet | None = None) -> LayerReport:
    """One forward and one backward pass, measured block by block. ``net``: an already built (or trained) one.

    >>> probe(DeepConfig(depth=30, activation="sigmoid")).verdict
    'vanishing'
    """
    net = net or DeepNet(config)
    x, y = _points(config)
    with Recorder(net, config.activation) as seen:
        loss = F.binary_cross_entropy_with_logits(net(x), y)
        loss.backward()
    net.zero_grad()
    parameters = sum(p.numel() for p in net.parameters())
    return LayerReport(
        seen.weight_gradient, seen.signal_gradient, seen.mean, seen.std, seen.saturated, loss.item(), parameters
    )


@dataclass
class _Lane:
    config: DeepConfig
    net: DeepNet
    x: Tensor  # (N, 2)
    y: Tensor  # (N,)
    optimizer: torch.optim.Optimizer
    losses: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    last: list[float] = field(default_factory=list)

    def update(self) -> bool:
        """One update on all points; False (and nothing changed) if the loss overflowed."""
        loss = F.binary_cross_entropy_with_logits(self.net(self.x), self.y)
        if not math.isfinite(loss.item()):
            return False
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.losses.append(loss.item())
        for block, norms in ((self.net.hidden[0], self.first), (self.net.hidden[-1], self.last)):
            gradient = block.linear.weight.grad
            norms.append(0.0 if gradient is None else gradient.norm().item())
        return True


class Race:
    """Two nets trained side by side; ``steps`` called again goes on where it stopped. ``lanes[i].net`` are the nets."""

    def __init__(self, config: RaceConfig) -> None:
        self.config, self.update = config, 0
        self.lanes = [_lane(lane, config.learning_rate) for lane in config.lanes]
        self._grid = torch.from_numpy(toy.grid(SIDE) / 3)  # (SIDE², 2)

    def steps(
        self, updates: int | None = None, *, every: Every = 1, deadline: float | None = None
    ) -> Iterator[RaceStep | Done[Race]]:
        """To the config's last update, or for ``updates`` more. ``Done.stopped`` may be "deadline" or "diverged"."""
        goal = self.config.updates if updates is None else min(self.config.updates, self.update + updates)
        run, told = Frames(self._advance, goal - self.update, every, deadline), self.update
        for _ in run:
            if self.update > told:  # an update that diverged is not told
                yield self._report(told)
                told = self.update
        yield Done(self, run.seconds, run.stopped)

    def _advance(self) -> str | None:
        if not all([lane.update() for lane in self.lanes]):
            return "diverged"
        self.update += 1
        return None

    def _report(self, told: int) -> RaceStep:
        series = ([lane.losses for lane in self.lanes], [ln.first for ln in self.lanes], [ln.last for ln in self.lanes])
        losses, first, last = (np.array([values[told : self.update] for values in lanes]) for lanes in series)
        with torch.no_grad():
            scores = [(lane.net(lane.x) > 0) == (lane.y > 0.5) for lane in self.lanes]
            pictures = [torch.sigmoid(_frozen(lane.net, self._grid)).numpy() for lane in self.lanes]
        boundaries = np.stack([toy.to_bytes(p, 0, 1).reshape(SIDE, SIDE) for p in pictures])
        return RaceStep(
            self.update, losses, first, last, np.array([s.double().mean().item() for s in scores]), boundaries
        )


def _lane(config: DeepConfig, learning_rate: float) -> _Lane:
    net = DeepNet(config)
    return _Lane(config, net, *_points(config), torch.optim.SGD(net.parameters(), lr=learning_rate))


def _frozen(net: DeepNet, x: Tensor) -> Tensor:
    """Outputs with batch norm's running statistics, which the picture's own pixels must not move."""
    net.eval()
    out: Tensor = net(x)
    net.train()
    return out


def _points(config: DeepConfig) -> tuple[Tensor, Tensor]:
    points = toy.make(toy.ToyConfig(config.data, samples=config.samples, seed=config.seed))
    x, y = np.concatenate([points.x_train, points.x_test]), np.concatenate([points.y_train, points.y_test])
    return torch.from_numpy(x / 3), torch.from_numpy(y)


def _linear(inputs: int, outputs: int, init: str, source: torch.Generator) -> nn.Linear:
    linear = nn.utils.skip_init(nn.Linear, inputs, outputs, dtype=torch.float64)
    with torch.no_grad():
        INITS[init](linear.weight, source)
        nn.init.zeros_(linear.bias)
    return linear
