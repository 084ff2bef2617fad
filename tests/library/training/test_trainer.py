"""core.training.trainer's loop against a hand-written PyTorch loop."""

import doctest
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from core import runtime
from core.errors import InvalidInput
from core.events import Cadence, Done, TrainStep, drain
from core.training import trainer as training
from core.training.torch_engine import TorchEngine
from core.training.trainer import TrainConfig, Trainer, accuracy, supervised

GEN = torch.Generator().manual_seed(0)
X = torch.randn(23, 3, generator=GEN)
Y = (X[:, :1] - 2 * X[:, 1:2] ** 2) + 0.1 * torch.randn(23, 1, generator=GEN)


def net(seed=1):
    gen = torch.Generator().manual_seed(seed)
    module = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1))
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(torch.randn(p.shape, generator=gen) * 0.5)
    return module


def trainer(module, lr=0.05, config=None, validation=None, objective=None, hooks=(), **options):
    optimizer = torch.optim.Adam(module.parameters(), lr=lr)
    engine = TorchEngine(
        module,
        objective or supervised(F.mse_loss, mae=F.l1_loss),
        optimizer,
        (X, Y),
        validation=validation,
        device="cpu",
        **options,
    )
    return Trainer(engine, config or TrainConfig(batch_size=10), hooks)


def by_hand(module, epochs, seed=0, batch=10, lr=0.05, clip=None):
    optimizer, gen, history = torch.optim.Adam(module.parameters(), lr=lr), runtime.generator(seed), []
    for _ in range(epochs):
        order, total = torch.randperm(len(X), generator=gen), 0.0
        for rows in order.split(batch):
            optimizer.zero_grad()
            loss = F.mse_loss(module(X[rows]), Y[rows])
            loss.backward()
            if clip:
                nn.utils.clip_grad_norm_(module.parameters(), clip)
            optimizer.step()
            total += loss.item() * len(rows)
        history.append(total / len(X))
    return history


@pytest.mark.parametrize("clip", [None, 0.1])
def test_equals_a_loop_written_by_hand(clip):
    ours, theirs = net(), net()
    result = drain(trainer(ours, clip_norm=clip).steps(epochs=7))
    np.testing.assert_allclose(result.history["loss"], by_hand(theirs, 7, clip=clip), rtol=1e-6)
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(a, b)
    assert result.updates == 21 and result.epoch == list(range(7)) and set(result.history) == {"loss", "mae"}


def test_events_count_updates_epochs_and_the_short_last_batch():
    events = list(trainer(net()).steps(epochs=2))
    assert [(e.step, e.epoch, e.batch, e.epoch_ended) for e in events[:-1]] == [
        (1, 0, 1, False),
        (2, 0, 2, False),
        (3, 1, 0, True),
        (4, 1, 1, False),
        (5, 1, 2, False),
        (6, 2, 0, True),
    ]
    assert isinstance(events[-1], Done) and events[-1].stopped is None
    assert sum(isinstance(e, Done) for e in events) == 1
    assert dict(events[2].logs).keys() == {"loss", "mae"} and all(type(v) is float for _, v in events[2].logs)


def test_cadence_by_updates_epochs_and_seconds():
    def steps_of(every):
        return [e.step for e in trainer(net()).steps(epochs=3, every=every) if isinstance(e, TrainStep)]

    assert steps_of(4) == [4, 8, 9]  # the last update is always told
    assert steps_of(None) == [3, 6, 9]
    assert steps_of(Cadence(seconds=1000)) == [9]
    late = [e for e in trainer(net()).steps(epochs=3, every=4) if isinstance(e, TrainStep)]
    assert [e.epoch_ended for e in late] == [True, True, True]  # the logs of an epoch are never lost


def test_stopping_and_going_on_equals_one_run():
    whole, parts = net(), net()
    drain(trainer(whole).steps(epochs=4))
    run = trainer(parts)
    stream = run.steps(epochs=4)
    next(stream)
    next(stream)
    stream.close()  # stopped inside the first epoch
    assert (run.updates, run.epoch, run.batch) == (2, 0, 2)
    assert [e.step for e in run.steps(updates=1) if isinstance(e, TrainStep)] == [3]
    result = drain(run.steps(epochs=3))
    assert result.updates == 12 and len(result.history["loss"]) == 4
    for a, b in zip(whole.parameters(), parts.parameters(), strict=True):
        assert torch.equal(a, b)
    assert result.history == drain(trainer(net()).steps(epochs=4)).history


def test_validation_is_measured_in_eval_mode_without_touching_the_weights():
    module = nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.5), nn.Linear(8, 1))
    run = trainer(module, validation=(X[:9], Y[:9]), validation_batch=4)
    result = drain(run.steps(epochs=2))
    assert not module.training
    with torch.no_grad():
        truth = F.mse_loss(module(X[:9]), Y[:9]).item()
    assert result.history["val_loss"][-1] == pytest.approx(truth, rel=1e-6)
    assert set(result.history) == {"loss", "mae", "val_loss", "val_mae"}


def test_patience_stops_when_the_watched_loss_stays():
    config = TrainConfig(batch_size=23, patience=3, min_delta=1e-3)
    last = list(trainer(net(), lr=0.0, config=config).steps(epochs=50))[-1]
    assert last.stopped == "patience" and len(last.result.history["loss"]) == 4


def test_deadline_and_update_limit_name_their_reason():
    assert list(trainer(net()).steps(epochs=5, deadline=0))[-1].stopped == "deadline"
    limited = list(trainer(net()).steps(epochs=5, updates=4))[-1]
    assert limited.stopped == "updates" and limited.result.updates == 4


def test_divergence_keeps_the_last_finite_weights_and_history():
    module = net()
    engine = TorchEngine(
        module, supervised(F.mse_loss), torch.optim.SGD(module.parameters(), lr=1e6), (X, Y), device="cpu"
    )
    run = Trainer(engine, TrainConfig(batch_size=23))
    done = list(run.steps(epochs=50))[-1]
    assert done.stopped == "diverged" and not math.isfinite(done.result.last_loss)
    assert all(math.isfinite(loss) for loss in done.result.history["loss"])
    with torch.no_grad():
        assert math.isfinite(F.mse_loss(module(X), Y))


def test_any_objective_over_any_arrays():
    table = nn.Embedding(4, 2)
    rows = torch.arange(4)

    def objective(module, index):
        return (module(index) ** 2).sum(1).mean()

    engine = TorchEngine(table, objective, torch.optim.SGD(table.parameters(), lr=0.4), (rows,), device="cpu")
    before = float((table.weight.detach() ** 2).sum())
    result = drain(Trainer(engine, TrainConfig(batch_size=4)).steps(epochs=20))
    assert float((table.weight.detach() ** 2).sum()) < before * 1e-3 and set(result.history) == {"loss"}


def test_hooks_run_after_every_update():
    module, seen = net(), []
    drain(trainer(module, hooks=[seen.append]).steps(epochs=2))
    assert seen == [1, 2, 3, 4, 5, 6]


def test_images_channels_last_bf16_and_accuracy():
    gen = torch.Generator().manual_seed(3)
    images, labels = torch.randn(12, 1, 8, 8, generator=gen), torch.arange(12) % 3
    module = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3))
    engine = TorchEngine(
        module,
        supervised(F.cross_entropy, acc=accuracy),
        torch.optim.Adam(module.parameters(), lr=0.01),
        (images.numpy(), labels),
        device="cpu",
        bf16=True,
        channels_last=True,
    )
    assert engine.data[0].is_contiguous(memory_format=torch.channels_last)
    result = drain(Trainer(engine, TrainConfig(batch_size=5)).steps(epochs=40))
    assert result.history["acc"][-1] == 1.0 and result.history["loss"][-1] < result.history["loss"][0] / 5


def test_wrong_values_are_told_before_work_starts():
    for call in (
        lambda: TrainConfig(batch_size=0),
        lambda: TrainConfig(patience=0),
        lambda: trainer(net()).steps(epochs=0),
        lambda: trainer(net()).steps(every=0),
        lambda: TorchEngine(net(), None, None, (X, Y[:3]), device="cpu"),
        lambda: TorchEngine(net(), None, None, (X[:0],), device="cpu"),
    ):
        with pytest.raises(InvalidInput):
            call()


def test_docstring_examples_run():
    assert doctest.testmod(training).failed == 0
