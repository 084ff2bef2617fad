#!/usr/bin/env bash
# Guess: the mean of a thousand ones is 1 in bfloat16, too: NumPy sums in pairs and widens small floats.
# Seen with ml_dtypes 0.6.0 and NumPy 2.4.6, Python 3.11: the sum sticks at 256 (256 + 1 rounds to 256), so the mean of 1,000
# ones is 0.256 and of 300 ones 0.852; NumPy's own float16 gives 1. A matrix product of the same arrays is right, since it
# answers in float32; so is mean(dtype=float32). Statistics of bfloat16 weights taken with NumPy are silently wrong.
# Output seen:
#   bfloat16 sum, mean; float16 mean: [256.0, 0.256, 1.0]
#   bfloat16 product, mean in float32: [1000.0, 1.0]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q "ml_dtypes==0.6.0" "numpy==2.4.6"
cat > "$folder/run.py" <<'PY'
import sys

import ml_dtypes
import numpy as np

ones = np.ones(1000, ml_dtypes.bfloat16)
found = [float(ones.sum()), round(float(ones.mean()), 3), float(np.ones(1000, np.float16).mean())]
right = [float(ones @ ones), float(ones.mean(dtype=np.float32))]
print("bfloat16 sum, mean; float16 mean:", found)
print("bfloat16 product, mean in float32:", right)
sys.exit(0 if found == [256.0, 0.256, 1.0] and right == [1000.0, 1.0] else 1)
PY
cd "$folder" && "$folder/venv/bin/python" run.py
