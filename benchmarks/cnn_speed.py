"""How fast is the image lesson beside Keras and a plain DataLoader loop? Same net, same batches, epochs taken in turn.

10,000 pictures of 28 × 28, batch 128, convolutions of 32 and 64, dense 128, Adam 0.001. Prints seconds per epoch
(median), CPU seconds, and accuracy on the 2,000 held-out pictures after the last epoch; then what the page promises:
seconds to 85 % from scratch, to answer a drawing, and to learn three own classes.
Usage: python -m benchmarks.cnn_speed [--epochs 6] [--threads 2]
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("KERAS_BACKEND", "torch")

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from core import ImageClassifier, runtime
from core.data import fashion
from core.vision.own_classes import OwnClasses

DATA = fashion.load()
BATCH, RATE = 128, 1e-3
Epoch = Callable[[], object]
Predict = Callable[[], np.ndarray]  # labels of DATA.x_test


def ours(**options: object) -> tuple[Epoch, Predict]:
    classifier = ImageClassifier(10, seed=0, dropout=0.0, device="cpu")
    classifier.steps(DATA.x_train, DATA.y_train, 1, batch_size=BATCH, learning_rate=RATE, **options)
    return lambda: list(classifier.resume(1)), lambda: classifier.predict(DATA.x_test)


def plain_net() -> nn.Sequential:
    blocks = [nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    blocks += [nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
    return nn.Sequential(*blocks, nn.Linear(3136, 128), nn.ReLU(), nn.Linear(128, 10))


def floats(pictures: np.ndarray) -> torch.Tensor:
    return torch.tensor(pictures)[:, None] / 255


def dataloader() -> tuple[Epoch, Predict]:
    """The loop of most tutorials."""
    torch.manual_seed(0)
    net = plain_net()
    optimizer = torch.optim.Adam(net.parameters(), RATE)
    loader = DataLoader(TensorDataset(floats(DATA.x_train), torch.tensor(DATA.y_train)), BATCH, shuffle=True)

    def epoch() -> None:
        for x, y in loader:
            optimizer.zero_grad()
            F.cross_entropy(net(x), y).backward()
            optimizer.step()

    def predict() -> np.ndarray:
        with torch.no_grad():
            return net(floats(DATA.x_test)).argmax(1).numpy()

    return epoch, predict


def keras() -> tuple[Epoch, Predict]:
    import keras as k

    k.utils.set_random_seed(0)
    conv = {"kernel_size": 3, "padding": "same", "activation": "relu"}
    model = k.Sequential([k.Input((28, 28, 1)), k.layers.Conv2D(32, **conv), k.layers.MaxPooling2D()])
    for layer in (k.layers.Conv2D(64, **conv), k.layers.MaxPooling2D(), k.layers.Flatten()):
        model.add(layer)
    model.add(k.layers.Dense(128, activation="relu"))
    model.add(k.layers.Dense(10))
    model.compile(k.optimizers.Adam(RATE), k.losses.SparseCategoricalCrossentropy(from_logits=True))
    x, x_test = (part[..., None].astype("float32") / 255 for part in (DATA.x_train, DATA.x_test))
    return (
        lambda: model.fit(x, DATA.y_train, BATCH, verbose=0),
        lambda: model.predict(x_test, verbose=0).argmax(1),
    )


def race(epochs: int) -> None:
    pays = runtime.bf16_pays()  # only with units for it: elsewhere bf16 is emulated, five times slower than fp32
    print(f"bf16 {'is' if pays else 'is not'} faster on this machine ({torch.backends.cpu.get_cpu_capability()})")
    runners = {"ours, as it ships": ours()}
    if pays:
        runners["ours: channels-last, fp32"] = ours(bf16=False)
    runners["ours: plain fp32"] = ours(bf16=False, channels_last=False)
    runners |= {"DataLoader loop": dataloader(), "Keras on torch": keras()}
    wall: dict[str, list[float]] = {name: [] for name in runners}
    work: dict[str, list[float]] = {name: [] for name in runners}
    for _ in range(epochs):
        for name, (epoch, _predict) in runners.items():
            wall_before, work_before = time.perf_counter(), time.process_time()
            epoch()
            wall[name].append(time.perf_counter() - wall_before)
            work[name].append(time.process_time() - work_before)
    first = next(iter(runners))
    base, base_work = statistics.median(wall[first]), statistics.median(work[first])
    print(f"{'per epoch of 10,000':28} {'seconds':>8} {'ratio':>6} {'CPU s':>7} {'ratio':>6} {'held out':>9}")
    for name, (_epoch, predict) in runners.items():
        seconds, cpu = statistics.median(wall[name]), statistics.median(work[name])
        right = (predict() == DATA.y_test).mean()
        print(f"{name:28} {seconds:8.2f} {seconds / base:6.2f} {cpu:7.2f} {cpu / base_work:6.2f} {right:9.4f}")


def promises() -> None:
    classifier = ImageClassifier(10, seed=0, device="cpu")
    started = time.perf_counter()
    events = classifier.steps(DATA.x_train, DATA.y_train, 20, every=20)
    for _event in events:
        seconds = time.perf_counter() - started
        accuracy = (classifier.predict(DATA.x_test) == DATA.y_test).mean()
        if accuracy >= 0.85:
            break
    events.close()
    print(f"from scratch to {accuracy:.3f} held out: {seconds:.1f} s (target: 0.85 within 30)")
    shipped = ImageClassifier.pretrained("fashion", device="cpu")
    pad = np.zeros((280, 280), np.uint8)
    pad[60:220, 100:180] = 255
    times = []
    for _ in range(30):
        started = time.perf_counter()
        shipped.answer(pad)
        times.append(time.perf_counter() - started)
    print(
        f"a drawing of 280 × 280: {1000 * statistics.median(times):.0f} ms, worst {1000 * max(times):.0f} (target: 150)"
    )
    kinds = (1, 7, 8)
    rows = {k: DATA.x_test[DATA.y_test == k] for k in kinds}
    own = OwnClasses(shipped)
    started = time.perf_counter()
    own.fit({fashion.CLASSES[k]: list(rows[k][:8]) for k in kinds})
    seconds = time.perf_counter() - started
    right = [own.predict_proba(list(rows[k][8:])).argmax(1) == i for i, k in enumerate(kinds)]
    print(f"3 own classes × 8 pictures: {seconds:.1f} s, {np.concatenate(right).mean():.3f} right (target: 5 s, 0.9)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    race(options.epochs)
    promises()


if __name__ == "__main__":
    main()
