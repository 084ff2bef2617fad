"""How much work do several drawings take in shared passes of the denoiser, against one after another? Are they the same?

    python -m benchmarks.drawing_together [--visitors 8] [--steps 20] [--rounds 2]

The ways take turns. Printed: seconds and processor time of all drawings both ways (processor time is not stretched by other
work on the machine), the median ratio, and the largest difference of any pixel from the picture drawn alone.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from core import StableDiffusion, runtime
from core.diffusion.settings import Settings
from core.events import Done, drain

WORDS = ("빨간 사과", "고양이 얼굴", "파란 하트", "red car", "초록 나무", "smiling face", "달", "flower")


def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    began, worked = time.perf_counter(), time.process_time()
    made = work()
    return made, time.perf_counter() - began, time.process_time() - worked


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="emoji")
    parser.add_argument("--visitors", type=int, default=8)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=2)
    given = parser.parse_args()
    sd = StableDiffusion.load(given.model)
    wishes = [Settings(WORDS[n % len(WORDS)], seed=n, num_inference_steps=given.steps) for n in range(given.visitors)]

    def in_turn() -> list[Any]:
        return [drain(sd.draw(wish, preview="quick")).image for wish in wishes]

    def together() -> list[Any]:
        made = {n: event.result.image for n, event in sd.steps_many(wishes, preview="quick") if isinstance(event, Done)}
        return [made[n] for n in range(len(wishes))]

    drain(sd.draw(wishes[0]))  # warm
    ratios, far = [], 0
    for _ in range(given.rounds):
        alone, seconds, work = timed(in_turn)
        shared, shared_seconds, shared_work = timed(together)
        ratios.append(shared_work / work)
        far = max(
            far,
            *(int(np.abs(np.asarray(a, int) - np.asarray(b, int)).max()) for a, b in zip(alone, shared, strict=True)),
        )
        print(
            f"in turn {seconds:.1f} s, processor {work:.1f} · together {shared_seconds:.1f} s, processor {shared_work:.1f}",
            flush=True,
        )
    print(f"{runtime.describe()}, {given.visitors} visitors: {statistics.median(ratios):.2f} of the processor time")
    print(f"largest difference of a pixel: {far} of 255")


if __name__ == "__main__":
    main()
