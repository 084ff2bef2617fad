"""GGUF → a transformers folder in safetensors, once: ``python -m core.pretrained.convert_gguf model.gguf folder``.

It runs as a process of its own: it can be stopped at any moment, its memory is given back, and it ends when the program
that asked for it has died. Weights are kept in bfloat16; the tokenizer and its chat template come along. Llama and Gemma 3
go the quick way, straight from the file's blocks to safetensors without torch; whatever else transformers can read goes
through transformers, which takes half a minute and more. Both give the same weights (a test compares).
"""

from __future__ import annotations

import json
import math
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.pretrained.gguf_file import GGUFFile, tokenizer

Facts = dict[str, Any]
LAYER = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
GEMMA_LAYER = LAYER | {
    "post_attention_norm": "post_attention_layernorm",
    "ffn_norm": "pre_feedforward_layernorm",
    "post_ffw_norm": "post_feedforward_layernorm",
}


def follow(parent: int) -> None:
    """End this process as soon as ``parent`` is no longer its parent, that is: has died."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.2)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def llama(facts: Facts) -> Facts:
    """config.json of a Llama."""
    heads = facts["llama.attention.head_count"]
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "head_dim": facts["llama.embedding_length"] // heads,
        "rope_parameters": {"rope_theta": facts.get("llama.rope.freq_base", 10_000.0), "rope_type": "default"},
    }


def gemma(facts: Facts) -> Facts:
    """config.json of the text part of a Gemma 3: of six layers, five look back on a window and one on everything."""
    layers = range(1, facts["gemma3.block_count"] + 1)
    return {
        "architectures": ["Gemma3ForCausalLM"],
        "model_type": "gemma3_text",
        "head_dim": facts["gemma3.attention.key_length"],
        "query_pre_attn_scalar": facts["gemma3.attention.key_length"],
        "hidden_activation": "gelu_pytorch_tanh",
        "sliding_window": facts["gemma3.attention.sliding_window"],
        "layer_types": ["sliding_attention" if number % 6 else "full_attention" for number in layers],
        "rope_parameters": {
            "full_attention": {"rope_theta": facts["gemma3.rope.freq_base"], "rope_type": "default"},
            "sliding_attention": {"rope_theta": 10_000.0, "rope_type": "default"},
        },
    }


QUICK: dict[str, tuple[Callable[[Facts], Facts], dict[str, str]]] = {
    "llama": (llama, LAYER),
    "gemma3": (gemma, GEMMA_LAYER),
}
NOT_PLAIN = ("rope.scaling", "expert_count", "rope_freqs")  # what the quick way does not know


def convert(source: Path, folder: Path) -> None:
    """Write config.json, tokenizer.json and model.safetensors of the causal LM in ``source`` into ``folder``."""
    try:
        quickly(source, folder)
    except (ValueError, KeyError):  # another architecture, tokenizer or kind of numbers
        through_transformers(source, folder)


def quickly(source: Path, folder: Path) -> None:
    """The same from the file's blocks, without torch. Raises ValueError or KeyError for a file it does not know."""
    file = GGUFFile(source)
    facts, kind = file.facts, str(file.facts["general.architecture"])
    if kind not in QUICK or any(part in name for part in NOT_PLAIN for name in (*facts, *file.tensors)):
        raise ValueError(f"an architecture not known here: {kind}")
    about, names = QUICK[kind]
    settings, words = config(facts, kind) | about(facts), tokenizer(facts)
    settings["tie_word_embeddings"] = "output.weight" not in file.tensors
    placed = {place(name, names): name for name in file.tensors}
    write(folder / "config.json", settings)
    write(folder / "generation_config.json", {key: settings[key] for key in ("bos_token_id", "eos_token_id")})
    write(folder / "tokenizer.json", words)
    write(folder / "tokenizer_config.json", about_tokenizer(facts))
    with (folder / "model.safetensors").open("wb") as out:
        out.write(header({name: file.tensors[old].shape for name, old in placed.items()}))
        for name in placed.values():
            part = name.split(".")[-2]
            turned = {"attn_q": settings["num_attention_heads"], "attn_k": settings["num_key_value_heads"]}
            heads = turned.get(part, 0) if kind == "llama" else 0
            less = -1.0 if kind == "gemma3" and part.endswith("norm") else 0.0  # stored as 1 + w
            out.write(file.bfloat16(name, less, heads).data)


def header(shapes: dict[str, tuple[int, ...]]) -> bytes:
    """What a safetensors file of bfloat16 begins with: so the weights can follow one by one and need little memory."""
    told: Facts = {"__metadata__": {"format": "pt"}}
    at = 0
    for name, shape in shapes.items():
        told[name] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [at, at := at + 2 * math.prod(shape)]}
    text = json.dumps(told).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def place(name: str, names: dict[str, str]) -> str:
    """transformers' name of a tensor.

    >>> place("blk.3.attn_q.weight", LAYER), place("token_embd.weight", LAYER)
    ('model.layers.3.self_attn.q_proj.weight', 'model.embed_tokens.weight')
    """
    match name.split("."):
        case ["blk", number, part, kind]:
            return f"model.layers.{number}.{names[part]}.{kind}"
        case [part, kind]:
            whole = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
            return f"{whole[part]}.{kind}"
    raise ValueError(f"a tensor not known here: {name}")


def config(facts: Facts, kind: str) -> Facts:
    """What config.json says of every architecture."""
    heads = facts[f"{kind}.attention.head_count"]
    ends = {f"{name}_token_id": facts.get(f"tokenizer.ggml.{key}_token_id") for name, key in TOKENS.items()}
    return {
        "dtype": "bfloat16",
        "hidden_size": facts[f"{kind}.embedding_length"],
        "intermediate_size": facts[f"{kind}.feed_forward_length"],
        "max_position_embeddings": facts[f"{kind}.context_length"],
        "num_attention_heads": heads,
        "num_hidden_layers": facts[f"{kind}.block_count"],
        "num_key_value_heads": facts.get(f"{kind}.attention.head_count_kv", heads),
        "rms_norm_eps": facts[f"{kind}.attention.layer_norm_rms_epsilon"],
        "vocab_size": len(facts["tokenizer.ggml.tokens"]),
        **{name: number for name, number in ends.items() if number is not None},
    }


TOKENS = {"bos": "bos", "eos": "eos", "unk": "unknown", "pad": "padding"}  # transformers' names and GGUF's


def about_tokenizer(facts: Facts) -> Facts:
    """tokenizer_config.json: the words with a meaning of their own, and the chat template if there is one."""
    words = facts["tokenizer.ggml.tokens"]
    numbers = {f"{name}_token": facts.get(f"tokenizer.ggml.{key}_token_id") for name, key in TOKENS.items()}
    found: Facts = {name: words[number] for name, number in numbers.items() if number is not None}
    if template := facts.get("tokenizer.chat_template"):
        found["chat_template"] = template
    return found | {"tokenizer_class": "PreTrainedTokenizerFast", "made_by": "core.pretrained.convert_gguf"}


def write(path: Path, values: Facts) -> None:
    path.write_text(json.dumps(values, ensure_ascii=False), "utf-8")


def through_transformers(source: Path, folder: Path) -> None:
    """transformers reads GGUF itself but refuses to save what it read: copied into a fresh model of the same config."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    plain = GgufConfig(dequantize=True)
    found: Any = AutoModelForCausalLM.from_pretrained(
        source.parent,
        gguf_file=source.name,
        dtype=torch.bfloat16,
        quantization_config=plain,
        output_loading_info=True,
    )
    read, told = found
    if missing := sorted(told["missing_keys"]):  # filled with chance
        raise ValueError(f"{source.name} lacks {', '.join(missing[:3])}")
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
