"""While one program has pictures drawn, does another's light function still answer?

    python -m benchmarks.blocking [--url http://127.0.0.1:7860] [--calls 40] [--rounds 4]

Without --url the app is started here, on a free port, and ended again. Two programs (gradio_client): one asks light
functions, a call after the other; the other is idle, or has words drawn without a pause. Idle and busy take
turns, so that other work on the machine hurts both alike. Printed for each light lesson: median and 95th percentile of the
seconds of an answer, idle and busy, and how many times round the loop went meanwhile. Nothing blocks when the worst answer
of a light lesson stays far below one run of the loop: it never waits for that to end.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gradio_client import Client

LIGHT: dict[str, dict[str, Any]] = {
    "/trace_net": {},
    "/convolve": {},
    "/classify_picture": {"picture": "ankle boot"},
    "/similarity": {"texts": ["cat", "고양이"]},
}
WORDS = ("빨간 사과", "blue heart", "고양이 얼굴", "rocket")


@contextlib.contextmanager
def app() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    env = os.environ | {"GRADIO_SERVER_PORT": port, "GRADIO_SERVER_NAME": "127.0.0.1"}
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen([sys.executable, "app.py"], cwd=Path(__file__).parent.parent, env=env, **quiet)
    try:
        url = f"http://127.0.0.1:{port}"
        while True:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(url, timeout=2)
                break
            if server.poll() is not None:
                raise SystemExit("app.py did not start")
            time.sleep(0.5)
        yield url
    finally:
        server.terminate()
        server.wait(20)


class Runner(threading.Thread):
    """A program that has words drawn until told to stop; ``seconds`` of each round."""

    def __init__(self, client: Client) -> None:
        super().__init__(daemon=True)
        self.client, self.going, self.seconds = client, True, list[float]()

    def run(self) -> None:
        while self.going:
            began = time.perf_counter()
            self.client.predict(WORDS[len(self.seconds) % len(WORDS)], api_name="/draw_picture")
            self.seconds.append(time.perf_counter() - began)


def asked(client: Client, calls: int) -> dict[str, list[float]]:
    """Seconds of each answer: every light lesson in turn."""
    taken: dict[str, list[float]] = {name: [] for name in LIGHT}
    for call in range(calls):
        name = list(LIGHT)[call % len(LIGHT)]
        began = time.perf_counter()
        client.predict(**LIGHT[name], api_name=name)
        taken[name].append(time.perf_counter() - began)
    return taken


def measure(url: str, calls: int, rounds: int) -> None:
    light, heavy = Client(url, verbose=False), Client(url, verbose=False)
    heavy.predict(WORDS[0], api_name="/draw_picture")  # models are opened once, for all visitors
    asked(light, len(LIGHT))
    idle: dict[str, list[float]] = {name: [] for name in LIGHT}
    busy: dict[str, list[float]] = {name: [] for name in LIGHT}
    loops: list[float] = []
    for _ in range(rounds):
        for name, taken in asked(light, calls).items():
            idle[name] += taken
        runner = Runner(heavy)
        runner.start()
        for name, taken in asked(light, calls).items():
            busy[name] += taken
        runner.going = False
        runner.join()
        loops += runner.seconds
    print(f"the loop: {len(loops)} times round, {statistics.median(loops):.1f} s (median) each")
    print("light lesson                 idle: median   95 %      busy: median   95 %     worst    median × idle")
    for name in LIGHT:
        a, b = sorted(idle[name]), sorted(busy[name])
        low, high = statistics.median(a), statistics.median(b)
        print(f"{name:<28}{low:12.3f} {a[int(0.95 * len(a))]:7.3f} s {high:13.3f} {b[int(0.95 * len(b))]:7.3f} s"
              f" {b[-1]:7.3f} s {high / low:10.1f}")  # fmt: skip
    worst = max(max(taken) for taken in busy.values())
    print(f"worst answer while busy {worst:.2f} s = {worst / statistics.median(loops):.2f} of a run of the loop")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="an app that runs already")
    parser.add_argument("--calls", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=4)
    options = parser.parse_args()
    with contextlib.nullcontext(options.url) if options.url else app() as url:
        measure(url, options.calls, options.rounds)


if __name__ == "__main__":
    main()
