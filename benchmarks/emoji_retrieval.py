"""How well does the small CLIP find emoji, in the style of its gallery and in two others that it was trained on, too?

    python -m benchmarks.emoji_retrieval [--from FOLDER]     # needs `npm`; fetches two packages, 134 MB, keeps none

Trained on Fluent (3-D). The other two: Twemoji (flat) and Noto (gradients), from emoji-datasource-twitter and -google.
Measured in Korean and English: of all names, how many find their picture among the five nearest; and the reverse.
Every style is searched among its own pictures, those emoji that it has too.
Found for the weights of 2026-11-27: Fluent 99–100 %, Twemoji 16–22 %, Noto 19–27 %, chance 0.35 %; weights that had seen
Fluent only: 95 %, 6–7 %, 7–8 %. Names are known captions: everyday_words.py measures others. Write what is
found into the [metrics.recall_at_5] of core/weights/emoji/card.toml, which the page of lesson 18 tells.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import tarfile
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from core.data import emoji
from core.lessons.multimodal import space

PACKAGES = {"Twemoji": ("emoji-datasource-twitter", "twitter"), "Noto": ("emoji-datasource-google", "google")}
VERSION, FIRST = "15.1.2", 5


def fetch(folder: Path) -> None:
    for package, _ in PACKAGES.values():
        subprocess.run(["npm", "pack", "--silent", f"{package}@{VERSION}", "--pack-destination", folder], check=True)


def pictures(archive: Path, vendor: str) -> dict[str, np.ndarray]:
    """File name without ending (code points in hex) → (64, 64, 3) uint8 on white."""
    found = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            if f"img/{vendor}/64/" in member.name and member.name.endswith(".png"):
                image = Image.open(io.BytesIO(tar.extractfile(member).read())).convert("RGBA")
                white = Image.new("RGBA", image.size, "white")
                white.alpha_composite(image)
                found[Path(member.name).stem.replace("-fe0f", "")] = np.asarray(white.convert("RGB"))
    return found


def recall(names: np.ndarray, images: np.ndarray) -> tuple[float, float]:
    """Row i of one belongs to row i of the other: (name finds picture, picture finds name) among the first five."""
    cosines = names @ images.T
    own = np.diag(cosines)
    return tuple(float(((table > own[:, None]).sum(axis=1) < FIRST).mean()) for table in (cosines, cosines.T))


def report(style: str, rows: list[int], vectors: np.ndarray) -> None:
    gallery = space.gallery()
    shares = [recall(gallery.names(lang)[rows], vectors) for lang in ("ko", "en")]
    chance = FIRST / len(rows)
    cells = "  ".join(f"{share:6.1%}" for pair in shares for share in pair)
    print(f"{style:<16}{len(rows):>6}  {cells}  {chance:6.2%}  {min(min(pair) for pair in shares) / chance:5.0f}×")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="folder", type=Path, help="a folder that holds the two .tgz files already")
    folder = parser.parse_args().folder
    data, it = emoji.load(), space.model()
    print(f"recall@{FIRST}            N  ko→pic  pic→ko  en→pic  pic→en  chance  worst/chance")
    report("Fluent (trained)", list(range(len(data.signs))), space.gallery().pictures)
    with tempfile.TemporaryDirectory() as temporary:
        if folder is None:
            folder = Path(temporary)
            fetch(folder)
        for style, (package, vendor) in PACKAGES.items():
            found = pictures(folder / f"{package}-{VERSION}.tgz", vendor)
            codes = ["-".join(f"{ord(ch):04x}" for ch in sign if ch != "\ufe0f") for sign in data.signs]
            rows = [i for i, code in enumerate(codes) if code in found]
            images = [found[codes[i]] for i in rows]
            parts = [it.embed_images(images[k : k + 256]) for k in range(0, len(images), 256)]
            report(style, rows, np.concatenate(parts))


if __name__ == "__main__":
    main()
