"""Two or three runs on the same rows, epoch by epoch: standardised or not, the source's models, with dropout or without.

What is compared is the same for all: the mean error in the target's own unit, or the accuracy; on the validation rows
where there are some. Left out: one run alone (lab.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from core.errors import InvalidInput, checking, register
from core.events import Done, Every, Frames
from core.lessons.sequential import choices
from core.lessons.sequential.data import Array, load
from core.lessons.sequential.lab import Lab, Score
from core.lessons.sequential.spec import PRESETS, LayerSpec, RunSpec, suited

register({"no_hidden_layer": "Dropout stands between two Dense layers. Add a Dense layer first."})

DROPPED = 0.3  # share that rests in the race "dropout"


@dataclass(frozen=True, slots=True)
class RaceStep:
    """The race as it stands."""

    epoch: int
    part: str  # "validation" or "train": the rows measured
    measured: str  # "error", in the target's unit, or "accuracy", 0–1
    runners: tuple[tuple[str, int, Array], ...]  # (name, parameters, (epochs,) values)
    out: tuple[str, ...]  # names that stopped: the loss left the range of numbers, or patience ended


def rivals(spec: RunSpec, kind: str) -> dict[str, RunSpec]:
    """Who runs: standardise → off, on; source → line, deep, yours; dropout → without, with.

    >>> list(rivals(RunSpec(), "source")), list(rivals(RunSpec((LayerSpec(units=3), LayerSpec())), "source"))
    (['line', 'deep'], ['line', 'deep', 'yours'])
    """
    with checking() as check:
        check.within("race", kind, choices.RACE)
    if kind == "standardise":
        return {"off": replace(spec, standardise=False), "on": replace(spec, standardise=True)}
    if kind == "dropout":
        plain = tuple(layer for layer in spec.layers if layer.kind == "dense")
        if len(plain) < 2:
            raise InvalidInput("no_hidden_layer")
        rested = [part for layer in plain[:-1] for part in (layer, LayerSpec("dropout", rate=DROPPED))]
        return {"without": replace(spec, layers=plain), "with": replace(spec, layers=(*rested, plain[-1]))}
    data = load(spec)
    fitting = suited(spec, data.task, len(data.classes))
    models = {name: replace(spec, layers=PRESETS[name].layers) for name in ("line", "deep")}
    ended = {name: suited(model, data.task, len(data.classes)) for name, model in models.items()}
    same = {name: replace(model, loss=fitting.loss) for name, model in ended.items()}
    return same if any(model.layers == spec.layers for model in same.values()) else same | {"yours": spec}


def race(
    spec: RunSpec, kind: str, *, every: Every = 1, deadline: float | None = None
) -> Iterator[RaceStep | Done[RaceStep]]:
    """Train all rivals, an epoch each in turn; a report when ``every`` says so (in epochs or seconds) and at the end.

    ``Done.stopped``: "deadline", or "all_out" when no rival can go on.
    """
    labs = {name: Lab(one) for name, one in rivals(spec, kind).items()}
    values: dict[str, list[float]] = {name: [] for name in labs}
    out: list[str] = []
    first = next(iter(labs.values()))
    part = "validation" if first.data.training < len(first.data.x) else "train"

    def epoch() -> str | None:
        for name, lab in labs.items():
            if name in out:
                continue
            *_, done = lab.trainer.steps(1)
            values[name].append(_measured(lab.evaluate(part)))
            if isinstance(done, Done) and done.stopped in ("diverged", "patience"):
                out.append(name)
        return "all_out" if len(out) == len(labs) else None

    def report(number: int) -> RaceStep:
        runners = tuple((name, lab.inspection.total, np.array(values[name])) for name, lab in labs.items())
        return RaceStep(number, part, "accuracy" if first.data.classes else "error", runners, tuple(out))

    frames = Frames(epoch, spec.epochs, every, deadline)
    for number in frames:
        last = report(number)
        yield last
    yield Done(last, frames.seconds, frames.stopped)


def _measured(score: Score) -> float:
    measured = score.accuracy if score.mean_error is None else score.mean_error
    return float("nan") if measured is None else measured
