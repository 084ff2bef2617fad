"""Oracles: numpy.linalg.lstsq, scikit-learn, torch.autograd and torch.optim.SGD; the truth tables; a fresh process."""

import doctest
import math
import re

import numpy as np
import pytest
import torch
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import StandardScaler

import core.lessons.perceptron.fit
import core.lessons.perceptron.line
import core.lessons.perceptron.logic_gates
from core.data import people
from core.errors import InvalidInput
from core.events import Done, drain
from core.lessons.perceptron.fit import (
    GATES,
    INPUTS,
    GateConfig,
    GateStep,
    LineConfig,
    LineStep,
    Problem,
    both_ways,
    closed_form,
    curvature,
    learn_gate,
    outlier,
    predict,
    residuals,
    script,
    steps,
)
from tests import programs

KG, CM = people.load()


def units(standardise):
    return "standard" if standardise else "raw"


@pytest.mark.parametrize(
    "module", [core.lessons.perceptron.line, core.lessons.perceptron.logic_gates, core.lessons.perceptron.fit]
)
def test_the_examples_in_the_docstrings(module):
    found = doctest.testmod(module)
    assert found.attempted and not found.failed


def test_residuals_are_the_arithmetic_of_the_lesson():
    found = residuals([1, 2], [3, 7], w=2, b=0.5)
    assert found.predicted.tolist() == [2.5, 4.5] and found.residuals.tolist() == [-0.5, -2.5]
    assert found.squares.tolist() == [0.25, 6.25] and found.mse == 3.25


def test_the_closed_form_is_least_squares():
    best, *_ = np.linalg.lstsq(np.column_stack([KG, np.ones(10)]), CM, rcond=None)
    found, theirs = closed_form(KG, CM), LinearRegression().fit(KG[:, None], CM)
    assert (found.w, found.b) == pytest.approx(tuple(best))
    assert (found.w, found.b) == pytest.approx((theirs.coef_[0], theirs.intercept_))
    assert found.r2 == pytest.approx(theirs.score(KG[:, None], CM))
    assert found.mse == residuals(KG, CM, found.w, found.b).mse


@pytest.mark.parametrize("standardise", [False, True])
def test_steps_are_those_of_torch(standardise):
    rate = 0.1 if standardise else 1e-4
    x, y = (StandardScaler().fit_transform(v[:, None])[:, 0] if standardise else v for v in (KG, CM))
    x, y = torch.tensor(x), torch.tensor(y)
    config = LineConfig(steps=30, learning_rate=rate, standardise=standardise, w=0.5, b=100.0)
    w, b = (
        torch.tensor(v, dtype=torch.float64, requires_grad=True)
        for v in Problem(KG, CM, units(standardise)).to_units(0.5, 100.0)
    )
    optimizer = torch.optim.SGD([w, b], lr=rate)
    events = list(steps(config, KG, CM))
    for event in events[:-1]:
        assert event.before == pytest.approx((w.item(), b.item()), rel=1e-12)
        optimizer.zero_grad()
        ((w * x + b - y) ** 2).mean().backward()
        assert event.gradient == pytest.approx((w.grad.item(), b.grad.item()), rel=1e-9, abs=1e-12)
        optimizer.step()
        assert event.after == pytest.approx((w.item(), b.item()), rel=1e-12)
        assert event.loss == pytest.approx(((w * x + b - y) ** 2).mean().item(), rel=1e-12)
        assert event.line.mse == pytest.approx(residuals(KG, CM, event.line.w, event.line.b).mse)
        assert event.loss * (CM.var() if standardise else 1) == pytest.approx(event.line.mse)
    assert len(events) == 31 and isinstance(events[-1], Done) and events[-1].result.steps == 30


def test_presses_add_up_to_one_run():
    whole = drain(steps(LineConfig(steps=50), KG, CM))
    line, done = core.lessons.perceptron.line.line(KG, CM, 0, 0), 0
    for count in (1, 25, 24):
        *_, last, _ = steps(LineConfig(steps=count, w=line.w, b=line.b, done=done), KG, CM)
        line, done = last.line, last.step
    assert done == 50 and (line.w, line.b) == pytest.approx((whole.line.w, whole.line.b), rel=1e-9)


def test_standardised_reaches_the_closed_form_and_raw_crawls():
    both, best = both_ways(KG, CM, learning_rate=0.1, count=100), closed_form(KG, CM)
    assert both.standardised.verdict == "converged"
    assert (both.standardised.line.w, both.standardised.line.b) == pytest.approx((best.w, best.b), rel=1e-6)
    assert both.raw.verdict == "diverged" and both.raw.steps < 20 and math.isfinite(both.raw.loss)
    assert both.raw_at_limit.verdict == "crawling" and both.raw_at_limit.line.mse > best.mse + 1
    assert both.standardised_curvature.limit == pytest.approx(
        1
    ) and both.standardised_curvature.condition == pytest.approx(1)
    assert both.raw_curvature.condition > 1e5


def test_curvature_is_the_hessian_of_autograd():
    for standardise in (False, True):
        problem = Problem(KG, CM, units(standardise))
        x, y = torch.tensor(problem.inputs), torch.tensor(problem.targets)
        theirs = torch.autograd.functional.hessian(
            lambda p, x=x, y=y: ((p[0] * x + p[1] - y) ** 2).mean(), torch.zeros(2).double()
        )
        values = torch.linalg.eigvalsh(theirs)
        found = problem.curvature()
        assert problem.hessian() == pytest.approx(theirs.numpy())
        assert (found.smallest, found.largest) == pytest.approx(tuple(values.tolist()), rel=1e-6)
        assert found == curvature(KG, units(standardise))


@pytest.mark.parametrize("standardise", [False, True])
def test_the_limit_separates_convergence_from_divergence(standardise):
    limit = curvature(KG, units(standardise)).limit
    below = [e.loss for e in steps(LineConfig(500, 0.99 * limit, standardise), KG, CM) if isinstance(e, LineStep)]
    above = list(steps(LineConfig(2000, 1.05 * limit, standardise), KG, CM))
    assert below[-1] <= below[0] and all(b <= a * (1 + 1e-12) for a, b in zip(below, below[1:], strict=False))
    assert above[-1].stopped == "diverged" and above[-1].result.verdict == "diverged"
    assert above[-2].loss < 3.5e38 and math.isfinite(above[-2].line.w)


def test_steps_per_digit_tells_the_steps():
    found = curvature(KG, "raw")
    rate = 0.9 * found.limit
    problem = Problem(KG, CM, "raw")
    count = round(found.steps_per_digit(rate))
    best = problem.loss(*problem.minimum())
    gaps = {
        e.step: e.loss - best
        for e in steps(LineConfig(10_000, rate, False), KG, CM, every=100)
        if isinstance(e, LineStep)
    }
    slope = math.log10(gaps[5_000] / gaps[10_000]) / 5_000 / 2  # digits of distance per step
    assert 1 / slope == pytest.approx(count, rel=0.01)
    assert found.steps_per_digit(1.01 * found.limit) == math.inf


def test_oscillation_is_seen():
    assert drain(steps(LineConfig(20, 0.98, True), KG, CM)).verdict == "oscillating"
    assert drain(steps(LineConfig(20, 0.001, True), KG, CM)).verdict == "crawling"


def test_cadence_keeps_the_last_step_and_closing_early_is_fine():
    events = list(steps(LineConfig(25), KG, CM, every=10))
    assert [e.step for e in events[:-1]] == [10, 20, 25]
    stream = steps(LineConfig(25), KG, CM)
    assert next(stream).run.steps == 1
    stream.close()
    assert list(steps(LineConfig(25), KG, CM, deadline=0))[-1].stopped == "deadline"


def test_prediction_says_when_it_extrapolates():
    best = closed_form(KG, CM)
    assert predict(best.w, best.b, 75, KG).value == pytest.approx(75 * best.w + best.b)
    assert not predict(best.w, best.b, 75, KG).outside and predict(best.w, best.b, 30, KG).outside
    with pytest.raises(InvalidInput):
        predict(1, 1, math.nan, KG)


def test_one_outlier_pulls_the_line():
    found = outlier(KG, CM)
    best, *_ = np.linalg.lstsq(np.column_stack([found.x, np.ones(11)]), found.y, rcond=None)
    assert (found.after.w, found.after.b) == pytest.approx(tuple(best))
    assert found.after.w < found.before.w / 2 and 0.5 < found.share < 1


@pytest.mark.parametrize(
    ("x", "y"),
    [([1], [2]), ([], []), ([1, 1, 1], [1, 2, 3]), ([1, 2], [1, 2, 3]), ([1, math.nan], [1, 2]),
     ([1, 2], [1, math.inf]), ([[1, 2]], [[1, 2]]), (range(6000), range(6000))],
)  # fmt: skip
def test_points_that_make_no_line_are_refused(x, y):
    with pytest.raises(InvalidInput):
        next(steps(LineConfig(), x, y))


def test_flat_heights_and_large_values_are_fine():
    assert drain(steps(LineConfig(100), [1, 2, 3], [5, 5, 5])).line.w == pytest.approx(0, abs=1e-6)
    x = np.array([1e9, -1e9, 5e8])
    assert drain(steps(LineConfig(200), x, 2 * x)).line.w == pytest.approx(2)
    assert list(steps(LineConfig(200, standardise=False), x, x))[-1].stopped == "diverged"


@pytest.mark.parametrize("wrong", [{"steps": 0}, {"steps": 10**6}, {"learning_rate": 0}, {"w": math.inf}, {"b": "x"}])
def test_wrong_line_configs_are_refused(wrong):
    with pytest.raises(InvalidInput):
        LineConfig(**wrong)


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("rate", [1.0, 0.1, 0.3])
@pytest.mark.parametrize("start", [(0, 0, 0), (0.7, -1.3, 0.2)])
def test_gates_converge_and_xor_cycles(gate, rate, start):
    events = list(learn_gate(GateConfig(gate, rate, 1000, *start)))
    run, moves = events[-1].result, events[:-1]
    outputs = (INPUTS @ run.weights[:2] + run.weights[2] > 0).astype(int)
    if gate in ("xor", "xnor"):
        assert run.outcome == "cycle" and tuple(outputs) != GATES[gate] and 0 not in run.mistakes
        first, last = run.cycle
        ends = [start, *(e.after for e in moves if e.epoch_ended)]
        assert ends[first] == pytest.approx(ends[last], abs=1e-12)
        assert any(e.error for e in moves if first < e.epoch <= last), "the cycle moves"
    else:
        assert run.outcome == "converged" and tuple(outputs) == GATES[gate] and run.mistakes[-1] == 0
        assert moves[-1].right == 4 and moves[-1].outputs == GATES[gate] and run.cycle is None
    w = np.array(start, dtype=float)
    for event in moves:  # the rule, once more
        x = np.array([*event.inputs, 1])
        assert event.z == pytest.approx(w @ x, abs=1e-12) and event.error == event.target - event.output
        w = w + rate * event.error * x
        assert event.after == pytest.approx(tuple(w), abs=1e-9)
        assert event.right == sum(a == b for a, b in zip(event.outputs, GATES[gate], strict=True))
    assert [sum(abs(e.error) for e in moves if e.epoch == k + 1) for k in range(len(run.mistakes))] == list(
        run.mistakes
    )


def test_the_border_lies_where_z_is_zero():
    borders = [e for e in learn_gate(GateConfig("and")) if isinstance(e, GateStep) and len(e.border)]
    assert len(borders) > 5
    for event in borders:
        w1, w2, b = event.after
        assert (
            event.border @ [w1, w2] + b == pytest.approx([0, 0], abs=1e-9)
            and np.abs(event.border - 0.5).max() <= 1 + 1e-9
        )
    assert (
        core.lessons.perceptron.logic_gates.border(0, 0, 1).shape
        == core.lessons.perceptron.logic_gates.border(1, 1, 50).shape
        == (0, 2)
    )
    assert core.lessons.perceptron.logic_gates.border(1, 0, -0.5)[:, 0].tolist() == [0.5, 0.5]


def test_a_gate_run_can_reach_its_limit():
    assert drain(learn_gate(GateConfig("and", epochs=1))).outcome == "limit"
    with pytest.raises(InvalidInput, match="Did you mean xor"):
        GateConfig("xorr")


def test_the_scripts_print_the_same_losses_in_a_fresh_process():
    configs = [LineConfig(37, 0.05, True, 0.3, 90), LineConfig(60, 1e-4, False, 1, 1), LineConfig(9, 0.1, False)]
    runs = [drain(steps(config, KG, CM)) for config in configs]
    source = "\n".join(map(script, runs))
    out = programs.run(source, strict=True)
    printed = [float(loss) for loss in re.findall(r"final loss = (\S+)", out)]
    assert printed == pytest.approx([run.loss for run in runs], rel=1e-9)
