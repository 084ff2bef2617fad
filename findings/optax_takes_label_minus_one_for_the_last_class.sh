#!/usr/bin/env bash
# Guess: cross-entropy by whole labels refuses or ignores a label that is no class, as PyTorch refuses it (and ignores -100).
# Seen with optax 0.2.8 and jax 0.10.2 on the CPU, Python 3.11: -1 counts as the last class, as Python's indices do, with a
# plausible loss and a gradient that teaches it; a label past the end gives NaN. So data that mark "unlabelled" by -1, as
# scikit-learn's semi-supervised models want it, train the last class without a word. one_hot(-1) is a row of zeros instead.
# Output seen:
#   label 2 loss 0.4076
#   label -1 loss 0.4076
#   label 3 loss nan
#   one_hot(-1) loss -0.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q "optax==0.2.8" "jax==0.10.2" "jaxlib==0.10.2"
cat > "$folder/run.py" <<'PY'
import math, sys

import jax
import jax.numpy as jnp
import optax

logits = jnp.array([1.0, 2.0, 3.0])
found = {}
for label in (2, -1, 3):
    found[label] = float(optax.softmax_cross_entropy_with_integer_labels(logits, jnp.array(label)))
    print("label", label, "loss", round(found[label], 4))
by_rows = float(optax.softmax_cross_entropy(logits, jax.nn.one_hot(-1, 3)))
print("one_hot(-1) loss", by_rows)
sys.exit(0 if found[2] == found[-1] and math.isnan(found[3]) and by_rows == 0 else 1)
PY
cd "$folder" && "$folder/venv/bin/python" run.py
