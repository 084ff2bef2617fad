"""Dense and Sequential: Keras' verbs, defaults, history and weight layout, on NumPy and torch.

On the CPU training runs by the hand-written passes of numpy_engine.py; ``engine="autograd"`` and other devices use
torch.autograd, with the same numbers. All weights are one vector that ``module``, a torch nn.Module, shares. On the CPU
they are float64, so that a run can be repeated to the last digit elsewhere (script.py). Nothing is printed unless ``verbose``
asks. Left out: other layers (core/vision/classifier.py has them). Source: Keras 3 `Sequential`, `Model.fit`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence, Sized
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import ArrayLike

from core import runtime
from core.errors import InvalidInput, NotReady, Unavailable, checking, register, shown
from core.events import Cadence, Done, TrainStep, drain
from core.mlp.exchange import Exchange
from core.mlp.fitting import Fit, metrics_of, objective
from core.mlp.habits import kept, missing, told
from core.mlp.inputs import Rows, by_class, encoded, gathered, inputs_of, numbers, rows_of, targets_of, weights_of
from core.mlp.layers import Dense as Dense
from core.mlp.layers import Dropout as Dropout
from core.mlp.layers import Input as Input
from core.mlp.layers import check_input_shape, specs_of
from core.mlp.losses import LOSSES, METRICS
from core.mlp.module import Ends, Gathering, Net
from core.mlp.names import named
from core.mlp.numpy_engine import Array, DenseEngine, LayerSpec, blocks, summarise
from core.mlp.optimizers import OPTIMIZERS as OPTIMIZERS
from core.mlp.optimizers import FlatOptimizer, Optimizer
from core.mlp.optimizers import optimizer as make_optimizer
from core.mlp.record import Compiled, Run, Summary, Trained, WeightsSet, copies, summary_of
from core.training.callbacks import Callback, Progress, check_verbose, tell
from core.training.torch_engine import TorchEngine
from core.training.trainer import Engine, History, Numbers, TrainConfig, averages

MOST_LAYERS, CHUNK = 1000, 4096  # CHUNK: rows measured at once
_DTYPES = {"float64": torch.float64, "float32": torch.float32}
register(
    {
        "weights_by_class": "class_weight says what each class counts: {{0: 1.0, 1: 3.0}}. Received: {received}.",
        "no_callback": "A callback is an object with methods such as on_epoch_end, as core.EarlyStopping() is. "
        "Received: {received}.",
        "no_device": "There is no {received} here. Leave device out to compute on the processor.",
        "loss_needs": "The loss {loss} compares probabilities: give the last layer the activation {activation}. "
        "Received: {received}.",
    }
)


class Sequential(Exchange):
    """Layers one after the other.

    ``seed`` draws the weights (Glorot uniform; biases 0), the order of the rows and the dropout. device: "cpu", or where
    torch.autograd shall run. dtype: "float64" or "float32"; None is float64 on the CPU, float32 elsewhere.

    >>> model = Sequential([Dense(1, input_shape=(1,))], seed=0)
    >>> model.compile("sgd", "mean_squared_error", learning_rate=0.1)
    >>> round(model.fit([[0.0], [1.0], [2.0]], [[1.0], [3.0], [5.0]], epochs=200).history["loss"][-1], 6)
    0.0
    """

    @told
    def __init__(
        self,
        layers: Sequence[Input | Dense | Dropout] | Input | Dense | Dropout | None = (),
        *,
        seed: int = 0,
        device: str = "cpu",
        dtype: str | None = None,
    ) -> None:
        with checking() as check:
            check.whole("seed", seed, 0, 2**53)
            check.one_of("dtype", dtype, (None, *_DTYPES))
        self.device = _device(device)
        self.seed, self.dtype = int(seed), dtype or ("float64" if self.device.type == "cpu" else "float32")
        self.layers: list[Dense | Dropout] = []
        self.specs: tuple[LayerSpec, ...] = ()
        self._input: Input | None = None
        self._module: Net | None = None
        self._compiled: Compiled | None = None
        self._fit: Fit | None = None  # the run in progress
        self._optimizer: FlatOptimizer | None = None  # made by the first run after compile
        self.classes: tuple[str, ...] = ()  # the words that were given as targets, in the order of their numbers
        self.stop_training = False  # a callback's wish
        for layer in layers if isinstance(layers, Sequence) else [layers] if layers is not None else []:
            self.add(layer)

    def add(self, layer: Input | Dense | Dropout) -> None:
        """Append a layer. An Input, or the first Dense layer's ``input_shape``, builds the model afresh."""
        if isinstance(layer, Input):
            if self.layers or self._input is not None:
                raise InvalidInput("input_first")
            self._input = layer
            return
        if not isinstance(layer, Dense | Dropout):
            raise InvalidInput("unknown_layer", received=shown(layer))
        with checking() as check:
            check.whole("layers", len(self.layers) + 1, 1, MOST_LAYERS)
        self.layers.append(layer)
        self._module = None
        first = next((entry for entry in self.layers if isinstance(entry, Dense)), None)
        shape = self._input.shape if self._input is not None else first.input_shape if first is not None else None
        if isinstance(shape, tuple) and isinstance(layer, Dense):  # not yet at a Dropout
            self.build(shape)

    @told
    def build(self, input_shape: Sequence[int | None] | int) -> None:
        """Draw fresh weights for inputs of shape (features,) or (None, features), or for so many features."""
        sizes = input_shape if isinstance(input_shape, Sequence) else (input_shape,)
        shape = [size for size in sizes if size is not None]
        with checking() as check:
            check_input_shape(check, shape)
        self.specs = specs_of(self.layers, int(shape[0]))
        draw = runtime.generator(self.seed)
        flat = torch.zeros(sum(spec.size for spec in self.specs), dtype=_DTYPES[self.dtype])
        for spec, block in zip(self.specs, blocks(flat, self.specs), strict=True):
            uniform = torch.rand((spec.inputs, spec.units), generator=draw, dtype=torch.float64)
            block[:-1] = (2 * uniform - 1) * math.sqrt(6 / (spec.inputs + spec.units))
        self._flat = flat.to(self.device)
        self._order, self._dropout = runtime.generator(self.seed), runtime.generator(self.seed, self.device)
        self._module = Net(self.specs, self._flat, self._dropout)
        self._journal: list[Trained | WeightsSet] = []
        self._streams, self._fit, self._optimizer, self.classes = 0, None, None, ()

    @told
    def compile(
        self,
        optimizer: str | Optimizer = "rmsprop",
        loss: str = "mean_squared_error",
        metrics: Sequence[str] | str | None = (),
        learning_rate: float | None = None,
        *,
        engine: str = "auto",
        **settings: Any,
    ) -> None:
        """Choose how to learn; forgets the optimiser's memory and keeps the weights.

        Names in any of Keras' spellings: "MSE", "MeanSquaredError"; ``history`` calls a metric as it was asked for.
        learning_rate None: Keras' default. metrics: "mse", "root_mean_squared_error", "mae", "r2_score", "accuracy",
        "binary_accuracy", "precision", "recall" (the last three of every output past ½), and "f1_score": class 1's F1 for
        one output, the mean over classes for several ("macro").
        settings: momentum, nesterov, rho, beta_1, beta_2, weight_decay.
        engine: "explicit" (passes by hand, CPU), "autograd", or "auto": explicit on the CPU.
        """
        loss, by_hand = named(loss, LOSSES), self.device.type == "cpu"
        metrics = [metrics] if isinstance(metrics, str) else metrics or []
        with checking() as check:
            for metric in metrics:
                check.one_of("metric", named(metric, METRICS), METRICS)
            check.one_of("loss", loss, LOSSES)
            check.one_of("engine", engine, ("auto", "explicit", "autograd") if by_hand else ("auto", "autograd"))
        rule = make_optimizer(optimizer, learning_rate, **settings)
        self._flush()
        self._fit = self._optimizer = None
        chosen = ("explicit" if by_hand else "autograd") if engine == "auto" else engine
        self._compiled = Compiled(rule, loss, tuple(metrics), chosen)

    def trainer(
        self,
        x: ArrayLike,
        y: ArrayLike,
        batch_size: int | None = 32,
        *,
        callbacks: Sequence[Callback] = (),
        validation_split: float = 0.0,
        validation_data: Sequence[ArrayLike] | None = None,
        shuffle: bool = True,
        class_weight: Mapping[Any, float] | None = None,
        sample_weight: ArrayLike | None = None,
        patience: int | None = None,
        min_delta: float = 0.0,
    ) -> Fit:
        """A run over these rows that can be stopped and continued: call its ``steps(epochs=…)`` as often as you like.

        x: (N, features) or (N,); y: (N, outputs) or (N,), class indices for the sparse cross-entropy. Words are numbered
        in the order of the alphabet, see ``classes``.
        validation_split: that share of the rows, the last ones, is held out. validation_data: (x, y) or (x, y, weights).
        class_weight: of class numbers or words; it multiplies ``sample_weight``. Raises InvalidInput, NotReady.
        """
        if class_weight is not None and not isinstance(class_weight, Mapping):
            raise InvalidInput("weights_by_class", received=shown(class_weight))
        for callback in callbacks:
            if isinstance(callback, type) or not hasattr(callback, "on_epoch_end"):
                raise InvalidInput("no_callback", received=shown(callback))
        compiled = self._need_compiled(x)
        with checking() as check:
            check.between("validation_split", validation_split, 0, 0.99)
        rows, held = self._rows("", x, y, sample_weight), None
        if validation_data is not None:
            held = self._rows("validation ", *_held(validation_data))
        elif validation_split:
            cut = math.floor(len(rows.x) * (1 - validation_split))
            if cut == 0:
                raise InvalidInput("too_few", name="x", least=2, received=len(rows.x))
            rows, held = rows.split(cut)
        if class_weight is not None:
            weights = by_class(class_weight, rows.y, self.classes)
            rows = rows._replace(weights=weights if rows.weights is None else weights * rows.weights)
        config = TrainConfig(32 if batch_size is None else batch_size, bool(shuffle), self.seed, patience, min_delta)
        self._flush()
        self._fit = Fit(self, self._engine(rows, held, compiled), config, rows, self._streams, callbacks)
        self._streams += 1
        return self._fit

    def steps(
        self,
        x: ArrayLike,
        y: ArrayLike,
        batch_size: int | None = 32,
        epochs: int = 1,
        *,
        every: int | Cadence | None = 1,
        deadline: float | None = None,
        **options: Any,
    ) -> Iterator[TrainStep | Done[Run]]:
        """The run as a stream: TrainStep events at the cadence ``every`` (see Trainer.steps), then Done(Run).

        options: those of ``trainer``. Called again, training goes on from the weights and the optimiser's memory.
        """
        return self.trainer(x, y, batch_size, **options).steps(epochs, every=every, deadline=deadline)

    @told
    def fit(
        self,
        x: ArrayLike,
        y: ArrayLike | None = None,
        batch_size: int | None = 32,
        epochs: int = 1,
        verbose: int | str = 0,
        callbacks: Sequence[Callback] | Callback | None = None,
        validation_split: float = 0.0,
        validation_data: Sequence[ArrayLike] | None = None,
        shuffle: bool = True,
        class_weight: Mapping[Any, float] | None = None,
        sample_weight: ArrayLike | None = None,
        *,
        deadline: float | None = None,
        patience: int | None = None,
        min_delta: float = 0.0,
    ) -> Run:
        """Train and return the record: ``.history["loss"]`` has one number per epoch. Arguments in Keras' order.

        verbose: 0 silent, 1 (or "auto") a bar an epoch, 2 a line an epoch. The rest: see ``trainer``.
        Without y, x is a DataLoader or any iterable of (x, y) batches: its rows are gathered once, and its batch size kept.
        """
        check_verbose(verbose)
        if y is None:
            x, y, batch_size, weights = gathered(x, batch_size)
            sample_weight = weights if sample_weight is None else sample_weight
        own = callbacks if isinstance(callbacks, list | tuple) else [callbacks] if callbacks is not None else []
        events = self.steps(
            x,
            y,
            batch_size,
            epochs,
            every=None,
            deadline=deadline,
            callbacks=[*([Progress(2 if verbose == 2 else 1)] if verbose else []), *own],
            validation_split=validation_split,
            validation_data=validation_data,
            shuffle=shuffle,
            class_weight=class_weight,
            sample_weight=sample_weight,
            patience=patience,
            min_delta=min_delta,
        )
        return drain(events)

    @told
    def evaluate(
        self,
        x: ArrayLike,
        y: ArrayLike | None = None,
        batch_size: int | None = None,
        verbose: int | str = 0,
        sample_weight: ArrayLike | None = None,
        *,
        return_dict: bool = False,
    ) -> Any:
        """The loss, or [loss, *metrics], with the weights as they are and without dropout.

        ``batch_size`` changes no number here. ``verbose``: say them too. Without y, x is an iterable of (x, y) batches.
        """
        check_verbose(verbose)
        if y is None:
            x, y, _, weights = gathered(x, batch_size)
            sample_weight = weights if sample_weight is None else sample_weight
        compiled = self._need_compiled(x)
        result = summarise(metrics_of(compiled), self._measure(self._rows("", x, y, sample_weight), compiled))
        if verbose:
            tell(result)
        values = list(result.values())
        return result if return_dict else values if len(values) > 1 else values[0]

    @told
    def predict(self, x: ArrayLike, batch_size: int | None = None, verbose: int | str = 0) -> Array:
        """(N, features) → (N, outputs); one row (features,) → (1, outputs). A DataLoader's targets are left out."""
        check_verbose(verbose)
        return self.activations(rows_of(x))[-1]

    def __call__(self, x: ArrayLike) -> Array:
        """``predict``, as Keras' models are called."""
        return self.predict(x)

    if not TYPE_CHECKING:  # for a type checker an attribute that is not there stays an error

        def __getattr__(self, name: str) -> None:
            raise missing(self, name)

        __setattr__ = kept

    def activations(self, x: ArrayLike) -> list[Array]:
        """What every Dense layer puts out, first to last: (N, units) each."""
        net = self.module
        rows = torch.from_numpy(inputs_of(x, net.specs[0].inputs, one=True)).to(self.device, net.dtype)
        with torch.no_grad():
            parts = [[a.cpu().numpy() for _, a in net.eval().trace(chunk)] for chunk in rows.split(CHUNK)]
        return [np.concatenate(layer) for layer in zip(*parts, strict=True)]

    @property
    def module(self) -> Net:
        """The torch nn.Module over the same weights: whoever trains it trains this model."""
        if self._module is None:
            raise NotReady("not_built")
        return self._module

    def get_weights(self) -> list[Array]:
        """Copies in Keras' order and layout: kernel (inputs, units), bias (units,), layer by layer."""
        self.module.eval()
        arrays = blocks(self._flat.cpu().numpy(), self.specs)
        return [part.copy() for block in arrays for part in (block[:-1], block[-1])]

    def set_weights(self, weights: Sequence[ArrayLike]) -> None:
        """Put in weights as get_weights gives them; a run in progress goes on from them."""
        shapes = [array.shape for array in self.get_weights()]
        if not isinstance(weights, Sequence):
            raise InvalidInput("wrong_shape", name="weights", expected=shapes, received=shown(weights))
        arrays = [np.asarray(array, dtype=np.float64) for array in weights]
        if [array.shape for array in arrays] != shapes:
            received = [array.shape for array in arrays]
            raise InvalidInput("wrong_shape", name="weights", expected=shapes, received=received)
        if not all(np.isfinite(array).all() for array in arrays):
            raise InvalidInput("not_finite", name="weights", received="nan, inf")
        self._flush()
        self._flat.copy_(torch.from_numpy(np.concatenate([array.ravel() for array in arrays])).to(self._flat.dtype))
        self._journal.append(WeightsSet(copies(self.get_weights())))

    def count_params(self) -> int:
        return self.summary().total_params

    @told
    def summary(self) -> Summary:
        """Layers, output shapes and parameters; ``print`` it for the table."""
        self.module.eval()
        return summary_of(self.layers, self.specs)

    def record(self, history: History) -> Run:
        """A history with all that made it."""
        self._flush()
        values = (history.history, history.epoch, history.updates, history.last_loss)
        return Run(*values, self.specs, self.seed, self.dtype, tuple(self._journal))

    def _need_compiled(self, x: ArrayLike) -> Compiled:
        if self._compiled is None:
            raise NotReady("not_compiled")
        if self._module is None:
            self.build((numbers("x", x).shape[1],))
        needs, last = LOSSES[self._compiled.loss].needs, self.specs[-1].activation
        if needs and last != needs:
            raise InvalidInput("loss_needs", loss=self._compiled.loss, activation=needs, received=last)
        return self._compiled

    def _rows(self, which: str, x: ArrayLike, y: ArrayLike, weights: ArrayLike | None = None) -> Rows:
        compiled = self._need_compiled(x)
        given, (y, classes) = y, encoded(y, self.classes, f"{which}y")
        words = len(classes) if y is not given else 0
        rows = inputs_of(x, self.specs[0].inputs, f"{which}x")
        targets = targets_of(y, len(rows), self.specs[-1].units, compiled.loss, f"{which}y", words)
        self.classes = classes
        known = None if weights is None else weights_of(weights, len(rows), f"{which}sample_weight")
        return Rows(rows, targets, known).of(self.dtype)

    def _engine(self, rows: Rows, held: Rows | None, compiled: Compiled) -> Engine:
        loss, metrics = LOSSES[compiled.loss], metrics_of(compiled)
        by_hand = compiled.engine == "explicit"
        if self._optimizer is None:
            w = self._flat.numpy() if by_hand else self._flat
            self._optimizer = FlatOptimizer(compiled.optimizer, w, w * 0)
        if by_hand:

            def validate() -> Numbers:
                return self._measure(held, compiled) if held else {}

            return DenseEngine(
                self.specs,
                self._optimizer,
                loss,
                metrics,
                rows.x,
                rows.y,
                dropout=self._dropout,
                weights=rows.weights,
                validate=validate,
            )
        net = self.module
        engine = TorchEngine(
            Ends(net),
            partial(objective, self.specs, loss, metrics, [linear.weight for linear in net.linears]),
            Gathering(self._optimizer, net),
            [part for part in rows if part is not None],
            validation=held and [part for part in held if part is not None],
            validation_batch=CHUNK,
            device=self.device,
            summarise=partial(summarise, metrics),
        )
        net.bind(self._flat)
        return engine

    def _measure(self, rows: Rows, compiled: Compiled) -> Numbers:
        net, loss, metrics = self.module.eval(), LOSSES[compiled.loss], metrics_of(compiled)
        kernels = [linear.weight for linear in net.linears]
        measured = partial(objective, self.specs, loss, metrics, kernels, Ends(net))
        parts = [torch.from_numpy(part).split(CHUNK) for part in rows if part is not None]
        with torch.no_grad(), np.errstate(all="ignore"):
            return averages([(len(b[0]), measured(*(p.to(self.device) for p in b))) for b in zip(*parts, strict=True)])

    def _flush(self) -> None:
        """Write the updates of the run in progress that the journal does not have yet."""
        fit = self._fit
        if fit is not None and fit.updates > fit.noted and self._compiled is not None:
            part = (fit.stream, self._compiled, fit.rows.x, fit.rows.y, fit.config.batch_size, fit.config.shuffle)
            self._journal.append(Trained(*part, fit.updates - fit.noted, fit.rows.weights))
            fit.noted = fit.updates


def _device(name: Any) -> torch.device:
    """Where to compute. Raises InvalidInput, Unavailable ``no_device``."""
    try:
        device = torch.device(name)
    except (RuntimeError, TypeError) as error:
        known = "cpu, cuda, mps"
        raise InvalidInput("not_one_of", name="device", choices=known, received=shown(name), hint="") from error
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not there.get(device.type, True):
        raise Unavailable("no_device", received=device.type)
    return device


def _held(given: Any) -> Sequence[Any]:
    """(x, y) or (x, y, weights) of what was given as validation_data: also a DataLoader, or any iterable of batches."""
    if isinstance(given, tuple | list) and len(given) in (2, 3):
        return given
    if hasattr(given, "__iter__") and not isinstance(given, tuple | list | np.ndarray):
        x, y, _, weights = gathered(given, None)
        return (x, y) if weights is None else (x, y, weights)
    received = len(given) if isinstance(given, Sized) else given
    raise InvalidInput("wrong_shape", name="validation_data", expected="(x, y)", received=shown(received))
