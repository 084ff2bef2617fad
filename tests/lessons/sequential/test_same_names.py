"""The table of names that mean different things: against the numbers that the libraries' own rules give, by hand."""

import math

import pytest

from core.lessons.sequential.same_names import GRADIENT, compare
from demos.kit import text
from demos.sequential.same import on_same

LOG2, S = math.log(2), math.sqrt(1 - 0.999)
BY_HAND = {  # Keras, PyTorch, scikit-learn
    "adam": (S * GRADIENT / (S * GRADIENT + 1e-7), 1 / (1 + 1e-8 / GRADIENT), S * GRADIENT / (S * GRADIENT + 1e-8)),
    "rmsprop": (1 / math.sqrt(0.1), 1 / math.sqrt(0.01), None),
    "adagrad": (0.1 / math.sqrt(0.11), 1.0, None),
    "adamw": (0.004, 0.01, None),
    "l2": (0.02, 0.01, 0.001),
    "leaky_relu": (-0.2, -0.01, None),
    "gelu": ((1 + math.erf(1 / math.sqrt(2))) / 2,) * 2 + (None,),
    "squared": (4.0, 4.0, 2.0),
    "unnormalised": (LOG2, -math.log(0.2), None),
    "weighted": ((LOG2 + 3 * 2 * LOG2) / 2, (LOG2 + 3 * 2 * LOG2) / 4, (LOG2 + 3 * 2 * LOG2) / 4),
    "absent": (2 / 3, None, 1.0),
    "bare_f1": (2 / 3, None, 1.0),
}


@pytest.mark.parametrize("key", BY_HAND)
def test_each_cell_is_what_the_librarys_rule_gives(key: str) -> None:
    pytest.importorskip("keras")
    for found, right in zip(compare().rows[key], BY_HAND[key], strict=True):
        if right is not None:
            assert found == pytest.approx(right, rel=2e-3), key
    assert key == "gelu" or len({round(c, 4) for c in compare().rows[key] if c is not None}) > 1


def test_rows_held_out() -> None:
    keras, torch, sklearn = compare().rows["split"]
    assert keras in ((8, 9), None), "the last ones, before any shuffling"
    assert len(torch) == len(sklearn) == 2 and {torch, sklearn} != {(8, 9)}


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_page_has_words_for_every_row(lang: str) -> None:
    table = on_same(lang)
    assert table.count("\n") == len(compare().rows) + 1 and "None" not in table
    assert str(compare().versions["torch"]) in table and text.load("sequential", lang)("same.question") in table
