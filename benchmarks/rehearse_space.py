"""What a Hugging Face Space does, rehearsed here: its environment variables, no Hub, the page served, three lessons opened.

    python -m benchmarks.rehearse_space             # this environment
    python -m benchmarks.rehearse_space --clean     # an environment of its own, from requirements.txt (minutes)

Printed: seconds until /health answers, the pages' bytes as they travel, each lesson's first answer, and how it ended.
Left out: ZeroGPU, which needs Hugging Face's own machines.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

LESSONS = ("ml_vs_dl", "pixels", "bag_of_words")
PORT = 7871


def environment() -> dict[str, str]:
    """As a Space sets it."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("GRADIO_", "DL_", "HF_"))}
    space = {"SPACE_ID": "someone/taste", "SPACE_HOST": "someone-taste.hf.space", "GRADIO_SERVER_NAME": "0.0.0.0"}
    return own | space | {"GRADIO_SERVER_PORT": str(PORT), "HF_HUB_OFFLINE": "1", "DL_CACHE": tempfile.mkdtemp()}


def clean_python() -> str:
    """An interpreter with requirements.txt and nothing else."""
    folder = Path(tempfile.mkdtemp()) / "space"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = str(folder / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", "requirements.txt"], check=True)
    return python


def until_healthy(process: subprocess.Popen[bytes], url: str) -> float:
    began = time.perf_counter()
    while time.perf_counter() - began < 300:
        if process.poll() is not None:
            raise SystemExit(f"the app ended with {process.returncode}")
        try:
            if httpx.get(f"{url}/health", timeout=2).status_code == 200:
                return time.perf_counter() - began
        except httpx.HTTPError:
            time.sleep(0.2)
    raise SystemExit("the app never became healthy")


async def opened(url: str, slug: str) -> tuple[float, int]:
    """(seconds, components) until the tab of a lesson is built, as the page asks for it."""
    async with httpx.AsyncClient(timeout=300) as client:
        config = (await client.get(f"{url}/config")).json()
        tabs = [c for c in config["components"] if c["type"] == "tabitem" and c["props"].get("id") == slug]
        doors = _below(config["layout"], tabs[0]["id"])
        events = [d for d in config["dependencies"] if any(t[0] in doors and t[1] == "select" for t in d["targets"])]
        session, began = f"{random.getrandbits(50):x}", time.perf_counter()
        body = {"fn_index": events[0]["id"], "session_hash": session, "data": [], "event_data": None}
        (await client.post(f"{url}/gradio_api/queue/join", json=body)).raise_for_status()
        async with client.stream("GET", f"{url}/gradio_api/queue/data?session_hash={session}") as stream:
            async for line in stream.aiter_lines():
                if line.startswith("data:") and (message := json.loads(line[5:]))["msg"] == "process_completed":
                    made = message["output"].get("render_config") or {}
                    return time.perf_counter() - began, len(made.get("components", []))
    raise SystemExit(f"{slug} was never built")


def _below(layout: Any, tab: int) -> set[int]:
    """Numbers of all that lies in a tab."""
    if layout["id"] == tab:
        return _numbers(layout)
    return set().union(*(_below(child, tab) for child in layout.get("children") or []))


def _numbers(layout: Any) -> set[int]:
    return {layout["id"]}.union(*(_numbers(child) for child in layout.get("children") or []))


def rehearse(python: str) -> None:
    url = f"http://127.0.0.1:{PORT}"
    process = subprocess.Popen([python, "app.py"], env=environment())
    try:
        print(f"healthy after {until_healthy(process, url):.1f} s")
        for page in ("/", "/en"):
            answer = httpx.get(url + page, timeout=60, headers={"accept-encoding": "gzip"})
            travelled = int(answer.headers.get("content-length", answer.num_bytes_downloaded))
            print(
                f"{page}: {answer.status_code}, {len(answer.content) / 1000:.0f} kB, {travelled / 1000:.0f} on the way"
            )
        for slug in LESSONS:
            seconds, count = asyncio.run(opened(url, slug))
            print(f"{slug}: {count} components after {seconds:.1f} s")
            if not count:
                raise SystemExit(f"{slug} is empty")
    finally:
        began = time.perf_counter()
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        print(f"ended {time.perf_counter() - began:.2f} s after SIGTERM, code {process.returncode}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clean", action="store_true")
    rehearse(clean_python() if parser.parse_args().clean else sys.executable)


if __name__ == "__main__":
    main()
