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
    """The page being built: its shelf carries things from lesson to lesson, and ``told`` says so in the browser."""

    shelf: dict[str, gr.State]
    told: gr.HTML | None = None  # {"lesson": slug, "things": […]}, what was put there last (shell/front/thread.js)


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


def things(names: list[str], blocks: list[Any]) -> tuple[dict[str, str], gr.HTML | None]:
    """({name: thing of the shelf} of outputs that are on it, where the browser is told of them); of most events neither."""
    page = _PAGE.get()
    if page is None or page.told is None:
        return {}, None
    known = {state._id: thing for thing, state in page.shelf.items()}
    found = {name: known[block._id] for name, block in zip(names, blocks, strict=True) if block._id in known}
    return found, page.told if found else None


def api(name: str) -> dict[str, Any]:
    """An event's name, for the log and the tests. It stays private: programs call ``demos.api``."""
    return {"api_name": name} | PRIVATE
