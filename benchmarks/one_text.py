"""How long does one text alone take the shipped encoder, beside the text side of the CLIP before it? Turns, one thread.

for f in $(git ls-tree --name-only -r 85f4006 core/weights/emoji/clip core/weights/emoji/tokenizer); do
    git show 85f4006:$f > OLD/$(basename $f); done      # the CLIP of 27 November: 192 numbers wide, three layers
python -m benchmarks.one_text OLD
"""

from __future__ import annotations

import argparse
import statistics
import time

TEXTS = [
    "고양이",
    "red apple",
    "비 오는 날",
    "a cat on a sofa",
    "노란 하트",
    "computer",
    "강아지가 공원에서 뛰어놀아요",
    "the weather is nice today",
]


def main() -> None:
    import torch

    from core.multimodal.clip import ImageText

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old")
    parser.add_argument("--rounds", type=int, default=60)
    given = parser.parse_args()
    torch.set_num_threads(1)
    models = {"old": ImageText.load(given.old), "new": ImageText.load("emoji")}
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in models}
    for turn in range(given.rounds + 1):
        for text in TEXTS:
            for name, model in models.items():
                clock, cpu = time.perf_counter(), time.process_time()
                model.embed_texts([text])
                if turn:  # the first warms up
                    taken[name].append((time.perf_counter() - clock, time.process_time() - cpu))
    for place, kind in enumerate(("by the clock", "of processor time")):
        each = {name: [t[place] for t in times] for name, times in taken.items()}
        medians, lower = ({n: measure(t) for n, t in each.items()} for measure in (statistics.median, lower_quarter))
        print(kind, *(f"{name} {1000 * value:.2f} ms" for name, value in medians.items()), end=" ")
        print(f"ratio {medians['new'] / medians['old']:.2f}, of the lower quartiles {lower['new'] / lower['old']:.2f}")


def lower_quarter(times: list[float]) -> float:
    return statistics.quantiles(times, n=4)[0]


if __name__ == "__main__":
    main()
