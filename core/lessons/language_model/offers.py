"""Which LLMs there are, how large, and which are on this disk already. No torch here: a page asks while it is built."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from core.errors import InvalidInput, shown
from core.pretrained import catalog, resolve
from core.pretrained.catalog import DEFAULT


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
        found.append(
            Offer(entry.name, entry.title, size, entry.memory_mb, entry.languages, entry.licence, here(entry.name))
        )
    return found


def foreign(name: Any, text: Any) -> bool:
    """Whether ``text`` is Korean and the model is known not to speak it.

    >>> foreign("smollm2-135m-instruct", "하늘은 왜 파란가요?"), foreign("smollm2-135m-instruct", "Why?")
    (True, False)
    """
    known = [entry for entry in catalog.entries().values() if name in (entry.name, entry.hub)]
    korean = isinstance(text, str) and re.search("[ㄱ-ㅎㅏ-ㅣ가-힣]", text) is not None
    return korean and any("ko" not in entry.languages for entry in known)


def named(name: Any) -> str:
    """A name as typed, without spaces around it. Raises InvalidInput for what is no name."""
    if not isinstance(name, str) or not name.strip() or len(name) > 250:
        raise InvalidInput("not_one_of", name="model", choices=DEFAULT, received=shown(name), hint="")
    return name.strip()
