"""Looking inside an image network: feature maps, Grad-CAM, kernels, confusion matrix, most-wrong pictures.

Works on any ``nn.Module`` that classifies (N, C, H, W) tensors: ours, or torchvision's. Layers are opened by
forward hooks, which are always removed again; the module's mode and gradients are left as they were.
Left out: attention maps of vision transformers.
Source of Grad-CAM: Selvaraju et al. (2017), arXiv 1610.02391, equations 1 and 2.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.errors import InvalidInput, checking, register

register({"no_maps": "This network has no layer with picture-like maps, so Grad-CAM has nothing to weigh."})

_POOLS = ("MaxPool2d", "AvgPool2d", "AdaptiveAvgPool2d", "AdaptiveMaxPool2d")


@dataclass(frozen=True, slots=True)
class Layer:
    """One leaf module in the order of execution."""

    name: str  # as in named_modules(); ":2" when the same module runs a second time
    kind: str  # class name, e.g. "Conv2d"
    shape: tuple[int, ...]  # of its output for one picture: (C, h, w) or (units,)
    parameters: int


@dataclass(frozen=True, slots=True)
class GradCam:
    """Where the evidence for ``target`` lies: heat = ReLU(Σ_k α_k A_k), α_k = mean over places of ∂y_target/∂A_k."""

    heat: np.ndarray  # (H, W) float32 in 0..1, at the size of the network's input
    coarse: np.ndarray  # (h, w) float32, before enlarging and scaling
    weights: np.ndarray  # (C,) float32: α
    target: int  # class index
    score: float  # y_target, the logit
    layer: str


@dataclass(frozen=True, slots=True)
class Opened:
    """One picture through one network, once: what it says, every layer, where the evidence lies."""

    logits: np.ndarray  # (K,) float32
    layers: tuple[Layer, ...]
    maps: dict[str, np.ndarray]  # layer name → (C, h, w) or (units,) float32
    cam: GradCam


@dataclass(frozen=True, slots=True)
class Wrong:
    """A picture the network got wrong."""

    index: int  # row in the arrays given
    truth: int
    said: int
    confidence: float  # probability of what it said
    truth_probability: float


@dataclass(frozen=True, slots=True)
class Report:
    """How well a classifier does on pictures with known answers."""

    accuracy: float
    loss: float  # mean cross-entropy
    confusion: np.ndarray  # (K, K) int64, rows: truth, columns: said
    recall: np.ndarray  # (K,) float64; nan for a class that does not occur
    wrong: tuple[Wrong, ...]  # the most confident mistakes first


@contextlib.contextmanager
def _opened(module: nn.Module, see: Callable[[str, nn.Module, Tensor], Tensor | None]) -> Iterator[None]:
    """While open, ``see(name, layer, output)`` is called for each leaf; a tensor it returns replaces the output.

    Only for this thread's pictures: another visitor may be asking the same network.
    """
    seen: dict[str, int] = {}
    mine = threading.get_ident()

    def hook_for(name: str) -> Callable[..., Tensor | None]:
        def hook(layer: nn.Module, _inputs: object, output: object) -> Tensor | None:
            if threading.get_ident() != mine or not isinstance(output, Tensor):
                return None
            seen[name] = seen.get(name, 0) + 1
            return see(name if seen[name] == 1 else f"{name}:{seen[name]}", layer, output)

        return hook

    leaves = [(name, leaf) for name, leaf in module.named_modules() if not any(leaf.children())]
    hooks = [leaf.register_forward_hook(hook_for(name)) for name, leaf in leaves]
    training = module.training
    module.eval()
    try:
        yield
    finally:
        module.train(training)
        for hook in hooks:
            hook.remove()


def layers(module: nn.Module, x: Tensor) -> list[Layer]:
    """Every leaf that runs on (1, C, H, W), in order."""
    found: list[Layer] = []

    def see(name: str, layer: nn.Module, output: Tensor) -> None:
        found.append(_described(name, layer, output))

    with _opened(module, see), torch.no_grad():
        module(x)
    return found


def feature_maps(module: nn.Module, x: Tensor, names: Sequence[str] | None = None) -> dict[str, np.ndarray]:
    """What each layer (or each of ``names``) gives for a picture (1, C, H, W): name → (C, h, w) or (units,) float32."""
    found: dict[str, np.ndarray] = {}

    def see(name: str, _layer: nn.Module, output: Tensor) -> None:
        if names is None or name in names:
            found[name] = _array(output[0])

    with _opened(module, see), torch.no_grad():
        module(x)
    with checking() as check:
        for name in names or ():
            if name not in found:
                check.one_of("layer", name, [layer.name for layer in layers(module, x)])
    return found


def map_layers(module: nn.Module, x: Tensor) -> list[str]:
    """Layers Grad-CAM can weigh: picture-like outputs larger than one pixel, pooling left out."""
    return [layer.name for layer in layers(module, x) if _weighable(layer)]


def grad_cam(module: nn.Module, x: Tensor, target: int | None = None, layer: str | None = None) -> GradCam:
    """Grad-CAM of one picture (1, C, H, W).

    Args:
        target: class index; ``None``: the class the network finds most likely.
        layer: one of ``map_layers``; ``None``: the last of them.
    """
    return opened(module, x, target, layer).cam


def opened(module: nn.Module, x: Tensor, target: int | None = None, layer: str | None = None) -> Opened:
    """Everything about one picture (1, C, H, W) from a single run; ``target`` and ``layer`` as in ``grad_cam``."""
    found: list[Layer] = []
    maps: dict[str, np.ndarray] = {}
    kept: dict[str, Tensor] = {}

    def see(name: str, leaf: nn.Module, output: Tensor) -> Tensor | None:
        found.append(_described(name, leaf, output))
        if not _weighable(found[-1]):
            maps[name] = _array(output[0])
            return None
        maps[name] = output[0].detach().float().cpu().numpy()  # no copy: what goes on is one
        if layer is None:
            kept.clear()  # the last one stays
        kept[name] = output
        return output.clone()  # later in-place layers must not change what we weigh

    with _opened(module, see), torch.enable_grad():
        logits = module(x.detach().clone().requires_grad_())[0]  # (K,)
        if not kept:
            raise InvalidInput("no_maps")
        weighed = next(reversed(kept)) if layer is None else layer
        chosen = int(logits.argmax()) if target is None else target
        with checking() as check:
            check.one_of("layer", weighed, kept)
            check.whole("target", chosen, 0, len(logits) - 1)
        (slope,) = torch.autograd.grad(logits[chosen], kept[weighed])  # (1, C, h, w)
    weights = slope.mean(dim=(2, 3))  # (1, C)
    coarse = F.relu((weights[..., None, None] * kept[weighed].detach()).sum(dim=1, keepdim=True))  # (1, 1, h, w)
    heat = F.interpolate(coarse, size=x.shape[2:], mode="bilinear", align_corners=False)[0, 0]  # (H, W)
    heat = heat / heat.max().clamp_min(1e-12)
    score = float(logits[chosen].detach())
    cam = GradCam(_array(heat), _array(coarse[0, 0]), _array(weights[0]), chosen, score, weighed)
    return Opened(_array(logits), tuple(found), maps, cam)


def _described(name: str, layer: nn.Module, output: Tensor) -> Layer:
    size = sum(p.numel() for p in layer.parameters())
    return Layer(name, type(layer).__name__, tuple(output.shape[1:]), size)


def _weighable(layer: Layer) -> bool:
    return len(layer.shape) == 3 and min(layer.shape[1:]) > 1 and layer.kind not in _POOLS


def first_kernels(module: nn.Module) -> np.ndarray:
    """The weights of the first convolution, (O, C, kh, kw) float32: what training turns from noise into edges."""
    for leaf in module.modules():
        if isinstance(leaf, nn.Conv2d):
            return _array(leaf.weight)
    raise InvalidInput("no_maps")


def _array(tensor: Tensor) -> np.ndarray:
    """A copy that training can't change."""
    return tensor.detach().float().cpu().numpy().copy()


def confusion(truth: np.ndarray, said: np.ndarray, num_classes: int) -> np.ndarray:
    """(K, K) counts; row: the true class, column: what the network said."""
    return np.bincount(truth * num_classes + said, minlength=num_classes**2).reshape(num_classes, num_classes)


def report(probabilities: np.ndarray, truth: np.ndarray, worst: int = 24) -> Report:
    """Judge (N, K) probabilities against (N,) class indices."""
    count, num_classes = probabilities.shape
    said = probabilities.argmax(axis=1)
    of_truth = probabilities[np.arange(count), truth]
    matrix = confusion(truth, said, num_classes)
    with np.errstate(invalid="ignore"):
        recall = np.diag(matrix) / matrix.sum(axis=1)
    misses = np.flatnonzero(said != truth)
    order = misses[np.argsort(-probabilities[misses, said[misses]], kind="stable")][:worst]
    wrong = tuple(
        Wrong(int(i), int(truth[i]), int(said[i]), float(probabilities[i, said[i]]), float(of_truth[i])) for i in order
    )
    loss = float(-np.log(np.maximum(of_truth, 1e-12)).mean())
    return Report(float((said == truth).mean()), loss, matrix, recall, wrong)
