"""torchvision's classification models by name, with ImageNet's preparation in front (``ImageClassifier`` adopts them).

Weights: a safetensors file the caller names, else torch's own cache, else torchvision's server when it answers within
seconds. The server's files are read as tensors only (``weights_only``) and checked against the hash in their name.
Left out: detection, segmentation, video and quantised models.
"""

from __future__ import annotations

import difflib
import os
import urllib.request
from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torchvision import models

from core import runtime
from core.errors import InvalidInput, Unavailable, register, shown
from core.pretrained import catalog
from core.vision.layers import Network, Standardize

register(
    {
        "weights_unreachable": "The weights of {name} are neither on this machine nor can they be fetched ({reason}). "
        "Connect to the internet once, or put the file {file} into {folder}.",
        "weights_do_not_fit": "The weights in {file} do not fit {name}. Use the file made for this model.",
    }
)

FOR_STRANGERS = ("mobilenet_v3_small", "resnet18", "shufflenet_v2_x1_0", "squeezenet1_1")  # small: up to 45 MB
ANSWERS_WITHIN = 5.0  # seconds: a closed network must not keep the learner waiting


def names() -> list[str]:
    """All that can be asked for: "alexnet", …, "wide_resnet50_2"."""
    return models.list_models(module=models)


def load(name: str, weights: str | Path | None = None) -> Network:
    """A trained torchvision model with ImageNet's 1,000 classes.

    Args:
        name: one of ``names()``.
        weights: a safetensors file of its state dict, for machines without internet.

    Raises:
        InvalidInput: no such model, or a file that is not its weights.
        Unavailable: the weights can't be had; the message says where to put them.
    """
    if name not in names():
        near = difflib.get_close_matches(name, names(), n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise InvalidInput("unknown_model", received=shown(name), hint=hint)
    if catalog.public_host() and name not in FOR_STRANGERS:
        raise InvalidInput("not_allowed", choices=", ".join(FOR_STRANGERS), received=shown(name))
    url = models.get_model_weights(name).DEFAULT.url
    states = _from_file(Path(weights)) if weights is not None else _fetched(name, url)
    network = empty(name)
    try:
        network.module.get_submodule("net").load_state_dict(states)
    except RuntimeError as error:
        raise InvalidInput("weights_do_not_fit", file=Path(weights or url).name, name=name) from error
    return network


@runtime.alone
def empty(name: str) -> Network:
    """The same model with random weights: to be filled."""
    record = models.get_model_weights(name).DEFAULT
    extra = {"init_weights": False, "transform_input": True} if name in ("googlenet", "inception_v3") else {}
    net = models.get_model(name, weights=None, **extra)
    recipe = record.transforms()
    front = Standardize(torch.tensor(recipe.mean), torch.tensor(recipe.std))
    module = nn.Sequential(OrderedDict(standardize=front, net=net))
    side = recipe.crop_size[0]
    return Network(name, module, (3, side, side), tuple(record.meta["categories"]), recipe.resize_size[0] / side)


def _from_file(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        hint = "Give the safetensors file of the model's state dict."
        raise InvalidInput("bad_file", kind="weights", hint=hint) from error


def _fetched(name: str, url: str) -> dict[str, Any]:
    folder, file = Path(torch.hub.get_dir()) / "checkpoints", url.rsplit("/", 1)[-1]
    path = folder / file
    try:
        if not path.is_file():
            urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=ANSWERS_WITHIN).close()
            folder.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(f".{os.getpid()}.part")
            torch.hub.download_url_to_file(url, str(part), hash_prefix=_hash(file), progress=False)
            part.replace(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, ValueError) as error:  # URLError is an OSError
        raise Unavailable("weights_unreachable", name=name, reason=error, file=file, folder=_home(folder)) from error


def _hash(file: str) -> str:
    """resnet18-f37072fd.pth → f37072fd, the start of its SHA-256."""
    return file.rsplit("-", 1)[-1].split(".")[0]


def _home(folder: Path) -> str:
    """The folder without the user's name: an error may be shown to a stranger."""
    return str(folder).replace(str(Path.home()), "~")
