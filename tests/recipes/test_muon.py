"""Our Muon against torch's own, and a run that stops and resumes with it."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest
import torch
from torch import nn

from recipes.emoji_run import Run
from recipes.muon import Muon, orthogonal


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="torch.optim.Muon came with torch 2.9")
@pytest.mark.parametrize("shape", [(24, 60), (60, 24), (32, 32)])
def test_equal_to_torch(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    ours = nn.Parameter(torch.randn(shape))
    theirs = nn.Parameter(ours.detach().clone())
    mine = Muon([ours], 0.01, weight_decay=0.1)
    torchs = torch.optim.Muon([theirs], 0.01, weight_decay=0.1, adjust_lr_fn="match_rms_adamw")
    for _ in range(6):
        ours.grad = torch.randn(shape)
        theirs.grad = ours.grad.clone()
        ours.data.copy_(theirs.data)
        before = theirs.detach().clone()
        mine.step()
        torchs.step()
        lost = torch.linalg.vector_norm(ours - theirs) / torch.linalg.vector_norm(theirs - before)
        assert lost < 0.03  # torch works in bfloat16


def test_orthogonal_keeps_directions() -> None:
    torch.manual_seed(0)
    u = torch.randn(20, 50)
    left, _, right = torch.linalg.svd(u, full_matrices=False)
    turned = left.T @ orthogonal(u) @ right.T
    assert (turned.diagonal() - 1).abs().max() < 0.35 and (turned - turned.diagonal().diag()).abs().max() < 1e-3


def test_a_resumed_run_is_the_run(tmp_path: Path) -> None:
    def train(folder: Path, parts: list[int]) -> dict[str, torch.Tensor]:
        for steps in parts:
            torch.manual_seed(0)
            model = nn.Sequential(nn.Conv2d(2, 4, 3), nn.Flatten(), nn.Linear(16, 3))
            options = Namespace(folder=folder, steps=8, smoke=False)
            run = Run("toy", model, options, 0.05, average=0.9, warmup=2, matrices=lambda name: name.startswith("0"))
            for step in run:
                x = torch.randn(5, 2, 4, 4, generator=torch.Generator().manual_seed(step))
                run.update(model(x).square().mean())
                if run.step == steps:
                    break
        return dict(run.averaged.state_dict())

    whole, resumed = train(tmp_path / "a", [8]), train(tmp_path / "b", [3, 8])
    for name, values in whole.items():
        torch.testing.assert_close(resumed[name], values)
