#!/usr/bin/env bash
# Guess: temperature, top-p and min-p mean the same in llama.cpp as in transformers: warm first, then cut.
# Seen with llama.cpp as in xllamacpp 2026.10.11549, Python 3.11, a GGUF whose next-token probabilities are known (written by
# gguf 0.19.0): it cuts first. top_p 0.8 keeps 6 tokens at temperature 0.5, 1 and 2, and so does min_p 0.2; in transformers'
# order ("samplers": temperature first) the same words keep 3, 6 and 10. And without a word it is not plain sampling:
# top_k 40 and then top_p 0.95 leave 39 of 260 equally likely tokens.
# Output seen:
#   llama.cpp {'top_p': 0.8} keeps at temperature 0.5, 1, 2: [6, 6, 6]
#   llama.cpp {'min_p': 0.2} keeps at temperature 0.5, 1, 2: [6, 6, 6]
#   temperature first {'top_p': 0.8} keeps at temperature 0.5, 1, 2: [3, 6, 10]
#   temperature first {'min_p': 0.2} keeps at temperature 0.5, 1, 2: [3, 6, 11]
#   of 260 equal tokens, without a word: 39
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q "xllamacpp==2026.10.11549" "gguf==0.19.0" "numpy==2.4.6"
cat > "$folder/run.py" <<'PY'
import json, sys

import gguf
import numpy as np
import xllamacpp

WIDTH, VOCABULARY = 32, 260


def bytes_as_signs():
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in plain]
    table = {byte: chr(byte) for byte in plain} | {byte: chr(256 + n) for n, byte in enumerate(rest)}
    return [table[byte] for byte in range(256)]


def write(path, logits):
    """A Llama of one empty layer that answers these logits whatever it reads."""
    file = gguf.GGUFWriter(path, "llama")
    file.add_context_length(256)
    file.add_embedding_length(WIDTH)
    file.add_block_count(1)
    file.add_feed_forward_length(WIDTH)
    file.add_head_count(1)
    file.add_head_count_kv(1)
    file.add_layer_norm_rms_eps(1e-6)
    file.add_rope_dimension_count(WIDTH)
    file.add_vocab_size(VOCABULARY)
    file.add_tokenizer_model("gpt2")
    file.add_tokenizer_pre("gpt-2")
    file.add_token_list(bytes_as_signs() + [f"<{n}>" for n in range(4)])
    file.add_token_types([1] * 256 + [3] * 4)
    file.add_token_merges(["a b"])
    file.add_eos_token_id(259)
    file.add_add_bos_token(False)
    out = np.zeros((VOCABULARY, WIDTH), np.float32)
    out[:, 0] = logits
    ones = np.ones(WIDTH, np.float32)
    tensors = {"token_embd": np.ones((VOCABULARY, WIDTH), np.float32), "output_norm": ones, "output": out}
    tensors |= {f"blk.0.{name}": ones for name in ("attn_norm", "ffn_norm")}
    for name in ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"):
        tensors[f"blk.0.{name}"] = np.zeros((WIDTH, WIDTH), np.float32)
    for name, tensor in tensors.items():
        file.add_tensor(f"{name}.weight", tensor)
    file.write_header_to_file()
    file.write_kv_data_to_file()
    file.write_tensors_to_file()
    file.close()


def opened(path):
    params = xllamacpp.CommonParams()
    params.model.path, params.n_ctx, params.warmup, params.verbosity = path, 256, False, -1
    return xllamacpp.Server(params)


def kept(server, **settings):
    body = {"prompt": [65], "n_predict": 1, "n_probs": 300, "post_sampling_probs": True, "seed": 1, **settings}
    answer = server.handle_completions(body)
    answer = answer if isinstance(answer, dict) else json.loads(answer)
    top = answer["choices"][0]["logprobs"]["content"][0]["top_probs"]
    return sum(each["prob"] > 0 for each in top)


falling = np.full(VOCABULARY, -30.0)
falling[97:117] = -0.3 * np.arange(20)
write("falling.gguf", falling)
write("flat.gguf", np.ones(VOCABULARY))
server, found = opened("falling.gguf"), {}
off = {"top_k": 0, "top_p": 1.0, "min_p": 0.0}
orders = {"llama.cpp": {}, "temperature first": {"samplers": ["temperature", "top_k", "top_p", "min_p"]}}
for name, order in orders.items():
    for cut in ({"top_p": 0.8}, {"min_p": 0.2}):
        found[name, *cut] = [kept(server, temperature=t, **(off | cut), **order) for t in (0.5, 1.0, 2.0)]
        print(name, cut, "keeps at temperature 0.5, 1, 2:", found[name, *cut])
left = kept(opened("flat.gguf"))
print("of 260 equal tokens, without a word:", left)
wanted = found["llama.cpp", "top_p"] == [6, 6, 6] and found["temperature first", "top_p"] == [3, 6, 10]
sys.exit(0 if wanted and left == 39 else 1)
PY
cd "$folder" && "$folder/venv/bin/python" run.py
