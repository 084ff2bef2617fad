"""The named endpoints of all lessons: a page without a menu entry, built when a program first asks for it.

Building seventeen lessons takes longer than starting a bare Gradio app, and most visitors call no endpoint by name:
so the first page does not wait for them, and the first call does.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr
from gradio.routes import App
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware

from demos import Chapter, kit
from demos.shell.building import safe_build

PATH = "endpoints"
ASKS = re.compile(rf"/({PATH}|config|info|openapi\.json)/?$|/gradio_api/(call|run|api)/")
BUILDING = threading.Lock()  # Gradio counts all blocks of a process with one number that knows no threads


class Endpoints:
    """The page ``/endpoints`` of an app. ``build`` does nothing from the second time on; all callers wait for the first."""

    def __init__(self, demo: gr.Blocks, chapters: tuple[Chapter, ...]) -> None:
        self.demo, self.chapters, self.built = demo, chapters, False
        demo.route("API", f"/{PATH}", show_in_navbar=False)

    def build(self) -> None:
        with BUILDING:
            if self.built:
                return
            before, self.demo.current_page = self.demo.current_page, PATH
            try:
                with one_server(self.demo), self.demo, kit.building(kit.Page(kit.new_shelf(), public=True)):
                    for chapter in self.chapters:
                        for slug in chapter.lessons:
                            safe_build(slug, "ko")
            finally:
                self.demo.current_page, self.built = before, True


@contextmanager
def one_server(demo: gr.Blocks) -> Iterator[None]:
    """Gradio makes a new server, with no visitors in it, at the end of every page; here the one that runs stays."""
    make = vars(App)["create_app"]
    App.create_app = staticmethod(lambda *args, **kwargs: demo.app)
    try:
        yield
    finally:
        App.create_app = make


class OnDemand:
    """Pure ASGI: a request that needs the names waits until they are there."""

    def __init__(self, app: Any, endpoints: Endpoints) -> None:
        self.app, self.endpoints = app, endpoints

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and not self.endpoints.built and needs_names(scope["path"], scope["query_string"]):
            await run_in_threadpool(self.endpoints.build)
        await self.app(scope, receive, send)


def needs_names(path: str, query: bytes) -> bool:
    """Whether a request is for the endpoints; the browser's own requests name one page (``?page=en``)."""
    return bool(ASKS.search(path)) and (b"page=" not in query or PATH.encode() in query)


def middleware(endpoints: Endpoints) -> Middleware:
    return Middleware(OnDemand, endpoints=endpoints)
