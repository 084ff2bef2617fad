"""Lesson 15's training from scratch on shipped garments or digits, as a run that can be stopped and continued.

The network, its data and its record stay together in a Course. Pictures to judge it by (those held out) are never
learnt from. Left out: other data sets (core.vision.classifier takes any arrays).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from core.data import digits, fashion
from core.errors import checking, register
from core.events import Cadence, Deadline, Done, Every, Latest, TrainStep
from core.lessons.image_classifier import choices
from core.training.trainer import History
from core.vision.classifier import ImageClassifier
from core.vision.inside import Report, Wrong
from core.vision.layers import Augmentation

register({"no_own_network": "You have trained no network yet. Train one first."})

SETS = {"garments": fashion.load, "digits": digits.load}
FILTERS = {1: (32,), 2: (32, 64), 3: (32, 64, 128)}
QUICK = 500  # held-out pictures judged now and then; all of them at the end of an epoch
REACH = 1.2  # of a kernel's weights, in colours: larger ones look the same


@dataclass(frozen=True, slots=True)
class CourseConfig:
    """What is trained, on what (``data``), and how. ``blocks``: convolution, ReLU, max-pool, so many times."""

    pictures: int = int(choices.PICTURES.default)
    blocks: int = int(choices.BLOCKS.default)
    learning_rate: float = choices.RATE.default
    batch_size: int = int(choices.BATCH.default)
    dropout: float = choices.DROPOUT.default
    augment: bool = choices.AUGMENT
    seed: int = int(choices.SEED.default)
    data: str = choices.DATA.default

    def __post_init__(self) -> None:
        with checking() as check:
            check.within("pictures", self.pictures, choices.PICTURES)
            check.one_of("blocks", self.blocks, FILTERS)
            check.within("learning_rate", self.learning_rate, choices.RATE)
            check.within("batch_size", self.batch_size, choices.BATCH)
            check.within("dropout", self.dropout, choices.DROPOUT)
            check.within("seed", self.seed, choices.SEED)
            check.within("data", self.data, choices.DATA)


@dataclass(frozen=True, slots=True)
class CourseStep:
    """How the network does at one moment."""

    step: int  # updates so far
    epoch: int  # epochs completed
    loss: float  # mean of the batches since the report before; nan before the first
    right: float  # share of held-out pictures named right; nan where none was judged
    judged: int  # of how many
    kernels: np.ndarray  # (O, kh, kw) uint8 of the first layer: 128 + 127 · weight / REACH
    change: float  # how far the kernels are from the first ones, in lengths of those


class Course:
    """A network in training, with everything that was seen on the way.

    >>> course = Course(CourseConfig(pictures=200, batch_size=50))
    >>> [event.step for event in course.steps(epochs=1, every=2) if isinstance(event, CourseStep)]
    [0, 2, 4]
    """

    def __init__(self, config: CourseConfig | None = None) -> None:
        self.config = config or CourseConfig()
        self.classifier = fresh(self.config)
        self.record: list[CourseStep] = []
        self.seconds = 0.0
        self._judged: tuple[int, Report] | None = None  # after so many updates
        self._first = self.classifier.kernels()
        self._latest = Latest()

    @property
    def data(self) -> fashion.Fashion:
        """What it learns from and is judged by."""
        return SETS[self.config.data]()

    @property
    def updates(self) -> int:
        return self.classifier.trainer.updates if self.classifier.trainer else 0

    def steps(
        self, epochs: int = 1, *, every: Every = None, deadline: float | None = None
    ) -> Iterator[CourseStep | Done[Course]]:
        """Train for so many more epochs, at most ``deadline`` seconds; a CourseStep when due and at each epoch's end.

        With a number as ``every``, each step is judged on some held-out pictures; else as often as a ninth of the time
        allows. With None they come twice a second. A later run, or ``pause``, ends it as "paused".

        Raises:
            InvalidInput: a value out of range.
        """
        with checking() as check:
            check.whole("epochs", epochs, 1, choices.MOST_EPOCHS)
        watch = Deadline()
        run = self._run(int(epochs), every, deadline)
        return self._latest.of(run, lambda: Done(self, watch.elapsed, "paused"))

    def pause(self) -> None:
        """The run at hand ends with the update that it is making: what is read now is what stays."""
        self._latest.pause()

    def _run(self, epochs: int, every: Every, deadline: float | None) -> Generator[CourseStep | Done[Course]]:
        before, watch = self.seconds, Deadline()
        ended: Done[History] | None = None
        try:
            if self.classifier.trainer is None:
                self._enrol()
                yield self._report([], QUICK)
            losses: list[float] = []
            each, rest = isinstance(every, int), Deadline(0.5)
            beat = Cadence(every) if isinstance(every, int) else every or Cadence(seconds=0.5)
            with closing(self.classifier.resume(epochs, every=1, deadline=deadline)) as events:  # type: ignore[type-var]
                for event in events:
                    if isinstance(event, TrainStep):
                        losses.append(event.loss)
                        if event.epoch_ended or beat.due(event.step):
                            judging = Deadline()
                            most = None if event.epoch_ended else QUICK if each or rest.expired else 0
                            found = self._report(losses, most)
                            losses = []
                            if found.judged:
                                rest = Deadline(8 * judging.elapsed)
                            yield found
                    elif isinstance(event, Done):
                        ended = event
                        self.seconds = before + watch.elapsed
                        yield Done(self, event.seconds, event.stopped)
        finally:
            if ended is None:
                self.seconds = before + watch.elapsed

    def _enrol(self) -> None:
        data, config = self.data, self.config
        count = int(config.pictures)
        self.classifier.steps(
            data.x_train[:count],
            data.y_train[:count],
            batch_size=int(config.batch_size),
            learning_rate=config.learning_rate,
            augment=Augmentation(seed=config.seed + 3, mirror=config.data != "digits") if config.augment else False,
        )

    def _report(self, losses: list[float], most: int | None) -> CourseStep:
        data, trainer, kernels = self.data, self.classifier.trainer, self.classifier.kernels()
        said = None if most == 0 else self.classifier.predict(data.x_test[:most])
        found = CourseStep(
            self.updates,
            trainer.epoch if trainer else 0,
            float(np.mean(losses)) if losses else float("nan"),
            float("nan") if said is None else float((said == data.y_test[:most]).mean()),
            0 if said is None else len(said),
            coded_kernels(kernels),
            float(np.linalg.norm(kernels - self._first) / np.linalg.norm(self._first)),
        )
        self.record.append(found)
        return found

    def judge(self) -> Report:
        """Accuracy, confusion matrix and every mistake on the held-out pictures, the most confident first."""
        if self._judged is None or self._judged[0] != self.updates:
            data = self.data
            self._judged = self.updates, self.classifier.evaluate(data.x_test, data.y_test, worst=len(data.y_test))
        return self._judged[1]

    def film(self, most: int = 60) -> list[CourseStep]:
        """The record, thinned evenly to at most so many steps; the first and the last stay."""
        rows = np.unique(np.linspace(0, len(self.record) - 1, min(most, len(self.record))).round().astype(int))
        return [self.record[row] for row in rows]


def fresh(config: CourseConfig) -> ImageClassifier:
    """The network before it has learnt anything: it standardises by the pictures it will learn from."""
    import torch

    data = SETS[config.data]()
    made = ImageClassifier(
        classes=data.classes,
        filters=FILTERS[config.blocks],
        dropout=config.dropout,
        seed=int(config.seed),
        preparation="digit" if config.data == "digits" else "object",
    )
    x = data.x_train[: int(config.pictures)]
    made.build((1, 28, 28), torch.tensor([x.mean() / 255]).float(), torch.tensor([x.std() / 255]).float())
    return made


def coded_kernels(kernels: np.ndarray) -> np.ndarray:
    """(O, 1, kh, kw) weights as (O, kh, kw) bytes around 128 = 0."""
    return (128 + np.round(127 * kernels[:, 0] / REACH)).clip(1, 255).astype(np.uint8)


def mistakes(report: Report, truth: int | None = None, said: int | None = None, most: int = 12) -> tuple[Wrong, ...]:
    """The most confident mistakes: all, or those of one cell of the confusion matrix."""
    chosen = [
        wrong
        for wrong in report.wrong
        if (truth is None or wrong.truth == truth) and (said is None or wrong.said == said)
    ]
    return tuple(chosen[:most])
