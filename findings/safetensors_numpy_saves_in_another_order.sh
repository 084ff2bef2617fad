#!/usr/bin/env bash
# Guess: safetensors.numpy.save keeps what an array says, or refuses one that is not contiguous, as its torch side does.
# Seen with safetensors 0.8.0, NumPy 2.4.6, Python 3.11: the bytes are written as they lie in memory under the shape of the
# view. A transposed or Fortran-ordered array comes back with its numbers in another place, without an error. scikit-learn's
# coef_ of three or more classes is such an array, so a model saved from it opens and predicts nonsense.
# np.ascontiguousarray before saving is the cure.
# Output seen:
#   {'as it is': True, 'transposed': False, 'Fortran order': False, 'transposed, made contiguous': True}
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q "safetensors==0.8.0" "numpy==2.4.6"
cat > "$folder/run.py" <<'PY'
import sys

import numpy as np
from safetensors.numpy import load, save

rows = np.arange(6.0).reshape(2, 3)


def kept(array):
    return bool(np.array_equal(load(save({"a": array}))["a"], array))


found = {"as it is": kept(rows), "transposed": kept(rows.T), "Fortran order": kept(np.asfortranarray(rows))}
found["transposed, made contiguous"] = kept(np.ascontiguousarray(rows.T))
print(found)
sys.exit(0 if list(found.values()) == [True, False, False, True] else 1)
PY
cd "$folder" && "$folder/venv/bin/python" run.py
