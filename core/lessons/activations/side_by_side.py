"""The same small net under each activation function, trained side by side: same start, same batches, only f differs.

A 2-8-1 net (up to four hidden layers) splits a toy set by cross-entropy with Adam. After each epoch every net tells its
decision boundary, loss and accuracy, and how many of its hidden units are dead or saturated on the training points.
Left out: a start fitted to each function (He for ReLU); every net starts from the same Glorot-uniform weights.
Sources: Glorot and Bengio 2010; He et al. 2015; the loop is core/training/trainer.py's.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from core import runtime
from core.data import toy
from core.errors import checking
from core.events import Done, Every, Frames, Latest
from core.files.csv_text import to_csv
from core.lessons.activations import choices
from core.mlp.activations import ACTIVATIONS, Activation
from core.training.torch_engine import TorchEngine
from core.training.trainer import TrainConfig, Trainer, supervised


@dataclass(frozen=True)
class NetsConfig:
    """What is trained. Half of the ``samples`` points are held out; ``noise`` is a percentage, as in ToyConfig."""

    data: str = choices.DATA.default
    activations: tuple[str, ...] = choices.ACTIVATION.names
    hidden: int = int(choices.UNITS.default)  # units in each hidden layer
    layers: int = int(choices.LAYERS.default)  # hidden layers
    epochs: int = int(choices.EPOCHS.default)
    learning_rate: float = choices.RATE.default
    batch_size: int = 25
    samples: int = 300
    noise: float = choices.NOISE.default
    seed: int = int(choices.SEED.default)

    def __post_init__(self) -> None:
        with checking() as check:
            check.within("data", self.data, choices.DATA)
            check.whole("activations", len(self.activations), 1, len(choices.ACTIVATION))
            for name in self.activations:
                check.within("activation", name, choices.ACTIVATION)
            check.within("hidden", self.hidden, choices.UNITS)
            check.within("layers", self.layers, choices.LAYERS)
            check.within("epochs", self.epochs, choices.EPOCHS)
            check.within("learning_rate", self.learning_rate, choices.RATE)
            check.whole("batch_size", self.batch_size, 5, 1000)
            check.whole("samples", self.samples, 20, 1000)
            check.within("noise", self.noise, choices.NOISE)
            check.within("seed", self.seed, choices.SEED)


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
        self._latest = Latest()  # a second press of the button cannot cut an update in two
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
        self, epochs: int | None = None, *, every: Every = 1, deadline: float | None = None
    ) -> Iterator[NetsStep | Done[SideBySide]]:
        """Train to the last epoch, or for ``epochs`` more (1 is a single step).

        A net whose loss overflows is left at its last finite weights while the others go on; when all have, the run
        ends as "diverged". A later stream, or ``pause``, ends it as "paused".
        """
        goal = self.config.epochs if epochs is None else min(self.config.epochs, self.epoch + epochs)
        run = Frames(self._one_epoch, goal - self.epoch, every, deadline)
        return self._latest.of(self._views(run), lambda: Done(self, run.seconds, "paused"))

    def pause(self) -> None:
        """From now on, no stream begun earlier learns any more, also one that is closed only after its next epoch."""
        self._latest.pause()

    def _views(self, run: Frames) -> Generator[NetsStep | Done[SideBySide]]:
        for _ in run:
            yield self.view()
        yield Done(self, run.seconds, run.stopped)

    def _one_epoch(self) -> str | None:
        with runtime.threads(1):
            for name, trainer in self._trainers.items():
                if name not in self.diverged and _diverges(trainer):
                    self.diverged.add(name)
                self.losses[name].append(self._loss(self.nets[name]))
        self.epoch += 1
        return "diverged" if len(self.diverged) == len(self.nets) else None

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
        return to_csv({"epoch": range(self.epoch + 1), **self.losses})


def boundaries(
    config: NetsConfig, *, every: Every = 1, deadline: float | None = None
) -> Iterator[NetsStep | Done[SideBySide]]:
    """Train every net of ``config``: one NetsStep before the first epoch, then as SideBySide.steps reports.

    >>> from core.events import drain
    >>> linear, tanh = drain(boundaries(NetsConfig("circle", ("linear", "tanh"), epochs=30))).view().nets
    >>> linear.loss > 0.6, tanh.loss < 0.3
    (True, True)
    """
    run = SideBySide(config)
    yield run.view()
    yield from run.steps(every=every, deadline=deadline)


def _diverges(trainer: Trainer) -> bool:
    """One epoch of one net; True if its loss overflowed (its last finite weights are back)."""
    *_, done = trainer.steps(epochs=1, every=None)
    return isinstance(done, Done) and done.stopped == "diverged"


def _floats(values: np.ndarray) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))
