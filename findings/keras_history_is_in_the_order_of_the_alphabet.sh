#!/usr/bin/env bash
# Guess: history.history lists loss first and then the metrics in the order of compile, as evaluate() does.
# Seen with keras 3.15.1 (JAX backend), Python 3.11: its keys are sorted by the alphabet, so "acc" comes before "loss" and
# zip(history.history, model.evaluate(...)) pairs accuracy with the loss: evaluate() answers in the order of compile.
# And a model compiled with the plain string "mse" is saved as .h5 without complaint, but does not open again
# ("not a KerasSaveable subclass") unless compile=False; as .keras it does.
# Output seen:
#   history: ['acc', 'loss', 'mae']
#   evaluate() answers loss, mae, acc: True
#   opens again: {'m.keras': True, 'm.h5': False}
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q "keras==3.15.1" "jax==0.10.2" "jaxlib==0.10.2"
cat > "$folder/run.py" <<'PY'
import sys, warnings

import keras
import numpy as np

warnings.simplefilter("ignore")
model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
model.compile("sgd", "mse", metrics=["mae", "acc"])
x = np.ones((4, 1), "float32")
keys = list(model.fit(x, 3 * x, verbose=0).history)
scores, named = model.evaluate(x, 3 * x, verbose=0), model.evaluate(x, 3 * x, verbose=0, return_dict=True)
in_order = scores == [named["loss"], named["mae"], named["acc"]]
print("history:", keys)
print("evaluate() answers loss, mae, acc:", in_order)
opened = {}
for name in ("m.keras", "m.h5"):
    model.save(name)
    try:
        keras.models.load_model(name)
        opened[name] = True
    except ValueError as error:
        opened[name] = "KerasSaveable" not in str(error)
print("opens again:", opened)
keras.models.load_model("m.h5", compile=False)
wanted = keys == ["acc", "loss", "mae"] and opened == {"m.keras": True, "m.h5": False}
sys.exit(0 if wanted and in_order else 1)
PY
cd "$folder" && KERAS_BACKEND=jax "$folder/venv/bin/python" run.py
