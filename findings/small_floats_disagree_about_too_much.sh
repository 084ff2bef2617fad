#!/usr/bin/env bash
# Guess: a number too large for an 8- or 4-bit float becomes the largest one (or infinity) in all of them, and NaN stays NaN.
# Seen with ml_dtypes 0.6.0, Python 3.11: each kind has a rule of its own. float8_e4m3fn (no infinity) makes NaN of 465 while
# 460 still rounds down to 448; float8_e5m2 makes infinity; float4_e2m1fn saturates at 6, and NaN, which it cannot hold, becomes
# zero; float8_e8m0fnu, the scale of MX formats, makes NaN of 0 and of negatives and rounds 3 to 4.
# Output seen:
#   float8_e4m3fn of 460, 465, inf -> [448.0, nan, nan]
#   float8_e5m2 of 1e6 -> [inf]
#   float4_e2m1fn of 100, nan -> [6.0, -0.0]
#   float8_e8m0fnu of 0, 3, -2 -> [nan, 4.0, nan]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q "ml_dtypes==0.6.0" "numpy==2.4.6"
cat > "$folder/run.py" <<'PY'
import sys

import ml_dtypes
import numpy as np


def through(kind, *values):
    return str([float(x) for x in np.array(values, np.float32).astype(kind).astype(np.float32)])


found = {
    "float8_e4m3fn of 460, 465, inf": through(ml_dtypes.float8_e4m3fn, 460, 465, np.inf),
    "float8_e5m2 of 1e6": through(ml_dtypes.float8_e5m2, 1e6),
    "float4_e2m1fn of 100, nan": through(ml_dtypes.float4_e2m1fn, 100, np.nan),
    "float8_e8m0fnu of 0, 3, -2": through(ml_dtypes.float8_e8m0fnu, 0, 3, -2),
}
for name, values in found.items():
    print(name, "->", values)
wanted = ["[448.0, nan, nan]", "[inf]", "[6.0, -0.0]", "[nan, 4.0, nan]"]
sys.exit(0 if list(found.values()) == wanted else 1)
PY
cd "$folder" && "$folder/venv/bin/python" run.py
