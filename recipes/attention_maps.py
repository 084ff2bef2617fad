"""Writes core/data/attention_maps.npz: every attention map of two real language models, each reading one sentence.

    DL_ACCEPT=gemma-3-270m python -m recipes.attention_maps

A minute, and 330 MB are fetched once. The sentences name two animals twice, so that a head that looks for the same word
can be told from one that looks at the word before.
"""

from __future__ import annotations

import numpy as np

from core.data import attention_maps
from core.llm.language_model import LanguageModel
from core.pretrained.catalog import DEFAULT, KOREAN

SENTENCES = {
    "ko": (KOREAN, "토끼가 거북이를 보고 웃자 거북이도 토끼를 보고 웃었다."),
    "en": (DEFAULT, "The rabbit saw the turtle and smiled, and the turtle saw the rabbit."),
}


def words_of(texts: list[str], special: list[bool]) -> list[int]:
    """Which word a token belongs to: a new one begins with a space. −1 for control tokens."""
    found, word = list[int](), 0
    for at, text in enumerate(texts):
        if special[at]:
            found.append(-1)
            continue
        word += text.startswith(" ") and bool(found) and found[-1] >= 0
        found.append(word)
    return found


def main() -> None:
    kept = {}
    for language, (name, sentence) in SENTENCES.items():
        model = LanguageModel.local(name)
        seen = model.inspect(sentence)
        texts, special = [piece.name for piece in seen.tokens], [piece.special for piece in seen.tokens]
        raw = [piece.text for piece in seen.tokens]
        kept |= {f"{language}_model": np.array(name), f"{language}_sentence": np.array(sentence)}
        kept |= {f"{language}_tokens": np.array(texts), f"{language}_words": np.array(words_of(raw, special))}
        kept[f"{language}_maps"] = seen.attention.astype(np.float16)
        print(language, name, seen.attention.shape, texts)
    np.savez_compressed(attention_maps.FILE, **kept)
    print(f"{attention_maps.FILE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
