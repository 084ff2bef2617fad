#!/usr/bin/env bash
# Guess: KERAS_BACKEND=numpy is the way to run Keras with nothing but NumPy.
# Seen with keras 3.15.1 and scipy 1.17.0, Python 3.11: `import keras` with the NumPy backend raises ModuleNotFoundError,
# first for scipy, and once that is there for jax: its NumPy maths borrows JAX's FFT. Keras requires neither of them.
# Output seen:
#   keras alone: ModuleNotFoundError: No module named 'scipy'
#   with scipy: ModuleNotFoundError: No module named 'jax'
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
last() { KERAS_BACKEND=numpy "$folder/venv/bin/python" -c "import keras" 2>&1 | tail -n 1 || true; }
"$folder/venv/bin/pip" install -q "keras==3.15.1"
alone=$(cd "$folder" && last)
echo "keras alone: $alone"
"$folder/venv/bin/pip" install -q "scipy==1.17.0"
with=$(cd "$folder" && last)
echo "with scipy: $with"
[ "$alone" = "ModuleNotFoundError: No module named 'scipy'" ] && [ "$with" = "ModuleNotFoundError: No module named 'jax'" ]
