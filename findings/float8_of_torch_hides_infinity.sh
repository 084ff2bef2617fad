#!/usr/bin/env bash
# Guess: torch makes a number too large for float8_e4m3fn its largest, 448, where ml_dtypes (NumPy, JAX) says NaN; an infinity,
# which the format has not, stays visible as NaN in both.
# Seen with torch 2.14.1 and ml_dtypes 0.6.0, Python 3.11: torch saturates, so that 1000 and even infinity become 448, its
# largest number: an overflow leaves no trace. ml_dtypes says NaN for both. In float8_e5m2 torch does not saturate: infinity.
# Output seen:
#   1000: torch 448.0 ml_dtypes nan
#   inf: torch 448.0 ml_dtypes nan
#   e5m2 of 1000000: torch inf
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q "torch==2.14.1" "ml_dtypes==0.6.0" "numpy==2.4.6"
cat > "$folder/run.py" <<'PY'
import math, sys

import ml_dtypes
import numpy as np
import torch

found = []
for value in (1000.0, math.inf):
    theirs = float(torch.tensor(value).to(torch.float8_e4m3fn).float())
    other = float(np.float32(value).astype(ml_dtypes.float8_e4m3fn))
    print(f"{value:g}: torch {theirs} ml_dtypes {other}")
    found.append(theirs == 448 and math.isnan(other))
wide = float(torch.tensor(1e6).to(torch.float8_e5m2).float())
print("e5m2 of 1000000: torch", wide)
sys.exit(0 if all(found) and math.isinf(wide) else 1)
PY
cd "$folder" && "$folder/venv/bin/python" run.py
