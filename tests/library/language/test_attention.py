"""core.language.attention against torch's scaled_dot_product_attention, hand-worked sums, and what the lesson claims."""

import doctest

import numpy as np
import pytest
import torch

import core.language.attention
from core.errors import InvalidInput
from core.language.attention import ToyConfig, attend, cell, positions, toy_head


def test_doctest():
    assert doctest.testmod(core.language.attention).failed == 0


@pytest.mark.parametrize("causal", [False, True])
def test_equals_torch_in_float32(causal):
    rng = np.random.default_rng(1)
    q, k = rng.normal(size=(2, 7, 5)) * 3
    v = rng.normal(size=(7, 4))
    trace = attend(q, k, v, causal=causal)
    theirs = torch.nn.functional.scaled_dot_product_attention(
        *(torch.tensor(x, dtype=torch.float32)[None] for x in (q, k, v)), is_causal=causal
    )
    np.testing.assert_allclose(trace.output, theirs[0].numpy(), atol=1e-5)
    assert trace.difference < 1e-12


def test_every_matrix_by_hand():
    trace = attend([[1, 0, 0, 0], [0, 2, 0, 0]], [[4, 2, 0, 0], [2, 0, 0, 0]], [[1.0], [0.0]], causal=False)
    np.testing.assert_array_equal(trace.scores, [[4, 2], [4, 0]])
    np.testing.assert_array_equal(trace.scaled, [[2, 1], [2, 0]])  # √4 = 2
    expected = [1 / (1 + np.exp(-1)), 1 / (1 + np.exp(-2))]
    np.testing.assert_allclose(trace.weights[:, 0], expected, rtol=1e-15)
    np.testing.assert_allclose(trace.output[:, 0], expected, rtol=1e-15)


def test_causal_rows_ignore_the_future():
    rng = np.random.default_rng(2)
    q, k, v = rng.normal(size=(3, 6, 4))
    before = attend(q, k, v, causal=True)
    k[4:], v[4:] = 9.0, -9.0
    after = attend(q, k, v, causal=True)
    np.testing.assert_array_equal(before.output[:4], after.output[:4])
    assert np.abs(before.output[4:] - after.output[4:]).max() > 0.1
    assert (before.weights[np.triu_indices(6, 1)] == 0).all()


def test_large_scores_do_not_overflow():
    trace = attend([[1e4], [1e4]], [[1e4], [0.0]], [[1.0], [2.0]])
    assert np.isfinite(trace.weights).all() and trace.output[0, 0] == 1.0


def test_cell_sums_to_the_matrix():
    head = toy_head("the cat sat".split(), ToyConfig(width=6))
    c = cell(head.trace, 2, 1)
    assert c.products.sum() == pytest.approx(c.score) and c.score == head.trace.scores[2, 1]
    assert not c.forbidden and c.weight == head.trace.weights[2, 1]
    assert cell(head.trace, 0, 2).forbidden and cell(head.trace, 0, 2).weight == 0
    with pytest.raises(InvalidInput, match="row"):
        cell(head.trace, 3, 0)


def test_without_positions_order_is_lost():
    """Reversing the sentence only permutes the rows; with the position signal it does more."""
    words = ["개가", "사람을", "문다"]
    for signal, blind in ((False, True), (True, False)):
        config = ToyConfig(positions=signal, causal=False)
        there, back = toy_head(words, config), toy_head(words[::-1], config)
        assert np.allclose(there.trace.output, back.trace.output[::-1]) is blind


def test_positions_match_the_formula():
    signal = positions(3, 4)
    np.testing.assert_allclose(signal[2], [np.sin(2), np.cos(2), np.sin(0.02), np.cos(0.02)])


def test_toy_head_is_reproducible_and_seeded():
    a, b = toy_head(["안녕", "👩‍👩‍👧"]), toy_head(["안녕", "👩‍👩‍👧"])
    np.testing.assert_array_equal(a.trace.output, b.trace.output)
    assert not np.allclose(a.trace.output, toy_head(["안녕", "👩‍👩‍👧"], ToyConfig(seed=1)).trace.output)


@pytest.mark.parametrize(
    "arguments",
    [
        ([[1.0]], [[1.0, 2.0]], [[1.0]]),
        ([[1.0]], [[1.0]], [[1.0], [2.0]]),
        ([1.0], [[1.0]], [[1.0]]),
        ([[np.nan]], [[1.0]], [[1.0]]),
        ([["a"]], [[1.0]], [[1.0]]),
        ([[1.0], [1.0, 2.0]], [[1.0]], [[1.0]]),
        ([[]], [[]], [[]]),
    ],
)
def test_refuses(arguments):
    with pytest.raises(InvalidInput):
        attend(*arguments)


def test_toy_refuses():
    for tokens, config in (([], {}), (["a"], {"width": 1}), (["a"], {"seed": -1})):
        with pytest.raises(InvalidInput):
            toy_head(tokens, ToyConfig(**config))
