"""A convolutional network that names what is in a picture: built, trained, opened, saved.

The network is an ordinary ``nn.Sequential`` of named layers, standardisation included, so a saved or exported file
takes plain 0–1 pictures. It is trained by core.training.trainer on uint8 tensors that stay in memory: no worker processes.
Left out: detection, segmentation; other people's networks (torchvision_models.py); new classes on old features
(own_classes.py). Source of the shape: LeCun et al. (1998), with ReLU, dropout and batch normalisation.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from core import runtime
from core.errors import InvalidInput, NotReady, checking, register, shown
from core.events import Done, Every, TrainStep, drain
from core.files import places
from core.files.images import Source
from core.pretrained import shipped, whole
from core.training.torch_engine import TorchEngine
from core.training.trainer import History, TrainConfig, Trainer, accuracy
from core.vision import efficientnet_lite, inside, preparing
from core.vision.layers import Augment, Augmentation, CnnConfig, Network, Shape, build, cosine, to_batch, to_labels

register({"no_run": "There is no training to continue. Call fit() or steps() first."})

Preparation = Literal["object", "digit", "photo"]  # how a stranger's picture is prepared: preparing.see_<name>


@dataclass(frozen=True, slots=True)
class KernelSnapshot:
    """The first layer's kernels at one moment of the training."""

    step: int
    kernels: np.ndarray  # (O, C, kh, kw) float32


@dataclass(frozen=True, slots=True)
class Answer:
    """What the network says to one picture, and what it was shown."""

    probabilities: np.ndarray  # (K,) float32, sums to 1
    sight: preparing.Sight


class ImageClassifier:
    """Keras-like verbs around a small CNN.

    >>> x = np.zeros((4, 8, 8), np.uint8); x[2:] = 200
    >>> c = ImageClassifier(num_classes=2, seed=0, filters=(4,), dense=8)
    >>> loss = c.fit(x, np.array([0, 0, 1, 1]), epochs=20).history["loss"]; loss[-1] < loss[0] / 2
    True

    Args:
        num_classes: how many, 2 or more; or give their names as ``classes``.
        seed: of the first weights, dropout, order and augmentation: one seed, one run.
        filters, dense, dropout, batch_norm: see CnnConfig.
        preparation: how ``see`` prepares a picture; None: "object" for grey networks, "photo" for colour ones.
        device: of the weights; None: runtime.device().
    """

    def __init__(
        self,
        num_classes: int = 10,
        *,
        seed: int = 0,
        classes: Sequence[str] | None = None,
        filters: Sequence[int] = (32, 64),
        dense: int = 128,
        dropout: float = 0.25,
        batch_norm: bool = False,
        preparation: Preparation | None = None,
        device: str | None = None,
    ) -> None:
        count = len(classes) if classes is not None else num_classes
        self.config = CnnConfig(count, tuple(filters), dense, dropout, batch_norm, seed)
        self.classes = tuple(classes) if classes is not None else tuple(str(i) for i in range(count))
        self.preparation, self.device = preparation, torch.device(device or runtime.device())
        self.input_shape: Shape | None = None
        self.zoom = 1.0  # how far a photo is zoomed in before it is cropped to a square
        self.architecture: str | None = None  # its name, if the network is none of ours
        self.trainer: Trainer | None = None
        self._module: nn.Module | None = None

    @property
    def module(self) -> nn.Module:
        """The torch network: (N, C, H, W) uint8 or 0–1 floats → logits (N, K)."""
        if self._module is None:
            raise NotReady("not_built")
        return self._module

    @property
    def parameters(self) -> int:
        return sum(p.numel() for p in self.module.parameters())

    def build(self, shape: Shape, mean: Tensor | None = None, std: Tensor | None = None) -> None:
        """Make the network for pictures (C, H, W); without ``mean`` and ``std`` it does not standardise."""
        zeros, ones = torch.zeros(shape[0]), torch.ones(shape[0])
        module = build(self.config, shape, zeros if mean is None else mean, ones if std is None else std)
        self.adopt(module, shape)

    def adopt(self, module: nn.Module, shape: Shape) -> None:
        """Use this network, which takes (N, C, H, W) and gives logits, in place of one of our own."""
        self._module, self.input_shape = module.to(self.device).eval(), shape
        self.preparation = self.preparation or ("object" if shape[0] == 1 else "photo")

    @classmethod
    def adopted(cls, network: Network, device: str | None = None) -> ImageClassifier:
        """Other people's network as a classifier."""
        made = cls(classes=network.classes, device=device)
        made.adopt(network.module, network.shape)
        made.architecture, made.zoom = network.name, network.zoom
        return made

    def steps(
        self,
        x: np.ndarray,
        y: np.ndarray,
        epochs: int = 1,
        *,
        batch_size: int = 128,
        learning_rate: float = 1e-3,
        weight_decay: float = 0.0,
        schedule: Literal["constant", "cosine"] = "constant",
        validation_data: tuple[np.ndarray, np.ndarray] | None = None,
        augment: Augment | bool = False,
        bf16: bool | None = None,
        channels_last: bool = True,
        every: Every = None,
        deadline: float | None = None,
        kernels: bool = False,
    ) -> Iterator[TrainStep | KernelSnapshot | Done[History]]:
        """Train, streamed. A network that has weights already goes on from them.

        Args:
            x: (N, H, W) or (N, H, W, 1|3), uint8 or 0–1 floats.  y: (N,) class indices.
            schedule: "cosine" lowers the learning rate over these epochs.
            validation_data: (x, y) to measure after each epoch: logs val_loss, val_acc.
            augment: True (mirror and shift), or any torchvision transform of a batch.
            bf16: autocast; None: where it is known to be faster.
            every: events every so many updates or by a Cadence; None: after each epoch.
            deadline: stop after so many seconds, with the weights as they are.
            kernels: also yield a KernelSnapshot, before the first update and with each event.
        """
        with checking() as check:
            check.between("learning_rate", learning_rate, 1e-8, 10)
            check.between("weight_decay", weight_decay, 0, 1)
            check.one_of("schedule", schedule, ("constant", "cosine"))
        batch = to_batch(x, self.input_shape)
        labels = to_labels(y, len(batch), len(self.classes))
        if labels.min() == labels.max():
            raise InvalidInput("one_class")
        if self._module is None:
            sample = batch[:: max(1, len(batch) // 10_000)].float() / (255 if batch.dtype == torch.uint8 else 1)
            shape = (batch.shape[1], batch.shape[2], batch.shape[3])
            self.build(shape, sample.mean(dim=(0, 2, 3)), sample.std(dim=(0, 2, 3)).clamp_min(1e-3))
        validation = None
        if validation_data is not None:
            held_out = to_batch(validation_data[0], self.input_shape)
            validation = (held_out, to_labels(validation_data[1], len(held_out), len(self.classes)))
        optimizer = torch.optim.AdamW(self.module.parameters(), learning_rate, weight_decay=weight_decay)
        seed = self.config.seed
        changed = Augmentation(seed=seed + 3) if augment is True else augment or None

        def objective(module: nn.Module, x: Tensor, y: Tensor) -> dict[str, Tensor]:
            logits = module(changed(x) if changed and module.training else x)
            return {"loss": F.cross_entropy(logits, y), "acc": accuracy(logits.detach(), y)}

        def lower(update: int) -> None:
            optimizer.param_groups[0]["lr"] = learning_rate * cosine(update, total)

        total = epochs * -(-len(batch) // batch_size)
        engine = TorchEngine(
            self.module,
            objective,
            optimizer,
            (batch, labels),
            validation=validation,
            device=self.device,
            bf16=bf16,
            channels_last=channels_last,
        )
        config = TrainConfig(batch_size=batch_size, seed=seed)
        self.trainer = Trainer(engine, config, hooks=[lower] if schedule == "cosine" else [])
        return self.resume(epochs, every=every, deadline=deadline, kernels=kernels)

    def resume(
        self,
        epochs: int = 1,
        *,
        every: Every = None,
        deadline: float | None = None,
        kernels: bool = False,
    ) -> Iterator[TrainStep | KernelSnapshot | Done[History]]:
        """Go on with the last run, on its data, at the next batch."""
        if self.trainer is None:
            raise NotReady("no_run")
        events = self.trainer.steps(epochs, every=every, deadline=deadline)
        return self._with_kernels(events, self.trainer.updates) if kernels else events

    def _with_kernels(
        self, events: Iterator[TrainStep | Done[History]], step: int
    ) -> Iterator[TrainStep | KernelSnapshot | Done[History]]:
        with closing(events) as events:  # type: ignore[type-var]
            yield KernelSnapshot(step, inside.first_kernels(self.module))
            for event in events:
                yield event
                if isinstance(event, TrainStep):
                    yield KernelSnapshot(event.step, inside.first_kernels(self.module))

    def fit(self, x: np.ndarray, y: np.ndarray, epochs: int = 1, **options: Any) -> History:
        """``steps`` to the end, with the same options."""
        return drain(self.steps(x, y, epochs, **options))

    def logits(self, images: np.ndarray, batch_size: int = 500) -> np.ndarray:
        """(N, K) float32, before the softmax."""
        module = self.module.eval()
        batch = to_batch(images, self.input_shape)
        with torch.inference_mode():
            parts = [module(part.to(self.device)).float().cpu() for part in batch.split(batch_size)]
        return torch.cat(parts).numpy()

    def predict_proba(self, images: np.ndarray) -> np.ndarray:
        """(N, K) float32, rows sum to 1. Images (N, H, W) or (N, H, W, 1|3), uint8 or 0–1 floats, of any size."""
        return torch.softmax(torch.from_numpy(self.logits(images)), dim=1).numpy()

    def predict(self, images: np.ndarray) -> np.ndarray:
        """(N,) int64: the most likely class of each."""
        return self.logits(images).argmax(axis=1)

    def evaluate(self, x: np.ndarray, y: np.ndarray, worst: int = 24) -> inside.Report:
        """Accuracy, loss, confusion matrix and the most confident mistakes."""
        truth = to_labels(y, len(x), len(self.classes)).numpy()
        return inside.report(self.predict_proba(x), truth, worst)

    def see(self, source: Source) -> preparing.Sight:
        """A drawing or photo, prepared as the training pictures were, stage by stage."""
        channels, height, _ = self._shape()
        if self.preparation == "object":
            return preparing.see_object(source, height)
        if self.preparation == "digit":
            return preparing.see_digit(source, height)
        return preparing.see_photo(source, height, grey=channels == 1, zoom=self.zoom)

    def answer(self, source: Source) -> Answer:
        """``see``, then name it."""
        sight = self.see(source)
        return Answer(self.predict_proba(sight.final[None])[0], sight)

    def opened(self, image: np.ndarray, target: int | None = None) -> inside.Opened:
        """Answer, layers, maps and Grad-CAM of one prepared image (``see(…).final``), from a single run."""
        return inside.opened(self.module, self._one(image), target)

    def layers(self) -> list[inside.Layer]:
        """Every layer with its output shape and parameters, in order."""
        return inside.layers(self.module, torch.zeros(1, *self._shape(), device=self.device))

    def feature_maps(self, image: np.ndarray, names: Sequence[str] | None = None) -> dict[str, np.ndarray]:
        """Layer name → (C, h, w) or (units,) float32, for one image (H, W) or (H, W, 1|3); all layers or ``names``."""
        return inside.feature_maps(self.module, self._one(image), names)

    def grad_cam(self, image: np.ndarray, target: int | None = None) -> np.ndarray:
        """(H, W) float32 in 0..1, as large as the image: where the evidence for ``target`` (None: the answer) lies."""
        heat = torch.from_numpy(self.explain(image, target).heat)[None, None]
        size = np.asarray(image).shape[:2]
        return F.interpolate(heat, size=size, mode="bilinear", align_corners=False)[0, 0].numpy()

    def explain(self, image: np.ndarray, target: int | None = None, layer: str | None = None) -> inside.GradCam:
        """Grad-CAM with all it was made of; ``layer``: one of ``inside.map_layers``."""
        return inside.grad_cam(self.module, self._one(image), target, layer)

    def kernels(self) -> np.ndarray:
        """(O, C, kh, kw) float32 of the first convolution."""
        return inside.first_kernels(self.module)

    def save(self, path: str | Path) -> None:
        """Weights and settings in one safetensors file."""
        header = {**asdict(self.config), "classes": self.classes, "shape": self._shape(), "prepare": self.preparation}
        tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in self.module.state_dict().items()}
        with places.written(path, (".safetensors",)) as where:
            save_file(tensors, where, metadata={"image_classifier": json.dumps(header)})

    @classmethod
    def load(cls, path: str | Path, device: str | None = None) -> ImageClassifier:
        """What ``save`` wrote."""
        path = places.existing(path)
        try:
            with safe_open(path, framework="pt") as file:
                header = json.loads((file.metadata() or {})["image_classifier"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}
            shape, prepare, classes = header.pop("shape"), header.pop("prepare"), header.pop("classes")
            header.pop("num_classes")
            made = cls(classes=classes, preparation=prepare, device=device, **header)
            made.build((int(shape[0]), int(shape[1]), int(shape[2])))
        except (OSError, SafetensorError, KeyError, ValueError, TypeError, RuntimeError) as error:
            raise InvalidInput("bad_file", kind="an image classifier", hint="Save one with save() first.") from error
        whole.filled(made.module, tensors, shown(path.name))
        return made

    @classmethod
    def pretrained(
        cls, name: str = "fashion", *, weights: str | Path | None = None, device: str | None = None
    ) -> ImageClassifier:
        """What ships, or a torchvision model by name where its weights can be had (torchvision_models).

        "fashion" knows ten garments, "digits" ten handwritten digits, "photos" (EfficientNet-Lite0) ImageNet's 1,000 things.
        """
        if not isinstance(name, str):
            raise InvalidInput("unknown_model", received=shown(name), hint="")
        if name == efficientnet_lite.NAME:
            return cls.adopted(efficientnet_lite.load(), device)
        file = shipped.FOLDER / name / "model.safetensors"
        if name == Path(name).name and file.is_file():
            return cls.load(file, device)
        from core.vision import torchvision_models  # takes seconds to import

        return cls.adopted(torchvision_models.load(name, weights), device)

    def _shape(self) -> Shape:
        if self.input_shape is None:
            raise NotReady("not_built")
        return self.input_shape

    def _one(self, image: np.ndarray) -> Tensor:
        x = to_batch(np.asarray(image)[None], self._shape())
        return (x / 255 if x.dtype == torch.uint8 else x).to(self.device)
