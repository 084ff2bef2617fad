"""The functions as tools for assistants (Model Context Protocol), at ``/gradio_api/mcp/``.

Our own, on the package ``mcp`` 1.x: Gradio's serves all clients through one session, loses pictures without a progress
token, and cannot cancel. Each client has a session of its own and no tool has a memory, so nobody sees another's work.
A tool's words are its function's; a picture is image content; progress is told to who asks; a call that is cancelled, or
whose client leaves, ends within a step.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from typing import Any

import anyio
from anyio import to_thread

from core.errors import CoreError, Unavailable, register
from demos.api.surface import REQUIRED, Answer, Function, Picture, told

register(
    {
        "no_mcp": "The MCP server needs the package mcp, version 1.21 or later but below 2 ({received}). "
        "Install it: pip install -r requirements-mcp.txt",
    }
)

PATHS = ("/gradio_api/mcp", "/mcp")
MOST_SESSIONS, IDLE_SECONDS = 100, 900.0
MOST_BODY = 12_000_000  # bytes of a request: a picture as base64
A_PICTURE = "data:image/png;base64,…, or the name of an example: ankle boot, t-shirt, cat, coffee, rocket"


def checked_package() -> None:
    """Raises Unavailable where ``mcp`` is missing, or is one whose server is another."""
    try:
        from mcp.server.lowlevel import Server
    except ImportError as error:
        raise Unavailable("no_mcp", received=_version()) from error
    if not hasattr(Server, "call_tool"):
        raise Unavailable("no_mcp", received=_version())


def _version() -> str:
    from importlib import metadata

    try:
        return f"here is {metadata.version('mcp')}"
    except metadata.PackageNotFoundError:
        return "it is not here"


class McpDoor:
    """The ASGI app. It starts with the first request, in the event loop that serves it."""

    def __init__(self) -> None:
        checked_package()
        self._manager: Any = None
        self._starting = asyncio.Lock()

    def takes(self, path: str) -> bool:
        return path.rstrip("/") in PATHS

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async with self._starting:
            if self._manager is None:
                await self._start()
        await self._manager.handle_request(scope, receive, send)

    async def _start(self) -> None:
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

        manager = StreamableHTTPSessionManager(_server(), session_idle_timeout=IDLE_SECONDS)
        for name, value in (("max_sessions", MOST_SESSIONS), ("max_request_body_size", MOST_BODY)):
            if hasattr(manager, name):  # from 1.26 on
                setattr(manager, name, value)
        ready = asyncio.Event()

        async def run() -> None:
            async with manager.run():
                ready.set()
                await asyncio.Event().wait()  # until the server's loop ends

        self._running = asyncio.get_running_loop().create_task(run())
        await ready.wait()
        self._manager = manager


def _server() -> Any:
    from mcp import types
    from mcp.server.lowlevel import Server

    from demos.api import FUNCTIONS

    functions = {function.name: function for function in FUNCTIONS}
    server: Any = Server("A Taste of Deep Learning")

    @server.list_tools()
    async def list_tools() -> list[Any]:
        return [
            types.Tool(name=each.name, description=description(each), inputSchema=schema(each)) for each in FUNCTIONS
        ]

    @server.call_tool(validate_input=False)
    async def call_tool(name: str, arguments: dict[str, Any]) -> Any:
        function = functions.get(name)
        if function is None:
            raise ValueError(f"There is no tool {name[:60]}. There are: {', '.join(functions)}.")
        context = server.request_context
        token = context.meta.progressToken if context.meta else None

        async def progress(answer: Answer, number: int) -> None:
            if token is not None:
                done, total = answer.values.get("step", number), answer.values.get("steps")
                await context.session.send_progress_notification(
                    token, done, total, message=_line(answer), related_request_id=str(context.request_id)
                )

        try:
            answer = await last_answer(function, arguments, progress)
        except CoreError as error:
            words = types.TextContent(type="text", text=told(error, arguments.get("lang")))
            return types.CallToolResult(content=[words], isError=True)
        content: list[Any] = [types.TextContent(type="text", text=json.dumps(answer.values, ensure_ascii=False))]
        if answer.picture is not None:
            data = base64.b64encode(answer.picture).decode()
            content.insert(0, types.ImageContent(type="image", data=data, mimeType="image/png"))
        return types.CallToolResult(content=content, isError=False)

    return server


async def last_answer(function: Function, given: dict[str, Any], progress: Any) -> Answer:
    """Run a function in a thread, step by step; a cancelled call closes it after the step under way."""
    events: Iterator[Answer] = function.answers(given)
    last, number = Answer({}), 0
    try:
        while True:
            answer = await to_thread.run_sync(next, events, None)
            if answer is None:
                return last
            last, number = answer, number + 1
            if not answer.values.get("done", True):
                await progress(answer, number)
    finally:
        with anyio.CancelScope(shield=True):
            await to_thread.run_sync(events.close)


def description(function: Function) -> str:
    return f"{function.summary} Gives: {function.gives}"


def schema(function: Function) -> dict[str, Any]:
    """The parameters as JSON Schema, short: a list of tools is read before every conversation."""
    properties = {}
    for each in function.parameters:
        if each.name == "lang":
            continue  # an assistant reads any language; it may send one all the same
        words = A_PICTURE if isinstance(each.allowed, Picture) else each.words
        default = {} if each.default in (REQUIRED, "") else {"default": each.default}
        properties[each.name] = _shorter(each.schema) | {"description": words} | default
    needed = [each.name for each in function.parameters if each.default is REQUIRED]
    return {"type": "object", "properties": properties, "required": needed}


def _shorter(schema: dict[str, Any]) -> dict[str, Any]:
    """Without bounds that say nothing: a list may be empty, a seed is any whole number."""
    if schema.get("maximum", 0) >= 2**31 - 1:
        return {"type": schema["type"]}
    return {name: value for name, value in schema.items() if (name, value) != ("minItems", 0)}


def _line(answer: Answer) -> str:
    """Progress in one short line."""
    told_ = {name: value for name, value in answer.values.items() if name != "done"}
    words = json.dumps(told_, ensure_ascii=False)
    return words if len(words) <= 200 else f"…{words[-200:]}"
