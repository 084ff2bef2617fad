"""Small nets for programs: the playground of lesson 5, a Sequential on a table, one step of backpropagation in numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from core.choices import Options, Range
from core.errors import InvalidInput, checking
from core.lessons.backpropagation import choices as walk
from core.lessons.hidden_layers import choices as plane
from core.lessons.sequential import choices as stack
from demos import kit
from demos.api.surface import MOST_SECONDS, TRAINING, Items, Lang, Letters, Value, kept_going, public

EPOCHS = Range(1, 1000, default=100, step=1)  # fewer than on the page: a call is bounded
MOST_CURVE = 20  # marks of a curve: it is read, not drawn
MOST_UPDATES = 2000  # between two answers: a fraction of a second, so that Stop is felt
MOST_TABLE = 20_000  # letters of a table
NUMBERS = Range(-1e9, 1e9, default=0)
WIDTH = Range(1, 64, default=16, step=1)


@public(
    "Losses and accuracies on the training and the held-out half, epochs and updates done, why it `stopped` early "
    '("deadline", "diverged" or null), and the `curve`: at most 20 of {epoch, train_loss, test_loss}.',
    TRAINING,
)
def train_net(
    data: Annotated[str, plane.DATA, "points to learn: five sets of two classes, two fields of values to fit"] = "xor",
    points: Annotated[
        list[Any], Items(Items(NUMBERS, 3, 3), 500), "own points instead of data: [x1, x2, label 0 or 1], about −6…6"
    ] = (),
    features: Annotated[list[Any], Items(plane.FEATURES, 7, 1), "what the net sees of a point"] = plane.CHOSEN,
    hidden: Annotated[list[Any], Items(plane.UNITS, 6), "units of each hidden layer; [] for none"] = (4, 2),
    activation: Annotated[str, plane.ACTIVATION, "of the hidden layers"] = plane.ACTIVATION.default,
    optimizer: Annotated[str, plane.OPTIMIZER, "update rule"] = plane.OPTIMIZER.default,
    learning_rate: Annotated[float, plane.RATE, "step size"] = plane.RATE.default,
    batch_size: Annotated[int, plane.BATCH, "points for each update"] = int(plane.BATCH.default),
    epochs: Annotated[int, EPOCHS, "passes over the training points; ends after a minute at the latest"] = int(
        EPOCHS.default
    ),
    l2: Annotated[float, plane.PENALTY, "penalty on squared weights"] = plane.PENALTY.default,
    samples: Annotated[int, plane.SAMPLES, "points drawn, half of them held out"] = int(plane.SAMPLES.default),
    noise: Annotated[float, plane.NOISE, "percent"] = plane.NOISE.default,
    seed: Annotated[int, plane.SEED, "of points, first weights and order"] = int(plane.SEED.default),
    lang: Lang = "en",
) -> Iterator[Value]:
    """Train a small neural net on points in the plane, as in TensorFlow Playground, and tell how well it does."""
    from core.events import Done
    from core.lessons.hidden_layers.config import PlaygroundConfig
    from core.lessons.hidden_layers.playground import Playground

    config = PlaygroundConfig(
        data=data,
        points=tuple((float(x1), float(x2), float(label)) for x1, x2, label in points),
        task="regression" if data in plane.FIELDS and not points else "classification",
        samples=samples,
        noise=noise,
        features=tuple(features),
        hidden=tuple((int(units), activation) for units in hidden),
        l2=l2,
        batch_size=batch_size,
        learning_rate=learning_rate,
        optimizer=optimizer,
        epochs=epochs,
        seed=seed,
    )
    net = Playground(config)

    def report(event: Any) -> Value:
        last = net.history[-1]
        numbers = {
            "epochs": net.epoch,
            "updates": net.iteration,
            "train_loss": _short(last.train.loss),
            "test_loss": _short(last.test.loss),
            "train_accuracy": _short(last.train.accuracy),
            "test_accuracy": _short(last.test.accuracy),
        }
        if not isinstance(event, Done):
            return numbers
        curve = [
            {"epoch": _short(mark.epoch), "train_loss": _short(mark.train.loss), "test_loss": _short(mark.test.loss)}
            for mark in _thinned(net.history)
        ]
        parameters = net.model.count_params()
        return numbers | {"done": True, "parameters": parameters, "stopped": event.stopped, "curve": curve}

    batches = -(-len(net.train_x) // batch_size)
    every = min(batches * max(1, epochs // (MOST_CURVE - 2)), MOST_UPDATES)
    yield from kept_going(net.steps(every=every, deadline=MOST_SECONDS), report)


@public(
    "`task`, `layers` as they were built, `parameters`; `history`: Keras' keys, each with the first, the last and at most 18 "
    "values between; `train` and `validation`: loss, metrics and mean error in the target's own unit; one entry of "
    "`predictions` for each question.",
    TRAINING,
)
def run_sequential(
    csv: Annotated[
        str, Letters(MOST_TABLE), "a table with a header; its words may only be classes in the target column"
    ] = "",
    target: Annotated[str, Letters(200), "name of the column to predict; empty: the last one"] = "",
    data: Annotated[
        str, Options(tuple(name for name in stack.DATA if name != "table")), "a built-in table, used when csv is empty"
    ] = stack.DATA.default,
    units: Annotated[list[Any], Items(WIDTH, 5), "units of each hidden Dense layer; the output layer fits itself"] = (
        64,
        64,
    ),
    activation: Annotated[str, stack.ACTIVATION, "of the hidden layers"] = "relu",
    dropout: Annotated[float, stack.DROP, "share of each hidden layer left out while training; 0: none"] = 0.0,
    optimizer: Annotated[str, stack.OPTIMIZER, "update rule"] = stack.OPTIMIZER.default,
    learning_rate: Annotated[float, stack.RATE, "step size; 0: Keras' default of the optimizer"] = 0.0,
    epochs: Annotated[int, EPOCHS, "passes over the rows; ends after a minute at the latest"] = int(EPOCHS.default),
    batch_size: Annotated[int, stack.BATCH, "rows for each update"] = int(stack.BATCH.default),
    validation_split: Annotated[float, stack.SPLIT, "the last share of the rows, held out"] = 0.2,
    standardise: Annotated[bool, None, "bring inputs, and measured targets, to mean 0 and spread 1"] = True,
    questions: Annotated[list[Any], Items(Items(NUMBERS, 50, 1), 50), "rows of inputs to predict afterwards"] = (),
    seed: Annotated[int, stack.SEED, "of first weights, dropout and order"] = int(stack.SEED.default),
    lang: Lang = "en",
) -> Iterator[Value]:
    """Train a Keras-like Sequential on a table, measured or by classes, evaluate it, and predict new rows."""
    from core.events import Cadence, Done
    from core.lessons.sequential.lab import Lab
    from core.lessons.sequential.own_table import spec_for
    from core.lessons.sequential.spec import RunSpec

    base = RunSpec(
        data=data,
        standardise=standardise,
        optimizer=optimizer,
        learning_rate=learning_rate or None,
        epochs=epochs,
        batch_size=batch_size,
        validation_split=validation_split,
        seed=seed,
    )
    hidden = tuple((int(width), activation) for width in units)
    if csv and not csv.strip():
        raise InvalidInput("empty", name="table", least=2)
    lab = Lab(spec_for(base, hidden, dropout, csv.encode() or None, target))
    if not csv and target:  # of a built-in table the last column alone can be asked for
        with checking() as check:
            check.one_of("target", target, lab.data.names[-1:])

    def report(event: Any) -> Value:
        history = {name: [_short(v) for v in _thinned(values)] for name, values in lab.trainer.history.items()}
        if not isinstance(event, Done):
            return {"epochs": lab.trainer.epoch, "latest": {name: values[-1] for name, values in history.items()}}
        answer = lab.predict([list(row) for row in questions]) if questions else None
        said = [] if answer is None else [_short(v) for v in answer.values.tolist()]
        return {
            "done": True,
            "task": lab.data.task,
            "columns": list(lab.data.names),
            "classes": list(lab.data.classes),
            "layers": [f"{row.kind} {row.output_shape}" for row in lab.inspection.rows],
            "parameters": lab.inspection.total,
            "epochs": lab.trainer.epoch,
            "stopped": event.stopped,
            "history": history,
            "train": _score(lab, "train"),
            "validation": _score(lab, "validation") if validation_split else None,
            "predictions": list(answer.classes) if answer is not None and answer.classes else said,
        }

    yield from kept_going(lab.steps(every=Cadence(seconds=kit.FRAME_SECONDS), deadline=MOST_SECONDS), report)


@public(
    "For each layer: its `weights` (rows: from, columns: to) and `biases`, `z`, `output`, `delta` = ∂loss/∂z, the gradients, "
    "and weights and biases after the update; the `loss` before and after."
)
def trace_net(
    x: Annotated[list[Any], Items(walk.NUMBER, 4, 1), "the inputs of one sample"] = (walk.X1, walk.X2),
    target: Annotated[list[Any], Items(walk.NUMBER, 4, 1), "the right outputs; 0…1 with bce"] = (walk.TARGET,),
    hidden: Annotated[list[Any], Items(Range(1, 4, default=2, step=1), 3, 1), "units of each hidden layer"] = (2, 2),
    activation: Annotated[str, walk.ACTIVATION, "of the hidden layers"] = walk.ACTIVATION.default,
    output: Annotated[
        str, Options(("sigmoid", "linear", "tanh")), "activation of the last layer; bce needs sigmoid"
    ] = "sigmoid",
    loss: Annotated[str, walk.LOSS, "mean squared error, or binary cross-entropy"] = walk.LOSS.default,
    learning_rate: Annotated[float, walk.RATE, "of the one update"] = walk.RATE.default,
    seed: Annotated[int, walk.SEED, "of the first weights"] = int(walk.SEED.default),
    lang: Lang = "en",
) -> Value:
    """Send one sample forward and backward through a tiny net and show every number of the pass and of one update."""
    from core.lessons.backpropagation.trace import TraceConfig, trace

    shape = tuple(int(units) for units in hidden)
    config = TraceConfig(
        tuple(map(float, x)), tuple(map(float, target)), shape, (activation,) * len(shape), output, loss, learning_rate, seed
    )  # fmt: skip
    seen = trace(config)
    layers = []
    for place, name in enumerate(seen.net.activations):
        arrays = {
            "weights": seen.net.weights[place],
            "biases": seen.net.biases[place],
            "z": seen.z[place],
            "output": seen.a[place],
            "delta": seen.deltas[place],
            "weight_gradients": seen.weight_gradients[place],
            "bias_gradients": seen.bias_gradients[place],
            "new_weights": seen.updated.weights[place],
            "new_biases": seen.updated.biases[place],
        }
        layers.append({"activation": name} | {key: _rounded(array.tolist()) for key, array in arrays.items()})
    return {"loss": _short(seen.loss), "new_loss": _short(seen.new_loss), "layers": layers}


def _score(lab: Any, part: str) -> Value:
    score = lab.evaluate(part)
    own = {"mean_error": score.mean_error, "accuracy": score.accuracy}
    return {name: _short(value) for name, value in {**dict(score.values), **own}.items() if value is not None}


def _thinned(values: Any) -> list[Any]:
    """At most 20 of them, the first and the last among them."""
    values = list(values)
    if len(values) <= MOST_CURVE:
        return values
    return [values[round(i * (len(values) - 1) / (MOST_CURVE - 1))] for i in range(MOST_CURVE)]


def _short(value: float | None) -> float | None:
    """Six digits; JSON has no infinity."""
    if value is None or value != value or value in (float("inf"), float("-inf")):
        return None
    return float(f"{value:.6g}")


def _rounded(values: Any) -> Any:
    return [_rounded(each) for each in values] if isinstance(values, list) else _short(values)
