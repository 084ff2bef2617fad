"""What a page holds before Gradio's scripts: its language, the bar and the front door (front.py), and their pictures.

Gradio's own words (upload here, clear, …) follow the browser's language; ours follow the page. This ASGI middleware puts
three lines first into the page's <head>, so that both agree and <html lang> is right for screen readers: Korean on ``/``,
English on ``/en``.
"""

from __future__ import annotations

import re
from typing import Any

from demos import Chapter
from demos.shell import endpoints, front

_SCRIPT = """<script>(() => {{
const lang = "{lang}";
document.documentElement.lang = lang;
Object.defineProperty(navigator, "language", {{get: () => lang}});
Object.defineProperty(navigator, "languages", {{get: () => [lang]}});
}})()</script>"""
_BODY = re.compile(r"<body[^>]*>")


class PageLanguage:
    """Pure ASGI: rewrites text/html responses only, streams everything else through untouched."""

    def __init__(self, app: Any, chapters: tuple[Chapter, ...]) -> None:
        self.app, self.chapters = app, chapters

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or "/gradio_api" in scope["path"]:
            await self.app(scope, receive, send)
            return
        where, _, name = scope["path"].rpartition("/")
        if where.endswith("/front") and (found := front.picture(name)):
            await _send_picture(send, *found)
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
                    body = self._page(b"".join(parts).decode(), lang, scope["path"]).encode()
                    headers = [(k, v) for k, v in start["headers"] if k.lower() != b"content-length"]
                    await send({**start, "headers": [*headers, (b"content-length", str(len(body)).encode())]})
                    await send({"type": "http.response.body", "body": body})

        await self.app(scope, receive, rewrite)

    def _page(self, page: str, lang: str, path: str) -> str:
        first, body = _SCRIPT.format(lang=lang), ""
        if not path.rstrip("/").endswith(f"/{endpoints.PATH}"):
            first, body = first + front.head(self.chapters, lang), front.body(self.chapters, lang)
        page = page.replace("<head>", f"<head>{first}", 1)
        return _BODY.sub(lambda found: found[0] + body, page, count=1)


async def _send_picture(send: Any, data: bytes, kind: str) -> None:
    named = {"content-type": kind, "content-length": str(len(data)), "cache-control": "max-age=3600"}
    headers = [(key.encode(), value.encode()) for key, value in named.items()]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": data})


def middleware(chapters: tuple[Chapter, ...]) -> list[Any]:
    from starlette.middleware import Middleware

    return [Middleware(PageLanguage, chapters=chapters)]
