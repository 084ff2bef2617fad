"""Text ↔ tokens without broken letters: chips of a text, readable labels, and the incremental detokenizer.

A Hangul syllable or an emoji may be spread over several tokens of bytes; nothing here ever shows "�". Works with any
transformers tokenizer (byte-level BPE and byte fallback). Left out: training a tokenizer.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

BROKEN = "\ufffd"  # what a decoder writes for bytes that are no letter
FLAG_HALVES = "".join(map(chr, range(0x1F1E6, 0x1F200)))
MOST_HELD = 48  # tokens held back for one joined emoji


@dataclass(frozen=True, slots=True)
class Piece:
    """One token of a text. Tokens that share a letter carry it in ``letters`` and say which part they are."""

    id: int
    text: str  # readable: "안", " cat", or "⟨ED 95⟩" for two bytes of a letter
    letters: str  # "한" for each token of its bytes; else the same as text
    part: int = 1
    parts: int = 1
    special: bool = False  # a control token such as the end of a turn

    @property
    def name(self) -> str:
        """For the row of a table: "안", or "한 2/3" for the second of three tokens that share a letter."""
        return (
            f"{self.letters} {self.part}/{self.parts}" if self.parts > 1 and BROKEN not in self.letters else self.text
        )


def pieces(tokenizer: Any, ids: Sequence[int]) -> tuple[Piece, ...]:
    """Token ids as chips to show, pieces of letters grouped."""
    special, found, group = set(tokenizer.all_special_ids), [], list[int]()
    for position, token in enumerate(ids):
        group.append(token)
        letters = plain(tokenizer, group)
        broken = BROKEN in letters and token not in special
        if broken and len(group) < MOST_HELD and position + 1 < len(ids):
            continue
        if len(group) == 1:
            found.append(Piece(token, label(tokenizer, token), letters, special=token in special))
        else:
            found += [Piece(x, label(tokenizer, x), letters, i, len(group)) for i, x in enumerate(group, 1)]
        group = []
    return tuple(found)


def plain(tokenizer: Any, ids: Sequence[int], skip_special: bool = False) -> str:
    """The text of some tokens, exactly: no spaces tidied away."""
    text: str = tokenizer.decode(list(ids), skip_special_tokens=skip_special, clean_up_tokenization_spaces=False)
    return text


def label(tokenizer: Any, token: int) -> str:
    """A token made readable: its text, or its bytes in hexadecimal when it is only a piece of a letter."""
    text = plain(tokenizer, [token])
    if BROKEN not in text:
        return text
    return "⟨" + " ".join(f"{byte:02X}" for byte in token_bytes(tokenizer, token)) + "⟩"


def token_bytes(tokenizer: Any, token: int) -> bytes:
    """The bytes behind a token of a byte-level or byte-fallback vocabulary."""
    name: str = tokenizer.convert_ids_to_tokens(token)
    if fallback := re.fullmatch("<0x([0-9A-F]{2})>", name):
        return bytes.fromhex(fallback[1])
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if suffix := getattr(getattr(backend, "model", None), "end_of_word_suffix", None):
        name = name.removesuffix(suffix)  # CLIP marks the last piece of a word with "</w>": no bytes of the text
    table = byte_table()
    return b"".join(table.get(sign, sign.encode()) for sign in name)


@functools.cache
def byte_table() -> dict[str, bytes]:
    """GPT-2's 256 visible signs, one per byte: those that print stand for themselves, the rest follow 255."""
    prints = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    rest = [byte for byte in range(256) if byte not in prints]
    return {chr(byte): bytes([byte]) for byte in prints} | {chr(256 + n): bytes([byte]) for n, byte in enumerate(rest)}


class Speech:
    """Tokens in, text out, each letter only when it is whole; an open emoji joiner or half a flag waits as well.

    ``context`` are the tokens before (whole letters). Bytes that can never become a letter are dropped.
    """

    def __init__(self, tokenizer: Any, context: Sequence[int] = ()) -> None:
        self._tokenizer, self._context = tokenizer, list(context[-8:])
        self._open: list[int] = []
        self._waits = 0

    def add(self, token: int) -> str:
        """The text that became whole with this token."""
        self._open.append(token)
        new = self._new()
        self._waits = self._waits + 1 if new.endswith(BROKEN) else 0
        may_heal = 0 < self._waits < 4  # a letter has at most four bytes
        if may_heal or (joins(new) and len(self._open) < MOST_HELD):
            return ""
        return self._close(new)

    def end(self) -> str:
        """The whole letters still held back; an unfinished one is dropped."""
        return self._close(self._new())

    def _new(self) -> str:
        before = plain(self._tokenizer, self._context, skip_special=True)
        return plain(self._tokenizer, self._context + self._open, skip_special=True)[len(before) :]

    def _close(self, new: str) -> str:
        self._context, self._open, self._waits = (self._context + self._open)[-8:], [], 0
        return new.replace(BROKEN, "")


def joins(text: str) -> bool:
    """Whether more may attach to the last sign: an open zero-width joiner, or one half of a flag.

    >>> joins("👩\\u200d"), joins("🇰"), joins("🇰🇷"), joins("가")
    (True, True, False, False)
    """
    halves = len(text) - len(text.rstrip(FLAG_HALVES))
    return text.endswith("\u200d") or halves % 2 == 1
