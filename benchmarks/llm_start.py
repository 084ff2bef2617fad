"""How long until an LLM that is on the disk has answered, and how much memory that takes: ours beside plain transformers.

Each try is a process of its own: imports, tokenizer, model, one token after 35 of a prompt. The two take turns.
Usage: python -m benchmarks.llm_start [--model smollm2-135m-instruct] [--rounds 5]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys

from benchmarks.decoding import PROMPT
from core.pretrained import resolve

START = """
import json, resource, sys, time
begun = time.perf_counter()
name, folder, prompt = sys.argv[1:]
"""
END = """
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([ready - begun, time.perf_counter() - ready, memory]))
"""
OURS = """
from core import LanguageModel
lm = LanguageModel.load(name)
ready = time.perf_counter()
next(iter(lm.stream(prompt, 1)))
"""
PLAIN = """
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
ready = time.perf_counter()
model.generate(**tokenizer(prompt, return_tensors="pt"), max_new_tokens=1)
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="smollm2-135m-instruct")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    folder = str(resolve.resolve(args.model).path)
    ways = {"plain transformers, float32": PLAIN, "ours": OURS}
    tries: dict[str, list[list[float]]] = {name: [] for name in ways}
    for _ in range(args.rounds):
        for name, code in ways.items():
            command = [sys.executable, "-c", START + code + END, args.model, folder, PROMPT]
            said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            tries[name].append(json.loads(said.splitlines()[-1]))
    print(f"{'way':30}{'ready, s':>10}{'first token, s':>16}{'peak, MB':>10}")
    for name, rows in tries.items():
        ready, first, memory = (statistics.median(column) for column in zip(*rows, strict=True))
        print(f"{name:30}{ready:10.2f}{first:16.2f}{memory:10.0f}")


if __name__ == "__main__":
    main()
