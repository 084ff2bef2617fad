#!/usr/bin/env bash
# Guess: strip_accents="unicode" takes the accent off "café" and leaves Korean as it is: Hangul has no accents.
# Seen with scikit-learn 1.9.1, Python 3.11: Hangul comes out as single jamo, which are no combining marks and so stay. Every
# syllable is then two or three letters long: one-syllable words, which the default token_pattern drops, are suddenly counted,
# character n-grams span parts of syllables, and a vocabulary fitted with the option matches nothing fitted without it.
# Output seen:
#   None counts 1 words of lengths [2]
#   unicode counts 4 words of lengths [3, 3, 3, 6]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q "scikit-learn==1.9.1"
cat > "$folder/run.py" <<'PY'
import sys

from sklearn.feature_extraction.text import CountVectorizer

texts = ["책 한 권", "좋은 책"]
found = {}
for accents in (None, "unicode"):
    names = CountVectorizer(strip_accents=accents).fit(texts).get_feature_names_out()
    found[accents] = sorted(map(len, names))
    print(accents, "counts", len(names), "words of lengths", found[accents])
sys.exit(0 if found == {None: [2], "unicode": [3, 3, 3, 6]} else 1)
PY
cd "$folder" && "$folder/venv/bin/python" run.py
