"""Trains the small CLIP of `emoji`: from word vectors and from pictures into one space of 256 numbers.

    nice -n 19 python -m recipes.emoji_clip --folder DATA        # after recipes.words; see LOG.md for costs
    python -m recipes.emoji_clip --folder DATA --export     # the averaged weights → core/weights/emoji/clip

First the words (a minute): a head over the frozen word vectors and one vector for each emoji, by cross-entropy from
text to emoji (recipes.emoji_meanings says which). Some noise on the vectors, so that what is near gets the same answer.
Then the pictures: CLIP's vision tower, going on from the shipped one, must find the vector of its emoji among all, in
three styles (Fluent, Twemoji, Noto), turned, scaled, recoloured, on coloured ground, in grey, now and then as a drawing.
"""

from __future__ import annotations

import math
from argparse import Namespace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection

from core import runtime
from core.multimodal.word_clip import HEAD, Head
from recipes.emoji_meanings import Meanings, meanings
from recipes.emoji_run import WEIGHTS, Run, arguments, continue_from

SPACE, WIDE = 256, 1024
HEAD_STEPS, HEAD_BATCH, HEAD_RATE = 900, 512, 2e-3
NOISE, OTHERS = 0.25, 0.5  # of a number's size, at most; weight of texts that no list names
STEPS, BATCH, LEARNING_RATE = 450, 144, 1e-3
SHARP, SOFT = 25.0, 0.3  # 1 / temperature of the picture loss; share of its target that goes to like emoji


def train_head(m: Meanings, steps: int = HEAD_STEPS) -> tuple[Head, Tensor, Tensor]:
    """The head, a unit vector for each emoji (1410, SPACE), and log of 1 / temperature."""
    torch.manual_seed(0)
    random, emoji = np.random.default_rng(0), m.means.shape[1]
    head = Head(m.vectors.shape[1], SPACE, WIDE)
    nn.init.orthogonal_(head.straight.weight)
    nn.init.zeros_(head.back.weight)
    nn.init.zeros_(head.back.bias)
    named, others = np.arange(m.named), np.arange(m.named, len(m.texts))
    begin = torch.stack([m.vectors[m.means[:, k].argmax()] for k in range(emoji)]) @ head.straight.weight.T
    places = nn.Parameter(F.normalize(begin.detach(), dim=-1))
    scale = nn.Parameter(torch.tensor(2.7))
    groups = [{"params": head.parameters(), "weight_decay": 0.05}, {"params": [places, scale], "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, HEAD_RATE, betas=(0.9, 0.98))
    shares = [m.often[rows] / m.often[rows].sum() for rows in (named, others)]
    weight = torch.cat([torch.ones(HEAD_BATCH), torch.full((HEAD_BATCH // 2,), OTHERS)])
    for step in range(steps):
        rows = np.concatenate(
            [random.choice(named, HEAD_BATCH, p=shares[0]), random.choice(others, HEAD_BATCH // 2, p=shares[1])]
        )
        x = m.vectors[rows]
        x = F.normalize(x + NOISE * torch.rand(len(x), 1) * torch.randn_like(x) / math.sqrt(x.shape[1]), dim=-1)
        logits = scale.exp() * F.normalize(head(x), dim=-1) @ F.normalize(places, dim=-1).T
        each = -(m.means[rows] * F.log_softmax(logits, -1)).sum(1)
        optimizer.zero_grad()
        ((each * weight).sum() / weight.sum()).backward()
        for group in optimizer.param_groups:
            group["lr"] = HEAD_RATE * min(1, (step + 1) / 50) * max(0.02, (1 + math.cos(math.pi * step / steps)) / 2)
        optimizer.step()
        scale.data.clamp_(max=4.2)
    return head, F.normalize(places.detach(), dim=-1), scale.detach()


def vision() -> CLIPVisionModelWithProjection:
    config = CLIPVisionConfig(
        hidden_size=192, intermediate_size=768, num_hidden_layers=4, num_attention_heads=4, image_size=64,
        patch_size=16, projection_dim=SPACE,
    )  # fmt: skip
    model = CLIPVisionModelWithProjection(config)
    model.set_attn_implementation("eager")  # half the time: the backward of torch's flash attention is slow on CPUs
    return model


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


def train(folder: Path, options: Namespace) -> CLIPVisionModelWithProjection:
    place = folder / "clip_head.safetensors"
    if not place.exists():
        head, places, scale = train_head(meanings(folder), 3 if options.smoke else HEAD_STEPS)
        state = {**head.state_dict(), "logit_scale": scale, "places": places}
        save_file({key: value.contiguous() for key, value in state.items()}, place)
    places = load_file(place)["places"]
    with np.load(folder / "styles.npz") as packed:
        pictures, have = packed["pictures"], packed["have"]  # (3, 1410, 64, 64, 3), (3, 1410)
    slots = np.argwhere(have)  # (style, emoji)
    share = np.where(slots[:, 0] == 0, 2.0, 1.0)
    share /= share.sum()
    torch.manual_seed(0)
    model = vision()
    continue_from(model, "clip", folder / "checkpoint_clip")
    inner = lambda name: "encoder.layers" in name  # noqa: E731
    run = Run("clip", model, options, LEARNING_RATE, weight_decay=0.02, average=0.98, warmup=30, matrices=inner)
    random, generator = np.random.default_rng(run.step), runtime.generator(run.step)
    like = (18 * places @ places.T).softmax(-1)
    for _ in run:
        style, emoji = slots[random.choice(len(slots), BATCH, p=share)].T
        seen = model(pixel_values=augment(to_tensor(pictures[style, emoji]), generator)).image_embeds
        logits = SHARP * F.normalize(seen, dim=-1) @ places.T
        own = torch.from_numpy(emoji)
        wanted = (1 - SOFT) * F.one_hot(own, len(places)).float() + SOFT * like[own]
        first = (logits.topk(5, 1).indices == own[:, None]).any(1).float().mean()
        run.update(-(wanted * F.log_softmax(logits, -1)).sum(1).mean(), first_5=float(first))
    return run.averaged


def export(folder: Path) -> None:
    out, model = WEIGHTS / "clip", vision()
    model.load_state_dict(load_file(folder / "checkpoint_clip" / "averaged.safetensors"))
    for file in out.glob("*"):
        file.unlink()
    model.half().save_pretrained(out, max_shard_size="9MB")
    processor().save_pretrained(out)
    state = load_file(folder / "clip_head.safetensors")
    state.pop("places")
    save_file({key: value.half().contiguous() for key, value in state.items()}, out / HEAD)


def main() -> None:
    options = arguments(__doc__, STEPS)
    if options.export:
        export(options.folder)
    else:
        train(options.folder, options)


if __name__ == "__main__":
    main()
