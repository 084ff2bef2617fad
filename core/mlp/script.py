"""A run of a Sequential as one program in plain PyTorch that prints the same numbers in a fresh process.

The program holds the rows it was trained on, draws the first weights, the order of the rows and dropout from the same
seeds, and repeats the journal of the run (record.py): training, weights set by hand, training again.
Left out: accelerators (their sums run in another order), more than 100,000 rows.
Source: the update rules are Keras 3's, as in optimizers.py; torch.optim places ε elsewhere, so they are written out.
"""

from __future__ import annotations

import base64
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import InvalidInput, checking, register, shown
from core.mlp.activations import LEAK
from core.mlp.record import Compiled, Run, Trained, WeightsSet

register(
    {
        "not_a_run": "A program is made of what fit() returns: run = model.fit(x, y), then to_script(run). Received: {received}."
    }
)

Array = NDArray[Any]
MOST_ROWS, LITERAL = 100_000, 60  # numbers written as digits; more are packed

ACTIVATIONS = {
    "sigmoid": "nn.Sigmoid()",
    "tanh": "nn.Tanh()",
    "relu": "nn.ReLU()",
    "leaky_relu": f"nn.LeakyReLU({LEAK})",
    "elu": "nn.ELU()",
    "gelu": "nn.GELU()",
    "silu": "nn.SiLU()",
    "softmax": "nn.Softmax(-1)",
}
LOSSES = {
    "mean_squared_error": "F.mse_loss(end(z), y)",
    "mean_absolute_error": "F.l1_loss(end(z), y)",
    "binary_crossentropy": "F.binary_cross_entropy_with_logits(z, y)",
    "categorical_crossentropy": "F.cross_entropy(z, y)",
}
BY_ROWS = {  # for weighted rows
    "mean_squared_error": "(end(z) - y).square().mean(1)",
    "mean_absolute_error": "(end(z) - y).abs().mean(1)",
    "binary_crossentropy": 'F.binary_cross_entropy_with_logits(z, y, reduction="none").mean(1)',
    "categorical_crossentropy": 'F.cross_entropy(z, y, reduction="none")',
}
for _table_of in (LOSSES, BY_ROWS):
    _table_of |= {"mse": _table_of["mean_squared_error"], "mae": _table_of["mean_absolute_error"]}
    _table_of["sparse_categorical_crossentropy"] = _table_of["categorical_crossentropy"]

_HEAD = '''"""A run of "A Taste of Deep Learning" as one program in plain PyTorch. It prints the same numbers again."""

import base64
import math
import zlib

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

FLOAT = torch.{dtype}
torch.set_default_dtype(FLOAT)
torch.set_num_threads(1)  # a small net is fastest so, and sums keep their order


def table(text, *shape):
    """Packed float64 numbers."""
    return torch.from_numpy(np.frombuffer(zlib.decompress(base64.b64decode(text)), "<f8").reshape(shape).copy()).to(FLOAT)


first = torch.Generator().manual_seed({seed})  # draws the first weights


def dense(inputs, units):
    """nn.Linear with Glorot-uniform weights and biases 0."""
    layer = nn.Linear(inputs, units)
    uniform = torch.rand((inputs, units), generator=first, dtype=torch.float64)
    kernel = (2 * uniform - 1) * math.sqrt(6 / (inputs + units))
    with torch.no_grad():
        layer.weight.copy_(kernel.T)
        layer.bias.zero_()
    return layer
'''
_DROPOUT = """

dropping = torch.Generator().manual_seed({seed})


class Dropout(nn.Module):
    def __init__(self, rate):
        super().__init__()
        self.rate = rate

    def forward(self, x):
        if not self.training:
            return x
        return x * (torch.rand(x.shape, generator=dropping, dtype=torch.float32) >= self.rate).to(FLOAT) / (1 - self.rate)
"""
_TRAIN = '''
shuffling = torch.Generator().manual_seed({seed})
losses = []  # of each whole epoch


def batches(x, y, {weights}size, shuffle):
    """Endless: rows of a batch, and whether it is the last of its epoch."""
    while True:
        order = torch.randperm(len(x), generator=shuffling) if shuffle else torch.arange(len(x))
        for start in range(0, len(x), size):
            rows = order[start : start + size]
            yield x[rows], y[rows], {weights_of_rows}start + size >= len(x)


def train(stream, updates, optimizer, loss_of):
    net.train()
    for _ in range(updates):
        x, y, {weights}ends = next(stream)
        loss = {loss}{penalty}
        net.zero_grad()
        loss.backward()
        optimizer.step()
        seen.append((len(x), loss.item()))
        if ends:
            losses.append(sum(n * value for n, value in seen) / sum(n for n, _ in seen))
            seen.clear()
    net.eval()


seen = []  # batches of this epoch: rows, loss
'''
_WEIGHTED = {
    False: {"weights": "", "weights_of_rows": "", "loss": "loss_of(net(x), y)"},
    True: {"weights": "w, ", "weights_of_rows": "w[rows], ", "loss": "(w * loss_of(net(x), y)).mean()"},
}
_SET = '''
def set_weights(*arrays):
    """Kernel (inputs, units), bias (units,), kernel, bias, …"""
    parameters = [p for layer in net if isinstance(layer, nn.Linear) for p in (layer.weight, layer.bias)]
    with torch.no_grad():
        for parameter, array in zip(parameters, arrays):
            parameter.copy_(array.T if array.ndim == 2 else array)

'''
_RULES = {
    "RMSprop": """
class RMSprop:
    def __init__(self, rate, rho):
        self.rate, self.rho = rate, rho
        self.v = [torch.zeros_like(p) for p in net.parameters()]

    @torch.no_grad()
    def step(self):
        for p, v in zip(net.parameters(), self.v):
            v.mul_(self.rho).add_(p.grad * p.grad * (1 - self.rho))
            p -= p.grad * self.rate / (v + 1e-7) ** 0.5

""",
    "Adagrad": """
class Adagrad:
    def __init__(self, rate):
        self.rate = rate
        self.v = [torch.full_like(p, 0.1) for p in net.parameters()]

    @torch.no_grad()
    def step(self):
        for p, v in zip(net.parameters(), self.v):
            v += p.grad * p.grad
            p -= p.grad * self.rate / (v + 1e-7) ** 0.5

""",
    "Adam": '''
class Adam:
    """decay: AdamW's weight decay."""

    def __init__(self, rate, beta_1, beta_2, decay=0.0):
        self.rate, self.beta_1, self.beta_2, self.decay, self.t = rate, beta_1, beta_2, decay, 0
        self.m = [torch.zeros_like(p) for p in net.parameters()]
        self.v = [torch.zeros_like(p) for p in net.parameters()]

    @torch.no_grad()
    def step(self):
        self.t += 1
        rate = self.rate * (1 - self.beta_2**self.t) ** 0.5 / (1 - self.beta_1**self.t)
        for p, m, v in zip(net.parameters(), self.m, self.v):
            g = p.grad * (p.grad.abs() >= 1e-12)  # less is a rounding error around 0
            p -= p * (self.rate * self.decay)
            m.mul_(self.beta_1).add_(g * (1 - self.beta_1))
            v.mul_(self.beta_2).add_(g * g * (1 - self.beta_2))
            p -= m * rate / (v**0.5 + 1e-7)

''',
}


def to_script(run: Run, score: Mapping[str, tuple[ArrayLike, ArrayLike]] | None = None) -> str:
    """The program of a run: ``python program.py`` trains the same net and prints ``final loss = …``.

    Args:
        score: name → (x, y) as the net sees them: measured at the end without dropout and penalties; the first one's
            loss is then the final loss. Without it, the final loss is ``run.final_loss``, the last whole epoch's.
    Raises:
        InvalidInput: ``not_trained``; ``too_many`` rows.

    >>> from core import Dense, Sequential
    >>> model = Sequential([Dense(1, input_shape=(1,))], seed=0)
    >>> model.compile("sgd", "mse")
    >>> "train(stream_1, 6, sgd_1, loss_1)" in to_script(model.fit([[0.0], [1.0]], [[1.0], [3.0]], epochs=3, batch_size=1))
    True
    """
    if not isinstance(run, Run):
        raise InvalidInput("not_a_run", received=shown(type(run).__name__))
    journal = _merged(run.journal)
    if not score:
        journal = _to_the_last_epoch(journal, len(run.epoch))
    trained = [entry for entry in journal if isinstance(entry, Trained)]
    if not trained:
        raise InvalidInput("not_trained")
    with checking() as check:
        check.whole("x", max(len(entry.x) for entry in trained), 1, MOST_ROWS)
    parts = [_HEAD.format(seed=run.seed, dtype=run.dtype)]
    if any(spec.dropout for spec in run.specs):
        parts.append(_DROPOUT.format(seed=run.seed))
    weighted = any(entry.weights is not None for entry in trained)
    parts += [_net(run), _TRAIN.format(seed=run.seed, penalty=_penalty(run), **_WEIGHTED[weighted])]
    if any(isinstance(entry, WeightsSet) for entry in journal):
        parts.append(_SET)
    for rule in dict.fromkeys(_rule(entry.compiled)[0] for entry in trained):
        parts.append(_RULES.get(rule, ""))
    return "".join([*parts, *_story(journal, weighted), *_ending(run, score or {}, trained[-1].compiled)])


def _merged(journal: Sequence[Trained | WeightsSet]) -> list[Trained | WeightsSet]:
    """Neighbours that only go on become one entry; of weights set twice in a row the last counts."""
    merged: list[Trained | WeightsSet] = []
    for entry in journal:
        before = merged[-1] if merged else None
        if isinstance(entry, WeightsSet) and isinstance(before, WeightsSet):
            merged[-1] = entry
        elif isinstance(entry, Trained) and isinstance(before, Trained) and _goes_on(before, entry):
            merged[-1] = replace(entry, updates=before.updates + entry.updates)
        else:
            merged.append(entry)
    return merged


def _to_the_last_epoch(journal: list[Trained | WeightsSet], epochs: int) -> list[Trained | WeightsSet]:
    """The journal with the update that a diverged run took back, if that one ended an epoch of the history."""
    last = max((i for i, entry in enumerate(journal) if isinstance(entry, Trained)), default=None)
    if last is None:
        return journal
    end = journal[last]
    assert isinstance(end, Trained)
    updates = sum(e.updates for e in journal if isinstance(e, Trained) and e.stream == end.stream)
    if updates // math.ceil(len(end.x) / end.batch_size) >= epochs:
        return journal
    return [*journal[:last], replace(end, updates=end.updates + 1), *journal[last + 1 :]]


def _goes_on(before: Trained, entry: Trained) -> bool:
    return before.stream == entry.stream and before.compiled is entry.compiled


def _net(run: Run) -> str:
    """The net without its last activation: losses are computed from what goes into that one."""
    parts: list[str] = []
    for i, spec in enumerate(run.specs):
        parts += [f"Dropout({rate})" for rate in spec.dropout]
        parts.append(f"dense({spec.inputs}, {spec.units})")
        if i < len(run.specs) - 1 and spec.activation != "linear":
            parts.append(ACTIVATIONS[spec.activation])
    end = ACTIVATIONS.get(run.specs[-1].activation, "nn.Identity()")
    return "\n\nnet = nn.Sequential(\n    " + ",\n    ".join(parts) + f",\n)\nend = {end}\n"


def _penalty(run: Run) -> str:
    """Terms of L1 and L2, layer by layer."""
    linears = [i for i, line in enumerate(_lines_of(run)) if line.startswith("dense")]
    terms = []
    for i, spec in zip(linears, run.specs, strict=True):
        terms += [f" + {spec.l1} * net[{i}].weight.abs().sum()"] if spec.l1 else []
        terms += [f" + {spec.l2} * (net[{i}].weight ** 2).sum()"] if spec.l2 else []
    return "".join(terms)


def _lines_of(run: Run) -> list[str]:
    return [line.strip() for line in _net(run).splitlines() if line.startswith("    ")]


def _rule(compiled: Compiled) -> tuple[str, str]:
    """The class of a rule and the call that makes it."""
    kind, values = type(compiled.optimizer).__name__, asdict(compiled.optimizer)
    rate = values.pop("learning_rate")
    if kind == "SGD":
        options = f", momentum={values['momentum']}, nesterov={values['nesterov']}" if values["momentum"] else ""
        return "", f"torch.optim.SGD(net.parameters(), lr={rate}{options})"
    name = "Adam" if kind == "AdamW" else kind
    return name, f"{name}({', '.join(map(repr, [rate, *values.values()]))})"


def _story(journal: Sequence[Trained | WeightsSet], weighted: bool) -> list[str]:
    """What happened, one line each: rows, streams of batches, rules and losses are made where they are first used."""
    lines: list[str] = ["\n"]
    rows: dict[tuple[bytes, bytes], int] = {}
    compiled: dict[int, int] = {}
    streams: set[int] = set()
    for entry in journal:
        if isinstance(entry, WeightsSet):
            lines.append(f"set_weights(\n    {_arrays(entry.weights)},\n)\n")
            continue
        if id(entry.compiled) not in compiled:
            number = compiled[id(entry.compiled)] = len(compiled) + 1
            lines.append(f"{_variable(entry.compiled)}{number} = {_rule(entry.compiled)[1]}\n")
            lines.append(f"loss_{number} = lambda z, y: {(BY_ROWS if weighted else LOSSES)[entry.compiled.loss]}\n")
        key = (entry.x.tobytes(), entry.y.tobytes())
        if key not in rows:
            rows[key] = len(rows) + 1
            lines += [f"x_{rows[key]} = {_table(entry.x)}\n", f"y_{rows[key]} = {_table(entry.y)}\n"]
        if entry.stream not in streams:
            streams.add(entry.stream)
            source = f"x_{rows[key]}, y_{rows[key]}, {entry.batch_size}, {entry.shuffle}"
            if weighted:
                weights = np.ones(len(entry.x)) if entry.weights is None else entry.weights
                lines.append(f"w_{entry.stream + 1} = {_table(weights)}\n")
                source = f"x_{rows[key]}, y_{rows[key]}, w_{entry.stream + 1}, {entry.batch_size}, {entry.shuffle}"
            lines.append(f"stream_{entry.stream + 1} = batches({source})\n")
        number = compiled[id(entry.compiled)]
        rule = f"{_variable(entry.compiled)}{number}"
        lines.append(f"train(stream_{entry.stream + 1}, {entry.updates}, {rule}, loss_{number})\n")
    return lines


def _variable(compiled: Compiled) -> str:
    return f"{type(compiled.optimizer).__name__.lower()}_"


def _ending(run: Run, score: Mapping[str, tuple[ArrayLike, ArrayLike]], last: Compiled) -> list[str]:
    if not score:
        return ['print(f"final loss = {losses[-1] if losses else seen[-1][1]:.12g}")\n']
    lines = ["\nwith torch.no_grad():\n    for name, x, y in (\n"]
    for name, (x, y) in score.items():
        outputs = np.asarray(y, dtype=np.float64).reshape(len(np.asarray(y)), -1)
        lines.append(f'        ("{name}", {_table(np.asarray(x, dtype=np.float64))}, {_table(outputs)}),\n')
    lines.append("    ):\n        losses.append(")
    lines.append(f"(lambda z, y: {LOSSES[last.loss]})(net(x), y).item())\n")
    lines.append('        print(f"{name} loss = {losses[-1]:.12g}")\n')
    lines.append(f'print(f"final loss = {{losses[-{len(score)}]:.12g}}")\n')
    return lines


def _arrays(arrays: Sequence[Array]) -> str:
    return ",\n    ".join(map(_table, arrays))


def _table(array: Array) -> str:
    """An array as an expression: digits if it is small, else packed."""
    if array.size <= LITERAL:
        return f"torch.tensor({array.tolist()!r}, dtype=torch.float64).to(FLOAT)"
    return f'table("{packed(array)}", {", ".join(map(str, array.shape))})'


def packed(array: Array) -> str:
    """Float64 numbers as text for a program, which unpacks them by base64, zlib and ``np.frombuffer``."""
    return base64.b64encode(zlib.compress(np.ascontiguousarray(array, dtype="<f8").tobytes(), 9)).decode()
