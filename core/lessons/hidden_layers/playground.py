"""The playground: a small net in the plane that can be watched while it learns, stopped, stepped and edited.

The net is a core.Sequential trained by its own loop; a Frame is what a page draws ten times a second. Pictures come
from pictures.py, points from core/data/toy.py or from the learner's own table (core/files/tables.py).
Left out: more than two classes. After TensorFlow Playground, with cross-entropy where it squares errors.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np

from core import runtime
from core.data import toy
from core.errors import InvalidInput, checking
from core.events import Cadence, Deadline, Done, Every, Latest, TrainStep
from core.lessons.hidden_layers.config import KEEP_WEIGHTS, LOSSES, PlaygroundConfig, load
from core.lessons.hidden_layers.config import as_points as as_points
from core.lessons.hidden_layers.config import from_table as from_table
from core.lessons.hidden_layers.config import with_point as with_point
from core.lessons.hidden_layers.config import without_point as without_point
from core.lessons.hidden_layers.pictures import NodeReport, Picture, Warp, feature_pictures, node, pictures, warp
from core.mlp.named_optimizers import OPTIMIZERS
from core.mlp.plain_net import Array, Net, Parameter, forward
from core.mlp.record import Run
from core.mlp.script import to_script
from core.mlp.sequential import Dense, Dropout, Sequential

MOST_MARKS = 600  # of the loss curve; beyond it every second one is dropped
LIVE_SIZE, STILL_SIZE = 50, 100  # pixels of the boundary's side while training, and when stopped


@dataclass(frozen=True, slots=True)
class Scores:
    """How well the net does with the weights it has now; dropout and penalties are left out, as in Playground."""

    loss: float  # mean cross-entropy in nats, or mean squared error
    accuracy: float | None  # 0–1; None in regression


@dataclass(frozen=True, slots=True)
class Mark:
    """One point of the loss curve; there is one per frame of a run, and one before it."""

    epoch: float  # completed, with the part of the one under way
    iteration: int  # updates so far
    train: Scores
    test: Scores


@dataclass(frozen=True, slots=True)
class Frame:
    """What a page draws."""

    epoch: int  # completed
    iteration: int  # updates so far
    train: Scores
    test: Scores
    boundary: Picture  # (size, size): output −1…1 as 0…255, row 0 on top
    units: tuple[Picture, ...]  # per hidden layer (units, size / 2, size / 2)
    weights: tuple[Array, ...]  # per layer (from, to), rounded to 4 decimals
    biases: tuple[Array, ...]  # per layer (to,)
    warp: Warp | None  # of the chosen hidden layer


class Beat(Cadence):
    """Every so many updates, and never later than after so many seconds."""

    def due(self, step: int) -> bool:
        now, steps, seconds = time.perf_counter(), self.steps or 1, self.seconds or 0.0
        due = step % steps == 0 or now - self._last >= seconds
        self._last = now if due else self._last
        return due

    def restart(self) -> None:
        """A page that lingers on a picture does not hurry the next one."""
        self._last = time.perf_counter()


class Playground:
    """One learner's net. ``steps`` called again goes on where it stopped; nothing is shared between playgrounds."""

    def __init__(self, config: PlaygroundConfig) -> None:
        self.config = config
        self.points = load(config)
        self.train_x = toy.features(self.points.x_train, config.features)  # (N, features)
        self.test_x = toy.features(self.points.x_test, config.features)
        self.feature_pictures = feature_pictures(config.features, LIVE_SIZE // 2)
        self._grids: dict[int, Array] = {}
        self._warp: Warp | None = None
        self._latest = Latest()
        self.reset()

    def reset(self) -> None:
        """Back to the first weights of this seed."""
        self.model = build(self.config)
        self._start(0, 0, [])

    def _start(self, epochs: int, updates: int, history: list[Mark]) -> None:
        self._before = epochs, updates  # done before this trainer began
        self.trainer = self.model.trainer(
            self.train_x, self.points.y_train, batch_size=self.config.batch_size, shuffle=True
        )
        self.stopped: str | None = None  # why the last run ended early
        self.history = history or [self._mark(self.scores())]

    def changed(self, config: PlaygroundConfig) -> Playground:
        """A playground with other settings. It goes on with these weights if the net and the drawn data are the same.

        The optimiser forgets its memory, and the order of the rows begins anew with the seed.
        """
        if config == self.config:
            return self
        after = Playground(config)
        kept = [f.name for f in fields(config) if f.name not in KEEP_WEIGHTS]
        if self.iteration and all(getattr(config, name) == getattr(self.config, name) for name in kept):
            after.model.set_weights(self.model.get_weights())
            after._start(self.epoch, self.iteration, list(self.history))
        return after

    @property
    def epoch(self) -> int:
        """Completed."""
        return self._before[0] + self.trainer.epoch

    @property
    def iteration(self) -> int:
        """Updates so far."""
        return self._before[1] + self.trainer.updates

    @property
    def net(self) -> Net:
        return Net.of(self.model)

    @property
    def x(self) -> Array:
        """Rows learnt from, as the net sees them, (N, features); with ``y`` and ``model``, what lesson 6 opens."""
        return self.train_x

    @property
    def y(self) -> Array:
        return self.points.y_train  # (N,)

    @property
    def learning_rate(self) -> float:
        return self.config.learning_rate

    @property
    def run(self) -> Run:
        """The record of the training so far, for ``core.to_script``."""
        return self.trainer.result(math.nan, None)

    def script(self) -> str:
        """The run so far in plain PyTorch, ending with the losses of ``scores()``. Raises InvalidInput ``not_trained``."""
        return to_script(
            self.run, {"train": (self.train_x, self.points.y_train), "test": (self.test_x, self.points.y_test)}
        )

    @property
    def fit(self) -> str:
        """What the loss curve says: "start", "learning", or "overfitting".

        Overfitting: the test loss is a tenth above its lowest, while the training loss has fallen since.
        """
        if len(self.history) < 2:
            return "start"
        last, best = self.history[-1], min(self.history, key=lambda mark: mark.test.loss)
        risen = last.test.loss > 1.1 * best.test.loss and last.train.loss < best.train.loss
        return "overfitting" if risen else "learning"

    def to_csv(self) -> str:
        """The loss curve: one row per mark of the history."""
        lines = ["epoch,iteration,train_loss,test_loss,train_accuracy,test_accuracy"]
        for mark in self.history:
            row = (mark.train.loss, mark.test.loss, mark.train.accuracy, mark.test.accuracy)
            cells = ["" if value is None else f"{value:.9g}" for value in row]
            lines.append(f"{mark.epoch:.6g},{mark.iteration},{','.join(cells)}")
        return "\n".join(lines) + "\n"

    def to_safetensors(self) -> bytes:
        """The model as ``Sequential.save`` writes it."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.safetensors"
            self.model.save(path)
            return path.read_bytes()

    def steps(
        self,
        epochs: int | None = None,
        *,
        updates: int | None = None,
        every: Every = None,
        deadline: float | None = None,
        warp_layer: int = 0,
    ) -> Iterator[Frame | Done[Playground]]:
        """Train ``epochs`` more (default: the config's), or at most ``updates`` more (1 is a single step).

        A frame comes every ``every`` updates, or when the Cadence says so; the last one, in full size, always.
        ``warp_layer``: hidden layer whose bent grid is wanted, from 1.
        ``Done.stopped``: "updates", "deadline", "diverged" (the last finite weights), or "paused" by a later run.
        """
        clock = Deadline()
        frames = self._frames(epochs, updates, every or Cadence(seconds=math.inf), deadline, warp_layer)
        yield from self._latest.of(frames, lambda: Done(self, clock.elapsed, "paused"))

    def pause(self) -> None:
        """The run at hand ends with the frame that it is making: what is read now is what stays."""
        self._latest.pause()

    def _frames(
        self, epochs: int | None, updates: int | None, beat: int | Cadence, deadline: float | None, warp_layer: int
    ) -> Generator[Frame | Done[Playground]]:
        clock = Deadline()
        self.stopped = None
        for event in self.trainer.steps(epochs or self.config.epochs, updates=updates, every=beat, deadline=deadline):
            if isinstance(event, TrainStep):
                yield self._shown(LIVE_SIZE, warp_layer)
                if isinstance(beat, Beat):
                    beat.restart()
            else:
                self.stopped = event.stopped
        yield self._shown(STILL_SIZE, warp_layer)
        yield Done(self, clock.elapsed, self.stopped)

    def beat(self, epochs: int | None, seconds: float) -> Beat:
        """A frame after every so many epochs, and never later than after so many seconds."""
        return Beat((epochs or 10**12) * self._batches, seconds)

    def _shown(self, size: int, warp_layer: int) -> Frame:
        """A frame of a run: it leaves a mark on the loss curve."""
        frame = self.frame(size, warp_layer)
        if self.history[-1].iteration != frame.iteration:
            self.history.append(self._mark((frame.train, frame.test)))
        if len(self.history) > MOST_MARKS:
            del self.history[1:-1:2]
        return frame

    def _mark(self, scores: tuple[Scores, Scores]) -> Mark:
        return Mark(self.epoch + self.trainer.batch / self._batches, self.iteration, *scores)

    @property
    def _batches(self) -> int:
        return math.ceil(len(self.train_x) / self.config.batch_size)

    def train(self, epochs: int | None = None) -> str | None:
        """The same without frames; tells ``Done.stopped``."""
        *_, done = self.trainer.steps(epochs or self.config.epochs, every=None)
        return done.stopped if isinstance(done, Done) else None

    def frame(self, size: int = STILL_SIZE, warp_layer: int = 0) -> Frame:
        """The net as it is now. ``size``: pixels of the boundary's side."""
        net, task = self.net, self.points.task
        shown = 1 <= warp_layer <= len(self.config.hidden)
        with runtime.threads(1):  # arrays of a few thousand numbers: more threads only wait for each other
            seen = pictures(net, self._grid(size), size, task)
            bent = warp(net, self.config.features, self.points.x_train, warp_layer, self._warp) if shown else None
            scores = self.scores(net)
        self._warp = bent
        return Frame(
            self.epoch, self.iteration, *scores, seen.boundary, seen.units,
            tuple(w.round(4) for w in net.weights), tuple(b.round(4) for b in net.biases), self._warp,
        )  # fmt: skip

    def scores(self, net: Net | None = None) -> tuple[Scores, Scores]:
        """On the training points and on the held-out ones."""
        net = net or self.net
        return self._score(net, self.train_x, self.points.y_train), self._score(net, self.test_x, self.points.y_test)

    def predict(self, x1: float, x2: float) -> float:
        """The output at one point: P(class 1) in classification, the value in regression."""
        return float(forward(self.net, toy.features(np.array([[x1, x2]]), self.config.features))[1][-1][0, 0])

    def node(self, layer: int, unit: int, at: tuple[float, float] = (0.0, 0.0)) -> NodeReport:
        """What a unit computes, with its numbers at a point. ``layer`` from 1 (the output is the last), unit from 0."""
        with checking() as check:
            check.whole("layer", layer, 1, len(self.config.hidden) + 1)
        with checking() as check:
            check.whole("unit", unit, 0, len(self.net.biases[layer - 1]) - 1)
        return node(self.net, self.config.features, layer, unit, at)

    def set_weight(self, parameter: Parameter, value: float) -> None:
        """Change one weight or bias by hand (−1000 to 1000); training goes on from there."""
        if parameter not in self.net.parameters:
            raise InvalidInput("not_one_of", name="weight", received=parameter.name, choices="the net's own", hint="")
        net = self.net.set(parameter, value)
        self.model.set_weights([array for pair in zip(net.weights, net.biases, strict=True) for array in pair])

    def _grid(self, size: int) -> Array:
        if size not in self._grids:
            self._grids[size] = toy.features(toy.grid(size), self.config.features)
        return self._grids[size]

    def _score(self, net: Net, x: Array, y: Array) -> Scores:
        z, a = (layers[-1][:, 0] for layers in forward(net, x))
        accuracy = None if self.points.task == "regression" else float(((a > 0.5) == (y > 0.5)).mean())
        if self.points.task == "regression" or self.config.loss == "mse":
            return Scores(float(((a - y) ** 2).mean()), accuracy)
        return Scores(float((np.logaddexp(0, z) - y * z).mean()), accuracy)


def build(config: PlaygroundConfig) -> Sequential:
    """The untrained net: Dense layers, each followed by Dropout where asked, and one output unit."""
    model = Sequential(seed=config.seed)
    for units, name in config.hidden:
        model.add(Dense(int(units), activation=name, l1=config.l1, l2=config.l2))
        if config.dropout:
            model.add(Dropout(config.dropout))
    regression = config.task == "regression"
    model.add(Dense(1, activation="linear" if regression else "sigmoid", l1=config.l1, l2=config.l2))
    loss = LOSSES["mse" if regression else config.loss]
    optimizer, settings = OPTIMIZERS[config.optimizer]
    model.compile(optimizer, loss, learning_rate=config.learning_rate, **settings)
    model.build(input_shape=(len(config.features),))
    return model


_TWO = PlaygroundConfig(hidden=((8, "tanh"), (8, "tanh")), optimizer="adam", learning_rate=0.01)
PRESETS: dict[str, PlaygroundConfig] = {
    "xor_0": PlaygroundConfig(data="xor", hidden=(), learning_rate=0.1, epochs=60),
    "xor_1": PlaygroundConfig(data="xor", hidden=((4, "tanh"),), learning_rate=0.1, epochs=60),
    "xor_product": PlaygroundConfig(data="xor", hidden=(), features=("x1·x2",), learning_rate=0.1, epochs=60),
    "circle_squares": PlaygroundConfig(hidden=(), features=("x1²", "x2²"), epochs=60),
    "spiral": replace(_TWO, data="spiral", features=("x1", "x2", "sin x1", "sin x2"), epochs=200),
    "overfit": replace(_TWO, data="gauss", samples=80, noise=50, epochs=400),
    "regularised": replace(_TWO, data="gauss", samples=80, noise=50, epochs=400, l2=0.03),
    "hills": replace(_TWO, data="gauss_field", task="regression", epochs=200),
}
