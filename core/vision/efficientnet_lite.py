"""EfficientNet-Lite0: the network that ships as "photos", 1,000 things of ImageNet, as a plain torch module.

Inverted residual blocks (1 × 1 widens, depthwise k × k looks around, 1 × 1 narrows) with ReLU6 and without squeeze and
excitation. Padding is TensorFlow's "same": with stride 2 one side gets more. Inference only: a dropout stands where it
stood in training. Left out: Lite1 to Lite4. Sources: Tan and Le (2019), arXiv 1905.11946; tensorflow/tpu, efficientnet/lite.
"""

from __future__ import annotations

import csv
import functools
from collections import OrderedDict

import torch
from torch import Tensor, nn

from core import runtime
from core.errors import Unavailable, register
from core.pretrained import shipped, whole
from core.vision.layers import Network, Standardize

register(
    {"no_photo_network": "The photo network is not whole in this copy: {missing} is missing. Get the whole repository."}
)

NAME, ARCHITECTURE, SIDE = "photos", "EfficientNet-Lite0", 224
MEAN, STD = (127 / 255,) * 3, (128 / 255,) * 3  # as the network was trained, for colours 0–1
ZOOM = 1.0
# kernel, stride, widening, channels, repeats (Lite0 = B0 with the first and last stage left at their width)
STAGES = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
STEM, HEAD, CLASSES = 32, 1280, 1000


def convolved(
    inside: int, out: int, kernel: int, stride: int = 1, groups: int = 1, active: bool = True
) -> nn.Sequential:
    """Convolution, batch normalisation and, where ``active``, ReLU6: (N, inside, H, W) → (N, out, ⌈H/stride⌉, ⌈W/stride⌉)."""
    parts: OrderedDict[str, nn.Module] = OrderedDict()
    around = kernel - stride if stride > 1 else 0  # even sides: "same" needs so many more rows in all
    if around:
        parts["pad"] = nn.ZeroPad2d((around // 2, around - around // 2) * 2)
    padding = 0 if around else kernel // 2
    parts["conv"] = nn.Conv2d(inside, out, kernel, stride, padding, groups=groups, bias=False)
    parts["norm"] = nn.BatchNorm2d(out, eps=1e-3)
    if active:
        parts["relu"] = nn.ReLU6()
    return nn.Sequential(parts)


class Block(nn.Module):
    """Widen, look around, narrow; the input is added where nothing changed its shape."""

    def __init__(self, kernel: int, stride: int, widening: int, inside: int, out: int) -> None:
        super().__init__()
        wide = inside * widening
        if widening > 1:
            self.expand = convolved(inside, wide, 1)
        self.depthwise = convolved(wide, wide, kernel, stride, groups=wide)
        self.project = convolved(wide, out, 1, active=False)
        self.widens, self.adds = widening > 1, stride == 1 and inside == out

    def forward(self, x: Tensor) -> Tensor:  # (N, inside, H, W) → (N, out, H/stride, W/stride)
        y = self.project(self.depthwise(self.expand(x) if self.widens else x))
        return x + y if self.adds else y


@runtime.alone
def empty() -> nn.Sequential:
    """The network with random weights: (N, 3, 224, 224) uint8 or 0–1 floats → logits (N, 1000)."""
    blocks: OrderedDict[str, nn.Module] = OrderedDict()
    inside = STEM
    for kernel, stride, widening, out, repeats in STAGES:
        for again in range(repeats):
            block = Block(kernel, 1 if again else stride, widening, inside, out)
            blocks[f"block{len(blocks) + 1}"], inside = block, out
    return nn.Sequential(
        OrderedDict(
            standardize=Standardize(torch.tensor(MEAN), torch.tensor(STD)),
            stem=convolved(3, STEM, 3, 2),
            **blocks,
            head=convolved(inside, HEAD, 1),
            pool=nn.AdaptiveAvgPool2d(1),
            flatten=nn.Flatten(),
            dropout=nn.Dropout(0.2),
            logits=nn.Linear(HEAD, CLASSES),
        )
    ).eval()


def load() -> Network:
    """The weights that ship, widened from half precision to float32.

    Raises Unavailable when the copy is not whole.
    """
    folder = shipped.FOLDER / NAME
    state: dict[str, Tensor] = {}
    for file in shipped.card(NAME).get("files", ["model-1.safetensors", "model-2.safetensors"]):
        if not (folder / file).is_file():
            raise Unavailable("no_photo_network", missing=file)
        state |= whole.tensors(folder / file, NAME)
    module = empty()
    wide = {name: value.float() if value.is_floating_point() else value for name, value in state.items()}
    whole.filled(module, wide, NAME)
    return _as_network(module)


def empty_network() -> Network:
    """The same with random weights: to be filled."""
    return _as_network(empty())


def _as_network(module: nn.Module) -> Network:
    return Network(ARCHITECTURE, module.requires_grad_(False), (3, SIDE, SIDE), names("en"), ZOOM)


def names(lang: str) -> tuple[str, ...]:
    """What the 1,000 classes are called, in Korean ("ko") or English, each name once.

    >>> names("en")[281], names("ko")[281]
    ('tabby cat', '얼룩무늬 고양이')
    """
    return _column("ko" if lang == "ko" else "en")


def kinds(lang: str) -> tuple[str, ...]:
    """What kind of thing each class is; "" where that would say no more than its name.

    >>> kinds("en")[235], kinds("ko")[235]
    ('dog', '개')
    """
    return _column("kind_ko" if lang == "ko" else "kind_en")


@functools.cache
def _column(name: str) -> tuple[str, ...]:
    path = shipped.FOLDER / NAME / "names.tsv"
    if not path.is_file():
        raise Unavailable("no_photo_network", missing=path.name)
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(row[name] for row in csv.DictReader(file, delimiter="\t"))
