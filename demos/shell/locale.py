"""Gradio's own words (upload here, clear, …) follow the browser's language; ours follow the page.

This ASGI middleware puts three lines first into the page's <head>, so that both agree and <html lang> is right
for screen readers: Korean on ``/``, English on ``/en``.
"""

from __future__ import annotations

from typing import Any

_SCRIPT = """<script>(() => {{
const lang = "{lang}";
document.documentElement.lang = lang;
Object.defineProperty(navigator, "language", {{get: () => lang}});
Object.defineProperty(navigator, "languages", {{get: () => [lang]}});
}})()</script>"""


class PageLanguage:
    """Pure ASGI: rewrites text/html responses only, streams everything else through untouched."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or "/gradio_api" in scope["path"]:
            await self.app(scope, receive, send)
            return
        lang = "en" if scope["path"].rstrip("/").endswith("/en") else "ko"
        start: dict[str, Any] = {}
        parts: list[bytes] = []

        async def rewrite(message: Any) -> None:
            if message["type"] == "http.response.start":
                kind = dict(message["headers"]).get(b"content-type", b"")
                if kind.startswith(b"text/html"):
                    start.update(message)
                else:
                    await send(message)
            elif not start:
                await send(message)
            else:
                parts.append(message.get("body", b""))
                if not message.get("more_body"):
                    body = b"".join(parts).replace(b"<head>", b"<head>" + _SCRIPT.format(lang=lang).encode(), 1)
                    headers = [(k, v) for k, v in start["headers"] if k.lower() != b"content-length"]
                    await send({**start, "headers": [*headers, (b"content-length", str(len(body)).encode())]})
                    await send({"type": "http.response.body", "body": body})

        await self.app(scope, receive, rewrite)


def middleware() -> list[Any]:
    from starlette.middleware import Middleware

    return [Middleware(PageLanguage)]
