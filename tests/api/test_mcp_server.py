"""Assistants, with the real client of the package mcp: tools, pictures, progress, Stop, and nobody sees another's work."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import time
from collections.abc import Awaitable, Callable
from importlib import metadata
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.errors import Unavailable
from demos.api import FUNCTIONS, mcp_server
from demos.api.surface import TRAINING


def present() -> bool:
    try:
        mcp_server.checked_package()
    except Unavailable:
        return False
    return True


needs_mcp = pytest.mark.skipif(not present(), reason="mcp 1.x is not installed (requirements-mcp.txt)")


def talk(address: str, work: Callable[[Any], Awaitable[Any]]) -> Any:
    """Do ``work`` in a session of its own."""
    from mcp import ClientSession
    from mcp.client import streamable_http

    connect = getattr(streamable_http, "streamable_http_client", None) or streamable_http.streamablehttp_client

    async def run() -> Any:
        async with (
            connect(f"{address}gradio_api/mcp/") as (read, write, _),
            ClientSession(read, write) as me,
        ):
            await me.initialize()
            return await asyncio.wait_for(work(me), 120)

    return asyncio.run(run())


def test_a_missing_or_too_new_package_is_told_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys
    from types import ModuleType

    for found, words in ((None, "it is not here"), (ModuleType("mcp.server.lowlevel"), "here is 2.0.1")):
        if found is not None:
            found.Server = type("Server", (), {})  # type: ignore[attr-defined]  # 2.x has no call_tool
            monkeypatch.setitem(sys.modules, "mcp", ModuleType("mcp"))
            monkeypatch.setitem(sys.modules, "mcp.server", ModuleType("mcp.server"))
            monkeypatch.setattr(metadata, "version", lambda name: "2.0.1")
        else:
            monkeypatch.setattr(mcp_server, "_version", lambda: "it is not here")
        monkeypatch.setitem(sys.modules, "mcp.server.lowlevel", found)
        with pytest.raises(Unavailable, match=words):
            mcp_server.checked_package()
        monkeypatch.undo()


def test_the_list_is_short_and_plain() -> None:
    listed = [
        {"name": f.name, "description": mcp_server.description(f), "inputSchema": mcp_server.schema(f)}
        for f in FUNCTIONS
    ]
    letters = len(json.dumps(listed, ensure_ascii=False, separators=(",", ":")))
    assert len(listed) == 12 and letters / 4 < 4_000, f"about {letters // 4} tokens"
    assert all(parameter["description"] for tool in listed for parameter in tool["inputSchema"]["properties"].values())


@needs_mcp
def test_every_tool_answers_with_and_without_progress(address: str) -> None:
    asked: dict[str, dict[str, Any]] = {
        "train_net": {"epochs": 3},
        "run_sequential": {"epochs": 3},
        "trace_net": {},
        "explain_review": {"review": "good food"},
        "next_tokens": {"text": "th", "model": "counts"},
        "generate_text": {"prompt": "th", "model": "counts", "max_tokens": 5},
        "similarity": {"texts": ["cat", "고양이"]},
        "text_vectors": {"text": "cat", "vector": False},
        "classify_picture": {"picture": "ankle boot"},
        "explain_picture": {"picture": "ankle boot"},
        "convolve": {"side": 8},
        "draw_picture": {"prompt": "red apple", "steps": 2},
    }

    async def work(me: Any) -> None:
        tools = {tool.name: tool for tool in (await me.list_tools()).tools}
        assert list(tools) == list(asked) == [function.name for function in FUNCTIONS]
        for name, given in asked.items():
            heard: list[float] = []

            async def progress(done: float, total: float | None, words: str | None) -> None:
                heard.append(done)  # noqa: B023

            plain = await me.call_tool(name, given)
            told = await me.call_tool(name, given, progress_callback=progress)
            assert not plain.isError and not told.isError, (name, plain.content)
            values = json.loads(plain.content[-1].text)
            assert values and len(plain.content[-1].text) < 6_000, name
            fixed = [json.loads(each.content[-1].text) for each in (plain, told)]
            if name not in ("generate_text",):
                assert fixed[0] == fixed[1], name
            draws = next(function for function in FUNCTIONS if function.name == name).draws
            assert (plain.content[0].type == "image") == draws
            if draws:
                picture = Image.open(io.BytesIO(base64.b64decode(plain.content[0].data)))
                assert plain.content[0].mimeType == "image/png" and np.asarray(picture).size
            if name == "draw_picture":
                assert heard, "no progress"

    talk(address, work)


@needs_mcp
def test_what_is_wrong_is_one_sentence(address: str) -> None:
    async def work(me: Any) -> None:
        for name, given, words in (
            ("train_net", {"epochs": 0}, "between 1 and 1000"),
            ("train_net", {"epochs": 0, "lang": "ko"}, "에폭"),
            ("train_net", {"colour": "red"}, "colour"),
            ("classify_picture", {}, "Picture is empty"),
            ("classify_picture", {"picture": "/etc/passwd"}, "passwd"),
            ("nothing", {}, "no tool"),
        ):
            said = await me.call_tool(name, given)
            assert said.isError and words in said.content[0].text and "Traceback" not in said.content[0].text

    talk(address, work)


@needs_mcp
def test_two_sessions_at_once_see_nothing_of_each_other(address: str) -> None:
    async def both() -> list[Any]:
        def draws(seed: int, words: str) -> Any:
            async def work(me: Any) -> Any:
                for _ in range(2):
                    said = await me.call_tool("draw_picture", {"prompt": words, "steps": 2, "seed": seed})
                return said.content

            return work

        run = asyncio.to_thread
        return await asyncio.gather(
            run(talk, address, draws(1, "secret heart")), run(talk, address, draws(2, "red apple"))
        )

    first, second = asyncio.run(both())
    assert "secret" not in str(second) and first[0].data != second[0].data

    async def later(me: Any) -> Any:
        return [await me.call_tool("draw_picture", {}), await me.call_tool("text_vectors", {"text": "cat"})]

    assert "secret" not in str(talk(address, later))


@needs_mcp
def test_a_cancelled_call_stops_computing(address: str) -> None:
    from mcp import types

    async def work(me: Any) -> None:
        given = {"data": "spiral", "hidden": [8] * 6, "epochs": 1000, "samples": 1000}
        number = me._request_id  # of the call that comes next
        call = asyncio.create_task(me.call_tool("train_net", given))
        while len(TRAINING) == 0:
            await asyncio.sleep(0.05)
        began = time.perf_counter()
        told = types.CancelledNotification(params=types.CancelledNotificationParams(requestId=number, reason="enough"))
        await me.send_notification(types.ClientNotification(told))
        while len(TRAINING):
            await asyncio.sleep(0.02)
            assert time.perf_counter() - began < 5
        call.cancel()

    talk(address, work)


@needs_mcp
def test_a_client_that_leaves_stops_its_work(address: str) -> None:
    async def work(me: Any) -> None:
        asyncio.get_running_loop().create_task(me.call_tool("train_net", {"data": "spiral", "epochs": 1000}))
        while len(TRAINING) == 0:
            await asyncio.sleep(0.05)

    talk(address, work)
    end = time.monotonic() + 10
    while len(TRAINING):
        time.sleep(0.05)
        assert time.monotonic() < end
