"""Temperature first or last: against this project's own filters, and by hand."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from core.lessons.language_model import choices
from core.lessons.language_model.order import kept
from core.llm.decoding import Sampling, reweigh
from demos.language_model.order import on_order
from demos.language_model.page import FORM

LOGITS = np.full(260, -30.0)
LOGITS[97:117] = -0.3 * np.arange(
    20
)  # the distribution that findings/llama_cpp_filters_before_it_warms.sh asks llama.cpp


@pytest.mark.parametrize(("cut", "share"), [("top_p", 0.8), ("min_p", 0.2), ("top_p", 1.0), ("min_p", 0.0)])
def test_warm_first_is_what_our_engines_do(cut: str, share: float) -> None:
    found = kept(LOGITS, cut, share)
    for temperature, count in zip(choices.ORDER_AT, found.warm_first, strict=True):
        left = reweigh(torch.from_numpy(LOGITS), Sampling(temperature=temperature, **{cut: share}))
        assert count == int((left > -math.inf).sum())


def test_the_counts_seen_in_llama_cpp() -> None:
    found = kept(LOGITS, "top_p", 0.8)
    assert found.cut_first == (6, 6, 6) and found.warm_first == (3, 6, 10)
    assert kept(LOGITS, "min_p", 0.2).cut_first == (6, 6, 6)


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_page_counts_the_words_on_the_screen(lang: str) -> None:
    here = SimpleNamespace(choices=SimpleNamespace(logits=LOGITS))
    table = on_order(lang, here, FORM.values(top_p=0.8, min_p=0.2))
    assert "| 6 | 6 | 6 |" in table and "| 3 | 6 | 10 |" in table and "0.8" in table
    assert "|" not in on_order(lang, None, FORM.values())
