"""How long do the lessons of chapter 5 keep a visitor waiting? Each run as the page makes it, with default settings.

    python -m benchmarks.generation [--threads 2]

Printed: seconds on the clock and of processor time (which a busy machine does not stretch) for
a drawn shape learnt by 2-D diffusion, previews included (aim: under 15 s), and how near its points come to it;
the loop words → picture → similarity → names → sentence, models opened and gallery embedded (cold) and again (warm; aim:
under 15 s); three taught words learnt, heard, and their word sent round the loop.
"""

from __future__ import annotations

import argparse
import contextlib
import time
from collections.abc import Iterator

import torch

REPORTS = 40  # pictures of a training run, as the lesson asks for
DRAWING = "[[-60,-40,-20,50,0,-10,25,55,60,-40],[-40,-60,40,-60]]"  # an M over a line, as the pad sends it


@contextlib.contextmanager
def timed(name: str) -> Iterator[list[str]]:
    """Print name, seconds, and whatever words the block leaves in the list."""
    said: list[str] = []
    clock, work = time.perf_counter(), time.process_time()
    yield said
    clock, work = time.perf_counter() - clock, time.process_time() - work
    print(f"{name:<52}{clock:6.1f} s  processor {work:5.1f} s  {'; '.join(said)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    torch.set_num_threads(parser.parse_args().threads)

    from core.diffusion.point_diffusion import PointDiffusion
    from core.events import drain
    from core.lessons.diffusion.films import likeness
    from core.lessons.diffusion.shapes import named
    from core.lessons.multimodal import examples, loop
    from core.lessons.multimodal.loop import LoopConfig
    from core.speech.word_classifier import WordClassifier

    points, model = named("drawn", DRAWING, seed=0), PointDiffusion()
    with timed("a drawn shape learnt (2-D diffusion)"):
        drain(model.steps(points, every=max(1, model.config.steps // REPORTS)))
    print(f"    {model.parameters:,} parameters, {model.config.steps} updates, {REPORTS} pictures on the way; mean "
          f"distance of 500 drawn points from the shape {likeness(model, points):.3f} (it is 2 wide)")  # fmt: skip
    for name, words in (("the loop, first time", "빨간 사과"), ("the loop again", "blue heart")):
        with timed(name) as said:
            result = drain(loop.steps(LoopConfig(words)))
            said.append(f"cosine {result.compared.cosine:.2f}, names {', '.join(result.compared.names[:2])}")
    with timed("taught words → heard → the loop") as said:
        ear = WordClassifier()
        ear.fit(examples.recordings("ko"))
        truth, sound = examples.others("ko")[0]
        word = ear.words[int(ear.predict_proba([sound])[0].argmax())]
        result = drain(loop.steps(LoopConfig(word)))
        said.append(f"said {truth}, heard {word}, names {', '.join(result.compared.names[:2])}")


if __name__ == "__main__":
    main()
