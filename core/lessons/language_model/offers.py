"""Which LLMs there are, how large, and which are on this disk already. No torch here: a page asks while it is built."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from core.errors import InvalidInput, shown
from core.pretrained import catalog, resolve
from core.pretrained.catalog import DEFAULT, KOREAN

HANGUL = re.compile("[ㄱ-ㅎㅏ-ㅣ가-힣]")


@dataclass(frozen=True, slots=True)
class Offer:
    """A model of the catalogue as the page offers it."""

    name: str
    title: str
    download_mb: int
    memory_mb: int
    languages: tuple[str, ...]
    licence: str
    here: bool
    terms: str = ""  # where they stand, if they must be accepted first
    chats: bool = True


def here(name: str = DEFAULT) -> bool:
    """Whether the LLM can be opened without a network."""
    try:
        return resolve.nearby(named(name)) is not None
    except InvalidInput:
        return False


def offers(language: str) -> list[Offer]:
    """The catalogue; those that speak ``language`` first. The download is the smaller of Hub and wheel."""
    found = []
    for entry in catalog.models("causal-lm", language):
        size = entry.wheel.download_mb if entry.wheel else entry.download_mb
        about = (entry.name, entry.title, size, entry.memory_mb, entry.languages, entry.licence, here(entry.name))
        found.append(Offer(*about, terms="" if resolve.accepted(entry) else entry.terms, chats=entry.chats))
    return found


def first_choice(language: str) -> str:
    """The model that a page of this language begins with: one that speaks it, offline too."""
    return KOREAN if language == "ko" else DEFAULT


def offer(name: str) -> Offer | None:
    """The catalogue's record of a name, or None for what is not in it."""
    return next((each for each in offers("en") if each.name == name), None)


def chats(name: Any) -> bool:
    """Whether a model answers a conversation; False for one that is known to be a base model (it continues a text)."""
    return all(entry.chats for entry in _known(name))


def foreign(name: Any, text: Any) -> bool:
    """Whether ``text`` is Korean and the model is known not to speak it.

    >>> [foreign("smollm2-135m-instruct", text) for text in ("하늘은 왜 파란가요?", "Why 파란 sky?", "Why?")]
    [True, True, False]
    """
    korean = isinstance(text, str) and HANGUL.search(text) is not None
    return korean and any("ko" not in entry.languages for entry in _known(name))


def speaks(name: Any, language: str) -> bool:
    """Whether a model speaks the language of the page, as far as is known: a model by Hub id gets the benefit of doubt."""
    return all(language in entry.languages for entry in _known(name))


def _known(name: Any) -> list[catalog.Entry]:
    return [entry for entry in catalog.entries().values() if name and name in (entry.name, entry.hub)]


def named(name: Any) -> str:
    """A name as typed, without spaces around it. Raises InvalidInput for what is no name."""
    if not isinstance(name, str) or not name.strip() or len(name) > 250:
        raise InvalidInput("not_one_of", name="model", choices=DEFAULT, received=shown(name), hint="")
    return name.strip()
