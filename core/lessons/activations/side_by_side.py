"""The same small net under each activation function, trained side by side: same start, same batches, only f differs.

A 2-8-1 net (up to four hidden layers) splits a toy set by cross-entropy with Adam. After each epoch every net tells its
decision boundary, loss and accuracy, and how many of its hidden units are dead or saturated on the training points.
Left out: a start fitted to each function (He for ReLU); every net starts from the same Glorot-uniform weights.
Sources: Glorot and Bengio 2010; He et al. 2015; the loop is core/training/trainer.py's.
"""

from __future__ import annotations

import csv
import io
import math
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from core import runtime
from core.data import toy
from core.errors import Check
from core.events import Cadence, Deadline, Done
from core.mlp.activations import ACTIVATIONS, ELEMENTWISE, Activation
from core.training.torch_engine import TorchEngine
from core.training.trainer import TrainConfig, Trainer, supervised


@dataclass(frozen=True)
class NetsConfig:
    """What is trained. Half of the ``samples`` points are held out; ``noise`` is a percentage, as in ToyConfig."""

    data: str = "circle"
    activations: tuple[str, ...] = ELEMENTWISE
    hidden: int = 8  # units in each hidden layer
    layers: int = 1  # hidden layers
    epochs: int = 60
    learning_rate: float = 0.03
    batch_size: int = 25
    samples: int = 300
    noise: float = 10.0
    seed: int = 0

    def __post_init__(self) -> None:
        check = Check()
        check.one_of("data", self.data, toy.CLASSIFICATION)
        check.whole("activations", len(self.activations), 1, len(ELEMENTWISE))
        for name in self.activations:
            check.one_of("activation", name, ELEMENTWISE)
        check.whole("hidden", self.hidden, 1, 32)
        check.whole("layers", self.layers, 1, 4)
        check.whole("epochs", self.epochs, 1, 500)
        check.between("learning_rate", self.learning_rate, 1e-6, 10)
        check.whole("batch_size", self.batch_size, 5, 1000)
        check.whole("samples", self.samples, 20, 1000)
        check.between("noise", self.noise, 0, 50)
        check.whole("seed", self.seed, 0, 2**31 - 1)
        check.done()


@dataclass(frozen=True, slots=True)
class NetView:
    """One net at one moment."""

    name: str  # its activation function
    boundary: np.ndarray  # (size, size) uint8, row 0 on top: 0 is surely class 0, 255 surely class 1
    loss: float  # mean cross-entropy of the training points, in nats
    accuracy: float  # share of the held-out points on the right side, 0–1
    dead: int  # hidden units whose slope is exactly 0 at every training point: they can never learn again
    saturated: float  # share of (hidden unit, training point) pairs with less than a tenth of the best slope, 0–1
    diverged: bool  # its loss overflowed; what is shown is the last finite state


@dataclass(frozen=True, slots=True)
class NetsStep:
    """All nets after the same number of epochs."""

    epoch: int
    epochs: int
    units: int  # hidden units of one net
    nets: tuple[NetView, ...]


class SmallNet(nn.Module):
    """2 → hidden units, ``layers`` times → 1 logit, with one activation function between the layers."""

    @runtime.alone
    def __init__(self, f: Activation, config: NetsConfig) -> None:
        super().__init__()
        widths = [2] + [int(config.hidden)] * int(config.layers) + [1]
        self.f = f
        linears = [nn.utils.skip_init(nn.Linear, a, b) for a, b in zip(widths, widths[1:], strict=False)]
        source = runtime.generator(config.seed)
        for linear in linears:
            nn.init.xavier_uniform_(linear.weight, generator=source)
            nn.init.zeros_(linear.bias)
        self.linears = nn.ModuleList(linears)

    def trace(self, x: Tensor) -> tuple[list[Tensor], Tensor]:
        """The hidden layers' z, each (N, hidden), and the logits (N,) of points x (N, 2)."""
        seen = []
        for linear in self.linears[:-1]:
            seen.append(linear(x))
            x = self.f.forward(seen[-1])  # (N, hidden)
        return seen, self.linears[-1](x)[:, 0]

    def forward(self, x: Tensor) -> Tensor:
        return self.trace(x)[1]


class SideBySide:
    """A run that can be stopped, resumed and stepped one epoch at a time: ``steps`` goes on where the last one stopped.

    >>> from core.events import drain
    >>> run = SideBySide(NetsConfig("xor", ("linear", "relu"), epochs=2))
    >>> drain(run.steps()).epoch, [len(losses) for losses in run.losses.values()]
    (2, [3, 3])
    """

    def __init__(self, config: NetsConfig) -> None:
        self.config = config
        self.points = toy.make(toy.ToyConfig(config.data, config.samples, config.noise, seed=config.seed))
        self.nets = {name: SmallNet(ACTIVATIONS[name], config) for name in config.activations}
        self._x, self._y = _floats(self.points.x_train), _floats(self.points.y_train)
        self._trainers = {name: self._trainer(net) for name, net in self.nets.items()}
        self._one_epoch_at_a_time = threading.Lock()  # a second press of the button cannot cut an update in two
        self.epoch = 0
        self.diverged: set[str] = set()
        self.losses = {name: [self._loss(net)] for name, net in self.nets.items()}  # before the first epoch, after each

    def _trainer(self, net: SmallNet) -> Trainer:
        adam = torch.optim.Adam(net.parameters(), lr=self.config.learning_rate)
        objective = supervised(binary_cross_entropy_with_logits)
        learner = TorchEngine(net, objective, adam, (self._x, self._y), device="cpu")
        return Trainer(learner, TrainConfig(int(self.config.batch_size), seed=self.config.seed))

    @property
    def finished(self) -> bool:
        return self.epoch >= self.config.epochs

    @property
    def parameters(self) -> int:
        """Weights and biases of one net."""
        return sum(p.numel() for p in next(iter(self.nets.values())).parameters())

    def steps(
        self, epochs: int | None = None, *, every_seconds: float | None = None, deadline: float | None = None
    ) -> Iterator[NetsStep | Done[SideBySide]]:
        """Train to the last epoch, or for ``epochs`` more (1 is a single step).

        Reports every epoch, or every ``every_seconds`` seconds, and the last one. A net whose loss overflows is left at
        its last finite weights while the others go on; when all have, the run ends as "diverged".
        """
        clock, beat, stopped = Deadline(deadline), Cadence(seconds=every_seconds), None
        goal = self.config.epochs if epochs is None else min(self.config.epochs, self.epoch + epochs)
        while self.epoch < goal and stopped is None:
            self._one_epoch()
            if len(self.diverged) == len(self.nets):
                stopped = "diverged"
            elif clock.expired:
                stopped = "deadline"
            if beat.due(self.epoch) or stopped or self.epoch >= goal:
                yield self.view()
        yield Done(self, clock.elapsed, stopped)

    def _one_epoch(self) -> None:
        with self._one_epoch_at_a_time:
            if self.finished:
                return
            with runtime.threads(1):
                for name, trainer in self._trainers.items():
                    if name not in self.diverged and _diverges(trainer):
                        self.diverged.add(name)
                    self.losses[name].append(self._loss(self.nets[name]))
            self.epoch += 1

    def _loss(self, net: SmallNet) -> float:
        with torch.no_grad():
            return binary_cross_entropy_with_logits(net(self._x), self._y).item()

    def view(self, size: int = 40) -> NetsStep:
        """Every net as it is now, its boundary as size × size pixels over −6…6."""
        pixels, held_out = _floats(toy.grid(size)), _floats(self.points.x_test)
        with torch.no_grad():
            nets = tuple(self._see(name, net, pixels, held_out) for name, net in self.nets.items())
        return NetsStep(self.epoch, int(self.config.epochs), int(self.config.hidden * self.config.layers), nets)

    def _see(self, name: str, net: SmallNet, pixels: Tensor, held_out: Tensor) -> NetView:
        probability = torch.sigmoid(net(pixels)).numpy()  # (size²,)
        side = math.isqrt(len(pixels))
        right = (net(held_out) > 0).numpy() == (self.points.y_test == 1)  # (M,)
        slopes = torch.cat([net.f.derivative(z) for z in net.trace(self._x)[0]], dim=1)  # (N, units)
        return NetView(
            name,
            toy.to_bytes(probability, 0, 1).reshape(side, side),
            self.losses[name][-1],
            float(right.mean()),
            int((slopes == 0).all(dim=0).sum()),
            float((slopes.abs() < net.f.saturated_below).float().mean()),
            name in self.diverged,
        )

    def to_csv(self) -> str:
        """``epoch`` and each net's training loss, one row per epoch from 0."""
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(["epoch", *self.losses])
        rows.writerows([epoch, *row] for epoch, row in enumerate(zip(*self.losses.values(), strict=True)))
        return text.getvalue()


def boundaries(
    config: NetsConfig, *, every_seconds: float | None = None, deadline: float | None = None
) -> Iterator[NetsStep | Done[SideBySide]]:
    """Train every net of ``config``: one NetsStep before the first epoch, then as SideBySide.steps reports.

    >>> from core.events import drain
    >>> linear, tanh = drain(boundaries(NetsConfig("circle", ("linear", "tanh"), epochs=30))).view().nets
    >>> linear.loss > 0.6, tanh.loss < 0.3
    (True, True)
    """
    run = SideBySide(config)
    yield run.view()
    yield from run.steps(every_seconds=every_seconds, deadline=deadline)


def _diverges(trainer: Trainer) -> bool:
    """One epoch of one net; True if its loss overflowed (its last finite weights are back)."""
    *_, done = trainer.steps(epochs=1, every=None)
    return isinstance(done, Done) and done.stopped == "diverged"


def _floats(values: np.ndarray) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))
