#!/usr/bin/env bash
# Guess: BLEU of a sentence with itself is 1 (or 100), whoever computes it.
# Seen with sacrebleu 2.6.0 and nltk 3.10.4, Python 3.11: of two words, sacrebleu's sentence_bleu says 100 and its corpus_bleu
# of that one sentence 0, since there is no run of four words; nltk's sentence_bleu of three words says 1.2e-77. From four
# words on all say 1. A test set of short answers (Korean ones have few words between spaces) scores 0 as a corpus.
# Output seen:
#   two words: sacrebleu sentence 100, corpus 0
#   three words: nltk below 1e-70; four words: 1.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q "sacrebleu==2.6.0" "nltk==3.10.4" "numpy==2.4.6"
cat > "$folder/run.py" <<'PY'
import sys
import warnings

import sacrebleu
from nltk.translate.bleu_score import sentence_bleu

warnings.simplefilter("ignore")
two, three, four = "고양이가 자요", "my cat sleeps".split(), "my cat sleeps here".split()
alone = round(sacrebleu.sentence_bleu(two, [two]).score)
corpus = round(sacrebleu.corpus_bleu([two], [[two]]).score)
short, long = sentence_bleu([three], three), sentence_bleu([four], four)
print(f"two words: sacrebleu sentence {alone}, corpus {corpus}")
print(f"three words: nltk {'below 1e-70' if 0 < short < 1e-70 else short}; four words: {long}")
sys.exit(0 if (alone, corpus, long) == (100, 0, 1.0) and 0 < short < 1e-70 else 1)
PY
cd "$folder" && "$folder/venv/bin/python" run.py
