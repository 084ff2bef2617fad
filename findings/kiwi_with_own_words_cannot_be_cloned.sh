#!/usr/bin/env bash
# Guess: a vectoriser whose tokenizer is a Kiwi either pickles (so clone, grid search and n_jobs work) or does not.
# Seen with kiwipiepy 0.24.1 and scikit-learn 1.9.1, Python 3.11: it depends on whether a word was ever added. A plain Kiwi
# pickles in a few hundred bytes and clones; after add_user_word the same pipeline raises TypeError in sklearn.base.clone,
# which cross_val_score and GridSearchCV call even with one process. Adding the words inside the tokenizer's __setstate__ helps.
# Output seen:
#   a plain Kiwi pickles in under 1000 bytes: True
#   and clones: True
#   with one own word clone raises TypeError: True
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q "kiwipiepy==0.24.1" "kiwipiepy_model==0.24.0" "scikit-learn==1.9.1"
cat > "$folder/run.py" <<'PY'
import pickle, sys

from kiwipiepy import Kiwi
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer


class Words:
    def __init__(self):
        self.kiwi = Kiwi(num_workers=1)

    def __call__(self, text):
        return [token.form for token in self.kiwi.tokenize(text)]


words = Words()
vectoriser = CountVectorizer(tokenizer=words, token_pattern=None)
print("a plain Kiwi pickles in under 1000 bytes:", small := len(pickle.dumps(words.kiwi)) < 1000)
print("and clones:", cloned := clone(vectoriser).tokenizer("영화를 봤다") == words("영화를 봤다"))
words.kiwi.add_user_word("딥러닝", "NNP")
try:
    clone(vectoriser)
    failed = False
except TypeError as error:
    failed = "add_user_word" in str(error)
print("with one own word clone raises TypeError:", failed)
sys.exit(0 if small and cloned and failed else 1)
PY
cd "$folder" && "$folder/venv/bin/python" run.py
