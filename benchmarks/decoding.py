"""How fast does an LLM answer here? Our loop on every engine beside transformers' ``generate``: same weights and prompt.

Where ``xllamacpp`` is installed, also llama.cpp through our loop beside llama.cpp alone: the same GGUF. The ways take turns,
so that other work on the machine hurts all alike; prints tokens per second (median), milliseconds of processor time a
token (which other work hardly touches) and the ratios to ``generate``, then: does the fast engine keep the quality
(perplexity of a fixed text, token by token), seconds to open the model and to the first token of a 40-token prompt,
milliseconds of a slider, peak memory.
Usage: python -m benchmarks.decoding [--model smollm2-135m-instruct] [--tokens 48] [--rounds 5] [--threads 2]
"""

from __future__ import annotations

import argparse
import math
import resource
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from core import LanguageModel, runtime
from core.events import drain
from core.llm import llama_cpp
from core.pretrained import resolve

PROMPT = (
    "The river rises in the mountains, where snow melts slowly in spring. It passes villages, mills and meadows, "
    "and the people who live along its banks have always told stories about"
)
TEXT = (
    "Photosynthesis is the process by which green plants and some other organisms use sunlight to make food from "
    "carbon dioxide and water. It takes place in the leaves, in tiny bodies called chloroplasts, which hold a green "
    "pigment. Light splits the water; the oxygen leaves the plant, and the hydrogen helps to turn carbon dioxide into "
    "sugar. Almost all life on Earth depends on this process, because plants stand at the beginning of most food "
    "chains, and because the oxygen we breathe comes from them. When forests are cut down, less carbon dioxide is "
    "taken out of the air, and the climate grows warmer."
)


def plain(lm: LanguageModel, name: str) -> Any:
    """The same weights as transformers alone would open them here."""
    dtype = torch.bfloat16 if runtime.bf16_pays() else torch.float32
    model: Any = AutoModelForCausalLM.from_pretrained(resolve.resolve(name).path, dtype=dtype)
    return model.to(lm.model.device).eval()


def generate(model: Any, lm: LanguageModel, tokens: int) -> Callable[[], object]:
    ids = torch.tensor([lm.ids(PROMPT)], device=model.device)
    options = {"do_sample": False, "max_new_tokens": tokens, "min_new_tokens": tokens, "pad_token_id": 0}
    return lambda: model.generate(ids, attention_mask=torch.ones_like(ids), **options)


def ours(lm: LanguageModel, tokens: int, engine: str) -> Callable[[], object]:
    return lambda: drain(lm.steps(PROMPT, tokens, engine=engine, alternatives=0))


def llama_cpp_alone(lm: LanguageModel, tokens: int) -> Callable[[], object]:
    body = {"prompt": list(lm.ids(PROMPT)), "n_predict": tokens, "temperature": 0, "ignore_eos": True, "stream": True}
    return lambda: lm.engines.native()._server.handle_completions(body | {"cache_prompt": False}, lambda piece: False)


def timed(run: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock and of the processor."""
    begun, busy = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - begun, time.process_time() - busy


def perplexity(lm: LanguageModel, engine: str) -> float:
    """exp of the mean −ln p of TEXT, decoded one token at a time."""
    ids = lm.ids(TEXT)
    session = lm.engines.begin(engine, len(ids))
    logits, nats = session.read(ids[:1]), 0.0
    for token in ids[1:]:
        nats += float(logits.logsumexp(0) - logits[token])
        logits = session.step(token)
    return math.exp(nats / (len(ids) - 1))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="smollm2-135m-instruct")
    parser.add_argument("--tokens", type=int, default=48)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    begun = time.perf_counter()
    lm = LanguageModel.load(args.model)
    opened = time.perf_counter() - begun
    print(f"{lm.name}: {lm.parameters:,} parameters, {lm.model.dtype}, {lm.model.device}, {args.threads} threads")
    begun = time.perf_counter()
    next(iter(lm.stream(PROMPT, 1)))
    cold = time.perf_counter() - begun
    first = min(drain(lm.steps(PROMPT, 1)).first_token_seconds for _ in range(3))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    model = plain(lm, args.model)
    makers: dict[str, Callable[[int], Callable[[], object]]] = {
        "transformers generate": lambda n: generate(model, lm, n),
        "ours, torch": lambda n: ours(lm, n, "torch"),
    }
    if lm.engines.supported:
        makers["ours, fast"] = lambda n: ours(lm, n, "fast")
    if llama_cpp.available(lm.engines.gguf):
        makers["llama.cpp alone"] = lambda n: llama_cpp_alone(lm, n)
        makers["ours, llama.cpp"] = lambda n: ours(lm, n, "llamacpp")
    speeds: dict[str, list[float]] = {name: [] for name in makers}
    busy: dict[str, list[float]] = {name: [] for name in makers}
    for _ in range(args.rounds):
        for name, make in makers.items():
            short, long = timed(make(2)), timed(make(2 + args.tokens))  # their difference has no reading of the prompt
            speeds[name].append(args.tokens / max(long[0] - short[0], 1e-9))
            busy[name].append(1000 * (long[1] - short[1]) / args.tokens)
    rates, costs = ({name: statistics.median(each) for name, each in table.items()} for table in (speeds, busy))
    base = "transformers generate"
    print(f"\n{'way':24}{'tokens/s':>10}{'ratio':>8}{'CPU ms/token':>14}{'ratio':>8}")
    for name in makers:
        shares = rates[name] / rates[base], costs[base] / costs[name]
        print(f"{name:24}{rates[name]:10.1f}{shares[0]:8.2f}{costs[name]:14.1f}{shares[1]:8.2f}")
    exact = perplexity(lm, "torch")
    print(f"\nperplexity of a fixed text: torch {exact:.4f}", end="")
    if lm.engines.supported:
        fast = perplexity(lm, "fast")
        print(f", fast {fast:.4f} ({fast / exact - 1:+.2%}), weights in {lm.engines.decoder().bits} bits")
    choices = lm.next_token(PROMPT)
    begun = time.perf_counter()
    for step in range(20):
        choices.reweigh(0.5 + step / 20, top_k=50, top_p=0.9, min_p=0.02, repetition_penalty=1.1)
    slider = 1000 * (time.perf_counter() - begun) / 20
    print(f"open {opened:.1f} s, first token {first:.2f} s of {len(lm.ids(PROMPT))} (the very first {cold:.1f} s)")
    print(f"a slider {slider:.1f} ms, peak memory {memory:.0f} MB until the first answer")


if __name__ == "__main__":
    main()
