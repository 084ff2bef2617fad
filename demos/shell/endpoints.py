"""The page without a menu entry that holds the functions for programs, and the doors beside Gradio's own addresses.

The lessons' events are private; what programs may call stands in ``demos.api``, so that describing it builds nothing
and costs no visitor anything.
"""

from __future__ import annotations

import threading

import gradio as gr
from starlette.middleware import Middleware

from demos import Chapter
from demos.api import doors, mcp_server
from demos.api.endpoints import add_all

PATH = "endpoints"
BUILDING = threading.Lock()  # Gradio counts all blocks of a process with one number that knows no threads


class Endpoints:
    """The page ``/endpoints`` of an app, and whether assistants are served (``build``)."""

    def __init__(self, demo: gr.Blocks, chapters: tuple[Chapter, ...]) -> None:
        self.chapters, self.mcp = chapters, False
        with demo.route("API", f"/{PATH}", show_in_navbar=False):
            add_all()

    def serve_mcp(self) -> None:
        """Serve assistants, too. Raises Unavailable, in one sentence, where the package is missing or too new."""
        mcp_server.checked_package()
        self.mcp = True


def middleware(endpoints: Endpoints) -> Middleware:
    return doors.middleware(endpoints.mcp)
