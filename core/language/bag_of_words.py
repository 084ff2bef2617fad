"""Bag of words: texts → tokens → counts → tf-idf → one weight per token → a label, with every token's share shown.

Word order is thrown away; that is the lesson. scikit-learn counts and learns underneath. Left out: feature hashing,
calibration. Tokens: tokens.py. The stages one by one, and tokenisers compared: core/lessons/bag_of_words/stages.py.
Source: Spärck Jones 1972 (idf), Salton & McGill 1983 (vectors); logistic regression by L-BFGS with an L2 penalty.
"""

from __future__ import annotations

import json
import math
import os
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
import safetensors
import safetensors.numpy
from scipy.sparse import csr_matrix
from scipy.special import log_softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize

from core.errors import InvalidInput, NotReady, checking, register, shown
from core.events import Cadence, Deadline, Done, Progress, drain
from core.files import places
from core.language.tokens import TOKENS, Label, checked, checked_labels, prepare, tokenise

register(
    {
        "not_fitted": "The bag of words has learnt nothing yet. Call fit(texts, labels) first.",
    }
)

MOST_CELLS = 20_000_000  # of a matrix given out as a dense array
_ITERATIONS = (1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 1000)  # of L-BFGS, at which a snapshot is shown


@dataclass(frozen=True)
class BagConfig:
    """How texts become numbers. ``None`` for tokens and ngrams means the usual choice for the language."""

    language: str = "ko"  # "ko" (English words inside are fine) or "en"
    tokens: str | None = None  # words, characters; for ko also morphemes (the default) and content
    weighting: str = "tfidf"  # or "counts"
    ngrams: tuple[int, int] | None = None  # shortest and longest run of tokens; (1, 1), for characters (2, 3)
    min_count: int = 1  # tokens in fewer texts than this are ignored
    C: float = 10.0  # how far the weights may grow: 1 / L2 penalty

    def __post_init__(self) -> None:
        with checking() as check:
            check.one_of("language", self.language, TOKENS)
            usual = {"ko": "morphemes"}.get(self.language, "words")
            object.__setattr__(self, "tokens", self.tokens or usual)
            check.one_of("tokens", self.tokens, TOKENS.get(self.language, TOKENS["ko"]))
            check.one_of("weighting", self.weighting, ("counts", "tfidf"))
            ngrams = (2, 3) if self.tokens == "characters" else (1, 1)
            ngrams = ngrams if self.ngrams is None else self.ngrams
            if not isinstance(ngrams, (tuple, list)) or len(ngrams) != 2:
                raise InvalidInput("wrong_shape", name="ngrams", expected="(shortest, longest)", received=shown(ngrams))
            low, high = ngrams
            check.whole("ngrams", low, 1, 5)
            check.whole("ngrams", high, 1, 5)
            check.whole("min_count", self.min_count, 1, 100)
            check.between("C", self.C, 1e-3, 1e4)
        with checking() as check:
            check.whole("ngrams", high, low, 5)
        object.__setattr__(self, "ngrams", (int(low), int(high)))

    def tokenise(self, text: str) -> list[str]:
        """The tokens of one text under this config."""
        return tokenise(text, cast(str, self.tokens), cast("tuple[int, int]", self.ngrams))


@dataclass(frozen=True, slots=True)
class Vectorised:
    """The texts have become a matrix of texts × vocabulary."""

    texts: int
    vocabulary: int
    filled: float  # share of cells that are not 0
    token_seconds: float  # spent on cutting the texts into tokens


@dataclass(frozen=True, slots=True)
class LearnStep:
    """The classifier after so many iterations of L-BFGS; the model is usable at this point."""

    iteration: int
    loss: float  # what is made small: mean −ln p(right label) on the training texts + |weights|² / (2 C N)
    accuracy: float  # on the training texts
    words: tuple[tuple[str, float], ...]  # the ten largest weights with their sign, largest first
    seconds: float  # spent on vectors and weights so far


@dataclass(frozen=True, slots=True)
class Piece:
    """One token of a text where it stands. Its token's contribution is split evenly over its occurrences."""

    token: str
    contribution: float
    known: bool  # False: never met in training, so it counts for nothing


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a text got its label: Σ contributions + intercept = logit of ``target``."""

    target: Label
    pieces: tuple[Piece, ...]  # in the order of ``tokenise``
    contributions: tuple[tuple[str, float], ...]  # per known token, largest size first
    unknown: tuple[str, ...]
    intercept: float
    logit: float
    probability: float  # of target


class BagOfWords:
    """Texts → label by counting tokens.

    >>> bag = BagOfWords(language="en").fit(["good food", "good film", "bad food", "bad film"], [1, 1, 0, 0])
    >>> bag.predict(["a good book"]), [token for token, _ in bag.explain("bad good food")]
    ([1], ['good', 'bad', 'food'])
    """

    def __init__(
        self,
        language: str = "ko",
        tokens: str | None = None,
        weighting: str = "tfidf",
        ngrams: tuple[int, int] | None = None,
        *,
        min_count: int = 1,
        C: float = 10.0,
    ) -> None:
        self.config = BagConfig(language, tokens, weighting, ngrams, min_count, C)
        self.vocabulary_: tuple[str, ...] = ()  # V tokens, sorted; empty until fitted
        self.classes_: tuple[Label, ...] = ()  # sorted
        self.idf_ = np.zeros(0)  # (V,) ln((1 + N) / (1 + texts with the token)) + 1; all 1 for "counts"
        self.weights_ = np.zeros((0, 0))  # (1, V) towards classes_[1]; (classes, V) if there are more than two
        self.intercept_ = np.zeros(0)  # (1,) or (classes,)

    @classmethod
    def of(cls, config: BagConfig) -> BagOfWords:
        """An untrained bag with this config."""
        return cls(**asdict(config))

    def fit(self, texts: Sequence[str], labels: Sequence[Label]) -> BagOfWords:
        """Learn from texts with one label each (str, int, float or bool; 2 to 20 different ones).

        Raises:
            InvalidInput: ``one_class``, ``uneven``, ``no_words``, ``text_blank``, ``text_too_long``, …
        """
        drain(self.steps(texts, labels))
        return self

    def steps(
        self, texts: Sequence[str], labels: Sequence[Label], deadline: float | None = None
    ) -> Iterator[Progress | Vectorised | LearnStep | Done[BagOfWords]]:
        """``fit`` as a stream. L-BFGS is deterministic, so each snapshot is a state of one and the same descent.

        A ``deadline`` (seconds) that ends before the first LearnStep leaves the model as it was.
        """
        kept, answers = checked(texts, blank=False, least=2), checked_labels(texts, labels)
        clock, stopped, tokens = Deadline(deadline), None, []
        yield Progress("load", 0, 0, str(self.config.tokens))
        prepare(self.config.tokens)
        beat, begun = Cadence(seconds=0.1), clock.elapsed
        for done, text in enumerate(kept):
            if done == 0 or beat.due(done):
                yield Progress("tokenise", done, len(kept))
            tokens.append(self.config.tokenise(text))
            if clock.expired:
                yield Done(self, clock.elapsed, "deadline")
                return
        token_seconds = clock.elapsed - begun
        for event in self.learn(tokens, answers):
            yield replace(event, token_seconds=token_seconds) if isinstance(event, Vectorised) else event
            if clock.expired and isinstance(event, LearnStep):
                stopped = "deadline"
                break
        yield Done(self, clock.elapsed, stopped)

    def learn(
        self, tokens: Sequence[Sequence[str]], labels: Sequence[Label], snapshots: bool = True
    ) -> Iterator[Vectorised | LearnStep]:
        """The part of ``steps`` after the tokens: vocabulary, vectors, weights. No snapshots: only the last step."""
        begun = time.perf_counter()
        counter = CountVectorizer(analyzer=list, min_df=self.config.min_count)
        try:
            counts = counter.fit_transform(tokens)  # (N, V)
        except ValueError as error:  # an empty vocabulary
            most = max(Counter(token for text in tokens for token in set(text)).values(), default=0)
            if most == 0:
                raise InvalidInput("no_words") from error
            raise InvalidInput(
                "out_of_range", name="min_count", low=1, high=most, received=self.config.min_count
            ) from error
        self._use_vocabulary(counter.get_feature_names_out().tolist())
        tfidf = self.config.weighting == "tfidf"
        self.idf_ = TfidfTransformer().fit(counts).idf_ if tfidf else np.ones(counts.shape[1])
        self.classes_ = tuple(sorted(set(labels)))
        rows = len(self.classes_) if len(self.classes_) > 2 else 1
        self.weights_, self.intercept_ = np.zeros((rows, counts.shape[1])), np.zeros(rows)
        y = np.array([self.classes_.index(label) for label in labels])
        vectors = self._weigh(counts)
        yield Vectorised(counts.shape[0], counts.shape[1], counts.nnz / math.prod(counts.shape), 0.0)
        for iterations in _ITERATIONS if snapshots else _ITERATIONS[-1:]:
            model = LogisticRegression(C=self.config.C, max_iter=iterations)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)  # stopping early is the point of a snapshot
                model.fit(vectors, y)
            self.weights_, self.intercept_ = np.ascontiguousarray(model.coef_), model.intercept_
            logp = log_softmax(self._logits(vectors), axis=1)  # (N, classes)
            penalty = (self.weights_**2).sum() / (2 * self.config.C * len(y))
            loss, accuracy = penalty - logp[np.arange(len(y)), y].mean(), (logp.argmax(axis=1) == y).mean()
            words, seconds = tuple(self.top_words(n=10)), time.perf_counter() - begun
            yield LearnStep(int(model.n_iter_[0]), float(loss), float(accuracy), words, seconds)
            if model.n_iter_[0] < iterations:
                return

    def predict(self, texts: Sequence[str]) -> list[Label]:
        """The likeliest label of each text. A text without a known token gets what the intercept says."""
        return [self.classes_[i] for i in self.predict_proba(texts).argmax(axis=1)]

    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """(N, classes), columns in the order of ``classes_``, rows sum to 1."""
        return self.judge([self.config.tokenise(text) for text in checked(texts)])

    def judge(self, tokens: Sequence[Sequence[str]]) -> np.ndarray:
        """``predict_proba`` of texts already cut into tokens."""
        self._ready()
        return np.exp(log_softmax(self._logits(self._weigh(self._counter.transform(tokens))), axis=1))

    def logits(self, texts: Sequence[str]) -> np.ndarray:
        """(N,) for two classes: ln p(classes_[1]) / p(classes_[0]); (N, classes) for more."""
        z = self._logits(self._weigh(self._count(texts)))
        return z[:, 1] - z[:, 0] if len(self.classes_) == 2 else z

    def counts(self, texts: Sequence[str]) -> np.ndarray:
        """(N, V) int64: how often each token of the vocabulary occurs."""
        return self._dense(self._count(texts))

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """(N, V) float64: what the classifier sees. tf-idf rows have length 1 (or 0 without a known token)."""
        return self._dense(self._weigh(self._count(texts)))

    def explain(self, text: str, target: Label | None = None) -> list[tuple[str, float]]:
        """[(token, contribution to the logit of target), …], largest size first; unknown tokens are left out.

        ``target``: a label; by default ``classes_[1]`` of two, or the predicted one of more.
        """
        return list(self.explanation(text, target).contributions)

    def explanation(self, text: str, target: Label | None = None) -> Explanation:
        """Everything behind one answer: wⱼ·xⱼ of each token j, their sum and what was not known."""
        vector = self._weigh(self._count([text]))  # (1, V)
        proba = np.exp(log_softmax(self._logits(vector), axis=1))[0]
        if target is None:
            target = self.classes_[1 if len(self.classes_) == 2 else int(proba.argmax())]
        weights, intercept = self.weights_for(target)
        index = {self.vocabulary_[j]: weights[j] * x for j, x in zip(vector.indices, vector.data, strict=True)}
        tokens = self.config.tokenise(text)
        times = Counter(tokens)
        pieces = tuple(Piece(t, float(index.get(t, 0.0)) / times[t], t in index) for t in tokens)
        parts = sorted(((t, float(c)) for t, c in index.items()), key=lambda part: -abs(part[1]))
        unknown = tuple(t for t in times if t not in index)
        logit = float((vector @ weights)[0]) + intercept
        probability = float(proba[self.classes_.index(target)])
        return Explanation(target, pieces, tuple(parts), unknown, intercept, logit, probability)

    def top_words(self, target: Label | None = None, n: int = 10) -> list[tuple[str, float]]:
        """The n tokens with the largest weights in size, for or against ``target`` (default: the last label)."""
        weights, _ = self.weights_for(self.classes_[-1] if target is None and self.classes_ else target)
        return [(self.vocabulary_[j], float(weights[j])) for j in np.argsort(-np.abs(weights), kind="stable")[:n]]

    def weights_for(self, target: Label | None) -> tuple[np.ndarray, float]:
        """(V,) weights and the intercept of one label's logit."""
        self._ready()
        with checking() as check:
            check.one_of("target", target, self.classes_)
        row = self.classes_.index(target)
        if len(self.classes_) > 2:
            return self.weights_[row], float(self.intercept_[row])
        sign = 1.0 if row == 1 else -1.0
        return sign * self.weights_[0], sign * float(self.intercept_[0])

    def save(self, path: str | Path) -> None:
        """One safetensors file; vocabulary, labels and config are JSON in its header. Replaced in one move."""
        self._ready()
        told = {"config": asdict(self.config), "classes": self.classes_, "vocabulary": self.vocabulary_}
        arrays = {"idf": self.idf_, "weights": self.weights_, "intercept": self.intercept_}
        arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}  # it writes memory as it lies
        data = safetensors.numpy.save(arrays, metadata={name: json.dumps(value) for name, value in told.items()})
        with places.written(path, (".safetensors",)) as where, tempfile.TemporaryDirectory(dir=where.parent) as folder:
            (Path(folder) / "bag").write_bytes(data)
            os.replace(Path(folder) / "bag", where)

    @classmethod
    def load(cls, path: str | Path) -> BagOfWords:
        """What ``save`` wrote.

        Raises:
            InvalidInput: ``bad_file``, also when sizes inside do not fit each other.
        """
        path = places.existing(path)
        try:
            with safetensors.safe_open(path, framework="numpy") as file:
                told = {name: json.loads(value) for name, value in (file.metadata() or {}).items()}
                arrays = {name: file.get_tensor(name) for name in ("idf", "weights", "intercept")}
            bag = cls(**told["config"] | {"ngrams": tuple(told["config"]["ngrams"])})
            bag._use_vocabulary([str(token) for token in told["vocabulary"]])
            bag.classes_ = tuple(told["classes"])
            bag.idf_, bag.weights_, bag.intercept_ = arrays["idf"], arrays["weights"], arrays["intercept"]
            rows, size = len(bag.classes_) if len(bag.classes_) > 2 else 1, len(bag.vocabulary_)
            shapes = [(size,), (rows, size), (rows,)]
            if len(bag.classes_) < 2 or [array.shape for array in (bag.idf_, bag.weights_, bag.intercept_)] != shapes:
                raise ValueError("sizes differ")
        except (OSError, ValueError, KeyError, TypeError, safetensors.SafetensorError) as error:
            hint = "Use a file that BagOfWords.save wrote."
            raise InvalidInput("bad_file", kind="a bag of words", hint=hint) from error
        return bag

    def _use_vocabulary(self, tokens: list[str]) -> None:
        self.vocabulary_ = tuple(tokens)
        self._counter = CountVectorizer(analyzer=list, vocabulary=tokens)

    def _count(self, texts: Sequence[str]) -> csr_matrix:
        self._ready()
        return self._counter.transform([self.config.tokenise(text) for text in checked(texts)])

    def _dense(self, matrix: csr_matrix) -> np.ndarray:
        if (cells := math.prod(matrix.shape)) > MOST_CELLS:
            raise InvalidInput("too_many", name="cells", most=MOST_CELLS, received=cells)
        return matrix.toarray()

    def _weigh(self, counts: csr_matrix) -> csr_matrix:
        """counts · idf, each row divided by its length; or the counts themselves."""
        if self.config.weighting == "counts":
            return counts.astype(np.float64)
        return normalize(counts.multiply(self.idf_).tocsr())

    def _logits(self, vectors: csr_matrix) -> np.ndarray:
        """(N, classes); with two classes the first column is 0, so that softmax gives the logistic function."""
        z = vectors @ self.weights_.T + self.intercept_
        return np.hstack([np.zeros_like(z), z]) if z.shape[1] == 1 else z

    def _ready(self) -> None:
        if not self.vocabulary_ or not self.weights_.size:
            raise NotReady("not_fitted")
