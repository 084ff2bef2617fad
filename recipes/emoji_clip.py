"""Trains the small CLIP of `emoji`: two heads, from word vectors and from pictures into one space of 256 numbers.

    nice -n 19 python -m recipes.emoji_clip --folder DATA        # after recipes.words; see LOG.md for costs
    python -m recipes.emoji_clip --folder DATA --export     # → core/weights/emoji/clip

The word encoder and the vision tower stay as they are; both are read once and kept, so a step costs a tenth of a second.
1. The words: a head and one free vector for each emoji, by cross-entropy from text to emoji (recipes.emoji_meanings says
   which); some noise on the vectors, so that what is near gets the same answer.
2. The pictures: a head that finds the vector of its emoji among all, in three styles (Fluent, Twemoji, Noto), turned,
   scaled, recoloured, on coloured ground, in grey, now and then as a drawing.
3. Both together: the free vectors give way to what the picture head says of the Fluent pictures.
"""

from __future__ import annotations

import math
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import CLIPImageProcessor, CLIPVisionModel

from core import runtime
from core.language.known_names import HEADS
from core.language.word_space import Head
from recipes.emoji_meanings import Meanings, meanings
from recipes.emoji_run import WEIGHTS, arguments

SPACE, WIDE, WIDE_LOOK = 256, 1024, 1536
HEAD_STEPS, HEAD_BATCH = 900, 512
NOISE, OTHERS = 0.25, 0.5  # of a number's size, at most; weight of texts that no list names
LOOK_STEPS, STEPS, RATE = 900, 1200, 2e-3
SHARP, SOFT = 25.0, 0.3  # 1 / temperature of the picture loss; share of its target that goes to like emoji
VIEWS = ((6, 1.0), (3, 0.5), (3, 0.5))  # of each style: how often it is looked at, what a look counts
PLAIN = 4.0  # what the first look counts, which is not changed


def text_loss(
    m: Meanings, head: Head, places: Tensor, scale: Tensor, random: np.random.Generator, count: int
) -> Tensor:
    """Cross-entropy from texts to emoji: ``count`` named texts and half as many that no list names."""
    groups = (np.arange(m.named), count, 1.0), (np.arange(m.named, len(m.texts)), count // 2, OTHERS)
    rows = np.concatenate([random.choice(g, n, p=m.often[g] / m.often[g].sum()) for g, n, _ in groups])
    weight = torch.cat([torch.full((n,), worth) for _, n, worth in groups])
    x = m.vectors[rows]
    x = F.normalize(x + NOISE * torch.rand(len(x), 1) * torch.randn_like(x) / math.sqrt(x.shape[1]), dim=-1)
    logits = scale.exp() * F.normalize(head(x), dim=-1) @ places.T
    each = -(m.means[rows] * F.log_softmax(logits, -1)).sum(1)
    return (each * weight).sum() / weight.sum()


def train_head(m: Meanings, steps: int = HEAD_STEPS) -> tuple[Head, Tensor, Tensor]:
    """The head, a unit vector for each emoji (1410, SPACE), and log of 1 / temperature."""
    torch.manual_seed(0)
    random, emoji = np.random.default_rng(0), m.means.shape[1]
    head = Head(m.vectors.shape[1], SPACE, WIDE)
    head.wide.weight.data.mul_(8)  # unit vectors of 384 numbers are small
    nn.init.orthogonal_(head.straight.weight)
    nn.init.zeros_(head.back.weight)
    nn.init.zeros_(head.back.bias)
    begin = torch.stack([m.vectors[m.means[:, k].argmax()] for k in range(emoji)]) @ head.straight.weight.T
    places = nn.Parameter(F.normalize(begin.detach(), dim=-1))
    scale = nn.Parameter(torch.tensor(2.7))
    groups = [{"params": head.parameters(), "weight_decay": 0.05}, {"params": [places, scale], "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, RATE, betas=(0.9, 0.98))
    for step in range(steps):
        loss = text_loss(m, head, F.normalize(places, dim=-1), scale, random, HEAD_BATCH)
        optimizer.zero_grad()
        loss.backward()
        for group in optimizer.param_groups:
            group["lr"] = falling(step, steps)
        optimizer.step()
        scale.data.clamp_(max=4.2)
    return head, F.normalize(places.detach(), dim=-1), scale.detach()


def falling(step: int, steps: int) -> float:
    return RATE * min(1, (step + 1) / 50) * max(0.02, (1 + math.cos(math.pi * step / steps)) / 2)


def processor() -> CLIPImageProcessor:
    size = {"height": 64, "width": 64}
    half = [0.5] * 3
    return CLIPImageProcessor(do_center_crop=False, size=size, image_mean=half, image_std=half)


def augment(x: Tensor, generator: torch.Generator) -> Tensor:
    """Turned, mirrored, scaled, moved; then ground, grey, drawing, blur, colours and noise, each only for some."""
    count = len(x)

    def between(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(count, *shape, generator=generator)

    def some(share: float) -> Tensor:
        return (torch.rand(count, 1, 1, 1, generator=generator) < share).float()

    angle, scale, wide = between(-0.25, 0.25), between(0.85, 1.5), between(0.9, 1.1)
    mirror = torch.where(torch.rand(count, generator=generator) < 0.5, -1.0, 1.0)
    theta = torch.zeros(count, 2, 3)
    theta[:, 0, 0], theta[:, 0, 1] = scale * mirror * angle.cos() * wide, -scale * angle.sin()
    theta[:, 1, 0], theta[:, 1, 1] = scale * mirror * angle.sin(), scale * angle.cos()
    theta[:, :, 2] = between(-0.2, 0.2, 2)
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)
    x = F.grid_sample(x - 1, grid, align_corners=False) + 1  # what comes in from outside is white
    ground = (x.min(1, keepdim=True).values > 0.93).float() * some(0.3)
    x = x * (1 - ground) + ground * between(-1, 1, 3, 1, 1)
    x = torch.lerp(x, x.mean(1, keepdim=True).expand_as(x), some(0.15))
    across = (x[:, :, :, 1:] - x[:, :, :, :-1]).abs().amax(1, keepdim=True)
    down = (x[:, :, 1:] - x[:, :, :-1]).abs().amax(1, keepdim=True)
    lines = 1 - 2 * (2.5 * (F.pad(across, (0, 1)) + F.pad(down, (0, 0, 0, 1)))).clamp(0, 1)
    x = torch.where(some(0.1) > 0, lines.expand_as(x), x)
    blurred = F.avg_pool2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), 3, 1)
    x = torch.lerp(x, blurred, between(0, 1, 1, 1, 1))
    x = x * between(0.75, 1.1, 3, 1, 1) + between(-0.12, 0.12, 3, 1, 1)
    return x + 0.04 * torch.randn(x.shape, generator=generator)


def to_tensor(pictures: np.ndarray) -> Tensor:
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float().div(127.5).sub(1)


@dataclass
class Looks:
    features: Tensor  # (N, 192), of the vision tower
    emoji: Tensor  # (N,)
    share: np.ndarray  # (N,) how often to draw each
    plain: Tensor  # (1410, 192), the Fluent pictures unchanged


@torch.no_grad()
def looked(folder: Path) -> tuple[CLIPVisionModel, Looks]:
    tower, generator = (
        CLIPVisionModel.from_pretrained(WEIGHTS / "clip", dtype=torch.float32).eval(),
        runtime.generator(3),
    )
    with np.load(folder / "styles.npz") as packed:
        pictures = packed["pictures"]  # (3, 1410, 64, 64, 3)
    features, share = list[Tensor](), list[float]()
    for style, (looks, worth) in zip(pictures, VIEWS, strict=True):
        for look in range(looks):
            parts = (to_tensor(part) for part in np.array_split(style, 12))
            seen = (tower(pixel_values=x if look == 0 else augment(x, generator)).pooler_output for x in parts)
            features.append(torch.cat(list(seen)))
            share.append(worth * (PLAIN if look == 0 else 1.0))
    count = pictures.shape[1]
    shares = np.repeat(share, count)
    emoji = torch.arange(count).repeat(len(features))
    return tower, Looks(torch.cat(features), emoji, shares / shares.sum(), features[0])


def train_looks(looks: Looks, places: Tensor) -> Head:
    """A head from features to the vectors of the emoji; what it reads is standardised, which is folded in at the end."""
    torch.manual_seed(1)
    random, spread = np.random.default_rng(2), looks.features.std(0)
    head = Head(looks.features.shape[1], SPACE, WIDE_LOOK)
    optimizer = torch.optim.AdamW(head.parameters(), RATE, betas=(0.9, 0.98), weight_decay=0.05)
    like = (18 * places @ places.T).softmax(-1)
    mean = looks.features.mean(0)
    for step in range(LOOK_STEPS):
        rows = random.choice(len(looks.features), 512, p=looks.share)
        x = (looks.features[rows] - mean) / spread
        logits = SHARP * F.normalize(head(x + 0.15 * torch.randn_like(x)), dim=-1) @ places.T
        own = looks.emoji[rows]
        wanted = (1 - SOFT) * F.one_hot(own, len(places)).float() + SOFT * like[own]
        optimizer.zero_grad()
        (-(wanted * F.log_softmax(logits, -1)).sum(1).mean()).backward()
        for group in optimizer.param_groups:
            group["lr"] = falling(step, LOOK_STEPS)
        optimizer.step()
    return head


def train_both(m: Meanings, words: Head, scale: Tensor, looks: Looks, eyes: Head, steps: int) -> Tensor:
    """Both heads together, in place; returns log of 1 / temperature."""
    random, mean, spread = np.random.default_rng(4), looks.features.mean(0), looks.features.std(0)
    torch.manual_seed(4)
    scale = nn.Parameter(scale.clone())
    groups = [{"params": [*words.parameters(), *eyes.parameters()], "weight_decay": 0.02}]
    optimizer = torch.optim.AdamW([*groups, {"params": [scale], "weight_decay": 0.0}], RATE, betas=(0.9, 0.98))
    for step in range(steps):
        places = F.normalize(eyes((looks.plain - mean) / spread), dim=-1)
        rows = random.choice(len(looks.features), 192, p=looks.share)
        x = (looks.features[rows] - mean) / spread
        seen = F.normalize(eyes(x + 0.1 * torch.randn_like(x)), dim=-1)
        loss = text_loss(m, words, places, scale, random, 448)
        loss = loss + 0.3 * F.cross_entropy(SHARP * seen @ places.detach().T, looks.emoji[rows])
        optimizer.zero_grad()
        loss.backward()
        for group in optimizer.param_groups:
            group["lr"] = falling(step, steps)
        optimizer.step()
        scale.data.clamp_(max=4.6)
    return scale.detach()


def folded(head: Head, mean: Tensor, spread: Tensor) -> dict[str, Tensor]:
    """The same head for numbers that were not standardised."""
    state = {key: value.clone() for key, value in head.state_dict().items()}
    for name in ("straight", "wide"):
        state[f"{name}.weight"] = state[f"{name}.weight"] / spread
        state[f"{name}.bias"] = state[f"{name}.bias"] - state[f"{name}.weight"] @ mean
    return state


def train(folder: Path, steps: int) -> None:
    m = meanings(folder)
    words, places, scale = train_head(m)
    _, looks = looked(folder)
    eyes = train_looks(looks, places)
    scale = train_both(m, words, scale, looks, eyes, steps)
    state = {f"words.{key}": value for key, value in words.state_dict().items()}
    spread = folded(eyes, looks.features.mean(0), looks.features.std(0))
    state |= {f"looks.{key}": value for key, value in spread.items()}
    state["logit_scale"] = scale
    with torch.no_grad():  # each emoji as the Fluent picture of it, for texts that look for a name without any picture
        standard = (looks.plain - looks.features.mean(0)) / looks.features.std(0)
        state["places"] = F.normalize(eyes(standard), dim=-1)
    save_file({key: value.half().contiguous() for key, value in state.items()}, folder / HEADS)


def main() -> None:
    options = arguments(__doc__, STEPS)
    if options.export:
        shutil.copy(options.folder / HEADS, WEIGHTS / "clip")
    else:
        train(options.folder, options.steps)


if __name__ == "__main__":
    main()
