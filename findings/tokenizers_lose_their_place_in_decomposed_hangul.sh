#!/usr/bin/env bash
# Guess: offsets count letters of the text as it was given, whatever the normaliser did: the two syllables of 한글, typed on a
# Mac as six conjoining letters, are one token with the offsets 0 to 6, and a slice of the text gives the word back.
# Seen with tokenizers 0.23.3, Python 3.11: the normaliser NFC composes the letters, the token is right, but its offsets stop
# inside: a syllable counts as the two letters of its first composition, and its final consonant belongs to nobody. Every
# highlight, entity or chip cut by offsets shows broken letters. Text composed beforehand has right offsets.
# Output seen:
#   한글: offsets (0, 4) of 6 letters
#   값: offsets (7, 8) of the letters 7 to 10
#   composed first: [(0, 2), (3, 4)]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q "tokenizers==0.23.3"
cat > "$folder/run.py" <<'PY'
import sys, unicodedata

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

words = Tokenizer(models.WordLevel({"한글": 0, "값": 1, "?": 2}, unk_token="?"))
words.normalizer, words.pre_tokenizer = normalizers.NFC(), pre_tokenizers.Whitespace()
composed = "한글 값"
given = unicodedata.normalize("NFD", composed)  # 6 letters, a space, 3 letters
found, right = words.encode(given), words.encode(composed)
print("한글: offsets", found.offsets[0], "of 6 letters")
print("값: offsets", found.offsets[1], "of the letters 7 to 10")
print("composed first:", right.offsets)
same = found.tokens == right.tokens == ["한글", "값"]
sys.exit(0 if same and found.offsets == [(0, 4), (7, 8)] and right.offsets == [(0, 2), (3, 4)] else 1)
PY
cd "$folder" && "$folder/venv/bin/python" run.py
