"""What do ten pictures a second cost the training? The page's own handler beside the same run without a picture.

Lesson 5's playground (2-4-2-1, as the page opens, and 2-8-8-1) on 500 points, and lesson 8's Sequential (64-64-1) on the
ten people; one thread, in one process. The core stream drained, and the handler of the page drained, take turns, round by
round. A picture is all that the handler does for one: measuring the net, its heatmaps as numbers, the words, and JSON.
Printed are medians, in processor time, so that a busy machine does not count: of an update, of a picture beyond its
updates, and the share of a second, and so of the training, that ten pictures take.
Usage: python -m benchmarks.streaming [--rounds 7] [--seconds 3]
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import orjson

from core.events import Cadence
from core.lessons.hidden_layers.playground import Playground
from core.lessons.sequential.lab import Lab
from demos import kit
from demos.hidden_layers import controls as playground_controls
from demos.hidden_layers import page as hidden_layers
from demos.sequential import controls as lab_controls
from demos.sequential import page as sequential

EACH = 0.1  # seconds between two pictures


def playground(**settings: Any) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """(a new run, the stream of the handler that trains it)"""
    form = playground_controls.FORM.values(**({"pace": "fast", "epochs": 2000} | settings))
    config = playground_controls.chosen(form).config
    return lambda: Playground(config).trainer, lambda: hidden_layers.on_play("en", None, 1.0, 2.0, form)


def lab() -> tuple[Callable[[], Any], Callable[[], Any]]:
    form = lab_controls.FORM.values(epochs=10_000)
    spec = lab_controls.chosen(form)
    return lambda: Lab(spec).trainer, lambda: sequential.on_fit("en", None, form)


def alone(make: Callable[[], Any], seconds: float) -> float:
    """Seconds of processor time for an update, without a picture."""
    trainer, begun = make(), time.process_time()
    for _ in trainer.steps(10**6, every=Cadence(seconds=1e9), deadline=seconds):
        pass
    return (time.process_time() - begun) / float(trainer.updates)


def watched(stream: Any, seconds: float) -> tuple[float, float, float]:
    """(seconds of processor time, updates, pictures) from the first picture to the last one."""
    first = updates = pictures = 0.0
    begun, clock = time.perf_counter(), 0.0
    for shown in stream:
        parts = list(shown.values()) if isinstance(shown, dict) else list(shown)
        orjson.dumps([value for value in parts if isinstance(value, dict | str)])
        run = next(part for part in parts if hasattr(part, "play") or hasattr(part, "trainer"))
        done = (run.play.trainer if hasattr(run, "play") else run.trainer).updates
        if not clock:
            clock, first = time.process_time(), done
            continue
        updates, pictures = done - first, pictures + 1
        if time.perf_counter() - begun > seconds:
            break
    spent = time.process_time() - clock
    stream.close()
    return spent, updates, pictures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=3)
    args = parser.parse_args()
    kit.FRAME_SECONDS = EACH
    eight = {"units1": 8, "units2": 8, "optimizer": "adam", "rate": 0.01}
    contests = {"playground 2-4-2-1": playground(), "playground 2-8-8-1, Adam": playground(**eight), "64-64-1": lab()}
    print(f"{'':26} {'updates':>10} {'update':>9} {'picture':>10} {'ten pictures a second cost':>27}")
    for name, (make, handler) in contests.items():
        rounds = [(alone(make, args.seconds), *watched(handler(), args.seconds)) for _ in range(args.rounds)]
        update = statistics.median(each for each, _, _, _ in rounds)
        picture = statistics.median((spent - done * each) / pictures for each, spent, done, pictures in rounds)
        print(f"{name:26} {1 / update:8.0f}/s {update * 1e3:6.3f} ms {picture * 1e3:7.1f} ms {picture * 10:27.1%}")


if __name__ == "__main__":
    main()
