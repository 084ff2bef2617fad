"""The page being built: what travels between its lessons, and how its events are named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import gradio as gr

from demos.kit.events import PRIVATE


@dataclass
class Page:
    """The page being built: its shelf carries things from lesson to lesson."""

    shelf: dict[str, gr.State]


SHELF = ("model", "picture", "prompt")  # what one lesson makes and another takes


def new_shelf() -> dict[str, gr.State]:
    return {thing: gr.State(None) for thing in SHELF}


_PAGE: ContextVar[Page | None] = ContextVar("page", default=None)


@contextmanager
def building(page: Page) -> Iterator[Page]:
    token = _PAGE.set(page)
    try:
        yield page
    finally:
        _PAGE.reset(token)


def shelf(thing: str) -> gr.State:
    """What travels between lessons ("model", "picture", "prompt"): a state of the page, one per visitor."""
    page = _PAGE.get()
    return page.shelf[thing] if page and thing in page.shelf else gr.State(None)


def api(name: str) -> dict[str, Any]:
    """An event's name, for the log and the tests. It stays private: programs call ``demos.api``."""
    return {"api_name": name} | PRIVATE
