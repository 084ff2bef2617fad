"""Words and sentences as points of one space: neighbours, a map, arithmetic, and the same pair of texts as bags.

All of it is products of unit vectors: those of core/language/word_space.py, which knows what is of a kind (the reviews,
reviews.py, are read by the encoder below it). What is searched are the pairs of core/data/words.py, none of which that layer
was taught. Left out: training (recipes/words.py, words_space.py).
Sources: Mikolov et al. 2013 (arXiv:1301.3781) for the arithmetic; Levy and Goldberg 2014 for why the words of the
question are left out of its answer; Pearson 1901 for the map.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.data import words
from core.errors import InvalidInput, checking, register
from core.language.word_space import WordSpace
from core.language.word_vectors import Piece, WordVectors
from core.lessons.word_vectors import choices

register({"prompt_too_long": "{name} has {received} characters; at most {most} are read. Shorten it."})

_OPENING = threading.Lock()


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A word of the list and how near it is."""

    text: str
    cosine: float


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The nearest words of both languages to a text."""

    text: str
    pieces: tuple[Piece, ...]  # as the encoder reads the text
    ko: tuple[Neighbour, ...]  # nearest first
    en: tuple[Neighbour, ...]
    vector: np.ndarray  # (D,) float32, unit length

    @property
    def far(self) -> bool:
        """Whether even the nearest word means something else."""
        return max(self.ko[0].cosine, self.en[0].cosine) < choices.FAR


@dataclass(frozen=True, slots=True)
class Map:
    """Words on a plane that keeps as much of their spread as two directions can."""

    names: tuple[str, ...]
    kinds: tuple[str, ...]  # "" for the learner's own
    at: np.ndarray  # (N, 2) float64, centred; the largest coordinate is 1
    kept: float  # share of the spread that the plane shows


@dataclass(frozen=True, slots=True)
class Sum:
    """a − b + c and what lies nearest."""

    nearest: tuple[Neighbour, ...]  # the words of the question left out, as is usual
    honest: tuple[Neighbour, ...]  # all words
    vector: np.ndarray  # (D,) of the sum, unit length


@dataclass(frozen=True, slots=True)
class Riddle:
    """One of the built-in questions "a is to b as c to ?"."""

    a: str
    b: str
    c: str
    wanted: str
    found: str
    rank: int  # of the wanted word, from 1, the question's words left out

    @property
    def right(self) -> bool:
        return self.rank == 1


RIDDLES = {
    "ko": (
        ("남자", "왕", "여자", "여왕"),
        ("왕", "왕자", "여왕", "공주"),
        ("아버지", "아들", "어머니", "딸"),
        ("소년", "남자", "소녀", "여자"),
        ("할아버지", "할머니", "아버지", "어머니"),
        ("한국", "서울", "일본", "도쿄"),
        ("한국", "서울", "프랑스", "파리"),
        ("일본", "도쿄", "중국", "베이징"),
        ("영국", "런던", "독일", "베를린"),
        ("크다", "작다", "길다", "짧다"),
        ("뜨겁다", "차갑다", "밝다", "어둡다"),
        ("새", "하늘", "물고기", "바다"),
    ),
    "en": (
        ("man", "king", "woman", "queen"),
        ("king", "prince", "queen", "princess"),
        ("father", "son", "mother", "daughter"),
        ("boy", "man", "girl", "woman"),
        ("grandfather", "grandmother", "father", "mother"),
        ("Korea", "Seoul", "Japan", "Tokyo"),
        ("Korea", "Seoul", "France", "Paris"),
        ("Japan", "Tokyo", "China", "Beijing"),
        ("England", "London", "Germany", "Berlin"),
        ("big", "small", "long", "short"),
        ("hot", "cold", "bright", "dark"),
        ("bird", "sky", "fish", "sea"),
    ),
}


def space() -> WordSpace:
    """The shipped vectors and the layer for kinds, opened once, shared by all visitors. Raises Unavailable."""
    with _OPENING:
        return WordSpace.load()


def encoder() -> WordVectors:
    """The encoder below it, for whole texts."""
    return space().vectors


@functools.cache
def _listed(language: str) -> tuple[tuple[str, ...], np.ndarray]:
    texts = tuple(dict.fromkeys(pair.ko if language == "ko" else pair.en for pair in words.load()))
    return texts, space().encode(texts)  # (N, D)


def listed(language: str) -> tuple[tuple[str, ...], np.ndarray]:
    """The words of the list in one language and their vectors, (N, D) float32."""
    with checking() as check:
        check.within("language", language, choices.TEXTS)
    return _listed(language)


def vector(text: str) -> np.ndarray:
    """(D,) float32 of one text of at most 300 letters. Raises InvalidInput for an empty or a longer one."""
    return vectors([text])[0]


def vectors(texts: Sequence[str]) -> np.ndarray:
    """(N, D) float32, unit length."""
    for text in texts:
        if not isinstance(text, str) or not text.strip():
            raise InvalidInput("empty", name="text", least=1)
        if len(text) > choices.MOST_LETTERS:
            raise InvalidInput("prompt_too_long", name="text", received=len(text), most=choices.MOST_LETTERS)
    return space().encode([text.strip() for text in texts])


def nearest(point: np.ndarray, language: str, count: int, without: Sequence[str] = ()) -> tuple[Neighbour, ...]:
    """The ``count`` nearest words of the list to a unit vector (D,)."""
    texts, table = listed(language)
    cosines = table @ point  # (N,)
    order = [int(row) for row in np.argsort(-cosines, kind="stable") if texts[row] not in without]
    return tuple(Neighbour(texts[row], float(cosines[row])) for row in order[:count])


def neighbours(text: str, count: int = choices.NEIGHBOURS) -> Neighbours:
    """The nearest words to any word or sentence, in both languages; the text itself is left out."""
    point, typed = vector(text), text.strip()
    found = {language: nearest(point, language, count, (typed,)) for language in choices.TEXTS}
    return Neighbours(typed, encoder().tokens(typed), found["ko"], found["en"], point)


def placed(kinds: Sequence[str], languages: Sequence[str], own: Sequence[str] = ()) -> Map:
    """A map of some kinds of words and the learner's own: the two main directions of their vectors (PCA)."""
    with checking() as check:
        for kind in kinds:
            check.one_of("kind", kind, words.kinds())
        for language in languages:
            check.within("language", language, choices.TEXTS)
        if len(own) > choices.MOST_OWN:
            check.add("too_many", name="words", most=choices.MOST_OWN, received=len(own))
    rows = [(pair.ko if language == "ko" else pair.en, pair.kind) for language in languages for pair in words.load()]
    rows = [(name, kind) for name, kind in dict.fromkeys(rows) if kind in kinds]
    if len(rows) + len(own) < 3:
        raise InvalidInput("too_few", name="words", least=3, received=len(rows) + len(own))
    table = {name: row for language in languages for name, row in zip(*listed(language), strict=True)}
    of_list = [table[name] for name, _ in rows]
    stacked = np.array([*of_list, *(vectors(own) if own else [])], dtype=np.float64)  # (N, D)
    centred = stacked - stacked.mean(0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    at = left[:, :2] * sizes[:2]  # (N, 2)
    at *= np.sign(
        at[np.abs(at).argmax(0), [0, 1]]
    )  # the sign of a direction is free: the longest arm points up and right
    kept = float((sizes[:2] ** 2).sum() / (sizes**2).sum())
    names = (*(name for name, _ in rows), *(word.strip() for word in own))
    return Map(names, (*(kind for _, kind in rows), *("" for _ in own)), at / np.abs(at).max(), kept)


def arithmetic(a: str, b: str, c: str, language: str, count: int = choices.NEIGHBOURS) -> Sum:
    """b − a + c: what is to ``c`` as ``b`` is to ``a``. With all words allowed, the answer is often a word of the question."""
    one, two, three = vectors((a, b, c))
    total = two - one + three
    point = (total / np.linalg.norm(total)).astype(np.float32)
    asked = tuple(text.strip() for text in (a, b, c))
    return Sum(nearest(point, language, count, asked), nearest(point, language, count), point)


def riddles(language: str) -> tuple[Riddle, ...]:
    """All built-in questions with what was found."""
    texts, _ = listed(language)
    found = []
    for a, b, c, wanted in RIDDLES[language]:
        ranked = [each.text for each in arithmetic(a, b, c, language, len(texts)).nearest]
        found.append(Riddle(a, b, c, wanted, ranked[0], ranked.index(wanted) + 1))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Likeness:
    """Two texts compared twice."""

    bag: float  # cosine of their word counts
    vectors: float  # cosine of their vectors
    shared: tuple[str, ...]  # tokens that both bags hold


def alike(first: str, second: str, language: str) -> Likeness:
    """The cosine of two texts as bags of words (morphemes with content in Korean) and as vectors."""
    from core.language.bag_of_words import BagConfig
    from core.lessons.bag_of_words.stages import stages

    found = vectors((first, second))
    config = BagConfig(language, "content" if language == "ko" else "words", "counts")
    bags = stages([first, second], config)
    shared = tuple(token for token in bags.vocabulary if token in bags.tokens[0] and token in bags.tokens[1])
    counts = bags.counts.astype(float)  # (2, V)
    lengths = np.linalg.norm(counts, axis=1)
    cosine = float(counts[0] @ counts[1] / lengths.prod()) if lengths.all() else 0.0
    return Likeness(cosine, float(found[0] @ found[1]), shared)
