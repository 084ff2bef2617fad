"""The machine: what one block asks of torch's threads is its own business."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import torch

from core import runtime


def test_a_thread_born_inside_anothers_one_thread_keeps_all() -> None:
    usual = runtime.usual_threads()
    with runtime.threads(usual + 2):
        assert torch.get_num_threads() == usual + 2
        with ThreadPoolExecutor(1) as newborn:
            assert newborn.submit(torch.get_num_threads).result() == usual
            with runtime.threads(1):
                assert newborn.submit(torch.get_num_threads).result() == usual
        assert torch.get_num_threads() == usual + 2
    with ThreadPoolExecutor(1) as newborn:
        assert newborn.submit(torch.get_num_threads).result() == torch.get_num_threads() == usual
