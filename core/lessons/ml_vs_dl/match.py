"""Machine learning against deep learning on the same points: scikit-learn's linear model and an MLP, side by side.

The linear model sees features that a person chose (x1, x2, or x1², x1·x2, …); the MLP sees x1 and x2 and makes its own.
Both are judged on the same held-out points. How many points each one needs: sample_size.py.
Left out: trees, kernels and other machine learning; tuning of either side.
Sources: scikit-learn's LogisticRegression and LinearRegression; core/mlp/sequential.py; the points of core/data/toy.py.
"""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from core.data import toy
from core.data.toy import Points, ToyConfig
from core.errors import Check, InvalidInput, checking
from core.events import Deadline, Done, Every, TrainStep, cadence, drain
from core.lessons.ml_vs_dl import choices

if TYPE_CHECKING:
    from core.mlp.sequential import Sequential

PIXELS = 60  # a side of the boundary's picture


@dataclass(frozen=True)
class Net:
    """The MLP of the deep-learning side; Adam, cross-entropy for classes and mean squared error for targets."""

    hidden: tuple[int, ...] = choices.NETS[choices.NET.default]
    activation: str = "tanh"
    learning_rate: float = 0.03
    batch_size: int = 10
    seed: int = int(choices.SEED.default)

    def __post_init__(self) -> None:
        with checking() as check:
            if not 1 <= len(self.hidden) <= 6:
                check.add("out_of_range", name="hidden", low=1, high=6, received=len(self.hidden))
            for units in self.hidden:
                check.whole("units", units, 1, 128)
            check.one_of(
                "activation", self.activation, ("relu", "tanh", "sigmoid", "leaky_relu", "elu", "gelu", "silu")
            )
            check.between("learning_rate", self.learning_rate, 1e-6, 10)
            check.whole("batch_size", self.batch_size, 1, 5_000)
            check.within("seed", self.seed, choices.SEED)


@dataclass(frozen=True)
class VersusConfig:
    """One match: the points, the features handed to the linear model, the net, and how long it trains."""

    data: ToyConfig = field(
        default_factory=lambda: ToyConfig(
            choices.DATA.default, int(choices.SAMPLES.default), choices.NOISE.default, seed=int(choices.SEED.default)
        )
    )
    features: tuple[str, ...] = choices.CHOSEN
    net: Net = field(default_factory=Net)
    epochs: int = int(choices.EPOCHS.default)

    def __post_init__(self) -> None:
        with checking() as check:
            check_features(check, self.features)
            check.within("epochs", self.epochs, choices.EPOCHS)


@dataclass(frozen=True, slots=True)
class Score:
    """How well a model does. ``train`` and ``test``: accuracy 0…1 for classes, R² (1 is perfect) for targets."""

    train: float
    test: float
    parameters: int
    seconds: float  # spent learning
    boundary: np.ndarray  # (60, 60) uint8, top row first: 0 sure of class 0, 255 sure of class 1; or target −1…1


@dataclass(frozen=True, slots=True)
class Machine:
    """The linear model, fitted at once: score of a point = bias + Σ weight · feature."""

    score: Score
    weights: tuple[tuple[str, float], ...]  # (feature, weight) in the features' own units
    bias: float


@dataclass(frozen=True, slots=True)
class Deep:
    """The MLP in the middle of its training."""

    score: Score
    epoch: int  # completed
    step: int  # updates done
    loss: float  # of the last batch


@dataclass(frozen=True, slots=True)
class VersusRun:
    config: VersusConfig
    points: Points
    own: bool  # the learner's own points, not those of ``config.data``
    machine: Machine
    deep: Deep

    @property
    def winner(self) -> str:
        """ "machine", "deep" or "tie", by held-out score."""
        gap = self.deep.score.test - self.machine.score.test
        return "tie" if abs(gap) < 1e-12 else "deep" if gap > 0 else "machine"

    @property
    def finished(self) -> bool:
        """Whether the net has learnt for as long as it was to: before that the match is not fair."""
        return self.deep.epoch >= self.config.epochs


def versus(
    config: VersusConfig,
    points: Points | None = None,
    *,
    every: Every = 1,
    deadline: float | None = None,
) -> Iterator[Machine | Deep | Done[VersusRun]]:
    """First the linear model's result, then the MLP after each epoch (or as ``every`` says), and after the last.

    Args:
        points: the learner's own; otherwise those of ``config.data``.
    Raises:
        InvalidInput: ``one_class`` if the training points have one label only.
    """
    own, points = points is not None, points or toy.make(config.data)
    clock, beat = Deadline(deadline), cadence(every)
    _need_two_classes(points)
    machine = fit_linear(points, config.features)
    yield machine
    model, trained, stopped = build_net(config.net, points), 0.0, None
    deep = Deep(_judge(model, points, 0.0), 0, 0, math.nan)
    with closing(train(model, config.net, points, config.epochs)) as events:
        started = time.perf_counter()
        for event in events:
            if isinstance(event, Done):
                trained, stopped = trained + time.perf_counter() - started, event.stopped or stopped
                break
            if not event.epoch_ended:
                continue
            stopped = "deadline" if clock.expired else None
            if stopped or event.epoch == config.epochs or (beat and beat.due(event.epoch)):
                trained += time.perf_counter() - started
                deep = Deep(_judge(model, points, trained), event.epoch, event.step, event.loss)
                yield deep
                started = time.perf_counter()
            if stopped:
                break
    yield Done(VersusRun(config, points, own, machine, deep), clock.elapsed, stopped)


def refit(run: VersusRun, features: Sequence[str]) -> VersusRun:
    """The same match with other features for the linear model; the net never sees them and stays as it is."""
    config = replace(run.config, features=tuple(features))
    return replace(run, config=config, machine=fit_linear(run.points, config.features))


def fit_linear(points: Points, features: Sequence[str]) -> Machine:
    """scikit-learn's LogisticRegression (C = 1) or LinearRegression on the chosen, standardised features."""
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    classes = points.task == "classification"
    started = time.perf_counter()
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000) if classes else LinearRegression())
    model.fit(toy.features(points.x_train, features), points.y_train)
    seconds = time.perf_counter() - started

    def answer(x: np.ndarray) -> np.ndarray:
        inputs = toy.features(x, features)
        return model.predict_proba(inputs)[:, 1] if classes else model.predict(inputs)

    scaler, linear = model[0], model[-1]
    weights = np.ravel(linear.coef_) / scaler.scale_
    bias = float(np.ravel(linear.intercept_)[0] - weights @ scaler.mean_)
    named = tuple(zip(features, weights.tolist(), strict=True))
    return Machine(_score(answer, points, len(features) + 1, seconds), named, bias)


def build_net(net: Net, points: Points) -> Sequential:
    """The compiled MLP, its weights drawn from the net's seed."""
    from core.mlp.sequential import Dense, Sequential

    classes = points.task == "classification"
    model = Sequential([Dense(units, activation=net.activation) for units in net.hidden], seed=net.seed)
    model.add(Dense(1, activation="sigmoid" if classes else None))
    loss = "binary_crossentropy" if classes else "mean_squared_error"
    model.compile(optimizer="adam", loss=loss, learning_rate=net.learning_rate)
    model.build(input_shape=(2,))
    return model


def train(model: Sequential, net: Net, points: Points, epochs: int) -> Generator[TrainStep | Done[Any], None, None]:
    """The net's own training stream on the training points, an event per epoch."""
    x, y = points.x_train, points.y_train[:, None]  # (N, 2), (N, 1)
    yield from model.steps(x, y, epochs=epochs, batch_size=net.batch_size, every=None)


def _judge(model: Sequential, points: Points, seconds: float) -> Score:
    return _score(lambda x: np.asarray(model.predict(x))[:, 0], points, model.count_params(), seconds)


def _score(answer: Any, points: Points, parameters: int, seconds: float) -> Score:
    grid = answer(toy.grid(PIXELS)).reshape(PIXELS, PIXELS)
    low = 0.0 if points.task == "classification" else -1.0
    scores = [
        quality(answer(x), y, points.task)
        for x, y in ((points.x_train, points.y_train), (points.x_test, points.y_test))
    ]
    return Score(scores[0], scores[1], parameters, seconds, toy.to_bytes(grid, low, 1.0))


def quality(answers: np.ndarray, y: np.ndarray, task: toy.Task) -> float:
    """Accuracy, or R² = 1 − squared error / variance."""
    if task == "classification":
        return float(np.mean((answers >= 0.5) == (y == 1)))
    variance = float(y.var()) or 1.0
    return 1 - float(np.mean((answers - y) ** 2)) / variance


def _need_two_classes(points: Points) -> None:
    if points.task == "classification" and len(set(points.y_train.tolist())) < 2:
        raise InvalidInput("one_class")


def check_features(check: Check, features: Sequence[str]) -> None:
    if not features:
        check.add("empty", name="features", least=1)
    for name in features:
        check.one_of("features", name, toy.FEATURES)


def script(run: VersusRun) -> str:
    """The match as one program that prints the same held-out scores, in plain PyTorch and scikit-learn.

    The net is trained once more for it: the program comes from the record of that training.
    Raises InvalidInput ``not_trained`` before the net's first epoch.
    """
    from core.mlp.script import packed, to_script

    points, net = run.points, run.config.net
    history = drain(train(build_net(net, points), net, points, run.deep.epoch)) if run.deep.epoch else None
    if history is None:
        raise InvalidInput("not_trained")
    classes = points.task == "classification"
    arrays = {name: getattr(points, name) for name in ("x_train", "y_train", "x_test", "y_test")}
    rows = {name: f'rows("{packed(array)}", {", ".join(map(str, array.shape))})' for name, array in arrays.items()}
    return to_script(history, {"held-out": (points.x_test, points.y_test)}) + _MACHINE.format(
        **rows,
        columns=", ".join(_COLUMNS[name] for name in run.config.features),
        linear="LogisticRegression" if classes else "LinearRegression",
        options="max_iter=1000" if classes else "",
        metric="accuracy_score" if classes else "r2_score",
        answers="answers >= 0.5" if classes else "answers",
    )


_COLUMNS = {
    "x1": "x1",
    "x2": "x2",
    "x1²": "x1 * x1",
    "x2²": "x2 * x2",
    "x1·x2": "x1 * x2",
    "sin x1": "np.sin(x1)",
    "sin x2": "np.sin(x2)",
}
_MACHINE = """

# The other side of the match: features that a person chose, and a linear model.
from sklearn.linear_model import {linear}
from sklearn.metrics import {metric}
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def rows(text, *shape):
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), "<f8").reshape(shape)


def features(points):
    x1, x2 = points.T
    return np.stack([{columns}], axis=1)


x_train, y_train = {x_train}, {y_train}
x_test, y_test = {x_test}, {y_test}
machine = make_pipeline(StandardScaler(), {linear}({options}))
machine.fit(features(x_train), y_train)
print("machine learning:", machine.score(features(x_test), y_test))
with torch.no_grad():
    answers = end(net(torch.tensor(x_test).to(FLOAT)))[:, 0].numpy()
print("deep learning:", {metric}(y_test, {answers}))
"""
