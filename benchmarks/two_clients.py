"""Two programs at once on one server: each of the twelve functions in every way that it is offered, against core itself.

Two clients call all functions in turn, each with settings of its own; what comes back must be what core gives for those
settings, else it is somebody else's, or empty. The server is a process of its own and notes what each function took inside
it: the overhead of a call is all the rest (HTTP, queue, JSON, files, the client). Beside it stands the median of a call less
that of the same call without a server, made by two threads. What Gradio alone costs is measured in the same run: a bare app
whose one endpoint gives back its text. gradio_client sleeps 50 ms twice a call and reads the system's certificates twice, also
for http://; ``ssl_verify=False`` spares the latter. MCP needs mcp 1.x.
Usage: python -m benchmarks.two_clients [--rounds 10] [--only post]
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import json
import statistics
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

SERVER = """
import json, sys, time
from demos import Chapter
from demos.api import mcp_server, surface
from demos.shell import gallery

def noted(self, given, answers=surface.Function.answers):
    spent, events = 0.0, answers(self, given)
    try:
        while True:
            began = time.perf_counter()
            try:
                answer = next(events)
            except StopIteration:
                return
            finally:
                spent += time.perf_counter() - began
            yield answer
    finally:
        known = {each.name: each.default for each in self.parameters}
        own = {k: v for k, v in given.items() if json.dumps(v) != json.dumps(known[k], default=str)}
        sys.stderr.write(json.dumps([self.name, own, spent * 1000]) + chr(10))  # in one piece, whatever writes beside it
        sys.stderr.flush()

surface.Function.answers = noted
demo = gallery.build((Chapter("basics", ("perceptron",)),))
try:
    mcp_server.checked_package()
    mcp = True
except Exception:
    mcp = False
_, url, _ = gallery.launch(demo, prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", mcp_server=mcp)
print(url, mcp, flush=True)
demo.block_thread()
"""
BARE = """
import gradio as gr

def same(x: str) -> str:
    return x

with gr.Blocks() as demo:
    gr.api(same, api_name="same")
_, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1")
print(url, flush=True)
demo.block_thread()
"""
CALLS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {  # the first client's and the second's
    "train_net": ({"epochs": 3, "seed": 1}, {"epochs": 3, "seed": 2}),
    "run_sequential": ({"epochs": 2, "seed": 1}, {"epochs": 2, "seed": 2}),
    "trace_net": ({"x": [0.1, 0.2]}, {"x": [0.3, 0.4]}),
    "explain_review": ({"review": "good food"}, {"review": "bad service"}),
    "next_tokens": ({"text": "th", "model": "counts"}, {"text": "wh", "model": "counts"}),
    "generate_text": (
        {"prompt": "th", "model": "counts", "max_tokens": 5},
        {"prompt": "wh", "model": "counts", "max_tokens": 5},
    ),
    "similarity": ({"texts": ["cat", "고양이"]}, {"texts": ["dog", "강아지"]}),
    "text_vectors": ({"text": "cat", "vector": False}, {"text": "dog", "vector": False}),
    "classify_picture": ({"picture": "ankle boot"}, {"picture": "t-shirt"}),
    "explain_picture": ({"picture": "ankle boot"}, {"picture": "t-shirt"}),
    "convolve": ({"side": 8}, {"side": 9}),
    "draw_picture": ({"prompt": "red apple", "steps": 2}, {"prompt": "blue heart", "steps": 2}),
}
TIMED = ("seconds", "tokens_per_second")  # differ from call to call
Took = dict[tuple[str, int], list[float]]  # milliseconds of each call of a function by a client
Ask = Callable[[str, dict[str, Any]], Any]


def direct(name: str, given: dict[str, Any]) -> Any:
    from demos.api import FUNCTIONS

    function = next(each for each in FUNCTIONS if each.name == name)
    *_, answer = function.answers(given)
    return answer.values


def untimed(values: Any) -> Any:
    """Without what tells how long it took."""
    kept = {key: value for key, value in values.items() if key not in TIMED} if isinstance(values, dict) else values
    return json.loads(json.dumps(kept))


def compare(values: Any, expected: Any, other: Any) -> str:
    """What is wrong with an answer, in one word; nothing if it is core's own."""
    found = untimed(values)
    if found == expected:
        return ""
    return "empty" if not found else "leak" if found == other else "different"


class Client:
    """One of the two: its rounds over all functions, what they took, and what was wrong."""

    def __init__(self, which: int, expected: list[dict[str, Any]]) -> None:
        self.which, self.expected = which, expected
        self.took: Took = defaultdict(list)
        self.wrong: list[str] = []

    def note(self, name: str, values: Any, began: float, turn: int) -> None:
        """The first round warms up; its answers count, its times do not."""
        spent = (time.perf_counter() - began) * 1000
        if turn:
            self.took[name, self.which].append(spent)
        fault = compare(values, self.expected[self.which][name], self.expected[1 - self.which][name])
        if fault:
            self.wrong.append(f"{fault}: {name} of client {self.which}: {str(values)[:200]}")

    def rounds(self, ask: Ask, rounds: int) -> None:
        for turn in range(rounds + 1):
            for name, pair in CALLS.items():
                began = time.perf_counter()
                self.note(name, ask(name, pair[self.which]), began, turn)


def together(work: Callable[[Client], None], expected: list[dict[str, Any]]) -> tuple[Took, list[str]]:
    clients = [Client(which, expected) for which in (0, 1)]
    threads = [threading.Thread(target=work, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return clients[0].took | clients[1].took, clients[0].wrong + clients[1].wrong


def by_http(program: Any, url: str, name: str, given: dict[str, Any]) -> Any:
    """What curl does: one request that asks, one that listens; the last answer's first value."""
    address = f"{url}gradio_api/call/v2/{name}"
    number = program.post(address, json=given).json()["event_id"]
    *_, last = program.get(f"{address}/{number}").text.strip().split("data: ")
    return json.loads(last)[0]


def plainly(url: str, rounds: int, expected: list[dict[str, Any]]) -> tuple[Took, list[str]]:
    import httpx

    def work(client: Client) -> None:
        with httpx.Client(timeout=100) as program:

            def ask(name: str, given: dict[str, Any]) -> Any:
                values = program.post(f"{url}api/{name}", json=given).json()
                values.pop("picture", None)
                return values

            client.rounds(ask, rounds)

    return together(work, expected)


def over_http(url: str, rounds: int, expected: list[dict[str, Any]]) -> tuple[Took, list[str]]:
    import httpx

    def work(client: Client) -> None:
        with httpx.Client(timeout=100) as program:
            client.rounds(lambda name, given: by_http(program, url, name, given), rounds)

    return together(work, expected)


def over_gradio(
    url: str, rounds: int, expected: list[dict[str, Any]], certificates: bool = True
) -> tuple[Took, list[str]]:
    import gradio_client

    def work(client: Client) -> None:
        program = gradio_client.Client(url, verbose=False, ssl_verify=certificates)

        def ask(name: str, given: dict[str, Any]) -> Any:
            said = program.predict(**given, api_name=f"/{name}")
            return said[0] if isinstance(said, tuple | list) else said

        client.rounds(ask, rounds)

    return together(work, expected)


def bare(calls: int) -> dict[str, list[float]]:
    """Milliseconds of calls of Gradio alone, by two clients at once: by HTTP, by gradio_client without and with certificates."""
    import gradio_client
    import httpx

    process = subprocess.Popen([sys.executable, "-c", BARE], stdout=subprocess.PIPE, text=True)
    took: dict[str, list[float]] = defaultdict(list)

    def work() -> None:
        with httpx.Client(timeout=100) as program:
            quick, usual = (gradio_client.Client(url, verbose=False, ssl_verify=each) for each in (False, True))
            ways: dict[str, Callable[[], Any]] = {
                "HTTP": lambda: by_http(program, url, "same", {"x": "a"}),
                "gradio_client, ssl_verify=False": lambda: quick.predict("a", api_name="/same"),
                "gradio_client": lambda: usual.predict("a", api_name="/same"),
            }
            for turn in range(calls + 3):
                for way, ask in ways.items():
                    began = time.perf_counter()
                    ask()
                    if turn >= 3:
                        took[way].append((time.perf_counter() - began) * 1000)

    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        process.terminate()
        process.wait(20)
    return took


def over_mcp(url: str, rounds: int, expected: list[dict[str, Any]]) -> tuple[Took, list[str]]:
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    async def run(client: Client) -> None:
        async with (
            streamablehttp_client(f"{url}gradio_api/mcp/") as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            for turn in range(rounds + 1):
                for name, pair in CALLS.items():
                    began = time.perf_counter()
                    result = await session.call_tool(name, pair[client.which])
                    words = result.content[-1].text if result.content else ""
                    client.note(name, words if result.isError or not words else json.loads(words), began, turn)

    return together(lambda client: asyncio.run(run(client)), expected)


def report(title: str, found: tuple[Took, list[str]], base: dict[str, float], inside: Took | None = None) -> None:
    took, wrong = found
    kinds = {kind: sum(each.startswith(kind) for each in wrong) for kind in ("leak", "empty", "different")}
    calls = sum(map(len, took.values()))
    print(f"{title}: {calls} timed calls; " + ", ".join(f"{number} {kind}" for kind, number in kinds.items()))
    if inside is not None:
        over = {key: [a - b for a, b in zip(took[key], inside[key], strict=True)] for key in took}
        every = [value for values in over.values() for value in values]
        print(f"  overhead of all: median {statistics.median(every):.1f} ms, p95 {p95(every):.1f} ms")
    for name in CALLS:
        both = took[name, 0] + took[name, 1]
        line = f"  {name:18} call {statistics.median(both):7.1f}"
        if inside is not None:
            rest = over[name, 0] + over[name, 1]
            line += f"   overhead {statistics.median(rest):6.1f}, p95 {p95(rest):6.1f}"
            line += f"   less core itself {statistics.median(both) - base[name]:7.1f}"
        print(line)
    for words in sorted(set(wrong))[:20]:
        print("  wrong:", words)


def p95(values: list[float]) -> float:
    return sorted(values)[round(0.95 * (len(values) - 1))]


def noted(lines: list[str], rounds: int) -> Took:
    """What the functions took inside the server, of the last ``rounds`` calls each."""
    found: Took = defaultdict(list)
    for line in lines:
        if line.startswith('["'):
            name, given, spent = json.loads(line)
            for which, own in enumerate(CALLS[name]):
                if all(given.get(key, value) == value for key, value in own.items()):  # a default is not told
                    found[name, which].append(spent)
                    break
    return {key: values[-rounds:] for key, values in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--only", choices=("post", "http", "gradio_client", "mcp"))
    options = parser.parse_args()
    expected = [{name: untimed(direct(name, pair[which])) for name, pair in CALLS.items()} for which in (0, 1)]
    alone = together(lambda client: client.rounds(direct, options.rounds), expected)
    base = {name: statistics.median(alone[0][name, 0] + alone[0][name, 1]) for name in CALLS}
    report("core itself, two threads", alone, base)
    if options.only != "mcp":
        print("Gradio alone, an endpoint that gives back its text:")
        for way, floor in bare(4 * options.rounds).items():
            print(f"  {way}: median {statistics.median(floor):.1f} ms, p95 {p95(floor):.1f} ms")
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )
    lines: list[str] = []
    assert process.stdout is not None and process.stderr is not None
    threading.Thread(target=lambda errors: lines.extend(errors), args=(process.stderr,), daemon=True).start()
    try:
        url, mcp = process.stdout.readline().split()
        for title, calls in (
            ("POST /api", plainly),
            ("Gradio's endpoints by HTTP", over_http),
            ("gradio_client, ssl_verify=False", functools.partial(over_gradio, certificates=False)),
            ("gradio_client", over_gradio),
            ("MCP tools", over_mcp),
        ):
            if options.only and options.only not in title.lower():
                continue
            if calls is over_mcp and mcp != "True":
                print("MCP tools: mcp 1.x is not installed (requirements-mcp.txt)")
                continue
            lines.clear()
            found = calls(url, options.rounds, expected)
            time.sleep(0.5)
            report(title, found, base, noted(lines, options.rounds))
    finally:
        process.terminate()
        process.wait(20)


if __name__ == "__main__":
    main()
