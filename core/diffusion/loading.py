"""From a name to a Stable Diffusion ready to draw: which folder, is it complete, does memory suffice, which device.

A name is one that ships in ``weights/``, a folder, a name of the catalogue or a Hub id (pretrained.py fetches those).
On a GPU weights run in half precision, offloaded when the card is small; on a CPU in single precision, attention in
slices when memory is short. Only safetensors; never code from a repository.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from core import runtime
from core.errors import InvalidInput, Unavailable, register, shown
from core.pretrained import shipped, whole
from core.pretrained.whole import variant

register(
    {
        "incomplete_model": "The folder {name} is no whole Stable Diffusion: {missing} missing. Choose another.",
        "unknown_pipeline": "{name} is a {received}; only Stable Diffusion 1.x, 2.x, XL and Turbo draw here.",
        "not_enough_memory": "{name} needs about {needed} MB of memory; {available} MB are free. Choose a smaller one.",
        "single_file_model": "{name} is one file; here a folder in diffusers' layout is opened. Convert it once: "
        "StableDiffusionPipeline.from_single_file(…).save_pretrained(folder)",
        "no_such_folder": "There is no folder {received}. Check the path.",
        "no_such_model": "There is no model {received}. Give the folder of a Stable Diffusion, a Hub id, or emoji.",
    }
)

PIPELINES = ("StableDiffusionPipeline", "StableDiffusionXLPipeline")
PARTS = ("unet", "vae", "text_encoder", "tokenizer", "scheduler")
WITHOUT_WEIGHTS = ("tokenizer", "scheduler", "feature_extractor")  # parts of settings only
SINGLE = (".safetensors", ".ckpt", ".bin", ".pt", ".pth", ".gguf")
SPARE = 1.3  # memory beside the weights: activations, buffers


@dataclass(frozen=True, slots=True)
class Cost:
    """What a model will take, known before it is loaded."""

    megabytes: int  # of weights on disk
    needed: int  # MB of memory while it draws on a CPU
    available: int  # MB free now; 0 when the machine does not say


def place(name: str) -> Path:
    """The folder of a model, fetched when it is not on this machine. Raises InvalidInput or Unavailable."""
    if not isinstance(name, str) or not name.strip() or len(name) > 250:
        raise InvalidInput("no_such_model", received=shown(name))
    if (shipped.FOLDER / name / "model_index.json").is_file() and Path(name).name == name:
        return shipped.FOLDER / name
    from core.pretrained import catalog, resolve

    if not catalog.public_host():
        if Path(name).is_dir():
            return Path(name)
        check_path(name)
    return resolve.resolve(name, kind="diffusers").path


def check_path(name: str) -> None:
    """Refuse what can only be meant as a path and is no folder: one file of weights, or a folder that is not there."""
    if Path(name).suffix in SINGLE:
        raise InvalidInput("single_file_model", name=shown(Path(name).name))
    if Path(name).is_absolute() or name.startswith((".", "~")) or "\\" in name or name.count("/") > 1:
        raise InvalidInput("no_such_folder", received=shown(name))


def check_folder(folder: Path) -> str:
    """The class of pipeline in the folder, after looking that every part is there."""
    index = _index(folder)
    kind = index.get("_class_name", "")
    if kind not in PIPELINES:
        raise InvalidInput("unknown_pipeline", name=folder.name, received=shown(kind))
    named = [part for part, value in index.items() if isinstance(value, list) and value[:1] not in ([], [None])]
    parts = dict.fromkeys((*PARTS, *(part for part in named if not part.startswith("_"))))
    missing = [part for part in parts if not any((folder / part).glob("*.json"))]
    weights = [part for part in parts if not part.startswith(WITHOUT_WEIGHTS)]
    missing += [f"{part}/*.safetensors" for part in weights if not any((folder / part).glob("*.safetensors"))]
    if missing:
        raise InvalidInput("incomplete_model", name=folder.name, missing=", ".join(missing))
    return kind


def _index(folder: Path) -> dict[str, Any]:
    try:
        return json.loads((folder / "model_index.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInput("incomplete_model", name=folder.name, missing="model_index.json") from error


def cost(folder: Path) -> Cost:
    """Size and memory of the model in a folder. Half-precision files double when they run on a CPU."""
    parts = [child for child in folder.iterdir() if child.is_dir() and child.name in (*PARTS, "text_encoder_2")]
    files = [file for part in parts for file in part.glob("*.safetensors") if whole.variant_of(file) == variant(part)]
    megabytes = sum(file.stat().st_size for file in files) / 1e6
    grow = 2 if all(_half(file) for file in files[:1]) else 1
    return Cost(round(megabytes), round(megabytes * grow * SPARE), round(available() / 1e6))


def _half(file: Path) -> bool:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, "pt") as tensors:
            first = next(iter(tensors.keys()))
            return tensors.get_slice(first).get_dtype() in ("F16", "BF16")
    except (OSError, SafetensorError) as error:
        part = file.parent
        raise InvalidInput("file_damaged", name=part.parent.name, file=f"{part.name}/{file.name}") from error


def available() -> int:
    """Bytes of memory free on this machine, 0 when unknown."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration, ValueError):
        return 0


def load(folder: Path) -> Any:
    """The pipeline of a checked folder, on the device and in the precision of this machine."""
    import diffusers

    kind = check_folder(folder)
    device, size = runtime.device(), cost(folder)
    if device.type == "cpu" and 0 < size.available < size.needed:
        raise Unavailable("not_enough_memory", name=folder.name, needed=size.needed, available=size.available)
    half = device.type == "cuda"
    dtype = torch.float16 if half else torch.float32
    with runtime.MAKING:
        parts = {
            part: _part(folder / part, made[0], made[1], dtype)
            for part, made in _index(folder).items()
            if _is_model(part, made)
        }
        pipeline = getattr(diffusers, kind).from_pretrained(folder, dtype=dtype, local_files_only=True, **parts)
    pipeline.set_progress_bar_config(disable=True)
    if half and torch.cuda.mem_get_info()[0] / 1e6 < size.needed / 2:  # half precision
        pipeline.enable_model_cpu_offload()
    else:
        pipeline.to(device)
        if device.type == "cpu":  # its convolutions run in this order anyway; a preview takes a quarter less
            pipeline.vae.to(memory_format=torch.channels_last)
        if 0 < size.available < 2 * size.needed:
            pipeline.enable_attention_slicing()
    return pipeline


def _is_model(part: str, made: Any) -> bool:
    return isinstance(made, list) and made[:1] not in ([], [None]) and not part.startswith(("_", *WITHOUT_WEIGHTS))


def _part(folder: Path, library: str, kind: str, dtype: torch.dtype) -> torch.nn.Module:
    """One network of a pipeline, every weight of it read: a library fills what a file lacks with chance, or not at all."""
    made = _class(library, kind)
    if made is None:
        raise InvalidInput("unknown_pipeline", name=folder.parent.name, received=shown(f"{library}.{kind}"))
    return whole.opened(made, folder, folder.parent.name, part=folder.name, dtype=dtype)


def _class(library: str, kind: str) -> Any:
    """A network class of transformers or diffusers; None for anything else an index may name."""
    import diffusers
    import transformers

    homes = {"diffusers": diffusers, "transformers": transformers}
    home = homes.get(library) or getattr(diffusers.pipelines, library, None)
    found = getattr(home, kind, None)
    return found if isinstance(found, type) and issubclass(found, torch.nn.Module) else None
