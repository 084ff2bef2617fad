"""Keras' callbacks: what may happen at the turns of a run. Any object with these methods will do, Keras' own too.

``logs`` hold the numbers of the batch or epoch just ended. ``self.model.stop_training = True`` ends the run after the
batch or epoch. Left out: schedules and checkpoints (a callback of your own does them), ``on_test_…`` and ``on_predict_…``.
Source: Keras 3 `Callback`, `EarlyStopping`, `ProgbarLogger`.
"""

from __future__ import annotations

import math
import sys
import time
from typing import Any

from core.errors import checking

Logs = dict[str, float]
FRAME = 0.05  # seconds between two states of the bar
WIDE = 20  # signs of the bar


class Callback:
    """Override what you need; the rest does nothing."""

    model: Any = None  # who trains: get_weights, set_weights, stop_training
    params: dict[str, Any] = {}

    def set_model(self, model: Any) -> None:
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        """epochs: those of this call; steps: batches of an epoch."""
        self.params = params

    def on_train_begin(self, logs: Logs | None = None) -> None: ...

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None: ...

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None: ...

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None: ...

    def on_train_end(self, logs: Logs | None = None) -> None: ...


class EarlyStopping(Callback):
    """Stop after ``patience`` epochs in which ``monitor`` was no better by ``min_delta``.

    mode: "min", "max", or "auto": greater is better for accuracy and F1. restore_best_weights: end with those of the best
    epoch. A ``monitor`` that is not among the numbers is refused after the first epoch. (On the training
    loss the best epoch is one off, as in Keras: that loss is measured while the epoch still changes the weights.)
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0.0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        with checking() as check:
            check.between("min_delta", min_delta, -1e9, 1e9)
            check.whole("patience", patience, 0, 1_000_000)
            check.one_of("mode", mode, ("auto", "min", "max"))
        self.monitor, self.min_delta, self.patience, self.verbose = monitor, abs(min_delta), int(patience), verbose
        self.baseline, self.restore_best_weights, self.start_from_epoch = (
            baseline,
            restore_best_weights,
            start_from_epoch,
        )
        rises = any(word in monitor for word in ("acc", "f1"))
        self.sign = -1 if mode == "max" or (mode == "auto" and rises) else 1
        self.on_train_begin()

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.wait, self.stopped_epoch, self.best_epoch = 0, 0, 0
        self.best, self.best_weights = self.sign * math.inf, None

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        with checking() as check:
            check.one_of("monitor", self.monitor, logs or {})
        value = (logs or {})[self.monitor]
        if epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self.best_weights, self.best_epoch = self.model.get_weights(), epoch
        self.wait += 1
        if self._better(value, self.best):
            self.best, self.best_epoch = value, epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self._better(value, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch, self.model.stop_training = epoch, True

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.best_weights is not None:
            self.model.set_weights(self.best_weights)
        if self.verbose and self.stopped_epoch:
            sys.stdout.write(f"Epoch {self.stopped_epoch + 1}: early stopping\n")

    def _better(self, value: float, than: float) -> bool:
        return self.sign * value < self.sign * than - self.min_delta


class Progress(Callback):
    """What ``verbose`` shows in a terminal or notebook: 1 a bar an epoch, 2 a line an epoch."""

    def __init__(self, verbose: int = 1) -> None:
        self.verbose = verbose

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._first: int | None = None

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._first = epoch if self._first is None else self._first
        self._begun = self._shown = time.perf_counter()
        self._longest = 0
        self._write(f"Epoch {epoch - self._first + 1}/{self.params['epochs']}\n")

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if self.verbose == 1 and time.perf_counter() - self._shown >= FRAME:
            self._shown = time.perf_counter()
            self._bar(batch + 1, logs or {}, "\r")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._bar(self.params["steps"], logs or {}, "\n")

    def _bar(self, done: int, logs: Logs, end: str) -> None:
        steps, spent = self.params["steps"], time.perf_counter() - self._begun
        filled = WIDE * done // steps
        parts = [f"{done}/{steps}", *(["━" * filled + "─" * (WIDE - filled)] if self.verbose == 1 else [])]
        parts.append(f"{spent:.0f}s {spent / done * 1000:.0f}ms/step")
        line = " ".join(parts) + "".join(f" - {name}: {value:.4f}" for name, value in logs.items())
        self._longest = max(self._longest, len(line))
        self._write(line.ljust(self._longest) + end)

    @staticmethod
    def _write(words: str) -> None:
        sys.stdout.write(words)
        sys.stdout.flush()


def check_verbose(verbose: int | str) -> None:
    """Keras' 0, 1, 2 or "auto", which is 1."""
    with checking() as check:
        check.one_of("verbose", verbose, (0, 1, 2, "auto"))


def tell(logs: Logs) -> None:
    """The numbers of a measurement, as one line."""
    sys.stdout.write(" - ".join(f"{name}: {value:.4f}" for name, value in logs.items()) + "\n")
