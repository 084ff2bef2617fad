"""Trains the point denoisers of lesson 16, one per shape: python -m recipes.points (about a minute and a half).

The same network, points and updates as a press of the lesson's button with seed 0, so that what ships is what a learner
gets. Kept in half precision: five networks of 31,000 numbers are 0.3 MB.
"""

from __future__ import annotations

import hashlib
import math

import torch
from safetensors.torch import save_file

from core.diffusion.point_diffusion import DiffusionConfig, PointDiffusion
from core.lessons.diffusion.films import likeness
from core.lessons.diffusion.shapes import named
from core.lessons.diffusion.shipped import FILE, SHAPES

MOST = 0.08  # distance above which a shape is not shipped; the noise of the points themselves is 0.02

CARD = """# Five small networks that bring points back to a shape. Written by recipes/points.py.
name = "points"
task = "denoising points of the plane: {shapes}"
recipe = "recipes/points.py"
architecture = "MLP, 4 layers of 96, SiLU; sines and cosines of place and time"
parameters = {parameters}
file = "model.safetensors"
bytes = {size}
sha256 = "{digest}"
licence = "MIT"

[data]
name = "the lesson's own shapes, 1,000 points each, from formulas"

[metrics]
{metrics}
"""


def main() -> None:
    weights, metrics, size = {}, [], 0
    for shape in SHAPES:
        points = named(shape, seed=0)
        model = PointDiffusion(DiffusionConfig()).fit(points)
        for name, values in model.module.state_dict().items():
            weights[f"{shape}.{name}"] = values.half().contiguous()
        model.module.load_state_dict(
            {name: values.half().float() for name, values in model.module.state_dict().items()}
        )
        gap = likeness(model, points)
        print(shape, round(gap, 4))
        if not gap < MOST or not math.isfinite(gap):
            raise SystemExit(f"{shape}: distance {gap:.3f} is not below {MOST}")
        metrics.append(f"distance_{shape} = {gap:.4f}  # Chamfer, 500 points drawn in 50 steps")
        size += model.parameters
    FILE.parent.mkdir(exist_ok=True)
    save_file(weights, FILE)
    data = FILE.read_bytes()
    told = {"shapes": ", ".join(SHAPES), "parameters": size, "size": len(data)}
    digest, lines = hashlib.sha256(data).hexdigest(), "\n".join(metrics)
    (FILE.parent / "card.toml").write_text(CARD.format(**told, digest=digest, metrics=lines), "utf-8")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
