"""Why classification uses cross-entropy: both losses over one logit, and two equal nets that learn by one each.

For a unit p = σ(z) with target 1, the slope of −ln p by z is p − 1; that of (1 − p)² is 2(p − 1)·p(1 − p), which is
almost 0 where the unit is surely wrong. Two playgrounds start surely wrong and show what follows.
Left out: more than two classes. Source: Bishop, Pattern Recognition and Machine Learning (2006), section 4.3.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from core.errors import checking
from core.events import Done, Every, Frames
from core.lessons.hidden_layers import choices
from core.lessons.hidden_layers.config import PlaygroundConfig
from core.lessons.hidden_layers.playground import LIVE_SIZE, STILL_SIZE, Frame, Playground
from core.mlp.plain_net import Array, Parameter

MOST_MARKS = 100  # of the accuracy curve, besides that of the start


@dataclass(frozen=True, slots=True)
class LossShapes:
    """Loss and slope by the logit z, for a target of 1."""

    z: Array  # (161,) −8 … 8
    cross_entropy: Array  # −ln σ(z)
    squared_error: Array  # (1 − σ(z))²
    cross_entropy_slope: Array
    squared_error_slope: Array


@dataclass(frozen=True, slots=True)
class VersusMark:
    """Test accuracy of both nets after so many epochs, 0–1."""

    epoch: int
    cross_entropy: float
    squared_error: float


@dataclass(frozen=True, slots=True)
class VersusStep:
    """Both nets after the same number of epochs. Their losses differ in kind: compare accuracies."""

    epoch: int
    cross_entropy: Frame
    squared_error: Frame
    marks: tuple[VersusMark, ...]  # since the step before, however seldom a picture is drawn; the first is of epoch 0


def loss_shapes() -> LossShapes:
    """The two curves and their slopes.

    >>> shapes = loss_shapes()
    >>> bool(shapes.cross_entropy_slope[0] < -0.99), bool(abs(shapes.squared_error_slope[0]) < 0.001)
    (True, True)
    """
    z = np.linspace(-8, 8, 161)
    p = 1 / (1 + np.exp(-z))
    return LossShapes(z, np.logaddexp(0, -z), (1 - p) ** 2, p - 1, 2 * (p - 1) * p * (1 - p))


def versus(
    config: PlaygroundConfig,
    start: float = choices.START.default,
    *,
    every: Every = None,
    deadline: float | None = None,
) -> Iterator[VersusStep | Done[tuple[Playground, Playground]]]:
    """Train the same net by cross-entropy and by squared error for ``config.epochs``, an epoch each in turn.

    ``start`` is the output's first bias: −6 makes both nets sure that every point is class 0.
    """
    with checking() as check:
        check.within("start", start, choices.START)
        if config.task == "regression":
            check.add("not_one_of", name="task", received="regression", choices="classification", hint="")
    nets = [Playground(replace(config, loss=loss)) for loss in choices.LOSS]
    for net in nets:
        net.set_weight(Parameter(len(config.hidden) + 1, 0), start)

    def mark() -> VersusMark:
        return VersusMark(nets[0].epoch, *(net.scores()[1].accuracy or 0.0 for net in nets))

    each, seen = math.ceil(config.epochs / MOST_MARKS), [mark()]

    def epoch() -> str | None:
        ends = [net.train(1) for net in nets]
        if nets[0].epoch % each == 0 or nets[0].epoch == config.epochs:
            seen.append(mark())
        return next((end for end in ends if end), None)

    run, told = Frames(epoch, config.epochs, every, deadline), 0
    for done in run:
        size = STILL_SIZE if run.stopped or done == config.epochs else LIVE_SIZE
        by_entropy, by_square = (net.frame(size) for net in nets)
        yield VersusStep(done, by_entropy, by_square, tuple(seen[told:]))
        told = len(seen)
    yield Done((nets[0], nets[1]), run.seconds, run.stopped)
