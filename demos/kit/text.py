"""Words of one language: labels from <lesson>/words.<lang>.toml, prose from <lesson>/story.<lang>.md.

A lesson's table wins over kit/words/common.<lang>.toml. Placeholders take ordinary format specs, plus
Korean particles: ``{name:은는}`` or ``{loss:.2f|은는}`` writes the value and the particle that fits its last sound;
English plurals: ``{n:#epoch/epochs}`` or ``{n:,#weight/weights}`` writes the count and the word that fits it.
A missing key is an error. ``@high`` and ``@low`` (``@High``: capital) are the colours of views/taste/colours.css by name.
"""

from __future__ import annotations

import functools
import html
import re
import string
import tomllib
from pathlib import Path
from typing import Any

from core.errors import CoreError

LESSONS = Path(__file__).parents[1]
SHARED = Path(__file__).with_name("words")  # common and errors
COLOURS = LESSONS / "views" / "taste" / "colours.toml"  # their names, beside the CSS that gives them
LANGUAGES = ("ko", "en")
_PARTICLES = {
    "은는": ("은", "는"),
    "이가": ("이", "가"),
    "을를": ("을", "를"),
    "과와": ("과", "와"),
    "으로": ("으로", "로"),
    "이에요": ("이에요", "예요"),
    "이라": ("이라", "라"),
    "이라는": ("이라는", "라는"),
}
_DIGIT_ENDS = {
    "0": 21,
    "1": 8,
    "3": 16,
    "6": 1,
    "7": 8,
    "8": 8,
}  # 영 일 삼 육 칠 팔 end in a consonant; the index of ㅇ ㄹ ㅁ ㄱ ㄹ ㄹ


def _latin_end(word: str) -> int:
    """The final consonant heard in a word of Latin letters, as an index like the digits'; 0 for none, or a guess.

    A letter by itself, or capitals, are spelled out: L 엘, M 엠, N 엔, R 아르; a word ends as it is usually written in
    Hangul: model 모델, token 토큰, ram 램, training 트레이닝, cat 캣, but cake 케이크, code 코드.
    """
    letters = re.search("[A-Za-z]*$", word)
    last = letters[0] if letters else ""
    if last.isupper() or len(last) == 1:
        return {"l": 8, "m": 16, "n": 4}.get(last[-1:].lower(), 0)
    if last.endswith("ng"):
        return 21
    if re.search("(^|[^aeiou])[aeiou][ptk]$", last):
        return 17
    return {"l": 8, "m": 16, "n": 4}.get(last[-1:], 0)


def particle(word: str, pair: str) -> str:
    """The particle after ``word``: 학습률 + 을를 → 을. Marks behind it (bold, quotes, brackets) are not heard.

    >>> particle("학습률", "은는"), particle("손실", "으로"), particle("w", "은는"), particle("**top-k**", "으로")
    ('은', '로', '는', '로')
    """
    closed, open_ = _PARTICLES[pair]
    heard = word.rstrip(")」'’”\"*`_ ")
    last = heard[-1:]
    final = (ord(last) - 0xAC00) % 28 if "가" <= last <= "힣" else _DIGIT_ENDS.get(last, _latin_end(heard))
    if pair == "으로" and final == 8:  # ㄹ takes 로
        return open_
    return closed if final else open_


class _Formatter(string.Formatter):
    """Beyond Python's specs: ``~2`` two decimals, or a power of ten when huge or tiny; ``…|은는`` a particle behind;
    ``…#epoch/epochs`` the word for one or for many behind."""

    def format_field(self, value: Any, spec: str) -> str:
        if "#" in spec:
            spec, _, nouns = spec.partition("#")
            one, many = nouns.split("/")
            count = self.format_field(value, spec)
            return f"{count} {one if count == '1' else many}"
        spec, _, pair = (
            spec.rpartition("|") if "|" in spec else (("", "", spec) if spec in _PARTICLES else (spec, "", ""))
        )
        if spec.startswith("~"):
            size = abs(value)
            spec = ".2e" if size >= 1e7 or 0 < size < 0.5 * 10.0 ** -int(spec[1:]) else f",.{spec[1:]}f"
        elif isinstance(value, float) and not spec:
            spec = ".4g"
        words = super().format_field(value, spec)
        return words + particle(words, pair) if pair else words


_FORMAT = _Formatter()


@functools.cache
def table(name: str, lang: str) -> dict[str, Any]:
    """The words of a lesson, or ``common`` or ``errors``; nested tables flattened with dots: ``tasks.raw.question``."""
    path = SHARED / f"{name}.{lang}.toml"
    path = path if path.exists() else LESSONS / name / f"words.{lang}.toml"
    return dict(_flat(tomllib.loads(_coloured(path.read_text("utf-8"), lang)))) if path.exists() else {}


@functools.cache
def _colours(lang: str) -> dict[str, str]:
    names: dict[str, str] = tomllib.loads(COLOURS.read_text("utf-8"))[lang]
    return {f"@{key}": word for key, word in names.items()} | {
        f"@{key.capitalize()}": word.capitalize() for key, word in names.items()
    }


def _coloured(words: str, lang: str) -> str:
    for sign, colour in _colours(lang).items():
        words = words.replace(sign, colour)
    return words


def _flat(tree: dict[str, Any], prefix: str = "") -> Any:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


class Text:
    """``t("fit")`` → a label; ``t("result", mse=1.5)`` → a sentence; ``t.title``, ``t.lead``, ``t.story`` → prose."""

    def __init__(self, lesson: str, lang: str) -> None:
        self.lesson, self.lang = lesson, lang

    def __call__(self, key: str, **values: Any) -> str:
        words = table(self.lesson, self.lang).get(key)
        if words is None:
            words = table("common", self.lang).get(key)
        if words is None:
            raise KeyError(f"{self.lesson}/words.{self.lang}.toml (or common) has no key {key!r}")
        return _FORMAT.vformat(words, (), values) if values else words

    def choices(self, key: str, names: Any) -> list[tuple[str, str]]:
        """(label, value) pairs for a Radio or Dropdown: labels are the keys ``key.name``."""
        return [(self(f"{key}.{name}"), name) for name in names]

    def error(self, error: CoreError) -> str:
        """The error in this language, HTML-escaped: toasts render HTML and values may be typed by a visitor."""
        problems = getattr(error, "problems", (error,))
        told = " ".join(self._one(problem) for problem in problems)
        return self._one(error, tried=told) if "tried" in error.values else told  # every source, and what to do

    def _one(self, error: CoreError, **told: str) -> str:
        words = table("errors", self.lang)[error.code]
        values = {k: html.escape(self._value(k, v)) if isinstance(v, str) else v for k, v in error.values.items()}
        return _FORMAT.vformat(words, (), values | told)

    def _value(self, key: str, value: str) -> str:
        names = table("errors", self.lang)
        if key == "received" and value == "None":
            return names["names.nothing"]
        return (
            names.get(f"names.{value}", value) if key in ("name", "kind", "stage", "source", "axis", "task") else value
        )

    @functools.cached_property
    def _sections(self) -> tuple[str, str, str]:
        text = _coloured((LESSONS / self.lesson / f"story.{self.lang}.md").read_text("utf-8").strip(), self.lang)
        title, _, rest = text.partition("\n")
        lead, _, story = rest.partition("\n## ")
        return title.removeprefix("# ").strip(), lead.strip(), f"## {story}" if story else ""

    @property
    def title(self) -> str:
        return self._sections[0]

    @property
    def lead(self) -> str:
        return self._sections[1]

    @property
    def story(self) -> str:
        return self._sections[2]


@functools.cache
def load(lesson: str, lang: str) -> Text:
    if lang not in LANGUAGES:
        raise KeyError(f"languages are {LANGUAGES}; received {lang!r}")
    return Text(lesson, lang)
