"""Networks that have learnt the lesson's shapes beforehand (recipes/points.py), so that the first film can come back."""

from __future__ import annotations

import functools

from core.diffusion.point_diffusion import DiffusionConfig, PointDiffusion
from core.lessons.diffusion import choices
from core.pretrained import shipped

FILE = shipped.FOLDER / "points" / "model.safetensors"
SHAPES = tuple(name for name in choices.SHAPE if name != "drawn")


@functools.cache
def trained(shape: str) -> PointDiffusion | None:
    """The shipped network of a shape (its weights in half precision); None for a drawing of one's own."""
    from safetensors import safe_open

    if shape not in SHAPES:
        return None
    model, start = PointDiffusion(DiffusionConfig()), f"{shape}."
    with safe_open(FILE, "pt") as file:
        names = [name for name in file.keys() if name.startswith(start)]  # noqa: SIM118
        model.module.load_state_dict({name.removeprefix(start): file.get_tensor(name).float() for name in names})
    return model
