"""Addresses of this server that are not Gradio's: the functions' own, OpenAI's, and MCP's, as pure ASGI before the pages."""

from __future__ import annotations

from typing import Any

from starlette.middleware import Middleware

from demos.api.mcp_server import McpDoor
from demos.api.openai_server import OpenAIDoor
from demos.api.plain_server import PlainDoor


class Doors:
    """Let each door answer what is meant for it; everything else goes on to the pages."""

    def __init__(self, app: Any, doors: tuple[Any, ...]) -> None:
        self.app, self.doors = app, doors

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            path = scope["path"].removeprefix(scope.get("root_path", ""))
            for door in self.doors:
                if door.takes(path):
                    await door(scope, receive, send)
                    return
        await self.app(scope, receive, send)


def middleware(mcp: bool) -> Middleware:
    """With ``mcp`` the MCP server, too. Raises Unavailable, in one sentence, where its package is missing or too new."""
    return Middleware(Doors, doors=(PlainDoor(), OpenAIDoor(), *([McpDoor()] if mcp else [])))
