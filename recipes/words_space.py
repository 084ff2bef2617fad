"""Trains the last layer of the lesson on word vectors: `words` knows which texts mean the same; this, what is of a kind.

    nice -n 19 python -m recipes.words_space --folder DATA        # after words.py; needs DATA/packages and scipy

A head on the 384 numbers of `words`, which stay as they are; it begins as the text side of the small CLIP. Four losses,
each a Kullback–Leibler divergence or a cross-entropy over cosines within a batch: English words lie to each other as
their places in WordNet's tree do (TF-IDF over all kinds above a word's first meanings, so that rare kinds count more);
a Korean and an English name of one emoji find each other among many; Korean names lie to each other as their English
twins do; all other texts stay as they were. Left out of all texts: the words of core/data/words.tsv, on which the lesson
and the figures of the card are measured.
Sources: Miller 1995 (doi:10.1145/219717.219748); van den Oord et al. 2018 (arXiv:1807.03748) for the cross-entropy;
Faruqui et al. 2015 (arXiv:1411.4166) for teaching vectors a lexicon afterwards.
"""

from __future__ import annotations

import json
import re
from argparse import Namespace
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from scipy import sparse
from torch import Tensor, nn

from core.data import words
from core.language.known_names import KnownNames
from core.language.word_space import Head, packed
from core.language.word_vectors import WordVectors
from recipes.emoji_run import WEIGHTS, Run, arguments
from recipes.words_wordnet import FOLDER

STEPS, LEARNING_RATE = 1800, 1e-3
WORDS, NAMES, SHARP, NOISE = 384, 256, 12.0, 0.02  # texts of a batch; of the softmax; added to what the head reads
KNOWN, KNOWN_PHRASE, DEPTH = 2.9, 3.9, 14  # Zipf frequencies; kinds above a meaning
FIRST, SECOND = 1.0, 0.4  # weight of a word's meanings
POINTERS = {"noun": "@ @i", "verb": "@", "adj": "& ="}  # kinds above; for adjectives what is similar, one step
PART = {"n": "noun", "v": "verb", "a": "adj", "s": "adj"}
OTHERS = 20_000

Meaning = tuple[str, str]  # part of speech, place in the file


def held_out() -> set[str]:
    return {name.lower() for pair in words.load() for name in (pair.ko, pair.en)}


def tree(
    folder: Path,
) -> tuple[dict[Meaning, list[Meaning]], dict[Meaning, str], dict[str, list[tuple[int, list[Meaning]]]]]:
    """Kinds above each meaning, its field ("noun.food" as a number), and of each word how often each part of speech."""
    above, field, parts = (
        dict[Meaning, list[Meaning]](),
        dict[Meaning, str](),
        defaultdict[str, list[tuple[int, list[Meaning]]]](list),
    )
    for part, signs in POINTERS.items():
        for line in (folder / f"data.{part}").read_text("utf-8").splitlines():
            if not line.startswith(" "):
                cells = line.split("|")[0].split()
                near = cells[5 + 2 * int(cells[3], 16) :]
                found = [
                    (PART[near[k + 2]], near[k + 1]) for k in range(0, len(near) - 3, 4) if near[k] in signs.split()
                ]
                above[part, cells[0]], field[part, cells[0]] = found, cells[1]
        for line in (folder / f"index.{part}").read_text("utf-8").splitlines():
            if not line.startswith(" "):
                cells = line.split()
                pointers = int(cells[3])
                seen = int(cells[5 + pointers])  # meanings that were counted in texts
                parts[cells[0].replace("_", " ")].append((seen, [(part, each) for each in cells[6 + pointers :]]))
    return above, field, parts


def kinds_of(meaning: Meaning, above: dict[Meaning, list[Meaning]]) -> set[Meaning]:
    """A meaning and all above it."""
    found, level = set[Meaning](), [meaning]
    for depth in range(DEPTH):
        found.update(level)
        level = [up for each in level for up in above[each] if up not in found and (up[0] != "adj" or depth == 0)]
    return found


def lexicon(folder: Path) -> tuple[list[str], sparse.csr_matrix]:
    """English words, and a row of unit length each: the product of two rows is how much they are of a kind."""
    from wordfreq import zipf_frequency

    above, field, parts = tree(folder)
    left_out, names, rows = held_out(), list[str](), list[dict[object, float]]()
    for word, listed in parts.items():
        common = zipf_frequency(word, "en") >= (KNOWN_PHRASE if " " in word else KNOWN)
        if not common or word in left_out or not re.fullmatch(r"[a-z][a-z '-]{1,24}", word):
            continue
        row, total = defaultdict[object, float](float), sum(seen for seen, _ in listed) + 0.3 * len(listed)
        for seen, meanings in sorted(listed, key=lambda each: -each[0])[:2]:
            for weight, meaning in zip((FIRST, SECOND), meanings, strict=False):
                for kind in (*kinds_of(meaning, above), (meaning[0], "field", field[meaning])):
                    row[kind] = max(row[kind], weight * (seen + 0.3) / total)
        names.append(word)
        rows.append(row)
    count = defaultdict[object, int](int)
    for row in rows:
        for kind in row:
            count[kind] += 1
    column = {kind: place for place, kind in enumerate(count)}
    cells = [(i, column[k], w * np.log(len(rows) / count[k])) for i, row in enumerate(rows) for k, w in row.items()]
    at, to, value = zip(*cells, strict=True)
    table = sparse.csr_matrix((value, (at, to)), (len(rows), len(column)), np.float32)
    lengths = np.sqrt(np.asarray(table.multiply(table).sum(1)).ravel())
    return names, sparse.diags(1 / np.maximum(lengths, 1e-9)) @ table


def emoji_names(folder: Path) -> tuple[list[str], list[dict[str, tuple[np.ndarray, np.ndarray]]]]:
    """All names; for every emoji with names in both languages their places and how often to draw each."""
    pairs = [row for row in json.loads((folder / "pairs.json").read_text("utf-8")) if row[0].lower() not in held_out()]
    names = list(dict.fromkeys(text for text, *_ in pairs))
    at, of = (
        {text: place for place, text in enumerate(names)},
        defaultdict[str, dict[str, list[tuple[int, float]]]](dict),
    )
    for text, sign, language, source in pairs:
        of[sign].setdefault(language, []).append((at[text], 3.0 if source == "label" else 1.0))
    both = [
        {lang: (np.array([p for p, _ in rows]), np.array([w for _, w in rows])) for lang, rows in each.items()}
        for each in of.values()
        if len(each) == 2
    ]
    return names, both  # fmt: skip


def encoded(texts: list[str]) -> Tensor:
    wv = WordVectors.load()
    return torch.from_numpy(np.concatenate([wv.encode(texts[k : k + 512]) for k in range(0, len(texts), 512)]))


def apart(a: Tensor, b: Tensor) -> Tensor:
    """How differently the rows of two tables of cosines (N, N) are spread, each row without itself."""
    own = 1e4 * torch.eye(len(a))
    return F.kl_div((SHARP * a - own).log_softmax(-1), (SHARP * b - own).softmax(-1), reduction="batchmean")


def directions(head: nn.Module, x: Tensor) -> Tensor:
    return F.normalize(head(x), dim=-1)


def train(options: Namespace) -> Head:
    folder, rng = options.folder, np.random.default_rng(1)
    torch.manual_seed(1)
    old = KnownNames.load().head
    head = Head(old.straight.in_features, old.straight.out_features, old.wide.out_features)
    head.load_state_dict(old.state_dict())
    listed, table = lexicon(folder / "packages" / FOLDER)
    names, both = emoji_names(folder)
    rest = [text for text in json.loads((folder / "texts.json").read_text("utf-8")) if text.lower() not in held_out()]
    rest = [rest[place] for place in rng.permutation(len(rest))[:OTHERS]]
    print(
        f"{len(listed)} words of WordNet, {len(names)} names of {len(both)} emoji, {len(rest)} other texts", flush=True
    )
    of_words, of_names, of_rest = encoded(listed), encoded(names), encoded(rest)
    with torch.no_grad():
        before = directions(old, of_rest)
    run = Run("space", head, options, LEARNING_RATE)
    for _ in run:
        some = rng.choice(len(listed), WORDS, replace=False)
        x = of_words[some]
        found = directions(head, x + NOISE * torch.randn_like(x) / x.shape[1] ** 0.5)
        rows = table[some]
        kinds = apart(found @ found.T, torch.from_numpy((rows @ rows.T).toarray()))
        drawn = [both[place] for place in rng.choice(len(both), NAMES, replace=False)]
        ko, en = (
            directions(
                head, of_names[[rng.choice(each[lang][0], p=each[lang][1] / each[lang][1].sum()) for each in drawn]]
            )
            for lang in ("ko", "en")
        )
        twins, right = 16 * ko @ en.T, torch.arange(NAMES)
        meet = (
            F.cross_entropy(twins, right, label_smoothing=0.05) + F.cross_entropy(twins.T, right, label_smoothing=0.05)
        ) / 2
        alike = apart(ko @ ko.T, (en @ en.T).detach())
        kept = rng.choice(len(rest), NAMES, replace=False)
        now = directions(head, of_rest[kept])
        stay = apart(now @ now.T, before[kept] @ before[kept].T)
        run.update(
            kinds + meet + alike + stay, kinds=kinds.item(), meet=meet.item(), alike=alike.item(), stay=stay.item()
        )
    return head


def main() -> None:
    options = arguments(__doc__, STEPS)
    head = train(options)
    if not options.smoke:
        state = {name: packed(value).contiguous() for name, value in head.state_dict().items()}
        save_file(state, WEIGHTS.parent / "words" / "space.safetensors")


if __name__ == "__main__":
    main()
