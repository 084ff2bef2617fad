"""Korean particles in every sentence of every lesson: none is glued behind a value by hand, and each fits what is heard.

The right ones were written down by a Korean speaker's rule: the last sound heard, with a consonant or without.
"""

from __future__ import annotations

import re

import pytest

from demos import CHAPTERS
from demos.kit import text

TABLES = ["common", "errors", *(slug for chapter in CHAPTERS for slug in chapter.lessons)]
ENDS = {  # what is heard last: "" a vowel, "ㄹ" takes 로, "x" any other consonant
    "사과": "",
    "글": "ㄹ",
    "집": "x",
    "2": "",
    "7": "ㄹ",
    "36": "x",
    "1,000": "x",
    "0.05": "",
    "w": "",
    "L": "ㄹ",
    "135M": "x",
    "cat": "x",
    "cake": "",
    "model": "ㄹ",
    "token": "x",
    "training": "x",
    "top-k": "",
    "GPT": "",
    "**가방**": "x",
    "‘수박’": "x",
    "손실(나무)": "",
    "12%": "",
}
FIT = {  # pair: after a vowel, after ㄹ, after another consonant
    "은는": ("는", "은", "은"),
    "이가": ("가", "이", "이"),
    "을를": ("를", "을", "을"),
    "과와": ("와", "과", "과"),
    "으로": ("로", "로", "으로"),
    "이에요": ("예요", "이에요", "이에요"),
    "이라": ("라", "이라", "이라"),
    "이라는": ("라는", "이라는", "이라는"),
}
PARTICLES = "은|는|이|가|을|를|과|와|으로|로|이에요|예요|이라는|라는|이라|라"
GLUED = re.compile(rf"\{{[^{{}}]*\}}(?:\*\*|’|”|`)*(?:{PARTICLES})(?=[\s,.!?*]|$)")
PERCENT = re.compile(r"\{[^{}]*%\}")  # "…퍼센트" ends in a vowel, whatever the number


@pytest.mark.parametrize("value", ENDS)
def test_the_particle_fits_what_is_heard(value: str) -> None:
    place = ("", "ㄹ", "x").index(ENDS[value])
    assert {pair: text.particle(value, pair) for pair in FIT} == {pair: found[place] for pair, found in FIT.items()}


@pytest.mark.parametrize("name", TABLES)
def test_every_sentence_lets_the_formatter_choose(name: str) -> None:
    """In every sentence with a particle, it fits whatever the value ends in; and none stands there by hand."""
    for key, words in text.table(name, "ko").items():
        glued = [found[0] for found in GLUED.finditer(words) if not PERCENT.match(found[0])]
        assert not [each for each in glued if each not in BY_HAND.get(name, ())], key
        for field in re.findall(r"\{[^{}]*?[:|](?:" + "|".join(FIT) + r")\}", words):
            pair = re.split("[:|]", field[1:-1])[-1]
            plain = "{x:" + pair + "}"
            for value, end in ENDS.items():
                said = text._FORMAT.format(plain, x=value)
                assert said == value + FIT[pair][("", "ㄹ", "x").index(end)], key


BY_HAND = {"bag_of_words": ("{parts}이에요",)}  # always "0" before it: {parts} is empty there


@pytest.mark.parametrize(
    "lesson", ["bag_of_words", "attention", "language_model", *(s for c in CHAPTERS[3:] for s in c.lessons)]
)
def test_no_space_stands_between_bold_words_and_their_particle(lesson: str) -> None:
    """``**word(term)** 은`` shows a gap: Markdown wants one after a bracket. Written ``**word**(term)은`` it needs none."""
    gap = re.compile(
        r"\*\* (은|는|이|가|을|를|에|에서|의|로|으로|과|와|도|예요|이에요|라는|이라는|라고|이라고)(?=[ .,:])"
    )
    for file in (text.LESSONS / lesson / "words.ko.toml", text.LESSONS / lesson / "story.ko.md"):
        found = [match[0] for line in file.read_text("utf-8").splitlines() for match in gap.finditer(line)]
        found = [each for each in found if each not in ("** 이", "** 이 ")]  # "this"
        assert not found, f"{file.name}: {found}"
