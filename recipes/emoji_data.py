"""Pictures and captions for the `emoji` weights: Microsoft Fluent emoji (3-D style, MIT) with emojibase captions (MIT).

    python -m recipes.emoji_data --folder DATA        # needs `npm`; fetches four packages, 156 MB, writes 67 MB
    python -m recipes.emoji_data --folder DATA --from FOLDER_WITH_UNPACKED_PACKAGES

Writes ``pictures.npy`` (N, 64, 64, 3) uint8 on white and ``captions.json``: emoji, label and tags in both languages;
and ``styles.npz``: the same emoji in three styles, Fluent, Twemoji (CC BY 4.0), Noto (Apache-2.0), for the small CLIP.
Left out: flags, signs, keycaps (writing, not pictures), skin tones and hair styles (the same picture recoloured).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

STYLES = {"twitter": "emoji-datasource-twitter@15.1.2", "google": "emoji-datasource-google@15.1.2"}
PACKAGES = ("@lobehub/fluent-emoji-3d@1.1.0", "emojibase-data@17.0.0", *STYLES.values())
GROUPS = (0, 1, 3, 4, 5, 6, 7)  # faces, people, animals, food, travel, activities, objects
SHAPES = "geometric"  # of group 8 only the coloured circles, squares and diamonds: they teach the words for colours
SIZE = 64


def fetch(folder: Path) -> None:
    """Let npm fetch the packages and unpack them under ``folder``, one directory each."""
    for package in PACKAGES:
        with tempfile.TemporaryDirectory() as temporary:
            subprocess.run(["npm", "pack", "--silent", package, "--pack-destination", temporary], check=True)
            archive = next(Path(temporary).glob("*.tgz"))
            with tarfile.open(archive) as tar:
                tar.extractall(folder / archive.name.removesuffix(".tgz"), filter="data")


def find(folder: Path, start: str) -> Path:
    return next(path for path in sorted(folder.iterdir()) if path.is_dir() and start in path.name) / "package"


def picture(path: Path) -> np.ndarray:
    """One emoji, 64x64 RGB uint8, on white."""
    rgba = Image.open(path).convert("RGBA")
    white = Image.new("RGBA", rgba.size, "white")
    white.alpha_composite(rgba)
    return np.asarray(white.convert("RGB").resize((SIZE, SIZE), Image.Resampling.LANCZOS))


def build(packages: Path, out: Path) -> int:
    """Join pictures and captions; returns how many there are."""
    words, assets = find(packages, "emojibase-data"), find(packages, "fluent-emoji-3d") / "assets"
    korean = {row["hexcode"]: row for row in json.loads((words / "ko/data.json").read_text("utf-8"))}
    subgroups = json.loads((words / "meta/groups.json").read_text("utf-8"))["subgroups"]
    pictures, captions = [], []
    for row in json.loads((words / "en/data.json").read_text("utf-8")):
        code, group = row["hexcode"], row.get("group")
        shape = group == 8 and subgroups[str(row["subgroup"])] == SHAPES
        names = (code.lower(), code.lower() + "-fe0f", code.lower().replace("-fe0f", ""))
        file = next((assets / f"{name}.webp" for name in names if (assets / f"{name}.webp").exists()), None)
        if file is None or code not in korean or not (group in GROUPS or shape):
            continue
        pictures.append(picture(file))
        captions.append({"emoji": row["emoji"], "group": group, "en": texts(row), "ko": texts(korean[code])})
    out.mkdir(parents=True, exist_ok=True)
    np.save(out / "pictures.npy", np.stack(pictures))
    (out / "captions.json").write_text(json.dumps(captions, ensure_ascii=False, indent=0), "utf-8")
    return len(pictures)


def styles(packages: Path, out: Path) -> None:
    """DATA/styles.npz: ``pictures`` (3, N, 64, 64, 3) uint8 and ``have`` (3, N) bool, rows as in captions.json."""
    captions = json.loads((out / "captions.json").read_text("utf-8"))
    fluent = np.load(out / "pictures.npy")
    pictures, have = np.stack([fluent, 0 * fluent, 0 * fluent]), np.zeros((3, len(fluent)), bool)
    have[0] = True
    for style, vendor in enumerate(STYLES, 1):
        folder = find(packages, f"emoji-datasource-{vendor}") / "img" / vendor / "64"
        files = {file.stem.replace("-fe0f", ""): file for file in folder.glob("*.png")}
        for place, row in enumerate(captions):
            code = "-".join(f"{ord(letter):04x}" for letter in row["emoji"] if letter != "\ufe0f")
            if code in files:
                pictures[style, place], have[style, place] = picture(files[code]), True
    np.savez(out / "styles.npz", pictures=pictures, have=have)


def texts(row: dict[str, Any]) -> dict[str, Any]:
    label = row["label"].lower()
    return {"label": label, "tags": [tag.lower() for tag in row.get("tags", []) if tag.lower() != label]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--from", dest="packages", type=Path)
    options = parser.parse_args()
    packages = options.packages or options.folder / "packages"
    if options.packages is None:
        fetch(packages)
    print(build(packages, options.folder), "pictures")
    styles(packages, options.folder)


if __name__ == "__main__":
    main()
