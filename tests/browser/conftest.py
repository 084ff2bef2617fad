"""A real headless Chromium against a real ``python app.py``. Skips with a reason without one; in CI it must run."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from tests.conftest import TRACEBACK

ROOT = Path(__file__).parent.parent.parent
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser")  # the first is the same without its windows
CHROMIUM = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, PROGRAMS)), None)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]
LEFT = re.compile("AbortError|Connection errored out|net::ERR_ABORTED")  # what a page says that is left in mid-answer
WIDTHS = {"desktop": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    required = os.environ.get("REQUIRE_BROWSER") == "1"
    if CHROMIUM is None:
        lacks = "no chromium on this machine (Debian: apt-get install chromium-headless-shell)"
        (pytest.fail if required else pytest.skip)(lacks)
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        chrome = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chrome
        chrome.close()


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[str]:
    """The running app, one for all workers: the first starts it as a user would, waits for the others, and ends it."""
    folder = tmp_path_factory.getbasetemp()
    folder = folder if worker_id == "master" else folder.parent
    lock, log, users, place = FileLock(folder / "lock"), folder / "log.txt", folder / "users", folder / "address"

    def count(more: int) -> int:
        now = int(users.read_text() if users.exists() else 0) + more
        users.write_text(str(now))
        return now

    server = None
    with lock:
        if count(1) == 1:
            server, url = _started(log, folder / "gradio")
            place.write_text(url)
    yield place.read_text()
    with lock:
        left = count(-1)
    if server is None:
        return
    until = time.monotonic() + 600
    while left and time.monotonic() < until:
        time.sleep(0.5)
        with lock:
            left = count(0)
    server.terminate()
    server.wait(20)
    text = log.read_text()
    if "Traceback" in text:
        first = text.index("Traceback")
        pytest.fail(f"{TRACEBACK}:\n{text[max(0, first - 500) :][:5000]}", pytrace=False)


def _started(log: Path, folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = os.environ | {
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_SERVER_NAME": "127.0.0.1",
        "GRADIO_TEMP_DIR": str(folder),
        "HF_HUB_OFFLINE": "1",
    }
    with log.open("w") as out:
        server = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=env, stdout=out, stderr=subprocess.STDOUT)
    url, deadline = f"http://127.0.0.1:{port}", time.monotonic() + 300
    while True:
        try:
            urllib.request.urlopen(url, timeout=2)
            return server, url
        except OSError:
            if server.poll() is not None or time.monotonic() > deadline:
                server.kill()
                pytest.fail(f"app.py did not start:\n{log.read_text()}")
            time.sleep(0.2)


@pytest.fixture(scope="session")
def contexts(browser: Any) -> Iterator[dict[tuple[str, bool], Any]]:
    """One browser context per width and colour scheme, kept warm: gradio's own files are fetched once."""
    made: dict[tuple[str, bool], Any] = {}
    yield made
    for each in made.values():
        each.close()


class Visit:
    """A page with its faults recorded: console errors and requests that leave the machine."""

    def __init__(self, context: Any, address: str) -> None:
        self.context, self.page, self.address = context, context.new_page(), address
        self._faults: list[tuple[float, str]] = []
        self._moves: list[float] = []
        self.page.on("console", lambda m: self._fault(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda e: self._fault(str(e)))
        self.page.on("request", self._request)

    @property
    def faults(self) -> list[str]:
        """What went wrong; what a page says about its answers within seconds of being left is no fault."""
        return [
            words
            for said, words in self._faults
            if not (LEFT.search(words) and any(abs(said - moved) < 3 for moved in self._moves[1:]))
        ]

    def _fault(self, words: str) -> None:
        self._faults.append((time.monotonic(), words))

    def _request(self, request: Any) -> None:
        if request.is_navigation_request() and request.frame == self.page.main_frame:
            self._moves.append(time.monotonic())
        if not request.url.startswith((self.address, "data:", "blob:")):
            self._fault(f"left the machine: {request.url}")

    def open(self, lang: str = "ko", lesson: str = "", state: str = "", still: bool = True) -> Any:
        """A lesson, or without one the front door. ``still``: a first touch, so that nothing moves by itself."""
        query = f"?lesson={lesson}" + (f"&s={state}" if state else "") if lesson else ""
        self.page.goto(f"{self.address}/{'en' if lang == 'en' else ''}{query}", timeout=120_000)
        self.page.wait_for_selector(".taste:visible" if lesson else ".front:visible", timeout=120_000)
        if still and lesson:
            self.page.keyboard.press("Shift")
        return self.page

    def go(self, lesson: str) -> None:
        """To another lesson, by the list in the bar."""
        self.page.locator(".bar-menu summary").click()
        self.page.locator(f".bar-menu a[data-lesson={lesson}]").click()

    def widen(self, width: str) -> None:
        x, y = WIDTHS[width]
        self.page.set_viewport_size({"width": x, "height": y})

    def settle(self, selector: str) -> None:
        """Wait until the element has stood still for half a second: a click on what moves may fall beside it."""
        self.page.wait_for_function(
            """async (selector) => {
                const place = () => { const box = document.querySelector(selector)?.getBoundingClientRect();
                    return box && [box.x, box.y + scrollY, box.width, box.height].join(); };
                const before = place();
                for (let k = 0; k < 10; k++) {
                    await new Promise((done) => setTimeout(done, 50));
                    if (!before || place() !== before) return false;
                }
                return true;
            }""",
            arg=selector,
            timeout=60_000,
        )

    def shot(self, name: str) -> None:
        """Keep a screenshot when SHOTS names a folder, to look at."""
        if folder := os.environ.get("SHOTS"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.fixture
def visit(browser: Any, contexts: dict[tuple[str, bool], Any], address: str) -> Iterator[Any]:
    def make(width: str = "desktop", dark: bool = False) -> Visit:
        if (width, dark) not in contexts:
            x, y = WIDTHS[width]
            contexts[width, dark] = browser.new_context(
                viewport={"width": x, "height": y},
                color_scheme="dark" if dark else "light",
                has_touch=width == "phone",
            )
        return Visit(contexts[width, dark], address)

    yield make
    for context in contexts.values():
        for page in context.pages:
            page.close()
