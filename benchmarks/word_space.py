"""How good are the neighbours of the lesson on word vectors? On its 274 pairs, none of which its layer was taught.

    python -m benchmarks.word_space

Three spaces side by side: the encoder's own, the text side of the small CLIP, and the one of the lesson. Of all pairs:
is the twin in the other language nearest, is it among the first five, and how many of the first five neighbours in the
same language are of the same kind (animal, food, …)? By chance: 0.4 %, 1.8 % and about 9 %.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from core.data import words
from core.language.known_names import KnownNames
from core.language.word_space import WordSpace
from core.language.word_vectors import WordVectors

FIRST = 5


def twins(korean: np.ndarray, english: np.ndarray) -> tuple[float, float]:
    """Share of pairs whose twin is nearest, and among the first five; (N, D) both, row by row one pair."""
    cosines = korean @ english.T
    rank = (cosines >= cosines.diagonal()[:, None]).sum(1)
    return float((rank == 1).mean()), float((rank <= FIRST).mean())


def of_a_kind(table: np.ndarray, kinds: Sequence[str]) -> float:
    cosines = table @ table.T - 2 * np.eye(len(table))
    near = np.argsort(-cosines, axis=1)[:, :FIRST]
    return float(np.mean([[kinds[other] == kinds[row] for other in others] for row, others in enumerate(near)]))


def main() -> None:
    pairs = words.load()
    kinds = [pair.kind for pair in pairs]
    spaces: dict[str, Callable[[list[str]], np.ndarray]] = {
        "encoder alone": WordVectors.load().encode,
        "text side of the CLIP": KnownNames.load().encode,
        "the lesson's space": WordSpace.load().encode,
    }
    print(f"{'':24}nearest ko→en en→ko   first five ko→en en→ko   of one kind ko en")
    for name, encode in spaces.items():
        korean, english = encode([pair.ko for pair in pairs]), encode([pair.en for pair in pairs])
        (a, b), (c, d) = twins(korean, english), twins(english, korean)
        e, f = of_a_kind(korean, kinds), of_a_kind(english, kinds)
        print(f"{name:24}{a:14.1%} {c:6.1%} {b:17.1%} {d:6.1%} {e:14.1%} {f:.1%}")


if __name__ == "__main__":
    main()
