#!/usr/bin/env bash
# Guess: a SentencePiece model trained on Korean gives a Korean text back unchanged: NFKC does nothing to Hangul.
# Seen with sentencepiece 0.2.3, Python 3.11: letters written alone, as everybody laughs (ㅋㅋㅋ) and weeps (ㅠㅠ), come back as
# other code points that look alike: the normaliser makes conjoining jamo of them, already in the model. Comparing, searching or
# counting the decoded text fails; with normalization_rule_name="identity" it comes back as it was.
# Output seen:
#   default False True 0x110f
#   identity True True 0x314b
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q "sentencepiece==0.2.3"
cat > "$folder/run.py" <<'PY'
import io, sys

import sentencepiece

texts = ["영화 정말 재밌어요 ㅋㅋㅋ", "배우 연기가 최고 ㅠㅠ", "다시 보고 싶어요", "시간이 아까웠어요"] * 20


def trained(**options):
    file = io.BytesIO()
    words = {"vocab_size": 200, "hard_vocab_limit": False, "minloglevel": 2}
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(texts), model_writer=file, **words, **options)
    return sentencepiece.SentencePieceProcessor(model_proto=file.getvalue())


found = {}
for name, options in {"default": {}, "identity": {"normalization_rule_name": "identity"}}.items():
    model = trained(**options)
    back = [model.decode(model.encode(text)) for text in ("재밌어요 ㅋㅋㅋ", "재밌어요")]
    found[name] = back[0] == "재밌어요 ㅋㅋㅋ", back[1] == "재밌어요", hex(ord(back[0][-1]))
    print(name, *found[name])
sys.exit(0 if found == {"default": (False, True, "0x110f"), "identity": (True, True, "0x314b")} else 1)
PY
cd "$folder" && "$folder/venv/bin/python" run.py
