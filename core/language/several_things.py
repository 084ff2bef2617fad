"""Does a text name two or three things? "a dog and a cake": "dog", "cake"; "빨간 사과와 파란 하트": "빨간 사과", "파란 하트".

A text is cut at commas, at and, with, plus and at 와, 과, 랑, 이랑, 하고, 그리고, 및, but only where every part is the
name of something known (known_names.py): 사과 ends in 과, 노랑 in 랑. Korean letters decide, too: 과 and 이랑 follow a
closed syllable, 와 and 랑 an open one. A text that is doubtful stays one. Left out: more than three things, and where each
should stand.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from core.language.known_names import SMALL, KnownNames

MOST = 3  # things
KNOWN = 0.55  # share of the nearest name, and of those that mean nearly the same, from which a part counts as known
WORDS = 3  # the longest part: "작은 빨간 사과"
CUTS = 5  # places that may be a joint; a text with more is a list of something else
JOINING = frozenset("and with plus & + 그리고 하고 랑 이랑 와 과 및".split())  # as words of their own
ARTICLE = re.compile(r"(a|an|the|some|my|one)\s+", re.IGNORECASE)
ASKED = re.compile(
    r"^(please\s+)?draw\s+(me\s+)?|([을를]|\s)\s*그려\s*(줘|주세요|줘요)?[.!]?$|[이가]\s+있(는\s+그림|어요)[.!]?$",
    re.IGNORECASE,
)  # how people ask, which is no part of a thing
VERB = re.compile("([아어여해에예워세네게까]요|니다|[았었했였갔왔]다|[하먹잘]는)$")
SAYINGS = frozenset(
    {"salt and pepper", "rock and roll", "black and white", "up and down", "more and more", "hello , world"}
)
WHOLE = frozenset(
    "결과 효과 학과 치과 안과 내과 외과 성과 통과 초과 경과 전과 노랑 파랑 사랑 자랑 도랑 벼랑 기와".split()
)  # Korean words that end like a particle
QUALITIES = frozenset(
    "red orange yellow green blue purple violet pink brown black white grey gray golden silver big small large little tiny "
    "old new good bad up down left right more less "
    "빨강 주황 노랑 초록 파랑 보라 분홍 갈색 검정 하양 회색 빨간색 주황색 노란색 초록색 녹색 파란색 보라색 분홍색 검은색 검정색 "
    "하얀색 흰색 빨간 노란 파란 검은 하얀 흰 까만 큰 작은 많은 위 아래 왼쪽 오른쪽 함께 같이".split()
)  # say how or where something is: no thing by themselves


def several_things(text: str, known: KnownNames | None = None) -> tuple[str, ...]:
    """The two or three things a text names, in its order, each with its own colour; () if it names one, or something else.

    >>> several_things("a dog and a cake"), several_things("사과"), several_things("빨간 사과와 파란 하트")
    (('dog', 'cake'), (), ('빨간 사과', '파란 하트'))
    """
    known = known or KnownNames.load()
    asked = ASKED.sub("", " ".join(text.split())).strip(" .!?")
    words = asked.replace(",", " , ").split()
    if len(words) < 2 or " ".join(words).lower() in SAYINGS or known.meaning(asked).exact:
        return ()
    found = next((parts for parts in _cuts(words, known) if all(_is_known(part, known) for part in parts)), ())
    return () if not found or _is_one_name(words, known.meaning(asked).name) else found


def _cuts(words: list[str], known: KnownNames) -> Iterator[tuple[str, ...]]:
    """Every way to cut into 2 … MOST parts, those with the most parts first."""
    places = [at for at, word in enumerate(words) if word == "," or word.lower() in JOINING or _stems(words, at)]
    commas = {at for at, word in enumerate(words) if word == ","}
    ways = (way for n in range(len(places), 0, -1) for way in itertools.combinations(places, n))
    for way in () if len(places) > CUTS else ways:
        if not commas <= set(way):
            continue
        parts, left = list[str](), list[str]()
        for at, word in enumerate(words):
            if at in way:
                stems = _stems(words, at)
                left += [max(stems, key=lambda stem: _share(stem, known))] if stems else []
                if left:  # "a lion, and a bear": two joints, one cut
                    parts.append(" ".join(left))
                left = []
            else:
                left.append(word)
        parts.append(" ".join(left))
        if 2 <= len(parts) <= MOST:
            yield tuple(ARTICLE.sub("", part, count=1) if ARTICLE.match(part) else part for part in parts)


def _stems(words: list[str], at: int) -> list[str]:
    """A word without the particle that joins it to the next, as its last letter allows; [] if it cannot have one."""
    if at == len(words) - 1 or words[at].lower() in JOINING or words[at] in WHOLE:
        return []
    found = []
    for joint in ("와", "과", "이랑", "랑", "하고"):
        stem = words[at].removesuffix(joint)
        if stem and stem != words[at]:
            closed = _closed(stem[-1])
            if joint == "하고" or closed is None or closed == (joint in ("과", "이랑")):
                found.append(stem)
    return found


def _closed(letter: str) -> bool | None:
    """Does a Hangul syllable end in a consonant? None for any other letter."""
    return (ord(letter) - ord("가")) % 28 > 0 if "가" <= letter <= "힣" else None


def _share(text: str, known: KnownNames) -> float:
    found = known.meaning(text)
    return 2.0 if found.exact else found.share


def _is_known(part: str, known: KnownNames) -> bool:
    words = part.lower().split()
    if not 0 < len(words) <= WORDS or words[-1] in QUALITIES or VERB.search(words[-1]) or SMALL & set(words):
        return False
    found = known.meaning(part)
    return any(letter.isalpha() for letter in part) and (found.exact or found.alike >= KNOWN)


def _is_one_name(words: list[str], name: str) -> bool:
    """Is the whole a part of one name, "cat with smile" of "cat with wry smile"?"""
    told = set(name.lower().replace(",", " ").split())
    return {word.lower() for word in words} - told - SMALL - {","} == set()
