"""How fast does Stable Diffusion draw here? Our unrolled loop, every step told, beside diffusers' own ``pipe(...)``.

    python -m benchmarks.sd_speed [--model emoji] [--steps 20] [--guidance 4] [--rounds 7] [--threads 2]

The ways take turns, so that other work on the machine hurts all alike. Printed for each: the median seconds of one
picture on the clock and of processor time (which a busy machine does not stretch), and the median of the ratios of
processor time, taken round by round: our loop to ``pipe(...)`` (aim: at most 1.05), a preview at every step to none
(aim: at most 1.10), the word maps to none. "quick" previews are the sketch that the weights bring (else a linear map),
"decode" is the autoencoder itself.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch

from core import StableDiffusion, runtime
from core.diffusion.settings import Settings
from core.events import drain

PROMPT = "빨간 사과"


def ways(sd: StableDiffusion, settings: Settings) -> dict[str, Callable[[], Any]]:
    """Name → one picture drawn that way."""
    pipe = sd.pipeline

    def theirs() -> Any:
        return pipe(
            settings.prompt, num_inference_steps=settings.num_inference_steps, guidance_scale=settings.guidance_scale,
            generator=runtime.generator(settings.seed),
        ).images[0]  # fmt: skip

    def ours(**how: Any) -> Callable[[], Any]:
        return lambda: drain(sd.draw(settings, **how)).image

    return {
        "pipe(...)": theirs,
        "our loop": ours(preview="none"),
        "+ preview quick": ours(preview="quick"),
        "+ preview decode": ours(preview="decode"),
        "+ word maps": ours(preview="none", maps=True),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="emoji")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--guidance", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    started = time.perf_counter()
    sd = StableDiffusion.load(options.model)
    opened = time.perf_counter() - started
    drawing = ways(sd, Settings(PROMPT, num_inference_steps=options.steps, guidance_scale=options.guidance))
    for draw in drawing.values():
        draw()  # warm: buffers, kernels
    clock: dict[str, list[float]] = {name: [] for name in drawing}
    work: dict[str, list[float]] = {name: [] for name in drawing}
    for turn in range(options.rounds):
        names = list(drawing)
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            started, worked = time.perf_counter(), time.process_time()
            drawing[name]()
            clock[name].append(time.perf_counter() - started)
            work[name].append(time.process_time() - worked)
    print(f"{options.model}: {sd.parameters:,} parameters, {runtime.describe()}, {options.threads} threads")
    print(f"{sd.size} × {sd.size} pixels, {options.steps} steps, guidance {options.guidance}; opened in {opened:.1f} s")
    against = {"our loop": "pipe(...)"} | dict.fromkeys(list(drawing)[2:], "our loop")
    for name, taken in work.items():
        line = f"{name:<18}{statistics.median(clock[name]):6.2f} s, processor {statistics.median(taken):5.2f} s"
        if other := against.get(name):
            ratio = statistics.median(a / b for a, b in zip(taken, work[other], strict=True))
            line += f"  {ratio:5.3f} × {other} (fastest to fastest {min(taken) / min(work[other]):.3f})"
        print(line)


if __name__ == "__main__":
    main()
