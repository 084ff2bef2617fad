"""Do everyday words find, and draw, the right emoji? A list made by hand before training, and never trained on.

    python -m benchmarks.everyday_words [--model emoji]                    # retrieval: the first five of 1,410 pictures
    python -m benchmarks.everyday_words --meaning    # the one name that a prompt is drawn as (core/language/known_names.py)
    python -m benchmarks.everyday_words --draw DATA --seed 7 [--every 4] [--steps 20] [--sheet sheet.png]    # drawing
    python -m benchmarks.everyday_words --things DATA --seed 7 [--steps 20] [--sheet sheet.png]    # two and three things

everyday_words.tsv: 421 Korean and 398 English words and short phrases, each with every emoji that would be a right
answer. Its last column says what training can have seen: "label" or "tag" when emojibase names an emoji just so, empty
when the text is in no list that was trained on (recipes/words_corpus.py leaves all others out; spaces and case do not
count). Twenty prompts of two things are told apart: is one of the two there, are both? Drawing is judged by the small
network of benchmarks/emoji_quality.py (DATA from recipes.emoji_data): right when one of its first five answers is a
right one. ``--mark DATA`` writes the last column anew.

two_things.tsv: those twenty ("first"), twenty of two and six of three things more ("fresh", "three") and 42 texts that name one
thing or none ("one"), all written before windows were tried. ``--things DATA`` draws them with a window for each thing and as
one text: by windows a thing counts where the judge has it among its first five for the window that stands at its place.

sentences.tsv: 42 sentences of a learner in each language, written for ``--meaning`` before what it measures was changed.

benchmarks/emoji_quality.py measures known captions instead: those that were trained on.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import time
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

LIST = Path(__file__).with_suffix(".tsv")
SENTENCES = LIST.with_name("sentences.tsv")
THINGS = LIST.with_name("two_things.tsv")
FIRST = 5
KINDS = ("nouns", "animals", "food", "colours", "feelings", "spoken", "sentences", "loan words", "verbs")


@dataclass(frozen=True, slots=True)
class Word:
    language: str
    kind: str
    text: str
    accepted: frozenset[str]  # emoji without variation selectors
    seen: str  # "label", "tag" or ""


def words(file: Path = LIST) -> list[Word]:
    rows = [line.split("\t") for line in file.read_text("utf-8").splitlines()[1:]]
    return [Word(row[0], row[1], row[2], frozenset(row[3].split()), row[4]) for row in rows]


def key(text: str) -> str:
    return re.sub(r"[\s\W_]+", "", unicodedata.normalize("NFKC", text).lower())


def mark(data: Path) -> None:
    captions = json.loads((data / "captions.json").read_text("utf-8"))
    seen = dict[str, str]()
    for row in captions:
        for language in ("ko", "en"):
            seen |= dict.fromkeys(map(key, row[language]["tags"]), "tag") | seen
            seen[key(row[language]["label"])] = "label"
    lines = LIST.read_text("utf-8").splitlines()
    marked = ["\t".join([*line.split("\t")[:4], seen.get(key(line.split("\t")[2]), "")]) for line in lines[1:]]
    head = "language\tkind\ttext\taccepted\tseen"
    LIST.write_text("\n".join([head, *marked]) + "\n", encoding="utf-8", newline="\n")


def right(listed: list[Word], best: np.ndarray, signs: list[str]) -> np.ndarray:
    """``best``: (N, FIRST) places in ``signs``. (N,) bool."""
    return np.array([any(signs[k] in word.accepted for k in row) for word, row in zip(listed, best, strict=True)])


def table(listed: list[Word], hits: np.ndarray, what: str) -> None:
    print(f"{what:<22}" + "".join(f"{head:>15}" for head in ("Korean", "English")))

    def line(name: str, chosen: list[bool]) -> None:
        cells = []
        for language in ("ko", "en"):
            rows = [
                hit for hit, word, use in zip(hits, listed, chosen, strict=True) if use and word.language == language
            ]
            cells.append(f"{np.mean(rows):6.1%} of {len(rows):3}" if rows else "–")
        print(f"{name:<22}" + "".join(f"{cell:>15}" for cell in cells))

    line("all", [True] * len(listed))
    line("label or tag", [bool(word.seen) for word in listed])
    line("in no training text", [not word.seen for word in listed])
    for kind in KINDS:
        line(kind, [word.kind == kind for word in listed])


@dataclass(frozen=True, slots=True)
class Several:
    kind: str  # "first", "fresh", "three" or "one"
    text: str
    accepted: tuple[frozenset[str], ...]  # for each thing, in the order of the text


def several() -> list[Several]:
    rows = [line.split("\t") for line in THINGS.read_text("utf-8").splitlines()[1:]]
    return [
        Several(kind, text, tuple(frozenset(part.split()) for part in right.split("|") if part.strip()))
        for kind, text, right in rows
    ]


def two_things() -> list[tuple[str, frozenset[str], frozenset[str]]]:
    return [(row.text, row.accepted[0], row.accepted[1]) for row in several() if row.kind == "first"]


def told_two(best: np.ndarray, signs: list[str]) -> None:
    """``best``: (N, FIRST) places in ``signs`` for the N texts of two things."""
    answers = ({signs[k] for k in row} for row in best)
    found = zip(answers, two_things(), strict=True)
    hits = np.array([[bool(seen & one), bool(seen & other)] for seen, (_, one, other) in found])  # (N, 2)
    print(f"two things in one text: one of them {hits.any(1).mean():.0%}, both {hits.all(1).mean():.0%} of {len(hits)}")


def retrieval(model: str, show: bool) -> None:
    from core import ImageText
    from core.data import emoji

    listed, data, it = words(), emoji.load(), ImageText.load(model)
    parts = [it.embed_images(data.pictures[k : k + 128]) for k in range(0, len(data.pictures), 128)]
    texts = [word.text for word in listed] + [text for text, *_ in two_things()]
    vectors = np.concatenate([it.embed_texts(texts[k : k + 128]) for k in range(0, len(texts), 128)])
    best = np.argsort(-vectors @ np.concatenate(parts).T, axis=1)[:, :FIRST]
    signs = [sign.replace("\ufe0f", "") for sign in data.signs]
    hits = right(listed, best[: len(listed)], signs)
    table(listed, hits, f"first {FIRST} of {len(signs)}")
    told_two(best[len(listed) :], signs)
    if show:
        for word, row, hit in zip(listed, best, hits, strict=False):
            if not hit:
                print(f"{word.language} {word.kind}: {word.text} → {' '.join(signs[k] for k in row)}")


def meanings(show: bool) -> None:
    from core.language.known_names import KnownNames

    known, shares, rights = KnownNames.load(), list[float](), list[bool]()
    for file in (LIST, SENTENCES):
        listed = words(file)
        meant = [known.meaning(word.text) for word in listed]
        found = [each.sign.replace("\ufe0f", "") for each in meant]
        hits = np.array([sign in word.accepted for sign, word in zip(found, listed, strict=True)])
        table(listed, hits, f"{file.stem}, the first")
        for word, sign, hit in zip(listed, found, hits, strict=True):
            if show and not hit:
                print(f"{word.language} {word.kind}: {word.text} → {sign}")
        shares += [each.share for each in meant if not each.exact]
        rights += [bool(hit) for hit, each in zip(hits, meant, strict=True) if not each.exact]
    reliability(np.array(shares), np.array(rights))


def reliability(shares: np.ndarray, rights: np.ndarray) -> None:
    """How often a text that is no name itself is read right, by the share of the name it is read as; and which bound of
    the share, chosen on one half of the texts, tells right from wrong on the other (mean of 100 halvings)."""
    edges = (0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97, 1.01)
    for low, high in itertools.pairwise(edges):
        inside = (shares >= low) & (shares < high)
        print(f"share {low:.2f} to {min(high, 1):.2f}: right {rights[inside].mean():.0%} of {inside.sum()}")
    for bound in (0.4, 0.5):
        sure = shares >= bound
        right, doubted = rights[sure].mean(), rights[~sure].mean()
        print(f"bound {bound}: sure and right {right:.1%} of {sure.sum()}, unsure and right {doubted:.1%}")

    def caught(half: np.ndarray, bound: float) -> tuple[float, float]:
        """Shares of the wrong ones and of the right ones that are told to be unsure."""
        unsure = shares[half] < bound
        return float(unsure[~rights[half]].mean()), float(unsure[rights[half]].mean())

    rng, rows = np.random.default_rng(0), list[tuple[float, ...]]()
    for _ in range(100):
        first, other = np.array_split(rng.permutation(len(shares)), 2)
        best = max(np.arange(0.05, 0.96, 0.02), key=lambda bound: np.subtract(*caught(first, bound)))
        rows.append((best, *caught(other, best), *caught(other, 0.5)))
    bound, found, doubted, *half = np.mean(rows, 0)
    print(
        f"bound {bound:.2f} ± {np.std(rows, 0)[0]:.2f}, held out: {found:.0%} of the wrong and {doubted:.0%} of the right doubted"
    )
    print(f"by 0.5: {half[0]:.0%} and {half[1]:.0%}")


def drawing(options: argparse.Namespace) -> None:
    from benchmarks import emoji_quality as quality
    from core import StableDiffusion

    listed = words()[options.seed % options.every :: options.every]
    real = np.load(options.draw / "pictures.npy")
    captions = json.loads((options.draw / "captions.json").read_text("utf-8"))
    judge, _ = quality.judge(options.draw, quality.to_tensor(real), 60)
    sd = StableDiffusion.load(options.model)
    started = time.perf_counter()
    asked = [word.text for word in listed] + [text for text, *_ in two_things()]
    drawn = quality.draw(sd, asked, options.seed, options.steps, quality.GUIDANCE)
    print(f"{(time.perf_counter() - started) / len(asked):.2f} s a picture")
    with torch.no_grad():
        best = torch.cat([judge(part).topk(FIRST).indices for part in quality.to_tensor(drawn).split(128)]).numpy()
    signs = [row["emoji"].replace("\ufe0f", "") for row in captions]
    hits = right(listed, best[: len(listed)], signs)
    table(listed, hits, f"judge's first {FIRST}")
    told_two(best[len(listed) :], signs)
    if options.show:
        for word, row, hit in zip(listed, best, hits, strict=False):
            print(f"{'+' if hit else '-'} {word.text} → {' '.join(signs[k] for k in row)}")
    if options.sheet:
        quality.sheet(drawn, 10).save(options.sheet)


def things(options: argparse.Namespace) -> None:
    """Is every thing of a text there, drawn by windows and as one text?"""
    from benchmarks import emoji_quality as quality
    from core import StableDiffusion
    from core.diffusion.settings import Settings
    from core.events import drain

    signs = [
        row["emoji"].replace("\ufe0f", "") for row in json.loads((options.things / "captions.json").read_text("utf-8"))
    ]
    judge, _ = quality.judge(options.things, quality.to_tensor(np.load(options.things / "pictures.npy")), 60)
    sd, listed = StableDiffusion.load(options.model), several()
    cut = {row.text: sd.things(row.text) for row in listed}
    for kind in dict.fromkeys(row.kind for row in listed):
        rows = [row for row in listed if row.kind == kind]
        right = [row for row in rows if len(cut[row.text]) == len(row.accepted)]
        print(f"{kind}: {len(right)} of {len(rows)} cut as they should be")
        for row in rows:
            if row not in right:
                print(f"    {row.text} → {cut[row.text] or 'one'}")

    @torch.no_grad()
    def named(pictures: list[np.ndarray]) -> list[set[str]]:
        best = judge(quality.to_tensor(np.stack(pictures))).topk(FIRST).indices
        return [{signs[place] for place in row} for row in best.tolist()]

    shown: list[np.ndarray] = []
    for kind in ("first", "fresh", "three"):
        hits: dict[str, list[list[bool]]] = {"windows": [], "one text": []}
        seconds = {"windows": 0.0, "one text": 0.0}
        for number, row in enumerate(row for row in listed if row.kind == kind):
            for way, texts in (("windows", cut[row.text]), ("one text", ())):
                wish = Settings(row.text, seed=options.seed + number, num_inference_steps=options.steps, windows=texts)
                started = time.process_time()
                picture = np.asarray(drain(sd.draw(wish, preview="none")).image)
                seconds[way] += time.process_time() - started
                side, last = sd.size, picture.shape[1] - sd.size
                at = [round(last * place / max(len(texts) - 1, 1)) for place in range(len(texts) or 1)]
                seen = named([picture[:, left : left + side] for left in at])
                looked = seen if len(seen) == len(row.accepted) else [set().union(*seen)] * len(row.accepted)
                hits[way].append([bool(one & right) for one, right in zip(looked, row.accepted, strict=True)])
                if way == "windows":
                    blank = np.full((side, 3 * side - picture.shape[1], 3), 200, np.uint8)
                    shown.append(np.concatenate([picture, blank], 1))
        for way, found in hits.items():
            every, any_ = np.mean([all(row) for row in found]), np.mean([any(row) for row in found])
            print(
                f"{kind}, {way}: all {every:.0%}, at least one {any_:.0%}, of single things "
                f"{np.mean([hit for row in found for hit in row]):.0%}, of {len(found)} "
                f"({seconds[way] / len(found):.2f} s of processor time a picture)"
            )
    if options.sheet:
        quality.sheet(np.stack(shown + [np.full_like(shown[0], 255)] * (-len(shown) % 5)), 5).save(options.sheet)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="emoji")
    parser.add_argument("--mark", type=Path, metavar="DATA")
    parser.add_argument("--meaning", action="store_true")
    parser.add_argument("--draw", type=Path, metavar="DATA")
    parser.add_argument("--things", type=Path, metavar="DATA")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--every", type=int, default=1, help="draw each so-manieth word, beginning with seed mod every")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--show", action="store_true", help="list what was missed")
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    if options.mark:
        mark(options.mark)
    elif options.meaning:
        meanings(options.show)
    elif options.things:
        things(options)
    elif options.draw:
        drawing(options)
    else:
        retrieval(options.model, options.show)


if __name__ == "__main__":
    main()
