#!/usr/bin/env bash
# Guess: ROUGE of a sentence with itself is 1 in every language.
# Seen with rouge-score 0.1.2, Python 3.11: its own tokenizer keeps a–z and 0–9 alone, so a Korean sentence has no words and
# scores 0 with itself, and two sentences that say the opposite but share one Latin word score 1. Only a tokenizer that is
# handed in (RougeScorer(tokenizer=…), with a method tokenize) makes the score mean something in Korean.
# Output seen:
#   with itself: 0.0
#   bought and sold, one Latin word shared: 1.0
#   with itself, split at spaces: 1.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q "rouge-score==0.1.2" "nltk==3.10.4" "numpy==2.4.6" "absl-py==2.5.1" "six==1.17.0"
cat > "$folder/run.py" <<'PY'
import sys

from rouge_score import rouge_scorer


class Spaces:
    def tokenize(self, text):
        return text.split()


def score(a, b, **settings):
    return rouge_scorer.RougeScorer(["rouge1"], **settings).score(a, b)["rouge1"].fmeasure


same = "고양이가 소파에 앉아 있다"
found = [score(same, same), score("나는 GPU를 샀다", "너는 오늘 GPU를 팔았다"), score(same, same, tokenizer=Spaces())]
print("with itself:", found[0])
print("bought and sold, one Latin word shared:", found[1])
print("with itself, split at spaces:", found[2])
sys.exit(0 if found == [0.0, 1.0, 1.0] else 1)
PY
cd "$folder" && "$folder/venv/bin/python" run.py
