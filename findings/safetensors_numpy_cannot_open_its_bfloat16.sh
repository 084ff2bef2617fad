#!/usr/bin/env bash
# Guess: what safetensors.numpy saves, safetensors.numpy loads; ml_dtypes arrays either go both ways or neither.
# Seen with safetensors 0.8.0 and ml_dtypes 0.6.0, Python 3.11: bfloat16 and float8 arrays are written well (right dtype in the
# header), but load answers with a bare KeyError, ml_dtypes imported or not. The file is fine: its bytes viewed by hand are right.
# Output seen:
#   bfloat16 BF16 True KeyError 'BF16'
#   float8_e4m3fn F8_E4M3 True KeyError 'F8_E4M3'
#   float16 F16 True True
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q "safetensors==0.8.0" "ml_dtypes==0.6.0" "numpy==2.4.6"
cat > "$folder/run.py" <<'PY'
import json, struct, sys

import ml_dtypes
import numpy as np
from safetensors.numpy import load, save

found = {}
for kind in (ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn, np.float16):
    array = np.array([1.0, -2.0, 0.5], kind)
    data = save({"a": array})
    (size,) = struct.unpack("<Q", data[:8])
    same = bool((np.frombuffer(data[8 + size :], kind) == array).all())
    try:
        opened = bool((load(data)["a"] == array).all())
    except KeyError as error:
        opened = f"KeyError {error}"
    found[array.dtype.name] = (json.loads(data[8 : 8 + size])["a"]["dtype"], same, opened)
    print(array.dtype.name, *found[array.dtype.name])
sys.exit(0 if found["bfloat16"][1] and str(found["bfloat16"][2]).startswith("KeyError") and found["float16"][2] is True else 1)
PY
cd "$folder" && "$folder/venv/bin/python" run.py
