"""A class at work on one server: thirty learners press Draw at once, eight chat, or all do something different.

    python -m benchmarks.load draw --learners 30 --code ../before --code .     # two builds, one after the other
    python -m benchmarks.load chat --learners 8
    python -m benchmarks.load mixed --learners 30 --seconds 120
    python -m benchmarks.load hostile --calls 5000 --seed 3                    # 20,000 are four of these
    python -m benchmarks.load bombs                                            # eight pictures that unpack to 390 MB each
    python -m benchmarks.load cycles --calls 100                               # open, train, close: does memory come back?
    python -m benchmarks.load sessions --calls 100                             # what a visitor costs before doing anything
    python -m benchmarks.load faults                                           # learners who vanish, signals in mid-run

Every build is served by a process of its own, lessons built as in the gallery, and called as a browser calls it: join the
queue, listen to the stream. Printed: seconds until the first answer and the last, in all; memory; calls refused and why.
``--code`` is a checkout (this one by default), so that two builds meet in one run. Left out: the browser itself.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

MIXED = "perceptron,epochs,hidden_layers,sequential"
MORE = "activations,gradient_descent,backpropagation,ml_vs_dl,pixels,convolution,bag_of_words,word_vectors"
LESSONS = {
    "draw": "stable_diffusion",
    "chat": "language_model",
    "mixed": MIXED,
    "hostile": f"{MIXED},{MORE}",
    "bombs": "pixels",
}
LIGHT = ("perceptron_predict", "on_numbers", "on_data")  # answered at once, in no line
WARM = 20  # cycles before memory is looked at: libraries load, pools fill
LOOK = 1.0  # seconds that a page stays open in a cycle
SERVER = """
import json, os, sys
import gradio as gr
from demos import kit
from demos.shell import building, guard
try:
    from demos.shell.gallery import Gallery as Blocks
except ImportError:
    Blocks = gr.Blocks
with Blocks(delete_cache=(600, 3600)) as demo:
    for slug in sys.argv[1].split(","):
        try:
            page = kit.Page(kit.new_shelf(), public=True)
        except TypeError:
            page = kit.Page(kit.new_shelf())
        with kit.building(page):
            building.safe_build(slug, "en" if slug == "language_model" else "ko")  # SmolLM2, as what is asked
guard.protect(demo)
now = hasattr(kit, "DRAW")
demo.queue(max_size=None if now else 40, default_concurrency_limit=4, api_open=False)
_, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", ssr_mode=False, run_history=False,
                        max_threads=96 if now else 16, max_file_size="10mb", state_session_capacity=300)
try:
    from demos.shell import running
    running.forget_sessions(demo.app)
    running.CLOSED = float(sys.argv[2])
    running.spare_libraries()
except (ImportError, AttributeError):
    pass
def plain(block):
    value = None if isinstance(block, gr.State) else block.value
    if isinstance(block, gr.Dataframe):
        value = {"headers": list(block.headers), "data": block.value["data"], "metadata": None}
    return value if not callable(value) else None
events = {}
for number, event in demo.fns.items():
    if event.fn is not None and event.api_name and event.api_name not in events:
        names = [getattr(block, "label", None) or type(block).__name__ for block in event.inputs]
        events[event.api_name] = [number, [plain(block) for block in event.inputs], names]
print(json.dumps({"url": url, "pid": os.getpid(), "events": events}, default=str), flush=True)
try:
    running.until_told(demo)
except NameError:
    demo.block_thread()
"""


@dataclass
class Served:
    """A build that is running."""

    process: subprocess.Popen[str]
    url: str
    events: dict[str, list[Any]]  # api name → number, default values, labels
    log: Path

    def memory(self) -> int:
        """MB."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * 4096 // 10**6

    def stop(self) -> str:
        """The log."""
        self.process.terminate()
        self.process.wait(20)
        return self.log.read_text("utf-8")


def serve(code: Path, lessons: str, closed: float = 120.0) -> Served:
    """``closed``: seconds that the server remembers a visitor who left."""
    log = Path(tempfile.mkdtemp()) / "log.txt"
    program = [sys.executable, "-c", SERVER, lessons, str(closed)]
    with log.open("w") as errors:
        process = subprocess.Popen(program, cwd=code, stdout=subprocess.PIPE, stderr=errors, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise SystemExit(log.read_text("utf-8")[-2000:])
    told = json.loads(line)
    return Served(process, told["url"].rstrip("/"), told["events"], log)


@dataclass
class Call:
    """What one press of a button met with, in seconds after the press."""

    name: str
    first: float = float("nan")  # the first thing shown
    last: float = float("nan")
    told: int = 0  # sentences about the place in the line
    error: str = ""
    messages: int = field(default=0, repr=False)
    final: Any = field(default=None, repr=False)


async def press(
    client: httpx.AsyncClient,
    served: Served,
    name: str,
    data: list[Any],
    event_data: Any = None,
    session: str = "",
    leave: bool = False,
) -> Call:
    """Join the queue as a browser does, and listen to the end; as a new visitor where no session is named.

    ``leave``: as soon as something is shown, or the place in a line told.
    """
    number = served.events[name][0]
    session, call, began = session or new_session(), Call(name), time.perf_counter()
    body = {"fn_index": number, "session_hash": session, "data": data, "event_data": event_data, "trigger_id": None}
    packed, kind = json.dumps(body), {"content-type": "application/json"}  # ASCII: halves of letters travel, too
    joined = await client.post(f"{served.url}/gradio_api/queue/join", content=packed, headers=kind)
    if joined.status_code != 200:
        call.error, call.last = f"{joined.status_code} {joined.text[:200]}", time.perf_counter() - began
        return call
    listening = f"{served.url}/gradio_api/queue/data?session_hash={session}"
    async with client.stream("GET", listening) as stream:
        async for line in stream.aiter_lines():
            if not line.startswith("data:"):
                continue
            message = json.loads(line[5:])
            kind, now = message.get("msg"), time.perf_counter() - began
            if kind == "log":
                call.told += 1
            if kind == "process_generating" and something(message["output"]) and call.first != call.first:
                call.first = now
            if leave and (call.told or call.first == call.first):
                call.last = now
                return call
            if kind == "process_completed":
                call.last, output = now, message.get("output") or {}
                call.first = call.first if call.first == call.first else now
                call.error = "" if message.get("success", True) else str(output.get("error"))[:200]
                call.final = output.get("data")
                return call
    call.error, call.last = "the stream ended", time.perf_counter() - began
    return call


def new_session() -> str:
    return f"{random.getrandbits(50):x}"


@contextlib.asynccontextmanager
async def visit(client: httpx.AsyncClient, served: Served) -> AsyncIterator[str]:
    """A session as a browser holds it: its heartbeat is open as long as the page is."""
    session = new_session()
    async with client.stream("GET", f"{served.url}/gradio_api/heartbeat/{session}"):
        yield session


def something(output: Any) -> bool:
    """Whether a message shows anything: not only that nothing changed yet."""
    data = (output or {}).get("data") or []
    return any(value not in ([], None) and value != {"__type__": "update"} for value in data)


def line_of(calls: list[Call]) -> str:
    good = [call for call in calls if not call.error]
    refused = sorted({call.error for call in calls if call.error})
    if not good:
        return f"none of {len(calls)} answered: {refused[:3]}"
    firsts, lasts = sorted(c.first for c in good), sorted(c.last for c in good)
    p95 = firsts[min(len(firsts) - 1, int(0.95 * len(firsts)))]
    words = [
        f"{len(good)}/{len(calls)} done: all in {lasts[-1]:.1f} s, the first in {lasts[0]:.1f} s",
        f"median {statistics.median(lasts):.1f} s; first answer p50 {statistics.median(firsts):.2f} s, p95 {p95:.2f} s",
        f"{sum(bool(c.told) for c in calls)} were told their place",
        *([f"refused: {refused[:3]}"] if refused else []),
    ]
    return "; ".join(words)


async def at_once(served: Served, name: str, values: list[list[Any]]) -> list[Call]:
    limits = httpx.Limits(max_connections=400)
    async with httpx.AsyncClient(timeout=600, limits=limits) as client:
        return list(await asyncio.gather(*(press(client, served, name, value) for value in values)))


def with_seed(served: Served, name: str, seed: int) -> list[Any]:
    _, values, labels = served.events[name]
    return [
        seed if "시드" in label or "seed" in label.lower() else value
        for value, label in zip(values, labels, strict=True)
    ]


def draw(served: Served, learners: int) -> None:
    name, words = (
        "stable_diffusion_draw",
        ["빨간 사과", "고양이 얼굴", "파란 하트", "red car", "초록 나무", "smiling face"],
    )
    at = next(i for i, value in enumerate(served.events[name][1]) if isinstance(value, str) and value)

    def wish(number: int) -> list[Any]:
        values = with_seed(served, name, number)
        values[at] = words[number % len(words)]
        return values

    for _ in range(2):  # opened and warm
        alone = asyncio.run(at_once(served, name, [wish(0)]))
    print("  alone:", line_of(alone))
    calls = asyncio.run(at_once(served, name, [wish(number) for number in range(learners)]))
    print(f"  {learners} at once:", line_of(calls), f"· first/alone {min(c.last for c in calls) / alone[0].last:.1f}")


def chat(served: Served, learners: int) -> None:
    name = "language_model_chat"
    _, values, _ = served.events[name]
    texts = [i for i, value in enumerate(values) if isinstance(value, str) and value]

    def ask(number: int) -> list[Any]:
        mine = list(values)
        mine[texts[0]] = f"Tell me {number + 3} facts about the sea."
        return mine

    for _ in range(2):
        alone = asyncio.run(at_once(served, name, [ask(0)]))
    print("  alone:", line_of(alone))
    calls = asyncio.run(at_once(served, name, [ask(number) for number in range(learners)]))
    gain = learners * alone[0].last / max(c.last for c in calls)
    print(f"  {learners} at once:", line_of(calls), f"· {gain:.2f} × one after another")


async def _mixed(served: Served, learners: int, seconds: float) -> tuple[dict[str, list[Call]], list[Call], list[Call]]:
    """What every run met with, and light calls: before the learners came, and while they were there."""
    runs = [name for name in served.events if name.endswith(("_train", "_steps", "_fit", "_gate", "_race"))]
    calls: dict[str, list[Call]] = {}
    light: list[Call] = []

    async def learn(client: httpx.AsyncClient, number: int, end: float) -> None:
        dice = random.Random(number)
        while time.perf_counter() < end:
            name = dice.choice(runs)
            calls.setdefault(name, []).append(await press(client, served, name, served.events[name][1]))
            await asyncio.sleep(dice.uniform(0.5, 3))

    async def touch(client: httpx.AsyncClient, count: float, end: float = float("inf")) -> list[Call]:
        made: list[Call] = []
        while len(made) < count and time.perf_counter() < end:
            name = LIGHT[len(made) % len(LIGHT)]
            made.append(await press(client, served, name, served.events[name][1]))
            await asyncio.sleep(0.25)
        return made

    async with httpx.AsyncClient(timeout=300, limits=httpx.Limits(max_connections=400)) as client:
        for name in runs:  # what a first run loads stays loaded
            await press(client, served, name, served.events[name][1])
        idle, before = await touch(client, 40), served.memory()
        end = time.perf_counter() + seconds
        learning = asyncio.gather(*(learn(client, number, end) for number in range(learners)))
        light = await touch(client, float("inf"), end)
        await learning
    await asyncio.sleep(30)
    print(f"  memory {before} MB, 30 s after all left {served.memory()} MB")
    return calls, idle, light


def p95(calls: list[Call]) -> float:
    """Seconds in which 95 of 100 were answered."""
    return sorted(call.last for call in calls)[int(0.95 * (len(calls) - 1))]


def mixed(served: Served, learners: int, seconds: float) -> None:
    runs, idle, light = asyncio.run(_mixed(served, learners, seconds))
    for name, calls in sorted(runs.items()):
        print(f"  {name:<26}", line_of(calls))
    print(f"  all runs{'':<18}", line_of([call for calls in runs.values() for call in calls]))
    waited = [call for calls in runs.values() for call in calls if call.first > 2]
    print(
        f"  of {len(waited)} whose first answer took over 2 s, {sum(bool(call.told) for call in waited)} were told their place"
    )
    print(f"  {len(light)} light calls: p95 {p95(light):.2f} s, {p95(idle):.2f} s when nobody else is there, "
          f"{sum(bool(call.error) for call in light)} refused")  # fmt: skip


GARBAGE: tuple[Any, ...] = (
    None, True, -1, 1e308, 10**30, "", "x" * 20_000, "\ud800", "<img src=x onerror=alert(1)>", [], [[]], {},
    {"path": "/etc/passwd"}, {"a": {"b": []}}, [None] * 500, "../../etc/passwd", "가" * 5000, [[1, "x", None]] * 100,
    {"data": [[1]], "headers": None},
)  # fmt: skip


async def _hostile(served: Served, calls: int, seed: int) -> list[Call]:
    dice, names, limit = random.Random(seed), sorted(served.events), asyncio.Semaphore(24)
    async with httpx.AsyncClient(timeout=300) as client:

        async def attack() -> Call:
            name = dice.choice(names)
            values = [dice.choice(GARBAGE) if dice.random() < 0.5 else value for value in served.events[name][1]]
            values = values[: dice.randint(0, len(values))] if dice.random() < 0.1 else values
            async with limit:
                event_data = dice.choice((None, {}, {"index": 10**9}, [1]))
                return await press(client, served, name, values, event_data, leave=True)

        return list(await asyncio.gather(*(attack() for _ in range(calls))))


def hostile(served: Served, calls: int, seed: int = 0) -> list[str]:
    """Attack every endpoint; returns what was wrong: answers that are no sentence, and tracebacks of our own code."""
    made = asyncio.run(_hostile(served, calls, seed))
    wrong = [f"{c.name}: {c.error}" for c in made if c.error == "None" or c.error == "the stream ended"]
    print(f"  {len(made)} hostile calls: {sum(bool(c.error) for c in made)} refused, {len(wrong)} without a sentence; "
          f"memory {served.memory()} MB")  # fmt: skip
    return wrong


def bomb(side: int = 7000) -> bytes:
    """A whole PNG of zeros, 16 bits, RGBA: some hundred kB that unpack to eight bytes a pixel."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    pack, line = zlib.compressobj(9), bytes(8 * side + 1)
    data = b"".join(pack.compress(line) for _ in range(side)) + pack.flush()
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 16, 6, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", data) + chunk(b"IEND", b"")


async def _bombs(served: Served, count: int) -> tuple[list[Call], list[Call], list[int]]:
    """What the pictures' visitors met with, light calls beside them, and MB of memory all the while."""
    light, data = "pixels_bits", bomb()
    async with httpx.AsyncClient(timeout=300, limits=httpx.Limits(max_connections=100)) as client:
        for name in ("pixels_photo", light):  # warm
            await press(client, served, name, served.events[name][1])
        values, paths = served.events["pixels_bring"][1], []
        for number in range(count):
            files = {"files": (f"{number}.png", data + bytes(number), "image/png")}  # no two alike
            paths += (await client.post(f"{served.url}/gradio_api/upload", files=files)).json()
        seen = [served.memory()]

        async def touch() -> list[Call]:
            made = []
            while not opened.done():
                made.append(await press(client, served, light, served.events[light][1]))
                await asyncio.sleep(0.1)
            return made

        async def look() -> None:
            while not opened.done():
                seen.append(served.memory())
                await asyncio.sleep(0.01)

        given = [[{"path": path, "meta": {"_type": "gradio.FileData"}} if n == 1 else value
                  for n, value in enumerate(values)] for path in paths]  # fmt: skip
        opened = asyncio.gather(*(press(client, served, "pixels_bring", each) for each in given))
        beside, _ = await asyncio.gather(touch(), look())
        return await opened, beside, seen


def bombs(served: Served, count: int = 8) -> None:
    """Pictures that are small on the way and huge in memory, all at once."""
    opened, beside, seen = asyncio.run(_bombs(served, count))
    print(f"  {count} pictures of 7000 × 7000, 16 bits, RGBA:", line_of(opened))
    print(f"  memory {seen[0]} MB, at most {max(seen)} (+{max(seen) - seen[0]}); {len(beside)} light calls beside them: "
          f"{sum(bool(call.error) for call in beside)} refused, p95 {p95(beside):.2f} s")  # fmt: skip


def cycles(served: Served, count: int) -> float:
    """Open, train, close, again and again; MB of memory that each cycle leaves behind, as a line through all after WARM."""
    runs = [name for name in served.events if name.endswith(("_train", "_steps"))]

    async def turn() -> list[int]:
        seen = []
        async with httpx.AsyncClient(timeout=300) as client:
            for number in range(count + WARM):
                async with visit(client, served) as session:
                    name = runs[number % len(runs)]
                    pressed = press(client, served, name, served.events[name][1], session=session)
                    with contextlib.suppress(
                        TimeoutError
                    ):  # a page that is closed in mid-run: the playground never ends
                        call = await asyncio.wait_for(pressed, LOOK)
                        assert not call.error, (name, call.error)
                await asyncio.sleep(0.3)  # the page is closed, its state let go
                seen.append(served.memory())
        return seen[WARM:]

    seen = asyncio.run(turn())
    slope = statistics.linear_regression(range(len(seen)), seen).slope
    print(f"  {count} cycles of {len(runs)} lessons: {seen[0]} → {seen[-1]} MB, {slope:.3f} MB a cycle")
    return slope


def sessions(served: Served, count: int) -> None:
    """Memory and time of a visitor's first event, and the memory when all have left."""
    name = next(name for name in served.events if name.endswith("_steps"))

    async def come() -> None:
        limits = httpx.Limits(max_connections=count + 20)
        async with httpx.AsyncClient(timeout=300, limits=limits) as client, contextlib.AsyncExitStack() as pages:
            for _ in range(10):  # warm
                await press(client, served, name, served.events[name][1])
            before, extra = served.memory(), []
            for _ in range(count):
                session = await pages.enter_async_context(visit(client, served))
                first = await press(client, served, name, served.events[name][1], session=session)
                second = await press(client, served, name, served.events[name][1], session=session)
                extra.append(first.last - second.last)
            cost = (served.memory() - before) / count
            print(
                f"  {count} sessions: {cost:.2f} MB each, first event {statistics.median(extra):.3f} s over the second"
            )
        await asyncio.sleep(30)
        print(f"  30 s after all left: {before} → {served.memory()} MB")

    asyncio.run(come())


async def vanished(served: Served, name: str, learners: int = 8, after: float = 2.0) -> Call:
    """What the next visitor meets with, after learners have left in the middle of their runs."""
    values = served.events[name][1]
    async with httpx.AsyncClient(timeout=300) as client:
        runs = [asyncio.create_task(press(client, served, name, values)) for _ in range(learners)]
        await asyncio.sleep(after)
        for run in runs:
            run.cancel()
        await asyncio.gather(*runs, return_exceptions=True)
        return await press(client, served, name, values)


async def interrupted(served: Served, name: str, kind: signal.Signals, after: float = 2.0) -> float:
    """Seconds from the signal to the end of the server, with four runs going on."""
    async with httpx.AsyncClient(timeout=300) as client:
        runs = [asyncio.create_task(press(client, served, name, served.events[name][1])) for _ in range(4)]
        await asyncio.sleep(after)
        began = time.perf_counter()
        served.process.send_signal(kind)
        await asyncio.to_thread(served.process.wait, 60)
        taken = time.perf_counter() - began
        await asyncio.gather(*runs, return_exceptions=True)
        return taken


def faults(code: Path, lessons: str) -> None:
    """Learners who vanish in mid-run hold nobody up; a signal in mid-run ends the server, each in so many seconds."""
    served = serve(code, lessons)
    name = next(name for name in served.events if name.endswith("_train"))
    call = asyncio.run(vanished(served, name))
    print(f"  8 learners vanished in mid-run: the next is answered after {call.first:.2f} s {call.error}")
    log = served.stop()
    for kind in (signal.SIGTERM, signal.SIGINT):
        served = serve(code, lessons)
        print(f"  {kind.name} with 4 runs: ended after {asyncio.run(interrupted(served, name, kind)):.2f} s")
        log += served.log.read_text("utf-8")
    print(f"  {log.count('Traceback')} tracebacks in the logs")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("draw", "chat", "mixed", "hostile", "bombs", "cycles", "sessions", "faults"))
    parser.add_argument("--code", action="append", type=Path)
    parser.add_argument("--learners", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    for code in given.code or [Path()]:
        lessons = LESSONS.get(given.what, LESSONS["mixed"])
        if given.what == "faults":
            print(f"{code}:")
            faults(code.resolve(), lessons)
            continue
        served = serve(
            code.resolve(), lessons, 5.0 if given.what == "cycles" else 120.0
        )  # else every cycle is remembered
        print(f"{code}: {served.memory()} MB at the start")
        try:
            match given.what:
                case "draw":
                    draw(served, given.learners)
                case "chat":
                    chat(served, given.learners)
                case "mixed":
                    mixed(served, given.learners, given.seconds)
                case "bombs":
                    bombs(served)
                case "cycles":
                    cycles(served, given.calls)
                case "sessions":
                    sessions(served, given.calls)
                case _:
                    print("\n".join(f"  {wrong}" for wrong in hostile(served, given.calls, given.seed)[:20]))
        finally:
            log = served.stop()
            print(f"  {log.count('Traceback')} tracebacks in the log {log[-2000:] if 'Traceback' in log else ''}")


if __name__ == "__main__":
    main()
