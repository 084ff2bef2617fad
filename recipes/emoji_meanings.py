"""Which emoji does a text mean? For every text of recipes.words_corpus a distribution over all 1,410; texts as vectors.

Named texts (labels, tags, words by hand): the emoji they name, the nearer the label the more, e^(cosine / 0.15).
All others: what their twelve nearest named texts name, nearness told by the *teacher's* vectors; the less near the
nearest is, the less the text counts. So words that no list names are pulled to where the teacher would put them.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from transformers import BertModel

from recipes.words import encode, short, targets, trained
from recipes.words_corpus import bare, clean

WORTH = {"label": 4.0, "hand": 2.0, "spoken": 2.0, "tag": 1.0, "cldr": 1.0, "emojilib": 0.7, "wordnet": 0.7}
OFTEN = {"label": 3.0, "hand": 2.0, "spoken": 2.0}  # how often a text is drawn; any other once
NEAREST, TEACHER_SHARP, LABEL_SHARP = 12, 0.06, 0.15
FEWEST = 12  # a text that names more emoji than this ("face") tells nothing about its neighbours


@dataclass
class Meanings:
    texts: list[str]  # the named ones, then the others
    vectors: Tensor  # (N, 384), the student's
    means: Tensor  # (N, 1410), rows sum to 1
    named: int  # how many are named
    often: np.ndarray  # (N,) how often to draw each
    labels: list[int]  # places of the labels among the named
    words: BertModel
    tokens: Tokenizer


def place_of(sources: set[str]) -> float:
    return max((OFTEN.get(source, 1.0) for source in sources), default=1.0)


def meanings(folder: Path) -> Meanings:
    tokens, model = Tokenizer.from_file(str(folder / "tokenizer" / "tokenizer.json")), trained(folder)
    captions = json.loads((folder / "captions.json").read_text("utf-8"))
    rows = json.loads((folder / "pairs.json").read_text("utf-8"))
    signs = {bare(row["emoji"]): place for place, row in enumerate(captions)}
    named = list(dict.fromkeys(text for text, *_ in rows))
    at = {text: place for place, text in enumerate(named)}
    vectors = encode(model, short(tokens, named))
    label = {lang: vectors[[at[clean(row[lang]["label"])] for row in captions]] for lang in ("ko", "en")}
    means, sources = np.zeros((len(named), len(captions)), np.float32), defaultdict[int, set[str]](set)
    for text, sign, language, source in rows:
        one, emoji = at[text], signs[sign]
        near = WORTH[source] * np.exp(float(vectors[one] @ label[language][emoji]) / LABEL_SHARP)
        means[one, emoji] = max(means[one, emoji], near)
        sources[one].add(source)
    texts, truth, _, kinds = targets(folder)
    others = [place for place, text in enumerate(texts) if text not in at and kinds[place] != "mixed"]
    known = [place for place, text in enumerate(texts) if text in at and (means[at[text]] > 0).sum() <= FEWEST]
    own = means[[at[texts[place]] for place in known]] > 0
    near, which = nearest(torch.from_numpy(truth[others]), torch.from_numpy(truth[known]))
    guessed = np.zeros((len(others), len(captions)), np.float32)
    for k in range(NEAREST):
        weight = np.exp((near[:, k] - near[:, 0]) / TEACHER_SHARP)[:, None]
        guessed += weight * own[which[:, k]] / own[which[:, k]].sum(1, keepdims=True)
    means = np.concatenate([means, guessed])
    often = [place_of(sources[place]) for place in range(len(named))]
    sure = np.clip((near[:, 0] - 0.35) / 0.3, 0.05, 1)
    return Meanings(
        named + [texts[place] for place in others],
        torch.from_numpy(np.concatenate([vectors, encode(model, short(tokens, [texts[place] for place in others]))])),
        torch.from_numpy(means / means.sum(1, keepdims=True)),
        len(named),
        np.concatenate([np.array(often), sure]),
        [place for place in range(len(named)) if "label" in sources[place]],
        model,
        tokens,
    )


def nearest(a: Tensor, b: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Of each row of a the NEAREST rows of b: cosines and places."""
    parts = [(part @ b.T).topk(NEAREST, 1) for part in a.split(1024)]
    return torch.cat([p.values for p in parts]).numpy(), torch.cat([p.indices for p in parts]).numpy()
