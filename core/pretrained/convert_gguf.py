"""GGUF → a transformers folder in safetensors, once: ``python -m core.pretrained.convert_gguf model.gguf folder``.

transformers reads GGUF itself, but takes half a minute each time and refuses to save what it read, so the weights are
copied into a fresh model of the same config. It runs as a process of its own: it can be stopped at any moment, its memory
is given back, and it ends when the program that asked for it has died. Weights are kept in bfloat16; the tokenizer and
its chat template come along.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path


def follow(parent: int) -> None:
    """End this process as soon as ``parent`` is no longer its parent, that is: has died."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.2)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def convert(source: Path, folder: Path) -> None:
    """Write config.json, tokenizer.json and model.safetensors of the causal LM in ``source`` into ``folder``."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    plain = GgufConfig(dequantize=True)
    read = AutoModelForCausalLM.from_pretrained(
        source.parent, gguf_file=source.name, dtype=torch.bfloat16, quantization_config=plain
    )
    settings = read.config.to_dict()
    settings.pop("quantization_config", None)
    model = AutoModelForCausalLM.from_config(type(read.config).from_dict(settings), dtype=torch.bfloat16)
    model.load_state_dict(read.state_dict())
    model.tie_weights()
    model.generation_config = read.generation_config
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name).save_pretrained(folder)


if __name__ == "__main__":
    follow(os.getppid())
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
