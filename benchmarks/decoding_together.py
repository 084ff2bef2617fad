"""How fast do several answers of one LLM come, one after another and in shared passes? Also: are they the same?

    python -m benchmarks.decoding_together [--model smollm2-135m-instruct] [--visitors 8] [--tokens 48]

Every visitor is a thread that decodes greedily with an own prompt, as in the page. "In turn": one answer at a time has all
cores, as the line of the page was before. Printed: tokens a second of all, both ways, rounds taking turns, and whether
every answer was equal to the one decoded alone.
"""

from __future__ import annotations

import argparse
import statistics
import threading
import time

from core import LanguageModel, runtime
from core.events import drain


def together(lm: LanguageModel, prompts: list[str], tokens: int) -> tuple[float, list[tuple[int, ...]]]:
    """(seconds, ids of each) of all at once."""
    found: dict[int, tuple[int, ...]] = {}

    def visit(number: int) -> None:
        found[number] = drain(lm.steps(prompts[number], tokens, engine="fast")).ids

    visitors = [threading.Thread(target=visit, args=(number,)) for number in range(len(prompts))]
    began = time.perf_counter()
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    return time.perf_counter() - began, [found[number] for number in range(len(prompts))]


def in_turn(lm: LanguageModel, prompts: list[str], tokens: int) -> tuple[float, list[tuple[int, ...]]]:
    began = time.perf_counter()
    found = [drain(lm.steps(prompt, tokens, engine="fast")).ids for prompt in prompts]
    return time.perf_counter() - began, found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="smollm2-135m-instruct")
    parser.add_argument("--visitors", type=int, default=8)
    parser.add_argument("--tokens", type=int, default=48)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    lm = LanguageModel.local(given.model)
    prompts = [f"{number + 2} interesting facts about the sea:" for number in range(given.visitors)]
    in_turn(lm, prompts[:1], 8)  # warm
    gains, equal = [], 0
    for _ in range(given.rounds):
        alone, first = in_turn(lm, prompts, given.tokens)
        shared, second = together(lm, prompts, given.tokens)
        count = sum(map(len, first))
        gains.append(alone / shared)
        equal += sum(a == b for a, b in zip(first, second, strict=True))
        print(f"in turn {count / alone:6.1f} tokens/s · together {sum(map(len, second)) / shared:6.1f} tokens/s")
    print(
        f"{lm.name}, {runtime.describe()}, {given.visitors} visitors: median {statistics.median(gains):.2f} times as fast"
    )
    print(f"{equal} of {given.rounds * given.visitors} answers equal to those decoded alone")


if __name__ == "__main__":
    main()
