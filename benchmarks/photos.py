"""Photographs: does the network that ships know them, do own classes learn on its features, do words find them?

    mkdir PHOTOS; cd PHOTOS; apt-get download gcompris-qt-data tuxpaint-stamps-default; pip download --no-deps scikit-image
    for deb in *.deb; do dpkg-deb -x $deb .; done; unzip -q scikit_image*.whl 'skimage/data/*'
    python -m benchmarks.photos PHOTOS [--only known own words drawn speed]

The 40 photos of photos.tsv were chosen, with the classes that count as right, before any answer was seen. Licences:
scikit-image's data (CC0 and public domain), GCompris 3.1 (GPL-3 and CC, see its copyright file), Tux Paint stamps 2022.06
(GPL-2 and public domain, each named in its docs); cut-outs are laid on white. Nothing of them is in this repository.
"""

from __future__ import annotations

import argparse
import csv
import functools
import struct
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from core import ImageClassifier
from core.files import images

GCOMPRIS, TUXPAINT = "usr/share/gcompris-qt/rcc", "usr/share/tuxpaint/stamps"
SHOTS, TESTED = 8, 12  # photos learnt from and asked about, a class
OWN = {
    "fish": "categorization/images/fishes/",
    "windmill": "categorization/images/renewable/windmill",
    "tool": "categorization/images/tools/",
    "monument": "categorization/images/monuments/",
    "animal": "erase/",
}
WORDS = (  # photo, Korean, English: seven of them are none of the 1,000 classes
    ("explore_farm_animals/animals/cat.webp", "고양이", "cat"),
    ("explore_farm_animals/animals/dog.webp", "개", "dog"),
    ("explore_farm_animals/animals/chicken.webp", "닭", "chicken"),
    ("explore_farm_animals/animals/cow.webp", "소", "cow"),
    ("explore_farm_animals/animals/horse.webp", "말", "horse"),
    ("explore_farm_animals/animals/sheep.webp", "양", "sheep"),
    ("erase/giraffe.webp", "기린", "giraffe"),
    ("erase/penguin.webp", "펭귄", "penguin"),
    ("erase/butterfly.webp", "나비", "butterfly"),
    ("erase/crab.webp", "게", "crab"),
    ("categorization/images/others/baseball.webp", "야구공", "baseball"),
    ("categorization/images/others/chair.webp", "의자", "chair"),
    ("categorization/images/others/cup.webp", "컵", "cup"),
    ("categorization/images/others/pencil.webp", "연필", "pencil"),
    ("categorization/images/others/plate.webp", "접시", "plate"),
    ("categorization/images/tools/hammer4.webp", "망치", "hammer"),
    ("categorization/images/tools/scissors2.webp", "가위", "scissors"),
    ("categorization/images/renewable/windmill12.webp", "풍차", "windmill"),
    ("explore_farm_animals/animals/duck.webp", "오리", "duck"),
    ("explore_world_animals/animals/panda.webp", "판다", "panda"),
)


class Photos:
    """The packages' photographs by source and name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, source: str, name: str) -> np.ndarray:
        """(H, W, 3) uint8."""
        if source == "gcompris":
            return images.read(self.packed(name.split("/")[0])[name]).pixels
        place = {"scikit-image": "skimage/data", "tuxpaint": TUXPAINT}[source]
        return images.read(self.folder / place / name).pixels

    def beginning(self, start: str) -> list[np.ndarray]:
        """All of GCompris whose names begin so, mixed by a fixed seed."""
        found = {name: data for name, data in self.packed(start.split("/")[0]).items() if name.startswith(start)}
        pictures = [
            images.read(data).pixels
            for _, data in sorted(found.items())
            if data[:4] == b"RIFF" and b"WEBP" in data[:16]
        ]
        return [pictures[i] for i in np.random.default_rng(0).permutation(len(pictures))]

    @functools.cache  # noqa: B019
    def packed(self, name: str) -> dict[str, bytes]:
        return {
            f"{name}/{path.split('/resource/')[-1]}": data
            for path, data in resources(self.folder / GCOMPRIS / f"{name}.rcc")
        }


def resources(path: Path) -> Iterator[tuple[str, bytes]]:
    """(path, bytes) of a Qt resource file: https://doc.qt.io/qt-5/resources.html; qt5's rcc, format 1 to 3."""
    raw = path.read_bytes()
    version, tree, data, names = struct.unpack(">IIII", raw[4:20])
    size = 14 if version < 2 else 22

    def walk(row: int, before: str) -> Iterator[tuple[str, bytes]]:
        at = tree + row * size
        name_at, flags = struct.unpack(">IH", raw[at : at + 6])
        (length,) = struct.unpack(">H", raw[names + name_at : names + name_at + 2])
        name = raw[names + name_at + 6 : names + name_at + 6 + 2 * length].decode("utf-16-be")
        whole = f"{before}/{name}" if row else ""
        if flags & 2:
            count, first = struct.unpack(">II", raw[at + 6 : at + 14])
            for child in range(first, first + count):
                yield from walk(child, whole)
        else:
            (start,) = struct.unpack(">I", raw[at + 10 : at + 14])
            (count,) = struct.unpack(">I", raw[data + start : data + start + 4])
            found = raw[data + start + 4 : data + start + 4 + count]
            yield whole, zlib.decompress(found[4:]) if flags & 1 else found

    return walk(0, "")


def known(photos: Photos) -> None:
    """How often one of the classes that count as right is first, or among the first five."""
    network = ImageClassifier.pretrained("photos")
    with Path(__file__).with_suffix(".tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    first = five = 0
    for row in rows:
        right = {network.classes.index(name) for name in row["classes"].split("|")}
        shares = network.answer(photos.read(row["source"], row["file"])).probabilities
        order = shares.argsort()[::-1][:5]
        first, five = first + (int(order[0]) in right), five + bool(right & set(order.tolist()))
        said = ", ".join(f"{network.classes[i]} {shares[i]:.2f}" for i in order[:3])
        print(f"{'+' if order[0] in right else '5' if right & set(order.tolist()) else '-'} {row['file']}: {said}")
    print(f"known: first {first} of {len(rows)}, among the first five {five} of {len(rows)} = {five / len(rows):.0%}")


def own(photos: Photos) -> None:
    """Eight photos a class: accuracy on others, on the features of photographs and on those of garments."""
    from core.vision.own_classes import OwnClasses

    sets = {name: photos.beginning(start) for name, start in OWN.items()}
    learnt = {name: some[:SHOTS] for name, some in sets.items()}
    asked = [picture for some in sets.values() for picture in some[SHOTS : SHOTS + TESTED]]
    truth = np.repeat(np.arange(len(sets)), [len(some[SHOTS : SHOTS + TESTED]) for some in sets.values()])
    for base in ("photos", "fashion"):
        began = time.perf_counter()
        made = OwnClasses(ImageClassifier.pretrained(base))
        made.fit(learnt)
        spent = time.perf_counter() - began
        right = made.predict_proba(asked).argmax(axis=1) == truth
        print(f"own classes on {base}: {right.mean():.1%} of {len(truth)} (learnt in {spent:.1f} s)", flush=True)


def words(photos: Photos) -> None:
    """Twenty photos and their twenty words: how often the right word is nearest."""
    from core.multimodal.clip import ImageText
    from core.multimodal.conse import PhotoWords

    pictures = [photos.read("gcompris", name) for name, _, _ in WORDS]
    for name, it in (("ConSE", PhotoWords.load()), ("small CLIP", ImageText.load("emoji"))):
        seen = it.embed_images(pictures)
        for lang, column in (("Korean", 1), ("English", 2)):
            labels = [row[column] for row in WORDS]
            cosines = it.embed_texts(labels) @ seen.T
            right = cosines.argmax(axis=0) == np.arange(len(WORDS))
            wrong = ", ".join(f"{labels[i]} → {labels[cosines[:, i].argmax()]}" for i in np.flatnonzero(~right))
            print(f"{name}, {lang}: {right.sum()} of {len(WORDS)} = {right.mean():.0%}  ({wrong})", flush=True)


def drawn(_: Photos) -> None:
    """Digits: those held out, and drawings of strokes."""
    from core.data import digits
    from recipes.digits import drawn as of_drawings

    network, data = ImageClassifier.pretrained("digits"), digits.load()
    held_out = (network.predict(data.x_test) == data.y_test).mean()
    print(f"digits: held out {held_out:.2%} of {len(data.y_test)}, drawings {of_drawings(network, 200):.1%} of 200")


def speed(photos: Photos) -> None:
    """From a photo to the answer, and with Grad-CAM and all maps; the median of nine."""
    import torch

    from core.lessons.image_classifier import look

    network, photo = look.shipped("photos"), photos.read("scikit-image", "chelsea.png")
    for name, call in (("answer", lambda: network.answer(photo)), ("look inside", lambda: look.look(network, photo))):
        spent = []
        for _ in range(9):
            began = time.perf_counter()
            call()
            spent.append(time.perf_counter() - began)
        print(f"{name}: {1000 * sorted(spent)[4]:.0f} ms on {torch.get_num_threads()} threads", flush=True)


PARTS = {"known": known, "own": own, "words": words, "drawn": drawn, "speed": speed}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    options = parser.parse_args()
    for part in options.only:
        PARTS[part](Photos(options.folder))


if __name__ == "__main__":
    main()
