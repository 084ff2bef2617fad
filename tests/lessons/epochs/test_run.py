"""Oracles: torch.autograd, DataLoader and SGD of torch; the exact variance of sampling without replacement."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from core.data.people import HEIGHTS_CM, WEIGHTS_KG, sample_people
from core.errors import InvalidInput
from core.events import Done, drain
from core.lessons.epochs.run import (
    BatchStep,
    EpochRun,
    EpochsConfig,
    count,
    epoch_cost,
    gradient_noise,
    per_sample_gradients,
)


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize(("samples", "batch_size"), [(1000, 100), (1000, 300), (10, 4), (10, 1), (10, 10), (37, 1000)])
def test_counts_are_those_of_a_data_loader(samples, batch_size, drop_last):
    size = min(batch_size, samples)
    loader = torch.utils.data.DataLoader(range(samples), batch_size=size, drop_last=drop_last)
    lengths = [len(batch) for batch in loader]
    counts = count(EpochsConfig(samples=samples, batch_size=batch_size, epochs=3, drop_last=drop_last))
    assert counts.updates_per_epoch == len(lengths) and counts.updates == 3 * len(lengths)
    assert counts.samples_seen == 3 * sum(lengths)
    assert counts.full_batches == lengths.count(size)


def test_the_sources_example_is_ten_updates_an_epoch():
    assert count(EpochsConfig(samples=1000, batch_size=100)).updates_per_epoch == 10


@pytest.mark.parametrize("shuffle", [False, True])
def test_every_epoch_uses_each_sample_once(shuffle):
    run = EpochRun(EpochsConfig(samples=25, batch_size=10, epochs=2, shuffle=shuffle))
    steps = [event for event in run.steps() if isinstance(event, BatchStep)]
    assert [len(step.indices) for step in steps] == [10, 10, 5] * 2
    assert [(step.epoch, step.batch, step.update) for step in steps] == [
        (1, 1, 1),
        (1, 2, 2),
        (1, 3, 3),
        (2, 1, 4),
        (2, 2, 5),
        (2, 3, 6),
    ]
    assert [int(step.used.sum()) for step in steps] == [10, 20, 25] * 2
    orders = [np.concatenate([step.indices for step in steps[k : k + 3]]) for k in (0, 3)]
    for order in orders:
        assert sorted(order) == list(range(25))
    assert np.array_equal(orders[0], range(25)) is not shuffle
    assert np.array_equal(orders[0], orders[1]) is not shuffle


def test_losses_are_those_of_a_plain_torch_loop():
    config = EpochsConfig(samples=10, batch_size=4, epochs=6, shuffle=False, learning_rate=0.2, seed=3)
    run = EpochRun(config)
    twin = nn.Linear(1, 1)
    with torch.no_grad():
        twin.weight.copy_(run.module[0].weight)
        twin.bias.zero_()
    x = torch.tensor((WEIGHTS_KG - WEIGHTS_KG.mean()) / WEIGHTS_KG.std(), dtype=torch.float32)[:, None]
    y = torch.tensor((HEIGHTS_CM - HEIGHTS_CM.mean()) / HEIGHTS_CM.std(), dtype=torch.float32)[:, None]
    optimizer, expected = torch.optim.SGD(twin.parameters(), lr=0.2), []
    for _ in range(6):
        for start in (0, 4, 8):
            loss = ((twin(x[start : start + 4]) - y[start : start + 4]) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            expected.append(loss.item())
    drain(run.steps())
    assert run.losses == pytest.approx(expected, rel=1e-5)
    first = run.rows[0]
    assert first.loss == pytest.approx((4 * expected[0] + 4 * expected[1] + 2 * expected[2]) / 10, rel=1e-5)


def test_a_stopped_run_resumes_as_if_it_had_not_stopped():
    config = EpochsConfig(samples=30, batch_size=7, epochs=3, hidden=4)
    whole, parts = EpochRun(config), EpochRun(config)
    drain(whole.steps())
    drain(parts.steps(updates=1))
    stream = parts.steps()
    for _ in itertools.islice(stream, 6):
        pass
    stream.close()
    assert parts.update == 7
    drain(parts.steps())
    assert parts.losses == whole.losses and parts.finished
    assert [type(event) for event in parts.steps()] == [Done]


def test_sparse_reports_lose_no_loss_and_no_epoch():
    config = EpochsConfig(samples=100, batch_size=9, epochs=4)
    run = EpochRun(config)
    steps = [event for event in run.steps(every=7) if isinstance(event, BatchStep)]
    assert np.concatenate([step.losses for step in steps]).tolist() == run.losses
    assert [row for step in steps for row in step.ended] == run.rows
    assert steps[-1].update == run.counts.updates and len(run.rows) == 4


def test_a_diverging_run_ends_with_its_reason_and_keeps_its_picture():
    *_, step, done = EpochRun(EpochsConfig(samples=50, batch_size=1, epochs=50, learning_rate=3.0)).steps()
    assert done.stopped == "diverged" and done.result.update == step.update < 50 * 50
    assert step.loss > 1e30 and np.isfinite(done.result.losses).all() and np.isfinite(step.curve).all()


def test_a_deadline_ends_a_run():
    *_, done = EpochRun(EpochsConfig(epochs=50, batch_size=1)).steps(deadline=0.0)
    assert done.stopped == "deadline" and done.result.update == 1


def test_the_learnt_line_is_the_least_squares_line():
    run = EpochRun(EpochsConfig(samples=10, batch_size=10, epochs=50, learning_rate=0.4))
    drain(run.steps())
    kg, cm = run.curve().T
    assert cm == pytest.approx(np.polyval(np.polyfit(WEIGHTS_KG, HEIGHTS_CM, 1), kg), abs=1e-3)


def test_per_sample_gradients_are_those_of_autograd():
    run = EpochRun(EpochsConfig(samples=12, hidden=3))
    each = per_sample_gradients(run.module, run.x, run.y)
    for i in range(12):
        run.module.zero_grad()
        nn.functional.mse_loss(run.module(run.x[i : i + 1]), run.y[i : i + 1]).backward()
        wanted = torch.cat([p.grad.flatten() for p in run.module.parameters()]).numpy()
        assert each[i] == pytest.approx(wanted, rel=1e-4, abs=1e-6)


def test_gradient_noise_follows_the_theory():
    *points, done = gradient_noise(EpochsConfig(samples=500, hidden=8, seed=2), draws=1500)
    assert done.result == tuple(points) and points[-1].batch_size == 500
    for point in points[:-1]:
        assert point.measured == pytest.approx(point.expected, rel=0.08)
    assert points[-1].measured == pytest.approx(0, abs=1e-6)
    by_size = {point.batch_size: point for point in points}
    assert by_size[1].measured / by_size[100].measured == pytest.approx(10, rel=0.25)


def test_epoch_cost_counts_and_measures():
    *points, done = epoch_cost(EpochsConfig(samples=60))
    assert [point.batch_size for point in points] == [60, 50, 20, 10, 5, 2, 1]
    assert [point.updates_per_epoch for point in points] == [1, 2, 3, 6, 12, 30, 60]
    assert points[-1].seconds_per_epoch > points[0].seconds_per_epoch > 0
    assert points[-1].loss < points[0].loss and done.stopped is None


def test_synthetic_people_follow_the_ten():
    kg, cm = sample_people(2000, seed=1)
    assert np.polyfit(kg, cm, 1) == pytest.approx(np.polyfit(WEIGHTS_KG, HEIGHTS_CM, 1), rel=0.05)
    assert np.array_equal(sample_people(2000, seed=1)[1], cm)
    assert sample_people(10)[0].tolist() == WEIGHTS_KG.tolist()


def test_every_wrong_value_is_told_at_once():
    with pytest.raises(InvalidInput) as caught:
        EpochsConfig(samples=0, batch_size=0, epochs=1.5, learning_rate=float("nan"))
    assert [p.code for p in caught.value.problems] == ["out_of_range", "out_of_range", "not_whole", "not_finite"]
