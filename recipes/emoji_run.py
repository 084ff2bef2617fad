"""What the three `emoji` recipes share: data, a falling learning rate, an averaged model, checkpoints.

A checkpoint is a folder of safetensors and one JSON (no pickles). ``--steps`` counts over all resumed runs; the
learning rate falls along a cosine over those steps, so a longer plan means a slower fall. Costs are CPU seconds.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from recipes.muon import Muon

WEIGHTS = Path(__file__).parents[1] / "core" / "weights" / "emoji"


@dataclass
class Data:
    pictures: np.ndarray  # (N, 64, 64, 3) uint8
    captions: list[dict[str, Any]]


def arguments(doc: str | None, steps: int) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="data and checkpoints (outside the repository)")
    parser.add_argument("--steps", type=int, default=steps, help="updates in all, resumed runs included")
    parser.add_argument("--threads", type=int, default=1, help="two on a busy machine wait for each other")
    parser.add_argument("--smoke", action="store_true", help="a few steps on made-up pictures: does it still run?")
    parser.add_argument("--export", action="store_true", help="write the weights of the checkpoint, train nothing")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    return options


def load_data(folder: Path, smoke: bool) -> Data:
    if smoke:
        generator = np.random.default_rng(0)
        words = {"label": "red apple", "tags": ["apple", "red"]}
        captions = [{"emoji": "?", "group": 4, "en": words, "ko": words} for _ in range(8)]
        return Data(generator.integers(0, 256, (8, 64, 64, 3), dtype=np.uint8), captions)
    return Data(np.load(folder / "pictures.npy"), json.loads((folder / "captions.json").read_text("utf-8")))


def to_tensor(pictures: np.ndarray) -> torch.Tensor:
    """(N, 64, 64, 3) uint8 → (N, 3, 64, 64) in -1..1, channels last in memory."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float().div(127.5).sub(1)


class Run:
    """One model in training: ``for step in run: ... run.update(loss)``; saves itself now and then and on SIGTERM."""

    def __init__(
        self,
        name: str,
        model: torch.nn.Module,
        options: argparse.Namespace,
        learning_rate: float,
        weight_decay: float = 0.01,
        average: float = 0.0,
        warmup: int = 100,
        save_minutes: float = 4.0,
        matrices: Callable[[str], bool] = lambda name: False,
    ) -> None:
        """``matrices`` says by its name which parameter of two axes or more Muon moves; AdamW moves the others."""
        self.folder = options.folder / f"checkpoint_{name}"
        self.model, self.average, self.warmup = model, average, warmup
        self.learning_rate, self.steps = learning_rate, 3 if options.smoke else options.steps
        self.smoke, self.save_every = options.smoke, 60 * save_minutes
        named = list(model.named_parameters())
        inner = [parameter for name, parameter in named if parameter.ndim > 1 and matrices(name)]
        chosen = {id(parameter) for parameter in inner}
        outer = [parameter for _, parameter in named if id(parameter) not in chosen]
        adam = torch.optim.AdamW(outer, learning_rate, betas=(0.9, 0.99), weight_decay=weight_decay, fused=True)
        muon = [Muon(inner, learning_rate, weight_decay=weight_decay)] if inner else []
        self.optimizers: list[torch.optim.Optimizer] = [adam, *muon]
        self.averaged = copy.deepcopy(model).requires_grad_(False) if average else model
        self.step, self.seconds, self.losses = 0, 0.0, dict[str, float]()
        if not self.smoke and (self.folder / "state.json").exists():
            self.load()

    def rate(self) -> float:
        done = min(1.0, self.step / self.steps)
        return (
            self.learning_rate * min(1.0, (self.step + 1) / self.warmup) * max(0.02, (1 + math.cos(math.pi * done)) / 2)
        )

    def __iter__(self) -> Iterator[int]:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
        started, before = time.process_time(), self.seconds
        saved = shown = time.perf_counter()
        at = self.step
        try:
            while self.step < self.steps:
                yield self.step
                now = time.perf_counter()
                self.seconds = before + time.process_time() - started
                if now - shown > 60:
                    losses = " ".join(f"{name} {value:.4f}" for name, value in self.losses.items())
                    pace = (self.step - at) / (now - shown)
                    clock = time.strftime("%H:%M")
                    print(
                        f"{clock} step {self.step} {pace:.2f} steps/s {self.seconds / 60:.1f} CPU min {losses}",
                        flush=True,
                    )
                    shown, at = now, self.step
                if now - saved > self.save_every:
                    self.save()
                    saved = now
        finally:
            if not self.smoke:
                self.save()

    def update(self, loss: torch.Tensor, **shown: float) -> None:
        self.model.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = self.rate()
            optimizer.step()
        self.step += 1
        if self.average:
            keep = min(self.average, (1 + self.step) / (10 + self.step))
            pairs = zip(self.averaged.parameters(), self.model.parameters(), strict=True)
            with torch.no_grad():
                mean, new = zip(*pairs, strict=True)
                torch._foreach_lerp_(list(mean), list(new), 1 - keep)
        for name, value in {"loss": loss.item(), **shown}.items():
            self.losses[name] = 0.98 * self.losses.get(name, value) + 0.02 * value

    def save(self) -> None:
        fresh = self.folder.with_suffix(".new")
        fresh.mkdir(parents=True, exist_ok=True)
        states = [optimizer.state_dict()["state"] for optimizer in self.optimizers]
        save_file({k: v.contiguous() for k, v in self.model.state_dict().items()}, fresh / "model.safetensors")
        save_file({k: v.contiguous() for k, v in self.averaged.state_dict().items()}, fresh / "averaged.safetensors")
        save_file(
            {
                f"{number}.{index}.{key}": value.contiguous()
                for number, state in enumerate(states)
                for index, entry in state.items()
                for key, value in entry.items()
            },
            fresh / "optimizer.safetensors",
        )
        (fresh / "state.json").write_text(
            json.dumps({"step": self.step, "seconds": self.seconds, "losses": self.losses})
        )
        self.folder.mkdir(exist_ok=True)
        for file in sorted(fresh.iterdir()):
            os.replace(file, self.folder / file.name)
        fresh.rmdir()

    def load(self) -> None:
        self.model.load_state_dict(load_file(self.folder / "model.safetensors"))
        if self.average:
            self.averaged.load_state_dict(load_file(self.folder / "averaged.safetensors"))
        states = [dict[int, dict[str, torch.Tensor]]() for _ in self.optimizers]
        for name, value in load_file(self.folder / "optimizer.safetensors").items():
            number, index, key = name.split(".", 2)
            states[int(number)].setdefault(int(index), {})[key] = value
        for optimizer, state in zip(self.optimizers, states, strict=True):
            optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
        for name, value in json.loads((self.folder / "state.json").read_text()).items():
            setattr(self, name, value)
        print(f"resumed at step {self.step}, {self.seconds / 60:.1f} min", flush=True)


def continue_from(model: torch.nn.Module, part: str, folder: Path) -> None:
    """Start from the committed weights when there is no checkpoint: training goes on where the last release stopped."""
    files = sorted((WEIGHTS / part).glob("*.safetensors"))
    if files and not (folder / "state.json").exists():
        model.load_state_dict({key: value.float() for file in files for key, value in load_file(file).items()})
        print(f"continuing from the committed {part}", flush=True)


def caption(words: dict[str, Any], random: np.random.Generator, label: float = 0.6) -> str:
    """One way to name a picture: its label (with this probability), the label and a tag, or one to three tags."""
    tags = words["tags"]
    kind = random.random()
    if kind < label or not tags:
        return words["label"]
    if kind < label + 0.2:
        return f"{words['label']} {random.choice(tags)}"
    return " ".join(random.permutation(tags)[: random.integers(1, 4)])
