"""Oracles: torch.optim, torch.autograd, the exact bowl of a quadratic, a fresh process."""

import doctest
import math
import re
from dataclasses import replace

import numpy as np
import pytest
import torch

import core.lessons.gradient_descent.descent
import core.lessons.gradient_descent.loss_surface
import core.lessons.gradient_descent.race
from core.data import people
from core.errors import InvalidInput
from core.events import Done, drain
from core.lessons.gradient_descent.race import (
    OPTIMIZERS,
    DescentConfig,
    Move,
    Problem,
    RaceConfig,
    curvature,
    descend,
    noise_floor,
    overflow,
    percent_of,
    preset_rates,
    race,
    rate_at,
    script,
    surface,
    three_gradients,
)
from tests import programs

KG, CM = people.load()


def descent(optimizer="sgd", learning_rate=0.1, steps=50, scaling="standard", w=-1.0, b=1.5, **more):
    """A descent on the round bowl, from a start beside it."""
    return DescentConfig(optimizer, learning_rate, steps, scaling, w, b, **more)


def racers(*settings, **more):
    return RaceConfig(*settings, **({"scaling": "standard", "w": -1.0, "b": 1.5} | more))


def torch_path(config, steps, rows_of):
    problem = Problem(KG, CM, config.scaling)
    x, y = torch.tensor(problem.inputs), torch.tensor(problem.targets)
    w, b = (torch.tensor(float(v), dtype=torch.float64, requires_grad=True) for v in (config.w, config.b))
    code = OPTIMIZERS[config.optimizer].torch_code.format(lr=config.learning_rate)
    optimizer = eval(code, {"torch": torch, "w": w, "b": b})
    path = [(w.item(), b.item())]
    for step in range(steps):
        rows = rows_of(step)
        optimizer.zero_grad()
        ((w * x[rows] + b - y[rows]) ** 2).mean().backward()
        optimizer.step()
        path.append((w.item(), b.item()))
    return np.array(path)


def test_the_examples_in_the_docstrings():
    found = doctest.testmod(core.lessons.gradient_descent.descent)
    assert found.attempted and not found.failed


@pytest.mark.parametrize("batch_size", [None, 4])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_is_torchs(name, batch_size):
    config = descent(name, OPTIMIZERS[name].learning_rate, 60, w=2.0, b=-1.0, batch_size=batch_size, seed=5)
    *moves, done = descend(config, KG, CM)
    theirs = torch_path(config, 60, lambda step: moves[step].rows)
    assert done.result.path == pytest.approx(theirs, rel=1e-9, abs=1e-12)
    assert all(len(move.rows) == 10 for move in moves) or [len(move.rows) for move in moves[:3]] == [4, 4, 2]


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_raw_units_too(name):
    config = descent(name, 1e-4, 40, scaling="raw", w=1.0, b=50.0)
    run = drain(descend(config, KG, CM))
    assert run.path == pytest.approx(torch_path(config, 40, lambda step: slice(None)), rel=1e-9)
    assert (run.line.w, run.line.b) == run.at


def test_a_move_holds_every_number_of_the_equation():
    config = descent("sgd", 0.25, 3, w=1.0, b=2.0)
    problem = Problem(KG, CM, "standard")
    for move in list(descend(config, KG, CM))[:-1]:
        assert move.after == pytest.approx(np.array(move.before) - 0.25 * np.array(move.gradient), rel=1e-15)
        assert move.change == pytest.approx(0.25 * np.array(move.gradient)) and move.gradient == move.full_gradient
        assert move.loss_before == problem.loss(*move.before) and move.loss == problem.loss(*move.after)
        assert move.run.at == move.after and move.run.losses[-1] == move.loss and len(move.run.path) == move.step + 1
    numbers = re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", next(descend(config, KG, CM)).latex())
    assert [float(n) for n in numbers[:3]] == [1, 2, 0.25] and len(numbers) == 7


def test_the_memory_is_told_by_name():
    move = next(descend(descent("adam", 0.1), KG, CM))
    assert [name for name, _ in move.memory] == ["m", "s"]
    assert move.memory[0][1] == pytest.approx(0.1 * np.array(move.gradient))
    assert move.change == pytest.approx(0.1 * np.sign(move.gradient), rel=1e-5), (
        "Adam's first step is α in each direction"
    )
    assert r"\Delta" not in move.latex() and move.latex().count("pmatrix") == 6


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("batch_size", [None, 3])
def test_single_steps_add_up_to_one_run(name, batch_size):
    config = descent(name, OPTIMIZERS[name].learning_rate, 23, batch_size=batch_size)
    whole, run = drain(descend(config, KG, CM)), None
    for count in (1, 1, 10, 11):
        run = drain(descend(descent(**{**vars(config), "steps": count}), KG, CM, run))
    assert run.step == 23 and np.array_equal(run.path, whole.path) and np.array_equal(run.losses, whole.losses)


def test_other_settings_start_afresh_at_the_same_place():
    run = drain(descend(descent("momentum", 0.05, 5), KG, CM))
    faster = next(descend(descent("momentum", 0.1, 5), KG, CM, run))
    assert faster.before == pytest.approx(run.at) and faster.step == 1 and faster.run.config.w == faster.before[0]
    assert faster.change == pytest.approx(0.1 * np.array(faster.gradient)), "no speed is left"
    raw = next(descend(descent("sgd", 1e-5, 5, scaling="raw"), KG, CM, run))
    assert raw.before == pytest.approx((run.line.w, run.line.b))
    other = next(descend(descent("momentum", 0.05, 5), KG + 1, CM, run))
    assert other.step == 1


@pytest.mark.parametrize("name", ["sgd", "momentum", "nesterov"])
@pytest.mark.parametrize("scaling", ["raw", "minmax", "standard"])
def test_the_bound_separates_convergence_from_divergence(name, scaling):
    limit = drain(descend(descent(name, 1e-6, 1, scaling), KG, CM)).limit
    below = drain(descend(descent(name, 0.97 * limit, 1000, scaling, w=2.0, b=2.0), KG, CM))
    above = list(descend(descent(name, 1.03 * limit, 5000, scaling, w=2.0, b=2.0), KG, CM))[-1]
    assert below.loss < below.losses[0] and below.verdict != "diverged"
    assert above.stopped == "diverged" and above.result.verdict == "diverged"
    assert np.isfinite(above.result.path).all() and above.result.losses.max() < 3.5e38, "the picture is kept"


@pytest.mark.parametrize("name", ["adagrad", "rmsprop", "adam"])
def test_adaptive_rules_have_no_such_bound(name):
    run = drain(descend(descent(name, 0.3, 500, scaling="raw", w=0.0, b=0.0), KG, CM))
    assert run.limit is None and run.verdict != "diverged"


@pytest.mark.parametrize(
    ("rate", "expected"),
    [(0.3, "converged"), (0.001, "crawling"), (0.99, "oscillating"), (1.1, "diverged"), (900, "diverged")],
)
def test_verdicts(rate, expected):
    assert drain(descend(descent("sgd", rate, 40), KG, CM)).verdict == expected


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("name", "rate"), [("adam", 0.336), ("sgd", 0.05), ("momentum", 0.01), ("rmsprop", 0.05)])
def test_noise_around_the_minimum_is_no_divergence(name, rate, seed):
    w, b = Problem(KG, CM, "standard").minimum()
    run = drain(descend(descent(name, rate, 40, w=w, b=b, batch_size=1, seed=seed), KG, CM))
    assert run.loss > run.losses[0] and run.verdict == "wandering"


def test_an_adaptive_leap_from_the_minimum_is_no_divergence():
    w, b = Problem(KG, CM, "standard").minimum()
    run = drain(descend(descent("adam", 0.336, 2, w=w + 1e-6, b=b), KG, CM))
    assert run.loss > run.losses[0] and run.verdict != "diverged"


def test_a_descent_on_single_points_goes_down_then_wanders_and_may_diverge():
    verdicts = [drain(descend(descent("sgd", 0.01, n, batch_size=1), KG, CM)).verdict for n in (20, 2000)]
    assert verdicts == ["crawling", "wandering"]
    assert drain(descend(descent("sgd", 0.9, 300, batch_size=1), KG, CM)).verdict == "diverged"


def test_a_run_that_starts_at_the_minimum_has_converged():
    w, b = Problem(KG, CM, "standard").minimum()
    assert drain(descend(descent("sgd", 0.1, 3, w=w, b=b), KG, CM)).verdict == "converged"


@pytest.mark.parametrize("scaling", ["minmax", "standard"])
@pytest.mark.parametrize("name", ["sgd", "momentum", "nesterov"])
def test_preset_rates_do_what_they_are_called(name, scaling):
    rates = preset_rates(KG, CM, descent(name, scaling=scaling))
    ends = {"converge": ("converged", 300), "crawl": ("crawling", 30), "diverge": ("diverged", 3000)}
    for preset, (end, steps) in ends.items():
        config = descent(name, rates[preset], steps, scaling, w=2.0, b=2.0)
        assert drain(descend(config, KG, CM)).verdict == end
    assert preset_rates(KG, CM, descent("adam"))["converge"] == OPTIMIZERS["adam"].learning_rate


def test_one_point_at_a_time_leaves_noise():
    full, single = noise_floor(KG, CM)
    assert 0 <= full < 1e-6 < 1e-3 < single


def test_batches_are_epochs_without_repeats_and_noisy():
    moves = [e for e in descend(descent(steps=6, batch_size=4, seed=1), KG, CM) if isinstance(e, Move)]
    for first in (0, 3):
        assert sorted(np.concatenate([m.rows for m in moves[first : first + 3]])) == list(range(10))
    assert not np.array_equal(moves[0].rows, moves[3].rows)
    assert all(move.gradient != move.full_gradient for move in moves)
    big = next(descend(descent(batch_size=1000), KG, CM))
    assert big.gradient == big.full_gradient
    other = next(descend(descent(steps=6, batch_size=4, seed=2), KG, CM))
    assert not np.array_equal(other.rows, moves[0].rows)


def test_surface_is_the_loss_and_contours_lie_on_their_levels():
    for scaling in ("raw", "minmax", "standard"):
        problem, size = Problem(KG, CM, scaling), 20
        found = surface(KG, CM, scaling, show=[(3.0, -4.0)], size=size)
        step_w, step_b = ((hi - lo) / size for lo, hi in (found.w, found.b))
        for i, j in ((0, 0), (3, 17), (19, 19)):
            w, b = found.w[0] + (j + 0.5) * step_w, found.b[1] - (i + 0.5) * step_b
            assert found.losses[i, j] == pytest.approx(problem.loss(w, b), rel=1e-6)
        for level, ring in zip(found.levels, found.contours, strict=True):
            assert [problem.loss(*p) for p in ring] == pytest.approx([level] * len(ring), rel=1e-6)
            assert ring[0] == pytest.approx(ring[-1])
        assert found.w[0] < 3 < found.w[1] and found.b[0] < -4 < found.b[1]
        assert found.lowest == pytest.approx(problem.loss(*found.minimum)) and found.losses.min() >= found.lowest
        assert found.shades.dtype == np.uint8 and found.shades.max() == 255
        assert found.curvature == curvature(KG, scaling)
    near = surface(KG, CM, zoom=10)
    assert near.w[1] - near.w[0] == pytest.approx((surface(KG, CM).w[1] - surface(KG, CM).w[0]) / 10)


@pytest.mark.parametrize("scaling", ["raw", "minmax", "standard"])
@pytest.mark.parametrize("at", [(0.0, 0.0), (1.5, -2.0), (0.86, 110.0)])
def test_three_ways_to_one_gradient(scaling, at):
    found = three_gradients(KG, CM, *at, scaling)
    assert found.autograd == pytest.approx(found.by_hand, rel=1e-10, abs=1e-9)
    assert found.finite == pytest.approx(found.by_hand, rel=1e-5, abs=1e-5)
    assert 0 <= found.autograd_difference < 1e-12 and 0 < found.finite_difference < 1e-5
    assert found.terms.mean(axis=0) == pytest.approx(found.by_hand)


def test_overflow_ends_in_nan_and_only_when_it_diverges():
    rows = overflow(KG, CM, 0.1, scaling="raw")
    assert math.isnan(rows[-1][1]) and math.isinf(rows[-3][3]) and len(rows) == 8
    w = torch.zeros(2, requires_grad=True)
    x, y = torch.tensor(KG, dtype=torch.float32), torch.tensor(CM, dtype=torch.float32)
    for _ in range(rows[0][0]):
        grad = torch.autograd.grad(((w[0] * x + w[1] - y) ** 2).mean(), w)[0]
        w = (w - 0.1 * grad).detach().requires_grad_()
    assert w.tolist() == pytest.approx(rows[0][1:3], rel=1e-4)
    assert not math.isnan(overflow(KG, CM, 0.1, most=300)[-1][1])


def test_race_is_six_descents_in_lock_step():
    events = list(race(racers(steps=40), KG, CM))
    assert [e.step for e in events[:-1]] == list(range(1, 41))
    for event in events[:-1]:
        assert all(run.step == event.step for run in event.runs)
        losses = [run.loss for run in event.runs]
        assert event.leader == list(OPTIMIZERS)[int(np.argmin(losses))]
    result = events[-1].result
    for run in result.runs:
        alone = drain(descend(run.config, KG, CM))
        assert np.array_equal(run.path, alone.path)
    assert sorted(result.ranking) == sorted(OPTIMIZERS)
    lowest = Problem(KG, CM, "standard").loss(*Problem(KG, CM, "standard").minimum())
    for run, arrived in zip(result.runs, result.arrived, strict=True):
        near = run.losses - lowest <= 0.01 * (run.losses[0] - lowest)
        if arrived is None:
            assert not near[-1]
        else:
            assert near[arrived:].all() and not near[arrived - 1]


def test_a_race_on_mini_batches_goes_by_the_mean_height_at_its_end():
    result = drain(race(racers(steps=120, batch_size=1), KG, CM, every=None))
    lowest = Problem(KG, CM, "standard").loss(*Problem(KG, CM, "standard").minimum())
    heights = [np.mean(run.losses[-30:]) - lowest for run in result.runs]
    assert result.noisy and result.arrived == (None,) * 6
    assert result.heights == pytest.approx(heights) and min(heights) > 1e-4
    assert result.ranking == tuple(name for _, name in sorted(zip(heights, OPTIMIZERS, strict=True)))
    assert not drain(race(racers(steps=2, batch_size=10), KG, CM)).noisy


def test_a_racer_that_diverges_leaves_the_others_running():
    events = list(race(racers(("sgd", "adam"), learning_rate=30.0, steps=60), KG, CM, every=20))
    assert [e.step for e in events[:-1]] == [20, 40, 60]
    result = events[-1].result
    assert [run.verdict == "diverged" for run in result.runs] == [True, False]
    assert result.arrived[0] is None and result.ranking[-1] == "sgd" and events[-2].leader == "adam"
    ends = list(race(racers(("sgd", "momentum"), learning_rate=500.0, steps=60), KG, CM))
    assert ends[-1].stopped == "diverged" and ends[-2].step < 60


def test_cadence_deadline_and_closing():
    events = list(descend(descent(steps=25), KG, CM, every=10))
    assert [e.step for e in events[:-1]] == [10, 20, 25] and isinstance(events[-1], Done)
    assert list(descend(descent(steps=25), KG, CM, deadline=0))[-1].stopped == "deadline"
    assert list(race(racers(steps=25), KG, CM, deadline=0))[-1].stopped == "deadline"
    stream = race(racers(), KG, CM)
    next(stream)
    stream.close()


@pytest.mark.parametrize(
    "wrong",
    [{"optimizer": "adamm"}, {"learning_rate": 0}, {"learning_rate": math.nan}, {"steps": 0}, {"steps": 10**6},
     {"w": math.inf}, {"batch_size": 0}, {"seed": -1}, {"b": "x"}],
)  # fmt: skip
def test_wrong_configs_are_refused(wrong):
    with pytest.raises(InvalidInput):
        descent(**wrong)


def test_wrong_races_and_surfaces_are_refused():
    for wrong in ({"optimizers": ()}, {"optimizers": ("adamm",)}, {"learning_rate": -1.0}, {"steps": 0}):
        with pytest.raises(InvalidInput):
            racers(**wrong)
    for wrong in ({"size": 10_000}, {"zoom": 0}, {"show": [(math.nan, 0)]}):
        with pytest.raises(InvalidInput):
            surface(KG, CM, **wrong)
    with pytest.raises(InvalidInput):
        three_gradients(KG, CM, math.inf, 0)
    with pytest.raises(InvalidInput):
        overflow(KG, CM, math.nan)


def test_the_scripts_print_the_same_losses_in_a_fresh_process():
    configs = [
        descent("nesterov", 0.02, 33, batch_size=4, seed=7),
        descent("sgd", 1e-5, 20, scaling="raw"),
    ]
    resumed = drain(descend(configs[0], KG, CM, drain(descend(configs[0], KG, CM))))
    runs = [resumed, drain(descend(configs[1], KG, CM))]
    raced = drain(race(racers(steps=50), KG, CM))
    source = "\n".join(map(script, [*runs, raced]))
    out = programs.run(source, strict=True)
    printed = [float(loss) for loss in re.findall(r"final loss = (\S+)", out)]
    assert resumed.step == 66
    assert printed == pytest.approx([run.loss for run in [*runs, *raced.runs]], rel=1e-9)


@pytest.mark.parametrize("scaling", ["minmax", "standard", "raw"])
@pytest.mark.parametrize("name", list(OPTIMIZERS))
def test_a_percentage_of_the_safe_rate_and_back(name, scaling):
    config = descent(name, scaling=scaling)
    rate = rate_at(KG, CM, config, 40)
    assert percent_of(KG, CM, replace(config, learning_rate=rate)) == pytest.approx(40, rel=5e-3)
    if OPTIMIZERS[name].stable is not None:
        below, above = (rate_at(KG, CM, config, percent) for percent in (95, 102))
        ends = [
            drain(descend(replace(config, learning_rate=r, steps=4000), KG, CM, every=None)).verdict
            for r in (below, above)
        ]
        assert ends[0] != "diverged" and ends[1] == "diverged"
    for wrong in (0, -1, float("nan"), 1e9):
        with pytest.raises(InvalidInput):
            rate_at(KG, CM, config, wrong)
