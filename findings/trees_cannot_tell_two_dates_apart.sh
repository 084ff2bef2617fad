#!/usr/bin/env bash
# Guess: a decision tree is exact: two rows with different numbers and different classes are always separated.
# Seen with scikit-learn 1.9.1, Python 3.11: trees read float32. Two following days written as 20261127 and 20261128 (or any
# two neighbours above 16,777,216) become one number: the tree has depth 0 and gets half of its own training rows wrong,
# without a warning. A linear model and a nearest neighbour on the same column get both right.
# Output seen:
#   tree: depth 0 score 0.5
#   nearest neighbour: score 1.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q "scikit-learn==1.9.1"
cat > "$folder/run.py" <<'PY'
import sys, warnings

from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

warnings.simplefilter("error")
days, label = [[20261127.0], [20261128.0]], [0, 1]
tree = DecisionTreeClassifier().fit(days, label)
near = KNeighborsClassifier(1).fit(days, label)
print("tree: depth", tree.get_depth(), "score", tree.score(days, label))
print("nearest neighbour: score", near.score(days, label))
sys.exit(0 if (tree.get_depth(), tree.score(days, label), near.score(days, label)) == (0, 0.5, 1.0) else 1)
PY
cd "$folder" && "$folder/venv/bin/python" run.py
