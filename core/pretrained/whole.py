"""A model of transformers or diffusers from its folder, every weight of it read from the files.

The libraries fill a weight that a file lacks with chance and only log it; a file cut off, a shard that is not there or a
size that does not fit end in an error of whichever library noticed. Here each is one sentence that names the weight or
the file. What a file holds beyond the model is ignored, as they do. Files in safetensors only, nothing is fetched.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from core.errors import InvalidInput, register, shown

if TYPE_CHECKING:
    from torch import Tensor, nn

register(
    {
        "model_incomplete": "{name} is not whole. Missing: {missing}. Get it again, or choose another model.",
        "file_damaged": "{file} of {name} is cut off, or not what its name says. Get it again, or choose another model.",
        "weights_size": "In {name} the weight {tensor} has the size {received}, but its settings ask for {expected}. "
        "Take both from the same model.",
        "cannot_open": "{name} cannot be opened here: {reason}",
    }
)

T = TypeVar("T")
MOST_NAMED = 3  # weights that are named when some are missing
LONGEST_REASON = 200


def opened(made: Any, folder: Path, name: str, *, part: str = "", unused: Collection[str] = (), **how: Any) -> Any:
    """``made.from_pretrained(folder, **how)`` with nothing left to chance.

    Args:
        name: what the model is called in a sentence. ``part``: which of its networks this is, if it has several.
        unused: beginnings of weights the model has and nothing asks, which published files may lack.

    Raises InvalidInput: ``model_incomplete`` (a weight or a file), ``file_damaged``, ``weights_size``, ``cannot_open``.
    """
    from safetensors import SafetensorError

    which = variant(folder)
    try:
        network, told = made.from_pretrained(
            folder,
            variant=which or None,
            use_safetensors=True,
            local_files_only=True,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # told below, by name
            **how,
        )
    except (OSError, SafetensorError, ImportError, RuntimeError, ValueError) as error:
        raise _trouble(folder, name, part, which) or _refused(folder, name, error) from error
    label = f"{part}: " if part else ""
    _right_sizes(sorted(told["mismatched_keys"]), name, label)
    _all_there((key for key in told["missing_keys"] if not key.startswith(tuple(unused))), name, label)
    return network


def settings(folder: Path, name: str) -> Any:
    """The config of a folder. Raises InvalidInput as ``opened`` does."""
    from transformers import AutoConfig

    if not (folder / "config.json").is_file():
        raise InvalidInput("model_incomplete", name=name, missing="config.json")
    try:
        return AutoConfig.from_pretrained(folder, local_files_only=True)
    except OSError as error:
        raise InvalidInput("file_damaged", name=name, file="config.json") from error
    except (ValueError, KeyError) as error:  # a kind that the library does not know
        raise _refused(folder, name, error) from error


def reader(made: Any, folder: Path, name: str, files: Sequence[str] = ()) -> Any:
    """A tokenizer or processor, ``made.from_pretrained(folder)``. Where ``files`` are named, one of them must be there."""
    if files and not any((folder / file).is_file() for file in files):
        raise InvalidInput("model_incomplete", name=name, missing=files[0])
    try:
        return made.from_pretrained(folder, local_files_only=True)
    except Exception as error:  # tokenizers raises nothing narrower
        raise _refused(folder, name, error) from error


def tensors(file: Path, name: str) -> dict[str, Tensor]:
    """All of one file. Raises InvalidInput ``model_incomplete`` or ``file_damaged``."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if not file.is_file():
        raise InvalidInput("model_incomplete", name=name, missing=file.name)
    try:
        return load_file(file)
    except (OSError, SafetensorError) as error:
        raise InvalidInput("file_damaged", name=name, file=file.name) from error


def needed(state: Mapping[str, T], key: str, name: str) -> T:
    """One weight of a file. Raises InvalidInput ``model_incomplete``."""
    if key not in state:
        raise InvalidInput("model_incomplete", name=name, missing=key)
    return state[key]


def filled(module: nn.Module, state: Mapping[str, Tensor], name: str) -> None:
    """``module.load_state_dict(state)`` that names what is missing or of another size, as ``opened`` does."""
    own = module.state_dict()
    _all_there(own.keys() - state.keys(), name)
    sizes = ((key, state[key].shape, own[key].shape) for key in sorted(own) if state[key].shape != own[key].shape)
    _right_sizes(sizes, name)
    module.load_state_dict({key: state[key] for key in own})


def variant(folder: Path) -> str:
    """Which files of a folder are read: the plain ones (""), else half precision, else whatever it is called there.

    Hub repositories name others "….fp16.safetensors", "….bf16.safetensors", "….non_ema.safetensors".
    """
    found = {variant_of(file) for file in folder.glob("*.safetensors")}
    return next((name for name in ("", "fp16", "bf16", *sorted(found)) if name in found), "")


def variant_of(file: Path) -> str:
    """ "model.fp16-00001-of-00002.safetensors" → "fp16"."""
    middle = file.name.split(".")[1:-1]
    return middle[0].split("-")[0] if middle else ""


def _right_sizes(unequal: Iterable[tuple[str, Sequence[int], Sequence[int]]], name: str, label: str = "") -> None:
    for key, received, expected in unequal:
        found, right = tuple(received), tuple(expected)
        raise InvalidInput("weights_size", name=name, tensor=label + key, received=found, expected=right)


def _all_there(missing: Iterable[str], name: str, label: str = "") -> None:
    if listed := sorted(missing):
        more = f" (+{len(listed) - MOST_NAMED})" if len(listed) > MOST_NAMED else ""
        named = ", ".join(label + key for key in listed[:MOST_NAMED])
        raise InvalidInput("model_incomplete", name=name, missing=named + more)


def _trouble(folder: Path, name: str, part: str, which: str) -> InvalidInput | None:
    """The first file that is missing or cannot be read; None where it is something else."""
    from safetensors import SafetensorError, safe_open

    label = f"{part}/" if part else ""
    ending = f".safetensors.index.{which}.json" if which else ".safetensors.index.json"
    index = next(iter(sorted(folder.glob(f"*{ending}"))), None)
    found = sorted(file for file in folder.glob("*.safetensors") if variant_of(file) == which)
    if index is not None:
        try:
            shards = json.loads(index.read_text("utf-8"))["weight_map"].values()
        except (OSError, ValueError, KeyError, AttributeError):
            return InvalidInput("file_damaged", name=name, file=label + index.name)
        found = sorted({folder / str(shard) for shard in shards})
    elif any("-of-" in file.name for file in found):
        return InvalidInput("model_incomplete", name=name, missing=f"{label}*{ending}")
    for file in found:
        if not file.is_file():
            return InvalidInput("model_incomplete", name=name, missing=label + file.name)
        try:
            with safe_open(file, "pt"):
                pass
        except (OSError, SafetensorError):
            return InvalidInput("file_damaged", name=name, file=label + file.name)
    if not (folder / "config.json").is_file():
        return InvalidInput("model_incomplete", name=name, missing=f"{label}config.json")
    if not any(file.name.startswith(("model", "diffusion_pytorch_model")) for file in found):
        return InvalidInput("model_incomplete", name=name, missing=f"{label}*model.safetensors")
    return None


def _refused(folder: Path, name: str, error: Exception) -> InvalidInput:
    """What the library said, without the place on this disk."""
    said = " ".join(str(error).split()).replace(str(folder), name) or type(error).__name__
    return InvalidInput("cannot_open", name=name, reason=shown(said, LONGEST_REASON))
