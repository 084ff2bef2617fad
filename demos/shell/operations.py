"""What whoever runs the server needs: health, a status page, a log without visitors' words, bounds on what is sent.

Pure ASGI, before everything else. ``/health`` answers anybody; ``/status`` this machine, or who brings DL_STATUS_TOKEN
(``/status?token=…``). DL_LOG (a file, or ``-``) turns the log on: a JSON object a line, never a text, a query or an address.
DL_RATE bounds the requests of one address a minute (a school shares one). Left out: who may come in at all (a proxy).
"""

from __future__ import annotations

import hmac
import html
import ipaddress
import json
import logging
import os
import re
import sys
import time
import urllib.parse
from collections import OrderedDict
from pathlib import Path
from typing import Any

from demos.kit import text
from demos.kit.events import CODE, LINES, LLM, OPENING

MOST_BODY = 64 * 2**20  # bytes: thirty photos of one press, or a minute of sound, pass
RATE = 6000  # requests a minute from one address
BURST = 20  # seconds' worth that may come at once
MOST_ADDRESSES = 10_000  # remembered at a time
QUIET = ("/assets/", "/static/", "/theme.css", "/heartbeat/", "/health", "/front/")  # not worth a line
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(self), geolocation=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin-allow-popups",
}
CALL = re.compile(r"/gradio_api/(?:call/v2|call|run|api)/(?P<name>[^/]+)")
log = logging.getLogger("taste")


async def wrong_names(request: Any, error: Exception) -> Any:
    """A call whose values have other names than the function's: Gradio lets the TypeError of its ``construct_args`` through."""
    from starlette.responses import JSONResponse

    if "argument" not in str(error) or not CALL.search(request.url.path):
        raise error
    language = "ko" if request.headers.get("accept-language", "").startswith("ko") else "en"
    return JSONResponse({"detail": text.load("common", language)("operations.wrong_names")}, 400)


class Rates:
    """A bucket of requests for each address, filled steadily."""

    def __init__(self, a_minute: float) -> None:
        self.each_second, self.most = a_minute / 60, a_minute / 60 * BURST
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str, now: float) -> bool:
        """Whether this address may be answered."""
        left, seen = self._left.pop(address, (self.most, now))
        left = min(self.most, left + (now - seen) * self.each_second)
        self._left[address] = (max(left - 1, 0), now)
        if len(self._left) > MOST_ADDRESSES:
            self._left.popitem(last=False)
        return left >= 1


class Operations:
    def __init__(self, app: Any, demo: Any) -> None:
        self.app, self.demo, self.began = app, demo, time.monotonic()
        self.rates = Rates(_number("DL_RATE", RATE))
        self.answered = self.refused = self.failed = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path, began = scope["path"].removeprefix(scope.get("root_path", "")), time.monotonic()
        if path == "/health":
            await _answer(send, 200, json.dumps({"status": "ok", "seconds": round(began - self.began)}))
        elif path == "/status" and scope["method"] == "GET":
            await self._status(scope, send)
        elif not _here(scope) and not self.rates.take(_address(scope), began):
            await self._refuse(scope, send, 429, "too_often")
        elif _length(scope) > MOST_BODY:
            await self._refuse(scope, send, 413, "too_much")
        elif (call := CALL.match(path)) and call["name"] not in self._functions():
            await self._refuse(scope, send, 404, "no_function")
        else:
            await self._pass_on(scope, receive, send, path, began)

    def _functions(self) -> set[str]:
        """What may be called by name; Gradio answers other names with a traceback in the log."""
        return {event.api_name for event in self.demo.fns.values() if event.api_visibility != "private"}

    async def _pass_on(self, scope: Any, receive: Any, send: Any, path: str, began: float) -> None:
        got, status = 0, 0

        async def bounded() -> Any:
            nonlocal got
            message = await receive()
            got += len(message.get("body", b""))
            return message if got <= MOST_BODY else {"type": "http.disconnect"}

        async def safer(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status, names = message["status"], {name.lower() for name, _ in message["headers"]}
                more = [(k.encode(), v.encode()) for k, v in HEADERS.items() if k.encode() not in names]
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        try:
            await self.app(scope, bounded, safer)
        finally:
            self.answered += 1
            self.failed += status >= 500
            if log.isEnabledFor(logging.INFO) and not any(part in path for part in QUIET):
                took = round(1000 * (time.monotonic() - began))
                log.info(json.dumps({"at": round(time.time(), 3), "do": _kind(path), "status": status, "ms": took}))

    async def _refuse(self, scope: Any, send: Any, status: int, why: str) -> None:
        self.refused += 1
        language = "ko" if _header(scope, b"accept-language").startswith("ko") else "en"
        said = text.load("common", language)(f"operations.{why}", megabytes=MOST_BODY // 2**20)
        await _answer(send, status, json.dumps({"detail": said}, ensure_ascii=False))

    async def _status(self, scope: Any, send: Any) -> None:
        query = urllib.parse.parse_qs(scope["query_string"].decode("latin-1"))
        token, given = os.environ.get("DL_STATUS_TOKEN", ""), query.get("token", [""])[0]
        known = bool(token) and hmac.compare_digest(token.encode(), given.encode(errors="replace"))
        if not known and not _here(scope):
            await _answer(send, 404, json.dumps({"detail": "Not Found"}))
            return
        facts = self.facts()
        if "json" in query:
            await _answer(send, 200, json.dumps(facts))
            return
        language = query.get("lang", ["ko"])[0]
        t = text.load("common", language if language in text.LANGUAGES else "ko")
        rows = "".join(
            f"<tr><th>{html.escape(t(f'operations.{key}'))}</th><td>{html.escape(_shown(value))}</td></tr>"
            for key, value in facts.items()
        )
        title = html.escape(t("operations.title"))
        await _answer(send, 200, PAGE.format(lang=t.lang, title=title, rows=rows), "text/html; charset=utf-8")

    def facts(self) -> dict[str, Any]:
        """Plain values: what stands on the page, and what ``/status?json`` gives."""
        holder = getattr(getattr(self.demo, "app", None), "state_holder", None)
        sessions = list(holder.session_data.values()) if holder else []
        lines = LINES | {"code": CODE, "opening": OPENING, "llm": LLM}
        return {
            "learners": sum(not session.is_closed for session in sessions),
            "sessions": len(sessions),
            "lanes": {name: [len(line) - line.waiting, line.places, line.waiting] for name, line in lines.items()},
            "memory_mb": memory(),
            "models": models(),
            "answered": self.answered,
            "refused": self.refused,
            "failed": self.failed,
            "uptime": round(time.monotonic() - self.began),
        }


PAGE = """<!doctype html><html lang="{lang}"><meta charset="utf-8"><meta http-equiv="refresh" content="5">
<meta name="viewport" content="width=device-width"><title>{title}</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1e293b}}
table{{border-collapse:collapse;width:100%}}th,td{{text-align:left;vertical-align:top;padding:.5rem .75rem;
border-bottom:1px solid #e2e8f0}}th{{font-weight:500;color:#475569;width:40%}}td{{font-variant-numeric:tabular-nums}}
@media(prefers-color-scheme:dark){{body{{background:#0f172a;color:#e2e8f0}}th{{color:#94a3b8}}
th,td{{border-color:#334155}}}}</style>
<h1>{title}</h1><table>{rows}</table></html>"""


def memory() -> int:
    """MB of this process; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 10**6
    except (OSError, ValueError, IndexError):
        return 0


def models() -> list[str]:
    """Those in memory. Nothing is imported to find out."""
    llms = getattr(sys.modules.get("core.llm.language_model"), "_shared", {})
    drawing = getattr(sys.modules.get("core.lessons.stable_diffusion.studio"), "_models", {})
    return [*(name for name, _ in list(llms)), *list(drawing)]


def start_log() -> None:
    """Turn the log on if DL_LOG asks for it."""
    place = os.environ.get("DL_LOG", "")
    if place and not log.handlers:
        handler = logging.StreamHandler() if place == "-" else logging.FileHandler(place, encoding="utf-8")
        handler.setFormatter(logging.Formatter("%(message)s"))
        log.addHandler(handler)
        log.setLevel(logging.INFO)
        log.propagate = False


def _kind(path: str) -> str:
    """The address without what a visitor's browser put into it."""
    parts = [part for part in path.split("/") if part]
    return "/".join(parts[:3] if parts[:1] == ["gradio_api"] else parts[:1])[:60]


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return " · ".join(f"{name} {busy}/{places} (+{waiting})" for name, (busy, places, waiting) in value.items())
    return ", ".join(value) or "–" if isinstance(value, list) else f"{value:,}"


def _header(scope: Any, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def _address(scope: Any) -> str:
    return (scope.get("client") or ("",))[0]


def _here(scope: Any) -> bool:
    """Whether somebody at this machine asks, and no proxy for somebody else."""
    proxied = _header(scope, b"x-forwarded-for") or _header(scope, b"forwarded")
    try:
        return ipaddress.ip_address(_address(scope)).is_loopback and not proxied
    except ValueError:
        return False


def _length(scope: Any) -> int:
    given = _header(scope, b"content-length")
    return int(given) if given.isdecimal() else 0


def _number(name: str, default: float) -> float:
    try:
        return max(1.0, float(os.environ.get(name, default)))
    except ValueError:
        return default


async def _answer(send: Any, status: int, body: str, kind: str = "application/json") -> None:
    named = {"content-type": kind, "cache-control": "no-store"} | HEADERS
    headers = [(key.encode(), value.encode()) for key, value in named.items()]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body.encode()})


def middleware(demo: Any) -> list[Any]:
    """First this, then compression of the pages (Gradio compresses its scripts only)."""
    from starlette.middleware import Middleware
    from starlette.middleware.gzip import GZipMiddleware

    start_log()
    return [Middleware(Operations, demo=demo), Middleware(GZipMiddleware, minimum_size=2000, compresslevel=6)]
