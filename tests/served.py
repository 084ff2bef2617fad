"""One lesson over the real server, its private events open to gradio_client: what a browser sends, sent by a test."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr

from demos import CHAPTERS, kit
from demos.shell import building, guard

SLUGS = tuple(slug for chapter in CHAPTERS for slug in chapter.lessons)


def named(demo: gr.Blocks) -> dict[str, Any]:
    """The events that lessons name (``kit.api``); the others are called after their function, or after nothing."""
    return {event.api_name: event for event in demo.fns.values() if event.api_name.startswith(SLUGS)}


@contextmanager
def address(slug: str, lang: str = "ko") -> Iterator[str]:
    """Where the lesson is served, guarded and queued as in the gallery."""
    with gr.Blocks() as demo, kit.building(kit.Page(kit.new_shelf())):
        building.safe_build(slug, lang)
    for event in named(demo).values():
        event.api_visibility = "public"  # with the names and first values of its parameters
    guard.protect(demo)
    demo.queue(default_concurrency_limit=4, api_open=False)
    how: dict[str, Any] = {"server_name": "127.0.0.1", "max_file_size": "10mb", "show_error": False, "ssr_mode": False}
    _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, **how)
    yield url
    demo.close()


def in_step(shown: Any) -> Any:
    """The stream of a handler that stands in a line, which is an asynchronous one, as an ordinary one."""
    return _drained(shown) if inspect.isasyncgen(shown) else shown


def _drained(shown: AsyncGenerator[Any, None]) -> Iterator[Any]:
    with asyncio.Runner() as loop:
        try:
            while True:
                try:
                    yield loop.run(anext(shown))  # type: ignore[arg-type]
                except StopAsyncIteration:
                    return
        finally:
            loop.run(shown.aclose())
