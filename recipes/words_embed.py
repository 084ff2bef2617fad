"""The teacher's vectors of all texts of recipes.words_corpus, kept so that no text is ever read twice.

    python -m recipes.words_embed --folder DATA [--most 80000]     # some 150 texts a second of one core; resumable

Also those of every single piece of our tokenizer read alone: the token table begins as these.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch

from recipes.words_pieces import teacher_tokenizer
from recipes.words_teacher import FILE, PREFIX, mean_states, read, unit

PART = 2000


def stored(folder: Path) -> dict[str, np.ndarray]:
    """Text → unit vector (384,) of the teacher."""
    found = dict[str, np.ndarray]()
    for file in sorted((folder / "teacher").glob("*.npz")):
        with np.load(file) as part:
            found |= zip(json.loads(part["texts"].tobytes()), part["vectors"].astype(np.float32), strict=True)
    return found


def embed(folder: Path, texts: list[str]) -> None:
    place = folder / "teacher"
    place.mkdir(exist_ok=True)
    known = stored(folder)
    missing = [text for text in dict.fromkeys(texts) if text not in known]
    if not missing:
        return
    teacher = read(folder / FILE)
    tokens, model = teacher_tokenizer(teacher), teacher.model()
    for start in range(0, len(missing), PART):
        part, began = missing[start : start + PART], time.perf_counter()
        vectors = unit(mean_states(model, [tokens.encode(PREFIX + text).ids[:64] for text in part], teacher.pad))
        number = len(list(place.glob("*.npz")))
        packed = np.frombuffer(json.dumps(part).encode(), np.uint8)
        np.savez(place / f"{number:04}.npz", texts=packed, vectors=vectors.astype(np.float16))
        print(
            f"{start + len(part)} of {len(missing)}, {len(part) / (time.perf_counter() - began):.0f} a second",
            flush=True,
        )


def alone(folder: Path) -> None:
    """DATA/pieces.npy: the teacher's unit vector for each row of our tokenizer, zeros where the teacher has no piece."""
    from recipes.words import pieces

    teacher = read(folder / FILE)
    _, rows = pieces(folder, teacher)
    before = teacher_tokenizer(teacher).encode(PREFIX.strip(), add_special_tokens=False).ids
    known = np.flatnonzero(rows > 3)
    vectors = np.zeros((len(rows), 384), np.float32)
    ids = [[teacher.bos, *before, int(rows[place]), teacher.eos] for place in known]
    vectors[known] = unit(mean_states(teacher.model(), ids, teacher.pad))
    np.save(folder / "pieces.npy", vectors)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--most", type=int, default=10**9, help="texts to read in all")
    options = parser.parse_args()
    folder = options.folder
    torch.set_num_threads(1)
    if not (folder / "pieces.npy").exists():
        alone(folder)
    kinds = json.loads((folder / "texts.json").read_text("utf-8"))
    first = ("name", "colour", "verb", "sentence", "story")
    embed(folder, sorted(kinds, key=lambda text: kinds[text].split()[1] not in first)[: options.most])


if __name__ == "__main__":
    main()
