"""How heavy is the gallery beside a bare Gradio app with one button? Same machine, same run, in turn.

Prints, for ours and the bare app: seconds from start to the first answered request, idle memory, seconds until the
first lesson is usable in headless Chromium, seconds to open each lesson again, and requests that left the machine.
Usage: python benchmarks/startup.py [--rounds 3]
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
BARE = """
import gradio as gr
with gr.Blocks(analytics_enabled=False) as demo:
    box = gr.Textbox()
    gr.Button("go", variant="primary").click(lambda: "hello", None, box)
demo.launch(ssr_mode=False, run_history=False)
"""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def start(script: list[str]) -> tuple[subprocess.Popen[bytes], str, float]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = os.environ | {
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_SERVER_NAME": "127.0.0.1",
        "GRADIO_ANALYTICS_ENABLED": "False",
        "HF_HUB_OFFLINE": "1",
    }
    begun = time.perf_counter()
    server = subprocess.Popen(
        [sys.executable, *script], cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}", timeout=1).read()
            return server, f"http://127.0.0.1:{port}", time.perf_counter() - begun
        except OSError:
            if server.poll() is not None:
                raise SystemExit(f"{script} did not start") from None
            time.sleep(0.02)


def memory(pid: int) -> float:
    """Resident megabytes, with libraries shared by processes counted in full."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return float("nan")


DRAWN = """() => [...document.querySelectorAll('.taste canvas')].some((canvas) => canvas.offsetParent && canvas.width &&
  new Set(new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size > 9)"""


def load(browser: Any, url: str, ours: bool) -> tuple[float, float, list[str]]:
    """Seconds until the first button can be pressed and, ours, until the first picture is drawn; requests outside."""
    page, outside = browser.new_context().new_page(), []
    page.on("request", lambda r: None if r.url.startswith((url, "data:", "blob:")) else outside.append(r.url))
    begun = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.wait_for_selector("button.primary", timeout=60_000)
    usable = time.perf_counter() - begun
    if ours:
        page.wait_for_function(DRAWN, timeout=60_000)
    drawn = time.perf_counter() - begun
    page.wait_for_timeout(1000)
    page.context.close()
    return usable, drawn, outside


OPEN = """(button) => new Promise((done) => {
  const label = button.textContent.trim(), begun = performance.now();
  const look = () => {
    const head = [...document.querySelectorAll('h2')].find((h) => h.offsetParent && h.textContent.trim() === label);
    const panel = head?.closest('[role=tabpanel]');
    const there = panel && [...panel.querySelectorAll('.taste')].some((view) => view.offsetParent);
    if (!there) requestAnimationFrame(look);
    else requestAnimationFrame(() => requestAnimationFrame(() => done((performance.now() - begun) / 1000)));
  };
  button.click();
  look();
})"""


def reopen(browser: Any, url: str) -> list[float]:
    """Open every lesson once, then time opening each again: from the click until its pictures are painted."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(120_000)
    page.goto(url)
    page.wait_for_selector(".taste:visible")
    times = []
    for visit in range(2):
        for chapter in page.locator(".taste-chapters > .tab-wrapper button[role=tab]").all():
            chapter.click()
            page.wait_for_selector(".taste:visible")
            inner = page.locator(".taste-chapters .tabs:visible").first.locator("button[role=tab]:visible").all()
            for button in [*inner, inner[0]]:
                seconds = button.evaluate(OPEN)
                if visit and len(inner) > 1:
                    times.append(seconds)
                page.wait_for_timeout(200 if visit else 3000)
    page.context.close()
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "bare.py"
        bare.write_text(BARE)
        table: dict[str, dict[str, list[float]]] = {
            name: {"start": [], "memory": [], "page": [], "drawn": []} for name in ("ours", "bare")
        }
        left: list[str] = []
        tabs: list[float] = []
        from playwright.sync_api import sync_playwright

        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            for _ in range(rounds + 1):  # the first round warms disk caches and is not counted
                for name, script in (("ours", ["app.py"]), ("bare", [str(bare)])):
                    server, url, seconds = start(script)
                    time.sleep(1)
                    idle = memory(server.pid)
                    page, drawn, outside = load(browser, url, name == "ours")
                    left += outside
                    if name == "ours" and not tabs and _ == rounds:
                        tabs = reopen(browser, url)
                    for key, value in (("start", seconds), ("memory", idle), ("page", page), ("drawn", drawn)):
                        table[name][key].append(value)
                    server.terminate()
                    server.wait()
            browser.close()
    print(f"{'':28}{'ours':>10}{'bare':>10}{'ratio':>8}")
    for key, label in (
        ("start", "first request answered, s"),
        ("memory", "idle memory, MB"),
        ("page", "first lesson usable, s"),
    ):
        ours, other = (statistics.median(table[name][key][1:]) for name in ("ours", "bare"))
        print(f"{label:28}{ours:10.2f}{other:10.2f}{ours / other:8.2f}")
    print(f"first picture drawn, torch imported on the way, s: {statistics.median(table['ours']['drawn'][1:]):.2f}")
    print(f"lesson opened again, s: median {statistics.median(tabs):.3f}, largest {max(tabs):.3f} of {len(tabs)}")
    print(f"requests that left the machine: {len(left)} {left[:3]}")


if __name__ == "__main__":
    main()
