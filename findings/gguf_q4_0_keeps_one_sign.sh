#!/usr/bin/env bash
# Guess: 4-bit quantisation is symmetric: of a block with +1 and -1 both come back alike.
# Seen with gguf 0.19.0, Python 3.11: Q4_0 (and Q5_0) keep the value of largest magnitude exactly and give its opposite too
# little: 0.875 of it in 4 bits, 0.9375 in 5. Which of the two is exact depends on which comes first in the block. Q8_0 keeps
# both. So weights of mean zero come back with a mean, block by block.
# Output seen:
#   Q4_0 [1.0, -0.875] [-1.0, 0.875]
#   Q5_0 [1.0, -0.9375] [-1.0, 0.9375]
#   Q8_0 [0.9999, -0.9999] [-0.9999, 0.9999]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q "gguf==0.19.0"
cat > "$folder/run.py" <<'PY'
import sys

import numpy as np
from gguf import GGMLQuantizationType as Kind
from gguf import quants


def back(values, kind):
    row = np.zeros((1, 32), np.float32)
    row[0, : len(values)] = values
    return quants.dequantize(quants.quantize(row, kind), kind)[0, : len(values)].round(4).tolist()


found = {}
for kind in (Kind.Q4_0, Kind.Q5_0, Kind.Q8_0):
    found[kind.name] = back([1.0, -1.0], kind), back([-1.0, 1.0], kind)
    print(kind.name, *found[kind.name])
wanted = {"Q4_0": ([1.0, -0.875], [-1.0, 0.875]), "Q5_0": ([1.0, -0.9375], [-1.0, 0.9375])}
sys.exit(0 if wanted.items() <= found.items() and abs(sum(found["Q8_0"][0])) < 1e-6 else 1)
PY
cd "$folder" && "$folder/venv/bin/python" run.py
