#!/usr/bin/env bash
# Guess: MLPRegressor((8, 8)) makes two hidden layers, as MLPClassifier((8, 8)) does: hidden_layer_sizes comes first.
# Seen with scikit-learn 1.9.1, Python 3.11: the regressor's first argument is the loss. The sizes are refused at fit, not
# when the model is made, so a pipeline built today fails later; the classifier still takes sizes first.
# Output seen:
#   {'MLPRegressor': 'loss', 'MLPClassifier': 'hidden_layer_sizes'}
#   made without a word: (8, 8)
#   refused at fit: The 'loss' parameter of MLPRegressor must be a str among {'squared_error', 'poisson'}
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q "scikit-learn==1.9.1"
cat > "$folder/run.py" <<'PY'
import inspect, sys

from sklearn.neural_network import MLPClassifier, MLPRegressor

first = {kind.__name__: list(inspect.signature(kind).parameters)[0] for kind in (MLPRegressor, MLPClassifier)}
print(first)
made = MLPRegressor((8, 8))
print("made without a word:", made.loss)
try:
    made.fit([[0.0], [1.0]], [0.0, 1.0])
    refused = False
except ValueError as error:
    refused = True
    print("refused at fit:", str(error).partition(".")[0])
sys.exit(0 if refused and first == {"MLPRegressor": "loss", "MLPClassifier": "hidden_layer_sizes"} else 1)
PY
cd "$folder" && "$folder/venv/bin/python" run.py
