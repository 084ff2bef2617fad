"""Tokenizers of `words`: the teacher's SentencePiece unigrams, and of them those that Korean and English need.

Kept: every piece of Hangul, every piece that the texts of recipes.words_corpus or the most used words fall into, single
letters, digits, marks and emoji. Added: the syllables of KS X 1001 that the teacher lacks, so that Korean words always
fall into whole syllables, and 256 bytes for everything else: nothing is ever lost. Texts are read in lower case.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from recipes.words_teacher import Teacher

LONGEST = 20  # tokens read: the longest name has fewer
ROWS = 24_576  # at most; a table of 384 numbers a row in one byte each stays below 10 MB
MARKS = ["<s>", "<pad>", "</s>", "<unk>"]


def unigram(vocabulary: list[tuple[str, float]], unk: int, ends: tuple[int, int], ours: bool) -> Tokenizer:
    tokens = Tokenizer(models.Unigram(vocabulary, unk_id=unk, byte_fallback=ours))
    lower = [normalizers.Lowercase()] if ours else []
    tokens.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), *lower, normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
    )
    tokens.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=True)
    first, last = vocabulary[ends[0]][0], vocabulary[ends[1]][0]
    tokens.post_processor = processors.TemplateProcessing(
        single=f"{first} $A {last}",
        pair=f"{first} $A {last} $B {last}",
        special_tokens=[(first, ends[0]), (last, ends[1])],
    )
    return tokens


def teacher_tokenizer(teacher: Teacher) -> Tokenizer:
    vocabulary = list(zip(teacher.pieces, teacher.scores.tolist(), strict=True))
    return unigram(vocabulary, teacher.unk, (teacher.bos, teacher.eos), ours=False)


def syllables() -> list[str]:
    """The 2,350 syllables of KS X 1001."""
    found = []
    for code in range(0xAC00, 0xD7A4):
        try:
            found += [chr(code)] if len(chr(code).encode("euc_kr")) == 2 else []
        except UnicodeEncodeError:
            continue
    return found


def chosen(teacher: Teacher, texts: Iterable[str], more: Iterable[str]) -> list[int]:
    """Places in the teacher's vocabulary. ``more``: words by falling use, taken as long as there is room."""
    kind = re.compile("▁?([가-힣]+|[ᄀ-ᇿ]{1,2}|[ -~]|[0-9]{1,2})|▁|[…“”‘’·¡-¿←-⇿☀-➿⬀-⯿]|[\U0001f300-\U0001faff]+")
    kept = {place for place, piece in enumerate(teacher.pieces) if place > 3 and kind.fullmatch(piece)}
    tokens = teacher_tokenizer(teacher)
    lower = [text.lower() for text in texts]
    counts = np.bincount([i for cut in tokens.encode_batch(lower) for i in cut.ids], minlength=len(teacher.pieces))
    kept |= {int(place) for place in np.flatnonzero(counts) if place > 3}
    room = ROWS - len(MARKS) - 256 - len(syllables())
    for word in more:
        if len(kept) >= room:
            break
        kept |= {place for place in tokens.encode(word, add_special_tokens=False).ids if place > 3}
    return sorted(kept)


def ours(teacher: Teacher, kept: list[int]) -> tuple[Tokenizer, np.ndarray]:
    """Our tokenizer, and for each of its rows the teacher's row (-1 where the teacher has none)."""
    low = float(teacher.scores[4:].min())
    pieces = {teacher.pieces[place] for place in kept}
    added = [syllable for syllable in syllables() if syllable not in pieces]
    vocabulary = [(mark, 0.0) for mark in MARKS] + [(f"<0x{byte:02X}>", low - 5) for byte in range(256)]
    vocabulary += [(teacher.pieces[place], float(teacher.scores[place])) for place in kept]
    vocabulary += [(syllable, low) for syllable in added]
    rows = [teacher.bos, teacher.pad, teacher.eos, teacher.unk, *[-1] * 256, *kept, *[-1] * len(added)]
    return unigram(vocabulary, 3, (0, 2), ours=True), np.array(rows)


def save(tokens: Tokenizer, folder: Path) -> None:
    """In the layout that AutoTokenizer reads."""
    folder.mkdir(parents=True, exist_ok=True)
    tokens.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": LONGEST, "padding_side": "right",
        "bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>", "cls_token": "<s>",
        "sep_token": "</s>", "clean_up_tokenization_spaces": False, "model_input_names": ["input_ids", "attention_mask"],
    }  # fmt: skip
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
