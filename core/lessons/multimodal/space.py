"""Words and pictures in one space: similarity matrix, zero-shot classification, search both ways, a map, attacks.

All of it is cosines between unit vectors of ``core.multimodal.clip.ImageText``; the small CLIP that ships is the
default, any other goes through the same functions, and so does ``core.multimodal.conse.PhotoWords`` for photographs.
The gallery searched is the shipped emoji (core/data/emoji.py), its vectors made once.
Left out: training a CLIP (recipes/emoji_clip.py); captions that a model writes itself (the nearest names are looked up).
Sources: Radford et al. 2021 (arXiv:2103.00020); Goh et al. 2021, "Multimodal Neurons" (typographic attack);
Liang et al. 2022, "Mind the Gap" (arXiv:2203.02053).
"""

from __future__ import annotations

import functools
import threading
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.data import emoji
from core.errors import InvalidInput, Unavailable, checking, register, shown
from core.files import images
from core.lessons.multimodal import choices
from core.multimodal import clip, conse
from core.pretrained import shipped

register(
    {
        "no_small_clip": "The small CLIP is not in this copy: core/weights/emoji/clip is missing. Get the whole repository.",
        "prompt_too_long": "{name} has {received} characters; at most {most} are read. Shorten it.",
    }
)

DEFAULT = choices.MODEL
MOST = 40  # captions or pictures in a matrix
LONGEST = 200  # letters of a caption
BATCH = 256
_LOADING = threading.Lock()


@functools.lru_cache(maxsize=2)
def _loaded(name: str) -> clip.ImageText:
    return clip.ImageText.load(name)


def ready(name: str) -> bool:
    """Whether this shipped model answers at once."""
    return name != choices.PHOTOS or conse.ready()


def model(name: str = DEFAULT) -> clip.ImageText | conse.PhotoWords:
    """The shipped CLIP, the photo network with word vectors, a Hub id or a folder; loaded once, shared by all visitors."""
    if name == choices.PHOTOS:
        return conse.PhotoWords.load()
    if name == DEFAULT and not (shipped.FOLDER / name / "clip" / "config.json").is_file():
        raise Unavailable("no_small_clip")
    with _LOADING:
        return _loaded(name)


@dataclass(frozen=True, slots=True)
class Gallery:
    """Unit vectors of every emoji: pictures, Korean names, English names, each (1410, D) float32."""

    pictures: np.ndarray
    ko: np.ndarray
    en: np.ndarray

    def names(self, lang: str) -> np.ndarray:
        return self.ko if lang == "ko" else self.en


def gallery() -> Gallery:
    """Made once, some three seconds; then kept."""
    it = model()
    with _LOADING:
        return _gallery(it)


@functools.lru_cache(maxsize=1)
def _gallery(it: clip.ImageText) -> Gallery:
    data = emoji.load()
    parts = range(0, len(data.signs), BATCH)
    pictures = np.concatenate([it.embed_images(list(data.pictures[i : i + BATCH])) for i in parts])
    ko, en = (np.concatenate([it.embed_texts(names[i : i + BATCH]) for i in parts]) for names in (data.ko, data.en))
    return Gallery(pictures, ko, en)


def lines(text: object, name: str = "captions") -> tuple[str, ...]:
    """One caption a line, empty lines left out. Raises InvalidInput for none, over 40, or one too long."""
    found = tuple(line.strip() for line in (text.splitlines() if isinstance(text, str) else []) if line.strip())
    _check(name, found)
    for line in found:
        if len(line) > LONGEST:
            raise InvalidInput("prompt_too_long", name="caption", received=len(line), most=LONGEST)
    return found


def _check(name: str, things: Sequence[object]) -> None:
    if not things:
        raise InvalidInput("empty", name=name, least=1)
    if len(things) > MOST:
        raise InvalidInput("too_many", name=name, most=MOST, received=len(things))


@dataclass(frozen=True, slots=True)
class Matrix:
    """How well each caption fits each picture."""

    cosines: np.ndarray  # (captions, pictures) float32
    of_caption: tuple[int, ...]  # the best picture of each caption
    of_picture: tuple[int, ...]  # the best caption of each picture
    parameters: int
    seconds: float


def compare(captions: Sequence[str], pictures: Sequence[images.Source], name: str = DEFAULT) -> Matrix:
    """The similarity matrix: every caption against every picture, cosines."""
    _check("captions", captions)
    _check("pictures", pictures)
    it, began = model(name), time.perf_counter()
    cosines = it.similarity(captions, pictures)
    best = tuple(cosines.argmax(axis=1).tolist()), tuple(cosines.argmax(axis=0).tolist())
    return Matrix(cosines, *best, it.parameters, time.perf_counter() - began)


def both(picture: images.Source, labels: Sequence[str]) -> dict[str, np.ndarray]:
    """The same question to the small CLIP and to the photo network with words: name → the share of each label."""
    return {name: zero_shot(picture, labels, name) for name in choices.SHIPPED}


def zero_shot(picture: images.Source, labels: Sequence[str], name: str = DEFAULT) -> np.ndarray:
    """The share each label gets, (labels,): softmax of the scaled cosines. At least two labels."""
    if len(labels) < 2:
        raise InvalidInput("too_few", name="labels", least=2, received=len(labels))
    _check("labels", labels)
    return model(name).classify(picture, labels)


@dataclass(frozen=True, slots=True)
class Found:
    """The nearest of the gallery, best first."""

    rows: tuple[int, ...]  # into core.data.emoji
    cosines: tuple[float, ...]


def _nearest(vector: np.ndarray, among: np.ndarray, count: int) -> Found:
    with checking() as check:
        check.whole("count", count, 1, 50)
    cosines = among @ vector
    rows = np.argsort(-cosines, kind="stable")[: int(count)]
    return Found(tuple(rows.tolist()), tuple(cosines[rows].tolist()))


def search(text: str, count: int = 8) -> Found:
    """Pictures for a text in Korean or English."""
    return _nearest(model().embed_texts([lines(text, "text")[0]])[0], gallery().pictures, count)


def meant(text: str) -> int:
    """The emoji meant by these words, a row of ``core.data.emoji``: the one so called, else the nearest by the model.

    >>> emoji.load().en[meant("Cat face ")]
    'cat face'
    """
    words, data = lines(text, "text")[0], emoji.load()
    for name in (words, words.lower()):
        if name in data.en or name in data.ko or name in data.signs:
            return data.find(name)
    return search(words, 1).rows[0]


def names_of(picture: images.Source, lang: str, count: int = 8) -> Found:
    """The nearest names for a picture: what stands in for a caption."""
    emoji.load().names(lang)
    return _nearest(model().embed_images([picture])[0], gallery().names(lang), count)


@dataclass(frozen=True, slots=True)
class Map:
    """The space seen flat: the two directions in which its vectors differ most."""

    pictures: np.ndarray  # (N, 2) of the gallery
    names: np.ndarray  # (N, 2)
    own_pictures: np.ndarray  # (P, 2)
    own_captions: np.ndarray  # (C, 2)
    share: float  # of the spread that the two directions hold
    gap: float  # distance between the mean picture and the mean name
    apart: float  # 0..1: how many of the gallery a straight line between the means puts on the right side


def flat(captions: Sequence[str], pictures: Sequence[images.Source], lang: str = "ko", every: int = 6) -> Map:
    """Principal components of the gallery's vectors (every sixth is shown), and where the learner's own lie."""
    it, vectors = model(), gallery()
    both = np.concatenate([vectors.pictures, vectors.names(lang)]).astype(np.float64)  # (2N, D)
    middle = both.mean(axis=0)
    _, spread, directions = np.linalg.svd(both - middle, full_matrices=False)
    directions[:2] *= np.sign(directions[:2, :1])
    down = lambda x: (x - middle) @ directions[:2].T  # noqa: E731
    means = vectors.pictures.mean(axis=0), vectors.names(lang).mean(axis=0)
    side = (both - (means[0] + means[1]) / 2) @ (means[0] - means[1])
    is_picture = np.arange(len(both)) < len(vectors.pictures)
    return Map(
        down(vectors.pictures[::every]),
        down(vectors.names(lang)[::every]),
        down(it.embed_images(pictures)) if pictures else np.zeros((0, 2)),
        down(it.embed_texts(captions)) if captions else np.zeros((0, 2)),
        float((spread[:2] ** 2).sum() / (spread**2).sum()),
        float(np.linalg.norm(means[0] - means[1])),
        float(((side > 0) == is_picture).mean()),
    )


@dataclass(frozen=True, slots=True)
class Probe:
    """Two texts that mean different things, and how alike the model finds them."""

    kind: str  # "order", "negation", "count", "photo"
    first: str
    second: str
    cosine: float


PROBES = {
    "ko": (
        ("negation", "개", "개가 아님"),
        ("order", "개를 쫓는 고양이", "고양이를 쫓는 개"),
        ("count", "사과 한 개", "사과 열 개"),
        ("synonym", "강아지", "개"),
        ("unrelated", "개", "기차"),
    ),
    "en": (
        ("negation", "dog", "not a dog"),
        ("order", "a cat chasing a dog", "a dog chasing a cat"),
        ("count", "one apple", "ten apples"),
        ("synonym", "puppy", "dog"),
        ("unrelated", "dog", "train"),
    ),
}


def weak(lang: str, name: str = DEFAULT) -> tuple[Probe, ...]:
    """Where a model of 1,410 pictures is weak, measured: pairs whose meaning differs (or does not) and their cosine."""
    pairs = PROBES["ko" if lang == "ko" else "en"]
    a, b = (model(name).embed_texts([pair[k] for pair in pairs]) for k in (1, 2))
    return tuple(Probe(*pair, float(c)) for pair, c in zip(pairs, (a * b).sum(axis=1), strict=True))


def photo_names(lang: str) -> tuple[tuple[str, Found], ...]:
    """What it makes of the shipped photographs: it has seen drawings only."""
    from core.data import photos

    return tuple((name, names_of(photos.load(name), lang, 3)) for name in photos.NAMES)


@functools.lru_cache(maxsize=4)
def recall(lang: str, count: int = 5) -> tuple[float, float]:
    """On the gallery itself: share of names that find their picture among the first ``count``, and pictures their name."""
    vectors = gallery()
    cosines = vectors.names(lang) @ vectors.pictures.T  # (names, pictures)
    own = np.diag(cosines)
    found = tuple(float(((table > own[:, None]).sum(axis=1) < count).mean()) for table in (cosines, cosines.T))
    return found[0], found[1]


@functools.cache
def styles() -> dict[str, tuple[float, float]]:
    """Recall@5 in the style of the training and in others, as measured for the card: lowest and highest of four ways.

    The ways: Korean and English, name to picture and back. The other styles' pictures do not ship, so this is not measured
    now (benchmarks/emoji_retrieval.py does). Empty for weights whose card says nothing.
    """
    path = shipped.FOLDER / DEFAULT / "card.toml"
    card = tomllib.loads(path.read_text("utf-8")) if path.is_file() else {}
    found = card.get("metrics", {}).get("recall_at_5", {})
    return {name: (min(ways), max(ways)) for name, ways in found.items() if isinstance(ways, list)}


def nearest_is_name(lang: str) -> float:
    """Of the gallery's pictures, how many have a name, and not another picture, as their nearest neighbour: 0..1."""
    vectors = gallery()
    pictures = vectors.pictures @ vectors.pictures.T
    np.fill_diagonal(pictures, -1)
    return float(((vectors.pictures @ vectors.names(lang).T).max(axis=1) > pictures.max(axis=1)).mean())


def picture_named(received: object) -> np.ndarray:
    """An emoji's picture by name or sign, (64, 64, 3) uint8."""
    data = emoji.load()
    if not isinstance(received, str):
        raise InvalidInput("not_one_of", name="emoji", received=shown(received), choices="…", hint="")
    return data.pictures[data.find(received)]
