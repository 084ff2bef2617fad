"""Does every program of the Sequential lesson's code panel give the lesson's numbers? All of them, run against real Keras.

Ends × losses × sets of metrics × data, with the optimisers, hidden activations, validation splits and scaling in turn,
three epochs from equal weights in equal order. Keras is asked for float64, so that what differs differs by rule, not by
rounding (its losses and measures come out in float32 all the same). For each spec Keras' program, our own and plain PyTorch's
are run. tests/lessons/sequential/test_sweep.py takes a sample. Left out: Dropout and shuffling, whose dice differ. The whole
takes hours; with --log it goes on where it was stopped, and two processes share it as --every 2 --first 0 and --first 1; with
--seed it goes in an order drawn by chance, so that what is done when it is stopped is a sample of all.
Usage: python -m benchmarks.keras_sweep [--every 1] [--first 0] [--seed 0] [--log file]
"""

from __future__ import annotations

import argparse
import contextlib
import io
import itertools
import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")

import numpy as np
import torch

from core.errors import CoreError
from core.events import drain
from core.lessons.sequential import choices
from core.lessons.sequential.lab import Lab
from core.lessons.sequential.script import code
from core.lessons.sequential.spec import LayerSpec, RunSpec
from core.mlp.script import to_script

CLOSE = {"rtol": 1e-5, "atol": 1e-8}  # Keras clips probabilities at 1e-7, we do not
SUBSETS = [s for n in range(len(choices.METRICS) + 1) for s in itertools.combinations(choices.METRICS, n)]
CLIP = 1e-6  # Keras clips at 1e-7; probabilities of the epochs before were a little larger
ROWS = 24
OVERFLOW = 1e30  # a loss of a diverging run: Keras' measures and gradients are float32 also in float64 and end at 3e38
ROUNDED = {
    "rtol": 1e-3,
    "atol": 1e-6,
}  # Keras' losses and their slopes are float32: three epochs make of it the fifth digit
STILL = 1e-6  # of a loss: less is no improvement to Keras' float32, so that its early stopping stops earlier
OUTCOMES = ("equal", "rounded", "clipped", "overflowed", "tied", "WRONG", "refused")


def own_table(kind: str) -> dict[str, object]:
    """Settings for a learner's own rows: ten numbers made by a formula; the kinds are what a table may be."""
    x = [[float(i % 5), float(i * i % 7), 3.0] for i in range(ROWS)]  # the third column is constant
    y = {
        "measured": [i * 0.5 - 3 for i in range(ROWS)],
        "flat": [2.0] * ROWS,
        "words": [float(i % 2) for i in range(ROWS)],
        "gaps": [(-1.0, 4.0, 9.0)[i % 3] for i in range(ROWS)],  # classes that are not 0, 1, 2
        "rare": [float(i == 1) + 2 * float(i == 5) for i in range(ROWS)],  # one row each
        "many": [float(i % 11) for i in range(ROWS)],
    }[kind]
    table = tuple((*row, value) for row, value in zip(x, y, strict=True))
    labels = ("고양이", 'a "dog"') if kind == "words" else ()
    return {"data": "table", "table": table, "classify": kind not in ("measured", "flat"), "labels": labels}


def _datasets() -> Iterator[tuple[str, int, dict[str, object]]]:
    """Task, classes, settings."""
    for name in ("people", "many_people", "plane"):
        yield "regression", 0, {"data": name}
    for name in ("measured", "flat"):
        yield "regression", 0, own_table(name)
    for name in ("moons", "circle", "xor", "spiral", "gauss"):
        yield "binary", 2, {"data": name}
    yield "binary", 2, own_table("words")
    yield "multiclass", 3, {"data": "groups"}
    for name, classes in (("gaps", 3), ("rare", 3), ("many", 11)):
        yield "multiclass", classes, own_table(name)


def specs() -> Iterator[RunSpec]:
    """Every pair of end and loss, with every set of metrics, on every data; what cannot work is left to ``refused``."""
    turn = 0
    for task, classes, data in _datasets():
        for units in {"regression": (1,), "binary": (1, 2), "multiclass": (classes,)}[task]:
            for activation, loss, metrics in itertools.product(choices.ACTIVATION, choices.LOSS, SUBSETS):
                turn += 1
                hidden = tuple(choices.ACTIVATION)[turn % 9]
                yield RunSpec(
                    layers=(LayerSpec(units=4, activation=hidden), LayerSpec(units=units, activation=activation)),
                    samples=40,
                    loss=loss,
                    metrics=metrics,
                    optimizer=tuple(choices.OPTIMIZER)[turn % 7],
                    learning_rate=(None, 0.05)[turn // 2 % 2],
                    batch_size=(10, 7, 256)[turn % 3],
                    validation_split=(0.0, 0.3)[turn // 3 % 2],
                    standardise=turn // 5 % 2 == 0,
                    patience=(None, 1)[turn // 7 % 2],
                    shuffle=False,
                    epochs=3,
                    seed=turn,
                    **data,  # type: ignore[arg-type]
                )


def allowed(spec: RunSpec) -> Lab | None:
    try:
        return Lab(spec)
    except CoreError:
        return None


def clips(lab: Lab) -> bool:
    """Whether a probability left what Keras keeps: there its loss and its slope are others (the program says so)."""
    if "crossentropy" not in lab.spec.loss:
        return False
    said = np.clip(lab.model.predict(lab.x), 0, 1)
    return bool((said < CLIP).any() or (said > 1 - CLIP).any())


def rounded(theirs: Sequence[float], ours: Sequence[float], watched: Sequence[float]) -> bool:
    """Whether two courses differ by float32 only: in the fifth digit, or by an epoch more at a watched loss that stands still."""
    common = min(len(theirs), len(ours))
    end = watched[max(common - 2, 0) : common]
    stands = len(theirs) == len(ours) or (common > 1 and abs(end[0] - end[1]) <= STILL * abs(end[0]))
    return stands and np.allclose(theirs[:common], ours[:common], **ROUNDED)


def differences(lab: Lab) -> list[str]:
    """What the programs of this run print otherwise than the lesson shows, "rounded" first where that is why; empty if equal."""
    found: list[str] = []
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()):
        Path("data.csv").write_text(lab.data.table, encoding="utf-8")
        weights = lab.model.get_weights()
        drain(lab.steps(every=None))
        ours = lab.trainer.history
        for library in ("keras", "core"):
            program = code(lab.spec, library)
            space: dict[str, object] = {"weights": weights}
            try:
                exec(program.replace("model.summary()", "model.set_weights(weights)", 1), space)
                part = slice(0, lab.data.training)
                scores = space["model"].evaluate(space["x"][part], space["y"][part], verbose=0)  # type: ignore
            except Exception as error:  # whatever it is, a learner would see it
                found.append(f"{library} fails: {type(error).__name__}: {str(error)[:120]}")
                continue
            theirs = space["history"].history  # type: ignore[attr-defined]
            if theirs.keys() != ours.keys():
                found.append(f"{library} measures {list(theirs)}, the lesson {list(ours)}")
                continue
            for name, values in ours.items():
                said = np.ravel(theirs[name])
                if len(said) != len(values) or not np.allclose(said, values, **CLOSE):
                    why = "rounded: " * rounded(said, values, ours.get("val_loss", ours["loss"]))
                    found.append(f"{why}{library} {name}: {said[-1]:.6g}, the lesson {values[-1]:.6g}")
            shown = [value for _, value in lab.evaluate().values]
            if not np.allclose(np.ravel(scores), shown, **CLOSE):
                why = "rounded: " * np.allclose(np.ravel(scores), shown, **ROUNDED)
                found.append(f"{why}{library} evaluates {scores}, the lesson {shown}")
        said = _plain_torch(to_script(lab.run))
        if not np.isclose(said, ours["loss"][-1], rtol=1e-9):
            found.append(f"torch: {said}, the lesson {ours['loss'][-1]}")
    return found


def _plain_torch(program: str) -> float:
    """The final loss that the program prints."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        try:
            exec(program, {"__name__": "plain"})
        finally:
            torch.set_default_dtype(torch.float32)
    return float(out.getvalue().partition("final loss = ")[2])


def ties(lab: Lab) -> bool:
    """Whether the two best outputs of a row are one number to float32, in which Keras counts: another one wins there."""
    best = np.sort(np.asarray(lab.model.predict(lab.x), np.float32), axis=1)[:, -2:]
    return best.shape[1] == 2 and bool((best[:, 0] == best[:, 1]).any())


def overflows(lab: Lab) -> bool:
    listed = [*lab.trainer.history.values(), [value for _, value in lab.evaluate().values]]
    return not all(abs(value) < OVERFLOW for values in listed for value in values)


def outcome(spec: RunSpec) -> tuple[str, list[str]]:
    """One of OUTCOMES, and what differs."""
    import keras

    if (lab := allowed(spec)) is None:
        return "refused", []
    clipped = clips(lab)  # at the start, or at the end: a net that Keras' slope of 0 held fast may come back in ours
    found = differences(lab)
    keras.utils.clear_session()
    if not found:
        return "equal", found
    if all(each.startswith("rounded") for each in found):
        return "rounded", found
    if all(" f1_score: " in each for each in found) and ties(lab):
        return "tied", found
    return ("clipped" if clipped or clips(lab) else "overflowed" if overflows(lab) else "WRONG"), found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=1, help="take every n-th program")
    parser.add_argument("--first", type=int, default=0, help="starting with this one")
    parser.add_argument("--seed", type=int, help="in an order drawn with this seed")
    parser.add_argument("--log", type=Path, help="one line a program; what stands in it is not run again")
    options = parser.parse_args()
    import keras

    keras.config.set_floatx("float64")
    kept = options.log.read_text("utf-8").splitlines() if options.log and options.log.exists() else []
    seen = {int(number): said for number, said in (line.split(" ", 1) for line in kept)}
    order = list(itertools.islice(enumerate(specs()), options.first, None, options.every))
    if options.seed is not None:
        random.Random(options.seed).shuffle(order)
    for number, spec in order:
        if number in seen:
            continue
        said, found = outcome(spec)
        seen[number] = said
        if options.log:
            with options.log.open("a", encoding="utf-8") as log:
                log.write(f"{number} {said}\n")
        if said == "WRONG":
            told = (number, spec.data, spec.loss, spec.layers, spec.metrics, spec.optimizer, *found)
            print(*told, sep="\n  ", flush=True)
    counts = Counter(seen.values())
    print(f"keras {keras.__version__}: " + ", ".join(f"{counts[each]} {each}" for each in OUTCOMES))
    sys.exit(counts["WRONG"] > 0)


if __name__ == "__main__":
    main()
