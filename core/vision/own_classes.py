"""Your own classes from a handful of pictures: the features of a trained network stay frozen, only a new head learns.

A grey network sees a colour picture as three grey ones, so colours count although it never saw any. Its answers after
each block and before its last layer are the features. Moved, turned, brightened copies stand for more pictures.
Left out: fine-tuning the features. Sources: Donahue et al. (2014), arXiv 1310.1531; Teachable Machine.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from core import runtime
from core.errors import InvalidInput, NotReady, checking, register, shown
from core.events import Done, Progress, TrainStep, drain
from core.files import places
from core.files.images import Source
from core.pretrained import whole
from core.training.torch_engine import TorchEngine
from core.training.trainer import History, TrainConfig, Trainer, accuracy, supervised
from core.vision import efficientnet_lite, onnx_file, preparing
from core.vision.classifier import Answer, ImageClassifier
from core.vision.layers import Shape, to_batch

register(
    {
        "class_without_pictures": "The class {name} has no pictures. Add at least one, or remove the class.",
        "class_without_name": "A class has no name. Give each class a name of 1 to {most} letters.",
        "no_head": "No classes have been learnt yet. Call fit() or steps() first.",
    }
)

LONGEST_NAME = 60  # letters of a class


@dataclass(frozen=True, slots=True)
class OwnConfig:
    """How the head learns. ``copies``: varied copies of each picture, as long as there are few pictures."""

    epochs: int = 20
    learning_rate: float = 0.003
    weight_decay: float = 0.1
    copies: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        with checking() as check:
            check.whole("epochs", self.epochs, 1, 1000)
            check.between("learning_rate", self.learning_rate, 1e-6, 1)
            check.between("weight_decay", self.weight_decay, 0, 1)
            check.whole("copies", self.copies, 0, 20)
            check.whole("seed", self.seed, 0, 2**53)


class BlockFeatures(nn.Module):
    """Our own network without its last layer: the mean of each map from the second block on, and the dense layer."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.trunk = nn.Sequential()
        for name, layer in module.named_children():
            if name != "logits":
                self.trunk.add_module(name, copy.deepcopy(layer))
        self.grey = self.trunk.get_submodule("conv1").in_channels == 1

    def forward(self, x: Tensor) -> Tensor:  # (N, 3, H, W) in 0–1 → (N, features)
        count = x.shape[0]
        if self.grey:
            x = x.flatten(0, 1)[:, None]  # (3N, 1, H, W)
        found = []
        for name, layer in self.trunk.named_children():
            x = layer(x)
            if name.startswith("relu") and x.ndim == 4 and name != "relu1":
                found.append(x.mean(dim=(2, 3)))
        return torch.cat([*found, x], dim=1).reshape(count, -1)


def features_of(classifier: ImageClassifier) -> nn.Module:
    """(N, 3, H, W) → (N, features): frozen, a copy. For torchvision's networks: what enters their last linear layer."""
    if classifier.architecture is None:
        made: nn.Module = BlockFeatures(classifier.module)
    else:
        made = copy.deepcopy(classifier.module)
        last = [name for name, layer in made.named_modules() if isinstance(layer, nn.Linear)]
        if last:
            made.set_submodule(last[-1], nn.Identity())
    return made.requires_grad_(False).eval()


class OwnClasses:
    """A classifier for the learner's own classes.

    >>> red, blue = np.zeros((2, 32, 32, 3), np.uint8); red[..., 0] = 200; blue[..., 2] = 200
    >>> own = OwnClasses(); _ = own.fit({"red": [red] * 3, "blue": [blue] * 3})
    >>> own.answer(red).probabilities.argmax().item()
    0

    Args:
        base: whose features to use; None: the shipped "fashion" network.
    """

    def __init__(self, base: ImageClassifier | None = None, config: OwnConfig | None = None) -> None:
        self.base = base or ImageClassifier.pretrained("fashion")
        self.config = config or OwnConfig()
        self.classes: tuple[str, ...] = ()
        self.features = features_of(self.base)
        self.head: nn.Linear | None = None

    def steps(self, pictures: Mapping[str, Sequence[Source]]) -> Iterator[Progress | TrainStep | Done[History]]:
        """Learn these classes anew: name → pictures (files, bytes, PIL images or arrays), in the order given.

        Raises:
            InvalidInput: fewer than two classes, a class without name or pictures, or an unreadable picture.
        """
        with checking() as check:
            if len(pictures) < 2:
                check.add("too_few", name="classes", least=2, received=len(pictures))
            for name, sources in pictures.items():
                if not 1 <= len(name.strip()) <= LONGEST_NAME:
                    check.add("class_without_name", most=LONGEST_NAME)
                elif not len(sources):
                    check.add("class_without_pictures", name=shown(name))
            total = sum(len(sources) for sources in pictures.values())
        return self._learn(pictures, total)

    def _learn(
        self, pictures: Mapping[str, Sequence[Source]], total: int
    ) -> Iterator[Progress | TrainStep | Done[History]]:
        seen, labels = [], []
        for label, sources in enumerate(pictures.values()):
            for source in sources:
                seen.append(self.see(source).final)
                labels.append(label)
                yield Progress("reading", len(seen), total)
        x, y = self._batch(seen), torch.tensor(labels)  # (N, 3, H, W), (N,)
        copies = min(self.config.copies, 400 // total)
        varied = [x, *(_varied(x, self.config.seed + i) for i in range(copies))]
        found = []
        for i, part in enumerate(varied, start=1):
            found.append(self._features(part))
            yield Progress("features", i, len(varied))
        rows, targets = torch.cat(found), y.repeat(len(varied))  # (M, features), (M,)
        mean, std = rows.mean(dim=0), rows.std(dim=0).clamp_min(1e-3)
        head = _head(rows.shape[1], len(pictures))
        optimizer = torch.optim.AdamW(
            head.parameters(), self.config.learning_rate, weight_decay=self.config.weight_decay
        )
        objective = supervised(F.cross_entropy, acc=accuracy)
        engine = TorchEngine(head, objective, optimizer, ((rows - mean) / std, targets), device="cpu")
        trainer = Trainer(engine, TrainConfig(batch_size=32, seed=self.config.seed))
        with closing(trainer.steps(self.config.epochs, every=None)) as events:  # type: ignore[type-var]
            for event in events:
                if isinstance(event, Done):
                    self.classes, self.head = tuple(pictures), _folded(head, mean, std)
                yield event

    def fit(self, pictures: Mapping[str, Sequence[Source]]) -> History:
        """``steps`` to the end."""
        return drain(self.steps(pictures))

    def see(self, source: Source) -> preparing.Sight:
        """The centred square of a picture, at the size the features were learnt on."""
        return preparing.see_photo(source, self._shape()[1], zoom=self.base.zoom)

    def predict_proba(self, sources: Sequence[Source]) -> np.ndarray:
        """(N, K) float32, rows sum to 1."""
        if self.head is None:
            raise NotReady("no_head")
        if not len(sources):
            raise InvalidInput("empty", name="pictures", least=1)
        x = self._batch([self.see(source).final for source in sources])
        with torch.inference_mode():
            return torch.softmax(self.head(self._features(x)), dim=1).numpy()

    def answer(self, source: Source) -> Answer:
        """What it says to one picture, and what it saw."""
        return Answer(self.predict_proba([source])[0], self.see(source))

    @property
    def parameters(self) -> int:
        """Of the head: what is learnt."""
        return 0 if self.head is None else sum(p.numel() for p in self.head.parameters())

    @staticmethod
    def folders(home: str | Path) -> dict[str, list[Source]]:
        """A folder per class, pictures in each → what ``fit`` takes, in the order of the names.

        What systems and tools leave behind (.DS_Store, Thumbs.db, .ipynb_checkpoints) is no picture and no class.
        """
        found: dict[str, list[Source]] = {}
        for folder in sorted(path for path in Path(home).iterdir() if path.is_dir() and not _left_behind(path)):
            found[folder.name] = [
                path for path in sorted(folder.iterdir()) if path.is_file() and not _left_behind(path)
            ]
        return found

    @property
    def module(self) -> nn.Sequential:
        """Features and head as one network: (N, 3, S, S) in 0–1 → logits (N, K)."""
        if self.head is None:
            raise NotReady("no_head")
        return nn.Sequential(self.features, self.head)

    def save(self, folder: str | Path) -> tuple[Path, Path]:
        """``model.safetensors`` and ``labels.json`` in this folder; ``load`` reads them."""
        where = places.place(folder)
        tensors = {name: tensor.cpu().contiguous() for name, tensor in self.module.state_dict().items()}
        base = {
            "architecture": self.base.architecture,
            "config": asdict(self.base.config),
            "shape": self.base.input_shape,
        }
        labels = {"classes": self.classes, "input": ["N", *self._shape()], "range": [0, 1]}
        with places.written(where / "model.safetensors") as weights, places.written(where / "labels.json") as names:
            save_file(tensors, weights, metadata={"own_classes": json.dumps(base)})
            names.write_text(json.dumps(labels, ensure_ascii=False, indent=1), "utf-8")
        return weights, names

    @classmethod
    def load(cls, folder: str | Path) -> OwnClasses:
        """What ``save`` wrote. Needs nothing else: the features are in the file."""
        where = places.place(folder)
        try:
            classes = tuple(str(name) for name in json.loads((where / "labels.json").read_text("utf-8"))["classes"])
            with safe_open(where / "model.safetensors", framework="pt") as file:
                about = json.loads((file.metadata() or {})["own_classes"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}
            own = cls(_empty_base(about))
            own.classes = classes
        except (OSError, SafetensorError, KeyError, ValueError, TypeError, RuntimeError) as error:
            hint = "Give the folder that save() wrote: model.safetensors and labels.json."
            raise InvalidInput("bad_file", kind="own classes", hint=hint) from error
        own.head = _head(whole.needed(tensors, "1.weight", shown(where.name)).shape[-1], len(classes))
        whole.filled(own.module, tensors, shown(where.name))
        return own

    def save_onnx(self, path: str | Path) -> None:
        """One ONNX file: ``pictures`` (N, 3, S, S) in 0–1 → ``probabilities`` (N, K); labels in its metadata."""
        with places.written(path, (".onnx",)) as where:
            onnx_file.write(self.module, self._shape(), self.classes, where)

    def _shape(self) -> Shape:
        if self.base.input_shape is None:
            raise NotReady("not_built")
        return (3, *self.base.input_shape[1:])

    def _batch(self, seen: Sequence[np.ndarray]) -> Tensor:
        x = to_batch(np.stack(seen), self._shape())
        return x / 255 if x.dtype == torch.uint8 else x

    @torch.inference_mode()
    def _features(self, x: Tensor) -> Tensor:
        return torch.cat([self.features(part.to(self.base.device)).float().cpu() for part in x.split(128)])


def _left_behind(path: Path) -> bool:
    return path.name.startswith(".") or path.name.lower() in ("thumbs.db", "desktop.ini", "__macosx", "__pycache__")


def _varied(x: Tensor, seed: int) -> Tensor:
    """Each picture moved, turned, scaled and brightened a little: (N, 3, S, S) → the same."""
    from torchvision.transforms.v2 import InterpolationMode
    from torchvision.transforms.v2 import functional as TF  # slow to import: not before it is needed

    stream, side = runtime.generator(seed), x.shape[-1]
    made = []
    for picture in x:
        a, b, angle, scale, light = (torch.rand(5, generator=stream) * 2 - 1).tolist()
        shift = [round(0.08 * side * a), round(0.08 * side * b)]
        moved = TF.affine(picture, 10 * angle, shift, 1 + 0.1 * scale, [0.0, 0.0], InterpolationMode.BILINEAR)
        made.append((moved * (1 + 0.15 * light)).clamp(0, 1))
    return torch.stack(made)


@runtime.alone
def _head(features: int, classes: int) -> nn.Linear:
    head = nn.Linear(features, classes)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    return head


def _folded(head: nn.Linear, mean: Tensor, std: Tensor) -> nn.Linear:
    """The head for plain features: W (f − mean) / std + b  =  (W / std) f + (b − W mean / std)."""
    with torch.no_grad():
        made = _head(head.in_features, head.out_features)
        made.weight.copy_(head.weight / std)
        made.bias.copy_(head.bias - head.weight @ (mean / std))
    return made.requires_grad_(False)


def _empty_base(about: dict[str, object]) -> ImageClassifier:
    """The network the features came from, without its weights."""
    name = about.get("architecture", about.get("torchvision"))  # the second: in files of earlier versions
    if name == efficientnet_lite.ARCHITECTURE:
        return ImageClassifier.adopted(efficientnet_lite.empty_network())
    if name is not None:
        from core.vision import torchvision_models

        return ImageClassifier.adopted(torchvision_models.empty(str(name)))
    settings = dict(about["config"])  # type: ignore[call-overload]
    base = ImageClassifier(**settings)
    base.build(tuple(about["shape"]))  # type: ignore[arg-type]
    return base
