"""Text → tokens, four ways: words between spaces, Korean morphemes, only those with content, character n-grams.

A token is a plain string; a morpheme reads form/TAG ("맛있/VA"), tags as in the Sejong corpus. Text is NFC-normalised
(a Mac writes Hangul in pieces) and lower-cased; punctuation and control characters are dropped; emoji, stars and
hearts are kept, each a token: in reviews they are the opinion.
Left out: stemming of English, subword tokens (lesson 12 has those). Morphemes come from kiwipiepy, which works offline.
"""

from __future__ import annotations

import functools
import math
import re
import threading
import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np

from core.errors import InvalidInput, Unavailable, register, shown

register(
    {
        "text_too_long": "Row {row} has {received} characters; at most {most} are allowed. Shorten it.",
        "text_blank": "Row {row} has no text. Write something or delete the row.",
        "not_text": "Row {row} is not text. Received: {received}.",
        "uneven": "{texts} texts came with {labels} labels. Give one label per text.",
        "bad_label": "Row {row} has no usable label. Received: {received}.",
        "no_words": "There is not a single word in these texts. Write some letters.",
        "no_kiwi": "Korean morphemes need the package kiwipiepy. Install it with: pip install kiwipiepy",
    }
)

Label = str | int | float | bool
TOKENS = {"ko": ("words", "morphemes", "content", "characters"), "en": ("words", "characters")}
MOST_TEXTS, MOST_CHARACTERS, MOST_IN_ALL = 5_000, 10_000, 5_000_000  # of one run; characters of one text; of all texts
MOST_LABELS = 20

_PICTURE = "[\u231a-\u23ff\u2600-\u27bf\u2b00-\u2bff\u3297\u3299\U0001f000-\U0001faff]"  # ⏰ ★ ♥ ☹ ☕ ⭐ 👍
_FLAG = "[\U0001f1e6-\U0001f1ff]{2}"
_EMOJI = (
    rf"{_FLAG}|{_PICTURE}(?:[\ufe0f\U0001f3fb-\U0001f3ff]|\u200d{_PICTURE})*"  # with skin tone, or joined like a family
)
_SIGN = re.compile(_EMOJI)
_WORD = re.compile(rf"[^\W_]+(?:'[^\W_]+)*|{_EMOJI}")
_CONTENT = ("N", "V", "MM", "MA", "XR", "SL", "SN", "SH", "W")  # nouns, verbs, modifiers, roots, foreign words
_NOT_CONTENT = ("VCP",)  # the copula 이다 behaves like an ending
_lock = threading.Lock()


def tokenise(text: str, tokens: str = "words", ngrams: tuple[int, int] = (1, 1)) -> list[str]:
    """The tokens of one text, in order, then its longer n-grams.

    Args:
        tokens: "words", "morphemes", "content" (morphemes without particles and endings) or "characters".
        ngrams: shortest and longest run: of tokens, joined by a space; of characters inside one word, where a space
            marks the word's edge.

    >>> tokenise("The dog's HERE!", ngrams=(1, 2))
    ['the', "dog's", 'here', "the dog's", "dog's here"]
    >>> tokenise("나 간다", "characters", (2, 2))
    [' 나', '나 ', ' 간', '간다', '다 ']
    """
    text = unicodedata.normalize("NFC", text).lower().replace("’", "'")
    low, high = ngrams
    if tokens == "characters":
        padded = [f" {word} " for word in _WORD.findall(text)]
        return [word[i : i + n] for word in padded for n in range(low, high + 1) for i in range(len(word) - n + 1)]
    if tokens == "words":
        found: Sequence[str] = _WORD.findall(text)
    else:
        found = _kept_morphemes(text) if len(text) <= 300 else _morphemes(text)
        if tokens == "content":
            found = [token for token in found if _carries_content(token)]
    return [" ".join(found[i : i + n]) for n in range(low, high + 1) for i in range(len(found) - n + 1)]


def prepare(tokens: str | None) -> None:
    """Load what this tokeniser needs (the Korean dictionary: seconds, once per process), outside any timing."""
    if tokens in ("morphemes", "content"):
        kiwi()


def checked(
    texts: Sequence[str],
    blank: bool = True,
    least: int = 1,
    most: int = MOST_TEXTS,
    longest: int = MOST_CHARACTERS,
) -> list[str]:
    """The texts as a list, if there are ``least`` to ``most``, none over ``longest`` and 5,000,000 characters in all.

    Raises:
        InvalidInput: ``not_text``, ``text_too_long``, ``text_blank`` (unless ``blank`` is allowed), ``too_few``, …
    """
    if isinstance(texts, str):
        raise InvalidInput("wrong_shape", name="texts", expected="a list of texts", received=shown(texts))
    texts = list(texts)
    if not texts:
        raise InvalidInput("empty", name="texts", least=least)
    if len(texts) < least:
        raise InvalidInput("too_few", name="texts", least=least, received=len(texts))
    if len(texts) > most:
        raise InvalidInput("too_many", name="texts", most=most, received=len(texts))
    for row, text in enumerate(texts, 1):
        if not isinstance(text, str):
            raise InvalidInput("not_text", row=row, received=shown(text))
        if len(text) > longest:
            raise InvalidInput("text_too_long", row=row, most=longest, received=len(text))
        if not blank and not text.strip():
            raise InvalidInput("text_blank", row=row)
    if (total := sum(map(len, texts))) > MOST_IN_ALL:
        raise InvalidInput("too_many", name="characters", most=MOST_IN_ALL, received=total)
    return texts


def checked_labels(texts: Sequence[str], labels: Sequence[Any]) -> list[Label]:
    """Plain Python labels, one per text, 2 to 20 different ones; numbers and words mixed become words."""
    plain = [label.item() if isinstance(label, np.generic) else label for label in labels]
    if len(plain) != len(texts):
        raise InvalidInput("uneven", texts=len(texts), labels=len(plain))
    for row, label in enumerate(plain, 1):
        usable = isinstance(label, (str, int)) or (isinstance(label, float) and math.isfinite(label))
        if not usable or label == "":
            raise InvalidInput("bad_label", row=row, received=shown(label))
    if any(isinstance(label, str) for label in plain) and not all(isinstance(label, str) for label in plain):
        plain = [str(label) for label in plain]
    kinds = len(set(plain))
    if kinds < 2:
        raise InvalidInput("one_class")
    if kinds > MOST_LABELS:
        raise InvalidInput("too_many", name="labels", most=MOST_LABELS, received=kinds)
    return plain


@functools.lru_cache(maxsize=2048)
def _kept_morphemes(text: str) -> tuple[str, ...]:
    """Short texts are analysed once: the next model on the same reviews starts at once."""
    return _morphemes(text)


def _morphemes(text: str) -> tuple[str, ...]:
    signs = [(found.start(), f"{found[0]}/W_EMOJI") for found in _SIGN.finditer(text)]
    words = [
        (token.start, f"{token.form}/{token.tag.partition('-')[0]}")  # VA-I marks only an irregular stem
        for token in kiwi().tokenize(text, compatible_jamo=True)
        if any(letter.isalnum() for letter in token.form)
    ]
    return tuple(token for _, token in sorted([*signs, *words], key=lambda pair: pair[0]))


def _carries_content(token: str) -> bool:
    form, _, tag = token.rpartition("/")
    laughs = tag == "SW" and all("ㄱ" <= letter <= "ㆎ" for letter in form)  # ㅋㅋ, ㅠㅠ
    return laughs or (tag.startswith(_CONTENT) and tag not in _NOT_CONTENT)


def kiwi() -> Any:
    """The Korean analyser, one per process; raises Unavailable (``no_kiwi``) without the package."""
    with _lock:  # two visitors at once must not load two dictionaries
        return _load_kiwi()


@functools.cache
def _load_kiwi() -> Any:
    try:
        from kiwipiepy import Kiwi
    except ImportError as error:
        raise Unavailable("no_kiwi") from error
    kiwi = Kiwi(num_workers=1, load_multi_dict=False)  # without names of several words: half the memory and time
    kiwi.tokenize("")  # loads lazily otherwise
    return kiwi
