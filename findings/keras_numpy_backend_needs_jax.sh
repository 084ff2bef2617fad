#!/usr/bin/env bash
# Guess: KERAS_BACKEND=numpy is the way to run Keras with nothing but NumPy.
# Seen with keras 3.15.1, Python 3.11: `import keras` with the NumPy backend raises ModuleNotFoundError for jax, which keras
# does not require: its NumPy maths borrows JAX's FFT. With jax installed it works.
# Output seen:
#   ModuleNotFoundError: No module named 'jax'
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q "keras==3.15.1"
cat > "$folder/run.py" <<'PY'
import os, subprocess, sys

call = [sys.executable, "-c", "import keras"]
done = subprocess.run(call, env={**os.environ, "KERAS_BACKEND": "numpy"}, capture_output=True, text=True)
last = done.stderr.strip().splitlines()[-1] if done.returncode else "imported"
print(last)
sys.exit(0 if last == "ModuleNotFoundError: No module named 'jax'" else 1)
PY
cd "$folder" && "$folder/venv/bin/python" run.py
